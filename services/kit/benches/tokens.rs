//! Verifying access tokens: ours beside the library's `decode` with the claims it can check, and beside the bare
//! signature check; for each algorithm. The table at the end measures all of them in turns, so that its ratios hold
//! on a busy machine too.

use std::cell::Cell;
use std::hint::black_box;
use std::io::Write;
use std::time::Duration;

use anyhow::Context as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair};
use criterion::Criterion;
use jiff::Timestamp;
use jsonwebtoken::{DecodingKey, Validation};
use serde_json::Value;
use service_kit::Clock;
use service_kit::auth::{
    Algorithm, Expectations, Grant, KeySet, Signer, SigningKey, TokenKind, VerificationKey,
};
use service_kit::testing::{Operation, in_turns};

const ISSUER: &str = "https://issuer.example";
const AUDIENCE: &str = "records";
const SECRET: [u8; 32] = [7; 32];
/// How often the table measures everything, and how many tokens each time.
const ROUNDS: usize = 500;
const TOKENS: u32 = 10;
/// How many tokens are verified in turns.
const DIFFERENT: usize = 10_000;

/// One algorithm: its signer, a token, and all that is needed to verify it three times over.
struct Subject {
    algorithm: Algorithm,
    signer: Signer,
    token: String,
    /// More than a key remembers the signatures of.
    tokens: Vec<String>,
    next: Cell<usize>,
    keys: KeySet,
    library_key: DecodingKey,
    library_algorithm: jsonwebtoken::Algorithm,
    validation: Validation,
    expectations: Expectations,
    now: Timestamp,
}

fn grant() -> Grant {
    Grant {
        subject: "5f0c5a4e-9d4f-4a53-8b8d-1c6f0f3a7c11".to_owned(),
        client_id: "portal".to_owned(),
        audience: vec![AUDIENCE.to_owned()],
        scopes: vec!["records.read".to_owned(), "records.write".to_owned()],
        roles: vec!["clinician".to_owned()],
        ..Grant::default()
    }
}

fn key(algorithm: Algorithm) -> anyhow::Result<SigningKey> {
    let random = SystemRandom::new();
    let pkcs8 = match algorithm {
        Algorithm::Es256 => EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random),
        Algorithm::EdDsa => Ed25519KeyPair::generate_pkcs8(&random),
        _ => return Ok(SigningKey::hs256(None, &SECRET)?),
    };
    Ok(SigningKey::from_pkcs8(algorithm, pkcs8?.as_ref())?)
}

fn verification(key: &SigningKey) -> anyhow::Result<(KeySet, DecodingKey, jsonwebtoken::Algorithm)> {
    let library = match key.algorithm() {
        Algorithm::Es256 => jsonwebtoken::Algorithm::ES256,
        Algorithm::EdDsa => jsonwebtoken::Algorithm::EdDSA,
        _ => {
            let keys = KeySet::from_iter([VerificationKey::hs256(None, &SECRET)?]);
            return Ok((
                keys,
                DecodingKey::from_secret(&SECRET),
                jsonwebtoken::Algorithm::HS256,
            ));
        }
    };
    let public = key.public().context("a public half")?;
    let jwks = serde_json::to_vec(&serde_json::json!({ "keys": [public] }))?;
    Ok((KeySet::from_jwks(&jwks)?, DecodingKey::from_jwk(public)?, library))
}

fn subject(algorithm: Algorithm) -> anyhow::Result<Subject> {
    let key = key(algorithm)?;
    let (keys, library_key, library_algorithm) = verification(&key)?;
    let mut validation = Validation::new(library_algorithm);
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[AUDIENCE]);
    validation.set_required_spec_claims(&["iss", "aud", "exp", "nbf", "sub"]);
    validation.validate_nbf = true;
    let clock = Clock::system();
    let now = clock.now();
    let signer = Signer::new(ISSUER, key, clock);
    let token = || anyhow::Ok(signer.sign(TokenKind::Access, &grant())?.expose().to_owned());
    Ok(Subject {
        algorithm,
        token: token()?,
        tokens: (0..DIFFERENT).map(|_| token()).collect::<Result<_, _>>()?,
        next: Cell::default(),
        signer,
        keys,
        library_key,
        library_algorithm,
        validation,
        expectations: Expectations {
            kind: TokenKind::Access,
            issuer: ISSUER.to_owned(),
            audience: AUDIENCE.to_owned(),
            leeway: Duration::from_secs(10),
        },
        now,
    })
}

impl Subject {
    fn verify(&self, token: &str) -> bool {
        self.expectations
            .verify(black_box(token), &self.keys, self.now)
            .is_ok()
    }

    /// A token that was not verified lately.
    fn another(&self) -> &str {
        let next = (self.next.get() + 1) % DIFFERENT;
        self.next.set(next);
        self.tokens.get(next).map_or("", String::as_str)
    }

    fn decode(&self) -> bool {
        jsonwebtoken::decode::<Value>(black_box(&self.token), &self.library_key, &self.validation).is_ok()
    }

    fn check_signature(&self) -> bool {
        let (message, signature) = black_box(&self.token).rsplit_once('.').unwrap_or_default();
        jsonwebtoken::crypto::verify(
            signature,
            message.as_bytes(),
            &self.library_key,
            self.library_algorithm,
        )
        .unwrap_or(false)
    }

    fn sign(&self) -> bool {
        self.signer.sign(TokenKind::Access, black_box(&grant())).is_ok()
    }

    fn operations(&self) -> [Operation<'_>; 5] {
        [
            ("verify", Box::new(|| self.verify(self.another()))),
            ("again", Box::new(|| self.verify(&self.token))),
            ("decode", Box::new(|| self.decode())),
            ("signature", Box::new(|| self.check_signature())),
            ("sign", Box::new(|| self.sign())),
        ]
    }
}

fn table(subjects: &[Subject]) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "\nalgorithm  verify/s   again/s  verify:decode  verify:signature  signature/s  sign/s"
    )?;
    for subject in subjects {
        let times = in_turns(&subject.operations(), ROUNDS, TOKENS);
        let [verify, again, decode, signature, sign] = times.as_slice() else {
            continue;
        };
        writeln!(
            out,
            "{:<9} {:>9.0} {:>9.0} {:>14.2} {:>17.2} {:>12.0} {:>7.0}",
            subject.algorithm.name(),
            1.0 / verify,
            1.0 / again,
            verify / decode,
            verify / signature,
            1.0 / signature,
            1.0 / sign,
        )?;
    }
    Ok(())
}

fn main() -> anyhow::Result<()> {
    let subjects = [Algorithm::Hs256, Algorithm::Es256, Algorithm::EdDsa].map(subject);
    let subjects: Vec<_> = subjects.into_iter().collect::<Result<_, _>>()?;
    let mut criterion = Criterion::default().configure_from_args();
    for subject in &subjects {
        let mut group = criterion.benchmark_group(subject.algorithm.name());
        for (name, operation) in subject.operations() {
            anyhow::ensure!(operation(), "{name} fails");
            group.bench_function(name, |bencher| bencher.iter(&operation));
        }
        group.finish();
    }
    criterion.final_summary();
    table(&subjects)?;
    Ok(())
}
