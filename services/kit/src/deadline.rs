//! How long a request may still take. What a handler calls must not outlast the request it is called for.

use std::time::Duration;

use tokio::time::Instant;

tokio::task_local! {
    static DEADLINE: Instant;
}

/// Runs `work` with the rest of its time known to what it calls: [`remaining`] counts down from `limit`, or from what
/// is left of an outer limit if that is less.
///
/// Tasks that `work` spawns know nothing of it.
pub async fn within<T>(limit: Duration, work: impl Future<Output = T>) -> T {
    let now = Instant::now();
    // A limit beyond what a clock can say is no limit.
    let inner = now.checked_add(limit);
    let deadline = match (inner, current()) {
        (Some(inner), Some(outer)) => Some(inner.min(outer)),
        (inner, outer) => inner.or(outer),
    };
    match deadline {
        Some(deadline) => DEADLINE.scope(deadline, work).await,
        None => work.await,
    }
}

/// What is left of the current request's time; `None` outside a request.
pub fn remaining() -> Option<Duration> {
    current().map(|deadline| deadline.saturating_duration_since(Instant::now()))
}

/// `wanted`, or what is left of the current request's time if that is less.
pub fn at_most(wanted: Duration) -> Duration {
    remaining().map_or(wanted, |left| left.min(wanted))
}

fn current() -> Option<Instant> {
    DEADLINE.try_with(|deadline| *deadline).ok()
}

#[cfg(test)]
mod tests;
