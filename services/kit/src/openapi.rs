//! The OpenAPI document of a service, made from its routes: a route cannot be served without standing in it.

use axum::Router;
use axum::http::{HeaderValue, header};
use axum::routing::get;
use utoipa::PartialSchema;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, ContentBuilder, Info, OpenApi, Paths, Ref, RefOr, Response, ResponseBuilder,
    SecurityRequirement,
};

use crate::error::{PROBLEM_JSON, ProblemBody};
use crate::service::ServiceInfo;

/// Name of the security scheme for access tokens.
const BEARER: &str = "bearer";
const PROBLEM: &str = "Problem";

/// Marks every operation as one that wants an access token.
pub(crate) fn secure(paths: &mut Paths) {
    for operation in operations(paths) {
        operation.security = Some(vec![SecurityRequirement::new(BEARER, [""; 0])]);
    }
}

/// The whole document: the routes', and what is the same for all of them.
pub(crate) fn document(info: &ServiceInfo, mut routes: OpenApi) -> OpenApi {
    let mut about = Info::new(info.build.service, info.build.version);
    about.description = Some(info.about.to_owned());
    routes.info = about;
    let secured = operations(&mut routes.paths).any(|operation| operation.security.is_some());
    for operation in operations(&mut routes.paths) {
        operation
            .responses
            .responses
            .entry("default".to_owned())
            .or_insert_with(|| RefOr::T(problem()));
    }
    let mut components =
        ComponentsBuilder::from(routes.components.unwrap_or_default()).schema(PROBLEM, ProblemBody::schema());
    if secured {
        let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        components = components.security_scheme(BEARER, scheme);
    }
    routes.components = Some(components.build());
    routes
}

/// Serves the document at `/openapi.json`.
pub(crate) fn serve(document: &OpenApi) -> serde_json::Result<Router> {
    let text = document.to_json()?;
    let json = HeaderValue::from_static("application/json");
    let answer = move || std::future::ready(([(header::CONTENT_TYPE, json.clone())], text.clone()));
    Ok(Router::new().route("/openapi.json", get(answer)))
}

fn problem() -> Response {
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name(PROBLEM)))
        .build();
    ResponseBuilder::new()
        .description("What went wrong (RFC 9457)")
        .content(PROBLEM_JSON.to_str().unwrap_or_default(), content)
        .build()
}

fn operations(paths: &mut Paths) -> impl Iterator<Item = &mut Operation> {
    paths.paths.values_mut().flat_map(|path| {
        [
            &mut path.get,
            &mut path.put,
            &mut path.post,
            &mut path.delete,
            &mut path.options,
            &mut path.head,
            &mut path.patch,
            &mut path.trace,
        ]
        .into_iter()
        .flatten()
    })
}

#[cfg(test)]
mod tests;
