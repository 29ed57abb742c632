use proptest::prelude::*;

use super::*;

const OURS: &str = "ours";
const DURATION: Duration = Duration::from_secs(15);

fn config() -> LeaseConfig {
    LeaseConfig {
        namespace: "clinic".to_owned(),
        name: "healthcare-operator".to_owned(),
        identity: OURS.to_owned(),
        duration: DURATION,
        renew_deadline: Duration::from_secs(10),
        retry_period: Duration::from_secs(2),
    }
}

fn lease(version: &str, holder: &str, seconds: Option<i32>) -> Lease {
    let mut lease = Lease::default();
    lease.metadata.resource_version = Some(version.to_owned());
    lease.spec = Some(LeaseSpec {
        holder_identity: Some(holder.to_owned()),
        lease_duration_seconds: seconds,
        ..LeaseSpec::default()
    });
    lease
}

/// Decides on leases seen one after another, each at its second, and gives the last move.
fn after(seen: &[(u64, Option<Lease>)]) -> Move {
    let start = Instant::now();
    let mut observation = Observation::default();
    let mut last = None;
    for (second, lease) in seen {
        let now = start + Duration::from_secs(*second);
        last = Some(observation.decide(lease.as_ref(), OURS, DURATION, now));
    }
    last.expect("something seen")
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table")]
fn moves() {
    let theirs = || Some(lease("1", "theirs", Some(15)));
    let cases = [
        ("no Lease", vec![(0, None)], Move::Create),
        ("released", vec![(0, Some(lease("1", "", Some(1))))], Move::Take),
        (
            "ours from before a restart",
            vec![(0, Some(lease("1", OURS, Some(15))))],
            Move::Take,
        ),
        (
            "a Lease without a spec",
            vec![(0, Some(Lease::default()))],
            Move::Take,
        ),
        // However old its renewTime says it is: other machines' clocks tell nothing.
        ("seen for the first time", vec![(0, theirs())], Move::Wait),
        (
            "unchanged, not for long enough",
            vec![(0, theirs()), (14, theirs())],
            Move::Wait,
        ),
        (
            "unchanged for its duration",
            vec![(0, theirs()), (15, theirs())],
            Move::Take,
        ),
        (
            "renewed meanwhile",
            vec![
                (0, theirs()),
                (14, Some(lease("2", "theirs", Some(15)))),
                (28, Some(lease("2", "theirs", Some(15)))),
            ],
            Move::Wait,
        ),
        (
            "the holder's terms are longer than ours",
            vec![
                (0, Some(lease("1", "theirs", Some(60)))),
                (59, Some(lease("1", "theirs", Some(60)))),
            ],
            Move::Wait,
        ),
        (
            "the holder states no duration: ours",
            vec![
                (0, Some(lease("1", "theirs", None))),
                (15, Some(lease("1", "theirs", None))),
            ],
            Move::Take,
        ),
        (
            "a negative duration: ours",
            vec![
                (0, Some(lease("1", "theirs", Some(-1)))),
                (14, Some(lease("1", "theirs", Some(-1)))),
            ],
            Move::Wait,
        ),
        (
            "deleted while held: the holder still leads",
            vec![(0, theirs()), (14, None)],
            Move::Wait,
        ),
        (
            "deleted, and nobody came back",
            vec![(0, theirs()), (15, None)],
            Move::Create,
        ),
        (
            "deleted after its release",
            vec![(0, Some(lease("1", "", Some(1)))), (1, None)],
            Move::Create,
        ),
        (
            "released while we waited",
            vec![(0, theirs()), (3, Some(lease("2", "", Some(1))))],
            Move::Take,
        ),
    ];
    for (case, seen, expected) in cases {
        assert_eq!(after(&seen), expected, "{case}");
    }
}

#[test]
fn what_a_new_leader_writes() {
    let now: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
    let earlier = MicroTime("2026-01-01T00:00:00Z".parse().unwrap());
    let held_by = |holder: &str| LeaseSpec {
        holder_identity: Some(holder.to_owned()),
        lease_transitions: Some(3),
        acquire_time: Some(earlier.clone()),
        renew_time: Some(earlier.clone()),
        ..LeaseSpec::default()
    };
    let first = next_spec(None, &config(), now);
    assert_eq!(
        first.lease_transitions,
        Some(0),
        "a Lease just made changed hands no time"
    );
    assert_eq!(first.acquire_time, Some(MicroTime(now)));
    assert_eq!(first.lease_duration_seconds, Some(15));

    let taken = next_spec(Some(&held_by("theirs")), &config(), now);
    assert_eq!(taken.holder_identity.as_deref(), Some(OURS));
    assert_eq!(
        (taken.lease_transitions, taken.acquire_time),
        (Some(4), Some(MicroTime(now)))
    );

    let renewed = next_spec(Some(&held_by(OURS)), &config(), now);
    assert_eq!(
        (renewed.lease_transitions, renewed.acquire_time),
        (Some(3), Some(earlier))
    );
    assert_eq!(renewed.renew_time, Some(MicroTime(now)));
}

#[test]
fn a_released_lease_names_nobody_and_keeps_its_count() {
    let now: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
    let before = next_spec(None, &config(), now);
    let released = released_spec(
        LeaseSpec {
            lease_transitions: Some(7),
            ..before
        },
        now,
    );
    assert_eq!(released.holder_identity.as_deref(), Some(""));
    assert_eq!(released.lease_duration_seconds, Some(1));
    assert_eq!(released.lease_transitions, Some(7));
    assert_eq!(
        after(&[(
            0,
            Some(Lease {
                spec: Some(released),
                ..Lease::default()
            })
        )]),
        Move::Take
    );
}

proptest! {
    #[test]
    fn jitter_only_lengthens_by_a_quarter(millis in 1_u64..100_000, share: u8) {
        let period = Duration::from_millis(millis);
        let pause = jittered(period, share);
        prop_assert!(period <= pause && pause < period.mul_f64(1.25) + Duration::from_nanos(1));
    }

    /// However the looks are spread, a held Lease is taken only after standing unchanged for its whole duration.
    #[test]
    fn never_taken_early(steps in prop::collection::vec((0_u64..20, any::<bool>(), any::<bool>()), 1..40)) {
        let start = Instant::now();
        let (mut now, mut version, mut changed) = (start, 0, start);
        let mut observation = Observation::default();
        for (pause, renewed, deleted) in steps {
            now += Duration::from_secs(pause);
            if renewed || version == 0 {
                version += 1;
                // The first look cannot know since when; a later one sees the change no sooner than it happened.
                changed = now;
            }
            let seen = lease(&version.to_string(), "theirs", Some(15));
            let seen = (!deleted || renewed || version == 1).then_some(seen);
            if observation.decide(seen.as_ref(), OURS, DURATION, now) != Move::Wait {
                prop_assert!(now.duration_since(changed) >= DURATION);
            }
        }
    }

    /// Whatever a watch shows in between, and however late: the Lease is taken only when its last write is old enough.
    #[test]
    fn never_taken_early_by_what_is_shown_late(
        steps in prop::collection::vec((0_u64..20, any::<bool>(), prop::option::of(0_usize..4)), 1..40),
    ) {
        let mut now = Instant::now();
        let mut written = vec![now];
        let mut observation = Observation::default();
        let theirs = |version: usize| lease(&version.to_string(), "theirs", Some(15));
        for (pause, renewed, shown) in steps {
            now += Duration::from_secs(pause);
            if renewed {
                written.push(now);
            }
            if let Some(before) = shown {
                let late = theirs(written.len().saturating_sub(before));
                observation.decide(Some(&late), OURS, DURATION, now);
            }
            let looked = observation.decide(Some(&theirs(written.len())), OURS, DURATION, now);
            if looked != Move::Wait {
                prop_assert!(now.duration_since(written[written.len() - 1]) >= DURATION);
            }
            prop_assert_eq!(looked == Move::Wait, observation.expiry().is_some_and(|at| at > now));
        }
    }
}
