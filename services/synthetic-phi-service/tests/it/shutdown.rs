//! SIGTERM to the real process: no request is lost, and nothing that does not end holds it.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::future::join_all;
use reqwest::Client;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::process::Process;

/// A client that keeps its connection, as a load balancer does, until it is told to close it.
struct KeepAlive {
    address: SocketAddr,
    stream: Option<BufReader<TcpStream>>,
}

struct Answer {
    status: u16,
    closes: bool,
}

impl KeepAlive {
    const fn new(address: SocketAddr) -> Self {
        Self {
            address,
            stream: None,
        }
    }

    /// Never sends a request twice: one that gets no answer is lost.
    async fn get(&mut self, path: &str) -> io::Result<Answer> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => BufReader::new(TcpStream::connect(self.address).await?),
        };
        let request = format!("GET {path} HTTP/1.1\r\nhost: {}\r\n\r\n", self.address);
        stream.write_all(request.as_bytes()).await?;
        let answer = read_answer(&mut stream).await?;
        if !answer.closes {
            self.stream = Some(stream);
        }
        Ok(answer)
    }
}

async fn read_answer(stream: &mut BufReader<TcpStream>) -> io::Result<Answer> {
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    let status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.ok_or(io::ErrorKind::UnexpectedEof)?;
    let (mut length, mut closes) = (0, false);
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            break;
        };
        match name {
            "content-length" => length = value.parse().unwrap(),
            "connection" => closes = value == "close",
            _ => {}
        }
    }
    stream.read_exact(&mut vec![0; length]).await?;
    Ok(Answer { status, closes })
}

/// Sends one request after the other until told to stop; how many were answered.
async fn until(stop: Arc<AtomicBool>, address: SocketAddr, path: String) -> usize {
    let mut client = KeepAlive::new(address);
    let mut answered = 0;
    while !stop.load(Ordering::Relaxed) {
        let answer = client
            .get(&path)
            .await
            .unwrap_or_else(|error| panic!("request lost: {error}"));
        assert_eq!(answer.status, 200);
        answered += 1;
    }
    answered
}

/// 200 clients with kept-alive connections; like a load balancer they stop when readiness says no. Not one request
/// fails.
#[tokio::test(flavor = "multi_thread")]
async fn a_shutdown_under_load_fails_no_request() {
    let process = Process::start(&[
        ("SHUTDOWN_DRAIN_DELAY", "4s"),
        ("LOG_LEVEL", "warn,service_kit::run=info"),
    ]);
    let not_ready = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = (0..200)
        .map(|seed| format!("/synthetic-patient?seed={seed}"))
        .map(|path| tokio::spawn(until(Arc::clone(&not_ready), process.address, path)))
        .collect();
    tokio::time::sleep(Duration::from_millis(300)).await;
    process.terminate();
    let mut probe = KeepAlive::new(process.address);
    while probe.get("/readiness").await.unwrap().status == 200 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    // Those that have not heard yet go on sending: the drain delay is theirs.
    tokio::time::sleep(Duration::from_millis(200)).await;
    not_ready.store(true, Ordering::Relaxed);
    let answered: usize = join_all(clients).await.into_iter().map(Result::unwrap).sum();
    assert!(answered >= 200, "{answered}");
    let (code, logs) = process.end().await;
    assert_eq!(
        (code, logs.contains("still under way")),
        (Some(0), false),
        "{logs}"
    );
}

/// Far above what any of the tests needs, far below the deadlines that must not be waited for.
const SOON: Duration = Duration::from_mins(1);

async fn ends_soon(process: Process) -> String {
    let (code, logs) = tokio::time::timeout(SOON, process.end())
        .await
        .expect("the process goes on");
    assert_eq!(code, Some(0), "{logs}");
    logs
}

/// Neither a connection that was never used, nor one that was kept after a request, nor a collector that takes spans
/// and never answers is waited for: the deadline is ten minutes.
#[tokio::test(flavor = "multi_thread")]
async fn idle_connections_and_a_silent_collector_hold_nothing() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let collector = format!("http://{}", silent.local_addr().unwrap());
    let process = Process::start(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &collector),
        ("SHUTDOWN_DRAIN_DELAY", "0s"),
        ("SHUTDOWN_DEADLINE", "10m"),
    ]);
    let _never_used = TcpStream::connect(process.address).await.unwrap();
    let mut kept = KeepAlive::new(process.address);
    assert_eq!(kept.get("/synthetic-patient").await.unwrap().status, 200);
    process.terminate();
    let logs = ends_soon(process).await;
    assert!(!logs.contains("still under way"), "{logs}");
    // The collector was really there: somebody connected to it.
    tokio::time::timeout(SOON, silent.accept())
        .await
        .unwrap()
        .unwrap();
}

/// A request whose body never comes is given up at the deadline, not at its own time-out of ten minutes.
#[tokio::test(flavor = "multi_thread")]
async fn the_deadline_ends_a_request_that_does_not_end() {
    let process = Process::start(&[
        ("REQUEST_TIMEOUT", "10m"),
        ("SHUTDOWN_DRAIN_DELAY", "0s"),
        ("SHUTDOWN_DEADLINE", "300ms"),
    ]);
    let mut stuck = TcpStream::connect(process.address).await.unwrap();
    let head = "POST /synthetic-patient HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n";
    stuck.write_all(head.as_bytes()).await.unwrap();
    // Under way once it is counted, beside the scrape itself.
    let metrics = process.url("/metrics");
    let client = Client::new();
    while !client
        .get(&metrics)
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap()
        .contains("synthetic_phi_active_requests 2")
    {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    process.terminate();
    let logs = ends_soon(process).await;
    assert!(logs.contains("still under way"), "{logs}");
}
