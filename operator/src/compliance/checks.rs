//! The checks: what is looked at, and what is said when it is not as it should be.

use jiff::Timestamp;

use super::input::Input;

pub(super) mod availability;
pub(super) mod declared;
pub(super) mod image;
pub(super) mod logs;
pub(super) mod monitoring;
pub(super) mod network;
pub(super) mod pods;
pub(super) mod route;
pub(super) mod secrets;
pub(super) mod settings;

/// What is judged, and when.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// What is judged.
    pub input: &'a Input<'a>,
    /// When.
    pub now: Timestamp,
}

/// What to do about a child that is not as it is rendered.
pub(super) const CHANGED: &str =
    "let the operator put it right (spec.paused must be false) and find out who changed it";
