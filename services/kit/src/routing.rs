//! The routes of a service: path, methods, who may call them, and how the OpenAPI document describes them.

use std::fmt;

use axum::handler::Handler;
use axum::routing::{MethodFilter, MethodRouter};
use utoipa::openapi::path::{Operation, OperationBuilder, Paths};
use utoipa::openapi::schema::Schema;
use utoipa::openapi::{HttpMethod, PathItem, RefOr, ResponseBuilder};
use utoipa_axum::PathItemExt;

use crate::auth::Policy;

/// Named schemas that operations refer to.
pub(crate) type Schemas = Vec<(String, RefOr<Schema>)>;

/// Who may call a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anybody who reaches the service.
    Public,
    /// Callers whom the policy allows.
    Protected(Policy),
}

/// What the OpenAPI document is made from: one path, as far as one access decision goes.
#[derive(Clone, Copy)]
pub(crate) struct Description<'a> {
    pub(crate) path: &'static str,
    pub(crate) access: &'a Access,
    pub(crate) item: &'a PathItem,
    pub(crate) own_path: Option<&'a str>,
    pub(crate) schemas: &'a Schemas,
}

/// The handlers of one path, and what the OpenAPI document says about each.
///
/// Made by `utoipa_axum::routes!` from handlers with `#[utoipa::path(…, path = "")]` (the path is the route's), or
/// by [`get`], [`post`], … from any handler, which then has no description but its method and path.
pub struct Methods<S = ()> {
    pub(crate) item: PathItem,
    /// The path in the attributes of the handlers; it has to be empty.
    pub(crate) own_path: Option<String>,
    pub(crate) schemas: Schemas,
    pub(crate) router: MethodRouter<S>,
    pub(crate) is_sensitive: bool,
}

impl<S> fmt::Debug for Methods<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Methods")
            .field("router", &self.router)
            .field("is_sensitive", &self.is_sensitive)
            .finish_non_exhaustive()
    }
}

impl<S: Clone + Send + Sync + 'static> Methods<S> {
    fn one<H, T>(method: HttpMethod, handler: H) -> Self
    where
        H: Handler<T, S>,
        T: 'static,
    {
        let filter: MethodFilter = method.to_method_filter();
        let answer = ResponseBuilder::new().description("The answer.");
        let operation = OperationBuilder::new().response("200", answer).build();
        Self {
            item: PathItem::new(method, operation),
            own_path: None,
            schemas: Schemas::new(),
            router: MethodRouter::new().on(filter, handler),
            is_sensitive: false,
        }
    }

    /// The methods of both.
    ///
    /// # Panics
    /// When both have the same method, as axum does: a service with such a route never starts.
    #[must_use]
    pub fn and(mut self, other: impl Into<Self>) -> Self {
        let other = other.into();
        self.item.merge_operations(other.item);
        self.schemas.extend(other.schemas);
        Self {
            item: self.item,
            own_path: self.own_path.or(other.own_path),
            schemas: self.schemas,
            router: self.router.merge(other.router),
            is_sensitive: self.is_sensitive || other.is_sensitive,
        }
    }

    /// Answers hold tokens or patient data: no cache keeps them, whatever the handler says
    /// (`Cache-Control: no-store`, RFC 9111, section 5.2.2.5).
    #[must_use]
    pub fn sensitive(mut self) -> Self {
        self.is_sensitive = true;
        self
    }

    fn with_state(self, state: S) -> Methods {
        Methods {
            item: self.item,
            own_path: self.own_path,
            schemas: self.schemas,
            router: self.router.with_state(state),
            is_sensitive: self.is_sensitive,
        }
    }
}

/// What `utoipa_axum::routes!` makes.
impl<S> From<(Schemas, Paths, MethodRouter<S>)> for Methods<S> {
    fn from((schemas, paths, router): (Schemas, Paths, MethodRouter<S>)) -> Self {
        let mut item = PathItem::default();
        let mut own_path = None;
        for (path, operations) in paths.paths {
            item.merge_operations(operations);
            own_path = own_path.or_else(|| (!path.is_empty()).then_some(path));
        }
        Self {
            item,
            own_path,
            schemas,
            router,
            is_sensitive: false,
        }
    }
}

macro_rules! method {
    ($name:ident, $method:ident) => {
        #[doc = concat!("`", stringify!($method), "` answered by a handler that has no description of its own.")]
        pub fn $name<H, T, S>(handler: H) -> Methods<S>
        where
            H: Handler<T, S>,
            T: 'static,
            S: Clone + Send + Sync + 'static,
        {
            Methods::one(HttpMethod::$method, handler)
        }
    };
}

method!(get, Get);
method!(post, Post);
method!(put, Put);
method!(patch, Patch);
method!(delete, Delete);

/// The routes of a service. Every route says who may call it; there is no way to add one that does not. Nor is there
/// one that the OpenAPI document does not list: both are made from the same value.
///
/// `S` is the state its handlers still wait for, as in [`axum::Router`].
#[derive(Debug)]
pub struct Routes<S = ()>(Vec<Route<S>>);

/// One path, as far as one access decision goes.
#[derive(Debug)]
pub(crate) struct Route<S = ()> {
    pub(crate) path: &'static str,
    pub(crate) access: Access,
    pub(crate) methods: Methods<S>,
}

impl<S> Default for Routes<S> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<S: Clone + Send + Sync + 'static> Routes<S> {
    /// No routes.
    pub fn new() -> Self {
        Self::default()
    }

    /// A route that anybody who reaches the service may call.
    #[must_use]
    pub fn public(self, path: &'static str, methods: impl Into<Methods<S>>) -> Self {
        self.with(path, Access::Public, methods.into())
    }

    /// A route for callers whom `policy` allows: they need an access token (401) that grants what it asks (403). The
    /// service needs [`Service::auth`](crate::Service::auth).
    #[must_use]
    pub fn protected(self, path: &'static str, policy: Policy, methods: impl Into<Methods<S>>) -> Self {
        self.with(path, Access::Protected(policy), methods.into())
    }

    /// The routes of both.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Gives the handlers their state.
    pub fn with_state(self, state: S) -> Routes {
        let give = |route: Route<S>| Route {
            path: route.path,
            access: route.access,
            methods: route.methods.with_state(state.clone()),
        };
        Routes(self.0.into_iter().map(give).collect())
    }

    pub(crate) fn descriptions(&self) -> impl Iterator<Item = Description<'_>> {
        self.0.iter().map(|route| Description {
            path: route.path,
            access: &route.access,
            item: &route.methods.item,
            own_path: route.methods.own_path.as_deref(),
            schemas: &route.methods.schemas,
        })
    }

    fn with(mut self, path: &'static str, access: Access, methods: Methods<S>) -> Self {
        self.0.push(Route {
            path,
            access,
            methods,
        });
        self
    }
}

impl Routes {
    /// What the protected routes ask of their callers.
    pub(crate) fn policies(&self) -> Vec<Policy> {
        self.0
            .iter()
            .filter_map(|route| match &route.access {
                Access::Public => None,
                Access::Protected(policy) => Some(policy.clone()),
            })
            .collect()
    }

    /// By path, each with its routes, in the order they were added.
    pub(crate) fn by_path(self) -> Vec<(&'static str, Vec<Route>)> {
        let mut paths: Vec<(&'static str, Vec<Route>)> = Vec::new();
        for route in self.0 {
            match paths.iter_mut().find(|(path, _)| *path == route.path) {
                Some((_, routes)) => routes.push(route),
                None => paths.push((route.path, vec![route])),
            }
        }
        paths
    }
}

/// Every operation of a path.
pub(crate) fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    [
        ("get", &mut item.get),
        ("put", &mut item.put),
        ("post", &mut item.post),
        ("delete", &mut item.delete),
        ("options", &mut item.options),
        ("head", &mut item.head),
        ("patch", &mut item.patch),
        ("trace", &mut item.trace),
    ]
    .into_iter()
    .filter_map(|(method, operation)| operation.as_mut().map(|operation| (method, operation)))
}
