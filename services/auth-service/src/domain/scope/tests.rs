use proptest::prelude::*;

use super::{MAX_SCOPES, ScopeError, ScopeSet, granted};
use crate::domain::client::GrantType::{AuthorizationCode, ClientCredentials};
use crate::domain::oauth_error::OAuthErrorCode;

fn set(text: &str) -> ScopeSet {
    ScopeSet::parse(text).unwrap()
}

#[test]
fn the_grammar_is_that_of_the_rfc() {
    assert_eq!(set("b a b").to_string(), "a b");
    for text in ["", " ", " a", "a ", "a  b", "a\tb", "a\"", "a\\", "ä", "a\u{7f}"] {
        assert_eq!(ScopeSet::parse(text), Err(ScopeError::Malformed), "{text:?}");
    }
    assert!(ScopeSet::parse("!#[]~").is_ok());
}

#[test]
fn there_are_not_too_many() {
    let many = |count| (0..count).map(|n| n.to_string()).collect::<Vec<_>>();
    assert!(ScopeSet::from_tokens(many(MAX_SCOPES)).is_ok());
    assert_eq!(
        ScopeSet::from_tokens(many(MAX_SCOPES + 1)),
        Err(ScopeError::TooMany)
    );
}

#[test]
fn a_set_is_read_back_and_a_malformed_one_is_not() {
    let json = serde_json::to_string(&set("b a")).unwrap();
    assert_eq!(json, r#"["a","b"]"#);
    assert_eq!(serde_json::from_str::<ScopeSet>(&json).unwrap(), set("a b"));
    assert!(serde_json::from_str::<ScopeSet>(r#"["a b"]"#).is_err());
}

#[test]
fn smart_scopes_are_compared_by_what_they_allow() {
    let allowed = set("openid system/*.rs");
    assert!(set("system/Observation.r openid").is_subset(&allowed));
    assert!(!set("system/Observation.cruds").is_subset(&allowed));
    let both = set("openid other system/Patient.s system/Patient.d").intersection(&allowed);
    assert_eq!(both.to_string(), "openid system/Patient.s");
}

#[test]
fn a_client_gets_all_it_asks_for_or_an_error() {
    let allowed = set("records.read system/*.rs user/*.rs openid");
    let ask = |text: &str, grant| granted(Some(&set(text)), &allowed, grant).map(|scopes| scopes.to_string());
    let code = |answer: Result<String, super::OAuthError>| answer.unwrap_err().code;
    assert_eq!(
        ask("system/Patient.r", ClientCredentials).unwrap(),
        "system/Patient.r"
    );
    assert_eq!(
        ask("user/Patient.read openid", AuthorizationCode).unwrap(),
        "openid user/Patient.read"
    );
    for (text, grant) in [
        ("records.read records.write", ClientCredentials),
        ("system/Patient.c", ClientCredentials),
        ("openid", ClientCredentials),
        ("user/Patient.r", ClientCredentials),
        ("system/Patient.r", AuthorizationCode),
    ] {
        assert_eq!(code(ask(text, grant)), OAuthErrorCode::InvalidScope, "{text}");
    }
}

#[test]
fn a_client_that_asks_for_nothing_gets_what_fits() {
    let allowed =
        set("records.read system/*.rs user/*.rs openid fhirUser launch/patient offline_access launch");
    let default = |grant| granted(None, &allowed, grant).unwrap().to_string();
    assert_eq!(default(ClientCredentials), "records.read system/*.rs");
    assert!(!default(AuthorizationCode).contains("system"));
    assert!(default(AuthorizationCode).contains("launch/patient"));
}

fn sets() -> impl Strategy<Value = ScopeSet> {
    let scopes = vec![
        "a",
        "b",
        "system/*.rs",
        "system/Patient.r",
        "system/Patient.cruds",
        "user/Patient.r",
    ];
    prop::sample::subsequence(scopes, 0..=6).prop_map(|scopes| ScopeSet::from_tokens(scopes).unwrap())
}

proptest! {
    #[test]
    fn sets_behave_like_sets(a in sets(), b in sets(), c in sets()) {
        let both = a.intersection(&b);
        prop_assert!(both.is_subset(&a) && both.is_subset(&b));
        prop_assert_eq!(a.is_subset(&b), both == a);
        prop_assert!(!(a.is_subset(&b) && b.is_subset(&c)) || a.is_subset(&c));
    }

    #[test]
    fn what_is_written_is_read_back(a in sets()) {
        if !a.is_empty() {
            prop_assert_eq!(set(&a.to_string()), a);
        }
    }

    #[test]
    fn order_does_not_matter(words in prop::collection::vec("[a-z]{1,3}", 1..8).prop_shuffle()) {
        let mut sorted = words.clone();
        sorted.sort();
        prop_assert_eq!(set(&words.join(" ")), set(&sorted.join(" ")));
    }
}
