//! Liveness and readiness.
//!
//! Liveness knows no dependency: a restart heals nothing that is broken elsewhere. Readiness asks every check,
//! in parallel, each with a time limit; answers are kept for a moment, so that many probes cost one check.

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::FutureExt;
use futures::future::{BoxFuture, join_all};
use jiff::Timestamp;
use prometheus::{GaugeVec, Opts, Registry};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use crate::Clock;

mod disk;
mod report;

pub use disk::DiskSpace;
pub use report::{CheckInFull, CheckReport, Level, Readiness, ReadinessInFull, Report};

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// All is well.
    Ready,
    /// Serving goes on with less than everything; the text says what is missing.
    Degraded(String),
    /// Must not be sent requests; the text says why.
    NotReady(String),
}

type Probe = Box<dyn Fn() -> BoxFuture<'static, Status> + Send + Sync>;

/// One thing readiness depends on.
pub struct Check {
    name: &'static str,
    probe: Probe,
}

impl Check {
    /// A check called `name` in answers and metrics.
    pub fn new<F, Fut>(name: &'static str, probe: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Status> + Send + 'static,
    {
        Self {
            name,
            probe: Box::new(move || probe().boxed()),
        }
    }
}

impl fmt::Debug for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Check")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// How checks are run.
#[derive(Clone, Copy, Debug)]
pub struct HealthConfig {
    /// Longest a check may take; longer is "not ready".
    pub check_timeout: Duration,
    /// How long an answer is kept.
    pub cache_ttl: Duration,
}

/// The readiness of a process.
#[derive(Clone, Debug)]
pub struct Health(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    checks: Vec<Check>,
    config: HealthConfig,
    clock: Clock,
    gauge: GaugeVec,
    draining: CancellationToken,
    last: Mutex<Option<(Instant, Arc<Report>)>>,
}

impl Health {
    /// Readiness over `checks`; never ready again once `draining` is cancelled.
    pub fn new(
        checks: Vec<Check>,
        config: HealthConfig,
        clock: Clock,
        registry: &Registry,
        draining: CancellationToken,
    ) -> Result<Self, prometheus::Error> {
        let gauge = GaugeVec::new(
            Opts::new(
                "health_check_status",
                "1 ready, 0.5 degraded, 0 not ready; by check.",
            ),
            &["check"],
        )?;
        registry.register(Box::new(gauge.clone()))?;
        Ok(Self(Arc::new(Inner {
            checks,
            config,
            clock,
            gauge,
            draining,
            last: Mutex::new(None),
        })))
    }

    /// The current instant of this process's clock.
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// What the checks say now, or said a moment ago.
    pub async fn report(&self) -> Arc<Report> {
        if self.0.draining.is_cancelled() {
            return Arc::new(Report::draining(self.now()));
        }
        // Held while checking: whoever comes meanwhile shares the answer.
        let mut last = self.0.last.lock().await;
        match last.as_ref() {
            Some((at, report)) if at.elapsed() < self.0.config.cache_ttl => Arc::clone(report),
            _ => {
                let report = Arc::new(self.run().await);
                *last = Some((Instant::now(), Arc::clone(&report)));
                report
            }
        }
    }

    async fn run(&self) -> Report {
        let started = Instant::now();
        let checks = join_all(self.0.checks.iter().map(|check| self.run_one(check))).await;
        Report {
            at: self.now(),
            took: started.elapsed(),
            checks,
        }
    }

    async fn run_one(&self, check: &Check) -> CheckReport {
        let started = Instant::now();
        let probe = AssertUnwindSafe(async { (check.probe)().await }).catch_unwind();
        let status = match tokio::time::timeout(self.0.config.check_timeout, probe).await {
            Ok(Ok(status)) => status,
            Ok(Err(_panic)) => Status::NotReady("the check panicked".to_owned()),
            Err(_elapsed) => Status::NotReady("the check timed out".to_owned()),
        };
        self.0
            .gauge
            .with_label_values(&[check.name])
            .set(status.as_gauge());
        CheckReport {
            name: check.name,
            status,
            took: started.elapsed(),
        }
    }
}

impl Status {
    const fn as_gauge(&self) -> f64 {
        match self {
            Self::Ready => 1.0,
            Self::Degraded(_) => 0.5,
            Self::NotReady(_) => 0.0,
        }
    }
}

#[cfg(test)]
mod tests;
