//! What each layer of the kit costs a request, and all of them together, beside bare axum: nanoseconds by criterion, and
//! a table of nanoseconds and allocations in which all are measured in turns, so that its differences hold on a
//! busy machine too.
//!
//! Logs are written as in a pod, to nowhere; spans are made, but not exported. Run with `--features testing`.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use criterion::Criterion;
use service_kit::telemetry::{self, TelemetryGuard};
use service_kit::testing::layers::{Around, Layer, router};
use service_kit::testing::telemetry_config;
use service_kit::{BuildInfo, Clock};
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt;

/// How often the table measures everything, and how many requests each time.
const ROUNDS: usize = 300;
const REQUESTS: u32 = 200;

struct Subject {
    name: String,
    router: Router,
}

fn subjects() -> anyhow::Result<Vec<Subject>> {
    let one = Layer::ALL.map(|layer| (format!("{layer:?}"), Around::One(layer)));
    let ends = [
        ("bare axum".to_owned(), Around::Bare),
        ("all layers".to_owned(), Around::All),
    ];
    let [bare, all] = ends;
    std::iter::once(bare)
        .chain(one)
        .chain([all])
        .map(|(name, around)| {
            Ok(Subject {
                name,
                router: router(around)?,
            })
        })
        .collect()
}

async fn answer(router: Router) -> bool {
    let request = Request::get("/")
        .header("origin", "https://portal.example")
        .body(Body::empty());
    let response = router.oneshot(request.unwrap_or_default()).await;
    response.is_ok_and(|response| response.status().is_success())
}

fn main() -> anyhow::Result<()> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let subjects = subjects()?;
    let (dispatch, guard) = subscriber()?;
    tracing::dispatcher::with_default(&dispatch, || {
        by_criterion(&runtime, &subjects);
        table(&runtime, &subjects)
    })?;
    runtime.block_on(guard.shutdown());
    Ok(())
}

fn subscriber() -> anyhow::Result<(tracing::Dispatch, TelemetryGuard)> {
    let build = BuildInfo {
        service: "layers",
        version: "0",
    };
    let mut config = telemetry_config();
    "info".clone_into(&mut config.logging.log_level);
    Ok(telemetry::subscriber(
        &config,
        &build,
        &Clock::system(),
        io::sink,
    )?)
}

fn by_criterion(runtime: &Runtime, subjects: &[Subject]) {
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("layers");
    for subject in subjects {
        group.bench_function(&subject.name, |bencher| {
            bencher.iter(|| runtime.block_on(answer(subject.router.clone())));
        });
    }
    group.finish();
    criterion.final_summary();
}

/// The least time of all rounds, and the allocations of one request.
fn table(runtime: &Runtime, subjects: &[Subject]) -> anyhow::Result<()> {
    let mut least = vec![Duration::MAX; subjects.len()];
    for _ in 0..ROUNDS {
        for (subject, least) in subjects.iter().zip(&mut least) {
            *least = (*least).min(round(runtime, subject)?);
        }
    }
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "{:<14} {:>9} {:>8} {:>12} {:>8}",
        "", "ns", "+ ns", "allocations", "+"
    )?;
    let mut bare = None;
    for (subject, least) in subjects.iter().zip(&least) {
        let (time, count) = (
            least.as_nanos() / u128::from(REQUESTS),
            allocations(runtime, subject),
        );
        let (bare_time, bare_count) = *bare.get_or_insert((time, count));
        let (more, more_allocations) = (time.saturating_sub(bare_time), count.saturating_sub(bare_count));
        writeln!(
            out,
            "{:<14} {time:>9} {more:>8} {count:>12} {more_allocations:>8}",
            subject.name
        )?;
    }
    Ok(())
}

fn round(runtime: &Runtime, subject: &Subject) -> anyhow::Result<Duration> {
    let started = Instant::now();
    let answered = runtime.block_on(async {
        let mut answered = 0;
        for _ in 0..REQUESTS {
            answered += u32::from(answer(subject.router.clone()).await);
        }
        answered
    });
    anyhow::ensure!(answered == REQUESTS, "{} refused requests", subject.name);
    Ok(started.elapsed())
}

fn allocations(runtime: &Runtime, subject: &Subject) -> u64 {
    let one = || {
        runtime.block_on(answer(subject.router.clone()));
    };
    one();
    allocation_counter::measure(one).count_total
}
