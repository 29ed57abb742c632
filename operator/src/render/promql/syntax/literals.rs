//! String literals and comments, told apart from code.

/// Where a scan stands.
#[derive(Clone, Copy)]
enum State {
    Code,
    Comment,
    Raw,
    /// In a string that this quote ends.
    Quoted(char),
    /// Behind the backslash in such a string.
    Escape(char),
}

/// The same expression with its raw strings written as quoted ones: the parser's lexer looks for escapes in raw
/// strings too and refuses `` `a\.b` ``. PromQL, as Go, has none there.
pub(super) fn without_raw(expression: &str) -> String {
    let mut plain = String::with_capacity(expression.len());
    for (state, c) in scan(expression) {
        match (state, c) {
            (State::Code | State::Raw, '`') => plain.push('"'),
            (State::Raw, '"' | '\\') => plain.extend(['\\', c]),
            (State::Raw, '\n') => plain.push_str("\\n"),
            _ => plain.push(c),
        }
    }
    plain
}

/// What is neither string nor comment.
pub(super) fn code(expression: &str) -> String {
    scan(expression)
        .filter(|(state, _)| matches!(state, State::Code))
        .map(|(_, c)| c)
        .collect()
}

/// Each character with the state in front of it.
fn scan(expression: &str) -> impl Iterator<Item = (State, char)> {
    expression.chars().scan(State::Code, |state, c| {
        let before = *state;
        *state = next(before, c);
        Some((before, c))
    })
}

fn next(state: State, c: char) -> State {
    match (state, c) {
        (State::Code, '`') => State::Raw,
        (State::Code, '#') => State::Comment,
        (State::Code, '"' | '\'') => State::Quoted(c),
        (State::Comment, '\n') | (State::Raw, '`') => State::Code,
        (State::Quoted(quote), '\\') => State::Escape(quote),
        (State::Quoted(quote), _) if c == quote => State::Code,
        (State::Escape(quote), _) => State::Quoted(quote),
        (same, _) => same,
    }
}
