use std::fmt::Write;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::algorithm::Decision;
use super::policy::Policy;

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// Tells callers where they stand: `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-10), lists
/// of RFC 9651 with an item per policy. Added to fields that are there already: such lists may be split.
pub(crate) fn tell(headers: &mut HeaderMap, told: &[(&Policy, Decision)]) {
    let policies = list(told, |text, (policy, _)| {
        let window = whole_seconds(policy.quota.window());
        write!(text, "\"{}\";q={};w={window}", policy.name, policy.quota.limit())
    });
    let limits = list(told, |text, (policy, decision)| {
        write!(text, "\"{}\";r={}", policy.name, decision.remaining)?;
        match whole_seconds(reset(decision)) {
            0 => Ok(()),
            seconds => write!(text, ";t={seconds}"),
        }
    });
    for (name, value) in [(POLICY, policies), (LIMIT, limits)] {
        if let Some(value) = value {
            headers.append(name, value);
        }
    }
}

/// `Retry-After` of a refused request: never before the `t` told with it.
pub(crate) fn tell_when_to_retry(headers: &mut HeaderMap, decision: &Decision) {
    let seconds = whole_seconds(reset(decision)).max(1);
    headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
}

/// Time until more would pass.
fn reset(decision: &Decision) -> Duration {
    decision.reset_after.max(decision.retry_after)
}

/// Rounded up: who comes back then is not too early.
fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}

fn list(
    told: &[(&Policy, Decision)],
    item: impl Fn(&mut String, &(&Policy, Decision)) -> std::fmt::Result,
) -> Option<HeaderValue> {
    let mut text = String::with_capacity(told.len() * 32);
    for (index, entry) in told.iter().enumerate() {
        if index > 0 {
            text.push_str(", ");
        }
        item(&mut text, entry).ok()?;
    }
    // Names are checked when the limits are made, so the text is always a header value.
    (!text.is_empty())
        .then(|| HeaderValue::try_from(text).ok())
        .flatten()
}

#[cfg(test)]
mod tests;
