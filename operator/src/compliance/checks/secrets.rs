//! Secrets in plain text. Nothing here ever repeats a value.

use serde_json::Value;

use super::Case;
use super::pods::each_container;
use crate::compliance::control::{Breach, Seen};
use crate::compliance::input::{field, items, text};
use crate::render::ChildKind;

const FIX: &str = "put it into a Secret, name that in spec.secrets, and replace the value: it stands in Git";

/// Words that make a name that of a secret wherever they stand.
const ANYWHERE: [&str; 3] = ["password", "passwd", "passphrase"];
/// Words that do so on their own, between separators, in the plural too.
const AS_WORD: [&str; 12] = [
    "pwd",
    "secret",
    "token",
    "apikey",
    "api_key",
    "privatekey",
    "private_key",
    "accesskey",
    "access_key",
    "credential",
    "secretkey",
    "secret_key",
];
/// Last words of names that tell of a secret without being one: where it lies, how long it lasts.
const ABOUT: [&str; 24] = [
    "file",
    "path",
    "dir",
    "url",
    "uri",
    "name",
    "ttl",
    "endpoint",
    "issuer",
    "audience",
    "seconds",
    "minutes",
    "hours",
    "days",
    "length",
    "min",
    "max",
    "enabled",
    "id",
    "type",
    "algorithm",
    "header",
    "expiry",
    "ref",
];

/// No container has a secret as a literal in its environment or its arguments, nor a setting that looks like one.
pub(in crate::compliance) fn referenced(case: &Case<'_>) -> Seen {
    for map in case.input.all(ChildKind::ConfigMap) {
        let data = map.at("/data").as_object().into_iter().flatten();
        let mut pairs = data.filter_map(|(key, value)| Some((key.as_str(), value.as_str()?)));
        if let Some((key, _)) = pairs.find(|(key, value)| is_secret(key, value)) {
            let seen = format!("{}: key {key} holds what looks like a secret", map.title());
            return Err(Breach::new(seen, FIX));
        }
    }
    each_container(
        case,
        "secrets are taken by reference only",
        FIX,
        |_, container| {
            let in_env = literals(container)
                .find(|(name, value)| is_secret(name, value))
                .map(|(name, _)| format!("variable {name} holds what looks like a secret as a literal"));
            in_env.or_else(|| in_arguments(container))
        },
    )
}

fn literals(container: &Value) -> impl Iterator<Item = (&str, &str)> {
    items(field(container, "env"))
        .filter_map(|variable| Some((text(variable, "name"), field(variable, "value").as_str()?)))
}

/// `--name=value`; of the flag only the name is told.
fn in_arguments(container: &Value) -> Option<String> {
    let mut words = ["command", "args"]
        .into_iter()
        .flat_map(|list| items(field(container, list)))
        .filter_map(Value::as_str);
    words.find_map(|word| {
        let (name, value) = word.split_once('=').unwrap_or(("", word));
        is_secret(name, value).then(|| match name {
            "" => "an argument holds what looks like a secret".to_owned(),
            name => format!("argument {name} holds what looks like a secret"),
        })
    })
}

fn is_secret(name: &str, value: &str) -> bool {
    names_secret(name) && is_literal(value) || is_private_key(value) || has_password(value)
}

/// Whether a name looks like that of a secret. The CRD's rules say the same in CEL.
pub(in crate::compliance) fn names_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace(['-', '.'], "_");
    let name = name.trim_start_matches('_');
    let words: Vec<_> = name.split('_').collect();
    if words.len() > 1 && words.last().is_some_and(|last| ABOUT.contains(last)) {
        return false;
    }
    if ANYWHERE.iter().any(|word| name.contains(word)) {
        return true;
    }
    let bare = |text: &str| {
        text.trim_end_matches(|c: char| c.is_ascii_digit())
            .trim_end_matches('s')
            .to_owned()
    };
    let pairs = words.windows(2).map(|pair| pair.join("_"));
    let mut candidates = words.iter().map(|word| (*word).to_owned()).chain(pairs);
    candidates.any(|candidate| AS_WORD.contains(&bare(&candidate).as_str()))
}

/// Something besides a reference to another variable, `$(NAME)`.
fn is_literal(value: &str) -> bool {
    let reference = value.strip_prefix("$(").and_then(|rest| rest.strip_suffix(')'));
    !value.is_empty() && reference.is_none_or(|name| name.contains(')'))
}

fn is_private_key(value: &str) -> bool {
    value.contains("-----BEGIN ") && value.contains("PRIVATE KEY-----")
}

/// `scheme://user:password@host`, unless the password is a reference.
fn has_password(value: &str) -> bool {
    value.match_indices("://").any(|(at, separator)| {
        let rest = value.get(at + separator.len()..).unwrap_or_default();
        let authority = rest.split(['/', '?', '#', ' ', '"']).next().unwrap_or_default();
        authority
            .rsplit_once('@')
            .and_then(|(user, _)| user.split_once(':'))
            .is_some_and(|(_, password)| is_literal(password))
    })
}
