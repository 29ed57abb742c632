//! Values drawn from a structural schema, within its types, enums, bounds and patterns.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::string::string_regex;
use serde_json::{Map, Value, json};

/// Nested objects below this depth keep only what they must have: Kubernetes' own types go very deep.
const DEEPEST: usize = 6;

/// Specs as an API server would admit them, the CEL rules aside.
pub(super) fn specs() -> BoxedStrategy<Value> {
    let crd = serde_json::to_value(crate::crd::healthcare_service_crd()).unwrap();
    let schema = crd
        .pointer("/spec/versions/0/schema/openAPIV3Schema/properties/spec")
        .unwrap();
    values(schema, 0)
}

fn values(schema: &Value, depth: usize) -> BoxedStrategy<Value> {
    if let Some(allowed) = schema["enum"].as_array() {
        return select(allowed.clone()).boxed();
    }
    if schema["x-kubernetes-int-or-string"] == true {
        return prop_oneof![
            (1..100i32).prop_map(|n| json!(n)),
            "[1-9][0-9]?".prop_map(Value::from)
        ]
        .boxed();
    }
    match schema["type"].as_str() {
        Some("string") => texts(schema),
        Some("boolean") => any::<bool>().prop_map(Value::from).boxed(),
        Some("integer") => integers(schema),
        Some("number") => numbers(schema),
        Some("array") => lists(schema, depth),
        Some("object") => objects(schema, depth),
        other => panic!("a schema of type {other:?}: {schema}"),
    }
}

fn texts(schema: &Value) -> BoxedStrategy<Value> {
    if schema["format"] == "date-time" {
        return Just(json!("2026-01-02T03:04:05Z")).boxed();
    }
    let least = schema["minLength"].as_u64().unwrap_or(0);
    let most = schema["maxLength"].as_u64().unwrap_or(64);
    let any = format!("[a-z]{{{},{}}}", least.max(1), most.min(least + 8));
    let bare = schema["pattern"]
        .as_str()
        .unwrap_or(&any)
        .trim_start_matches('^')
        .trim_end_matches('$')
        .replace(r"\S", "[!-~]");
    let fits = move |text: &String| (least..=most).contains(&(text.chars().count() as u64));
    string_regex(&bare)
        .unwrap()
        .prop_filter("length", fits)
        .prop_map(Value::from)
        .boxed()
}

fn integers(schema: &Value) -> BoxedStrategy<Value> {
    let bound = |key: &str, otherwise| schema[key].as_f64().unwrap_or(otherwise);
    let range = bound("minimum", 0.0)..=bound("maximum", 1000.0);
    range
        .prop_map(|number| serde_json::from_str(&format!("{number:.0}")).unwrap())
        .boxed()
}

fn numbers(schema: &Value) -> BoxedStrategy<Value> {
    let bound = |key: &str, otherwise| schema[key].as_f64().unwrap_or(otherwise);
    (bound("minimum", 0.0)..=bound("maximum", 1000.0))
        .prop_map(Value::from)
        .boxed()
}

fn lists(schema: &Value, depth: usize) -> BoxedStrategy<Value> {
    let least = usize::try_from(schema["minItems"].as_u64().unwrap_or(0)).unwrap();
    vec(values(&schema["items"], depth + 1), least..=least + 2)
        .prop_map(Value::from)
        .boxed()
}

fn objects(schema: &Value, depth: usize) -> BoxedStrategy<Value> {
    if schema["additionalProperties"].is_object() {
        let values = values(&schema["additionalProperties"], depth + 1);
        let collected = btree_map("[a-z]{1,8}", values, 0..3);
        return collected
            .prop_map(|entries| entries.into_iter().collect::<Map<_, _>>().into())
            .boxed();
    }
    let nothing = Map::new();
    let properties = schema["properties"].as_object().unwrap_or(&nothing);
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    properties
        .iter()
        .fold(Just(json!({})).boxed(), |object, (name, property)| {
            let must = required.contains(&json!(name));
            if !must && depth > DEEPEST {
                return object;
            }
            with(object, name.clone(), values(property, depth + 1), must)
        })
}

/// Adds a property, an optional one to every other object.
fn with(
    object: BoxedStrategy<Value>,
    name: String,
    value: BoxedStrategy<Value>,
    must: bool,
) -> BoxedStrategy<Value> {
    let value = if must {
        value.prop_map(Some).boxed()
    } else {
        proptest::option::of(value).boxed()
    };
    let add = move |(mut object, value): (Value, Option<Value>)| {
        if let Some(value) = value {
            object[&name] = value;
        }
        object
    };
    (object, value).prop_map(add).boxed()
}
