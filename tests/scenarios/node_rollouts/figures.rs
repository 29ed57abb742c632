//! What the changes cost, and what they may cost.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use anyhow::Result;
use healthcare_crds::v1alpha1::RolloutPhase;

use super::changes::Change;
use crate::support::checkout;

/// How far a share may be off by chance, in standard deviations: once in thirty thousand times.
const DEVIATIONS: f64 = 4.0;

/// One change by one strategy.
#[derive(Clone, Debug)]
pub(super) struct Figure {
    pub(super) strategy: &'static str,
    pub(super) change: Change,
    pub(super) phase: Option<RolloutPhase>,
    /// What the status says in the end.
    pub(super) why: String,
    /// From the change to the decision to go back.
    pub(super) detected: Option<Duration>,
    /// From the change to its end.
    pub(super) over: Duration,
    /// Between this change and the next.
    pub(super) requests: u64,
    /// Those without an answer, or with one that is not 200.
    pub(super) failed: u64,
    /// Those without an answer.
    pub(super) unanswered: u64,
    /// Requests that the changed version answered, well or not, until its last pod was gone.
    pub(super) answered: u64,
    pub(super) shares: Vec<Share>,
    /// The first failures of all.
    pub(super) told: Vec<String>,
}

/// What a candidate got of the calls by new connections.
#[derive(Clone, Copy, Debug)]
pub(super) struct Share {
    pub(super) weight: i32,
    pub(super) calls: u64,
    pub(super) answered: u64,
}

impl Figure {
    /// Percent of the requests that a bad version answered or lost.
    #[expect(clippy::cast_precision_loss, reason = "for people, to a tenth")]
    fn affected(&self) -> f64 {
        (self.answered + self.unanswered) as f64 / self.requests.max(1) as f64 * 100.0
    }

    fn row(&self) -> String {
        let seconds = |time: Duration| format!("{:.1} s", time.as_secs_f64());
        let affected = if self.change.is_good {
            "–".to_owned()
        } else {
            format!("{:.1} %", self.affected())
        };
        format!(
            "| {} | {} | {} | {} | {} | {} | {} | {} |",
            self.strategy,
            self.change.name,
            self.detected.map_or_else(|| "–".to_owned(), seconds),
            seconds(self.over),
            self.requests,
            self.failed,
            affected,
            self.why
        )
    }
}

/// For people, beside the other benchmarks.
#[expect(clippy::print_stderr, reason = "what whoever waits for it wants to see")]
pub(super) fn publish(figures: &[Figure]) -> Result<()> {
    let mut text = "| strategy | change | detected after | over after | requests | failed | affected | why |\n|---|---|---|---|---|---|---|---|\n".to_owned();
    for figure in figures {
        writeln!(text, "{}", figure.row())?;
    }
    text.push_str("\n| weight of a candidate | calls by new connections | answered by it |\n|---|---|---|\n");
    for (weight, (calls, answered)) in shares(figures) {
        writeln!(text, "| {weight} % | {calls} | {answered} |")?;
    }
    eprintln!("{text}");
    let file = checkout("target/bench/rollouts.md");
    std::fs::create_dir_all(file.with_file_name(""))?;
    std::fs::write(file, text)?;
    Ok(())
}

pub(super) fn good_changes_lost_nothing(figures: &[Figure]) {
    for figure in figures.iter().filter(|figure| figure.change.is_good) {
        assert_eq!(figure.phase, Some(RolloutPhase::Completed), "{figure:#?}");
        assert_eq!(figure.failed, 0, "{:?}: {figure:#?}", figure.told);
        assert!(figure.answered > 0, "{figure:#?}");
    }
}

pub(super) fn bad_changes_went_back(figures: &[Figure]) {
    for figure in figures.iter().filter(|figure| !figure.change.is_good) {
        assert_eq!(figure.phase, Some(RolloutPhase::RolledBack), "{figure:#?}");
        if figure.change.is_never_called() {
            assert_eq!((figure.answered, figure.failed), (0, 0), "{figure:#?}");
        }
        if !figure.change.breaks_connections() {
            assert_eq!(figure.unanswered, 0, "{:?}: {figure:#?}", figure.told);
        }
    }
}

/// In no stage by itself, and not in all together.
pub(super) fn nobody_got_more_than_its_share(figures: &[Figure]) {
    let each = figures.iter().flat_map(|figure| &figure.shares);
    for share in each {
        within(share.weight, share.calls, share.answered);
    }
    for (weight, (calls, answered)) in shares(figures) {
        within(weight, calls, answered);
    }
}

#[expect(clippy::cast_precision_loss, reason = "some hundred calls")]
fn within(weight: i32, calls: u64, answered: u64) {
    let (share, calls) = (f64::from(weight) / 100.0, calls as f64);
    let chance = DEVIATIONS * (calls * share * (1.0 - share)).sqrt();
    assert!(
        answered as f64 <= calls * share + chance,
        "{answered} of {calls} calls for {weight} %"
    );
}

fn shares(figures: &[Figure]) -> BTreeMap<i32, (u64, u64)> {
    let mut sums: BTreeMap<i32, (u64, u64)> = BTreeMap::new();
    for share in figures.iter().flat_map(|figure| &figure.shares) {
        let sum = sums.entry(share.weight).or_default();
        sum.0 += share.calls;
        sum.1 += share.answered;
    }
    sums
}
