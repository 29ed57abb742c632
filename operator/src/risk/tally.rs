//! Collects the factors of a change.

use std::collections::BTreeMap;

use healthcare_crds::v1alpha1::{Risk, RiskFactor};

/// Most factors that the status holds.
const MOST: usize = 32;

/// How many messages a factor tells when it was found more than once.
const TOLD: usize = 3;

/// The highest score.
const FULL: i32 = 100;

/// What was found so far.
#[derive(Debug, Default)]
pub(super) struct Tally(Vec<Finding>);

#[derive(Debug)]
struct Finding {
    name: &'static str,
    points: i32,
    message: String,
}

impl Tally {
    /// Adds what was found, unless it has no points.
    pub(super) fn add(&mut self, name: &'static str, points: i32, message: impl Into<String>) {
        if points > 0 {
            self.0.push(Finding {
                name,
                points,
                message: message.into(),
            });
        }
    }

    /// Adds what another tally holds, in its order, as far as `most` points go.
    pub(super) fn add_capped(&mut self, most: i32, other: Self) {
        let mut left = most;
        for finding in other.0 {
            let points = finding.points.min(left);
            left -= points;
            self.add(finding.name, points, finding.message);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The score, and the factors with the most points first. Those that the status has no room for are put together.
    pub(super) fn risk(self) -> Risk {
        let sum: i32 = self.0.iter().map(|finding| finding.points).sum();
        let mut factors = self.factors();
        if factors.len() > MOST {
            let rest = factors.split_off(MOST - 1);
            factors.push(together(&rest));
        }
        Risk {
            score: sum.min(FULL),
            factors,
        }
    }

    /// One of each name.
    fn factors(self) -> Vec<RiskFactor> {
        let mut named: BTreeMap<&str, (i32, Vec<String>)> = BTreeMap::new();
        for finding in self.0 {
            let (points, messages) = named.entry(finding.name).or_default();
            *points += finding.points;
            messages.push(finding.message);
        }
        let one = |(name, (points, messages)): (&str, (i32, Vec<String>))| RiskFactor {
            name: name.to_owned(),
            points,
            message: tell(&messages),
        };
        let mut factors: Vec<_> = named.into_iter().map(one).collect();
        // Stable: by name within the same points.
        factors.sort_by_key(|factor| -factor.points);
        factors
    }
}

fn tell(messages: &[String]) -> String {
    let told = messages
        .iter()
        .take(TOLD)
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join("; ");
    match messages.len().saturating_sub(TOLD) {
        0 => told,
        more => format!("{told}; and {more} more"),
    }
}

fn together(rest: &[RiskFactor]) -> RiskFactor {
    let names: Vec<_> = rest.iter().map(|factor| factor.name.as_str()).collect();
    RiskFactor {
        name: "FurtherFactors".to_owned(),
        points: rest.iter().map(|factor| factor.points).sum(),
        message: names.join(", "),
    }
}

#[cfg(test)]
mod tests;
