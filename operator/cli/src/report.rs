//! What a command has to say, and how it ends.

use std::process::ExitCode;

use anstyle::{AnsiColor, Effects, Style};
use comfy_table::{Attribute, Cell, Color, ContentArrangement, Table, presets};
use serde::Serialize;
use thiserror::Error;

use crate::cluster::ClusterError;
use crate::input::InputError;
use crate::service::{Refusal, Refused};

/// What exit codes mean, for people.
pub const EXIT_CODES: &str = "\
Exit codes:
  0  done, and nothing to object to
  1  done, and there is something: violations (validate), differences (diff), a service that is not ready (why),
     calls that only one side allows (graph --check), a score above the limit (risk score --fail-above), controls in a
     state that is not to be (compliance report --fail-on), a rollout that does not get through (rollout status)
  2  not done: wrong arguments, files that cannot be read, manifests that cannot be rendered, no cluster, nothing to
     promote or abort";

/// How a command that got through ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing to object to.
    Fine,
    /// There is what the command looks for.
    Found,
}

impl Verdict {
    /// [`Verdict::Found`] where something was found.
    pub const fn of(found: bool) -> Self {
        if found { Self::Found } else { Self::Fine }
    }
}

impl From<Verdict> for ExitCode {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Fine => Self::SUCCESS,
            Verdict::Found => Self::from(1),
        }
    }
}

/// What a command says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// For standard output.
    pub text: String,
    /// For standard error, a line each.
    pub notes: Vec<String>,
    /// How it ends.
    pub verdict: Verdict,
}

impl Report {
    /// A text and nothing to object to.
    pub fn fine(text: String) -> Self {
        Self {
            text,
            notes: Vec::new(),
            verdict: Verdict::Fine,
        }
    }
}

/// Why a command did not get through. The exit code is 2.
#[derive(Debug, Error)]
pub enum Error {
    /// Nothing could be read.
    #[error(transparent)]
    Input(#[from] InputError),
    /// Manifests are refused.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Refused(Vec<Refused>),
    /// A service of the cluster cannot be rendered.
    #[error("{name}: {refusal}")]
    Service {
        /// `namespace/name`.
        name: String,
        /// Why.
        refusal: Refusal,
    },
    /// The cluster did not give what was asked for.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// A rollout cannot be promoted or aborted.
    #[error(transparent)]
    Rollout(#[from] crate::rollout::Refusal),
    /// Arguments contradict each other.
    #[error("{0}")]
    Usage(String),
    /// Output could not be written as YAML.
    #[error("cannot write YAML: {0}")]
    Yaml(#[from] serde_yaml::Error),
    /// Output could not be written as JSON.
    #[error("cannot write JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// A file or the output could not be written.
    #[error("{what}: cannot be written: {source}")]
    Write {
        /// Which.
        what: String,
        /// What the system said.
        source: std::io::Error,
    },
}

/// A part of a table in a style.
pub fn cell(style: Style, text: &str) -> Cell {
    let cell = Cell::new(text);
    let cell = match style.get_fg_color() {
        Some(anstyle::Color::Ansi(AnsiColor::Green)) => cell.fg(Color::DarkGreen),
        Some(anstyle::Color::Ansi(AnsiColor::Red)) => cell.fg(Color::DarkRed),
        Some(anstyle::Color::Ansi(AnsiColor::Yellow)) => cell.fg(Color::DarkYellow),
        _ => cell,
    };
    let effects = style.get_effects();
    let attributes = [
        (Effects::BOLD, Attribute::Bold),
        (Effects::DIMMED, Attribute::Dim),
    ];
    let wanted = attributes
        .into_iter()
        .filter(|(effect, _)| effects.contains(*effect));
    wanted.fold(cell, |cell, (_, attribute)| cell.add_attribute(attribute))
}

/// A table without lines, as kubectl prints.
pub fn table(headings: &[&str], rows: Vec<Vec<impl Into<Cell>>>) -> String {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .enforce_styling()
        .set_header(
            headings
                .iter()
                .map(|text| Cell::new(text).add_attribute(Attribute::Bold)),
        );
    table.add_rows(rows).style_text_only();
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    let lines = table.lines().map(|line| format!("{}\n", line.trim_end()));
    lines.collect()
}

/// A value as JSON for machines and people, with a line break at the end.
///
/// # Errors
/// When it cannot be written as JSON.
pub fn json(value: &impl Serialize) -> Result<String, Error> {
    Ok(serde_json::to_string_pretty(value)? + "\n")
}
