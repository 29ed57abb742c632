use proptest::prelude::*;

use super::*;

fn noon() -> Timestamp {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

fn key() -> FormKey {
    FormKey::new(&[7; 32])
}

#[test]
fn a_token_is_for_its_browser_its_request_and_a_quarter_of_an_hour() {
    let token = key().token("cookie", "client_id=portal", noon());
    let accepts = |cookie, request, minutes| {
        key().accepts(
            &token,
            cookie,
            request,
            noon() + SignedDuration::from_mins(minutes),
        )
    };
    assert!(accepts("cookie", "client_id=portal", 0));
    assert!(accepts("cookie", "client_id=portal", 15));
    assert!(!accepts("cookie", "client_id=portal", 16));
    assert!(!accepts("another", "client_id=portal", 0));
    assert!(!accepts("cookie", "client_id=other", 0));
    assert!(!FormKey::new(&[8; 32]).accepts(&token, "cookie", "client_id=portal", noon()));
}

/// What is the end of the cookie is not the beginning of the request.
#[test]
fn parts_cannot_be_shifted() {
    let token = key().token("ab", "c", noon());
    assert!(!key().accepts(&token, "a", "bc", noon()));
}

#[test]
fn only_32_bytes_are_a_cookie() {
    assert!(is_cookie(&cookie([9; COOKIE_BYTES])));
    for other in ["", "AAAA", &"A".repeat(44), "no base64!"] {
        assert!(!is_cookie(other), "{other}");
    }
}

proptest! {
    #[test]
    fn made_up_tokens_are_refused(token in ".{0,80}") {
        prop_assert!(!key().accepts(&token, "cookie", "request", noon()));
    }

    #[test]
    fn a_changed_token_is_refused(at in any::<prop::sample::Index>(), to in "[A-Za-z0-9_-]") {
        let token = key().token("cookie", "request", noon());
        let at = at.index(token.len());
        let mut changed = token.clone();
        changed.replace_range(at..=at, &to);
        prop_assume!(changed != token);
        prop_assert!(!key().accepts(&changed, "cookie", "request", noon()));
    }
}
