use proptest::prelude::*;
use serde_json::{Value, json};
use service_kit::auth::{Claims, Grant, TokenKind};

use super::{INTROSPECTOR_ROLE, inactive, of_access_token, of_refresh_token};
use crate::domain::access_token::{Granted, for_family};
use crate::domain::client::Client;
use crate::domain::refresh::{Family, RefreshRules};
use crate::domain::scope::ScopeSet;
use crate::domain::test_support::{ISSUER, after, claims_of, client, noon, uuid};

fn family() -> Family {
    Family {
        id: uuid(1),
        client_id: "portal".to_owned(),
        subject: "user-1".to_owned(),
        scopes: ScopeSet::parse("openid records.read").unwrap(),
        roles: vec!["clinician".to_owned()],
        audience: vec!["records".to_owned()],
        auth_time: after(-60),
        generation: 1,
        rotated_at: noon(),
        expires_at: after(86_400 * 6),
        revoked_at: None,
    }
}

fn access_claims() -> Claims {
    let granted = Granted {
        scopes: family().scopes,
        audience: family().audience,
    };
    let (grant, validity) = for_family(&family(), &granted, &family().roles, 7, noon());
    claims_of(TokenKind::Access, &grant, validity)
}

fn refresh_claims(family: &Family) -> Claims {
    let (grant, validity) = family.refresh_token(ISSUER, &RefreshRules::default());
    claims_of(TokenKind::Refresh, &grant, validity)
}

fn named(id: &str, roles: &[&str]) -> Client {
    Client {
        id: id.to_owned(),
        roles: roles.iter().map(|&role| role.to_owned()).collect(),
        ..client()
    }
}

#[test]
fn an_active_access_token_is_described() {
    let now = noon().as_second();
    let expected = json!({
        "active": true, "token_type": "Bearer", "client_id": "portal", "sub": "user-1", "iss": ISSUER,
        "aud": ["records"], "jti": format!("{}.1.0000000000000007", uuid(1)), "iat": now, "nbf": now, "exp": now + 900,
        "scope": "openid records.read", "roles": ["clinician"], "auth_time": now - 60,
    });
    assert_eq!(of_access_token(&client(), &access_claims(), false), expected);
}

#[test]
fn who_has_nothing_to_do_with_a_token_learns_nothing() {
    for (caller, is_told) in [
        (named("portal", &[]), true),
        (named("records", &[]), true),
        (named("gateway", &[INTROSPECTOR_ROLE]), true),
        (named("other", &["clinician"]), false),
    ] {
        let answer = of_access_token(&caller, &access_claims(), false);
        assert_eq!(answer != inactive(), is_told, "{}", caller.id);
        assert_eq!(of_access_token(&caller, &access_claims(), true), inactive());
    }
}

#[test]
fn a_refresh_token_is_active_while_it_would_be_taken() {
    let describe = |presented: &Family, kept: Option<&Family>, second| {
        of_refresh_token(
            &client(),
            &refresh_claims(presented),
            kept,
            after(second),
            &RefreshRules::default(),
        )
    };
    let family = family();
    let rotated = family.rotated(noon());
    let active = describe(&family, Some(&family), 0);
    assert_eq!(
        (&active["active"], &active["scope"]),
        (&json!(true), &json!("openid records.read"))
    );
    assert_eq!(active.get("token_type"), None);
    assert_ne!(describe(&family, Some(&rotated), 9), inactive());
    let dead = Family {
        revoked_at: Some(noon()),
        ..family.clone()
    };
    let strange = [
        Family {
            id: uuid(2),
            ..family.clone()
        },
        Family {
            client_id: "other".to_owned(),
            ..family.clone()
        },
        Family {
            subject: "user-2".to_owned(),
            ..family.clone()
        },
        rotated.rotated(noon()),
        dead,
    ];
    for kept in &strange {
        assert_eq!(describe(&family, Some(kept), 0), inactive(), "{kept:?}");
    }
    assert_eq!(describe(&family, None, 0), inactive());
    assert_eq!(describe(&family, Some(&rotated), 10), inactive());
    assert_eq!(describe(&family, Some(&family), 86_400), inactive());
}

#[test]
fn others_learn_nothing_of_refresh_tokens() {
    for caller in [named("records", &[]), named("gateway", &[INTROSPECTOR_ROLE])] {
        let claims = refresh_claims(&family());
        let answer = of_refresh_token(
            &caller,
            &claims,
            Some(&family()),
            noon(),
            &RefreshRules::default(),
        );
        assert_eq!(answer, inactive());
    }
}

#[test]
fn the_name_of_a_token_of_a_client_is_no_family() {
    let (grant, mut validity) = family().refresh_token(ISSUER, &RefreshRules::default());
    validity.token_id = uuid(1).to_string();
    let claims = claims_of(TokenKind::Refresh, &Grant { ..grant }, validity);
    let answer = of_refresh_token(
        &client(),
        &claims,
        Some(&family()),
        noon(),
        &RefreshRules::default(),
    );
    assert_eq!(answer, inactive());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// What is not active is exactly that, with nothing that could tell why.
    #[test]
    fn there_are_two_forms_of_answers(
        caller in "(portal|records|other)", generation in 0i64..3, presented in 0i64..3, second in 0i64..20,
    ) {
        let kept = Family { generation, ..family() };
        let claims = refresh_claims(&Family { generation: presented, ..family() });
        let rules = RefreshRules::default();
        let answer = of_refresh_token(&named(&caller, &[]), &claims, Some(&kept), after(second), &rules);
        let is_inactive = serde_json::to_string(&answer).unwrap() == r#"{"active":false}"#;
        prop_assert!(is_inactive || answer["active"] == Value::Bool(true) && answer["client_id"] == "portal");
    }
}
