//! Random histories against a simple model.

use std::collections::HashSet;
use std::sync::Arc;

use proptest::prelude::*;
use proptest::sample::Index;

use super::*;

/// Something that happens to the queue.
#[derive(Clone, Debug)]
enum Step {
    Trigger(Key, Cause),
    Forget(Key),
    Wait(Duration),
    Take,
    Finish(Index, Outcome),
}

fn a_key() -> impl Strategy<Value = Key> {
    (0..5_u8, 0..4_u8).prop_map(|(namespace, name)| Key::new(&namespace.to_string(), &name.to_string()))
}

fn a_cause() -> impl Strategy<Value = Cause> {
    prop_oneof![Just(Cause::Service), Just(Cause::Child), Just(Cause::Sweep)]
}

fn an_outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        3 => Just(DONE),
        2 => Just(Outcome::Failed),
        1 => Just(Outcome::Gone),
        2 => (0..60_u64).prop_map(|seconds| Outcome::Done(Next::After(Duration::from_secs(seconds)))),
    ]
}

fn a_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (a_key(), a_cause()).prop_map(|(key, cause)| Step::Trigger(key, cause)),
        1 => a_key().prop_map(Step::Forget),
        3 => (0..40_u64).prop_map(|time| Step::Wait(Duration::from_millis(time))),
        1 => (0..20_u64).prop_map(|time| Step::Wait(Duration::from_secs(time))),
        6 => Just(Step::Take),
        5 => (any::<Index>(), an_outcome()).prop_map(|(which, outcome)| Step::Finish(which, outcome)),
    ]
}

/// What has to hold, whatever the queue does inside.
struct Checked {
    timed: Timed,
    concurrency: usize,
    running: Vec<Key>,
    /// Keys that were triggered and had no pass since.
    owed: HashSet<Key>,
}

impl Checked {
    fn new(concurrency: u16) -> Self {
        Self {
            timed: Timed::new(concurrency),
            concurrency: usize::from(concurrency),
            running: Vec::new(),
            owed: HashSet::new(),
        }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Trigger(key, cause) => {
                self.timed.trigger(&key, cause);
                self.owed.insert(key);
            }
            Step::Forget(key) => {
                self.timed.queue.forget(&key);
                self.owed.remove(&key);
            }
            Step::Wait(time) => self.timed.pass(time),
            Step::Take => {
                self.take();
            }
            Step::Finish(which, outcome) => {
                if !self.running.is_empty() {
                    let key = self.running.remove(which.index(self.running.len()));
                    self.timed.finish(&key, outcome);
                }
            }
        }
    }

    fn take(&mut self) -> bool {
        self.timed.queue.promote(self.timed.now);
        let waiting = self.waiting();
        let Some(key) = self.timed.take() else {
            assert!(
                waiting.is_empty() || self.running.len() == self.concurrency,
                "a key is due and a slot free"
            );
            return false;
        };
        assert!(!self.running.contains(&key), "two passes of {key}");
        let of = |namespace: &str| self.running.iter().filter(|k| &*k.namespace == namespace).count();
        let fewest = waiting.iter().map(|namespace| of(namespace)).min();
        assert_eq!(Some(of(&key.namespace)), fewest, "{key} had more than its share");
        self.owed.remove(&key);
        self.running.push(key);
        assert!(self.running.len() <= self.concurrency);
        true
    }

    /// Namespaces with a key that could run now.
    fn waiting(&self) -> HashSet<Arc<str>> {
        let entries = self.timed.queue.entries.iter();
        entries
            .filter(|(_, entry)| matches!(entry.state, State::Ready { .. }))
            .map(|(key, _)| Arc::clone(&key.namespace))
            .collect()
    }

    /// Lets every pass end well until nothing waits.
    fn settle(&mut self) {
        loop {
            while self.take() {}
            if let Some(key) = self.running.pop() {
                self.timed.finish(&key, DONE);
            } else if !self.timed.skip() {
                return;
            }
        }
    }
}

proptest! {
    /// One pass of a key at a time, never more than the slots, always the namespace with the fewest; every trigger is
    /// followed by a pass; nothing is kept of what is settled.
    #[test]
    fn no_trigger_is_lost_and_no_key_runs_twice(
        concurrency in 1_u16..5,
        steps in prop::collection::vec(a_step(), 0..200),
    ) {
        let mut checked = Checked::new(concurrency);
        for step in steps {
            checked.step(step);
        }
        checked.settle();
        prop_assert!(checked.owed.is_empty(), "no pass after the trigger of {:?}", checked.owed);
        prop_assert!(checked.timed.holds_nothing());
    }

    /// Nothing keeps a triggered key from being due within the time that a failure may hold it back.
    #[test]
    fn a_trigger_is_due_in_time(steps in prop::collection::vec(a_step(), 0..100), key in a_key(), cause in a_cause()) {
        let mut checked = Checked::new(3);
        for step in steps {
            checked.step(step);
        }
        checked.step(Step::Trigger(key.clone(), cause));
        let held = if cause == Cause::Service { AFTER_FAILURE } else { BETWEEN_EVENTS };
        for running in std::mem::take(&mut checked.running) {
            checked.timed.finish(&running, DONE);
        }
        checked.timed.pass(held.max(DEBOUNCE));
        checked.timed.queue.promote(checked.timed.now);
        let state = checked.timed.queue.entries.get(&key).map(|entry| entry.state);
        prop_assert!(matches!(state, Some(State::Ready { .. })), "{state:?}");
    }

    /// Whatever waits elsewhere, and whatever is triggered and ends meanwhile, in known or new namespaces: a key of a
    /// namespace that was idle is among the next so many that are taken as namespaces wait.
    #[test]
    fn an_idle_namespace_has_its_turn_within_one_round(
        concurrency in 1_u16..6,
        backlog in prop::collection::vec((0..30_usize, 0..40_usize), 0..400),
        taken in 0..6_usize,
        between in prop::collection::vec(
            (prop::collection::vec((0..60_usize, 0..60_usize), 0..5), any::<Index>()),
            1..40,
        ),
        cause in a_cause(),
    ) {
        let name = |(namespace, name): (usize, usize)| Key::new(&namespace.to_string(), &name.to_string());
        let mut checked = Checked::new(concurrency);
        for key in backlog {
            checked.step(Step::Trigger(name(key), Cause::Service));
        }
        checked.step(Step::Wait(DEBOUNCE));
        for _ in 0..taken {
            checked.take();
        }
        let one = Key::new("idle", "one");
        checked.step(Step::Trigger(one.clone(), cause));
        checked.step(Step::Wait(DEBOUNCE));
        checked.timed.queue.promote(checked.timed.now);
        let rounds = checked.waiting().len();
        let mut between = between.into_iter().cycle();
        for _ in 0..rounds {
            let (triggers, ended) = between.next().expect("endless");
            for key in triggers {
                checked.step(Step::Trigger(name(key), Cause::Service));
            }
            checked.step(Step::Wait(DEBOUNCE));
            if checked.running.len() == usize::from(concurrency) {
                checked.step(Step::Finish(ended, DONE));
            }
            prop_assert!(checked.take());
            if checked.running.last() == Some(&one) {
                return Ok(());
            }
        }
        prop_assert!(false, "not among the next {rounds}");
    }

    /// However its children and the cluster behave, a failing service costs a pass in ten seconds, besides
    /// those at the end of its pauses; and its own changes cannot make it more than some in a second.
    #[test]
    fn a_failing_service_costs_a_bounded_rate(
        events in prop::collection::vec((a_cause(), 0..3000_u64), 100..800),
        changes in any::<bool>(),
        takes in 0..1500_u64,
    ) {
        let mut timed = Timed::new(1);
        let key = key();
        let mut ends: Vec<Instant> = Vec::new();
        timed.trigger(&key, Cause::Service);
        for (cause, pause) in events {
            let cause = if changes { cause } else { cause.min(Cause::Child) };
            timed.pass(Duration::from_millis(pause));
            timed.trigger(&key, cause);
            if timed.take().is_some() {
                if let Some(before) = ends.last() {
                    prop_assert!(timed.now - *before >= Duration::from_millis(375));
                }
                timed.pass(Duration::from_millis(takes));
                timed.trigger(&key, cause);
                timed.finish(&key, Outcome::Failed);
                ends.push(timed.now);
            }
        }
        if !changes {
            // Passes at the end of their pauses: ten until those are at their longest, then one in 225 seconds at most.
            // And those that events brought forward.
            let time = (timed.now - timed.began).as_secs();
            let most = 11 + time / 225 + 1 + time / BETWEEN_EVENTS.as_secs();
            prop_assert!(ends.len() as u64 <= most, "{} passes, not {most}", ends.len());
        }
    }

    /// Within a namespace nothing waits for ever: of four keys that are taken one is of the background, in order.
    #[test]
    fn the_background_advances(listed in 1..20_usize, changes in prop::collection::vec(0..30_usize, 1..200)) {
        let mut timed = Timed::new(1);
        let listed = keys("clinic", listed);
        timed.backlog(&listed, Cause::Sweep);
        let mut listed = listed.iter().peekable();
        let mut overtakes = 0;
        for change in changes {
            let changed = ["changed".to_owned(), format!("changed-{change}")].map(|name| Key::new("clinic", &name));
            timed.backlog(&changed, Cause::Child);
            let key = timed.take().expect("one is due");
            overtakes += 1;
            if listed.next_if_eq(&&key).is_some() {
                overtakes = 0;
            } else {
                prop_assert!(key.name.starts_with("changed"), "{} out of order", key);
            }
            prop_assert!(overtakes <= 3 || listed.peek().is_none());
            timed.finish(&key, DONE);
        }
    }
}
