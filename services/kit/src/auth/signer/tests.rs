use jiff::SignedDuration;
use secrecy::ExposeSecret;
use serde_json::json;

use super::{Grant, SignError, Signer, SigningKey, Validity};
use crate::Clock;
use crate::auth::test_support::{ISSUER, Signers, expectations, grant, jwks, noon};
use crate::auth::{Algorithm, KeyError, Reason, TokenKind};

fn signer(key: &SigningKey) -> Signer {
    Signer::new(ISSUER, key.clone(), Clock::fixed(noon()))
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

/// So that a refresh token can be given again without having been kept.
#[test]
fn a_token_of_a_given_name_and_time_is_the_same_whenever_it_is_signed() {
    let signers = Signers::new();
    let validity = |minutes| Validity {
        token_id: "family.1".to_owned(),
        issued_at: noon() + SignedDuration::from_millis(999),
        expires_at: noon() + SignedDuration::from_mins(minutes),
    };
    let sign = |clock, minutes| {
        let signer = Signer::new(ISSUER, signers.refresh.clone(), clock);
        signer
            .sign_as(TokenKind::Refresh, &grant(), validity(minutes))
            .unwrap()
    };
    let token = sign(Clock::fixed(noon()), 10);
    let later = Clock::fixed(noon() + SignedDuration::from_hours(5));
    assert_eq!(token.expose(), sign(later, 10).expose());
    let claims = expectations(TokenKind::Refresh)
        .verify(token.expose(), &signers.refresh_keys(), noon())
        .unwrap();
    assert_eq!(claims.token_id(), "family.1");
    assert_eq!((claims.issued_at(), claims.not_before()), (noon(), noon()));
    assert_eq!(claims.expires_at(), noon() + SignedDuration::from_mins(10));
    // No longer than tokens of the kind live.
    let week = noon() + SignedDuration::from_hours(7 * 24);
    assert_eq!(sign(Clock::fixed(noon()), 1_000_000).expires_at, week);
}

#[test]
fn other_claims_make_no_access_and_no_refresh_token() {
    let signers = Signers::new();
    let claims = crate::auth::test_support::claims();
    let token = signer(&signers.es256)
        .sign_claims(claims.as_object().unwrap())
        .unwrap();
    for kind in [TokenKind::Access, TokenKind::Refresh] {
        let refused = expectations(kind).verify(token.expose_secret(), &signers.keys(), noon());
        assert_eq!(refused.unwrap_err(), Reason::Type);
    }
    let read = crate::auth::signed_claims(token.expose_secret(), &signers.keys(), &["jwt"]).unwrap();
    assert_eq!(serde_json::Value::from(read), claims);
}

#[test]
fn keys_of_the_wrong_kind_are_refused() {
    let pkcs8 =
        aws_lc_rs::signature::Ed25519KeyPair::generate_pkcs8(&aws_lc_rs::rand::SystemRandom::new()).unwrap();
    for algorithm in Algorithm::ALL {
        if algorithm == Algorithm::EdDsa {
            continue;
        }
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

/// Those that are not ours come as ours do: as the key of a set, for one algorithm.
#[test]
fn tokens_of_the_other_algorithms_verify_with_the_published_key() {
    let rsa = aws_lc_rs::rsa::KeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa2048).unwrap();
    let rsa = aws_lc_rs::encoding::AsDer::<aws_lc_rs::encoding::Pkcs8V1Der<'_>>::as_der(&rsa).unwrap();
    let ec = aws_lc_rs::signature::EcdsaKeyPair::generate_pkcs8(
        &aws_lc_rs::signature::ECDSA_P384_SHA384_FIXED_SIGNING,
        &aws_lc_rs::rand::SystemRandom::new(),
    );
    let ec = ec.unwrap();
    let algorithms = [
        (Algorithm::Rs256, rsa.as_ref()),
        (Algorithm::Rs384, rsa.as_ref()),
        (Algorithm::Es384, ec.as_ref()),
    ];
    let keys = algorithms.map(|(algorithm, der)| SigningKey::from_pkcs8(algorithm, der).unwrap());
    for key in &keys {
        let token = signer(key).sign(TokenKind::Access, &grant()).unwrap();
        let verify = |keys: &[u8]| {
            let keys = crate::auth::KeySet::from_jwks(keys).unwrap();
            expectations(TokenKind::Access)
                .verify(token.expose(), &keys, noon())
                .map(|_| ())
        };
        assert_eq!(verify(&jwks([key])), Ok(()), "{key:?}");
    }
    // The same RSA key, under the same name, is for one of the two.
    let token = signer(&keys[1]).sign(TokenKind::Access, &grant()).unwrap();
    let published = crate::auth::KeySet::from_jwks(&jwks([&keys[0]])).unwrap();
    let refused = expectations(TokenKind::Access).verify(token.expose(), &published, noon());
    assert_eq!(refused.unwrap_err(), Reason::Algorithm);
}
