//! The invariants, judged from what was seen. Pure.

pub(crate) mod deletions;
pub(crate) mod leadership;
pub(crate) mod restarts;
pub(crate) mod status;
