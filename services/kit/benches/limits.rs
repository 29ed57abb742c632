//! Deciding on a request: in memory beside the crate `governor`, in Redis beside a bare `INCR`. What is compared takes
//! turns, and the time told is that of the fastest tenth of the rounds, so that the ratios of the table hold on a busy
//! machine too.

use std::hint::black_box;
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use futures::future::join_all;
use governor::DefaultKeyedRateLimiter;
use prometheus::{IntCounter, Registry};
use service_kit::client_address::ClientNetwork;
use service_kit::rate_limit::{
    Algorithm, FixedWindow, Gcra, Key, Local, Quota, RateLimiter, Resilient, Shared, SharedAlgorithm,
    TokenBucket, TwoCounter,
};
use service_kit::redis::{Redis, RedisSettings};
use service_kit::testing;

/// How often everything is measured.
const ROUNDS: usize = 100;
/// Decisions in memory, each time.
const LOCAL: u32 = 10_000;
/// Decisions in Redis, each time, and how many of them are under way at once.
const REMOTE: u32 = 500;
const AT_ONCE: u32 = 50;
/// Requests per hour that are never used up.
const LIMIT: u32 = 1_000_000;

fn quota() -> anyhow::Result<Quota> {
    Ok(Quota::new(LIMIT, Duration::from_hours(1))?)
}

fn address(number: u32) -> IpAddr {
    Ipv4Addr::from(0x0a00_0000 + number).into()
}

fn decide<A: Algorithm>(limiter: &Local<A>, number: u32) -> bool {
    let network = ClientNetwork::from(address(number));
    limiter.decide(&Key::network(black_box(network)), 1).admitted
}

/// A name for the table, and a decision for the caller of a number.
type Operation<'a> = (&'static str, Box<dyn Fn(u32) -> bool + 'a>);

/// Nanoseconds of one call, all of them taking turns.
fn in_turns(operations: &[Operation<'_>], keys: u32) -> Vec<f64> {
    let mut times = vec![Vec::with_capacity(ROUNDS); operations.len()];
    for _ in 0..ROUNDS {
        for ((_, operation), times) in operations.iter().zip(&mut times) {
            let started = Instant::now();
            for call in 0..LOCAL {
                black_box(operation(call % keys));
            }
            times.push(started.elapsed().as_secs_f64() * 1e9 / f64::from(LOCAL));
        }
    }
    times.into_iter().map(undisturbed).collect()
}

/// What a tenth of the rounds did not exceed: interruptions only ever add.
fn undisturbed(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 10).copied().unwrap_or(f64::NAN)
}

fn in_memory(out: &mut impl Write) -> anyhow::Result<()> {
    let quota = quota()?;
    let limit = NonZeroU32::new(LIMIT).context("a limit")?;
    let governor = DefaultKeyedRateLimiter::<IpAddr>::keyed(governor::Quota::per_hour(limit));
    let gcra = Local::new(Gcra::new(&quota), 65_536);
    let token_bucket = Local::new(TokenBucket::new(&quota), 65_536);
    let fixed_window = Local::new(FixedWindow::new(&quota), 65_536);
    let two_counter = Local::new(TwoCounter::new(&quota), 65_536);
    let operations: [Operation<'_>; 5] = [
        (
            "governor",
            Box::new(|key| governor.check_key(&address(key)).is_ok()),
        ),
        ("gcra", Box::new(|key| decide(&gcra, key))),
        ("token bucket", Box::new(|key| decide(&token_bucket, key))),
        ("fixed window", Box::new(|key| decide(&fixed_window, key))),
        ("two counters", Box::new(|key| decide(&two_counter, key))),
    ];
    for keys in [1, 10_000] {
        writeln!(out, "\nin memory, {keys} keys    ns/decision  : governor")?;
        let times = in_turns(&operations, keys);
        let governor = times.first().copied().unwrap_or(f64::NAN);
        for ((name, _), time) in operations.iter().zip(&times) {
            writeln!(out, "{name:<22} {time:>11.1} {:>11.2}", time / governor)?;
        }
    }
    Ok(())
}

/// What is asked of Redis.
enum Remote {
    Incr(Redis),
    Shared(Shared),
    Resilient(Box<Resilient>),
}

impl Remote {
    async fn ask(&self) -> anyhow::Result<()> {
        match self {
            Self::Incr(redis) => {
                let incr = async |mut connection| {
                    redis::cmd("INCR")
                        .arg("bare")
                        .query_async::<u64>(&mut connection)
                        .await
                };
                redis.run(incr).await?;
            }
            Self::Shared(shared) => {
                shared.check(&Key::user("subject"), 1).await?;
            }
            Self::Resilient(resilient) => {
                resilient.check(&Key::user("subject"), 1).await;
            }
        }
        Ok(())
    }

    /// Microseconds of one request, with `at_once` of them under way.
    async fn time(&self, at_once: u32) -> anyhow::Result<f64> {
        let started = Instant::now();
        for _ in 0..REMOTE / at_once {
            let asked = join_all((0..at_once).map(|_| self.ask())).await;
            asked.into_iter().collect::<Result<(), _>>()?;
        }
        Ok(started.elapsed().as_secs_f64() * 1e6 / f64::from(REMOTE))
    }
}

fn remotes(redis: &Redis) -> anyhow::Result<Vec<(&'static str, Remote)>> {
    let quota = quota()?;
    let shared = |algorithm, name: &str| Shared::new(redis.clone(), algorithm, &quota, name);
    let resilient = Resilient::new(
        shared(SharedAlgorithm::Gcra, "resilient"),
        &quota,
        1,
        65_536,
        IntCounter::new("alone", "Not registered.")?,
    );
    Ok(vec![
        ("INCR", Remote::Incr(redis.clone())),
        ("gcra", Remote::Shared(shared(SharedAlgorithm::Gcra, "bench"))),
        ("gcra with fallback", Remote::Resilient(Box::new(resilient))),
        (
            "token bucket",
            Remote::Shared(shared(SharedAlgorithm::TokenBucket, "bench")),
        ),
        (
            "sliding log",
            Remote::Shared(shared(SharedAlgorithm::SlidingLog, "bench")),
        ),
    ])
}

async fn in_redis(out: &mut impl Write) -> anyhow::Result<()> {
    let server = testing::Redis::start()?;
    let settings = RedisSettings::new(&server.database()).map_err(anyhow::Error::msg)?;
    let redis = Redis::connect(settings.with_deadline(Duration::from_secs(10)), &Registry::new())?;
    let remotes = remotes(&redis)?;
    for at_once in [1, AT_ONCE] {
        let mut times = vec![Vec::with_capacity(ROUNDS); remotes.len()];
        for _ in 0..ROUNDS {
            for ((_, remote), times) in remotes.iter().zip(&mut times) {
                times.push(remote.time(at_once).await?);
            }
        }
        writeln!(out, "\nin Redis, {at_once} at once     µs/decision      : INCR")?;
        let times: Vec<_> = times.into_iter().map(undisturbed).collect();
        let incr = times.first().copied().unwrap_or(f64::NAN);
        for ((name, _), time) in remotes.iter().zip(times) {
            writeln!(out, "{name:<22} {time:>11.1} {:>11.2}", time / incr)?;
        }
    }
    Ok(())
}

fn main() -> anyhow::Result<()> {
    let mut out = std::io::stdout();
    in_memory(&mut out)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    runtime.block_on(in_redis(&mut out))
}
