//! Manifests by the schema, right and wrong ones, to be judged by an API server and without one. Pure: they follow from the
//! seed.

use healthcare_crds::HealthcareService;
use serde_json::{Map, Value, json};

use crate::bad_manifests::{self, minimal};
use crate::campaign::dice::Dice;
use crate::schema;

/// Texts for any field: some fit it, some do not.
const TEXTS: [&str; 30] = [
    "",
    "a",
    "A",
    "-a",
    "a-b",
    "api",
    "http",
    "3",
    "0",
    "-1",
    "50%",
    "150%",
    "5s",
    "30s",
    "5m",
    "1h",
    "90d",
    "6y",
    "99.9",
    "/health",
    "health",
    "100m",
    "512Mi",
    "10.0.0.0/8",
    "10.0.0.0/33",
    "a.example.org",
    "A_B.c",
    "2030-01-01T00:00:00Z",
    "registry.example.org/team/app:1.2.3",
    "app:latest",
];
/// Most changes to one manifest.
const CHANGES: u64 = 3;
/// Objects below this depth are not invented: Kubernetes' own types go very deep.
const DEEPEST: usize = 5;

/// Manifests named `agree-<number>` in a namespace; base manifests with up to three random changes each.
pub fn manifests(seed: u64, count: usize, namespace: &str, examples: &[Value]) -> Vec<Value> {
    let mut dice = Dice::of(seed, "agreement");
    let schema = schema::published();
    let spec = schema.pointer("/properties/spec");
    let mut bases = vec![minimal()];
    bases.extend(examples.iter().cloned());
    let bad: Vec<_> = bad_manifests::all().unwrap_or_default();
    let mut one = |number: usize| {
        // Some of the table of wrong manifests, changed too: two faults, or one that mends the other.
        let wrong = dice
            .happens(10)
            .then(|| dice.pick(&bad).map(bad_manifests::BadManifest::manifest));
        let base = wrong.flatten().or_else(|| dice.pick(&bases).cloned());
        let mut manifest = base.unwrap_or_else(minimal);
        put(&mut manifest, "namespace", json!(namespace));
        let name = manifest.pointer("/metadata/name").and_then(Value::as_str);
        if name.is_some_and(is_fine) {
            put(&mut manifest, "name", json!(format!("agree-{number}")));
        }
        for _ in 0..dice.between(0, CHANGES) {
            if let (Some(schema), Some(spec)) = (spec, manifest.get_mut("spec")) {
                change(&mut dice, schema, spec, 0);
            }
        }
        manifest
    };
    (0..count).map(&mut one).collect()
}

fn put(manifest: &mut Value, field: &str, value: Value) {
    if let Some(metadata) = manifest.pointer_mut("/metadata").and_then(Value::as_object_mut) {
        metadata.insert(field.to_owned(), value);
    }
}

/// A name that is not what is wrong with its manifest.
fn is_fine(name: &str) -> bool {
    name.len() <= 40 && name.starts_with(|c: char| c.is_ascii_lowercase())
}

/// Changes one place at or below a value.
fn change(dice: &mut Dice, schema: &Value, value: &mut Value, depth: usize) {
    if dice.happens(4) {
        *value = any(dice);
        return;
    }
    match schema["type"].as_str() {
        Some("object") if schema["properties"].is_object() => field(dice, schema, value, depth),
        Some("object") => entry(dice, schema, value, depth),
        Some("array") => item(dice, schema, value, depth),
        _ => *value = scalar(dice, schema),
    }
}

fn field(dice: &mut Dice, schema: &Value, value: &mut Value, depth: usize) {
    let properties = schema["properties"].as_object();
    let names: Vec<_> = properties.into_iter().flat_map(Map::keys).collect();
    let Some(name) = dice.pick(&names) else { return };
    let Some(fields) = value.as_object_mut() else {
        *value = sample(dice, schema, depth);
        return;
    };
    match dice.below(20) {
        0 => drop(fields.remove(name.as_str())),
        1 => drop(fields.insert((*name).clone(), Value::Null)),
        2 => drop(fields.insert("notAField".to_owned(), any(dice))),
        _ => {
            let property = schema["properties"].get(name.as_str()).unwrap_or(&Value::Null);
            match fields.get_mut(name.as_str()) {
                Some(known) => change(dice, property, known, depth + 1),
                None => drop(fields.insert((*name).clone(), sample(dice, property, depth + 1))),
            }
        }
    }
}

fn entry(dice: &mut Dice, schema: &Value, value: &mut Value, depth: usize) {
    let key = dice.pick(&TEXTS).copied().unwrap_or_default();
    let new = sample(dice, &schema["additionalProperties"], depth + 1);
    match value.as_object_mut() {
        Some(entries) => drop(entries.insert(key.to_owned(), new)),
        None => *value = json!({key: new}),
    }
}

fn item(dice: &mut Dice, schema: &Value, value: &mut Value, depth: usize) {
    let new = sample(dice, &schema["items"], depth + 1);
    let Some(items) = value.as_array_mut() else {
        *value = json!([new]);
        return;
    };
    let position = dice.below(items.len());
    match (dice.below(8), items.get_mut(position)) {
        (0, _) => items.clear(),
        (1, Some(known)) => {
            let twice = known.clone();
            items.push(twice);
        }
        (2, _) => {
            let most = schema["maxItems"]
                .as_u64()
                .and_then(|most| usize::try_from(most).ok());
            items.resize(most.unwrap_or(32) + dice.below(2), new);
        }
        (3..=5, Some(known)) => change(dice, &schema["items"], known, depth + 1),
        _ => items.push(new),
    }
}

/// A value of the schema's type, mostly within its bounds.
fn sample(dice: &mut Dice, schema: &Value, depth: usize) -> Value {
    match schema["type"].as_str() {
        Some("object") => object(dice, schema, depth),
        Some("array") => (0..dice.below(3))
            .map(|_| sample(dice, &schema["items"], depth + 1))
            .collect(),
        _ => scalar(dice, schema),
    }
}

fn object(dice: &mut Dice, schema: &Value, depth: usize) -> Value {
    if schema["additionalProperties"].is_object() {
        let mut value = json!({});
        for _ in 0..dice.below(3) {
            entry(dice, schema, &mut value, depth);
        }
        return value;
    }
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let properties = schema["properties"].as_object().into_iter().flatten();
    let mut fields = Map::new();
    for (name, property) in properties {
        let is_required = required.contains(&json!(name)) && !dice.happens(3);
        if is_required || depth < DEEPEST && dice.happens(25) {
            fields.insert(name.clone(), sample(dice, property, depth + 1));
        }
    }
    Value::Object(fields)
}

fn scalar(dice: &mut Dice, schema: &Value) -> Value {
    if dice.happens(5) {
        return any(dice);
    }
    if let Some(allowed) = schema["enum"].as_array() {
        let strange = dice.happens(15).then(|| json!("Other"));
        return strange
            .or_else(|| dice.pick(allowed).cloned())
            .unwrap_or_default();
    }
    match schema["type"].as_str() {
        Some("boolean") => json!(dice.happens(50)),
        Some("integer") => number(dice, schema),
        Some("number") => json!(dice.below(1100) / 10),
        Some("string") => text(dice, schema),
        _ if dice.happens(50) => json!(dice.below(12)),
        _ => text(dice, schema),
    }
}

/// Around the bounds, and between them.
fn number(dice: &mut Dice, schema: &Value) -> Value {
    let bound = |key: &str, otherwise: i64| {
        schema[key].as_f64().map_or(otherwise, |bound| {
            serde_json::from_str(&format!("{bound:.0}")).unwrap_or(otherwise)
        })
    };
    let (least, most) = (bound("minimum", 0), bound("maximum", 100));
    let between = least.saturating_add(
        i64::try_from(dice.below(usize::try_from(most - least).unwrap_or(1))).unwrap_or_default(),
    );
    let choices = [least - 1, least, between, between, between, most, most + 1];
    json!(dice.pick(&choices))
}

fn text(dice: &mut Dice, schema: &Value) -> Value {
    let most = schema["maxLength"]
        .as_u64()
        .and_then(|most| usize::try_from(most).ok());
    match (dice.below(20), most) {
        (0, Some(most)) => json!("a".repeat(most + 1)),
        (1, Some(most)) => json!("a".repeat(most)),
        (2, Some(most)) => json!("ä".repeat(most)),
        _ => json!(dice.pick(&TEXTS)),
    }
}

/// A value of any type.
fn any(dice: &mut Dice) -> Value {
    let all = [
        Value::Null,
        json!(true),
        json!(0),
        json!(8080),
        json!(8080.0),
        json!(0.5),
        json!(3_000_000_000_i64),
        json!("a"),
        json!([]),
        json!([null]),
        json!({}),
        json!({"a": null}),
    ];
    dice.pick(&all).cloned().unwrap_or_default()
}

/// The manifests among the documents of a YAML text.
///
/// # Errors
/// When a document is no YAML.
pub fn read(text: &str) -> Result<Vec<Value>, serde_yaml::Error> {
    use serde::Deserialize as _;
    let kind = <HealthcareService as kube::Resource>::kind(&());
    let documents: Result<Vec<Value>, _> = serde_yaml::Deserializer::from_str(text)
        .map(Value::deserialize)
        .collect();
    Ok(documents?
        .into_iter()
        .filter(|document| document["kind"] == *kind)
        .collect())
}
