//! A circuit breaker for one host. Pure: time comes in as a value.
//!
//! Closed, it lets everything pass and watches the last outcomes. When too many of them were failures it opens: requests
//! fail at once, and the host gets a rest. After that a few probes pass (half-open); if all go well it closes, if one
//! fails it opens again, for longer.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::backoff::Backoff;

/// When a [`Breaker`] opens and closes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BreakerLimits {
    /// How many outcomes are looked at, the latest ones.
    pub window: usize,
    /// Outcomes older than this do not count.
    pub memory: Duration,
    /// Fewer outcomes than this never open it.
    pub fewest: usize,
    /// Opens when this share of the outcomes were failures.
    pub failure_share: f64,
    /// How long it stays open: doubled each time in a row.
    pub rest: Backoff,
    /// Probes at the same time, all of which must go well.
    pub probes: u32,
    /// A probe whose outcome nobody told by then is forgotten.
    pub probe_limit: Duration,
}

impl Default for BreakerLimits {
    /// Opens when half of the last 20 within 30 s failed, 5 at least; rests 1 s and up to 30 s.
    fn default() -> Self {
        Self {
            window: 20,
            memory: Duration::from_secs(30),
            fewest: 5,
            failure_share: 0.5,
            rest: Backoff {
                first: Duration::from_secs(1),
                longest: Duration::from_secs(30),
            },
            probes: 2,
            probe_limit: Duration::from_mins(1),
        }
    }
}

/// What a breaker does with requests; its number is the metric `http_client_breaker_state`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreakerState {
    /// All pass.
    Closed,
    /// Probes pass.
    HalfOpen,
    /// None passes.
    Open,
}

impl BreakerState {
    /// 0 closed, 1 half-open, 2 open.
    pub const fn number(self) -> u8 {
        match self {
            Self::Closed => 0,
            Self::HalfOpen => 1,
            Self::Open => 2,
        }
    }
}

/// The right to send one request; its outcome is told to the breaker that gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "the outcome has to be told"]
pub struct Pass {
    /// Which phase it belongs to: outcomes of an earlier one say nothing about now.
    phase: u64,
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Breaker {
    limits: BreakerLimits,
    phase: u64,
    state: Phase,
    /// How often in a row it opened without closing.
    openings: u32,
}

#[derive(Clone, Debug)]
enum Phase {
    Closed(VecDeque<(Instant, bool)>),
    Open {
        until: Instant,
    },
    HalfOpen {
        under_way: u32,
        well: u32,
        since: Instant,
    },
}

impl Breaker {
    /// A closed breaker.
    pub const fn new(limits: BreakerLimits) -> Self {
        Self {
            limits,
            phase: 0,
            state: Phase::Closed(VecDeque::new()),
            openings: 0,
        }
    }

    /// What it does with requests now.
    pub fn state(&self, now: Instant) -> BreakerState {
        match &self.state {
            Phase::Closed(_) => BreakerState::Closed,
            Phase::Open { until } if now < *until => BreakerState::Open,
            Phase::Open { .. } | Phase::HalfOpen { .. } => BreakerState::HalfOpen,
        }
    }

    /// Asks to send a request. `Err` says how long to wait at least before asking again makes sense.
    pub fn admit(&mut self, now: Instant) -> Result<Pass, Duration> {
        match &mut self.state {
            Phase::Closed(_) => {}
            Phase::Open { until } if now < *until => return Err(until.saturating_duration_since(now)),
            Phase::Open { .. } => self.half_open(now),
            Phase::HalfOpen { under_way, .. } if *under_way < self.limits.probes => *under_way += 1,
            Phase::HalfOpen {
                under_way,
                well,
                since,
            } => {
                let forgotten = *since + self.limits.probe_limit;
                if now < forgotten {
                    return Err(forgotten
                        .saturating_duration_since(now)
                        .min(self.limits.rest.first));
                }
                *under_way = *well + 1;
                *since = now;
            }
        }
        Ok(Pass { phase: self.phase })
    }

    /// Tells the outcome of an admitted request.
    pub fn record(&mut self, pass: Pass, succeeded: bool, now: Instant) {
        if pass.phase != self.phase {
            return;
        }
        match &mut self.state {
            Phase::Closed(outcomes) => {
                remember(outcomes, succeeded, now, &self.limits);
                if is_too_much(outcomes, &self.limits) {
                    self.open(now);
                }
            }
            Phase::HalfOpen { .. } if !succeeded => self.open(now),
            Phase::HalfOpen { well, .. } => {
                *well += 1;
                if *well >= self.limits.probes {
                    self.close();
                }
            }
            Phase::Open { .. } => {}
        }
    }

    /// Takes an admission back whose outcome says nothing of the host, such as a caller who left.
    pub fn release(&mut self, pass: Pass) {
        if let Phase::HalfOpen { under_way, .. } = &mut self.state
            && pass.phase == self.phase
        {
            *under_way = under_way.saturating_sub(1);
        }
    }

    fn open(&mut self, now: Instant) {
        let rest = self.limits.rest.ceiling(self.openings);
        self.openings = self.openings.saturating_add(1);
        self.enter(Phase::Open { until: now + rest });
    }

    /// With its first probe under way.
    fn half_open(&mut self, now: Instant) {
        self.enter(Phase::HalfOpen {
            under_way: 1,
            well: 0,
            since: now,
        });
    }

    fn close(&mut self) {
        self.openings = 0;
        self.enter(Phase::Closed(VecDeque::new()));
    }

    fn enter(&mut self, state: Phase) {
        self.phase += 1;
        self.state = state;
    }
}

fn remember(outcomes: &mut VecDeque<(Instant, bool)>, succeeded: bool, now: Instant, limits: &BreakerLimits) {
    outcomes.push_back((now, succeeded));
    let is_old = |at: &Instant| now.saturating_duration_since(*at) > limits.memory;
    while outcomes.len() > limits.window || outcomes.front().is_some_and(|(at, _)| is_old(at)) {
        outcomes.pop_front();
    }
}

fn is_too_much(outcomes: &VecDeque<(Instant, bool)>, limits: &BreakerLimits) -> bool {
    let failures = outcomes.iter().filter(|(_, succeeded)| !succeeded).count();
    #[expect(clippy::cast_precision_loss, reason = "windows are small")]
    let share = failures as f64 / outcomes.len().max(1) as f64;
    outcomes.len() >= limits.fewest && share >= limits.failure_share
}

#[cfg(test)]
mod tests;
