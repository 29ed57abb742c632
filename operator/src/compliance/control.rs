//! What a control is.

use healthcare_crds::v1alpha1::Framework;
use serde::Serialize;

use super::checks::Case;
use crate::render::ChildKind;

/// One requirement of one framework, as far as a service can support it.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Control {
    /// Stable identifier, such as `HIPAA-164.312(a)(1)-default-deny`.
    pub id: &'static str,
    /// Where it comes from.
    pub framework: Framework,
    /// The exact paragraph or requirement.
    pub citation: &'static str,
    /// What is looked at, in a few words.
    pub title: &'static str,
    /// What brings it about.
    pub enforcement: Enforcement,
    /// How it is verified.
    #[serde(skip)]
    pub check: Check,
}

/// What brings a control about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Enforcement {
    /// The operator renders every child so.
    RenderedDefault,
    /// A rule of the CRD refuses a spec that lacks it.
    CelRule,
    /// A child that the operator makes for the purpose.
    GeneratedChild,
    /// The spec says so, and what it says is judged.
    Declared,
    /// The cluster or the organisation: not verified here.
    Inherited,
}

/// What a check saw, or what is wrong.
pub type Seen = Result<String, Breach>;

/// Why a control is not met. Never holds a value that could be secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    /// What was seen.
    pub seen: String,
    /// What to do.
    pub fix: String,
}

impl Breach {
    /// What was seen, and what to do.
    pub fn new(seen: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            seen: seen.into(),
            fix: fix.into(),
        }
    }
}

/// How a control is verified.
#[derive(Clone, Copy, Debug)]
pub enum Check {
    /// By looking.
    Verified {
        /// The look.
        look: fn(&Case<'_>) -> Seen,
        /// Kinds of children that the look takes in: the evidence.
        on: &'static [ChildKind],
    },
    /// Not here: who has to verify what.
    Inherited(&'static str),
}
