//! What a campaign tells at its end. Pure.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

use super::fault::Fault;
use super::tally::Count;

/// A violation with what is needed to find it again.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// Which rule.
    pub rule: &'static str,
    /// What was seen.
    pub seen: String,
    /// Round, from 1.
    pub round: usize,
    /// Seconds from the beginning.
    pub seconds: f64,
    /// Faults that were active.
    pub faults: Vec<&'static str>,
}

/// The figures.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The same seed gives the same faults and deeds.
    pub seed: u64,
    /// How long it took, in seconds.
    pub seconds: f64,
    /// Services.
    pub services: usize,
    /// Rounds of faults, each followed by convergence and rest.
    pub rounds: usize,
    /// Faults by kind.
    pub faults: BTreeMap<&'static str, Count>,
    /// What users did.
    pub deeds: BTreeMap<String, usize>,
    /// Passes over services.
    pub passes: u64,
    /// Writes of the operators by method and kind, those of the election aside.
    pub writes: BTreeMap<String, usize>,
    /// Statuses seen by the watch.
    pub status_changes: usize,
    /// How often the Lease changed hands.
    pub lease_transitions: usize,
    /// Processes of the operator that were started.
    pub processes: usize,
    /// Of them ended because they had lost the lease.
    pub lost_leases: usize,
    /// Most resident memory of any, MiB.
    pub peak_mib: f64,
    /// Seconds from the last healing to convergence, of each round.
    pub convergence_seconds: Vec<f64>,
    /// Rules that were broken.
    pub violations: Vec<Finding>,
}

impl Report {
    /// Counts under the names of the faults.
    pub(crate) fn named(counts: &BTreeMap<Fault, Count>) -> BTreeMap<&'static str, Count> {
        counts
            .iter()
            .map(|(fault, count)| (fault.name(), *count))
            .collect()
    }

    /// For people.
    pub fn table(&self) -> String {
        let mut text = format!("{:<32} {:>9} {:>9}\n", "fault", "injected", "hits");
        for (name, count) in &self.faults {
            let _infallible = writeln!(text, "{name:<32} {:>9} {:>9}", count.injected, count.hit);
        }
        let injected: usize = self.faults.values().map(|count| count.injected).sum();
        let slowest = self.convergence_seconds.iter().copied().fold(0.0, f64::max);
        let lines = [
            ("seed", self.seed.to_string()),
            ("seconds", format!("{:.0}", self.seconds)),
            ("services", self.services.to_string()),
            ("rounds", self.rounds.to_string()),
            ("faults injected", injected.to_string()),
            ("deeds of users", self.deeds.values().sum::<usize>().to_string()),
            ("passes of operators", self.passes.to_string()),
            (
                "writes of operators",
                self.writes.values().sum::<usize>().to_string(),
            ),
            ("lease transitions", self.lease_transitions.to_string()),
            ("processes started", self.processes.to_string()),
            ("ended for a lost lease", self.lost_leases.to_string()),
            ("most memory, MiB", format!("{:.0}", self.peak_mib)),
            ("slowest convergence, s", format!("{slowest:.1}")),
            ("violations", self.violations.len().to_string()),
        ];
        text.push('\n');
        for (name, value) in lines {
            let _infallible = writeln!(text, "{name:<32} {value:>9}");
        }
        text
    }
}
