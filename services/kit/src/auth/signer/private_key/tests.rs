use jsonwebtoken::{Header, encode};
use serde_json::json;

use crate::Clock;
use crate::auth::test_support::{ISSUER, eddsa_key, grant, noon};
use crate::auth::{Signer, SigningKey, TokenKind};

/// Keys whose signatures are a function of the message sign as the library does, byte for byte; of the others the verifier's tests
/// tell.
#[test]
fn tokens_are_those_of_the_library() {
    let secret = SigningKey::hs256(Some("first".to_owned()), &[7; 32]).unwrap();
    for key in [secret, eddsa_key()] {
        let signer = Signer::new(ISSUER, key.clone(), Clock::fixed(noon()));
        let issued = signer.sign(TokenKind::Access, &grant()).unwrap();
        assert_eq!(issued.expose().split('.').count(), 3);
        let claims = json!({"sub": "somebody"});
        let ours = signer.sign_claims(claims.as_object().unwrap()).unwrap();
        let mut header = Header::new(key.algorithm().in_library());
        header.kid = key.id().map(str::to_owned);
        let theirs = encode(&header, &claims, key.library_key()).unwrap();
        assert_eq!(secrecy::ExposeSecret::expose_secret(&ours), theirs);
    }
}
