use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use prometheus::Registry;
use proptest::prelude::*;
use tokio::sync::watch;
use tokio::time::sleep;

use super::*;
use crate::outcome::Next;
use crate::queue::{Cause, Triggers};

const DONE: Outcome = Outcome::Done(Next::OnChange);

/// A driver whose passes write down what they do.
struct Harness {
    registry: Registry,
    triggers: Triggers,
    driver: Driver,
    record: Record,
}

/// Beginnings (`+`) and ends (`-`) of passes, in order.
#[derive(Clone, Default)]
struct Record(Arc<Mutex<Vec<String>>>);

impl Record {
    fn note(&self, sign: char, key: &Key) {
        self.0.lock().unwrap().push(format!("{sign}{key}"));
    }

    fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    fn count(&self, line: &str) -> usize {
        self.lines().iter().filter(|known| *known == line).count()
    }
}

fn harness(concurrency: u16) -> Harness {
    let registry = Registry::new();
    let (triggers, requests) = Triggers::channel();
    let driver = Driver {
        queue: Queue::new(concurrency),
        requests,
        metrics: OperatorMetrics::new(&registry).unwrap(),
        busy: watch::Sender::new(false),
        shutdown: CancellationToken::new(),
    };
    Harness {
        registry,
        triggers,
        driver,
        record: Record::default(),
    }
}

impl Harness {
    fn trigger(&self, namespace: &str, name: &str) {
        self.triggers.trigger(Key::new(namespace, name), Cause::Service);
    }

    /// Starts the driver with passes that take a second.
    fn start(self) -> Started {
        self.start_with(|_| async {
            sleep(Duration::from_secs(1)).await;
            DONE
        })
    }

    fn start_with<P, F>(self, pass: P) -> Started
    where
        P: Fn(Key) -> F + Send + Sync + 'static,
        F: Future<Output = Outcome> + Send + 'static,
    {
        let (ready, is_ready) = watch::channel(true);
        self.start_when(is_ready, ready, pass)
    }

    fn start_when<P, F>(
        self,
        mut is_ready: watch::Receiver<bool>,
        ready: watch::Sender<bool>,
        pass: P,
    ) -> Started
    where
        P: Fn(Key) -> F + Send + Sync + 'static,
        F: Future<Output = Outcome> + Send + 'static,
    {
        let (record, shutdown) = (self.record.clone(), self.driver.shutdown.clone());
        let noted = move |key: Key| {
            record.note('+', &key);
            let (record, pass) = (record.clone(), pass(key.clone()));
            async move {
                let outcome = pass.await;
                record.note('-', &key);
                outcome
            }
        };
        let listed = async move {
            let _gone = is_ready.wait_for(|ready| *ready).await;
        };
        let running = tokio::spawn(self.driver.run(listed, noted));
        Started {
            registry: self.registry,
            triggers: self.triggers,
            record: self.record,
            shutdown,
            running,
            ready,
        }
    }
}

struct Started {
    registry: Registry,
    triggers: Triggers,
    record: Record,
    shutdown: CancellationToken,
    running: tokio::task::JoinHandle<()>,
    ready: watch::Sender<bool>,
}

impl Started {
    async fn stop(self) -> Vec<String> {
        self.shutdown.cancel();
        self.running.await.unwrap();
        self.record.lines()
    }

    fn sample(&self, metric: &str) -> String {
        let text = String::from_utf8(service_kit::metrics::encode(&self.registry).unwrap()).unwrap();
        let line = text.lines().find(|line| line.starts_with(metric));
        line.and_then(|line| line.rsplit(' ').next())
            .unwrap_or_default()
            .to_owned()
    }
}

#[tokio::test(start_paused = true)]
async fn another_namespaces_backlog_is_overtaken() {
    let harness = harness(2);
    for number in 0..300 {
        harness.trigger("many", &number.to_string());
    }
    let started = harness.start();
    sleep(Duration::from_millis(5500)).await;
    started.triggers.trigger(Key::new("one", "only"), Cause::Service);
    sleep(Duration::from_secs(2)).await;
    assert_eq!(started.record.count("-one/only"), 1);
    let lines = started.stop().await;
    let before = lines.iter().position(|line| line == "+one/only").unwrap();
    let finished = lines[..before]
        .iter()
        .filter(|line| line.starts_with('-'))
        .count();
    // The five rounds before it came, and the one that ran then.
    assert_eq!(finished, 12);
}

#[tokio::test(start_paused = true)]
async fn a_key_triggered_during_its_pass_runs_again_after_it() {
    let harness = harness(8);
    harness.trigger("clinic", "records");
    let started = harness.start();
    sleep(Duration::from_millis(500)).await;
    for _ in 0..9 {
        started
            .triggers
            .trigger(Key::new("clinic", "records"), Cause::Child);
    }
    sleep(Duration::from_secs(5)).await;
    let expected = [
        "+clinic/records",
        "-clinic/records",
        "+clinic/records",
        "-clinic/records",
    ];
    assert_eq!(started.stop().await, expected);
}

#[tokio::test(start_paused = true)]
async fn nothing_starts_before_everything_is_listed() {
    let harness = harness(8);
    harness.trigger("clinic", "records");
    let (ready, is_ready) = watch::channel(false);
    let started = harness.start_when(is_ready, ready, |_| async { DONE });
    sleep(Duration::from_mins(1)).await;
    assert_eq!(started.record.lines(), Vec::<String>::new());
    started.ready.send_replace(true);
    sleep(Duration::from_millis(50)).await;
    assert_eq!(started.stop().await, ["+clinic/records", "-clinic/records"]);
}

#[tokio::test(start_paused = true)]
async fn shutdown_starts_nothing_and_ends_what_runs() {
    let harness = harness(2);
    for number in 0..5 {
        harness.trigger("clinic", &number.to_string());
    }
    let started = harness.start();
    sleep(Duration::from_millis(500)).await;
    let lines = started.stop().await;
    assert_eq!(lines, ["+clinic/0", "+clinic/1", "-clinic/0", "-clinic/1"]);
}

#[tokio::test(start_paused = true)]
async fn shutdown_without_work_is_at_once() {
    let started = harness(2).start();
    sleep(Duration::from_secs(1)).await;
    assert!(started.stop().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_pass_that_panics_is_tried_again_and_the_others_go_on() {
    let harness = harness(2);
    for name in ["broken", "one", "two", "three"] {
        harness.trigger("clinic", name);
    }
    let started = harness.start_with(|key| async move {
        sleep(Duration::from_millis(10)).await;
        assert_ne!(&*key.name, "broken");
        DONE
    });
    sleep(Duration::from_mins(1)).await;
    for name in ["one", "two", "three"] {
        assert_eq!(started.record.count(&format!("-clinic/{name}")), 1);
    }
    // Half a second, one, two, … up to a quarter less each.
    let tries = started.record.count("+clinic/broken");
    assert!((6..=8).contains(&tries), "{tries} tries");
    let panics = started.sample("controller_runtime_reconcile_panics_total");
    assert_eq!(panics, tries.to_string());
    assert_eq!(
        started.sample("controller_runtime_reconcile_errors_total"),
        panics
    );
    assert_eq!(started.sample("workqueue_retries_total"), panics);
    started.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_deleted_service_is_not_tried_again() {
    let harness = harness(2);
    harness.trigger("clinic", "records");
    let started = harness.start_with(|_| async { Outcome::Failed });
    sleep(Duration::from_secs(10)).await;
    let tries = started.record.lines().len();
    started.triggers.forget(Key::new("clinic", "records"));
    sleep(Duration::from_hours(1)).await;
    assert_eq!(started.stop().await.len(), tries);
}

#[tokio::test(start_paused = true)]
async fn the_queues_metrics_follow_the_work() {
    let harness = harness(2);
    for number in 0..5 {
        harness.trigger("clinic", &number.to_string());
    }
    harness
        .triggers
        .trigger(Key::new("clinic", "listed"), Cause::Sweep);
    let started = harness.start();
    sleep(Duration::from_millis(500)).await;
    let depth = |priority| {
        format!(
            "workqueue_depth{{controller=\"healthcareservice\",name=\"healthcareservice\",priority=\"{priority}\""
        )
    };
    assert_eq!(started.sample(&depth("0")), "3");
    assert_eq!(started.sample(&depth("-100")), "1");
    assert_eq!(started.sample("workqueue_adds_total"), "6");
    assert_eq!(started.sample("workqueue_queue_duration_seconds_count"), "2");
    assert_eq!(started.sample("workqueue_work_duration_seconds_count"), "0");
    assert_ne!(started.sample("workqueue_unfinished_work_seconds"), "0");
    sleep(Duration::from_secs(10)).await;
    assert_eq!(started.sample(&depth("0")), "0");
    assert_eq!(started.sample("workqueue_work_duration_seconds_count"), "6");
    assert_eq!(started.sample("workqueue_unfinished_work_seconds"), "0");
    assert_eq!(started.sample("workqueue_longest_running_processor_seconds"), "0");
    assert_eq!(started.sample("workqueue_retries_total"), "0");
    started.stop().await;
}

#[tokio::test(start_paused = true)]
async fn work_goes_on_when_no_more_can_be_asked() {
    let harness = harness(1);
    harness.trigger("clinic", "records");
    let driver = harness.driver;
    drop(harness.triggers);
    let shutdown = driver.shutdown.clone();
    let record = harness.record.clone();
    let running = tokio::spawn(driver.run(std::future::ready(()), move |key| {
        record.note('+', &key);
        std::future::ready(Outcome::Done(Next::After(Duration::from_secs(10))))
    }));
    sleep(Duration::from_secs(25)).await;
    shutdown.cancel();
    running.await.unwrap();
    assert_eq!(harness.record.lines().len(), 3);
}

/// A pass that is asked for at some time, and how long passes of its key take.
type Asked = (u64, usize, usize);

fn run_history(concurrency: u16, asked: Vec<Asked>, lengths: Vec<u64>, stop: u64) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        let started = harness(concurrency).start_with(move |key| {
            let length = lengths[key.name.parse::<usize>().unwrap() % lengths.len()];
            async move {
                sleep(Duration::from_millis(length)).await;
                if length.is_multiple_of(5) {
                    Outcome::Failed
                } else {
                    DONE
                }
            }
        });
        for (pause, namespace, name) in asked {
            sleep(Duration::from_millis(pause)).await;
            started.triggers.trigger(
                Key::new(&namespace.to_string(), &name.to_string()),
                Cause::Service,
            );
        }
        sleep(Duration::from_millis(stop)).await;
        let lines = started.stop().await;
        check(&lines, usize::from(concurrency));
    });
}

/// What began has ended, no more at once than slots, none twice at once.
fn check(lines: &[String], concurrency: usize) {
    let mut running = HashSet::new();
    for line in lines {
        let (sign, key) = line.split_at(1);
        if sign == "+" {
            assert!(running.insert(key), "two passes of {key}");
            assert!(running.len() <= concurrency);
        } else {
            assert!(running.remove(key));
        }
    }
    assert!(running.is_empty(), "{running:?} did not end");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn passes_that_begin_end_whenever_the_driver_stops(
        concurrency in 1_u16..5,
        asked in prop::collection::vec((0..60_u64, 0..3_usize, 0..5_usize), 1..60),
        lengths in prop::collection::vec(0..400_u64, 1..5),
        stop in 0..2000_u64,
    ) {
        run_history(concurrency, asked, lengths, stop);
    }
}

#[tokio::test(start_paused = true)]
async fn it_is_busy_while_every_slot_is_taken() {
    let harness = harness(2);
    let mut busy = harness.driver.busy.subscribe();
    harness.trigger("ward", "one");
    let one = harness.triggers.clone();
    let started = harness.start();
    sleep(Duration::from_millis(100)).await;
    assert!(!*busy.borrow_and_update());
    one.trigger(Key::new("ward", "two"), Cause::Service);
    sleep(Duration::from_millis(100)).await;
    assert!(*busy.borrow_and_update());
    sleep(Duration::from_secs(2)).await;
    assert!(!*busy.borrow_and_update());
    started.stop().await;
}
