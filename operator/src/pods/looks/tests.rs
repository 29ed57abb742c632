use super::*;
use crate::workload::ReplicasOwner;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_000_000 + second).unwrap()
}

fn key() -> Key {
    Key::new("clinic", "records")
}

fn workload(generation: i64, ready: i32) -> Workload {
    Workload {
        uid: "d".into(),
        resource_version: 1,
        generation,
        observed_generation: generation,
        wanted: 3,
        replicas_owner: ReplicasOwner::Operator,
        replicas: 3,
        updated: 3,
        ready,
        available: ready,
        is_available: false,
        failure: None,
    }
}

/// Of one service: far below the rate of all.
fn turn(looks: &Looks, workload: &Workload, since: Timestamp, second: i64) -> Turn {
    looks.turn(&key(), workload, since, at(second), Duration::from_hours(1))
}

fn fault() -> PodFault {
    PodFault {
        reason: "ImagePullBackOff".into(),
        message: "pod records-1: ImagePullBackOff".into(),
        rank: 4,
    }
}

#[test]
fn the_first_look_comes_after_a_while() {
    let looks = Looks::default();
    assert_eq!(turn(&looks, &workload(1, 0), at(0), 0), Turn::Found(None));
    assert_eq!(looks.pause(&key(), at(0)), Some(Duration::from_secs(2)));
    assert_eq!(turn(&looks, &workload(1, 0), at(1), 1), Turn::Found(None));
    assert_eq!(turn(&looks, &workload(1, 0), at(2), 2), Turn::Look);
}

/// After a restart of the operator nobody waits again.
#[test]
fn a_service_that_has_been_down_for_long_is_looked_at_at_once() {
    assert_eq!(turn(&Looks::default(), &workload(1, 0), at(-60), 0), Turn::Look);
}

#[test]
fn what_was_found_stands_until_the_next_look() {
    let looks = Looks::default();
    turn(&looks, &workload(1, 0), at(0), 0);
    looks.looked(&key(), Some(&fault()), at(2));
    assert_eq!(
        turn(&looks, &workload(1, 0), at(0), 3),
        Turn::Found(Some(fault()))
    );
    assert_eq!(turn(&looks, &workload(1, 0), at(0), 4), Turn::Look);
    looks.looked(&key(), None, at(4));
    assert_eq!(turn(&looks, &workload(1, 0), at(0), 5), Turn::Found(None));
}

#[test]
fn pauses_grow_within_bounds() {
    let looks = Looks::default();
    turn(&looks, &workload(1, 0), at(0), 0);
    for (now, pause) in [(2, 2), (40, 10), (80, 20), (1_000, 30)] {
        looks.looked(&key(), None, at(now));
        assert_eq!(
            looks.pause(&key(), at(now)),
            Some(Duration::from_secs(pause)),
            "{now}"
        );
    }
    assert_eq!(looks.pause(&key(), at(2_000)), Some(Duration::ZERO), "overdue");
}

#[test]
fn another_generation_begins_anew() {
    let looks = Looks::default();
    turn(&looks, &workload(1, 0), at(0), 0);
    looks.looked(&key(), Some(&fault()), at(100));
    assert_eq!(turn(&looks, &workload(2, 0), at(0), 101), Turn::Found(None));
    assert_eq!(looks.pause(&key(), at(101)), Some(Duration::from_secs(2)));
    looks.forget(&key());
    assert_eq!(looks.pause(&key(), at(101)), None);
}

#[test]
fn pods_that_come_up_one_by_one_are_not_looked_at() {
    let looks = Looks::default();
    for ready in 0..3 {
        let now = at(i64::from(ready) * 2);
        assert_eq!(
            looks.turn(&key(), &workload(1, ready), at(0), now, Duration::from_hours(1)),
            Turn::Found(None)
        );
    }
    assert_eq!(
        turn(&looks, &workload(1, 2), at(0), 6),
        Turn::Look,
        "nothing moved"
    );
    looks.looked(&key(), Some(&fault()), at(6));
    let flapping = turn(&looks, &workload(1, 1), at(0), 7);
    assert_eq!(flapping, Turn::Found(Some(fault())), "a known fault stands");
}

/// A thousand that roll out at once are looked at by and by, each in its turn.
#[test]
fn all_services_together_are_looked_at_at_a_bounded_rate() {
    let looks = Looks::default();
    let keys: Vec<_> = (0..1000).map(|n| Key::new("clinic", &n.to_string())).collect();
    let looked = |second: u32| {
        let (now, moment) = (at(second.into()), Duration::from_secs(second.into()));
        let turns = keys.iter().filter(|key| {
            let look = looks.turn(key, &workload(1, 0), at(-60), now, moment) == Turn::Look;
            if look {
                looks.looked(key, None, now);
            }
            look
        });
        turns.count()
    };
    assert_eq!(looked(0), 20);
    assert_eq!(looked(0), 0);
    assert_eq!(looked(1), 10);
    let pauses = keys.iter().filter_map(|key| looks.pause(key, at(1)));
    let longest = pauses.max().unwrap();
    assert!(longest <= Duration::from_secs(98), "{longest:?}");
    let later: usize = (2..=98).map(looked).sum();
    assert!(later >= 960, "each has its turn: {later}");
}
