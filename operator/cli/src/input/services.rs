//! Picks the `HealthcareService` manifests out of what a file holds. Pure.

use healthcare_crds::keys::GROUP;
use serde_json::Value;

use super::booleans;
use super::documents::{self, Document};
use super::parse::{self, Problem};
use super::{Input, Manifest, Origin, Unreadable};

const KIND: &str = "HealthcareService";
const VERSION: &str = "v1alpha1";

/// Adds what a file holds.
pub(super) fn collect(file: &str, bytes: &[u8], input: &mut Input) {
    let origin = |document, line| Origin {
        file: file.to_owned(),
        document,
        line,
        item: None,
    };
    let text = match text(bytes) {
        Ok(text) => text,
        Err(message) => {
            input
                .unreadable
                .push(unreadable(origin(1, 1), (String::new(), message)));
            return;
        }
    };
    for (number, (document, value)) in (1..).zip(values(text)) {
        let origin = origin(number, document.line);
        match value {
            Ok(value) => {
                let before = input.manifests.len();
                object(origin.clone(), value, input);
                if input.manifests.len() > before {
                    input.unreadable.extend(ambiguous(&origin, document.text));
                }
            }
            Err(problem) => input.unreadable.push(unreadable(origin, problem)),
        }
    }
}

fn ambiguous(origin: &Origin, text: &str) -> Option<Unreadable> {
    let (path, word) = booleans::first(text)?;
    let value = matches!(word.to_ascii_lowercase().as_str(), "y" | "yes" | "on");
    let message =
        format!("{word} without quotes is {value} to kubectl (YAML 1.1): write {value}, or quote it");
    Some(unreadable(origin.clone(), (path, message)))
}

fn unreadable(origin: Origin, (path, message): Problem) -> Unreadable {
    Unreadable {
        origin,
        path,
        message,
    }
}

fn text(bytes: &[u8]) -> Result<&str, String> {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    std::str::from_utf8(bytes).map_err(|error| {
        format!(
            "not UTF-8 at byte {}: save the file as UTF-8 text",
            error.valid_up_to()
        )
    })
}

/// The documents with their values.
fn values(text: &str) -> Vec<(Document<'_>, Result<Value, Problem>)> {
    if text.trim_start().starts_with('{') && !text.contains("\n---") {
        // JSON has neither lines that matter nor words without quotes.
        let whole = Document { line: 1, text: "" };
        return parse::json_stream(text)
            .into_iter()
            .map(|value| (whole, value))
            .collect();
    }
    let read = |document: Document<'_>| parse::yaml(document.text, document.line);
    documents::split(text)
        .into_iter()
        .map(|document| (document, read(document)))
        .collect()
}

/// Sorts out one object: lists are taken apart.
fn object(origin: Origin, value: Value, input: &mut Input) {
    let word = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default();
    let (api_version, kind) = (word("apiVersion").to_owned(), word("kind").to_owned());
    let is_ours = api_version.split('/').next() == Some(GROUP);
    if is_list(&kind, &value) && (api_version == "v1" || is_ours) {
        list(&origin, value, input);
    } else if !is_ours {
        input.others += 1;
    } else if kind.is_empty() {
        input.unreadable.push(unreadable(
            origin,
            ("kind".to_owned(), format!("is missing: write {KIND}")),
        ));
    } else if kind != KIND {
        input.others += 1;
    } else if api_version != format!("{GROUP}/{VERSION}") {
        let message = format!("{api_version} is not served: write {GROUP}/{VERSION}");
        input
            .unreadable
            .push(unreadable(origin, ("apiVersion".to_owned(), message)));
    } else {
        input.manifests.push(Manifest {
            origin,
            object: value,
        });
    }
}

fn is_list(kind: &str, value: &Value) -> bool {
    kind.ends_with("List") && value.get("items").is_some_and(Value::is_array)
}

fn list(origin: &Origin, mut value: Value, input: &mut Input) {
    let items = value.get_mut("items").map(Value::take).unwrap_or_default();
    let Value::Array(items) = items else { return };
    for (number, item) in (1..).zip(items) {
        let origin = Origin {
            item: Some(number),
            ..origin.clone()
        };
        object(origin, item, input);
    }
}
