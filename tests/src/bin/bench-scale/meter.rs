//! What a phase of the benchmark cost.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::Result;
use healthcare_tests::measured::Measured;
use serde::Serialize;

use crate::audit::Audit;

/// The operator has come to rest when it asked for nothing for so long.
const QUIET: Duration = Duration::from_secs(5);
/// Longest time to come to rest.
const PATIENCE: Duration = Duration::from_mins(30);

/// Times in milliseconds.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Percentiles {
    pub(crate) p50: f64,
    pub(crate) p95: f64,
    pub(crate) p99: f64,
    pub(crate) worst: f64,
}

impl Percentiles {
    /// Of at least one.
    pub(crate) fn of(mut times: Vec<Duration>) -> Option<Self> {
        times.sort_unstable();
        let at = |percent: usize| {
            let place = (times.len() * percent).div_ceil(100).saturating_sub(1);
            times.get(place).map(|time| time.as_secs_f64() * 1000.0)
        };
        Some(Self {
            p50: at(50)?,
            p95: at(95)?,
            p99: at(99)?,
            worst: at(100)?,
        })
    }
}

/// One phase.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Phase {
    pub(crate) name: &'static str,
    /// From the first change to the last that follows from it.
    pub(crate) seconds: f64,
    /// Of each service or change, where it was measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) milliseconds: Option<Percentiles>,
    /// Until the operator came to rest.
    pub(crate) requests: BTreeMap<String, usize>,
    pub(crate) cpu_seconds: f64,
    pub(crate) resident_mib: f64,
    pub(crate) peak_mib: f64,
}

impl Phase {
    /// Requests that change something.
    pub(crate) fn writes(&self) -> usize {
        let writes = |name: &str| !name.starts_with("get ") && !name.starts_with("list ");
        self.requests
            .iter()
            .filter(|(name, _)| writes(name))
            .map(|(_, count)| count)
            .sum()
    }

    pub(crate) fn all_requests(&self) -> usize {
        self.requests.values().sum()
    }
}

/// Measures one phase after another.
pub(crate) struct Meter {
    pub(crate) audit: Audit,
}

impl Meter {
    /// Measures `work` and what the operator does until it comes to rest.
    pub(crate) async fn phase(
        &mut self,
        name: &'static str,
        operator: &Measured,
        work: impl Future<Output = Result<Vec<Duration>>>,
    ) -> Result<Phase> {
        operator.forget_peak()?;
        let cpu = operator.cpu_seconds()?;
        let started = Instant::now();
        let times = work.await?;
        let seconds = started.elapsed().as_secs_f64();
        println!("{name}: {seconds:.1} s");
        let requests = self.rest().await?;
        Ok(Phase {
            name,
            seconds,
            milliseconds: Percentiles::of(times),
            requests: counted(requests),
            cpu_seconds: operator.cpu_seconds()? - cpu,
            resident_mib: operator.memory("VmRSS")?,
            peak_mib: operator.memory("VmHWM")?,
        })
    }

    /// Waits until the operator asks for nothing more, and gives what it asked for.
    pub(crate) async fn rest(&mut self) -> Result<Vec<String>> {
        let started = Instant::now();
        let mut all = self.audit.new_requests()?;
        loop {
            tokio::time::sleep(QUIET).await;
            let new = self.audit.new_requests()?;
            if new.is_empty() || started.elapsed() > PATIENCE {
                return Ok(all);
            }
            all.extend(new);
        }
    }
}

fn counted(words: Vec<String>) -> BTreeMap<String, usize> {
    words.into_iter().fold(BTreeMap::new(), |mut counts, word| {
        *counts.entry(word).or_default() += 1;
        counts
    })
}
