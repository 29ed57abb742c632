//! When to look at a service again. Pure.

use std::time::Duration;

use healthcare_crds::v1alpha1::{HealthcareServiceStatus, condition as types};

use super::is_true;
use crate::outcome::{Error, Next, Retry};

/// Pause between looks at a refusal that only a person can lift, such as a name taken by a foreign object.
const LOOK_AGAIN: Duration = Duration::from_mins(1);

/// When to look again: only while something is under way that no watch tells about.
pub(super) fn next(
    error: Option<Error>,
    status: &HealthcareServiceStatus,
    next_look: Option<Duration>,
    rollout: Option<Duration>,
) -> Result<Next, Error> {
    match error {
        // Refusals too: a quota is raised, a policy lifted, and no watch tells.
        Some(error) if error.retry() == Retry::Backoff || matches!(error, Error::Api { .. }) => Err(error),
        Some(error) => {
            tracing::warn!(reason = error.reason(), %error, "refused");
            Ok(Next::After(LOOK_AGAIN))
        }
        None if rollout.is_some() => Ok(Next::After(sooner(rollout, next_look))),
        None if is_true(status, types::RECONCILING) || is_true(status, types::STALLED) => {
            Ok(Next::After(next_look.unwrap_or(LOOK_AGAIN)))
        }
        None => Ok(Next::OnChange),
    }
}

/// The sooner of two, or the only one.
fn sooner(one: Option<Duration>, other: Option<Duration>) -> Duration {
    one.into_iter().chain(other).min().unwrap_or(LOOK_AGAIN)
}
