use super::*;

const GRACE: Duration = Duration::from_secs(10);

/// From one tenth of a second to the next.
fn at(tenths: u64, what: What) -> Event {
    Event {
        family: 1,
        from: Duration::from_millis(100 * tenths),
        to: Duration::from_millis(100 * tenths + 50),
        what,
    }
}

fn refresh(presented: &str, answer: Refreshed) -> What {
    What::Refresh {
        presented: presented.to_owned(),
        answer,
    }
}

fn given(presented: &str, successor: &str) -> What {
    let successor = successor.to_owned();
    refresh(presented, Refreshed::Given { successor })
}

const REVOKED: What = What::Revoke { is_confirmed: true };

#[test]
fn a_history_as_it_should_be_has_no_violations() {
    let events = [
        at(0, given("a", "b")),
        at(1, given("a", "b")),
        at(2, refresh("b", Refreshed::Unknown)),
        at(3, given("b", "c")),
        at(4, What::Introspect { is_active: true }),
        at(5, REVOKED),
        at(6, What::Introspect { is_active: true }),
        at(7, refresh("c", Refreshed::Refused)),
        at(17, What::Introspect { is_active: false }),
    ];
    assert_eq!(violations(&events, GRACE), Vec::<String>::new());
}

#[test]
fn what_must_not_be_is_found() {
    let redeemed = || What::Redeem {
        code: "x".to_owned(),
        is_given: true,
    };
    let bad = [
        vec![at(0, given("a", "b")), at(1, given("a", "c"))],
        vec![at(0, REVOKED), at(1, given("a", "b"))],
        vec![at(0, REVOKED), at(11, What::Introspect { is_active: true })],
        vec![at(0, given("a", "b")), at(99, refresh("a", Refreshed::Refused))],
        vec![at(0, refresh("a", Refreshed::Refused))],
        vec![at(0, redeemed()), at(1, redeemed())],
    ];
    for events in bad {
        assert_eq!(violations(&events, GRACE).len(), 1, "{events:?}");
    }
}

/// Reuse, and the other login, are no violations.
#[test]
fn what_is_meant_is_not_found() {
    let mut other = at(20, given("z", "y"));
    other.family = 2;
    let good = [
        vec![at(0, given("a", "b")), at(101, refresh("a", Refreshed::Refused))],
        vec![at(0, REVOKED), other],
        vec![
            at(0, What::Revoke { is_confirmed: false }),
            at(1, refresh("a", Refreshed::Refused)),
        ],
    ];
    for events in good {
        assert_eq!(violations(&events, GRACE), Vec::<String>::new());
    }
}
