//! Validates a manifest against a published CRD without a cluster: structure first, then the CEL rules, with the
//! API server's own words (k8s.io/apiextensions-apiserver, `pkg/apiserver/validation` and `schema/listtype`).

use healthcare_crds::crd::healthcare_service_crd;
use kube::core::cel::Validator;
use regex::Regex;
use serde_json::{Map, Value};

mod bounds;

/// The OpenAPI schema of the published `HealthcareService` CRD: not the derived one, which lacks bounds.
pub fn published() -> Value {
    let crd = healthcare_service_crd();
    let version = crd.spec.versions.into_iter().next();
    let schema = version.and_then(|v| v.schema).and_then(|s| s.open_api_v3_schema);
    serde_json::to_value(schema).unwrap_or_default()
}

/// Everything that an API server with strict field validation would say against `object`. Empty when it is accepted.
pub fn violations(schema: &Value, object: &Value) -> Vec<String> {
    let mut found = Vec::new();
    structure(schema, object, "", &mut found);
    if found.is_empty() {
        found.extend(refusals(schema, object));
    }
    found
}

/// The CEL rules that `object` breaks, as they stand in the schema.
pub fn broken_rules(schema: &Value, object: &Value) -> Vec<String> {
    let errors = Validator::new().validate(schema, object, None).err();
    errors.into_iter().flatten().map(|error| error.rule).collect()
}

/// Every CEL rule of the schema.
pub fn rules(schema: &Value) -> Vec<String> {
    let own = schema["x-kubernetes-validations"]
        .as_array()
        .into_iter()
        .flatten();
    let own = own.filter_map(|rule| rule["rule"].as_str()).map(str::to_owned);
    let properties = schema["properties"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(_, property)| property);
    let below = properties.chain(
        [&schema["items"], &schema["additionalProperties"]]
            .into_iter()
            .filter(|s| s.is_object()),
    );
    own.chain(below.flat_map(rules)).collect()
}

fn refusals(schema: &Value, object: &Value) -> Vec<String> {
    let errors = Validator::new().validate(schema, object, None).err();
    errors
        .into_iter()
        .flatten()
        .map(|e| format!("{}: Invalid value: {}", e.field_path, e.message))
        .collect()
}

fn structure(schema: &Value, value: &Value, path: &str, found: &mut Vec<String>) {
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
        Value::String(text) => found.extend(pattern(schema, text, path)),
        _ => {}
    }
}

fn wrong_type(schema: &Value, value: &Value, path: &str) -> Option<String> {
    if schema["x-kubernetes-int-or-string"] == true && (value.is_string() || value.is_i64()) {
        return None;
    }
    let wanted = schema["type"].as_str()?;
    let actual = type_of(value);
    let fits = wanted == actual || wanted == "number" && actual == "integer";
    (!fits).then(|| {
        format!("{path}: Invalid value: \"{actual}\": {path} in body must be of type {wanted}: \"{actual}\"")
    })
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

fn object(schema: &Value, fields: &Map<String, Value>, path: &str, found: &mut Vec<String>) {
    let required = schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str);
    found.extend(
        required
            .filter(|key| !fields.contains_key(*key))
            .map(|key| format!("{}: Required value", join(path, key))),
    );
    for (key, value) in fields {
        let below = join(path, key);
        match (schema["properties"].get(key), schema.get("additionalProperties")) {
            (Some(property), _) => structure(property, value, &below, found),
            (None, Some(values)) => structure(values, value, &below, found),
            (None, None) if path.is_empty() && matches!(key.as_str(), "apiVersion" | "kind" | "metadata") => {
            }
            (None, None) => found.push(format!("unknown field \"{below}\"")),
        }
    }
}

fn list(schema: &Value, items: &[Value], path: &str, found: &mut Vec<String>) {
    for (position, item) in items.iter().enumerate() {
        structure(&schema["items"], item, &format!("{path}[{position}]"), found);
    }
    let keys: Vec<_> = items.iter().map(|item| list_key(schema, item)).collect();
    for (position, key) in keys.iter().enumerate() {
        if key.is_some() && keys.iter().take(position).any(|earlier| earlier == key) {
            found.push(format!(
                "{path}[{position}]: Duplicate value: {}",
                key.clone().unwrap_or_default()
            ));
        }
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

fn pattern(schema: &Value, text: &str, path: &str) -> Option<String> {
    let pattern = schema["pattern"].as_str()?;
    let fits = Regex::new(pattern).is_ok_and(|regex| regex.is_match(text));
    (!fits).then(|| format!("{path}: Invalid value: \"{text}\": {path} in body should match '{pattern}'"))
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}
