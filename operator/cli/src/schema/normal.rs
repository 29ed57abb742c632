//! What an API server makes of an object before it judges it (k8s.io/apiextensions-apiserver,
//! `schema/defaulting/prunenulls.go` and `algorithm.go`).

use kube::core::cel::apply_defaults;
use serde_json::{Map, Value};

use super::field;

/// Whole numbers up to this are the same as integer and as floating point (RFC 8259, section 6).
const EXACT: f64 = 9_007_199_254_740_991.0;

/// The object without nulls that mean nothing, with whole numbers as integers and defaults filled in.
pub(super) fn form(schema: &Value, object: &Value) -> Value {
    apply_defaults(schema, &tidy(schema, object))
}

fn tidy(schema: &Value, value: &Value) -> Value {
    match value {
        Value::Object(fields) => Value::Object(without_nulls(schema, fields)),
        Value::Array(items) => items.iter().map(|item| tidy(&schema["items"], item)).collect(),
        Value::Number(_) if schema["type"] == "integer" => whole(value),
        other => other.clone(),
    }
}

/// A null counts as not written where the field may not be null.
fn without_nulls(schema: &Value, fields: &Map<String, Value>) -> Map<String, Value> {
    let is_empty = |key: &str, value: &Value| {
        value.is_null() && field(schema, key).is_some_and(|property| property["nullable"] != true)
    };
    fields
        .iter()
        .filter(|(key, value)| !is_empty(key, value))
        .map(|(key, value)| {
            (
                key.clone(),
                tidy(field(schema, key).unwrap_or(&Value::Null), value),
            )
        })
        .collect()
}

/// `8080.0` is the integer 8080.
fn whole(number: &Value) -> Value {
    let float = number.as_f64().filter(|_| number.is_f64());
    match float.filter(|float| float.fract() == 0.0 && float.abs() <= EXACT) {
        Some(float) => serde_json::from_str(&format!("{float:.0}")).unwrap_or_else(|_| number.clone()),
        None => number.clone(),
    }
}
