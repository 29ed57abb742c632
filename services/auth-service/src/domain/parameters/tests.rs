use proptest::prelude::*;

use super::{MAX_FORM_BYTES, MAX_PARAMETERS, Parameters, ParametersError, decode};

fn parse(text: &str) -> Result<Parameters, ParametersError> {
    Parameters::parse(text.as_bytes())
}

#[test]
fn values_are_decoded_and_empty_ones_are_left_out() {
    let form = parse("grant_type=client_credentials&scope=&state&name=a+b%2Bc%3D%26&&x=1=2").unwrap();
    assert_eq!(form.get("grant_type"), Some("client_credentials"));
    assert_eq!(form.get("scope"), None);
    assert_eq!(form.get("state"), None);
    assert_eq!(form.get("name"), Some("a b+c=&"));
    assert_eq!(form.get("x"), Some("1=2"));
    assert_eq!(form.get("absent"), None);
}

/// RFC 6749, appendix B: the example of the encoding.
#[test]
fn the_example_of_appendix_b_is_read() {
    assert_eq!(decode(b"+%25%26%2B%C2%A3%E2%82%AC").unwrap(), " %&+£€");
}

#[test]
fn a_parameter_twice_is_refused_even_when_empty_or_unknown() {
    for text in [
        "a=1&a=2",
        "a=1&a=1",
        "a=&a=1&",
        "a&a",
        "client_id=x&%63lient_id=y",
    ] {
        let refused = parse(text).map(|_| ());
        assert_eq!(refused, Err(ParametersError::Repeated), "{text}");
    }
}

#[test]
fn resources_may_be_several() {
    let form = parse("resource=https://a.example.org&resource=&resource=https://b.example.org").unwrap();
    let all: Vec<_> = form.all("resource").collect();
    assert_eq!(all, ["https://a.example.org", "https://b.example.org"]);
}

#[test]
fn what_is_not_encoded_text_is_refused() {
    for text in [
        "a=%", "a=%2", "a=%zz", "a=%2g", "a=%00", "%0a=1", "a=%0d", "a=%7f", "a=%c2%85", "a=%ff", "a=%c3",
    ] {
        assert_eq!(parse(text).map(|_| ()), Err(ParametersError::Malformed), "{text}");
    }
    assert_eq!(
        Parameters::parse(b"a=\xff").map(|_| ()),
        Err(ParametersError::Malformed)
    );
    assert!(parse("a=%09").is_ok());
}

#[test]
fn size_is_bounded() {
    let long = "a".repeat(MAX_FORM_BYTES);
    assert!(parse(&long).is_ok());
    assert_eq!(
        parse(&format!("{long}a")).map(|_| ()),
        Err(ParametersError::TooLong)
    );
    let many = |count: usize| (0..count).map(|n| format!("{n}=1")).collect::<Vec<_>>().join("&");
    assert!(parse(&many(MAX_PARAMETERS)).is_ok());
    assert_eq!(
        parse(&many(MAX_PARAMETERS + 1)).map(|_| ()),
        Err(ParametersError::TooMany)
    );
}

#[test]
fn debug_shows_no_values() {
    let form = parse("password=hunter2").unwrap();
    assert_eq!(format!("{form:?}"), "Parameters(1)");
}

proptest! {
    #[test]
    fn what_was_encoded_is_read_back(pairs in prop::collection::btree_map("[^\\pC]{1,12}", "[^\\pC]{1,12}", 0..8)) {
        let text = form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
        let form = parse(&text).unwrap();
        for (name, value) in &pairs {
            prop_assert_eq!(form.all(name).collect::<Vec<_>>(), [value.as_str()]);
        }
    }

    /// Another reader, which forgives what we refuse, understands the same.
    #[test]
    fn what_is_accepted_means_the_same_to_others(text in "[a-c=&+%0-9é]{0,24}") {
        if let Ok(form) = parse(&text) {
            let others = form_urlencoded::parse(text.as_bytes()).filter(|(_, value)| !value.is_empty());
            for (name, value) in others {
                prop_assert_eq!(form.get(&name), Some(value.as_ref()));
            }
        }
    }

    #[test]
    fn no_bytes_are_too_strange(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let _ = Parameters::parse(&bytes);
    }
}
