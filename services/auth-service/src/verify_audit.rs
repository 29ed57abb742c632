//! `auth-service verify-audit`: whether the audit log is as it was written.
//!
//! Exit codes: 0 when it is, 1 when it is not or cannot be read, 78 for bad settings.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::Parser;
use futures::TryStreamExt;
use prometheus::{IntCounter, Registry};
use service_kit::config::{self, ConfigError, EXIT_BAD_CONFIG};
use service_kit::postgres::{Database, DatabaseError, DatabaseSettings, Unavailable};
use service_kit::{Clock, Context, crypto};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::domain::audit::chain::{Entry, EntryHash};
use crate::domain::audit::verification::{Summary, Verification};
use crate::store::{AuditEntry, SCHEMA, Store};

/// The word that asks for it.
pub(crate) const COMMAND: &str = "verify-audit";

/// How often the database is asked whether it is there, and how long to wait in between.
const ATTEMPTS: u32 = 100;
const PAUSE: Duration = Duration::from_millis(100);

/// Verifies the audit log: hash chains, the records in them, and what the chains know of each other
#[derive(Debug, Parser)]
#[command(name = "auth-service verify-audit")]
struct VerifyAudit {
    #[command(flatten)]
    database: DatabaseSettings,
}

/// The command.
pub(crate) fn main() -> ExitCode {
    crypto::install_provider();
    match config::parse::<VerifyAudit, _>(std::env::args_os().skip(1)) {
        Ok(settings) => match run(&settings.database) {
            Ok(summary) => print(&told(&summary), ExitCode::SUCCESS),
            Err(error) => say(&format!("{error:#}\n"), ExitCode::FAILURE),
        },
        Err(ConfigError::Info(text)) => print(&text, ExitCode::SUCCESS),
        Err(error) => say(&format!("{COMMAND}: {error}\n"), ExitCode::from(EXIT_BAD_CONFIG)),
    }
}

fn run(settings: &DatabaseSettings) -> anyhow::Result<Summary> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let context = Context {
            clock: Clock::system(),
            registry: Registry::new(),
            shutdown: CancellationToken::new(),
            spans_dropped: IntCounter::new("telemetry_spans_dropped_total", "Not registered.")?,
            redis: None,
            trusted_hops: 0,
        };
        let database = Database::start(settings, SCHEMA, &context)?;
        let store = Store::new(database, context.clock);
        until_reachable(&store)
            .await
            .context("the audit log cannot be read")?;
        verify(&store).await
    })
}

async fn until_reachable(store: &Store) -> Result<(), DatabaseError> {
    for _ in 0..ATTEMPTS {
        match store.audit.heads().await {
            Err(DatabaseError::Unavailable(Unavailable::NotMigrated)) => tokio::time::sleep(PAUSE).await,
            result => return result.map(drop),
        }
    }
    store.audit.heads().await.map(drop)
}

/// Looks at every entry of every chain, and then at what chains know of each other.
pub(crate) async fn verify(store: &Store) -> anyhow::Result<Summary> {
    let mut verification = Verification::default();
    let mut hashes = BTreeMap::new();
    for head in store.audit.heads().await? {
        let mut entries = std::pin::pin!(store.audit.entries(head.chain, 0));
        while let Some(entry) = entries.try_next().await? {
            let entry = of_store(entry);
            hashes.insert((entry.chain, entry.seq), entry.hash);
            verification.entry(&entry)?;
        }
    }
    let summary = verification.finish();
    summary.check_ties(|chain, seq| hashes.get(&(chain, seq)).copied())?;
    Ok(summary)
}

fn of_store(entry: AuditEntry) -> Entry {
    Entry {
        chain: entry.chain,
        seq: entry.seq,
        at: entry.at,
        canonical: entry.canonical,
        previous: EntryHash(entry.previous),
        hash: EntryHash(entry.hash),
    }
}

/// What was found, for people: the ends of the chains are what to compare with a copy kept elsewhere.
fn told(summary: &Summary) -> String {
    let chains = summary.heads.len();
    let mut text = format!(
        "the audit log is as it was written: {} entries in {chains} chains\n",
        summary.entries
    );
    for (chain, head) in &summary.heads {
        text.push_str(&line(*chain, head.seq, head.hash));
    }
    text
}

fn line(chain: Uuid, seq: i64, hash: EntryHash) -> String {
    format!("{chain} {seq} {hash}\n")
}

fn print(text: &str, code: ExitCode) -> ExitCode {
    let _ = std::io::stdout().write_all(text.as_bytes());
    code
}

fn say(text: &str, code: ExitCode) -> ExitCode {
    let _ = std::io::stderr().write_all(text.as_bytes());
    code
}
