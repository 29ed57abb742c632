//! The templates that users may write in texts: a closed, harmless part of Go's text/template. Prometheus parses
//! every annotation and label as a template, and one that does not parse makes it reject the whole object.

/// Functions of one value (Prometheus template reference).
const FUNCTIONS: [&str; 9] = [
    "humanize",
    "humanize1024",
    "humanizeDuration",
    "humanizePercentage",
    "humanizeTimestamp",
    "title",
    "toLower",
    "toUpper",
    "parseDuration",
];

/// Checks each `{{ … }}` of a text.
///
/// # Errors
/// The problem, naming the template.
pub fn check(text: &str) -> Result<(), String> {
    let mut rest = text;
    while let Some((_, opened)) = rest.split_once("{{") {
        let (inner, after) = opened
            .split_once("}}")
            .ok_or("a template is opened with '{{' and never closed")?;
        if !is_known(inner) {
            return Err(format!(
                "'{{{{{inner}}}}}' is not a template that is understood here"
            ));
        }
        rest = after;
    }
    Ok(())
}

/// `value`, `value | function` or `function value`.
fn is_known(inner: &str) -> bool {
    match inner.split_whitespace().collect::<Vec<_>>().as_slice() {
        [value] => is_value(value),
        [value, "|", function] | [function, value] => is_value(value) && FUNCTIONS.contains(function),
        _ => false,
    }
}

fn is_value(word: &str) -> bool {
    word == "$value" || word.strip_prefix("$labels.").is_some_and(is_label)
}

fn is_label(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests;
