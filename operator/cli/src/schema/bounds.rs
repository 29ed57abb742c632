//! Enums and bounds of numbers, texts, lists and maps.

use serde_json::Value;

use super::Violation;

/// The bounds that one value breaks.
pub(super) fn violations(schema: &Value, value: &Value, path: &str) -> Vec<Violation> {
    let size = value
        .as_array()
        .map(Vec::len)
        .or_else(|| value.as_object().map(serde_json::Map::len));
    let found = [
        unlisted(schema, value, path),
        value.as_f64().and_then(|number| below(schema, number, path)),
        value.as_f64().and_then(|number| above(schema, number, path)),
        value.as_str().and_then(|text| length(schema, text, path)),
        size.and_then(|size| too_few(schema, size, path)),
        size.and_then(|size| too_many(schema, size, path)),
    ];
    found.into_iter().flatten().collect()
}

fn unlisted(schema: &Value, value: &Value, path: &str) -> Option<Violation> {
    let allowed = schema["enum"].as_array()?;
    let supported = || {
        allowed
            .iter()
            .map(Value::to_string)
            .collect::<Vec<_>>()
            .join(", ")
    };
    (!allowed.contains(value)).then(|| {
        Violation::new(
            path,
            format!("Unsupported value: {value}: supported values: {}", supported()),
        )
    })
}

fn below(schema: &Value, number: f64, path: &str) -> Option<Violation> {
    let least = schema["minimum"].as_f64()?;
    (number < least).then(|| {
        bad(
            path,
            number,
            &format!("should be greater than or equal to {least}"),
        )
    })
}

fn above(schema: &Value, number: f64, path: &str) -> Option<Violation> {
    let most = schema["maximum"].as_f64()?;
    (number > most).then(|| bad(path, number, &format!("should be less than or equal to {most}")))
}

fn length(schema: &Value, text: &str, path: &str) -> Option<Violation> {
    let length = text.chars().count() as u64;
    if let Some(most) = schema["maxLength"].as_u64().filter(|most| length > *most) {
        return Some(Violation::new(
            path,
            format!("Too long: may not be more than {most} bytes"),
        ));
    }
    let least = schema["minLength"].as_u64().filter(|least| length < *least)?;
    Some(bad(
        path,
        format!("\"{text}\""),
        &format!("should be at least {least} chars long"),
    ))
}

fn too_few(schema: &Value, size: usize, path: &str) -> Option<Violation> {
    let least = schema["minItems"]
        .as_u64()
        .filter(|least| (size as u64) < *least)?;
    Some(bad(path, size, &format!("should have at least {least} items")))
}

fn too_many(schema: &Value, size: usize, path: &str) -> Option<Violation> {
    let limit = schema["maxItems"]
        .as_u64()
        .or_else(|| schema["maxProperties"].as_u64());
    let most = limit.filter(|most| size as u64 > *most)?;
    Some(Violation::new(
        path,
        format!("Too many: {size}: must have at most {most} items"),
    ))
}

pub(super) fn bad(path: &str, value: impl std::fmt::Display, what: &str) -> Violation {
    Violation::new(path, format!("Invalid value: {value}: {path} in body {what}"))
}
