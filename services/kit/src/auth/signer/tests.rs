use serde_json::json;

use super::{Grant, SignError, Signer, SigningKey};
use crate::Clock;
use crate::auth::test_support::{Signers, expectations, grant, noon};
use crate::auth::{Algorithm, KeyError, TokenKind};

fn signer(key: &SigningKey) -> Signer {
    Signer::new(
        super::super::test_support::ISSUER,
        key.clone(),
        Clock::fixed(noon()),
    )
}

#[test]
fn what_could_not_be_verified_is_not_signed() {
    let signer = signer(&Signers::new().hs256);
    let other = |name: &str| [(name.to_owned(), json!(1))].into_iter().collect();
    let refused = |grant: Grant| signer.sign(TokenKind::Access, &grant).unwrap_err();
    let incomplete = [
        Grant {
            subject: String::new(),
            ..grant()
        },
        Grant {
            client_id: String::new(),
            ..grant()
        },
        Grant {
            audience: vec![],
            ..grant()
        },
        Grant {
            audience: vec![String::new()],
            ..grant()
        },
    ];
    for grant in incomplete {
        assert_eq!(refused(grant), SignError::Incomplete);
    }
    for name in super::RESERVED {
        assert_eq!(
            refused(Grant {
                other: other(name),
                ..grant()
            }),
            SignError::ReservedClaim,
            "{name}"
        );
    }
    for scope in ["", "a b", "a\"b", "a\\b", "ä", "a\u{7f}"] {
        let scopes = vec!["ok".to_owned(), scope.to_owned()];
        assert_eq!(
            refused(Grant { scopes, ..grant() }),
            SignError::InvalidScope,
            "{scope}"
        );
    }
}

#[test]
fn further_claims_are_carried_and_every_token_has_its_own_id() {
    let signers = Signers::new();
    let signer = signer(&signers.eddsa);
    let grant = Grant {
        other: [("family".to_owned(), json!("f-1"))].into_iter().collect(),
        ..grant()
    };
    let (one, two) = (
        signer.sign(TokenKind::Access, &grant).unwrap(),
        signer.sign(TokenKind::Access, &grant).unwrap(),
    );
    assert_ne!(one.token_id, two.token_id);
    let claims = expectations(TokenKind::Access)
        .verify(one.expose(), &signers.keys(), noon())
        .unwrap();
    assert_eq!(claims.get("family"), Some(&json!("f-1")));
    assert_eq!(claims.token_id(), one.token_id);
    assert_eq!(claims.expires_at(), one.expires_at);
}

#[test]
fn keys_of_the_wrong_kind_are_refused() {
    let pkcs8 =
        aws_lc_rs::signature::Ed25519KeyPair::generate_pkcs8(&aws_lc_rs::rand::SystemRandom::new()).unwrap();
    for algorithm in [Algorithm::Es256, Algorithm::Rs256, Algorithm::Hs256] {
        let refused = SigningKey::from_pkcs8(algorithm, pkcs8.as_ref()).unwrap_err();
        assert_eq!(refused, KeyError::NotAPrivateKey(algorithm.name()));
    }
    assert!(SigningKey::from_pkcs8(Algorithm::EdDsa, pkcs8.as_ref()).is_ok());
    assert!(SigningKey::from_pem(Algorithm::EdDsa, b"no PEM").is_err());
    assert_eq!(
        SigningKey::hs256(None, &[1; 31]).unwrap_err(),
        KeyError::ShortSecret(31)
    );
}

/// RS256 is for issuers that have nothing else; its keys come as the others do.
#[test]
fn rs256_tokens_verify_with_the_published_key() {
    let key = aws_lc_rs::rsa::KeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa2048).unwrap();
    let der = aws_lc_rs::encoding::AsDer::<aws_lc_rs::encoding::Pkcs8V1Der<'_>>::as_der(&key).unwrap();
    let key = SigningKey::from_pkcs8(Algorithm::Rs256, der.as_ref()).unwrap();
    let token = signer(&key).sign(TokenKind::Access, &grant()).unwrap();
    let keys = crate::auth::KeySet::from_jwks(&super::super::test_support::jwks([&key])).unwrap();
    assert!(
        expectations(TokenKind::Access)
            .verify(token.expose(), &keys, noon())
            .is_ok()
    );
}
