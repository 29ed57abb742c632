//! How long a request may still take. What a handler calls must not outlast the request it is called for.

use std::time::Duration;

use tokio::time::Instant;

tokio::task_local! {
    /// None without a limit that a clock can say.
    static DEADLINE: Option<Instant>;
}

/// Runs `work` with the rest of its time known to what it calls: [`remaining`] counts down from `limit`, or from what
/// is left of an outer limit if that is less.
///
/// Tasks that `work` spawns know nothing of it.
pub fn within<T>(limit: Duration, work: impl Future<Output = T>) -> impl Future<Output = T> {
    let inner = Instant::now().checked_add(limit);
    let deadline = match (inner, current()) {
        (Some(inner), Some(outer)) => Some(inner.min(outer)),
        (inner, outer) => inner.or(outer),
    };
    DEADLINE.scope(deadline, work)
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
    DEADLINE.try_with(|deadline| *deadline).ok().flatten()
}

#[cfg(test)]
mod tests;
