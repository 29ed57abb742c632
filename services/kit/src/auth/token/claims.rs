use std::fmt;

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::auth::policy::Grants;
use crate::auth::refusal::Reason;

/// The last second of the year 9999, as far as [`Timestamp`] goes.
const LAST_SECOND: f64 = 253_402_207_200.0;

/// The claims of a token (RFC 9068, section 2.2). All required ones are there and of the right type.
#[derive(Clone, PartialEq)]
pub struct Claims {
    issuer: String,
    audience: Vec<String>,
    subject: String,
    client: String,
    id: String,
    scopes: Vec<String>,
    roles: Vec<String>,
    pub(super) issued: f64,
    pub(super) not_before: f64,
    pub(super) expires: f64,
    other: Map<String, Value>,
}

/// Only the id of the token: the rest is about a person.
impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claims")
            .field("jti", &self.id)
            .finish_non_exhaustive()
    }
}

impl Claims {
    pub(super) fn parse(mut members: Map<String, Value>) -> Result<Self, Reason> {
        Ok(Self {
            issuer: text(&mut members, "iss")?,
            audience: audience(&mut members)?,
            subject: text(&mut members, "sub")?,
            client: text(&mut members, "client_id")?,
            id: text(&mut members, "jti")?,
            scopes: scopes(&mut members)?,
            roles: roles(&mut members)?,
            issued: instant(&mut members, "iat")?,
            not_before: instant(&mut members, "nbf")?,
            expires: instant(&mut members, "exp")?,
            other: members,
        })
    }

    /// `iss`: who issued the token.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// `aud`: for whom.
    pub fn audience(&self) -> &[String] {
        &self.audience
    }

    /// `sub`: on whose behalf.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// `client_id`: to which client.
    pub fn client_id(&self) -> &str {
        &self.client
    }

    /// `jti`: the name of this token, by which it is revoked.
    pub fn token_id(&self) -> &str {
        &self.id
    }

    /// `scope`, taken apart (RFC 6749, section 3.3).
    pub fn scopes(&self) -> &[String] {
        &self.scopes
    }

    /// `roles` (RFC 9068, section 2.2.3.1).
    pub fn roles(&self) -> &[String] {
        &self.roles
    }

    /// `exp`, in whole seconds.
    pub fn expires_at(&self) -> Timestamp {
        whole_second(self.expires)
    }

    /// `iat`, in whole seconds.
    pub fn issued_at(&self) -> Timestamp {
        whole_second(self.issued)
    }

    /// `nbf`, in whole seconds.
    pub fn not_before(&self) -> Timestamp {
        whole_second(self.not_before)
    }

    /// A claim none of the others tell.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.other.get(name)
    }
}

impl Grants for Claims {
    fn has_role(&self, role: &str) -> bool {
        self.roles.iter().any(|held| held == role)
    }

    fn has_scope(&self, scope: &str) -> bool {
        self.scopes.iter().any(|held| held == scope)
    }
}

fn whole_second(seconds: f64) -> Timestamp {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "checked to be between 0 and LAST_SECOND"
    )]
    let second = seconds.ceil() as i64;
    Timestamp::from_second(second).unwrap_or(Timestamp::MAX)
}

fn text(members: &mut Map<String, Value>, name: &str) -> Result<String, Reason> {
    match members.remove(name) {
        Some(Value::String(text)) if !text.is_empty() => Ok(text),
        _ => Err(Reason::Claims),
    }
}

/// Seconds since 1970; a fraction is allowed (RFC 7519, section 2, NumericDate).
fn instant(members: &mut Map<String, Value>, name: &str) -> Result<f64, Reason> {
    let seconds = members.remove(name).and_then(|value| value.as_f64());
    seconds
        .filter(|seconds| (0.0..=LAST_SECOND).contains(seconds))
        .ok_or(Reason::Claims)
}

/// One name or several (RFC 7519, section 4.1.3).
fn audience(members: &mut Map<String, Value>) -> Result<Vec<String>, Reason> {
    match members.remove("aud") {
        Some(Value::String(one)) if !one.is_empty() => Ok(vec![one]),
        Some(Value::Array(several)) if !several.is_empty() => strings(several),
        _ => Err(Reason::Claims),
    }
}

fn scopes(members: &mut Map<String, Value>) -> Result<Vec<String>, Reason> {
    match members.remove("scope") {
        None => Ok(Vec::new()),
        Some(Value::String(list)) => Ok(list.split_ascii_whitespace().map(str::to_owned).collect()),
        Some(_) => Err(Reason::Claims),
    }
}

fn roles(members: &mut Map<String, Value>) -> Result<Vec<String>, Reason> {
    match members.remove("roles") {
        None => Ok(Vec::new()),
        Some(Value::Array(list)) => strings(list),
        Some(_) => Err(Reason::Claims),
    }
}

fn strings(values: Vec<Value>) -> Result<Vec<String>, Reason> {
    let text = |value| match value {
        Value::String(text) => Ok(text),
        _ => Err(Reason::Claims),
    };
    values.into_iter().map(text).collect()
}
