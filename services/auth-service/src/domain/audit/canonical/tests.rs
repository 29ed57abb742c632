use proptest::prelude::*;
use serde_json::{Value, json};

use super::{CanonicalError, text_of};
use crate::domain::audit::tests::issued;
use crate::domain::audit::{AuditEvent, AuditRecord};
use crate::domain::scope::ScopeSet;
use crate::domain::test_support::noon;

fn canonical(value: &Value) -> String {
    text_of(value).unwrap()
}

/// From RFC 8785, section 3.2.3, without its numbers.
#[test]
fn names_are_sorted_and_spaces_are_gone() {
    let value = json!({"b": [1, {"z": null, "a": true}], "a": "\u{20ac}$\u{f}\nA'B\"\\\\\"/", "": -1});
    let expected = r#"{"":-1,"a":"€$\u000f\nA'B\"\\\\\"/","b":[1,{"a":true,"z":null}]}"#;
    assert_eq!(canonical(&value), expected);
    assert_eq!(canonical(&json!({})), "{}");
    assert_eq!(canonical(&json!([])), "[]");
}

#[test]
fn a_record_has_one_form() {
    let text = issued().canonical().unwrap();
    assert!(
        text.starts_with(
            r#"{"address":"2001:db8::1","at":"2026-11-21T12:00:00.123456Z","event":{"audience":"#
        )
    );
    assert_eq!(AuditRecord::from_canonical(&text), Ok(issued()));
    for other in [
        text.replace("\":\"", "\": \""),
        format!("{text} "),
        text.replace("56Z", "560Z"),
    ] {
        assert_eq!(
            AuditRecord::from_canonical(&other),
            Err(CanonicalError::NotCanonical),
            "{other}"
        );
    }
    assert_eq!(AuditRecord::from_canonical("{}"), Err(CanonicalError::Unreadable));
}

proptest! {
    #[test]
    fn any_text_comes_back(client_id: String, subject: String) {
        let event = AuditEvent::CodeIssued { client_id, subject, scopes: ScopeSet::default() };
        let record = AuditRecord::new(noon(), None, None, event);
        prop_assert_eq!(AuditRecord::from_canonical(&record.canonical().unwrap()), Ok(record));
    }
}
