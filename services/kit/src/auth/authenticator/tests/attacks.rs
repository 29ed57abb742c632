//! Every known way to pass off a token as valid, over real sockets: each is refused, with the right status, the right
//! challenge and exactly one count of the right reason, and its handler is not reached.

use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};

use super::{Guarded, failures, read};
use crate::auth::test_support::{
    changed, claims, claims_with, encode, es256_key, forge, header, noon, random_secret, sign_parts, token,
};
use crate::auth::{MAX_TOKEN_BYTES, Reason, SigningKey, TokenKind};

struct Attack {
    name: String,
    request: RequestBuilder,
    /// What must not occur in any answer, log line or metric.
    secret: String,
    reason: Reason,
}

struct Attacks<'a> {
    guarded: &'a Guarded,
    all: Vec<Attack>,
}

impl Attacks<'_> {
    fn token(&mut self, name: impl Into<String>, token: String, reason: Reason) {
        let request = self.guarded.request().bearer_auth(&token);
        let secret = match token.rsplit_once('.') {
            Some((_, signature)) => signature.to_owned(),
            None => token,
        };
        self.all.push(Attack {
            name: name.into(),
            request,
            secret,
            reason,
        });
    }

    fn raw(&mut self, name: &str, values: &[&str], reason: Reason) {
        let request = values.iter().fold(self.guarded.request(), |request, value| {
            request.header("authorization", *value)
        });
        self.all.push(Attack {
            name: name.to_owned(),
            request,
            secret: String::new(),
            reason,
        });
    }
}

fn without_signature(header: &Value) -> String {
    format!("{}.{}.", encode(header.to_string()), encode(claims().to_string()))
}

fn algorithms(attacks: &mut Attacks<'_>) {
    let signers = attacks.guarded.signers.clone();
    for alg in [
        "none", "None", "NONE", "nOnE", "", "HS512", "hs256", "ES384", "HS256 ",
    ] {
        let named = changed(header(&signers.hs256), "alg", Some(alg.into()));
        attacks.token(
            format!("alg {alg:?}, no signature"),
            without_signature(&named),
            Reason::Algorithm,
        );
        let signed = forge(&named.to_string(), &claims().to_string(), &signers.hs256);
        attacks.token(format!("alg {alg:?}, signed"), signed, Reason::Algorithm);
    }
    let missing = changed(header(&signers.hs256), "alg", None);
    attacks.token(
        "no alg",
        forge(&missing.to_string(), &claims().to_string(), &signers.hs256),
        Reason::Algorithm,
    );
    let list = changed(header(&signers.hs256), "alg", Some(json!(["HS256"])));
    attacks.token(
        "alg is a list",
        forge(&list.to_string(), &claims().to_string(), &signers.hs256),
        Reason::Malformed,
    );

    // Key confusion: what is public is no secret, in whatever form.
    let public = signers.es256.public().unwrap();
    let jwk = serde_json::to_value(public).unwrap();
    let material = [
        serde_json::to_vec(&jwk).unwrap(),
        jwk["x"].as_str().unwrap().as_bytes().to_vec(),
        format!("{}{}", jwk["x"].as_str().unwrap(), jwk["y"].as_str().unwrap()).into_bytes(),
    ];
    for (index, secret) in material.iter().enumerate() {
        let confused = SigningKey::hs256(signers.es256.id().map(str::to_owned), secret).unwrap();
        let with_id = forge(&header(&confused).to_string(), &claims().to_string(), &confused);
        attacks.token(
            format!("ES256 public key as secret {index}, with its kid"),
            with_id,
            Reason::Algorithm,
        );
        let without = changed(header(&confused), "kid", None);
        let without = forge(&without.to_string(), &claims().to_string(), &confused);
        attacks.token(
            format!("ES256 public key as secret {index}, without kid"),
            without,
            Reason::Signature,
        );
    }
    let swapped = changed(header(&signers.eddsa), "kid", signers.es256.id().map(Value::from));
    let swapped = forge(&swapped.to_string(), &claims().to_string(), &signers.eddsa);
    attacks.token("EdDSA token under the kid of ES256", swapped, Reason::Algorithm);
    let lying = changed(header(&signers.es256), "alg", Some("EdDSA".into()));
    attacks.token(
        "ES256 key, alg EdDSA",
        forge(&lying.to_string(), &claims().to_string(), &signers.es256),
        Reason::Algorithm,
    );
}

fn keys(attacks: &mut Attacks<'_>) {
    let signers = attacks.guarded.signers.clone();
    let mut forged = |name: &str, header: Value, key: &SigningKey, reason| {
        attacks.token(
            name,
            forge(&header.to_string(), &claims().to_string(), key),
            reason,
        );
    };
    let stranger = es256_key();
    forged(
        "a key of their own, its kid",
        header(&stranger),
        &stranger,
        Reason::UnknownKey,
    );
    let ours = changed(header(&stranger), "kid", signers.es256.id().map(Value::from));
    forged("a key of their own, our kid", ours, &stranger, Reason::Signature);
    let anonymous = changed(header(&signers.es256), "kid", None);
    forged("ES256 without kid", anonymous, &signers.es256, Reason::Algorithm);
    for kid in ["../../etc/passwd", "' OR 1=1 --", "\u{0}", ""] {
        let named = changed(header(&signers.hs256), "kid", Some(kid.into()));
        forged("kid that is no kid", named, &signers.hs256, Reason::UnknownKey);
    }
    forged(
        "kid is a number",
        changed(header(&signers.hs256), "kid", Some(1.into())),
        &signers.hs256,
        Reason::Malformed,
    );
    let guessed = SigningKey::hs256(None, &random_secret()).unwrap();
    forged("another secret", header(&guessed), &guessed, Reason::Signature);
    let empty = SigningKey::hs256(None, &[0; 32]).unwrap();
    forged("a secret of zeros", header(&empty), &empty, Reason::Signature);

    // A token must not bring its own key, nor say where it is, nor ask for what we do not know.
    let jwk = serde_json::to_value(stranger.public().unwrap()).unwrap();
    let members = [
        ("jwk", jwk),
        ("jku", json!("http://127.0.0.1:1/keys")),
        ("x5u", json!("http://127.0.0.1:1/certificate")),
        ("x5c", json!(["MIIB"])),
        ("crit", json!(["exp"])),
        ("crit", json!([])),
        ("b64", json!(false)),
        ("zip", json!("DEF")),
    ];
    for (name, value) in members {
        forged(
            name,
            changed(header(&stranger), name, Some(value.clone())),
            &stranger,
            Reason::Header,
        );
        // Also when everything else about it is right.
        forged(
            name,
            changed(header(&signers.es256), name, Some(value)),
            &signers.es256,
            Reason::Header,
        );
    }
}

fn kinds(attacks: &mut Attacks<'_>) {
    let signers = attacks.guarded.signers.clone();
    attacks.token(
        "refresh token",
        token(&signers.refresh, TokenKind::Refresh),
        Reason::Type,
    );
    attacks.token(
        "refresh token under the access key",
        token(&signers.hs256, TokenKind::Refresh),
        Reason::Type,
    );
    attacks.token(
        "access token under the refresh key",
        token(&signers.refresh, TokenKind::Access),
        Reason::Signature,
    );
    for typ in [
        json!("JWT"),
        json!("at+jwt2"),
        json!(""),
        json!("application/at"),
        json!("logout+jwt"),
        json!("text/at+jwt"),
    ] {
        let other = changed(header(&signers.hs256), "typ", Some(typ.clone()));
        attacks.token(
            format!("typ {typ}"),
            forge(&other.to_string(), &claims().to_string(), &signers.hs256),
            Reason::Type,
        );
    }
    let none = changed(header(&signers.hs256), "typ", None);
    attacks.token(
        "no typ",
        forge(&none.to_string(), &claims().to_string(), &signers.hs256),
        Reason::Type,
    );
}

fn claim_values(attacks: &mut Attacks<'_>) {
    let key = attacks.guarded.signers.hs256.clone();
    let now = noon().as_second();
    let cases: Vec<(&str, Option<Value>, Reason)> = vec![
        ("iss", None, Reason::Claims),
        ("iss", Some(json!("https://issuer.example/")), Reason::Issuer),
        ("iss", Some(json!("https://ISSUER.example")), Reason::Issuer),
        ("iss", Some(json!(["https://issuer.example"])), Reason::Claims),
        ("iss", Some(Value::Null), Reason::Claims),
        ("aud", None, Reason::Claims),
        ("aud", Some(json!("other")), Reason::Audience),
        ("aud", Some(json!(["other", "records2"])), Reason::Audience),
        ("aud", Some(json!([])), Reason::Claims),
        ("aud", Some(json!("")), Reason::Claims),
        ("aud", Some(json!({"records": true})), Reason::Claims),
        ("aud", Some(json!(["records", 1])), Reason::Claims),
        ("aud", Some(json!("records other")), Reason::Audience),
        ("exp", None, Reason::Claims),
        ("exp", Some(json!("9999999999")), Reason::Claims),
        ("exp", Some(json!(-1)), Reason::Claims),
        ("exp", Some(json!(1e300)), Reason::Claims),
        ("exp", Some(json!(now - 10)), Reason::Expired),
        ("exp", Some(json!(now - 10_000)), Reason::Expired),
        ("exp", Some(json!(0)), Reason::Expired),
        ("nbf", None, Reason::Claims),
        ("nbf", Some(json!(now + 11)), Reason::NotYetValid),
        ("nbf", Some(json!(true)), Reason::Claims),
        ("iat", None, Reason::Claims),
        ("iat", Some(json!(now + 11)), Reason::NotYetValid),
        ("sub", None, Reason::Claims),
        ("sub", Some(json!("")), Reason::Claims),
        ("client_id", None, Reason::Claims),
        ("jti", None, Reason::Claims),
        ("jti", Some(json!(7)), Reason::Claims),
        ("scope", Some(json!(["records.read"])), Reason::Claims),
        ("roles", Some(json!("clinician")), Reason::Claims),
        ("roles", Some(json!([["clinician"]])), Reason::Claims),
    ];
    for (name, value, reason) in cases {
        let text = format!("{name} = {value:?}");
        let payload = claims_with(name, value).to_string();
        attacks.token(text, forge(&header(&key).to_string(), &payload, &key), reason);
    }
}

fn encodings(attacks: &mut Attacks<'_>) {
    let key = attacks.guarded.signers.hs256.clone();
    let good = token(&key, TokenKind::Access);
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let (head, payload) = signed.split_once('.').unwrap();
    attacks.token("padded signature", format!("{good}="), Reason::Malformed);
    attacks.token(
        "padded header",
        sign_parts(&format!("{head}=="), payload, &key),
        Reason::Malformed,
    );
    attacks.token(
        "padded payload",
        sign_parts(head, &format!("{payload}="), &key),
        Reason::Malformed,
    );
    attacks.token(
        "spare bits in the signature",
        format!("{signed}.{}", with_spare_bit(signature)),
        Reason::Malformed,
    );
    // One byte more than a multiple of three leaves spare bits in the last character.
    let ragged = [claims().to_string(), " ".to_owned(), "  ".to_owned()].concat();
    let ragged = (0..3)
        .map(|n| format!("{ragged}{}", " ".repeat(n)))
        .find(|text| text.len() % 3 == 1)
        .unwrap();
    let spare = sign_parts(head, &with_spare_bit(&encode(ragged)), &key);
    attacks.token("spare bits in the payload", spare, Reason::Malformed);
    let standard = format!("{head}.{payload}.+/+/{}", &signature[4..]);
    attacks.token("the other base64 alphabet", standard, Reason::Malformed);
}

/// Not three parts of JSON objects, or too much of them.
fn forms(attacks: &mut Attacks<'_>) {
    let key = attacks.guarded.signers.hs256.clone();
    let good = token(&key, TokenKind::Access);
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let (head, payload) = signed.split_once('.').unwrap();
    for (name, text) in [
        ("no parts", "abc".to_owned()),
        ("two parts", signed.to_owned()),
        ("four parts", format!("{good}.{signature}")),
        ("five parts, as JWE", format!("{good}.AA.AA")),
        ("empty header", format!(".{payload}.{signature}")),
        ("dots only", "..".to_owned()),
        ("JSON serialization", "{\"payload\":\"e30\"}".to_owned()),
        (
            "a line feed as base64",
            format!("{signed}.{}", signature.replace(['-', '_'], "%0A") + "%0A"),
        ),
    ] {
        attacks.token(name, text, Reason::Malformed);
    }
    attacks.token("empty payload", format!("{head}..{signature}"), Reason::Signature);
    attacks.token("empty signature", format!("{signed}."), Reason::Signature);
    attacks.token(
        "short signature",
        format!("{signed}.{}", &signature[..20]),
        Reason::Signature,
    );
    attacks.token(
        "no JSON",
        sign_parts(head, &encode("nonsense"), &key),
        Reason::Malformed,
    );
    attacks.token(
        "claims in a list",
        sign_parts(head, &encode("[]"), &key),
        Reason::Malformed,
    );
    attacks.token(
        "two documents",
        sign_parts(head, &encode(format!("{}{}", claims(), claims())), &key),
        Reason::Malformed,
    );
    attacks.token(
        "no UTF-8",
        sign_parts(head, &encode(b"{\"a\":\"\xff\"}"), &key),
        Reason::Malformed,
    );
    let long = claims_with("x", Some("x".repeat(MAX_TOKEN_BYTES).into())).to_string();
    attacks.token(
        "long",
        forge(&header(&key).to_string(), &long, &key),
        Reason::TooLong,
    );
    attacks.token("long and senseless", "A".repeat(60_000), Reason::TooLong);
}

/// The same bytes in base64url for a lax reader: the bits behind the last byte are not zero.
fn with_spare_bit(text: &str) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let last = *text.as_bytes().last().unwrap();
    let value = ALPHABET.iter().position(|byte| *byte == last).unwrap();
    assert_eq!(value & 1, 0, "the last character has no spare bits");
    format!("{}{}", &text[..text.len() - 1], char::from(ALPHABET[value | 1]))
}

fn duplicates(attacks: &mut Attacks<'_>) {
    let key = attacks.guarded.signers.hs256.clone();
    let (head, body) = (header(&key).to_string(), claims().to_string());
    let twice = |object: &str, member: &str| object.replacen('{', &format!("{{{member},"), 1);
    for member in [
        r#""exp":1"#,
        r#""\u0065xp":1"#,
        r#""aud":"records""#,
        r#""sub":"admin""#,
        r#""x":{"a":1,"a":2}"#,
    ] {
        attacks.token(
            format!("claim {member} twice"),
            forge(&head, &twice(&body, member), &key),
            Reason::DuplicateMember,
        );
    }
    for member in [
        r#""alg":"none""#,
        r#""typ":"JWT""#,
        r#""alg":"HS256""#,
        r#""t\u0079p":"at+jwt""#,
    ] {
        attacks.token(
            format!("header {member} twice"),
            forge(&twice(&head, member), &body, &key),
            Reason::DuplicateMember,
        );
    }
}

fn headers(attacks: &mut Attacks<'_>) {
    let good = token(&attacks.guarded.signers.hs256, TokenKind::Access);
    let bearer = format!("Bearer {good}");
    attacks.raw("no header", &[], Reason::Missing);
    attacks.raw("another scheme", &["Basic dXNlcjpwYXNz"], Reason::Missing);
    attacks.raw("the bare token", &[&good], Reason::Missing);
    attacks.raw("two headers, both good", &[&bearer, &bearer], Reason::Ambiguous);
    attacks.raw(
        "two headers, the second good",
        &["Basic dXNlcjpwYXNz", &bearer],
        Reason::Ambiguous,
    );
    attacks.raw("scheme only", &["Bearer"], Reason::InvalidRequest);
    attacks.raw(
        "two spaces",
        &[&format!("Bearer  {good}")],
        Reason::InvalidRequest,
    );
    attacks.raw(
        "a list",
        &[&format!("{bearer}, {bearer}")],
        Reason::InvalidRequest,
    );
    attacks.raw(
        "a list without space",
        &[&format!("{bearer},Basic")],
        Reason::InvalidRequest,
    );
    attacks.raw(
        "two tokens",
        &[&format!("{bearer} {good}")],
        Reason::InvalidRequest,
    );
    let query = Client::new().get(
        attacks
            .guarded
            .server
            .url(&format!("/records?access_token={good}")),
    );
    let cookie = attacks
        .guarded
        .request()
        .header("cookie", format!("access_token={good}"));
    let body = attacks
        .guarded
        .request()
        .header("content-type", "application/x-www-form-urlencoded")
        .body(format!("access_token={good}"));
    for (name, request) in [
        ("in the query", query),
        ("in a cookie", cookie),
        ("in the body", body),
    ] {
        attacks.all.push(Attack {
            name: name.to_owned(),
            request,
            secret: good.clone(),
            reason: Reason::Missing,
        });
    }
}

fn expected(reason: Reason) -> (u16, &'static str, &'static str) {
    match reason {
        Reason::Missing => (401, "Bearer realm=\"api\"", "unauthorized"),
        Reason::Ambiguous | Reason::InvalidRequest => (
            400,
            "Bearer realm=\"api\", error=\"invalid_request\"",
            "bad_request",
        ),
        _ => (
            401,
            "Bearer realm=\"api\", error=\"invalid_token\"",
            "unauthorized",
        ),
    }
}

#[tokio::test]
async fn every_attack_is_refused_for_its_own_reason() {
    let guarded = Guarded::start().await;
    let mut attacks = Attacks {
        guarded: &guarded,
        all: Vec::new(),
    };
    for group in [
        algorithms,
        keys,
        kinds,
        claim_values,
        encodings,
        forms,
        duplicates,
        headers,
    ] {
        group(&mut attacks);
    }
    let all = attacks.all;
    assert!(all.len() > 120, "{}", all.len());
    let mut secrets = Vec::new();
    for Attack {
        name,
        request,
        secret,
        reason,
    } in all
    {
        let before = failures(&guarded.server, reason);
        let (status, challenge, problem) = read(request.send().await.unwrap()).await;
        let (wanted, wanted_challenge, code) = expected(reason);
        assert_eq!(
            failures(&guarded.server, reason),
            before + 1,
            "{name}: {}",
            reason.as_str()
        );
        assert_eq!(status, wanted, "{name}");
        assert_eq!(challenge.as_deref(), Some(wanted_challenge), "{name}");
        assert_eq!(problem["code"], code, "{name}");
        assert_eq!(problem["status"], wanted, "{name}");
        assert_eq!(guarded.reached(), 0, "{name}");
        secrets.push((name, secret, problem.to_string()));
    }
    let seen = format!(
        "{}{}",
        guarded.server.logs.text(),
        guarded.server.metrics().unwrap()
    );
    for (name, secret, answer) in secrets.iter().filter(|(_, secret, _)| secret.len() > 8) {
        assert!(!seen.contains(secret.as_str()), "{name}");
        assert!(!answer.contains(secret.as_str()), "{name}");
    }
}

#[tokio::test]
async fn valid_tokens_of_every_algorithm_pass() {
    let guarded = Guarded::start().await;
    let keys = [
        &guarded.signers.hs256,
        &guarded.signers.es256,
        &guarded.signers.eddsa,
    ];
    for key in keys {
        let written = forge(&header(key).to_string(), &claims().to_string(), key);
        for token in [token(key, TokenKind::Access), written] {
            for scheme in ["Bearer", "bearer", "BEARER"] {
                let request = guarded
                    .request()
                    .header("authorization", format!("{scheme} {token}"));
                assert_eq!(request.send().await.unwrap().status(), 200, "{key:?}");
            }
        }
    }
    assert_eq!(guarded.reached(), 18);
    for reason in Reason::ALL {
        assert_eq!(failures(&guarded.server, reason), 0, "{reason:?}");
    }
}

/// What is allowed, though some libraries refuse it.
#[tokio::test]
async fn tokens_at_the_edge_of_what_is_allowed_pass() {
    let guarded = Guarded::start().await;
    let key = guarded.signers.hs256.clone();
    let now = noon().as_second();
    let payloads = [
        claims_with("exp", Some(json!(now - 9))),
        claims_with("nbf", Some(json!(now + 10))),
        claims_with("iat", Some(json!(now + 10))),
        #[expect(clippy::cast_precision_loss, reason = "a time of this century fits")]
        claims_with("exp", Some(json!(now as f64 + 0.5))),
        claims_with("aud", Some(json!(["other", "records"]))),
        claims_with("scope", None),
        claims_with("roles", None),
        claims_with("unknown", Some(json!({"a": [1, null]}))),
    ];
    for payload in payloads {
        let token = forge(&header(&key).to_string(), &payload.to_string(), &key);
        let response = guarded.request().bearer_auth(token).send().await.unwrap();
        assert_eq!(response.status(), 200, "{payload}");
    }
    let typ = changed(header(&key), "typ", Some("application/AT+JWT".into()));
    let token = forge(&typ.to_string(), &claims().to_string(), &key);
    assert_eq!(
        guarded
            .request()
            .bearer_auth(token)
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
}
