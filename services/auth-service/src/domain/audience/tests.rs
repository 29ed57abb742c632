use super::{granted, narrowed, requested};
use crate::domain::oauth_error::OAuthErrorCode;
use crate::domain::parameters::Parameters;
use crate::domain::test_support::form;

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

#[test]
fn resources_and_audiences_are_read_in_order_and_once() {
    let form = "resource=https://b.example.org&resource=https://a.example.org&resource=https://b.example.org&audience=records";
    let form = Parameters::parse(form.as_bytes()).unwrap();
    let expected = texts(&["https://b.example.org", "https://a.example.org", "records"]);
    assert_eq!(requested(&form).unwrap(), expected);
    assert_eq!(requested(&Parameters::default()).unwrap(), texts(&[]));
}

#[test]
fn a_resource_is_an_absolute_uri() {
    for resource in [
        "records",
        "/records",
        "https://a.example.org/#x",
        "https://a.example.org/#",
    ] {
        let refused = requested(&form(&[("resource", resource)])).unwrap_err();
        assert_eq!(refused.code, OAuthErrorCode::InvalidTarget, "{resource}");
    }
    assert!(requested(&form(&[("resource", "urn:example:records")])).is_ok());
}

#[test]
fn there_are_not_too_many() {
    let many = |count: usize| {
        let all: Vec<_> = (0..count).map(|n| format!("resource=urn:example:{n}")).collect();
        requested(&Parameters::parse(all.join("&").as_bytes()).unwrap())
    };
    assert_eq!(many(10).unwrap().len(), 10);
    assert_eq!(many(11).unwrap_err().code, OAuthErrorCode::InvalidTarget);
}

#[test]
fn who_names_none_gets_the_first_or_all_it_holds() {
    let held = texts(&["a", "b"]);
    assert_eq!(granted(&[], &held).unwrap(), texts(&["a"]));
    assert_eq!(narrowed(&[], &held).unwrap(), held);
    assert_eq!(granted(&texts(&["b"]), &held).unwrap(), texts(&["b"]));
    assert_eq!(granted(&held, &held).unwrap(), held);
}

#[test]
fn others_are_refused() {
    let held = texts(&["a", "b"]);
    for (asked, held) in [
        (texts(&["c"]), &held),
        (texts(&["a", "c"]), &held),
        (texts(&[]), &texts(&[])),
    ] {
        assert_eq!(
            granted(&asked, held).unwrap_err().code,
            OAuthErrorCode::InvalidTarget,
            "{asked:?}"
        );
    }
    assert_eq!(
        narrowed(&texts(&["c"]), &held).unwrap_err().code,
        OAuthErrorCode::InvalidTarget
    );
}
