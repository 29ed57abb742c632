//! client-go's metrics of a work queue, with the labels that controller-runtime gives them:
//! <https://book.kubebuilder.io/reference/metrics-reference>.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{
    Gauge, Histogram, HistogramOpts, IntCounter, IntGaugeVec, Opts, Registry, exponential_buckets,
};

use super::{CONTROLLER, gauges, registered};
use crate::locked::lock;
use crate::queue::{Counts, Level};

/// The work queue's metrics.
#[derive(Clone, Debug)]
pub(super) struct QueueMetrics {
    depth: IntGaugeVec,
    adds: IntCounter,
    retries: IntCounter,
    waited: Histogram,
    worked: Histogram,
    unfinished: Unfinished,
}

impl QueueMetrics {
    pub(super) fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let counter = |name, help| registered(registry, IntCounter::with_opts(named(name, help))?);
        let histogram = |name, help| {
            let options =
                HistogramOpts::from(named(name, help)).buckets(exponential_buckets(1e-8, 10.0, 12)?);
            registered(registry, Histogram::with_opts(options)?)
        };
        Ok(Self {
            depth: gauges(
                registry,
                "workqueue_depth",
                "Services that are due and wait for a pass.",
                &["controller", "name", "priority"],
            )?,
            adds: counter("workqueue_adds_total", "Services that became due.")?,
            retries: counter(
                "workqueue_retries_total",
                "Passes after which the service is looked at again at a set time: failed, or something under way.",
            )?,
            waited: histogram(
                "workqueue_queue_duration_seconds",
                "How long services that were due waited for their pass.",
            )?,
            worked: histogram("workqueue_work_duration_seconds", "How long passes held a slot.")?,
            unfinished: registered(registry, Unfinished::new()?)?,
        })
    }

    pub(super) fn observed(&self, counts: Counts, depth: impl Fn(Level) -> usize) {
        self.adds.inc_by(counts.adds);
        self.retries.inc_by(counts.retries);
        for level in [Level::Background, Level::Changed] {
            let depth = i64::try_from(depth(level)).unwrap_or(i64::MAX);
            self.depth
                .with_label_values(&[CONTROLLER, CONTROLLER, priority(level)])
                .set(depth);
        }
    }

    pub(super) fn work_started(&self, waited: Duration) -> WorkTimer {
        self.waited.observe(waited.as_secs_f64());
        let started = Instant::now();
        WorkTimer {
            number: self.unfinished.started(started),
            started,
            metrics: self.clone(),
        }
    }
}

/// controller-runtime's numbers: 0, and `LowPriority` for what it lists at the start.
fn priority(level: Level) -> &'static str {
    match level {
        Level::Background => "-100",
        Level::Changed => "0",
    }
}

fn named(name: &str, help: &str) -> Opts {
    Opts::new(name, help)
        .const_label("controller", CONTROLLER)
        .const_label("name", CONTROLLER)
}

/// Measures the work on one key until dropped.
#[derive(Debug)]
pub struct WorkTimer {
    metrics: QueueMetrics,
    number: u64,
    started: Instant,
}

impl Drop for WorkTimer {
    fn drop(&mut self) {
        self.metrics.unfinished.ended(self.number);
        self.metrics.worked.observe(self.started.elapsed().as_secs_f64());
    }
}

/// The gauges of work under way. Computed when they are read: nothing wakes up to keep them.
#[derive(Clone, Debug)]
struct Unfinished {
    work: Arc<Mutex<Work>>,
    total: Gauge,
    longest: Gauge,
}

#[derive(Debug, Default)]
struct Work {
    starts: HashMap<u64, Instant>,
    numbers: u64,
}

impl Unfinished {
    fn new() -> Result<Self, prometheus::Error> {
        Ok(Self {
            work: Arc::default(),
            total: Gauge::with_opts(named(
                "workqueue_unfinished_work_seconds",
                "Sum of the time that the passes under way have taken.",
            ))?,
            longest: Gauge::with_opts(named(
                "workqueue_longest_running_processor_seconds",
                "Time that the longest pass under way has taken.",
            ))?,
        })
    }

    fn started(&self, now: Instant) -> u64 {
        let mut work = lock(&self.work);
        work.numbers += 1;
        let number = work.numbers;
        work.starts.insert(number, now);
        number
    }

    fn ended(&self, number: u64) {
        lock(&self.work).starts.remove(&number);
    }
}

impl Collector for Unfinished {
    fn desc(&self) -> Vec<&Desc> {
        [&self.total, &self.longest]
            .into_iter()
            .flat_map(Collector::desc)
            .collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let ages: Vec<f64> = lock(&self.work)
            .starts
            .values()
            .map(|started| started.elapsed().as_secs_f64())
            .collect();
        // Not `sum()`, which is -0 for nothing.
        self.total.set(ages.iter().fold(0.0, |sum, age| sum + age));
        self.longest.set(ages.iter().copied().fold(0.0, f64::max));
        [&self.total, &self.longest]
            .into_iter()
            .flat_map(Collector::collect)
            .collect()
    }
}
