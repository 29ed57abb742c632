//! The faults, and when which of them happens. Pure.

use std::time::Duration;

use super::dice::Dice;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Fault {
    /// The API server gets SIGKILL, and is started again.
    ApiServerKilled,
    /// etcd is stopped (SIGSTOP) and goes on.
    EtcdPaused,
    /// Every watch connection is cut, some in order, some in the middle of a line.
    WatchesCut,
    /// Watches are cut, and new ones are answered with 410 Gone: as a status or as an event.
    WatchesGone,
    /// Writes are answered with 409.
    Conflicts,
    /// Requests are answered with 429 and Retry-After.
    TooManyRequests,
    /// Requests are answered with 500 and 503.
    ServerErrors,
    /// Requests reach the API server late.
    SlowRequests,
    /// Writes are done, and the connection breaks before the answer.
    AnswersLost,
    /// Requests are taken and never answered.
    RequestsHang,
    /// SIGKILL to the leader, or to a standby.
    OperatorKilled,
    /// SIGSTOP to the leader beyond its lease: when it goes on, two believe that they lead.
    LeaderPaused,
    /// Nothing passes between the leader and the API server.
    LeaderCutOff,
    /// The operators' wall clocks jump forwards by minutes, and back.
    ClocksForwards,
    /// The operators' wall clocks jump backwards by minutes, and forth.
    ClocksBackwards,
}

impl Fault {
    /// Every fault.
    pub(crate) const ALL: [Self; 15] = [
        Self::ApiServerKilled,
        Self::EtcdPaused,
        Self::WatchesCut,
        Self::WatchesGone,
        Self::Conflicts,
        Self::TooManyRequests,
        Self::ServerErrors,
        Self::SlowRequests,
        Self::AnswersLost,
        Self::RequestsHang,
        Self::OperatorKilled,
        Self::LeaderPaused,
        Self::LeaderCutOff,
        Self::ClocksForwards,
        Self::ClocksBackwards,
    ];

    /// For tables.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::ApiServerKilled => "API server killed",
            Self::EtcdPaused => "etcd paused",
            Self::WatchesCut => "watches cut",
            Self::WatchesGone => "410 Gone on watches",
            Self::Conflicts => "409 on writes",
            Self::TooManyRequests => "429 with Retry-After",
            Self::ServerErrors => "500 and 503",
            Self::SlowRequests => "slow requests",
            Self::AnswersLost => "answers lost",
            Self::RequestsHang => "requests hang",
            Self::OperatorKilled => "operator killed",
            Self::LeaderPaused => "leader paused beyond its lease",
            Self::LeaderCutOff => "leader cut off",
            Self::ClocksForwards => "clocks forwards",
            Self::ClocksBackwards => "clocks backwards",
        }
    }

    /// Seconds from and to which it lasts, for a lease of `lease` seconds.
    fn seconds(self, lease: u64) -> (u64, u64) {
        match self {
            Self::ApiServerKilled => (1, 4),
            Self::WatchesCut | Self::OperatorKilled => (1, 3),
            // Long enough for another to take the lease.
            Self::LeaderPaused | Self::LeaderCutOff => (lease + 4, lease + 8),
            Self::ClocksForwards | Self::ClocksBackwards => (8, 14),
            _ => (4, 10),
        }
    }

    /// Faults of which one must have ended before another of the group begins: an API server cannot start while etcd
    /// stands still, and one process is stopped or killed at a time.
    const fn group(self) -> u8 {
        match self {
            Self::ApiServerKilled | Self::EtcdPaused => 1,
            Self::OperatorKilled | Self::LeaderPaused | Self::LeaderCutOff => 2,
            Self::ClocksForwards | Self::ClocksBackwards => 3,
            Self::WatchesCut | Self::WatchesGone => 4,
            Self::Conflicts | Self::TooManyRequests | Self::ServerErrors => 5,
            Self::SlowRequests | Self::AnswersLost | Self::RequestsHang => 6,
        }
    }
}

/// A fault with its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Planned {
    /// What.
    pub(crate) fault: Fault,
    /// From the beginning of the round.
    pub(crate) begins: Duration,
    /// Until it is healed.
    pub(crate) lasts: Duration,
}

impl Planned {
    /// When it is healed, from the beginning of the round.
    pub(crate) fn ends(&self) -> Duration {
        self.begins + self.lasts
    }
}

/// Deals faults like cards: none comes again before all have come.
#[derive(Debug)]
pub(crate) struct Deck {
    dice: Dice,
    cards: Vec<Fault>,
}

impl Deck {
    /// The deck of a seed.
    pub(crate) fn of(seed: u64) -> Self {
        Self {
            dice: Dice::of(seed, "faults"),
            cards: Vec::new(),
        }
    }

    fn deal(&mut self) -> Fault {
        if self.cards.is_empty() {
            self.cards = Fault::ALL.to_vec();
            self.dice.shuffle(&mut self.cards);
        }
        self.cards.pop().unwrap_or(Fault::WatchesCut)
    }

    /// `count` faults that begin within `span` and overlap as chance has it.
    pub(crate) fn round(&mut self, count: usize, span: Duration, lease: Duration) -> Vec<Planned> {
        let mut planned: Vec<Planned> = Vec::new();
        for _ in 0..count {
            let fault = self.deal();
            let (shortest, longest) = fault.seconds(lease.as_secs());
            let lasts = self.dice.between(shortest * 1000, longest * 1000);
            let wanted = self
                .dice
                .between(0, u64::try_from(span.as_millis()).unwrap_or_default());
            let free = planned
                .iter()
                .filter(|other| other.fault.group() == fault.group())
                .map(|other| other.ends() + Duration::from_secs(1))
                .max();
            planned.push(Planned {
                fault,
                begins: Duration::from_millis(wanted).max(free.unwrap_or_default()),
                lasts: Duration::from_millis(lasts),
            });
        }
        planned.sort_by_key(|one| one.begins);
        planned
    }
}

#[cfg(test)]
mod tests;
