//! The HTTPRoute or Ingress of an exposed service.

use k8s_openapi::api::networking::v1::{
    HTTPIngressPath, HTTPIngressRuleValue, Ingress, IngressBackend, IngressRule, IngressServiceBackend,
    IngressSpec, IngressTLS, ServiceBackendPort,
};
use kube::core::DynamicObject;
use serde_json::json;

use super::{ChildKind, labels, names};
use crate::plan::{ExposurePlan, Plan};

/// What leads to the service from outside.
#[derive(Clone, Debug)]
pub enum Route {
    /// gateway.networking.k8s.io/v1.
    HttpRoute(DynamicObject),
    /// networking.k8s.io/v1.
    Ingress(Ingress),
}

/// None for a service that is not exposed.
pub fn route(plan: &Plan) -> Option<Route> {
    let name = names::child(plan);
    Some(match plan.exposure.as_ref()? {
        ExposurePlan::HttpRoute {
            hostnames,
            path,
            gateway,
            gateway_namespace,
            section,
        } => {
            let mut parent = json!({
                "group": "gateway.networking.k8s.io", "kind": "Gateway", "name": gateway, "namespace": gateway_namespace,
            });
            if let (Some(section), Some(parent)) = (section, parent.as_object_mut()) {
                parent.insert("sectionName".to_owned(), json!(section));
            }
            let mut route = DynamicObject::new(name, &ChildKind::HttpRoute.resource());
            route.metadata = labels::metadata(plan, name);
            Route::HttpRoute(route.data(json!({"spec": {
                "parentRefs": [parent],
                "hostnames": hostnames,
                "rules": [{
                    "matches": [{"path": {"type": "PathPrefix", "value": path}}],
                    "backendRefs": [{"group": "", "kind": "Service", "name": name, "port": 80, "weight": 1}],
                }],
            }})))
        }
        ExposurePlan::Ingress {
            hostnames,
            path,
            class,
            tls_secret,
        } => Route::Ingress(Ingress {
            metadata: labels::metadata(plan, name),
            spec: Some(IngressSpec {
                ingress_class_name: class.clone(),
                rules: Some(hostnames.iter().map(|host| rule(host, path, name)).collect()),
                tls: tls_secret.as_ref().map(|secret| {
                    vec![IngressTLS {
                        hosts: Some(hostnames.clone()),
                        secret_name: Some(secret.clone()),
                    }]
                }),
                default_backend: None,
            }),
            status: None,
        }),
    })
}

fn rule(host: &str, path: &str, service: &str) -> IngressRule {
    let backend = IngressServiceBackend {
        name: service.to_owned(),
        port: Some(ServiceBackendPort {
            name: Some("http".to_owned()),
            number: None,
        }),
    };
    let path = HTTPIngressPath {
        path: Some(path.to_owned()),
        path_type: "Prefix".to_owned(),
        backend: IngressBackend {
            service: Some(backend),
            resource: None,
        },
    };
    IngressRule {
        host: Some(host.to_owned()),
        http: Some(HTTPIngressRuleValue { paths: vec![path] }),
    }
}
