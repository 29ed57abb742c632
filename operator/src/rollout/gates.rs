//! What people say to a rollout, by annotations on the service. Pure.

use std::collections::BTreeMap;

use healthcare_crds::keys;
use healthcare_crds::v1alpha1::RolloutStatus;

/// What a person has said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// Leave the stage under way for the next.
    Promote,
    /// Leave out all stages before the takeover.
    PromoteFully,
    /// Go back to the last good revision.
    Abort,
}

/// Suffix of a promotion of all stages.
const FULLY: &str = "full";

/// What names a rollout: the same revision may be rolled out again, and what was said then does not count any more.
fn name(rollout: &RolloutStatus) -> String {
    format!("{}/{}", rollout.revision, rollout.generation)
}

/// The value that promotes the stage under way: it stands for this stage of this rollout and no other, so that it may stay
/// where it is.
pub fn value(rollout: &RolloutStatus) -> String {
    format!("{}/{}", name(rollout), rollout.step)
}

/// The value that promotes the whole rollout.
pub fn full_value(rollout: &RolloutStatus) -> String {
    format!("{}/{FULLY}", name(rollout))
}

impl Gate {
    /// The annotation that says this to the stage under way: its key and its value.
    pub fn annotation(self, rollout: &RolloutStatus) -> (&'static str, String) {
        match self {
            Self::Promote => (keys::ROLLOUT_PROMOTE, value(rollout)),
            Self::PromoteFully => (keys::ROLLOUT_PROMOTE, full_value(rollout)),
            Self::Abort => (keys::ROLLOUT_ABORT, name(rollout)),
        }
    }
}

/// What the annotations say to the stage under way. An abort wins.
pub fn gate(annotations: &BTreeMap<String, String>, rollout: &RolloutStatus) -> Option<Gate> {
    let is_said = |gate: &Gate| {
        let (key, value) = gate.annotation(rollout);
        annotations.get(key) == Some(&value)
    };
    [Gate::Abort, Gate::PromoteFully, Gate::Promote]
        .into_iter()
        .find(is_said)
}
