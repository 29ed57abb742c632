//! How children stand in a cluster, by what is remembered of them. Pure.

use super::checks::CHANGED;
use super::control::Breach;
use crate::field_managers::REPAIR_MANAGER;
use crate::foreign::{self, Addition};
use crate::ledger::{Account, Disturbance, Standing};
use crate::render::{Child, ChildKind};

/// Added fields that a message names.
const NAMED_FIELDS: usize = 3;

/// What is known, without a request, of the children that a service should have.
#[derive(Clone, Debug, Default)]
pub struct Cluster {
    /// How each child stands, in the order of the children.
    pub children: Vec<Live>,
    /// Kinds and names of objects that are no longer wanted and still there.
    pub leftovers: Vec<(ChildKind, String)>,
    /// Whether the pods run with a template that another operator made.
    pub is_template_pending: bool,
}

/// How one child stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Live {
    /// Its identity, where an object of its name is known.
    pub uid: Option<String>,
    /// Its version as seen last.
    pub resource_version: Option<u64>,
    /// In what it is not what was judged; none while it is.
    pub amiss: Option<Breach>,
}

impl Live {
    /// How a child stands by what is remembered of it.
    pub fn of(child: &Child, account: Account) -> Self {
        Self {
            amiss: amiss(child, &account),
            uid: account.uid,
            resource_version: account.resource_version,
        }
    }
}

fn amiss(child: &Child, account: &Account) -> Option<Breach> {
    const NOT_APPLIED: &str =
        "let the operator apply it (spec.paused must be false; the condition Ready tells what is in the way)";
    let (seen, fix) = match &account.standing {
        Standing::Intact => (held(&kept_by_others(child, account))?, CHANGED),
        Standing::Disturbed(disturbance) => (disturbed(disturbance), CHANGED),
        Standing::Gone => ("was deleted".to_owned(), CHANGED),
        Standing::Absent => ("is not in the cluster".to_owned(), NOT_APPLIED),
        Standing::Unproven => (
            "is in the cluster, but is not known to be what was planned".to_owned(),
            NOT_APPLIED,
        ),
        Standing::Outdated { .. } => (
            "is in the cluster as it was planned before".to_owned(),
            NOT_APPLIED,
        ),
    };
    Some(Breach::new(
        format!("{} {} {seen}", child.kind.kind(), child.name),
        fix,
    ))
}

/// What stayed after a repair and is not wanted: an admission webhook puts in again what was taken out. What our own repair
/// owns is as planned.
fn kept_by_others<'a>(child: &Child, account: &'a Account) -> Vec<&'a Addition> {
    let mut unwanted = foreign::unwanted(&account.kept, &child.body);
    unwanted.retain(|addition| addition.manager.as_deref() != Some(REPAIR_MANAGER));
    unwanted
}

fn disturbed(disturbance: &Disturbance) -> String {
    let added: Vec<_> = disturbance.added.iter().collect();
    match held(&added) {
        Some(held) if !disturbance.changed => held,
        _ => {
            let manager = disturbance.manager.as_deref().unwrap_or("somebody");
            format!("was changed by {manager}")
        }
    }
}

/// What others put in, and who; none when there is nothing.
fn held(added: &[&Addition]) -> Option<String> {
    let manager = added.first()?.manager.as_deref().unwrap_or("somebody");
    let fields: Vec<_> = added
        .iter()
        .take(NAMED_FIELDS)
        .map(|addition| addition.path.to_string())
        .collect();
    Some(format!("holds what {manager} put in: {}", fields.join(", ")))
}
