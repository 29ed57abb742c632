//! Compliance as code: a catalogue of controls, each looked for in the service, its plan and its children. Pure.
//!
//! A control that is met *supports* or *evidences* a requirement; whether an organisation complies is for its auditors.

pub mod catalogue;
pub mod control;
pub mod evidence;
pub mod html;
pub mod input;
pub mod judgement;
pub mod live;
pub mod oscal;
pub mod report;
pub mod status;

mod checks;
mod evaluate;
mod exemptions;

pub use catalogue::catalogue;
pub use control::{Control, Enforcement};
pub use evaluate::{applicable, evaluate, evaluate_by};
pub use evidence::Evidence;
pub use input::{Basis, Input, Object};
pub use judgement::Judgement;
pub use live::{Cluster, Live};
pub use report::{Finding, Notice, Report, State};

#[cfg(test)]
mod tests;
