//! The service as a child process whose log can be read while it runs.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, ChildStdout, Stdio};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use reqwest::Client;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::process::command;

/// How long a test waits for what must happen; nothing is measured.
const PATIENCE: Duration = Duration::from_mins(1);

/// Killed when it is dropped.
pub(crate) struct Service {
    child: Child,
    log: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
    pub(crate) address: SocketAddr,
}

impl Service {
    /// Starts it with these settings and no others.
    pub(crate) fn start(settings: &[(&str, &str)]) -> Self {
        let settings = [&[("SHUTDOWN_DRAIN_DELAY", "0s")], settings].concat();
        let mut child = command(&settings)
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let (listening, address) = mpsc::channel();
        let log = Arc::new(Mutex::new(String::new()));
        let (stdout, kept) = (child.stdout.take().unwrap(), Arc::clone(&log));
        let reader = Some(std::thread::spawn(move || read(stdout, &kept, &listening)));
        let address = address
            .recv_timeout(PATIENCE)
            .unwrap_or_else(|_| panic!("it does not listen: {}", log.lock().unwrap()));
        Self {
            child,
            log,
            reader,
            address,
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Everything logged so far.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    pub(crate) async fn json(&self, path: &str) -> Value {
        Client::new()
            .get(self.url(path))
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap()
    }

    /// The value of a counter without labels.
    pub(crate) async fn counter(&self, name: &str) -> u64 {
        let text = self.metrics().await;
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("no {name} in\n{text}"))
            .parse()
            .unwrap()
    }

    pub(crate) async fn metrics(&self) -> String {
        let answer = Client::new().get(self.url("/metrics")).send().await.unwrap();
        answer.text().await.unwrap()
    }

    /// Ends it as Kubernetes does: its exit code, everything it logged, and how long that took.
    pub(crate) async fn stop(mut self) -> (Option<i32>, String, Duration) {
        let pid = Pid::from_raw(self.child.id().try_into().unwrap()).unwrap();
        let asked = Instant::now();
        kill_process(pid, Signal::TERM).unwrap();
        until("it ends", async || self.child.try_wait().unwrap().is_some()).await;
        let took = asked.elapsed();
        self.reader.take().unwrap().join().unwrap();
        (self.child.wait().unwrap().code(), self.log(), took)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ended_before = self.child.kill();
        let _ended_before = self.child.wait();
    }
}

fn read(stdout: ChildStdout, log: &Mutex<String>, listening: &Sender<SocketAddr>) {
    for line in BufReader::new(stdout).lines() {
        let line = line.unwrap();
        let parsed: Option<Value> = serde_json::from_str(&line).ok();
        let address = parsed
            .filter(|line| line["message"] == "listening")
            .and_then(|line| line["address"].as_str()?.parse().ok());
        let mut log = log.lock().unwrap();
        log.push_str(&line);
        log.push('\n');
        drop(log);
        if let Some(address) = address {
            let _nobody_waits_twice = listening.send(address);
        }
    }
}

/// The JSON lines of a log.
pub(crate) fn lines(log: &str) -> Vec<Value> {
    log.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

/// Waits for what must come true.
pub(crate) async fn until(what: &str, mut happened: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !happened().await {
        assert!(Instant::now() < deadline, "{what}: not after {PATIENCE:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
