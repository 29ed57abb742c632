//! What readiness depends on.

use service_kit::health::{Check, Status};
use service_kit::postgres::Database;

use crate::app::{App, KeysState};

/// Seconds after which keys that could not be read again are worth a word.
const OLD: i64 = 60;

pub(crate) fn checks(app: &App, database: &Database) -> Vec<Check> {
    let app = app.clone();
    let keys = Check::new("signing_keys", move || {
        std::future::ready(status(app.keys.state()))
    });
    vec![database.check(), keys]
}

/// A secret is always there. Keys that cannot be read again serve on: the next one is known before it is used.
fn status(state: Option<KeysState>) -> Status {
    match state {
        None => Status::Ready,
        Some(KeysState { can_sign: false, .. }) => Status::NotReady(
            "there is no key to sign with: is PostgreSQL reachable, and KEY_ENCRYPTION_KEY_FILE the one the keys were \
             sealed with?"
                .to_owned(),
        ),
        Some(KeysState { age_seconds: Some(age), .. }) if age <= OLD => Status::Ready,
        Some(_) => Status::Degraded("the signing keys could not be read for a minute; the last ones serve on".to_owned()),
    }
}

#[cfg(test)]
mod tests;
