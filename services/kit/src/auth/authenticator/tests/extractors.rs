use reqwest::Client;

use super::{INFO, failures, read};
use crate::auth::test_support::{Signers, noon, token};
use crate::auth::{Policy, Reason, Require, RequireScope, Role, Scope, TokenKind, User};
use crate::routing::get;
use crate::testing::TestServer;
use crate::{Clock, Routes, Service};

#[derive(Clone, Debug)]
struct Clinician;

impl Role for Clinician {
    const NAME: &'static str = "clinician";
}

#[derive(Clone, Debug)]
struct Admin;

impl Role for Admin {
    const NAME: &'static str = "admin";
}

#[derive(Clone, Debug)]
struct Read;

impl Scope for Read {
    const NAME: &'static str = "records.read";
}

#[derive(Clone, Debug)]
struct Write;

impl Scope for Write {
    const NAME: &'static str = "records.write";
}

fn routes() -> Routes {
    Routes::new()
        .public(
            "/user",
            get(|user: User| async move { user.subject().to_owned() }),
        )
        .public(
            "/optional",
            get(|user: Option<User>| async move {
                user.map_or_else(|| "nobody".to_owned(), |user| user.subject().to_owned())
            }),
        )
        .public(
            "/clinician",
            get(|known: Require<Clinician>| async move { known.user().client_id().to_owned() }),
        )
        .public("/admin", get(|_: Require<Admin>| async {}))
        .public(
            "/read",
            get(|known: RequireScope<Read>| async move { known.user().scopes().join(" ") }),
        )
        .public("/write", get(|_: RequireScope<Write>| async {}))
        .protected(
            "/twice",
            Policy::role("clinician"),
            get(|user: User, again: Option<User>| async move { (again == Some(user.clone())).to_string() }),
        )
}

async fn server(signers: Option<&Signers>) -> TestServer {
    let service = Service {
        routes: if signers.is_some() {
            routes()
        } else {
            Routes::new().public("/user", get(|_: User| async {}))
        },
        auth: signers.map(|signers| signers.auth(&Clock::fixed(noon()))),
        ..Service::default()
    };
    TestServer::start(&INFO, Clock::fixed(noon()), |_| Ok(service))
        .await
        .unwrap()
}

async fn ask(server: &TestServer, path: &str, token: Option<&str>) -> (u16, String) {
    let request = Client::new().get(server.url(path));
    let request = match token {
        Some(token) => request.bearer_auth(token),
        None => request,
    };
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

#[tokio::test]
async fn handlers_get_their_caller() {
    let signers = Signers::new();
    let server = server(Some(&signers)).await;
    let good = token(&signers.eddsa, TokenKind::Access);
    let good = Some(good.as_str());
    assert_eq!(ask(&server, "/user", good).await, (200, "user-1".to_owned()));
    assert_eq!(ask(&server, "/optional", good).await, (200, "user-1".to_owned()));
    assert_eq!(ask(&server, "/clinician", good).await, (200, "portal".to_owned()));
    assert_eq!(
        ask(&server, "/read", good).await,
        (200, "records.read".to_owned())
    );
    assert_eq!(ask(&server, "/twice", good).await, (200, "true".to_owned()));
    assert_eq!(ask(&server, "/admin", good).await.0, 403);
    assert_eq!(ask(&server, "/write", good).await.0, 403);
    assert_eq!(failures(&server, Reason::Forbidden), 2);
}

#[tokio::test]
async fn without_a_token_only_an_optional_caller_is_nobody() {
    let signers = Signers::new();
    let server = server(Some(&signers)).await;
    assert_eq!(ask(&server, "/optional", None).await, (200, "nobody".to_owned()));
    for path in ["/user", "/clinician", "/read", "/twice"] {
        assert_eq!(ask(&server, path, None).await.0, 401, "{path}");
    }
    assert_eq!(failures(&server, Reason::Missing), 4);
}

#[tokio::test]
async fn a_bad_token_is_refused_even_where_none_is_needed() {
    let signers = Signers::new();
    let server = server(Some(&signers)).await;
    let refresh = token(&signers.hs256, TokenKind::Refresh);
    assert_eq!(ask(&server, "/optional", Some(&refresh)).await.0, 401);
    assert_eq!(failures(&server, Reason::Type), 1);
}

#[tokio::test]
async fn a_handler_that_asks_for_its_caller_in_a_service_without_auth_lets_nobody_in() {
    let server = server(None).await;
    let response = Client::new()
        .get(server.url("/user"))
        .bearer_auth("any")
        .send()
        .await
        .unwrap();
    let retry_after = response.headers().contains_key("retry-after");
    let (status, challenge, problem) = read(response).await;
    assert_eq!((status, challenge, retry_after), (503, None, true));
    assert_eq!(problem["code"], "unavailable");
}
