use proptest::prelude::*;

use super::*;

const NOW: &str = "2026-11-21T12:00:00Z";

fn answer(status: u16) -> Try {
    let response = http::Response::builder().status(status).body("").unwrap();
    Try::Answered(response.into())
}

fn failed() -> Try {
    Try::Failed(HttpClientError::Connect("test"))
}

const MAY: Situation = Situation {
    idempotent: true,
    retries: 0,
    most: 2,
    left: Duration::from_secs(5),
    pause: Duration::from_millis(100),
    retry_after: None,
};

#[test]
fn only_failures_that_may_pass_are_tried_again() {
    for status in [200, 201, 304, 400, 401, 404, 409, 422, 500, 501] {
        assert_eq!(Retry::decide(&answer(status), &MAY), Retry::No(None), "{status}");
    }
    for status in [429, 502, 503, 504] {
        assert_eq!(
            Retry::decide(&answer(status), &MAY),
            Retry::After(MAY.pause),
            "{status}"
        );
    }
    let open = HttpClientError::Open {
        retry_after: MAY.pause,
    };
    for (error, retried) in [
        (HttpClientError::Broken, true),
        (HttpClientError::TimedOut, true),
        (HttpClientError::Connect("test"), true),
        (HttpClientError::Path, false),
        (open, false),
    ] {
        let decided = Retry::decide(&Try::Failed(error.clone()), &MAY);
        assert_eq!(matches!(decided, Retry::After(_)), retried, "{error:?}");
    }
}

/// A host that answers 429 or 500 works; one that answers 503 does not.
#[test]
fn the_breaker_hears_of_what_is_the_hosts_fault() {
    for (status, fault) in [
        (200, false),
        (404, false),
        (429, false),
        (500, false),
        (502, true),
        (503, true),
        (504, true),
    ] {
        assert_eq!(answer(status).is_hosts_failure(), fault, "{status}");
    }
    assert!(failed().is_hosts_failure());
}

#[test]
fn never_what_is_not_idempotent_never_too_often_never_too_late() {
    let decide = |situation| Retry::decide(&failed(), &situation);
    assert_eq!(
        decide(Situation {
            idempotent: false,
            ..MAY
        }),
        Retry::No(None)
    );
    assert_eq!(
        decide(Situation { retries: 2, ..MAY }),
        Retry::No(Some("no_more"))
    );
    assert_eq!(
        decide(Situation {
            left: MAY.pause,
            ..MAY
        }),
        Retry::No(Some("no_time"))
    );
    let asked = |seconds| Situation {
        retry_after: Some(Duration::from_secs(seconds)),
        ..MAY
    };
    assert_eq!(decide(asked(3)), Retry::After(Duration::from_secs(3)));
    assert_eq!(decide(asked(0)), Retry::After(MAY.pause));
    assert_eq!(decide(asked(60)), Retry::No(Some("no_time")));
}

#[test]
fn retry_after_is_seconds_or_a_date() {
    let now: Timestamp = NOW.parse().unwrap();
    for (text, seconds) in [
        ("7", Some(7)),
        (" 0 ", Some(0)),
        ("Sat, 21 Nov 2026 12:00:30 GMT", Some(30)),
        ("Sat, 21 Nov 2026 11:00:00 GMT", Some(0)),
        ("soon", None),
        ("-1", None),
        ("1.5", None),
        ("", None),
    ] {
        let headers = HeaderMap::from_iter([(RETRY_AFTER, text.parse().unwrap())]);
        assert_eq!(
            retry_after(&headers, now),
            seconds.map(Duration::from_secs),
            "{text:?}"
        );
    }
    assert_eq!(retry_after(&HeaderMap::new(), now), None);
}

proptest! {
    #[test]
    fn a_pause_fits_what_is_left_and_respects_what_is_asked(
        retries in 0..5_u32, left in 0..10_000_u64, pause in 0..10_000_u64, asked in prop::option::of(0..20_u64), idempotent: bool,
    ) {
        let situation = Situation {
            idempotent,
            retries,
            most: 2,
            left: Duration::from_millis(left),
            pause: Duration::from_millis(pause),
            retry_after: asked.map(Duration::from_secs),
        };
        if let Retry::After(chosen) = Retry::decide(&failed(), &situation) {
            prop_assert!(idempotent && retries < 2);
            prop_assert!(chosen < situation.left && chosen >= situation.pause);
            prop_assert!(situation.retry_after.is_none_or(|asked| chosen >= asked));
        }
    }
}
