//! Splits a stream of YAML into its documents as kubectl does, so that one that is broken does not hide the others. Pure.

/// One document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Document<'a> {
    /// Line on which it begins, from 1.
    pub(super) line: usize,
    /// Its text, with the `---` before it.
    pub(super) text: &'a str,
}

/// The documents of a text, those without content aside. A line that begins with `---` ends what was before it, even inside
/// a block scalar (YAML 1.2.2, section 9.1.2).
pub(super) fn split(text: &str) -> Vec<Document<'_>> {
    let mut found = Vec::new();
    let (mut start, mut line, mut at) = (0, 1, 0);
    for (number, piece) in (1..).zip(text.split_inclusive('\n')) {
        if is_separator(piece) && has_content(&text[start..at]) {
            found.push(Document {
                line,
                text: &text[start..at],
            });
            (start, line) = (at, number);
        } else if is_separator(piece) && !has_directive(&text[start..at]) {
            (start, line) = (at, number);
        }
        at += piece.len();
    }
    if has_content(&text[start..]) {
        found.push(Document {
            line,
            text: &text[start..],
        });
    }
    found
}

fn is_separator(line: &str) -> bool {
    line.strip_prefix("---")
        .is_some_and(|rest| rest.chars().next().is_none_or(char::is_whitespace))
}

/// Whether there is anything besides separators, comments and directives.
fn has_content(text: &str) -> bool {
    text.lines().any(|line| {
        let rest = if is_separator(line) {
            line.trim_start_matches('-')
        } else {
            line
        };
        let rest = rest.trim();
        !rest.is_empty() && !rest.starts_with('#') && !line.starts_with('%') && rest != "..."
    })
}

fn has_directive(text: &str) -> bool {
    text.lines().any(|line| line.starts_with('%'))
}
