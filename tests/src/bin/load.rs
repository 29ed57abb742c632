//! `load`: clients that ask one URL over and over until standard input ends, then tell what they got. Each line of standard
//! input is answered with what they got until then.
//!
//! Runs where the target can be reached, such as the network namespace of a local cluster's node.
use std::collections::BTreeMap;
use std::io::{BufRead, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Result;
use clap::Parser;
use serde::Serialize;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Failures that are told word by word.
const TOLD: usize = 5;

/// Asks a URL until standard input ends
#[derive(Clone, Parser)]
struct Load {
    /// What is asked
    url: String,
    /// Clients, each with a connection of its own
    #[arg(long, default_value_t = 20)]
    clients: usize,
    /// Clients that open a new connection for every request
    #[arg(long, default_value_t = 0)]
    fresh_clients: usize,
    /// Header of the answer by which versions are told apart
    #[arg(long)]
    version_header: Option<String>,
    /// Milliseconds between an answer and the next request
    #[arg(long, default_value_t = 5)]
    pause_ms: u64,
    /// Seconds after which a request has failed
    #[arg(long, default_value_t = 10)]
    timeout_seconds: u64,
}

/// What the clients got.
#[derive(Debug, Default, Serialize)]
struct Report {
    requests: u64,
    /// Answers that were read to their end, by status.
    answers: BTreeMap<u16, u64>,
    /// The same by version.
    versions: BTreeMap<String, u64>,
    /// The same of those who open a connection for every request: each is a throw of the dice.
    fresh_versions: BTreeMap<String, u64>,
    /// Requests without an answer, or with half of one.
    failures: u64,
    /// The first failures.
    told: Vec<String>,
}

/// An answer that was read to its end.
struct Answer {
    status: u16,
    version: Option<String>,
}

impl Report {
    fn count(&mut self, outcome: Result<Answer, String>, is_fresh: bool) {
        self.requests += 1;
        match outcome {
            Ok(answer) => self.answered(answer, is_fresh),
            Err(failure) => {
                self.failures += 1;
                if self.told.len() < TOLD {
                    self.told.push(failure);
                }
            }
        }
    }

    fn answered(&mut self, answer: Answer, is_fresh: bool) {
        *self.answers.entry(answer.status).or_default() += 1;
        let Some(version) = answer.version else { return };
        if is_fresh {
            *self.fresh_versions.entry(version.clone()).or_default() += 1;
        }
        *self.versions.entry(version).or_default() += 1;
    }
}

/// Shared by all clients.
type Shared = Arc<Mutex<Report>>;

#[tokio::main]
async fn main() -> Result<()> {
    let load = Load::parse();
    let stop = CancellationToken::new();
    let report = Shared::default();
    let mut clients = JoinSet::new();
    for number in 0..load.clients + load.fresh_clients {
        let is_fresh = number >= load.clients;
        clients.spawn(ask(load.clone(), is_fresh, report.clone(), stop.clone()));
    }
    let told = report.clone();
    tokio::task::spawn_blocking(move || {
        std::io::stdin()
            .lock()
            .lines()
            .try_for_each(|line| line.map_err(anyhow::Error::from).and_then(|_| tell(&told)))
    })
    .await??;
    stop.cancel();
    while let Some(ended) = clients.join_next().await {
        ended??;
    }
    tell(&report)
}

fn tell(report: &Shared) -> Result<()> {
    let text = serde_json::to_string(&*report.lock().unwrap_or_else(PoisonError::into_inner))?;
    let mut output = std::io::stdout();
    writeln!(output, "{text}")?;
    output.flush()?;
    Ok(())
}

async fn ask(load: Load, is_fresh: bool, report: Shared, stop: CancellationToken) -> Result<()> {
    let kept = if is_fresh { 0 } else { usize::MAX };
    let client = reqwest::Client::builder()
        .timeout(Duration::from_secs(load.timeout_seconds))
        .pool_max_idle_per_host(kept)
        .build()?;
    while !stop.is_cancelled() {
        let outcome = answer(&client, &load).await;
        report
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .count(outcome.map_err(|error| format!("{error:?}")), is_fresh);
        tokio::time::sleep(Duration::from_millis(load.pause_ms)).await;
    }
    Ok(())
}

async fn answer(client: &reqwest::Client, load: &Load) -> Result<Answer, reqwest::Error> {
    let answer = client.get(&load.url).send().await?;
    let header = load
        .version_header
        .as_ref()
        .and_then(|name| answer.headers().get(name));
    let version = header.and_then(|value| Some(value.to_str().ok()?.to_owned()));
    let status = answer.status().as_u16();
    answer.bytes().await?;
    Ok(Answer { status, version })
}
