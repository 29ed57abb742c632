use std::collections::HashSet;

use axum::response::IntoResponse;

use super::{Reason, Refusal};

#[test]
fn every_reason_is_listed_once() {
    let labels: HashSet<_> = Reason::ALL.into_iter().map(Reason::as_str).collect();
    assert_eq!(labels.len(), Reason::ALL.len());
}

#[test]
fn answers_are_not_cached_and_say_when_to_ask_again() {
    for reason in Reason::ALL {
        let response = Refusal::from(reason).into_response();
        let headers = response.headers();
        assert_eq!(headers["cache-control"], "no-store");
        assert_eq!(headers.contains_key("retry-after"), reason == Reason::Unavailable);
        assert_eq!(
            headers.contains_key("www-authenticate"),
            reason != Reason::Unavailable
        );
    }
}

#[test]
fn a_scope_that_would_break_the_header_is_left_out() {
    let refusal = Refusal {
        reason: Reason::Forbidden,
        missing_scopes: ["a.read", "b\" x=\"y", "c\r\nd", "e"].map(str::to_owned).to_vec(),
    };
    let response = refusal.into_response();
    let challenge = &response.headers()["www-authenticate"];
    assert_eq!(
        challenge,
        "Bearer realm=\"api\", error=\"insufficient_scope\", scope=\"a.read e\""
    );
}
