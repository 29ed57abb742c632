use jiff::SignedDuration;
use serde_json::json;

use super::{Granted, for_client, for_family};
use crate::domain::refresh::Family;
use crate::domain::scope::ScopeSet;
use crate::domain::test_support::{after, client, noon, uuid};

fn granted() -> Granted {
    Granted {
        scopes: ScopeSet::parse("records.read openid").unwrap(),
        audience: vec!["records".to_owned()],
    }
}

fn family() -> Family {
    Family {
        id: uuid(1),
        client_id: "portal".to_owned(),
        subject: "user-1".to_owned(),
        scopes: granted().scopes,
        roles: vec!["clinician".to_owned(), "auditor".to_owned()],
        audience: granted().audience,
        auth_time: after(-60),
        generation: 3,
        rotated_at: noon(),
        expires_at: after(86_400),
        revoked_at: None,
    }
}

#[test]
fn a_client_is_its_own_subject() {
    let (grant, validity) = for_client(&client(), &granted(), uuid(9), noon());
    assert_eq!(
        (grant.subject.as_str(), grant.client_id.as_str()),
        ("portal", "portal")
    );
    assert_eq!(grant.scopes, ["openid", "records.read"]);
    assert_eq!(
        (grant.roles, grant.audience),
        (vec!["robot".to_owned()], vec!["records".to_owned()])
    );
    assert_eq!(validity.token_id, uuid(9).to_string());
    assert_eq!((validity.issued_at, validity.expires_at), (noon(), after(900)));
}

#[test]
fn a_person_has_the_roles_of_the_login_that_are_left() {
    let now = ["auditor".to_owned(), "admin".to_owned()];
    let (grant, validity) = for_family(&family(), &granted(), &now, 0xab, noon());
    assert_eq!(grant.roles, ["auditor"]);
    assert_eq!(grant.subject, "user-1");
    assert_eq!(grant.other["auth_time"], json!(after(-60).as_second()));
    assert_eq!(validity.token_id, format!("{}.3.00000000000000ab", uuid(1)));
    assert_eq!(validity.expires_at, after(900));
}

#[test]
fn no_token_outlasts_its_family() {
    let nearly = family().expires_at - SignedDuration::from_secs(30);
    let (_, validity) = for_family(&family(), &granted(), &[], 0, nearly);
    assert_eq!(validity.expires_at, family().expires_at);
}
