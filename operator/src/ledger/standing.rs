use crate::foreign::Addition;

/// How a child stands against what the operator left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Not known to exist.
    Absent,
    /// An object of its name bears our labels, but nothing is known of its making.
    Unproven,
    /// As we left it, and as it is wanted now.
    Intact,
    /// As we left it, but something else is wanted now.
    Outdated {
        /// Identity of the object to change.
        uid: String,
    },
    /// Somebody changed what we own, or added to it.
    Disturbed(Disturbance),
    /// Somebody deleted it, or put another object in its place.
    Gone,
}

/// What somebody did to a child.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disturbance {
    /// Identity of the object to repair.
    pub uid: String,
    /// Its version with the change.
    pub resource_version: u64,
    /// Whether something that we own was changed or removed.
    pub changed: bool,
    /// What others own and we do not, without what had stayed after all.
    pub added: Vec<Addition>,
    /// Who wrote last, where known.
    pub manager: Option<String>,
}
