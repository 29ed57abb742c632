//! `make bench-load`: requests per second, latency, processor time and memory of the services under `oha`, beside a bare axum
//! server that answers with as many bytes.
//!
//! Generator and server share the machine: what compares between machines are the ratio to the bare server and the
//! processor time per request.
#![expect(clippy::print_stdout, reason = "the output of a benchmark")]

use std::fmt::{Display, Formatter};
use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use axum::Router;
use axum::routing::get;
use clap::{Parser, Subcommand};
use healthcare_tests::measured::Measured;
use serde::Serialize;
use serde_json::Value;

mod auth;
mod case;
mod patients;

use case::Case;

/// Measures the services under load.
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Measure
    Run(Bench),
    /// Answer every request with so many bytes: the server to compare with
    Bare {
        /// Where to listen
        #[arg(long)]
        port: u16,
        /// Bytes of each answer
        #[arg(long)]
        bytes: usize,
    },
}

#[derive(Parser)]
struct Bench {
    /// Where the services are
    #[arg(long, default_value = "target/release")]
    binaries: PathBuf,
    /// Seconds of each measurement
    #[arg(long, default_value_t = 10)]
    seconds: u32,
    /// Connections
    #[arg(long, default_value_t = 50)]
    connections: u32,
    /// Where the figures go
    #[arg(long, default_value = "target/bench/load.json")]
    output: PathBuf,
}

/// What a server did under one load. Times in milliseconds, memory in MiB.
#[derive(Serialize)]
struct Row {
    name: String,
    answer_bytes: usize,
    requests_per_second: f64,
    p50_ms: f64,
    p99_ms: f64,
    /// Processor time of the server, microseconds.
    cpu_us_per_request: f64,
    peak_resident_mib: f64,
    /// Requests per second of the bare server divided by these; none at a fixed rate.
    bare_ratio: Option<f64>,
}

impl Display for Row {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let ratio = self
            .bare_ratio
            .map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.2}"));
        write!(
            f,
            "{:<36} {:>8} {:>9.0} {:>8.2} {:>8.2} {:>9.1} {:>8.1} {ratio:>7}",
            self.name,
            self.answer_bytes,
            self.requests_per_second,
            self.p50_ms,
            self.p99_ms,
            self.cpu_us_per_request,
            self.peak_resident_mib,
        )
    }
}

/// All figures of a service.
#[derive(Serialize)]
struct Figures {
    service: &'static str,
    start_ms: f64,
    resident_at_rest_mib: f64,
    rows: Vec<Row>,
}

/// What `oha` saw.
struct Seen {
    requests: f64,
    per_second: f64,
    p50: f64,
    p99: f64,
}

#[tokio::main]
async fn main() -> Result<()> {
    match Cli::parse().action {
        Action::Run(bench) => tokio::task::spawn_blocking(move || run(&bench)).await?,
        Action::Bare { port, bytes } => bare(port, bytes).await,
    }
}

async fn bare(port: u16, bytes: usize) -> Result<()> {
    let answer = "x".repeat(bytes);
    let router = Router::new().fallback(get(move || std::future::ready(answer.clone())));
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    Ok(axum::serve(listener, router).await?)
}

fn run(bench: &Bench) -> Result<()> {
    let directory = bench.output.parent().context("the output has a directory")?;
    std::fs::create_dir_all(directory)?;
    let database = auth::Database::start()?;
    let figures = [patients(bench)?, auth(bench, &database)?];
    std::fs::write(&bench.output, serde_json::to_vec_pretty(&figures)?)?;
    println!("written to {}", bench.output.display());
    Ok(())
}

fn patients(bench: &Bench) -> Result<Figures> {
    let started = Started::new(bench, "synthetic-phi-service", Vec::new())?;
    started.figures(bench, &patients::cases())
}

fn auth(bench: &Bench, database: &auth::Database) -> Result<Figures> {
    let started = Started::new(bench, "auth-service", database.settings()?)?;
    let cases = auth::cases(started.address)?;
    started.figures(bench, &cases)
}

/// A service, and what was seen of it before anybody asked it anything.
struct Started {
    name: &'static str,
    process: Measured,
    address: SocketAddr,
    start_ms: f64,
    resident_at_rest_mib: f64,
}

impl Started {
    fn new(bench: &Bench, name: &'static str, settings: Vec<(&'static str, String)>) -> Result<Self> {
        let binary = bench.binaries.join(name);
        if !binary.is_file() {
            bail!("{} is missing: cargo build --release -p {name}", binary.display());
        }
        let address = free_address()?;
        let log = File::create(bench.output.with_file_name(format!("{name}.log")))?;
        let began = Instant::now();
        let process = Measured::start(
            Command::new(&binary)
                .envs(settings)
                .env("HOST", "127.0.0.1")
                .env("PORT", address.port().to_string())
                .stdout(log),
        )?;
        listening(address)?;
        let start_ms = began.elapsed().as_secs_f64() * 1e3;
        std::thread::sleep(Duration::from_secs(2));
        let resident_at_rest_mib = process.memory("VmRSS")?;
        println!("{name}: listening after {start_ms:.0} ms, {resident_at_rest_mib:.1} MiB at rest");
        Ok(Self {
            name,
            process,
            address,
            start_ms,
            resident_at_rest_mib,
        })
    }

    fn figures(&self, bench: &Bench, cases: &[Case]) -> Result<Figures> {
        println!(
            "{:<36} {:>8} {:>9} {:>8} {:>8} {:>9} {:>8} {:>7}",
            "", "bytes", "per s", "p50 ms", "p99 ms", "CPU µs", "MiB", "bare/it"
        );
        let rows = cases
            .iter()
            .map(|case| measure(bench, case, &self.process, self.address));
        Ok(Figures {
            service: self.name,
            start_ms: self.start_ms,
            resident_at_rest_mib: self.resident_at_rest_mib,
            rows: rows.collect::<Result<_>>()?,
        })
    }
}

/// The service under one load and, unless at a fixed rate, a bare server under the same.
fn measure(bench: &Bench, case: &Case, service: &Measured, address: SocketAddr) -> Result<Row> {
    let answer_bytes = case::curl(address, case)?.len();
    service.forget_peak()?;
    let before = service.cpu_seconds()?;
    let seen = oha(bench, address, case)?;
    let cpu = service.cpu_seconds()? - before;
    let bare_ratio = match case.rate {
        None => Some(bare_per_second(bench, answer_bytes)? / seen.per_second),
        Some(_) => None,
    };
    let rate = case.rate.map(|rate| format!(" at {rate}/s")).unwrap_or_default();
    let row = Row {
        name: format!("{}{rate}", case.name),
        answer_bytes,
        requests_per_second: seen.per_second,
        p50_ms: seen.p50 * 1e3,
        p99_ms: seen.p99 * 1e3,
        cpu_us_per_request: cpu * 1e6 / seen.requests,
        peak_resident_mib: service.memory("VmHWM")?,
        bare_ratio,
    };
    println!("{row}");
    Ok(row)
}

fn bare_per_second(bench: &Bench, bytes: usize) -> Result<f64> {
    let address = free_address()?;
    let arguments = [format!("--port={}", address.port()), format!("--bytes={bytes}")];
    let _server = Measured::start(Command::new(std::env::current_exe()?).arg("bare").args(arguments))?;
    listening(address)?;
    Ok(oha(bench, address, &Case::get("bare", "/"))?.per_second)
}

/// Latencies of a fixed rate count from when a request was due, not from when it could be sent.
fn oha(bench: &Bench, address: SocketAddr, case: &Case) -> Result<Seen> {
    let mut command = Command::new("oha");
    command.args([
        "--no-tui",
        "--output-format",
        "json",
        "--wait-ongoing-requests-after-deadline",
    ]);
    command.args(["-z", &format!("{}s", bench.seconds)]);
    command.args(["-c", &bench.connections.to_string()]);
    if let Some(rate) = case.rate {
        command.args(["-q", &rate.to_string(), "--latency-correction"]);
    }
    if let Some(form) = &case.form {
        command.args(["-m", "POST", "-T", "application/x-www-form-urlencoded"]);
        command.args(["-d", &form.body, "-a", &form.user]);
    }
    let output = command
        .arg(case.url(address))
        .stderr(Stdio::inherit())
        .output()
        .context("oha cannot be started: cargo install oha")?;
    let report: Value = serde_json::from_slice(&output.stdout).context("what oha printed")?;
    seen(&report)
}

fn seen(report: &Value) -> Result<Seen> {
    let number = |pointer: &str| {
        let value = report.pointer(pointer).and_then(Value::as_f64);
        value.with_context(|| format!("oha tells {pointer}"))
    };
    let (answers, failures) = (
        total(report, "/statusCodeDistribution"),
        total(report, "/errorDistribution"),
    );
    let good = number("/statusCodeDistribution/200")?;
    if failures > 0.0 || good < answers {
        bail!("not every request was answered with 200: {report}");
    }
    Ok(Seen {
        requests: answers,
        per_second: number("/summary/requestsPerSec")?,
        p50: number("/latencyPercentiles/p50")?,
        p99: number("/latencyPercentiles/p99")?,
    })
}

fn total(report: &Value, pointer: &str) -> f64 {
    let distribution = report.pointer(pointer).and_then(Value::as_object);
    let counts = distribution.into_iter().flat_map(|counts| counts.values());
    counts.filter_map(Value::as_f64).sum()
}

fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

fn listening(address: SocketAddr) -> Result<()> {
    for _ in 0..1000 {
        if std::net::TcpStream::connect(address).is_ok() {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    bail!("nothing listens on {address}")
}
