//! Colours. Text always carries them; where they are not wanted, [`crate::run`] takes them out when it writes.

use std::fmt::Display;

use anstyle::{AnsiColor, Style};

/// What is well.
pub const GOOD: Style = AnsiColor::Green.on_default();
/// What needs a person.
pub const BAD: Style = AnsiColor::Red.on_default().bold();
/// What may pass.
pub const WARN: Style = AnsiColor::Yellow.on_default();
/// What is secondary.
pub const DIM: Style = Style::new().dimmed();
/// Headings.
pub const STRONG: Style = Style::new().bold();
/// Positions in a diff.
pub const PLACE: Style = AnsiColor::Cyan.on_default();

/// A text in a style.
pub fn paint(style: Style, text: impl Display) -> String {
    format!("{style}{text}{style:#}")
}

/// Text from a cluster on one line, without the control characters by which it could steer a terminal.
pub fn harmless(text: &str) -> String {
    let clean: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    clean.split_whitespace().collect::<Vec<_>>().join(" ")
}
