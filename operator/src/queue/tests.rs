use super::*;

mod properties;

/// A queue with its time.
pub(super) struct Timed {
    pub(super) queue: Queue,
    pub(super) now: Instant,
    pub(super) began: Instant,
}

impl Timed {
    pub(super) fn new(concurrency: u16) -> Self {
        let now = Instant::now();
        Self {
            queue: Queue::new(concurrency),
            now,
            began: now,
        }
    }

    pub(super) fn pass(&mut self, time: Duration) {
        self.now += time;
    }

    pub(super) fn trigger(&mut self, key: &Key, cause: Cause) {
        self.queue.trigger(key, cause, self.now);
    }

    pub(super) fn take(&mut self) -> Option<Key> {
        self.queue.take(self.now).map(|taken| taken.key)
    }

    pub(super) fn finish(&mut self, key: &Key, outcome: Outcome) {
        self.queue.finished(key, outcome, self.now);
    }

    /// Goes to the next time at which something is due.
    pub(super) fn skip(&mut self) -> bool {
        let due = self.queue.next_due();
        self.now = due.map_or(self.now, |due| due.max(self.now));
        due.is_some()
    }

    /// Triggers keys one after another and lets them become due.
    fn backlog(&mut self, keys: &[Key], cause: Cause) {
        for key in keys {
            self.trigger(key, cause);
        }
        self.pass(DEBOUNCE);
    }

    /// Takes a key that must be the only one due, and lets its pass fail. How long it pauses then.
    fn fail(&mut self, key: &Key) -> Duration {
        assert_eq!(self.take().as_ref(), Some(key));
        self.finish(key, Outcome::Failed);
        self.until_due()
    }

    fn until_due(&self) -> Duration {
        self.queue.next_due().expect("something waits") - self.now
    }

    /// Everything that can be taken, each finished at once.
    fn drain(&mut self) -> Vec<String> {
        let mut order = Vec::new();
        while let Some(key) = self.take() {
            order.push(key.to_string());
            self.finish(&key, Outcome::Done(Next::OnChange));
        }
        order
    }

    pub(super) fn holds_nothing(&self) -> bool {
        let lanes = &self.queue.lanes;
        self.queue.entries.is_empty()
            && self.queue.later.is_empty()
            && lanes.is_empty()
            && self.queue.running == 0
    }
}

fn keys(namespace: &str, count: usize) -> Vec<Key> {
    (1..=count)
        .map(|number| Key::new(namespace, &number.to_string()))
        .collect()
}

fn key() -> Key {
    Key::new("clinic", "records")
}

const DONE: Outcome = Outcome::Done(Next::OnChange);

#[test]
fn triggers_within_the_debounce_are_one_pass() {
    let mut timed = Timed::new(16);
    timed.trigger(&key(), Cause::Service);
    assert_eq!(timed.take(), None);
    timed.pass(DEBOUNCE / 2);
    timed.trigger(&key(), Cause::Child);
    assert_eq!(timed.take(), None);
    timed.pass(DEBOUNCE / 2);
    assert_eq!(timed.take(), Some(key()), "later triggers do not put it off");
    timed.pass(DEBOUNCE);
    assert_eq!(timed.take(), None);
    timed.finish(&key(), DONE);
    assert!(timed.holds_nothing());
}

#[test]
fn a_key_triggered_during_its_pass_runs_once_more() {
    let mut timed = Timed::new(16);
    timed.backlog(&[key()], Cause::Service);
    assert!(timed.take().is_some());
    timed.trigger(&key(), Cause::Child);
    timed.trigger(&key(), Cause::Child);
    timed.pass(Duration::from_secs(1));
    assert_eq!(timed.take(), None, "never two passes at once");
    timed.finish(&key(), DONE);
    assert_eq!(timed.take(), Some(key()));
    timed.finish(&key(), DONE);
    assert!(timed.holds_nothing());
}

#[test]
fn one_namespace_alone_has_every_slot() {
    let mut timed = Timed::new(4);
    timed.backlog(&keys("many", 9), Cause::Service);
    let running: Vec<_> = std::iter::from_fn(|| timed.take()).collect();
    assert_eq!(running, keys("many", 4));
    timed.finish(&running[2], DONE);
    assert_eq!(timed.take(), Some(Key::new("many", "5")));
    assert_eq!(timed.take(), None);
}

#[test]
fn namespaces_take_turns() {
    let mut timed = Timed::new(1);
    timed.backlog(&keys("a", 4), Cause::Service);
    timed.backlog(&keys("b", 2), Cause::Service);
    timed.backlog(&keys("c", 1), Cause::Service);
    assert_eq!(timed.drain(), ["a/1", "b/1", "c/1", "a/2", "b/2", "a/3", "a/4"]);
}

#[test]
fn who_has_fewest_passes_running_is_next() {
    let mut timed = Timed::new(4);
    timed.backlog(&keys("many", 9), Cause::Service);
    let many: Vec<_> = std::iter::from_fn(|| timed.take()).collect();
    timed.backlog(&keys("few", 3), Cause::Service);
    for done in &many[..3] {
        timed.finish(done, DONE);
    }
    // One pass of `many` still runs: the first two free slots make up for it, and the third is its turn by age.
    let next: Vec<_> = std::iter::from_fn(|| timed.take())
        .map(|key| key.to_string())
        .collect();
    assert_eq!(next, ["few/1", "many/5", "few/2"]);
}

#[test]
fn what_was_changed_does_not_wait_behind_the_list() {
    let mut timed = Timed::new(1);
    timed.backlog(&keys("clinic", 9), Cause::Sweep);
    assert_eq!(timed.take(), Some(Key::new("clinic", "1")));
    // One that was listed too, and one that is new.
    timed.trigger(&Key::new("clinic", "7"), Cause::Service);
    timed.trigger(&Key::new("clinic", "new"), Cause::Service);
    timed.pass(DEBOUNCE);
    timed.finish(&Key::new("clinic", "1"), DONE);
    assert_eq!(timed.queue.depth(Level::Background), 7);
    let order = timed.drain();
    assert_eq!(order[..4], ["clinic/7", "clinic/new", "clinic/2", "clinic/3"]);
    assert_eq!(order.len(), 9, "{order:?}");
}

#[test]
fn a_stream_of_changes_leaves_the_rest_of_its_namespace_a_quarter() {
    let mut timed = Timed::new(1);
    timed.backlog(&keys("listed", 1), Cause::Sweep);
    assert_eq!(timed.drain().len(), 1);
    let changed: Vec<_> = (0..12)
        .map(|n| Key::new("clinic", &format!("changed-{n}")))
        .collect();
    timed.backlog(&keys("clinic", 3), Cause::Sweep);
    timed.backlog(&changed, Cause::Child);
    let order = timed.drain();
    let listed: Vec<_> = order
        .iter()
        .enumerate()
        .filter(|(_, key)| !key.contains("changed"))
        .map(|(turn, _)| turn)
        .collect();
    assert_eq!(listed, [3, 7, 11]);
}

#[test]
fn looking_again_waits_its_time_unless_something_happens() {
    let mut timed = Timed::new(1);
    timed.backlog(&[key()], Cause::Service);
    timed.take();
    timed.finish(&key(), Outcome::Done(Next::After(Duration::from_secs(30))));
    assert_eq!(timed.until_due(), Duration::from_secs(30));
    timed.trigger(&key(), Cause::Sweep);
    assert_eq!(timed.until_due(), DEBOUNCE);
    timed.pass(DEBOUNCE);
    assert_eq!(timed.drain(), ["clinic/records"]);
    assert!(
        timed.holds_nothing(),
        "the pass that got through ends the looking again"
    );
}

#[test]
fn what_happened_during_the_pass_does_not_wait_for_the_next_look() {
    let mut timed = Timed::new(1);
    timed.backlog(&[key()], Cause::Service);
    timed.take();
    timed.trigger(&key(), Cause::Child);
    timed.finish(&key(), Outcome::Done(Next::After(Duration::from_secs(30))));
    assert_eq!(timed.until_due(), DEBOUNCE);
}

#[test]
fn what_is_changed_during_its_pass_goes_before_what_was_listed() {
    for causes in [[Cause::Sweep, Cause::Service], [Cause::Service, Cause::Sweep]] {
        for outcome in [DONE, Outcome::Failed, Outcome::Done(Next::After(Duration::ZERO))] {
            let mut timed = Timed::new(1);
            timed.backlog(&[key()], Cause::Service);
            timed.take();
            timed.backlog(&keys("clinic", 2), Cause::Sweep);
            for cause in causes {
                timed.trigger(&key(), cause);
            }
            timed.finish(&key(), outcome);
            timed.pass(Duration::from_secs(1));
            let order = timed.drain();
            assert_eq!(
                order,
                ["clinic/records", "clinic/1", "clinic/2"],
                "{causes:?} {outcome:?}"
            );
        }
    }
}

#[test]
fn an_endless_pause_is_a_day() {
    let mut timed = Timed::new(1);
    timed.backlog(&[key()], Cause::Service);
    timed.take();
    timed.finish(&key(), Outcome::Done(Next::After(Duration::MAX)));
    assert_eq!(timed.until_due(), LONGEST);
}

#[test]
fn failures_pause_longer_each_time_and_success_starts_over() {
    let mut timed = Timed::new(1);
    timed.backlog(&[key()], Cause::Service);
    for longest in [500, 1000, 2000, 4000].map(Duration::from_millis) {
        let pause = timed.fail(&key());
        assert!(
            pause <= longest && pause >= longest.mul_f64(0.75),
            "{pause:?} of {longest:?}"
        );
        timed.pass(pause);
    }
    timed.take();
    timed.finish(&key(), Outcome::Done(Next::After(Duration::from_secs(1))));
    timed.pass(Duration::from_secs(1));
    assert!(timed.fail(&key()) <= Duration::from_millis(500));
}

/// A key that failed so often that its pause is five minutes, at the beginning of that pause.
fn failing() -> Timed {
    let mut timed = Timed::new(1);
    timed.backlog(&[key()], Cause::Service);
    for _ in 0..11 {
        timed.fail(&key());
        timed.skip();
    }
    assert!(timed.fail(&key()) >= Duration::from_secs(225));
    timed
}

#[test]
fn an_event_brings_a_failing_service_forward_and_the_next_one_ten_seconds_later() {
    for cause in [Cause::Child, Cause::Sweep] {
        let mut timed = failing();
        timed.pass(Duration::from_secs(5));
        for _ in 0..9 {
            timed.trigger(&key(), cause);
            assert_eq!(timed.until_due(), DEBOUNCE);
        }
        timed.pass(DEBOUNCE);
        assert!(timed.fail(&key()) > BETWEEN_EVENTS);
        for _ in 0..99 {
            timed.trigger(&key(), cause);
            timed.pass(Duration::from_millis(1));
        }
        assert_eq!(timed.until_due() + Duration::from_millis(99), BETWEEN_EVENTS);
        timed.pass(Duration::from_mins(1));
        timed.trigger(&key(), cause);
        assert_eq!(timed.take(), Some(key()), "already due");
    }
}

#[test]
fn a_changed_service_does_not_wait_behind_an_event() {
    let mut timed = failing();
    timed.pass(AFTER_FAILURE);
    timed.trigger(&key(), Cause::Child);
    timed.pass(DEBOUNCE);
    timed.fail(&key());
    timed.trigger(&key(), Cause::Child);
    assert_eq!(timed.until_due(), BETWEEN_EVENTS);
    timed.pass(AFTER_FAILURE);
    timed.trigger(&key(), Cause::Service);
    assert_eq!(timed.until_due(), DEBOUNCE);
    timed.pass(DEBOUNCE);
    timed.fail(&key());
    // The event had its pass with that. The next one counts from there, also when the pauses are long again.
    let changed = timed.now;
    for _ in 0..4 {
        timed.skip();
        timed.fail(&key());
    }
    timed.trigger(&key(), Cause::Child);
    assert_eq!(timed.queue.next_due(), Some(changed + BETWEEN_EVENTS));
}

#[test]
fn nothing_brings_a_failing_service_forward_within_a_second() {
    for cause in [Cause::Sweep, Cause::Child, Cause::Service] {
        let mut timed = failing();
        timed.trigger(&key(), cause);
        assert_eq!(timed.until_due(), AFTER_FAILURE);
    }
}

#[test]
fn a_changed_service_is_tried_at_once_and_its_pauses_start_over() {
    let mut timed = failing();
    timed.pass(Duration::from_secs(3));
    timed.trigger(&key(), Cause::Service);
    assert_eq!(timed.until_due(), DEBOUNCE);
    timed.pass(DEBOUNCE);
    assert!(timed.fail(&key()) <= Duration::from_millis(500));
}

#[test]
fn a_service_changed_during_the_pass_that_fails_is_tried_again_soon() {
    for causes in [[Cause::Service, Cause::Child], [Cause::Child, Cause::Service]] {
        let mut timed = failing();
        timed.skip();
        timed.take();
        for cause in causes {
            timed.trigger(&key(), cause);
        }
        timed.finish(&key(), Outcome::Failed);
        assert!(timed.until_due() <= Duration::from_millis(500), "{causes:?}");
    }
}

#[test]
fn what_looks_again_and_is_changed_then_goes_before_what_was_listed() {
    let mut timed = Timed::new(1);
    timed.backlog(&[key()], Cause::Service);
    timed.take();
    timed.finish(&key(), Outcome::Done(Next::After(DEBOUNCE * 2)));
    timed.backlog(&keys("clinic", 2), Cause::Sweep);
    timed.trigger(&key(), Cause::Service);
    timed.pass(DEBOUNCE);
    assert_eq!(timed.drain(), ["clinic/records", "clinic/1", "clinic/2"]);
}

#[test]
fn a_child_event_during_the_pass_that_fails_is_held_back() {
    let mut timed = failing();
    timed.skip();
    timed.take();
    timed.trigger(&key(), Cause::Child);
    timed.finish(&key(), Outcome::Failed);
    assert_eq!(timed.until_due(), AFTER_FAILURE);
    timed.skip();
    timed.take();
    timed.trigger(&key(), Cause::Child);
    timed.finish(&key(), Outcome::Failed);
    assert_eq!(timed.until_due(), BETWEEN_EVENTS);
}

#[test]
fn what_fails_does_not_go_before_what_was_changed() {
    let mut timed = failing();
    timed.pass(AFTER_FAILURE);
    timed.trigger(&key(), Cause::Child);
    timed.backlog(&keys("clinic", 2), Cause::Service);
    assert_eq!(timed.drain(), ["clinic/1", "clinic/2", "clinic/records"]);
}

#[test]
fn forgotten_keys_leave_nothing_behind() {
    let mut timed = failing();
    timed.queue.forget(&key());
    assert!(timed.holds_nothing());

    timed.backlog(&[key()], Cause::Service);
    timed.queue.promote(timed.now);
    assert_eq!(timed.queue.depth(Level::Changed), 1);
    timed.queue.forget(&key());
    assert!(timed.holds_nothing());
    assert_eq!(timed.take(), None);

    timed.queue.forget(&Key::new("never", "seen"));
    timed.finish(&Key::new("never", "taken"), Outcome::Failed);
    assert!(timed.holds_nothing());
}

#[test]
fn a_service_deleted_during_its_pass_is_forgotten_with_it() {
    let mut timed = Timed::new(1);
    timed.backlog(&[key()], Cause::Service);
    timed.take();
    timed.trigger(&key(), Cause::Child);
    timed.queue.forget(&key());
    timed.finish(&key(), Outcome::Gone);
    assert!(timed.holds_nothing());
}

#[test]
fn a_service_made_anew_during_the_pass_of_the_old_one_has_its_own() {
    for outcome in [Outcome::Gone, DONE, Outcome::Failed] {
        let mut timed = Timed::new(1);
        timed.backlog(&[key()], Cause::Service);
        timed.take();
        timed.queue.forget(&key());
        timed.trigger(&key(), Cause::Service);
        timed.finish(&key(), outcome);
        assert!(timed.skip(), "{outcome:?}");
        assert_eq!(timed.take(), Some(key()), "{outcome:?}");
    }
}

#[test]
fn adds_retries_and_waits_are_counted() {
    let mut timed = Timed::new(1);
    timed.backlog(&keys("clinic", 2), Cause::Service);
    timed.pass(Duration::from_secs(3));
    let first = timed.queue.take(timed.now).expect("a key is due");
    assert_eq!(first.waited, Duration::from_secs(3));
    assert_eq!(timed.queue.depth(Level::Changed), 1);
    timed.finish(&first.key, Outcome::Failed);
    timed.drain();
    let counts = timed.queue.counts();
    assert_eq!(counts, Counts { adds: 2, retries: 1 });
    assert_eq!(timed.queue.counts(), Counts::default());
}

#[test]
fn without_a_slot_there_is_still_one() {
    let mut timed = Timed::new(0);
    timed.backlog(&[key()], Cause::Service);
    assert_eq!(timed.take(), Some(key()));
}
