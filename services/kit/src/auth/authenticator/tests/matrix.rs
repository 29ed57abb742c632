//! Roles × routes, through the policy file and through policies written in code.

use reqwest::Client;

use super::{INFO, failures, read};
use crate::auth::test_support::{ISSUER, Signers, grant, noon};
use crate::auth::{Grant, Policy, Reason, Rules, Signer, TokenKind};
use crate::routing::get;
use crate::testing::TestServer;
use crate::{Clock, Routes, Service};

const POLICY_FILE: &str = "
roles: [clinician, auditor, admin]
scopes: [records.read, records.write, audit.read]
actions:
  read-record:
    all:
      - any: [{role: clinician}, {role: admin}]
      - scope: records.read
  write-record:
    all: [{role: clinician}, {scope: records.write}]
  read-audit:
    any:
      - role: auditor
      - all: [{role: admin}, {scope: audit.read}]
  see-self: authenticated
  closed: {any: []}
";

const ROUTES: [&str; 8] = [
    "/read", "/write", "/audit", "/self", "/closed", "/admin", "/nobody", "/open",
];

fn policies() -> Routes {
    let handler = || get(|| async { "reached" });
    Routes::new()
        .protected("/read", Policy::action("read-record"), handler())
        .protected("/write", Policy::action("write-record"), handler())
        .protected("/audit", Policy::action("read-audit"), handler())
        .protected("/self", Policy::action("see-self"), handler())
        .protected("/closed", Policy::action("closed"), handler())
        .protected("/admin", Policy::role("admin"), handler())
        .protected("/nobody", Policy::deny(), handler())
        .public("/open", handler())
}

/// Roles, scopes, and what becomes of them on each of [`ROUTES`].
const MATRIX: [(&str, &str, [u16; 8]); 9] = [
    ("", "", [403, 403, 403, 200, 403, 403, 403, 200]),
    ("clinician", "", [403, 403, 403, 200, 403, 403, 403, 200]),
    (
        "clinician",
        "records.read",
        [200, 403, 403, 200, 403, 403, 403, 200],
    ),
    (
        "clinician",
        "records.read records.write",
        [200, 200, 403, 200, 403, 403, 403, 200],
    ),
    (
        "auditor",
        "records.read",
        [403, 403, 200, 200, 403, 403, 403, 200],
    ),
    (
        "admin",
        "records.read records.write",
        [200, 403, 403, 200, 403, 200, 403, 200],
    ),
    ("admin", "audit.read", [403, 403, 200, 200, 403, 200, 403, 200]),
    (
        "",
        "records.read records.write audit.read",
        [403, 403, 403, 200, 403, 403, 403, 200],
    ),
    (
        "Clinician administrator",
        "RECORDS.READ",
        [403, 403, 403, 200, 403, 403, 403, 200],
    ),
];

async fn server(signers: &Signers) -> TestServer {
    let mut auth = signers.auth(&Clock::fixed(noon()));
    auth.rules = Rules::from_yaml(POLICY_FILE).unwrap();
    let service = Service {
        routes: policies(),
        auth: Some(auth),
        ..Service::default()
    };
    TestServer::start(&INFO, Clock::fixed(noon()), |_| Ok(service))
        .await
        .unwrap()
}

fn token(signers: &Signers, roles: &str, scopes: &str) -> String {
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect();
    let grant = Grant {
        roles: words(roles),
        scopes: words(scopes),
        ..grant()
    };
    let signer = Signer::new(ISSUER, signers.es256.clone(), Clock::fixed(noon()));
    signer
        .sign(TokenKind::Access, &grant)
        .unwrap()
        .expose()
        .to_owned()
}

#[tokio::test]
async fn each_role_opens_its_routes_and_no_other() {
    let signers = Signers::new();
    let server = server(&signers).await;
    for (roles, scopes, expected) in MATRIX {
        let token = token(&signers, roles, scopes);
        for (route, status) in ROUTES.into_iter().zip(expected) {
            let request = Client::new().get(server.url(route)).bearer_auth(&token);
            let response = request.send().await.unwrap();
            assert_eq!(response.status(), status, "{roles:?} {scopes:?} {route}");
        }
    }
    let denied = MATRIX
        .iter()
        .flat_map(|row| row.2)
        .filter(|status| *status == 403)
        .count();
    assert_eq!(failures(&server, Reason::Forbidden), denied as u64);
}

#[tokio::test]
async fn without_a_token_only_the_public_route_opens() {
    let signers = Signers::new();
    let server = server(&signers).await;
    for route in ROUTES {
        let response = Client::new().get(server.url(route)).send().await.unwrap();
        assert_eq!(
            response.status(),
            if route == "/open" { 200 } else { 401 },
            "{route}"
        );
    }
    // The endpoints of the kit are for probes and for Prometheus, which bring no token.
    for route in ["/health", "/readiness", "/metrics", "/compliance/status"] {
        assert_eq!(
            Client::new()
                .get(server.url(route))
                .send()
                .await
                .unwrap()
                .status(),
            200,
            "{route}"
        );
    }
}

#[tokio::test]
async fn a_denial_names_the_scopes_that_are_missing() {
    let signers = Signers::new();
    let server = server(&signers).await;
    let cases = [
        ("clinician", "", "/write", ", scope=\"records.write\""),
        ("auditor", "", "/read", ", scope=\"records.read\""),
        ("", "", "/admin", ""),
    ];
    for (roles, scopes, route, scope) in cases {
        let request = Client::new()
            .get(server.url(route))
            .bearer_auth(token(&signers, roles, scopes));
        let (status, challenge, problem) = read(request.send().await.unwrap()).await;
        assert_eq!(status, 403);
        let expected = format!("Bearer realm=\"api\", error=\"insufficient_scope\"{scope}");
        assert_eq!(challenge, Some(expected), "{route}");
        assert_eq!(problem["code"], "forbidden");
    }
}

#[tokio::test]
async fn every_method_of_a_protected_route_is_guarded() {
    let signers = Signers::new();
    let server = server(&signers).await;
    let head = Client::new().head(server.url("/read")).send().await.unwrap();
    assert_eq!(head.status(), 401);
    let allowed = token(&signers, "clinician", "records.read");
    let head = Client::new()
        .head(server.url("/read"))
        .bearer_auth(&allowed)
        .send()
        .await
        .unwrap();
    assert_eq!(head.status(), 200);
    let delete = Client::new()
        .delete(server.url("/read"))
        .bearer_auth(&allowed)
        .send()
        .await
        .unwrap();
    assert_eq!(delete.status(), 405);
}
