use super::*;

fn seen(revision: u64, generation: i64, observed: i64) -> StatusSeen {
    StatusSeen {
        uid: "u".to_owned(),
        service: "a/b".to_owned(),
        revision,
        generation,
        observed,
        inventory: vec!["Service/b".to_owned()],
    }
}

fn rules(history: &[StatusSeen]) -> Vec<&'static str> {
    let mut statuses = Statuses::default();
    let violations = history.iter().flat_map(|seen| statuses.note(seen.clone()));
    violations.map(|violation| violation.rule).collect()
}

#[test]
fn a_status_that_follows_is_fine() {
    assert_eq!(
        rules(&[seen(1, 1, 0), seen(2, 1, 1), seen(3, 2, 1), seen(4, 2, 2)]),
        Vec::<&str>::new()
    );
}

#[test]
fn backwards_and_ahead_are_violations() {
    assert_eq!(rules(&[seen(1, 2, 2), seen(2, 2, 1)]), [FORWARDS]);
    assert_eq!(rules(&[seen(1, 2, 3)]), [FORWARDS]);
}

#[test]
fn what_a_watch_tells_again_is_none() {
    assert_eq!(
        rules(&[seen(5, 2, 2), seen(4, 2, 1), seen(5, 2, 2)]),
        Vec::<&str>::new()
    );
}

#[test]
fn another_object_of_the_same_name_begins_anew() {
    let mut other = seen(9, 1, 0);
    other.uid = "v".to_owned();
    assert_eq!(rules(&[seen(1, 4, 4), other]), Vec::<&str>::new());
}

#[test]
fn an_entry_that_is_there_twice_is_a_violation() {
    let mut twice = seen(1, 1, 1);
    twice.inventory.push("Service/b".to_owned());
    assert_eq!(rules(&[twice]), [ONCE]);
}
