//! The OpenAPI document of a service, made from its routes.
//!
//! Every route is in it, because document and router are made from the same [`Routes`](crate::Routes). What a handler
//! says about itself with `#[utoipa::path]` is completed by what the kit knows: who may call it, and the problems that
//! extractors and layers answer with.

use std::collections::BTreeSet;

use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn, Paths};
use utoipa::openapi::schema::{ComponentsBuilder, ObjectBuilder, Type};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Components, InfoBuilder, OpenApi, OpenApiBuilder, RefOr, Required};

use crate::ServiceInfo;
use crate::routing::{Access, Description, operations};

mod problems;

/// The name of the security scheme.
const BEARER: &str = "bearer";

/// Why there is no document.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// A handler brings a path of its own.
    #[error(
        "the handlers of {route} have path = \"{own}\" in #[utoipa::path]; the path is the route's: write path = \"\""
    )]
    PathTwice {
        /// The route.
        route: &'static str,
        /// What the attribute says.
        own: String,
    },
    /// It cannot be written.
    #[error("the OpenAPI document cannot be written: {0}")]
    Write(#[from] serde_json::Error),
}

/// The document, as JSON of many lines.
pub(crate) fn document<'a>(
    info: &ServiceInfo,
    routes: impl Iterator<Item = Description<'a>>,
) -> Result<String, DocumentError> {
    let mut builder = Document::default();
    for route in routes {
        builder.add(route)?;
    }
    let mut text = serde_json::to_string_pretty(&builder.finish(info))?;
    text.push('\n');
    Ok(text)
}

#[derive(Default)]
struct Document {
    paths: Paths,
    components: Components,
    operation_ids: BTreeSet<String>,
}

impl Document {
    fn add(&mut self, route: Description<'_>) -> Result<(), DocumentError> {
        if let Some(own) = route.own_path {
            return Err(DocumentError::PathTwice {
                route: route.path,
                own: own.to_owned(),
            });
        }
        self.components.schemas.extend(route.schemas.iter().cloned());
        let mut item = route.item.clone();
        for (method, operation) in operations(&mut item) {
            complete(operation, route.path, route.access);
            self.name(operation, method, route.path);
        }
        let path = without_wildcards(route.path);
        let known = self.paths.paths.entry(path).or_default();
        known.merge_operations(item);
        Ok(())
    }

    /// Ids are unique (OpenAPI 3.1, "Operation Object"): a handler of several routes gets their paths too.
    fn name(&mut self, operation: &mut Operation, method: &str, path: &str) {
        let words = path.split(|c: char| !c.is_ascii_alphanumeric());
        let qualified = words
            .filter(|word| !word.is_empty())
            .fold(method.to_owned(), |id, word| id + "_" + word);
        let mut id = operation.operation_id.take().unwrap_or_else(|| qualified.clone());
        if !self.operation_ids.insert(id.clone()) {
            id = qualified;
            self.operation_ids.insert(id.clone());
        }
        operation.operation_id = Some(id);
    }

    fn finish(self, info: &ServiceInfo) -> OpenApi {
        let about = InfoBuilder::new()
            .title(info.build.service)
            .version(info.build.version)
            .description(Some(info.about));
        let schemas = self.components.schemas;
        let components = ComponentsBuilder::new()
            .schemas_from_iter(schemas)
            .schema(problems::SCHEMA, problems::schema())
            .responses_from_iter(problems::responses())
            .security_scheme(BEARER, SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)))
            .build();
        OpenApiBuilder::new()
            .info(about.build())
            .paths(self.paths)
            .components(Some(components))
            .build()
    }
}

/// Adds to an operation what no handler has to say.
fn complete(operation: &mut Operation, path: &str, access: &Access) {
    declare_path_parameters(operation, path);
    if matches!(access, Access::Protected(_)) {
        operation.security = Some(vec![SecurityRequirement::new::<_, [String; 0], String>(
            BEARER,
            [],
        )]);
    }
    problems::add(operation, path, access);
}

/// Each `{name}` of the path is a parameter, a string unless the handler says more.
fn declare_path_parameters(operation: &mut Operation, path: &str) {
    let parameters = operation.parameters.get_or_insert_default();
    for name in path_parameters(path) {
        let is_declared = |parameter: &RefOr<Parameter>| match parameter {
            RefOr::T(parameter) => parameter.name == name && parameter.parameter_in == ParameterIn::Path,
            RefOr::Ref(_) => false,
        };
        if !parameters.iter().any(is_declared) {
            let text = ObjectBuilder::new().schema_type(Type::String).build();
            let parameter = ParameterBuilder::new()
                .name(name)
                .parameter_in(ParameterIn::Path)
                .required(Required::True)
                .schema(Some(text));
            parameters.push(RefOr::T(parameter.build()));
        }
    }
    if parameters.is_empty() {
        operation.parameters = None;
    }
}

fn path_parameters(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|segment| {
        let name = segment.strip_prefix('{')?.strip_suffix('}')?;
        Some(name.trim_start_matches('*'))
    })
}

/// axum's `{*rest}` is OpenAPI's `{rest}`.
fn without_wildcards(path: &str) -> String {
    path.replace("{*", "{")
}

#[cfg(test)]
mod tests;
