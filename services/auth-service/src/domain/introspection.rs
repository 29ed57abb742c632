//! Token introspection (RFC 7662). Whatever is wrong, the answer is exactly `{"active":false}` (section 2.2): a token that
//! cannot be read, has expired, was revoked, or is none of the caller's business.

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use service_kit::auth::Claims;

use super::client::Client;
use super::refresh::{Decision, Family, RefreshRules, decide};
use super::token_id::RefreshTokenId;

/// The role of clients that may ask about every access token: gateways, which stand in front of services.
pub const INTROSPECTOR_ROLE: &str = "token-introspector";

/// The answer about a token that is not active.
pub fn inactive() -> Value {
    json!({ "active": false })
}

/// The answer about an access token whose signature and times are right. `is_revoked` is what the store says of its names.
pub fn of_access_token(caller: &Client, claims: &Claims, is_revoked: bool) -> Value {
    if is_revoked || !may_see_access_token(caller, claims) {
        return inactive();
    }
    let mut answer = common(claims);
    answer.insert("token_type".to_owned(), "Bearer".into());
    answer.insert("scope".to_owned(), claims.scopes().join(" ").into());
    answer.insert("roles".to_owned(), json!(claims.roles()));
    if let Some(auth_time) = claims.get("auth_time") {
        answer.insert("auth_time".to_owned(), auth_time.clone());
    }
    answer.into()
}

/// The answer about a refresh token whose signature and times are right: active if it would be taken now. `family` is the one
/// that it names, if there is one. Only its own client is told.
pub fn of_refresh_token(
    caller: &Client,
    claims: &Claims,
    family: Option<&Family>,
    now: Timestamp,
    rules: &RefreshRules,
) -> Value {
    match family.filter(|family| would_be_taken(claims, family, now, rules)) {
        Some(family) if family.client_id == caller.id => {
            let mut answer = common(claims);
            answer.insert("scope".to_owned(), family.scopes.to_string().into());
            answer.into()
        }
        _ => inactive(),
    }
}

/// Its client, and the services it is for, which are known by the same name.
fn may_see_access_token(caller: &Client, claims: &Claims) -> bool {
    claims.client_id() == caller.id
        || claims.audience().contains(&caller.id)
        || caller.roles.iter().any(|role| role == INTROSPECTOR_ROLE)
}

fn would_be_taken(claims: &Claims, family: &Family, now: Timestamp, rules: &RefreshRules) -> bool {
    let is_taken = |id: RefreshTokenId| {
        let decision = decide(id.generation, family, now, rules);
        id.family == family.id && matches!(decision, Decision::Rotate | Decision::SameSuccessor)
    };
    let is_of_family = claims.client_id() == family.client_id && claims.subject() == family.subject;
    is_of_family && claims.token_id().parse().is_ok_and(is_taken)
}

/// What is told of both kinds (section 2.2).
fn common(claims: &Claims) -> Map<String, Value> {
    let members = [
        ("active", json!(true)),
        ("client_id", json!(claims.client_id())),
        ("sub", json!(claims.subject())),
        ("iss", json!(claims.issuer())),
        ("aud", json!(claims.audience())),
        ("jti", json!(claims.token_id())),
        ("iat", json!(claims.issued_at().as_second())),
        ("nbf", json!(claims.not_before().as_second())),
        ("exp", json!(claims.expires_at().as_second())),
    ];
    members
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

#[cfg(test)]
mod tests;
