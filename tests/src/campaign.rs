//! The fault campaign: a cluster with several operators is used and broken at once, round after round, and what may
//! never happen is looked for throughout.
//!
//! A round: faults overlap for some time while users change services and tamper with their children; then everything is
//! healed, the cluster has to become what was asked for within a bound, and nothing may be written afterwards. Faults and
//! deeds follow from a seed. What is seen is judged by pure [`checks`].

use std::path::PathBuf;
use std::time::Duration;

mod checks;
mod converged;
pub(crate) mod dice;
mod fault;
mod foreign;
mod history;
mod inject;
mod judge;
mod observer;
mod operator;
mod proxy;
mod rendered;
mod report;
mod rights;
mod round;
mod spec;
mod stage;
mod tally;
mod tamper;
mod user;
mod wanted;

pub use report::{Finding, Report};
pub use round::run;
pub use tally::Count;

/// How a campaign is run.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Faults and deeds follow from it.
    pub seed: u64,
    /// A new round begins until then, and until each fault has come once.
    pub lasts: Duration,
    /// Services; a third is deleted and made again, and a few conflict with objects of others.
    pub services: usize,
    /// Replicas of the operator.
    pub replicas: usize,
    /// Faults of a round.
    pub faults: usize,
    /// Time within which the faults of a round begin.
    pub span: Duration,
    /// Time from healing to convergence that is no violation.
    pub bound: Duration,
    /// Most resident memory of an operator, in MiB.
    pub memory_mib: f64,
    /// The operator's binary.
    pub binary: PathBuf,
    /// Where the operators' logs go.
    pub logs: PathBuf,
}
