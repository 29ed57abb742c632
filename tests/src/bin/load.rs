//! `load`: keep-alive clients that ask one URL over and over until standard input ends, then tell what they got.
//!
//! Runs where the target can be reached, such as the network namespace of a local cluster's node.
use std::collections::BTreeMap;
use std::io::{Read, Write};
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
    /// Requests without an answer, or with half of one.
    failures: u64,
    /// The first failures.
    told: Vec<String>,
}

impl Report {
    fn count(&mut self, outcome: Result<u16, String>) {
        self.requests += 1;
        match outcome {
            Ok(status) => *self.answers.entry(status).or_default() += 1,
            Err(failure) => self.fail(1, [failure]),
        }
    }

    fn fail(&mut self, number: u64, told: impl IntoIterator<Item = String>) {
        self.failures += number;
        let room = TOLD.saturating_sub(self.told.len());
        self.told.extend(told.into_iter().take(room));
    }

    fn add(&mut self, other: Self) {
        self.requests += other.requests;
        for (status, number) in other.answers {
            *self.answers.entry(status).or_default() += number;
        }
        self.fail(other.failures, other.told);
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let load = Load::parse();
    let stop = CancellationToken::new();
    let mut clients = JoinSet::new();
    for _ in 0..load.clients {
        clients.spawn(ask(load.clone(), stop.clone()));
    }
    tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await??;
    stop.cancel();
    let mut total = Report::default();
    while let Some(report) = clients.join_next().await {
        total.add(report??);
    }
    writeln!(std::io::stdout(), "{}", serde_json::to_string(&total)?)?;
    Ok(())
}

async fn ask(load: Load, stop: CancellationToken) -> Result<Report> {
    let client = reqwest::Client::builder()
        .timeout(Duration::from_secs(load.timeout_seconds))
        .build()?;
    let mut report = Report::default();
    while !stop.is_cancelled() {
        let answer = client.get(&load.url).send().await;
        let whole = match answer {
            Ok(answer) => {
                let status = answer.status().as_u16();
                answer.bytes().await.map(|_| status)
            }
            Err(error) => Err(error),
        };
        report.count(whole.map_err(|error| format!("{error:?}")));
        tokio::time::sleep(Duration::from_millis(load.pause_ms)).await;
    }
    Ok(report)
}
