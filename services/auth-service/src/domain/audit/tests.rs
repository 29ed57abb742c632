use serde_json::json;
use service_kit::auth::Validity;

use super::{AuditEvent, AuditRecord, TokenName};
use crate::domain::client::GrantType;
use crate::domain::scope::ScopeSet;
use crate::domain::test_support::{after, noon, uuid};

/// One that says much.
pub(super) fn issued() -> AuditRecord {
    let validity = Validity {
        token_id: format!("{}.1.00000000000000ab", uuid(1)),
        issued_at: noon(),
        expires_at: after(900),
    };
    let event = AuditEvent::TokenIssued {
        grant: GrantType::AuthorizationCode,
        client_id: "portal".to_owned(),
        subject: "user-1".to_owned(),
        token: TokenName::from(&validity),
        scopes: ScopeSet::parse("openid user/*.rs").unwrap(),
        audience: vec!["records".to_owned()],
        expires_at: after(900),
    };
    let at = "2026-11-21T12:00:00.123456789Z".parse().unwrap();
    AuditRecord::new(at, Some("2001:db8::1".parse().unwrap()), Some(uuid(7)), event)
}

#[test]
fn a_record_says_who_what_when_and_where() {
    let expected = json!({
        "at": "2026-11-21T12:00:00.123456Z", "address": "2001:db8::1", "request_id": uuid(7),
        "event": {
            "type": "token_issued", "grant": "authorization_code", "client_id": "portal", "subject": "user-1",
            "token": format!("{}.1.00000000000000ab", uuid(1)), "scopes": ["openid", "user/*.rs"],
            "audience": ["records"], "expires_at": "2026-11-21T12:15:00Z",
        },
    });
    assert_eq!(serde_json::to_value(issued()).unwrap(), expected);
}

#[test]
fn what_is_not_known_is_not_read() {
    for text in [
        r#"{"at":"2026-11-21T12:00:00Z","address":null,"request_id":null,"event":{"type":"party"}}"#,
        r#"{"at":"2026-11-21T12:00:00Z","address":null,"request_id":null,"event":{"type":"logged_out","user":"00000000-0000-0000-0000-000000000001","password":"x"}}"#,
        r#"{"at":"2026-11-21T12:00:00Z","address":null,"request_id":null,"token":"x","event":{"type":"logged_out","user":"00000000-0000-0000-0000-000000000001"}}"#,
    ] {
        assert!(serde_json::from_str::<AuditRecord>(text).is_err(), "{text}");
    }
}
