use proptest::prelude::*;

use super::{RedirectUriError, check, is_registered};

#[test]
fn what_keeps_the_code_confidential_may_be_registered() {
    for uri in [
        "https://portal.example.org/callback",
        "https://portal.example.org/callback?app=1",
        "http://127.0.0.1/callback",
        "http://127.0.0.1:8000/callback",
        "http://[::1]/callback",
        "org.example.app:/callback",
        "org.example.app://callback",
    ] {
        assert_eq!(check(uri), Ok(()), "{uri}");
    }
}

#[test]
fn others_may_not() {
    let long = format!("https://portal.example.org/{}", "a".repeat(2000));
    for (uri, error) in [
        ("", RedirectUriError::NotAbsolute),
        ("/callback", RedirectUriError::NotAbsolute),
        ("portal.example.org/callback", RedirectUriError::NotAbsolute),
        ("https://portal.example.org/a b", RedirectUriError::NotAbsolute),
        ("https://portal.example.org/ä", RedirectUriError::NotAbsolute),
        (&long, RedirectUriError::NotAbsolute),
        ("https://portal.example.org/#", RedirectUriError::Fragment),
        ("https://portal.example.org/#a", RedirectUriError::Fragment),
        ("https://a@portal.example.org/", RedirectUriError::Credentials),
        ("https://a:b@portal.example.org/", RedirectUriError::Credentials),
        ("http://portal.example.org/callback", RedirectUriError::Scheme),
        ("http://localhost/callback", RedirectUriError::Scheme),
        ("http://192.0.2.1/callback", RedirectUriError::Scheme),
        ("javascript:alert(1)", RedirectUriError::Scheme),
        ("data:text/html,x", RedirectUriError::Scheme),
        ("file:///etc", RedirectUriError::Scheme),
        ("app:/callback", RedirectUriError::Scheme),
    ] {
        assert_eq!(check(uri), Err(error), "{uri}");
    }
}

/// RFC 8252, section 7.3.
#[test]
fn the_port_of_an_app_on_this_machine_may_be_any() {
    for (requested, registered) in [
        (
            "http://127.0.0.1:51004/oauth2redirect",
            "http://127.0.0.1/oauth2redirect",
        ),
        (
            "http://[::1]:61023/oauth2redirect",
            "http://[::1]:1/oauth2redirect",
        ),
        ("http://127.0.0.1:1", "http://127.0.0.1"),
        ("http://127.0.0.1:1?a=b", "http://127.0.0.1?a=b"),
    ] {
        assert!(is_registered(requested, registered), "{requested} {registered}");
    }
}

/// Even if such a thing had been registered.
#[test]
fn a_name_that_begins_like_this_machine_is_another() {
    let registered = "http://127.0.0.1.evil.example.org/";
    assert!(!is_registered("http://127.0.0.1:1.evil.example.org/", registered));
}

#[test]
fn all_else_is_compared_as_text() {
    for (requested, registered) in [
        (
            "https://portal.example.org/callback/",
            "https://portal.example.org/callback",
        ),
        (
            "https://portal.example.org/callback?a",
            "https://portal.example.org/callback",
        ),
        (
            "https://Portal.example.org/callback",
            "https://portal.example.org/callback",
        ),
        (
            "https://portal.example.org:443/callback",
            "https://portal.example.org/callback",
        ),
        (
            "https://portal.example.org/a/../callback",
            "https://portal.example.org/callback",
        ),
        (
            "https://portal.example.org.evil.example.org/",
            "https://portal.example.org/",
        ),
        ("https://127.0.0.1:1/callback", "https://127.0.0.1/callback"),
        ("http://127.0.0.1:51004/other", "http://127.0.0.1/callback"),
        ("http://[::1]:51004/callback", "http://127.0.0.1/callback"),
        (
            "http://127.0.0.1:80@evil.example.org/callback",
            "http://127.0.0.1/callback",
        ),
        (
            "http://127.0.0.1.evil.example.org/callback",
            "http://127.0.0.1/callback",
        ),
        ("http://127.0.0.1:99999/callback", "http://127.0.0.1/callback"),
        ("http://127.0.0.1:/callback", "http://127.0.0.1/callback"),
        ("http://127.0.0.1:+1/callback", "http://127.0.0.1/callback"),
        ("http://localhost:1/callback", "http://localhost/callback"),
        ("", "https://portal.example.org/callback"),
    ] {
        assert!(!is_registered(requested, registered), "{requested} {registered}");
    }
}

proptest! {
    /// Another reader of URIs sees the same place, whatever port was asked for.
    #[test]
    fn a_match_leads_to_the_same_place(rest in "[:/?@0-9.a-z\\[\\]#-]{0,16}") {
        let registered = "http://127.0.0.1/callback";
        let requested = format!("http://127.0.0.1{rest}");
        if is_registered(&requested, registered) {
            let mut url = url::Url::parse(&requested).unwrap();
            url.set_port(None).unwrap();
            prop_assert_eq!(url.as_str(), registered);
        }
    }

    #[test]
    fn any_port_is_the_same_place(port: u16) {
        let requested = format!("http://[::1]:{port}/a?b");
        prop_assert!(is_registered(&requested, "http://[::1]/a?b"));
    }
}
