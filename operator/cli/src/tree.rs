//! How it stands with something, and what explains it: a tree for people and for programs. Pure.

use std::fmt::Write as _;

use anstyle::Style;
use jiff::Timestamp;
use serde::Serialize;

use crate::style::{BAD, DIM, GOOD, STRONG, WARN, harmless, paint};

/// How it stands with something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Health {
    /// As it should be.
    Good,
    /// Neither good nor bad.
    Plain,
    /// May pass.
    Waiting,
    /// Needs a person.
    Bad,
}

impl Health {
    /// Of something that is so, or should be.
    pub(crate) const fn of(good: bool) -> Self {
        if good { Self::Good } else { Self::Bad }
    }

    const fn style(self) -> Style {
        match self {
            Self::Good => GOOD,
            Self::Plain => DIM,
            Self::Waiting => WARN,
            Self::Bad => BAD,
        }
    }

    const fn mark(self) -> &'static str {
        match self {
            Self::Good => "✓",
            Self::Plain => "·",
            Self::Waiting => "…",
            Self::Bad => "✗",
        }
    }
}

/// A place in the tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Node {
    /// How it stands.
    pub health: Health,
    /// What it is, such as `Pod api-5d9`.
    pub subject: String,
    /// What is said of it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// What explains it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub because: Vec<Self>,
}

impl Node {
    pub(crate) fn new(health: Health, subject: impl Into<String>, message: impl AsRef<str>) -> Self {
        Self {
            health,
            subject: harmless(&subject.into()),
            message: harmless(message.as_ref()),
            because: Vec::new(),
        }
    }

    pub(crate) fn because(mut self, because: Vec<Self>) -> Self {
        self.because = because;
        self
    }
}

/// The tree for people.
pub fn written(root: &Node) -> String {
    let mut text = String::new();
    line(root, "", &mut text);
    below(root, "", &mut text);
    text
}

fn below(node: &Node, indent: &str, text: &mut String) {
    let last = node.because.len().saturating_sub(1);
    for (position, child) in node.because.iter().enumerate() {
        let (branch, further) = if position == last {
            ("└─ ", "   ")
        } else {
            ("├─ ", "│  ")
        };
        line(child, &paint(DIM, format!("{indent}{branch}")), text);
        below(child, &format!("{indent}{further}"), text);
    }
}

fn line(node: &Node, before: &str, text: &mut String) {
    let mark = paint(node.health.style(), node.health.mark());
    let subject = paint(STRONG, &node.subject);
    let message = match node.message.as_str() {
        "" => String::new(),
        message => format!(": {message}"),
    };
    // Writing to a text cannot fail.
    let _written = writeln!(text, "{before}{mark} {subject}{message}");
}

/// How long ago, in the one unit that tells.
pub(crate) fn age(since: Timestamp, now: Timestamp) -> String {
    let seconds = now.duration_since(since).as_secs().max(0);
    match seconds {
        0..120 => format!("{seconds}s"),
        120..7_200 => format!("{}m", seconds / 60),
        7_200..172_800 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}
