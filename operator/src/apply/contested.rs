//! Children that somebody else changes again and again.

use std::time::Instant;

use super::Applier;
use crate::ledger::Standing;
use crate::outcome::Error;
use crate::render::Child;

impl Applier<'_> {
    /// Whether a child is left as it is for now, because it was put right too often.
    pub(super) fn is_contested(&self, child: &Child, standing: &Standing) -> bool {
        matches!(standing, Standing::Disturbed(_) | Standing::Gone)
            && !self.contests.may_repair(&self.key(child), Instant::now())
    }
}

/// What the pass ends with that left a child so.
pub(super) fn error(child: &Child, standing: &Standing) -> Error {
    let manager = match standing {
        Standing::Disturbed(disturbance) => disturbance.manager.clone(),
        _ => None,
    };
    Error::Contested {
        kind: child.kind.kind(),
        name: child.name.clone(),
        manager: manager.unwrap_or_else(|| "somebody".to_owned()),
    }
}
