//! From text to a JSON value, refusing what JSON cannot say. Pure.

use serde_json::{Map, Number, Value};
use serde_yaml::Value as Yaml;

/// What is wrong with a document: where in it, and what.
pub(super) type Problem = (String, String);

/// Deepest nesting of a manifest; Kubernetes' own types stay far below.
const DEEPEST: usize = 64;

/// Reads one YAML document whose text begins on this line of its file.
pub(super) fn yaml(text: &str, first_line: usize) -> Result<Value, Problem> {
    let mut value: Yaml = serde_yaml::from_str(text).map_err(|error| {
        let place = error.location().map_or_else(String::new, |at| {
            format!("line {}, column {}: ", at.line() + first_line - 1, at.column())
        });
        // The position is that within the document.
        let text = error.to_string();
        let what = text.split(" at line ").next().unwrap_or_default();
        problem("", format!("{place}not YAML: {what}: correct it"))
    })?;
    value
        .apply_merge()
        .map_err(|error| problem("", format!("not YAML: {error}")))?;
    json(value, "", 0)
}

/// Reads a stream of JSON values. A duplicate key is refused like in YAML: the API server does so too.
pub(super) fn json_stream(text: &str) -> Vec<Result<Value, Problem>> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<Yaml>();
    let mut found = Vec::new();
    for value in &mut values {
        let is_broken = value.is_err();
        let read = value.map_err(|error| problem("", format!("not JSON: {error}: correct it")));
        found.push(read.and_then(|value| json(value, "", 0)));
        if is_broken {
            break;
        }
    }
    found
}

fn problem(path: &str, message: impl Into<String>) -> Problem {
    (path.to_owned(), message.into())
}

fn json(value: Yaml, path: &str, depth: usize) -> Result<Value, Problem> {
    if depth > DEEPEST {
        return Err(problem(
            "",
            format!("nested more than {DEEPEST} levels deep: no manifest is"),
        ));
    }
    match value {
        Yaml::Null => Ok(Value::Null),
        Yaml::Bool(value) => Ok(Value::Bool(value)),
        Yaml::String(text) => Ok(Value::String(text)),
        Yaml::Number(number) => self::number(&number, path),
        Yaml::Sequence(items) => {
            let items = items.into_iter().enumerate();
            items
                .map(|(position, item)| json(item, &format!("{path}[{position}]"), depth + 1))
                .collect()
        }
        Yaml::Mapping(fields) => {
            let fields = fields.into_iter().map(|(key, value)| {
                let key = self::key(key, path)?;
                let below = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                Ok((key, json(value, &below, depth + 1)?))
            });
            fields.collect::<Result<Map<_, _>, Problem>>().map(Value::Object)
        }
        Yaml::Tagged(tagged) => Err(problem(
            path,
            format!("has the YAML tag {}: remove it", tagged.tag),
        )),
    }
}

fn key(key: Yaml, path: &str) -> Result<String, Problem> {
    match key {
        Yaml::String(text) => Ok(text),
        Yaml::Number(number) => Ok(number.to_string()),
        Yaml::Bool(value) => Ok(value.to_string()),
        _ => Err(problem(path, "a key is not text: quote it")),
    }
}

fn number(number: &serde_yaml::Number, path: &str) -> Result<Value, Problem> {
    let read = number
        .as_i64()
        .map(Number::from)
        .or_else(|| number.as_u64().map(Number::from))
        .or_else(|| number.as_f64().and_then(Number::from_f64));
    read.map(Value::Number)
        .ok_or_else(|| problem(path, format!("{number} is no number in JSON: write a finite one")))
}
