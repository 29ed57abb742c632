use proptest::prelude::*;

use super::{ChallengeError, CodeChallenge, CodeVerifier};

/// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

#[test]
fn the_example_of_the_rfc_fits() {
    let challenge = CodeChallenge::parse(CHALLENGE).unwrap();
    assert!(challenge.is_of(&CodeVerifier::parse(VERIFIER).unwrap()));
    let other = VERIFIER.replace('d', "e");
    assert!(!challenge.is_of(&CodeVerifier::parse(&other).unwrap()));
    assert_eq!(serde_json::to_value(&challenge).unwrap(), CHALLENGE);
    assert_eq!(
        serde_json::from_value::<CodeChallenge>(CHALLENGE.into()).unwrap(),
        challenge
    );
}

#[test]
fn what_is_no_sha_256_is_no_challenge() {
    let spare_bits = CHALLENGE.replace("cM", "cN");
    for text in [
        "",
        VERIFIER.get(1..).unwrap(),
        &format!("{CHALLENGE}="),
        &format!("{CHALLENGE}A"),
        &spare_bits,
        &"+".repeat(43),
    ] {
        assert_eq!(CodeChallenge::parse(text), Err(ChallengeError), "{text}");
    }
    assert!(serde_json::from_value::<CodeChallenge>("x".into()).is_err());
}

#[test]
fn verifiers_are_of_the_length_and_letters_of_the_rfc() {
    for (text, is_one) in [
        ("a".repeat(42), false),
        ("a".repeat(43), true),
        ("-._~".repeat(32), true),
        ("a".repeat(129), false),
        (format!("{}+", "a".repeat(42)), false),
        (format!("{}é", "a".repeat(42)), false),
        (format!("{} ", "a".repeat(43)), false),
    ] {
        assert_eq!(CodeVerifier::parse(&text).is_some(), is_one, "{text}");
    }
    assert_eq!(
        format!("{:?}", CodeVerifier::parse(VERIFIER).unwrap()),
        "CodeVerifier(..)"
    );
}

proptest! {
    /// A challenge made as clients make it, by other code.
    #[test]
    fn only_its_own_verifier_fits(one in "[A-Za-z0-9._~-]{43,128}", other in "[A-Za-z0-9._~-]{43,128}") {
        use base64::Engine as _;
        let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, one.as_bytes());
        let challenge = CodeChallenge::parse(&base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(hash)).unwrap();
        prop_assert!(challenge.is_of(&CodeVerifier::parse(&one).unwrap()));
        prop_assert_eq!(challenge.is_of(&CodeVerifier::parse(&other).unwrap()), one == other);
    }
}
