//! `GET /synthetic-patients`, from the real process.

use std::collections::HashSet;
use std::fs;

use futures::StreamExt;
use reqwest::{Client, Response};
use serde_json::Value;

use crate::process::Process;

fn start() -> Process {
    Process::start(&[
        ("SHUTDOWN_DRAIN_DELAY", "0s"),
        ("LOG_LEVEL", "warn,service_kit::run=info"),
    ])
}

async fn stream(process: &Process, query: &str) -> Response {
    let response = Client::new()
        .get(process.url(&format!("/synthetic-patients?{query}")))
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 200);
    response
}

/// The most memory the process has ever used, in KiB.
fn peak_memory(process: &Process) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", process.pid())).unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

async fn generated(process: &Process) -> u64 {
    let metrics = Client::new()
        .get(process.url("/metrics"))
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    let line = metrics
        .lines()
        .find_map(|line| line.strip_prefix("synthetic_phi_patients_generated_total "));
    line.unwrap().parse().unwrap()
}

/// The number of patients made once it no longer grows.
async fn settled(process: &Process) -> u64 {
    let (mut known, mut unchanged) = (generated(process).await, 0);
    while unchanged < 5 {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        let now = generated(process).await;
        unchanged = if now == known { unchanged + 1 } else { 0 };
        known = now;
    }
    known
}

/// A million of a seed as they leave the process: in less than 64 MB, and no two with the same number.
#[tokio::test(flavor = "multi_thread")]
async fn a_million_patients_in_constant_memory_without_a_number_twice() {
    const COUNT: usize = 1_000_000;
    let process = start();
    let response = stream(&process, &format!("count={COUNT}&format=ndjson&seed=20")).await;
    assert_eq!(response.headers()["content-type"], "application/x-ndjson");
    let mut numbers = Numbers::default();
    let mut chunks = response.bytes_stream();
    let mut rest = Vec::new();
    while let Some(chunk) = chunks.next().await {
        rest.extend_from_slice(&chunk.unwrap());
        let whole = rest
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |end| end + 1);
        let text = std::str::from_utf8(&rest[..whole]).unwrap();
        text.lines().for_each(|line| numbers.add(line));
        rest.drain(..whole);
    }
    assert_eq!(
        (rest.len(), numbers.mrns.len(), numbers.ssns.len()),
        (0, COUNT, COUNT)
    );
    let peak = peak_memory(&process);
    assert!(peak < 64 * 1024, "{peak} KiB");
}

/// Whole lives in FHIR, a megabyte each, four streams at a time.
#[tokio::test(flavor = "multi_thread")]
async fn lives_in_fhir_need_no_more_memory_than_a_piece_of_one() {
    let process = start();
    let one = async |seed: u64| {
        let query = format!("count=100&seed={seed}&depth=lifetime&format=fhir-ndjson");
        let mut response = stream(&process, &query).await;
        let mut lines = 0;
        while let Some(chunk) = response.chunk().await.unwrap() {
            lines += chunk
                .iter()
                .map(|byte| usize::from(*byte == b'\n'))
                .sum::<usize>();
        }
        lines
    };
    assert_eq!(
        futures::join!(one(1), one(2), one(3), one(4)),
        (100, 100, 100, 100)
    );
    let peak = peak_memory(&process);
    assert!(peak < 64 * 1024, "{peak} KiB");
}

#[derive(Default)]
struct Numbers {
    ssns: HashSet<u32>,
    mrns: HashSet<u32>,
}

impl Numbers {
    fn add(&mut self, line: &str) {
        let field = |name: &str, length: usize| {
            let start = line.find(name).unwrap() + name.len();
            &line[start..start + length]
        };
        let (mrn, ssn) = (field(r#""mrn":"SYN"#, 9), field(r#""ssn":""#, 11));
        assert!(synthetic_phi_service::domain::is_unassignable(ssn), "{ssn}");
        assert!(
            self.ssns.insert(ssn.replace('-', "").parse().unwrap()),
            "{ssn} is there twice"
        );
        assert!(self.mrns.insert(mrn.parse().unwrap()), "{mrn} is there twice");
    }
}

/// A client that does not read holds the work up; one that leaves ends it.
#[tokio::test(flavor = "multi_thread")]
async fn patients_are_made_no_faster_than_they_are_read_and_not_for_nobody() {
    let process = start();
    let mut response = stream(&process, "count=2000000&seed=1&depth=lifetime").await;
    response.chunk().await.unwrap().unwrap();
    let waiting = settled(&process).await;
    assert!(
        waiting < 2_000_000 / 10,
        "{waiting} were made for a client that reads nothing"
    );
    for _ in 0..100 {
        response.chunk().await.unwrap().unwrap();
    }
    drop(response);
    let left = settled(&process).await;
    assert!(
        left < 2_000_000 / 10,
        "{left} were made for a client that is gone"
    );
}

/// The clock of the machine, its time zone and how many threads there are do not matter.
#[tokio::test(flavor = "multi_thread")]
async fn other_time_zones_and_threads_give_the_same_bytes() {
    let mut answers = HashSet::new();
    for settings in [
        &[("TZ", "Pacific/Kiritimati"), ("TOKIO_WORKER_THREADS", "1")],
        &[("TZ", "America/Los_Angeles"), ("TOKIO_WORKER_THREADS", "4")],
    ] {
        let process = Process::start(settings);
        let whole = stream(&process, "count=60&seed=3&depth=lifetime")
            .await
            .text()
            .await
            .unwrap();
        let first = stream(&process, "count=30&seed=3&depth=lifetime")
            .await
            .text()
            .await
            .unwrap();
        let second = stream(&process, "count=30&seed=3&depth=lifetime&index=30")
            .await
            .text()
            .await
            .unwrap();
        assert_eq!(whole, first + &second);
        let single = Client::new().get(process.url("/synthetic-patient?seed=3&index=59&depth=lifetime"));
        let single = single.send().await.unwrap().text().await.unwrap();
        assert_eq!(whole.lines().last(), Some(single.as_str()));
        answers.insert(whole);
    }
    assert_eq!(answers.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_say_what_is_wrong_before_they_begin() {
    let process = start();
    for (query, status, says) in [
        ("count=0", 422, "count must be from 1 to 2000000"),
        ("count=2000001", 422, "count must be from 1 to 2000000"),
        (
            "count=2&index=1999999",
            422,
            "index of the first and last patient",
        ),
        (
            "count=1&conditions=gout",
            422,
            "conditions must be a comma-separated list",
        ),
        (
            "count=1&conditions=hypertension&age=3",
            422,
            "nobody of this age and sex",
        ),
        ("count=1&age=abc", 422, "age must be"),
        ("count=1&depth=deep", 400, "query string"),
        ("count=1&sex=unknown", 400, "query string"),
        ("count=1&format=xml", 400, "query string"),
    ] {
        let url = process.url(&format!("/synthetic-patients?{query}"));
        let response = Client::new().get(url).send().await.unwrap();
        assert_eq!(response.status().as_u16(), status, "{query}");
        let problem: Value = response.json().await.unwrap();
        assert!(
            problem["detail"].as_str().unwrap().contains(says),
            "{query}: {problem}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn cohorts_are_as_asked_in_every_form() {
    let process = start();
    let query = "count=50&seed=8&conditions=diabetes,I10&age=50-59&sex=female";
    let lines = stream(&process, query).await.text().await.unwrap();
    for line in lines.lines() {
        let patient: Value = serde_json::from_str(line).unwrap();
        assert_eq!(patient["sex"], "female");
        assert!((50..60).contains(&patient["age"].as_u64().unwrap()));
        let codes: Vec<&Value> = patient["conditions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| &one["code"])
            .collect();
        assert!(
            codes.iter().any(|code| *code == "E11.9") && codes.iter().any(|code| *code == "I10"),
            "{codes:?}"
        );
    }
    let request = Client::new().get(process.url(&format!("/synthetic-patients?{query}")));
    let response = request
        .header("accept", "application/fhir+json")
        .send()
        .await
        .unwrap();
    assert_eq!(response.headers()["content-type"], "application/fhir+ndjson");
    let bundles = response.text().await.unwrap();
    assert_eq!(bundles.lines().count(), 50);
    let first: Value = serde_json::from_str(bundles.lines().next().unwrap()).unwrap();
    assert_eq!(first["resourceType"], "Bundle");
}
