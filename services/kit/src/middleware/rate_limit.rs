use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, header};
use serde_json::json;

use super::route::Route;
use crate::auth;
use crate::client_address::{ClientNetwork, PeerAddress};
use crate::error::{ErrorCode, PROBLEM_JSON};
use crate::rate_limit::{Decision, Key, KeyBy, Policy, RateLimiter, RateLimits, tell, tell_when_to_retry};

/// Carries an API key.
const API_KEY: &str = "x-api-key";

/// The problem type of draft-ietf-httpapi-ratelimit-headers-10, section 4.1.
const QUOTA_EXCEEDED: &str = "https://iana.org/assignments/http-problem-types#quota-exceeded";

/// A request as limits know it: in its extensions, for those that are looked at only after authentication.
#[derive(Clone, Debug)]
struct Limited {
    limits: RateLimits,
    route: Route,
    network: ClientNetwork,
}

/// Limits that need no user, before authentication. Probes and scrapes are not limited.
pub(super) async fn before_auth(limits: &RateLimits, mut request: Request, next: Next) -> Response {
    let route = Route::of(&request);
    if limits.is_empty() || route.is_probe() {
        return next.run(request).await;
    }
    let peer = request.extensions().get::<PeerAddress>().map(|peer| peer.0.ip());
    let limited = Limited {
        network: ClientNetwork::of(peer, request.headers(), limits.trusted_hops()),
        route,
        limits: limits.clone(),
    };
    let before = limited.clone();
    let decided = before
        .decide(|by| !by.needs_user(), None, request.headers())
        .await;
    if let Some(refusal) = refusal(&decided) {
        return refusal;
    }
    request.extensions_mut().insert(limits.clone());
    request.extensions_mut().insert(limited);
    with_fields(next.run(request).await, &decided)
}

/// Limits by user, between authentication and handler.
pub(crate) async fn after_auth(request: Request, next: Next) -> Response {
    let Some(limited) = request.extensions().get::<Limited>().cloned() else {
        return next.run(request).await;
    };
    let caller = auth::caller(request.extensions());
    let subject = caller.as_ref().map(|user| user.subject());
    let decided = limited
        .decide(KeyBy::needs_user, subject, request.headers())
        .await;
    match refusal(&decided) {
        Some(refusal) => refusal,
        None => with_fields(next.run(request).await, &decided),
    }
}

type Decided<'a> = [(&'a Policy, Decision)];

impl Limited {
    /// Asks the limits of a stage, up to the first that refuses.
    async fn decide(
        &self,
        is_asked: fn(KeyBy) -> bool,
        subject: Option<&str>,
        headers: &HeaderMap,
    ) -> Vec<(&Policy, Decision)> {
        let mut decided = Vec::new();
        for limit in self.limits.iter().filter(|limit| is_asked(limit.policy().key)) {
            let Some(key) = self.key(limit.policy().key, subject, headers) else {
                continue;
            };
            let decision = limit.check(&key, 1).await;
            decided.push((limit.policy(), decision));
            if !decision.admitted {
                break;
            }
        }
        decided
    }

    /// What the request counts towards; `None` when only handlers know.
    fn key<'a>(&'a self, by: KeyBy, subject: Option<&'a str>, headers: &'a HeaderMap) -> Option<Key<'a>> {
        let (method, template) = (self.route.method, self.route.template);
        let network = Key::network(self.network);
        let user = || subject.map_or(network, Key::user);
        match by {
            KeyBy::Ip => Some(network),
            KeyBy::Endpoint => Some(Key::endpoint(method, template)),
            KeyBy::User => Some(user()),
            KeyBy::UserEndpoint => Some(user().at(method, template)),
            KeyBy::ApiKey => Some(
                headers
                    .get(API_KEY)
                    .map_or(network, |key| Key::api_key(key.as_bytes())),
            ),
            KeyBy::Manual => None,
        }
    }
}

fn with_fields(mut response: Response, decided: &Decided<'_>) -> Response {
    tell(response.headers_mut(), decided);
    response
}

/// The answer to a request that one of the limits refused.
fn refusal(decided: &Decided<'_>) -> Option<Response> {
    let (policy, decision) = decided.last().filter(|(_, decision)| !decision.admitted)?;
    let mut response = problem(policy).into_response();
    tell_when_to_retry(response.headers_mut(), decision);
    Some(with_fields(response, decided))
}

fn problem(policy: &Policy) -> impl IntoResponse + use<> {
    let code = ErrorCode::TooManyRequests;
    let body = json!({
        "type": QUOTA_EXCEEDED,
        "title": "Too Many Requests",
        "status": code.status().as_u16(),
        "code": code.as_str(),
        "detail": "There were more requests than the limit allows; Retry-After says when the next may come.",
        "violated-policies": [policy.name],
    });
    (
        code.status(),
        [(header::CONTENT_TYPE, PROBLEM_JSON)],
        axum::Json(body),
    )
}

#[cfg(test)]
mod tests;
