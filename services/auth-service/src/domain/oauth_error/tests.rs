use serde_json::json;

use super::{OAuthError, OAuthErrorCode, is_description};

#[test]
fn names_in_answers_and_in_records_are_the_same() {
    for code in OAuthErrorCode::ALL {
        assert_eq!(serde_json::to_value(code).unwrap(), json!(code.as_str()));
    }
}

/// RFC 6749, section 5.2: 401 with a challenge for `invalid_client` alone, otherwise 400.
#[test]
fn only_clients_nobody_knows_are_challenged() {
    for code in OAuthErrorCode::ALL {
        let error = OAuthError::new(code, "text");
        let is_client = code == OAuthErrorCode::InvalidClient;
        assert_eq!(error.code.status() == 401, is_client, "{code:?}");
        assert_eq!(error.challenge().is_some(), is_client, "{code:?}");
    }
    assert_eq!(OAuthErrorCode::InvalidGrant.status(), 400);
    assert_eq!(OAuthErrorCode::ServerError.status(), 500);
    assert_eq!(OAuthErrorCode::TemporarilyUnavailable.status(), 503);
}

#[test]
fn an_error_reads_the_same_in_body_and_redirect() {
    let error = OAuthError::invalid_scope("no such scope");
    assert_eq!(
        error.to_json(),
        json!({"error": "invalid_scope", "error_description": "no such scope"})
    );
    assert_eq!(
        error.to_query(),
        [("error", "invalid_scope"), ("error_description", "no such scope")]
    );
    assert_eq!(error.to_string(), "invalid_scope: no such scope");
}

#[test]
fn descriptions_are_of_the_allowed_characters() {
    assert!(is_description("All of !#[]~, and space."));
    for text in ["", "\"", "\\", "ä", "a\nb", "\u{7f}"] {
        assert!(!is_description(text), "{text:?}");
    }
}

/// Where assertions are on, as in tests.
#[test]
fn a_bad_description_is_found_in_tests() {
    let made = std::panic::catch_unwind(|| OAuthError::invalid_request("\""));
    let said = made.err().and_then(|panic| panic.downcast_ref::<&str>().copied());
    assert_eq!(
        said.is_some_and(|said| said.contains("RFC 6749, section 5.2")),
        cfg!(debug_assertions)
    );
}
