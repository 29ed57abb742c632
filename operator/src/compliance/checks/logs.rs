//! What the pods log.

use serde_json::Value;

use super::Case;
use super::pods::each_container;
use crate::compliance::control::Seen;
use crate::compliance::input::{field, items, text};

/// What a container's environment says of a variable.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Variable<'a> {
    Unset,
    Literal(&'a str),
    FromElsewhere,
}

/// The last of a name wins.
fn variable<'a>(container: &'a Value, name: &str) -> Variable<'a> {
    let found = items(field(container, "env"))
        .filter(|variable| text(variable, "name") == name)
        .last();
    match found {
        None => Variable::Unset,
        Some(variable) if field(variable, "valueFrom").is_null() => {
            Variable::Literal(text(variable, "value"))
        }
        Some(_) => Variable::FromElsewhere,
    }
}

/// Lines that machines can examine, each with its time.
pub(in crate::compliance) fn structured(case: &Case<'_>) -> Seen {
    each_container(
        case,
        "logs are JSON lines with their time",
        "remove LOG_FORMAT from spec.env, or set it to json",
        |_, container| {
            let is_json = variable(container, "LOG_FORMAT") == Variable::Literal("json");
            (!is_json).then(|| "LOG_FORMAT is not json".to_owned())
        },
    )
}

/// Not so quiet that access goes unrecorded.
pub(in crate::compliance) fn recording(case: &Case<'_>) -> Seen {
    each_container(
        case,
        "requests are logged",
        "set spec.observability.logging.level to info",
        |_, container| match variable(container, "LOG_LEVEL") {
            Variable::Literal("info" | "debug" | "trace") => None,
            Variable::Literal(level) => Some(format!("log level {level} leaves out the records of access")),
            Variable::Unset | Variable::FromElsewhere => {
                Some("LOG_LEVEL is not a literal: what is logged is unknown".to_owned())
            }
        },
    )
}

/// Not so loud that sensitive data may stand in the logs.
pub(in crate::compliance) fn discreet(case: &Case<'_>) -> Seen {
    if !case.input.is_sensitive() {
        return Ok(format!(
            "data classification {:?}: any log level will do",
            case.input.classification()
        ));
    }
    each_container(
        case,
        "the log level keeps payloads out",
        "set spec.observability.logging.level to info or higher, and remove RUST_LOG and LOG_LEVEL from spec.env",
        |_, container| {
            ["LOG_LEVEL", "RUST_LOG"]
                .into_iter()
                .find_map(|name| match variable(container, name) {
                    Variable::Literal(level) if is_loud(level) => {
                        Some(format!("{name} is {level}: sensitive data may stand in the logs"))
                    }
                    Variable::FromElsewhere => {
                        Some(format!("{name} comes from elsewhere: what is logged is unknown"))
                    }
                    Variable::Literal(_) | Variable::Unset => None,
                })
        },
    )
}

/// Also in a filter such as `info,sqlx=debug`.
fn is_loud(level: &str) -> bool {
    let level = level.to_ascii_lowercase();
    level.contains("debug") || level.contains("trace")
}
