//! Types, required fields, lists that are sets or maps, patterns and formats.

use regex::Regex;
use serde_json::{Map, Value};

use super::{Violation, bounds, field, join};

pub(super) fn check(schema: &Value, value: &Value, path: &str, found: &mut Vec<Violation>) {
    if schema["x-kubernetes-preserve-unknown-fields"] == true && schema["type"].is_null() {
        return;
    }
    if let Some(wrong) = wrong_type(schema, value, path) {
        found.push(wrong);
        return;
    }
    found.extend(bounds::violations(schema, value, path));
    match value {
        Value::Object(fields) => object(schema, fields, path, found),
        Value::Array(items) => list(schema, items, path, found),
        Value::String(text) => found.extend(
            [pattern(schema, text, path), format(schema, text, path)]
                .into_iter()
                .flatten(),
        ),
        _ => {}
    }
}

fn wrong_type(schema: &Value, value: &Value, path: &str) -> Option<Violation> {
    if schema["x-kubernetes-int-or-string"] == true {
        let fits = value.is_string() || value.is_i64();
        return (!fits).then(|| mistyped(path, "integer,string", type_of(value)));
    }
    let wanted = schema["type"].as_str()?;
    let actual = type_of(value);
    let fits = wanted == actual || wanted == "number" && actual == "integer";
    if !fits {
        return Some(mistyped(path, wanted, actual));
    }
    let is_too_large = schema["format"] == "int32"
        && value.as_i64().is_none_or(|n| i32::try_from(n).is_err())
        || schema["format"] == "int64" && value.as_i64().is_none();
    let format = schema["format"].as_str().filter(|_| is_too_large)?;
    Some(bounds::bad(
        path,
        value,
        &format!("must be of type {wanted} with format {format}"),
    ))
}

fn mistyped(path: &str, wanted: &str, actual: &str) -> Violation {
    Violation::new(
        path,
        format!("Invalid value: \"{actual}\": {path} in body must be of type {wanted}: \"{actual}\""),
    )
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn object(schema: &Value, fields: &Map<String, Value>, path: &str, found: &mut Vec<Violation>) {
    let required = schema["required"].as_array().into_iter().flatten();
    let missing = required
        .filter_map(Value::as_str)
        .filter(|key| !fields.contains_key(*key));
    found.extend(missing.map(|key| Violation::new(&join(path, key), "Required value")));
    for (key, value) in fields {
        if let Some(property) = field(schema, key) {
            check(property, value, &join(path, key), found);
        }
    }
}

fn list(schema: &Value, items: &[Value], path: &str, found: &mut Vec<Violation>) {
    for (position, item) in items.iter().enumerate() {
        check(&schema["items"], item, &format!("{path}[{position}]"), found);
    }
    let keys: Vec<_> = items.iter().map(|item| list_key(schema, item)).collect();
    for (position, key) in keys.iter().enumerate() {
        let twice = key
            .as_ref()
            .filter(|_| keys.iter().take(position).any(|earlier| earlier == key));
        found
            .extend(twice.map(|key| {
                Violation::new(&format!("{path}[{position}]"), format!("Duplicate value: {key}"))
            }));
    }
}

/// What must be unique about an item: the whole of it in a set, its keys in a map, nothing in an atomic list.
fn list_key(schema: &Value, item: &Value) -> Option<Value> {
    match schema["x-kubernetes-list-type"].as_str() {
        Some("set") => Some(item.clone()),
        Some("map") => {
            let names = schema["x-kubernetes-list-map-keys"]
                .as_array()?
                .iter()
                .filter_map(Value::as_str);
            Some(names.map(|name| (name.to_owned(), item[name].clone())).collect())
        }
        _ => None,
    }
}

fn pattern(schema: &Value, text: &str, path: &str) -> Option<Violation> {
    let pattern = schema["pattern"].as_str()?;
    let fits = Regex::new(pattern).is_ok_and(|regex| regex.is_match(text));
    (!fits).then(|| bounds::bad(path, format!("\"{text}\""), &format!("should match '{pattern}'")))
}

/// Formats of texts that an API server checks; of those, the API uses `date-time`.
fn format(schema: &Value, text: &str, path: &str) -> Option<Violation> {
    let wrong = schema["format"] == "date-time" && !is_date_time(text);
    wrong.then(|| {
        bounds::bad(
            path,
            format!("\"{text}\""),
            &format!("must be of type date-time: \"{text}\""),
        )
    })
}

/// RFC 3339 with its letters in either case, seconds up to 59 (k8s.io/kube-openapi, `strfmt/time.go`).
fn is_date_time(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let Some((date, time)) = text.split_once('t') else {
        return false;
    };
    let is_shaped = |pattern: &str, text: &str| Regex::new(pattern).is_ok_and(|shape| shape.is_match(text));
    is_shaped("^[0-9]{4}-[0-9]{2}-[0-9]{2}$", date)
        && date.parse::<jiff::civil::Date>().is_ok()
        && is_shaped(
            "^([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](.[0-9]+)?(z|[+-][0-9]{2}:[0-9]{2})$",
            time,
        )
}
