//! APIs of one namespace or of all.

use k8s_openapi::NamespaceResourceScope;
use kube::core::DynamicResourceScope;
use kube::{Api, Client, Resource};

/// Objects in `namespace`, in every namespace when there is none.
pub fn scoped<K>(client: &Client, namespace: Option<&str>) -> Api<K>
where
    K: Resource<Scope = NamespaceResourceScope, DynamicType: Default>,
{
    match namespace {
        Some(namespace) => Api::namespaced(client.clone(), namespace),
        None => Api::all(client.clone()),
    }
}

/// As [`scoped`], of a kind that is known at run time.
pub fn scoped_with<K>(client: &Client, namespace: Option<&str>, kind: &K::DynamicType) -> Api<K>
where
    K: Resource<Scope = DynamicResourceScope>,
{
    match namespace {
        Some(namespace) => Api::namespaced_with(client.clone(), namespace, kind),
        None => Api::all_with(client.clone(), kind),
    }
}
