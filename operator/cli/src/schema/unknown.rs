//! Fields that the API does not have.

use serde_json::Value;

use super::{Violation, field, join};

/// What every object has besides what its schema says.
const OF_EVERY_OBJECT: [&str; 3] = ["apiVersion", "kind", "metadata"];

pub(super) fn fields(schema: &Value, value: &Value, path: &str, found: &mut Vec<Violation>) {
    if schema["x-kubernetes-preserve-unknown-fields"] == true {
        return;
    }
    for (key, value) in value.as_object().into_iter().flatten() {
        let below = join(path, key);
        match field(schema, key) {
            Some(property) => fields(property, value, &below, found),
            None if path.is_empty() && OF_EVERY_OBJECT.contains(&key.as_str()) => {}
            // The type is wrong: that is said elsewhere.
            None if schema["type"] != "object" => {}
            None => found.push(unknown(&below)),
        }
    }
    for (position, item) in value.as_array().into_iter().flatten().enumerate() {
        fields(&schema["items"], item, &format!("{path}[{position}]"), found);
    }
}

pub(super) fn unknown(path: &str) -> Violation {
    Violation {
        is_unknown_field: true,
        ..Violation::new(path, format!("unknown field \"{path}\""))
    }
}
