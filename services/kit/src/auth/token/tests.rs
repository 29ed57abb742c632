use std::sync::LazyLock;
use std::time::Duration;

use jiff::SignedDuration;
use proptest::prelude::*;

use super::{Expectations, MAX_TOKEN_BYTES, TokenKind, signed_claims, unverified_claims};
use crate::Clock;
use crate::auth::test_support::{Signers, claims, expectations, forge, grant, header, noon, token};
use crate::auth::{KeySet, Keys, Reason, Signer, Verifier};

/// Made once: proptest asks hundreds of times.
static SIGNERS: LazyLock<Signers> = LazyLock::new(Signers::new);
/// Kept: a signature is looked at by what the key remembers, too.
static KEYS: LazyLock<KeySet> = LazyLock::new(|| SIGNERS.keys());
static TOKENS: LazyLock<[String; 3]> = LazyLock::new(|| {
    [&SIGNERS.hs256, &SIGNERS.es256, &SIGNERS.eddsa].map(|key| token(key, TokenKind::Access))
});

fn verify(token: &str) -> Result<super::Claims, Reason> {
    expectations(TokenKind::Access).verify(token, &KEYS, noon())
}

#[test]
fn what_was_signed_is_read_back() {
    for token in TOKENS.iter() {
        let claims = verify(token).unwrap();
        assert_eq!(claims.subject(), "user-1");
        assert_eq!(claims.client_id(), "portal");
        assert_eq!(claims.audience(), ["records"]);
        assert_eq!(claims.scopes(), ["records.read"]);
        assert_eq!(claims.roles(), ["clinician"]);
        assert_eq!(claims.expires_at(), noon() + SignedDuration::from_mins(15));
    }
}

#[test]
fn the_issuer_verifies_tokens_for_whichever_audience() {
    let elsewhere = Expectations {
        audience: "elsewhere".to_owned(),
        ..expectations(TokenKind::Access)
    };
    for token in TOKENS.iter() {
        let refused = elsewhere.verify(token, &KEYS, noon());
        assert_eq!(refused.unwrap_err(), Reason::Audience);
        let claims = elsewhere.verify_for_any_audience(token, &KEYS, noon());
        assert_eq!(claims.unwrap().audience(), ["records"]);
    }
    let refresh = token(&SIGNERS.hs256, TokenKind::Refresh);
    let refused = elsewhere.verify_for_any_audience(&refresh, &KEYS, noon());
    assert_eq!(refused.unwrap_err(), Reason::Type);
}

#[test]
fn a_token_of_somebody_else_is_read_when_it_is_signed_and_of_its_kind() {
    let payload = r#"{"sub":"portal"}"#;
    let kid = SIGNERS.es256.id().unwrap();
    let read = |typ: &str, key| {
        let header = format!(r#"{{"alg":"ES256","kid":"{kid}"{typ}}}"#);
        let token = forge(&header, payload, key);
        assert_eq!(unverified_claims(&token).unwrap()["sub"], "portal");
        signed_claims(&token, &KEYS, &["jwt"]).map(|claims| claims["sub"].clone())
    };
    for typ in ["", r#","typ":"JWT""#, r#","typ":"application/jwt""#] {
        assert_eq!(read(typ, &SIGNERS.es256).unwrap(), "portal", "{typ}");
    }
    for typ in [r#","typ":"at+jwt""#, r#","typ":"rt+jwt""#, r#","typ":"""#] {
        assert_eq!(read(typ, &SIGNERS.es256).unwrap_err(), Reason::Type, "{typ}");
    }
    let forged = read("", &crate::auth::test_support::es256_key());
    assert_eq!(forged.unwrap_err(), Reason::Signature);
    for text in ["", "a.b.c", "no token"] {
        assert!(unverified_claims(text).is_err(), "{text}");
    }
}

/// All single-bit flips of one token of each algorithm, not a sample.
#[test]
fn a_token_with_any_bit_flipped_is_refused() {
    let keys = KEYS.clone();
    let expectations = expectations(TokenKind::Access);
    for token in TOKENS.iter() {
        for bit in 0..token.len() * 8 {
            let mut bytes = token.clone().into_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            // What is no UTF-8 does not get past the header.
            let Ok(flipped) = String::from_utf8(bytes) else {
                continue;
            };
            assert!(expectations.verify(&flipped, &keys, noon()).is_err(), "bit {bit}");
        }
    }
}

fn mutated() -> impl Strategy<Value = String> {
    let edit = (
        any::<prop::sample::Index>(),
        any::<prop::sample::Index>(),
        "[A-Za-z0-9_.=-]{0,8}",
    );
    (0..3usize, prop::collection::vec(edit, 1..4)).prop_map(|(which, edits)| {
        let mut text = TOKENS[which].clone();
        for (from, to, new) in edits {
            let (from, to) = (from.index(text.len() + 1), to.index(text.len() + 1));
            text.replace_range(from.min(to)..from.max(to), &new);
        }
        text
    })
}

proptest! {
    #[test]
    fn edited_tokens_are_refused(text in mutated()) {
        prop_assume!(!TOKENS.contains(&text));
        prop_assert!(verify(&text).is_err());
    }

    #[test]
    fn any_text_is_refused_without_a_panic(text in ".{0,300}") {
        prop_assert!(verify(&text).is_err());
        let three_parts = [text.as_str(); 3].join(".");
        prop_assert!(verify(&three_parts).is_err());
    }

    /// The three instants decide, and nothing else: valid from max(nbf, iat) - leeway until exp + leeway.
    #[test]
    fn the_clock_decides(offset in -2000..2000_i64, leeway in 0..60_u64) {
        let expectations = Expectations {
            leeway: Duration::from_secs(leeway),
            ..expectations(TokenKind::Access)
        };
        let now = noon() + SignedDuration::from_secs(offset);
        let allowed = i64::try_from(leeway.min(30)).unwrap();
        let expected = if offset < -allowed {
            Err(Reason::NotYetValid)
        } else if offset >= 900 + allowed {
            Err(Reason::Expired)
        } else {
            Ok(())
        };
        let verified = expectations.verify(&TOKENS[0], &KEYS, now).map(|_| ());
        prop_assert_eq!(verified, expected);
    }
}

#[tokio::test]
async fn a_token_ends_when_the_clock_says_so() {
    let (clock, hand) = Clock::manual(noon());
    let verifier = |kind, keys| Verifier::new(expectations(kind), Keys::Fixed(keys), clock.clone());
    let access = verifier(TokenKind::Access, KEYS.clone());
    let refresh = verifier(TokenKind::Refresh, SIGNERS.refresh_keys());
    let sign = |key: &crate::auth::SigningKey, kind| {
        let signer = Signer::new(super::super::test_support::ISSUER, key.clone(), clock.clone());
        signer.sign(kind, &grant()).unwrap()
    };
    let (short, long) = (
        sign(&SIGNERS.es256, TokenKind::Access),
        sign(&SIGNERS.refresh, TokenKind::Refresh),
    );
    assert!(access.verify(short.expose()).await.is_ok());
    assert!(refresh.verify(long.expose()).await.is_ok());
    // One is never taken for the other, whatever it is signed with.
    assert_eq!(access.verify(long.expose()).await, Err(Reason::Type));
    assert_eq!(refresh.verify(short.expose()).await, Err(Reason::Type));
    let under_access = sign(&SIGNERS.refresh, TokenKind::Access);
    assert_eq!(refresh.verify(under_access.expose()).await, Err(Reason::Type));

    hand.advance(SignedDuration::from_secs(15 * 60 + 10));
    assert_eq!(access.verify(short.expose()).await, Err(Reason::Expired));
    assert!(refresh.verify(long.expose()).await.is_ok());
    hand.advance(SignedDuration::from_hours(7 * 24));
    assert_eq!(refresh.verify(long.expose()).await, Err(Reason::Expired));
}

/// An issuer verifies with the keys it has now; without any it cannot tell.
#[tokio::test]
async fn keys_that_change_are_those_of_the_moment() {
    let (keys, latest) = tokio::sync::watch::channel(super::KeySet::default());
    let clock = Clock::fixed(noon());
    let verifier = Verifier::new(expectations(TokenKind::Access), Keys::Changing(latest), clock);
    assert_eq!(verifier.verify(&TOKENS[1]).await, Err(Reason::Unavailable));
    keys.send_replace(KEYS.clone());
    assert!(verifier.verify(&TOKENS[1]).await.is_ok());
    keys.send_replace(super::KeySet::default());
    assert_eq!(verifier.verify(&TOKENS[1]).await, Err(Reason::Unavailable));
}

#[test]
fn the_limit_of_length_is_the_last_that_passes() {
    let key = &SIGNERS.hs256;
    let with = |length: usize| {
        let mut claims = claims();
        claims["x"] = "x".repeat(length).into();
        forge(&header(key).to_string(), &claims.to_string(), key)
    };
    let fits = (0..MAX_TOKEN_BYTES)
        .rev()
        .map(with)
        .find(|token| token.len() <= MAX_TOKEN_BYTES)
        .unwrap();
    assert!(verify(&fits).is_ok());
    let excess = (0..MAX_TOKEN_BYTES)
        .map(with)
        .find(|token| token.len() > MAX_TOKEN_BYTES)
        .unwrap();
    assert_eq!(verify(&excess), Err(Reason::TooLong));
}

#[test]
fn neither_keys_nor_callers_show_in_debug_output() {
    let token = &TOKENS[0];
    let claims = verify(token).unwrap();
    let verifier = Verifier::new(
        expectations(TokenKind::Access),
        Keys::Fixed(KEYS.clone()),
        Clock::fixed(noon()),
    );
    let issued = Signer::new("issuer", SIGNERS.hs256.clone(), Clock::fixed(noon()))
        .sign(TokenKind::Access, &grant())
        .unwrap();
    let shown = format!(
        "{claims:?} {verifier:?} {issued:?} {:?} {:?}",
        SIGNERS.hs256,
        KEYS.clone()
    );
    for secret in ["user-1", "clinician", issued.expose(), token.as_str()] {
        assert!(!shown.contains(secret), "{shown}");
    }
}
