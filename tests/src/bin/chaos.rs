//! `make chaos`: the fault campaign for an hour, or as long as wanted.
#![expect(clippy::print_stdout, reason = "the output of a campaign")]

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Parser;
use healthcare_tests::campaign::{self, Settings};

/// Breaks a cluster under several operators, and looks for what may never happen.
#[derive(Parser)]
struct Chaos {
    /// A new round of faults begins until then
    #[arg(long, default_value_t = 60)]
    minutes: u64,
    /// Faults and deeds follow from it [default: the time]
    #[arg(long)]
    seed: Option<u64>,
    /// Services
    #[arg(long, default_value_t = 30)]
    services: usize,
    /// Replicas of the operator
    #[arg(long, default_value_t = 3)]
    replicas: usize,
    /// The operator's binary
    #[arg(long, default_value = "target/release/healthcare-operator")]
    operator: PathBuf,
    /// Where the figures go
    #[arg(long, default_value = "target/bench/chaos.json")]
    output: PathBuf,
    /// Where the operators' logs go
    #[arg(long, default_value = "target/bench/chaos-logs")]
    logs: PathBuf,
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let chaos = Chaos::parse();
    if !chaos.operator.is_file() {
        bail!(
            "{} is missing: cargo build --release -p healthcare-operator",
            chaos.operator.display()
        );
    }
    let seed = chaos.seed.unwrap_or_else(of_the_time);
    println!("seed {seed}");
    let settings = Settings {
        seed,
        lasts: Duration::from_mins(chaos.minutes),
        services: chaos.services,
        replicas: chaos.replicas,
        faults: 6,
        span: Duration::from_secs(25),
        bound: Duration::from_mins(2),
        memory_mib: 100.0,
        binary: std::path::absolute(chaos.operator)?,
        logs: std::path::absolute(chaos.logs)?,
    };
    let report = campaign::run(&settings, &|line| println!("{line}")).await?;
    std::fs::create_dir_all(chaos.output.parent().context("the output has a directory")?)?;
    std::fs::write(&chaos.output, serde_json::to_vec_pretty(&report)?)?;
    println!("\n{}\nwritten to {}", report.table(), chaos.output.display());
    Ok(if report.violations.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Seconds since 1970: another seed each time.
#[expect(clippy::disallowed_methods, reason = "read once, in main")]
fn of_the_time() -> u64 {
    u64::try_from(jiff::Timestamp::now().as_second()).unwrap_or_default()
}
