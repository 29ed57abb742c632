//! `make bench-scale N=100,1000,5000`: what N services cost the operator and the API server, beside a bare client that
//! creates the same objects.
//!
//! Both run against a new control plane of their own, one after the other, at the same concurrency.
//! Requests are counted from the API server's audit log, by the operator's own user.
#![expect(clippy::print_stdout, reason = "the output of a benchmark")]

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::Parser;

mod audit;
mod bare;
mod meter;
mod phases;
mod run;
mod table;
mod world;

/// Measures the operator at several sizes, each on a cluster of its own.
#[derive(Parser)]
struct Bench {
    /// Numbers of services
    #[arg(long, default_value = "100,1000,5000", value_delimiter = ',')]
    services: Vec<usize>,
    /// Passes, and requests of the bare client, at a time
    #[arg(long, default_value_t = 16)]
    concurrency: usize,
    /// Seconds of rest that are watched after convergence
    #[arg(long, default_value_t = 600)]
    rest_seconds: u64,
    /// Leave the bare client out, which takes as long again
    #[arg(long)]
    without_floor: bool,
    /// Leave out the image change of all, after which the control plane replaces every pod
    #[arg(long)]
    without_image_change: bool,
    /// The operator
    #[arg(long, default_value = "target/release/healthcare-operator")]
    operator: PathBuf,
    /// Where the figures go; a table goes beside them
    #[arg(long, default_value = "target/bench/scale.json")]
    output: PathBuf,
}

#[tokio::main]
async fn main() -> Result<()> {
    let bench = Bench::parse();
    if !bench.operator.is_file() {
        bail!(
            "{} is missing: cargo build --release -p healthcare-operator",
            bench.operator.display()
        );
    }
    std::fs::create_dir_all(bench.output.parent().context("the output has a directory")?)?;
    let mut figures = Vec::new();
    for services in &bench.services {
        println!("== {services} services");
        figures.push(run::run(&bench, *services).await?);
        // After each: the next size takes long.
        std::fs::write(&bench.output, serde_json::to_vec_pretty(&figures)?)?;
        let table = table::table(&figures);
        std::fs::write(bench.output.with_extension("md"), &table)?;
        println!("{table}");
    }
    println!("written to {}", bench.output.display());
    Ok(())
}
