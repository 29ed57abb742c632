//! The promises this service verifies about itself.

use service_kit::compliance::ComplianceCheck;

use crate::app::App;
use crate::domain::lockout::{Attempts, LockoutRules};

pub(crate) fn checks(app: &App) -> Vec<ComplianceCheck> {
    let (account, jwks, signs) = (app.lockout.account, app.clone(), app.clone());
    vec![
        ComplianceCheck {
            name: "lockout",
            control: "PCI DSS 4.0, 8.3.4: at most 10 attempts, then at least 30 minutes",
            verify: Box::new(move || locks_out(&account, signs.now())),
        },
        ComplianceCheck {
            name: "published_keys_are_public",
            control: "RFC 7517, section 9: no private or symmetric key is published",
            verify: Box::new(move || all_public(&jwks.keys.jwks())),
        },
    ]
}

/// Somebody who tries as soon as it is allowed.
fn locks_out(rules: &LockoutRules, now: jiff::Timestamp) -> Result<(), String> {
    let (mut counter, mut at) = (Attempts::default(), now);
    for _ in 0..10 {
        counter = counter
            .attempt(rules, at)
            .map_err(|locked| format!("locked before the tenth attempt, until {}", locked.until))?;
        let wait = counter.locked_until.unwrap_or(at).duration_since(at);
        if wait >= jiff::SignedDuration::from_mins(30) {
            return Ok(());
        }
        at = counter.locked_until.unwrap_or(at);
    }
    Err("ten attempts did not lock the account".to_owned())
}

fn all_public(jwks: &serde_json::Value) -> Result<(), String> {
    const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];
    let keys = jwks.get("keys").and_then(serde_json::Value::as_array);
    let keys = keys.ok_or_else(|| "the JWK Set has no keys member".to_owned())?;
    let is_private = |key: &&serde_json::Value| PRIVATE.iter().any(|name| key.get(*name).is_some());
    match keys.iter().find(is_private) {
        None => Ok(()),
        Some(key) => Err(format!("key {:?} is not public", key.get("kid"))),
    }
}

#[cfg(test)]
mod tests;
