use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::Ed25519KeyPair;
use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::json;

use crate::Clock;
use crate::auth::test_support::{ISSUER, grant, noon};
use crate::auth::{Algorithm, Signer, SigningKey, TokenKind};

/// Keys whose signatures are a function of the message sign as the library does, byte for byte; of the others the verifier's tests
/// tell.
#[test]
fn tokens_are_those_of_the_library() {
    let secret = SigningKey::hs256(Some("first".to_owned()), &[7; 32]).unwrap();
    let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
    let ed25519 = SigningKey::from_pkcs8(Algorithm::EdDsa, pkcs8.as_ref()).unwrap();
    for (key, library_key) in [
        (secret, EncodingKey::from_secret(&[7; 32])),
        (ed25519, EncodingKey::from_ed_der(pkcs8.as_ref())),
    ] {
        let signer = Signer::new(ISSUER, key.clone(), Clock::fixed(noon()));
        let issued = signer.sign(TokenKind::Access, &grant()).unwrap();
        assert_eq!(issued.expose().split('.').count(), 3);
        let claims = json!({"sub": "somebody"});
        let ours = signer.sign_claims(claims.as_object().unwrap()).unwrap();
        let mut header = Header::new(key.algorithm().in_library());
        header.kid = key.id().map(str::to_owned);
        let theirs = encode(&header, &claims, &library_key).unwrap();
        assert_eq!(secrecy::ExposeSecret::expose_secret(&ours), theirs);
    }
}
