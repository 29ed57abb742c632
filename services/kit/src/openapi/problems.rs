//! The problems that extractors and layers answer with (RFC 9457).

use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::{Object, ObjectBuilder, Type};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};

use crate::error::ErrorCode;
use crate::routing::Access;

/// The name of the problem's schema.
pub(super) const SCHEMA: &str = "Problem";

const MEDIA_TYPE: &str = "application/problem+json";

/// The problems whose status can be met at any operation are described once.
const SHARED: [(&str, &str, &str); 11] = [
    ("400", "BadRequest", "The request cannot be understood."),
    (
        "401",
        "Unauthorized",
        "No access token, or one that is not valid here.",
    ),
    ("403", "Forbidden", "The access token does not allow this."),
    ("404", "NotFound", "There is nothing of that name."),
    (
        "406",
        "NotAcceptable",
        "None of the media types the caller accepts is available.",
    ),
    (
        "413",
        "BodyTooLarge",
        "The body is larger than this service accepts.",
    ),
    (
        "415",
        "UnsupportedMediaType",
        "The body is of a kind this service does not read.",
    ),
    (
        "422",
        "Unprocessable",
        "The request is understood, but its values are not acceptable.",
    ),
    (
        "429",
        "TooManyRequests",
        "Too many requests; Retry-After says when to come again.",
    ),
    (
        "500",
        "Internal",
        "A bug of the service; its operators need the x-request-id of the answer.",
    ),
    (
        "503",
        "Unavailable",
        "The service, or something it depends on, does not answer in time.",
    ),
];

pub(super) fn responses() -> impl Iterator<Item = (&'static str, Response)> {
    SHARED
        .into_iter()
        .map(|(_, name, description)| (name, response(description)))
}

fn response(description: &str) -> Response {
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name(SCHEMA)))
        .build();
    ResponseBuilder::new()
        .description(description)
        .content(MEDIA_TYPE, content)
        .build()
}

/// The members of `error::Problem` as it is written.
pub(super) fn schema() -> Object {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let codes = text().enum_values(Some(ErrorCode::ALL.map(ErrorCode::as_str)));
    let status = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .minimum(Some(400))
        .maximum(Some(599));
    let properties = [
        ("type", text()),
        ("title", text()),
        ("status", status),
        ("code", codes),
        ("detail", text()),
    ];
    properties
        .into_iter()
        .fold(
            ObjectBuilder::new().description(Some("What went wrong (RFC 9457).")),
            |object, (name, property)| object.property(name, property).required(name),
        )
        .build()
}

/// Adds the problems an operation can answer with, and the form of those it names itself.
pub(super) fn add(operation: &mut Operation, path: &str, access: &Access) {
    let has_input = operation.request_body.is_some() || operation.parameters.is_some();
    let is_common = operation.tags.iter().flatten().any(|tag| tag == "operations");
    let can_be = |status: &str| match status {
        "400" | "422" => has_input,
        "404" => path.contains('{'),
        "401" | "403" => matches!(access, Access::Protected(_)),
        "413" | "415" => operation.request_body.is_some(),
        "429" => !is_common,
        "500" | "503" => true,
        _ => false,
    };
    let possible: Vec<_> = SHARED.into_iter().filter(|(status, ..)| can_be(status)).collect();
    for (status, name, _) in possible {
        let reference = || RefOr::Ref(Ref::from_response_name(name));
        operation
            .responses
            .responses
            .entry(status.to_owned())
            .or_insert_with(reference);
    }
    for (status, response) in &mut operation.responses.responses {
        if let RefOr::T(own) = response
            && status.starts_with(['4', '5'])
            && own.content.is_empty()
        {
            own.content = self::response("").content;
        }
    }
}
