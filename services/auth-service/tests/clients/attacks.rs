//! Ways to forge tokens that have been published and have worked elsewhere; the kit's own tests have them all, these go through
//! the front door. Each answer is exactly that of RFC 7662, section 2.2.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::EncodingKey;
use jsonwebtoken::crypto::sign;
use serde_json::{Map, Value, json};
use service_kit::auth::Algorithm;

use crate::api::{Api, Client};
use crate::flows::cluster;

struct Target {
    token: String,
    /// The public key that verifies it, as the JWK Set shows it.
    jwk: Value,
}

impl Target {
    fn part(&self, number: usize) -> &str {
        self.token.split('.').nth(number).unwrap()
    }

    fn header(&self) -> Map<String, Value> {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(self.part(0)).unwrap()).unwrap()
    }

    /// With some members of the header replaced; what is to be signed.
    fn with_header(&self, change: &Value) -> String {
        let mut header = self.header();
        header.extend(change.as_object().unwrap().clone());
        let header = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&header).unwrap());
        format!("{header}.{}", self.part(1))
    }

    fn with_signature(&self, change: &Value, signature: &str) -> String {
        format!("{}.{signature}", self.with_header(change))
    }

    /// As it is, with another signature.
    fn signed_with(&self, signature: &str) -> String {
        format!("{}.{}.{signature}", self.part(0), self.part(1))
    }

    /// Signed with a secret that is none.
    fn hmac(&self, change: &Value, secret: &[u8]) -> String {
        let text = self.with_header(change);
        let key = EncodingKey::from_secret(secret);
        let signature = sign(text.as_bytes(), &key, jsonwebtoken::Algorithm::HS256).unwrap();
        format!("{text}.{signature}")
    }
}

/// CVE-2015-9235 and its spellings.
fn without_signature(target: &Target) -> Vec<String> {
    let names = ["none", "None", "NONE", "nOnE", ""];
    names
        .into_iter()
        .flat_map(|alg| {
            let change = &json!({"alg": alg});
            [
                target.with_signature(change, ""),
                target.with_signature(change, target.part(2)),
                target.with_header(change),
            ]
        })
        .chain([target.signed_with("")])
        .collect()
}

/// CVE-2016-5431 and CVE-2016-10555: what everybody knows as the secret of HS256.
fn confused(target: &Target) -> Vec<String> {
    let point: Vec<u8> = ["x", "y"]
        .iter()
        .flat_map(|name| {
            URL_SAFE_NO_PAD
                .decode(target.jwk[name].as_str().unwrap())
                .unwrap()
        })
        .collect();
    // RFC 5480: the public key of P-256 as SubjectPublicKeyInfo.
    let start = STANDARD.decode("MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE").unwrap();
    let der = [start, point.clone()].concat();
    let body = STANDARD.encode(&der);
    let lines: Vec<_> = body
        .as_bytes()
        .chunks(64)
        .map(|line| str::from_utf8(line).unwrap())
        .collect();
    let pem = format!(
        "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----",
        lines.join("\n")
    );
    let secrets = [
        der,
        point,
        format!("{pem}\n").into_bytes(),
        pem.into_bytes(),
        target.jwk.to_string().into_bytes(),
        Vec::new(),
        vec![0; 32],
    ];
    let signed = |secret: &Vec<u8>| target.hmac(&json!({"alg": "HS256"}), secret);
    secrets.iter().map(signed).collect()
}

/// CVE-2018-0114 and its kin: the token brings its key, or tells where it is.
fn bringing_a_key(target: &Target) -> Vec<String> {
    let mine = b"a secret of the attacker, 32 bytes or more";
    let jwk = json!({"kty": "oct", "k": URL_SAFE_NO_PAD.encode(mine), "alg": "HS256"});
    let changes = [
        json!({"jwk": jwk}),
        json!({"jwk": target.jwk}),
        json!({"jku": "https://evil.example.org/jwks.json"}),
        json!({"x5u": "https://evil.example.org/certificate.pem"}),
        json!({"x5c": ["MAA="]}),
        json!({"kid": "../../../../dev/null"}),
        json!({"kid": "' UNION SELECT 'a"}),
        json!({"kid": "| sleep 5"}),
        json!({"kid": ""}),
        json!({"kid": ["a"]}),
    ];
    let with_hmac = changes.iter().map(|change| {
        let mut change = change.clone();
        change["alg"] = json!("HS256");
        target.hmac(&change, mine)
    });
    let as_before = changes
        .iter()
        .map(|change| target.with_signature(change, target.part(2)));
    with_hmac.chain(as_before).collect()
}

/// CVE-2022-21449 (a signature of zeros), and signatures in other forms.
fn odd_signatures(target: &Target) -> Vec<String> {
    let signature = URL_SAFE_NO_PAD.decode(target.part(2)).unwrap();
    let (r, s) = signature.split_at(32);
    let der = [&[0x30_u8, 70, 2, 33, 0][..], r, &[2, 33, 0][..], s].concat();
    let order = "_____wAAAAD__________7zm-q2nF56E87nKwvxjJVE";
    let order = URL_SAFE_NO_PAD.decode(order).unwrap();
    let odd = [
        vec![0; 64],
        der,
        [order.clone(), order].concat(),
        [s, r].concat(),
        signature[..63].to_vec(),
        [signature.as_slice(), &[0]].concat(),
    ];
    let encoded = odd
        .iter()
        .map(|bytes| target.signed_with(&URL_SAFE_NO_PAD.encode(bytes)));
    encoded.collect()
}

/// RFC 7515, section 4.1.11; RFC 7797; RFC 8725, section 3.11: extensions, and tokens of another kind.
fn odd_headers(target: &Target) -> Vec<String> {
    let changes = [
        json!({"crit": ["exp"]}),
        json!({"crit": []}),
        json!({"b64": false, "crit": ["b64"]}),
        json!({"typ": "JWT"}),
        json!({"typ": "rt+jwt"}),
        json!({"zip": "DEF"}),
        json!({"alg": "ES384"}),
        json!({"alg": "RS256"}),
        json!({"alg": "es256"}),
        json!({"alg": ["ES256"]}),
    ];
    let all = changes
        .iter()
        .map(|change| target.with_signature(change, target.part(2)));
    all.collect()
}

/// More or fewer parts, JSON serialisation (RFC 7515, section 7.2), padding, spaces.
fn odd_forms(target: &Target) -> Vec<String> {
    let (header, payload, signature) = (target.part(0), target.part(1), target.part(2));
    let token = &target.token;
    vec![
        format!("{token}.{signature}"),
        format!("{header}.{payload}"),
        format!("{header}..{signature}"),
        format!("..{signature}"),
        format!("{token}="),
        format!("{header}=.{payload}.{signature}"),
        format!(" {token}"),
        format!("{token}\n"),
        format!("Bearer {token}"),
        json!({"protected": header, "payload": payload, "signature": signature}).to_string(),
        format!("{header}.{payload}.{header}.{payload}.{signature}"),
    ]
}

/// The example of RFC 7515, section A.1, with its own valid signature by a secret that is published there; and that of RFC 7519,
/// section 6.1.
const OF_RFCS: [&str; 2] = [
    "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    "eyJhbGciOiJub25lIn0.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.",
];

async fn introspect(api: &Api, client: &Client, token: &str) -> (u16, String) {
    let pairs = [("token", token)];
    let answer = api.form("/oauth2/introspect", client, &pairs).await.unwrap();
    let error = answer.json()["error"].as_str().map(str::to_owned);
    (answer.status, error.unwrap_or(answer.text))
}

/// What is no token (RFC 6749, section A.12: no control characters) makes the request a wrong one.
fn expected(token: &str) -> (u16, String) {
    if token.contains(char::is_control) {
        (400, "invalid_request".to_owned())
    } else {
        (200, "{\"active\":false}".to_owned())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_published_forgery_is_inactive() {
    let cluster = cluster(Algorithm::Es256).await;
    let api = Api::of(&cluster);
    let portal = api.client("portal", json!({})).await;
    let token = api.own_token(&portal).await.unwrap().member("access_token");
    let jwks = api.send(api.get("/.well-known/jwks.json")).await.unwrap().json();
    let target = Target {
        jwk: jwks["keys"][0].clone(),
        token,
    };
    let all = [
        without_signature,
        confused,
        bringing_a_key,
        odd_signatures,
        odd_headers,
        odd_forms,
    ];
    let forged: Vec<_> = all.iter().flat_map(|forge| forge(&target)).collect();
    assert!(forged.len() > 60);
    for token in forged.iter().map(String::as_str).chain(OF_RFCS) {
        assert_eq!(introspect(&api, &portal, token).await, expected(token), "{token}");
        let request = api
            .get("/verify?audience=records")
            .header("authorization", format!("Bearer {}", token.trim()));
        let status = api.send(request).await.map_or(401, |answer| answer.status);
        // Spaces at the ends are not part of what a header says.
        if token.trim() == token {
            assert!(matches!(status, 400 | 401), "{status}: {token}");
        }
    }
    // The token they were made of is good.
    assert_eq!(api.is_active(&portal, &target.token).await, Some(true));
}
