use proptest::prelude::*;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

struct Case {
    breaker: Breaker,
    now: Instant,
}

impl Case {
    fn new() -> Self {
        Self {
            breaker: Breaker::new(BreakerLimits::default()),
            now: Instant::now(),
        }
    }

    fn request(&mut self, succeeded: bool) -> bool {
        let Ok(pass) = self.breaker.admit(self.now) else {
            return false;
        };
        self.breaker.record(pass, succeeded, self.now);
        true
    }

    fn fail(&mut self, times: usize) -> usize {
        (0..times).filter(|_| self.request(false)).count()
    }

    fn state(&self) -> BreakerState {
        self.breaker.state(self.now)
    }
}

#[test]
fn it_opens_when_half_of_the_last_fail_and_not_before_five() {
    let mut case = Case::new();
    assert_eq!(case.fail(100), 5);
    assert_eq!(case.state(), BreakerState::Open);
    let mut case = Case::new();
    for _ in 0..100 {
        assert!(case.request(true) && case.request(true) && case.request(false));
    }
    assert_eq!(case.state(), BreakerState::Closed);
}

#[test]
fn old_outcomes_do_not_count() {
    let mut case = Case::new();
    case.fail(4);
    case.now += Duration::from_secs(31);
    case.fail(4);
    assert_eq!(case.state(), BreakerState::Closed);
    case.fail(1);
    assert_eq!(case.state(), BreakerState::Open);
}

#[test]
fn it_says_how_long_it_stays_open_and_lets_two_probes_pass_then() {
    let mut case = Case::new();
    case.fail(5);
    assert_eq!(case.breaker.admit(case.now), Err(SECOND));
    case.now += SECOND;
    assert_eq!(case.state(), BreakerState::HalfOpen);
    let [first, second] = [(); 2].map(|()| case.breaker.admit(case.now).unwrap());
    assert!(case.breaker.admit(case.now).is_err());
    case.breaker.record(first, true, case.now);
    assert_eq!(case.state(), BreakerState::HalfOpen);
    case.breaker.record(second, true, case.now);
    assert_eq!(case.state(), BreakerState::Closed);
}

#[test]
fn a_failed_probe_opens_it_for_twice_as_long() {
    let mut case = Case::new();
    case.fail(5);
    for seconds in [1, 2, 4, 8, 16, 30, 30] {
        assert_eq!(case.breaker.admit(case.now), Err(seconds * SECOND));
        case.now += seconds * SECOND;
        assert!(case.request(false));
    }
    case.now += 30 * SECOND;
    assert!(case.request(true) && case.request(true));
    case.fail(5);
    assert_eq!(case.breaker.admit(case.now), Err(SECOND));
}

#[test]
fn outcomes_of_an_earlier_phase_do_not_count() {
    let mut case = Case::new();
    let late = case.breaker.admit(case.now).unwrap();
    case.fail(5);
    case.now += SECOND;
    let probe = case.breaker.admit(case.now).unwrap();
    case.breaker.record(late, false, case.now);
    assert_eq!(case.state(), BreakerState::HalfOpen);
    case.breaker.record(late, true, case.now);
    case.breaker.record(probe, true, case.now);
    assert_eq!(case.state(), BreakerState::HalfOpen);
}

#[test]
fn probes_that_are_taken_back_or_forgotten_make_room() {
    let mut case = Case::new();
    case.fail(5);
    case.now += SECOND;
    let [first, _second] = [(); 2].map(|()| case.breaker.admit(case.now).unwrap());
    case.breaker.release(first);
    let _third = case.breaker.admit(case.now).unwrap();
    assert!(case.breaker.admit(case.now).is_err());
    case.now += Duration::from_mins(1);
    assert!(case.breaker.admit(case.now).is_ok());
}

#[derive(Clone, Debug)]
enum Step {
    Ask,
    Tell(bool),
    Release,
    Wait(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => Just(Step::Ask),
        4 => any::<bool>().prop_map(Step::Tell),
        1 => Just(Step::Release),
        1 => (0..5000_u64).prop_map(Step::Wait),
    ];
    prop::collection::vec(step, 1..400)
}

proptest! {
    #[test]
    fn whatever_happens(steps in steps()) {
        let mut case = Case::new();
        let mut passes: Vec<Pass> = Vec::new();
        for step in steps {
            let before = case.state();
            match step {
                Step::Ask => match case.breaker.admit(case.now) {
                    Ok(pass) => { prop_assert_ne!(before, BreakerState::Open); passes.push(pass); }
                    Err(wait) => {
                        prop_assert_ne!(before, BreakerState::Closed);
                        prop_assert!(wait > Duration::ZERO && wait <= 30 * SECOND);
                    }
                },
                Step::Tell(succeeded) => if let Some(pass) = passes.pop() {
                    case.breaker.record(pass, succeeded, case.now);
                    // A success never opens it, a failure never closes it.
                    let after = case.state();
                    prop_assert!(!(succeeded && after == BreakerState::Open && before != BreakerState::Open && before != BreakerState::Closed));
                    prop_assert!(succeeded || after != BreakerState::Closed || before == BreakerState::Closed);
                },
                Step::Release => if let Some(pass) = passes.pop() { case.breaker.release(pass); },
                Step::Wait(millis) => case.now += Duration::from_millis(millis),
            }
        }
        // It never stays shut: after the longest rest and the longest probe, good probes close it.
        case.now += 30 * SECOND + Duration::from_mins(1);
        prop_assert!(case.request(true));
        prop_assert!(case.request(true));
        prop_assert_eq!(case.state(), BreakerState::Closed);
    }
}
