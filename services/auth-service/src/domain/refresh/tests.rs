use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use service_kit::Clock;
use service_kit::auth::{Expectations, KeySet, Signer, SigningKey, TokenKind, VerificationKey};

use super::{Decision, Family, RefreshRules, decide};
use crate::domain::code::CodeGrant;
use crate::domain::oauth_error::OAuthErrorCode;
use crate::domain::pkce::CodeChallenge;
use crate::domain::scope::ScopeSet;
use crate::domain::test_support::{ISSUER, after, noon, uuid};

const SECRET: [u8; 32] = [7; 32];

fn rules() -> RefreshRules {
    RefreshRules::default()
}

fn grant() -> CodeGrant {
    CodeGrant {
        client_id: "portal".to_owned(),
        redirect_uri: None,
        code_challenge: CodeChallenge::parse("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM").unwrap(),
        subject: "user-1".to_owned(),
        roles: vec!["clinician".to_owned()],
        scopes: ScopeSet::parse("openid user/*.rs").unwrap(),
        audience: vec!["records".to_owned()],
        nonce: None,
        auth_time: after(-60),
        expires_at: noon(),
    }
}

fn family() -> Family {
    Family::open(uuid(1), &grant(), &rules(), noon())
}

fn text(family: &Family) -> String {
    let key = SigningKey::hs256(None, &SECRET).unwrap();
    // Another time on every machine: it must not matter.
    let clock = Clock::fixed("2030-01-01T00:00:00Z".parse().unwrap());
    let (grant, validity) = family.refresh_token(ISSUER, &rules());
    let token = Signer::new(ISSUER, key, clock).sign_as(TokenKind::Refresh, &grant, validity);
    token.unwrap().expose().to_owned()
}

#[test]
fn a_family_ends_a_week_after_the_login() {
    let family = family();
    assert_eq!((family.generation, family.rotated_at), (0, noon()));
    assert_eq!(family.expires_at, after(-60 + 7 * 86_400));
    assert_eq!(family.revocation_name(), uuid(1).to_string());
}

#[test]
fn the_valid_token_rotates_and_its_predecessor_yields_the_same_for_ten_seconds() {
    let family = family().rotated(noon()).rotated(noon());
    let decided = |presented, second| decide(presented, &family, after(second), &rules());
    assert_eq!(decided(2, 0), Decision::Rotate);
    assert_eq!(decided(2, 86_399), Decision::Rotate);
    assert_eq!(decided(2, 86_400), Decision::Expired);
    assert_eq!(decided(1, 0), Decision::SameSuccessor);
    assert_eq!(decided(1, 9), Decision::SameSuccessor);
    assert_eq!(decided(1, -5), Decision::SameSuccessor);
    assert_eq!(decided(1, 10), Decision::Reuse);
    for presented in [0, 3, -1, i64::MIN, i64::MAX] {
        assert_eq!(decided(presented, 0), Decision::Reuse, "{presented}");
    }
}

#[test]
fn nothing_comes_of_a_family_that_is_over() {
    let dead = Family {
        revoked_at: Some(noon()),
        ..family()
    };
    for presented in [-1, 0, 1] {
        assert_eq!(decide(presented, &dead, noon(), &rules()), Decision::Revoked);
        let end = family().expires_at;
        assert_eq!(decide(presented, &family(), end, &rules()), Decision::Expired);
    }
}

#[test]
fn every_refusal_is_an_invalid_grant() {
    for decision in [Decision::Reuse, Decision::Expired, Decision::Revoked] {
        assert_eq!(decision.refusal().unwrap().code, OAuthErrorCode::InvalidGrant);
    }
    for decision in [Decision::Rotate, Decision::SameSuccessor] {
        assert_eq!(decision.refusal(), None);
    }
}

#[test]
fn the_token_is_verified_and_says_little() {
    let expectations = Expectations {
        kind: TokenKind::Refresh,
        issuer: ISSUER.to_owned(),
        audience: ISSUER.to_owned(),
        leeway: std::time::Duration::ZERO,
    };
    let keys = KeySet::from_iter([VerificationKey::hs256(None, &SECRET).unwrap()]);
    let family = family();
    let claims = expectations.verify(&text(&family), &keys, noon()).unwrap();
    assert_eq!(claims.token_id().parse(), Ok(family.token_id()));
    assert_eq!((claims.subject(), claims.client_id()), ("user-1", "portal"));
    assert!(claims.scopes().is_empty() && claims.roles().is_empty());
    assert_eq!(claims.expires_at(), after(86_400));
    // Not beyond the login.
    let late = family.rotated(family.expires_at - SignedDuration::from_secs(60));
    let (_, validity) = late.refresh_token(ISSUER, &rules());
    assert_eq!(validity.expires_at, family.expires_at);
}

#[test]
fn a_refresh_may_ask_for_less_alone() {
    let family = family();
    let narrowed = |text: &str| family.narrowed(Some(&ScopeSet::parse(text).unwrap()));
    assert_eq!(family.narrowed(None).unwrap(), family.scopes);
    assert_eq!(narrowed("user/Patient.r").unwrap().to_string(), "user/Patient.r");
    assert_eq!(
        narrowed("openid other").unwrap_err().code,
        OAuthErrorCode::InvalidScope
    );
    assert_eq!(
        narrowed("user/Patient.cruds").unwrap_err().code,
        OAuthErrorCode::InvalidScope
    );
}

/// What a client gets that presents `presented` at `now`, from a store that holds `family`.
fn present(family: &mut Family, presented: i64, now: Timestamp) -> Option<String> {
    match decide(presented, family, now, &rules()) {
        Decision::Rotate => *family = family.rotated(now),
        Decision::SameSuccessor => {}
        Decision::Reuse => {
            family.revoked_at = Some(now);
            return None;
        }
        Decision::Expired | Decision::Revoked => return None,
    }
    Some(text(family))
}

#[test]
fn parallel_refreshes_get_one_successor_and_nobody_is_logged_out() {
    let mut family = family();
    let given: BTreeSet<_> = (0..64)
        .map(|n| present(&mut family, 0, after(n / 7)).unwrap())
        .collect();
    assert_eq!(given.len(), 1);
    assert_eq!(family.generation, 1);
    assert!(present(&mut family, 1, after(10)).is_some());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// A thief and the owner hold the same token. Whoever comes first: once both have used it with more than the grace between
    /// them, neither gets anything any more.
    #[test]
    fn a_stolen_token_is_good_for_one_of_two(
        before in 0i64..20, pause in 10i64..1000, owner_goes_on in 0i64..5,
    ) {
        let mut family = family();
        for generation in 0..before {
            prop_assert!(present(&mut family, generation, after(generation)).is_some());
        }
        let stolen = family.generation;
        let mut now = after(before);
        for generation in stolen..=stolen + owner_goes_on {
            prop_assert!(present(&mut family, generation, now).is_some());
            now += SignedDuration::from_secs(pause);
        }
        prop_assert_eq!(present(&mut family, stolen, now), None);
        for generation in 0..family.generation + 2 {
            prop_assert_eq!(present(&mut family, generation, now), None);
        }
    }

    #[test]
    fn texts_differ_by_generation_and_family(one: u128, other: u128, generation in 0i64..100) {
        prop_assume!(one != other);
        let of = |id, generation| text(&Family { id: uuid(id), generation, ..family() });
        let all = BTreeSet::from([of(one, generation), of(one, generation + 1), of(other, generation)]);
        prop_assert_eq!(all.len(), 3);
        prop_assert_eq!(of(one, generation), of(one, generation));
    }

    /// Once refused for good, always refused.
    #[test]
    fn time_does_not_heal(presented in 0i64..4, generation in 0i64..4, second in 0i64..700_000, later in 0i64..700_000) {
        let family = Family { generation, ..family() };
        let is_over = |second| decide(presented, &family, after(second), &rules()).refusal().is_some();
        prop_assert!(!is_over(second) || is_over(second + later));
    }
}
