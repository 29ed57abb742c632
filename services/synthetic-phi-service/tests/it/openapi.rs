//! The OpenAPI document: what is checked in, what the binary prints, what is served, and what the service does are
//! the same.

use std::io::Write;
use std::process::{Command, Stdio};

use reqwest::Client;
use serde_json::Value;

use crate::process::{Process, output};
use crate::python;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");

#[test]
fn checked_in_document_is_what_the_routes_generate() {
    let output = output(&[], &["--openapi"]);
    assert_eq!(output.status.code(), Some(0));
    let generated = String::from_utf8(output.stdout).unwrap();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(FILE, &generated).unwrap();
    }
    let checked_in = std::fs::read_to_string(FILE).unwrap_or_default();
    assert!(checked_in == generated, "{FILE} is stale: run `make generate`");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_served_document_is_the_printed_one() {
    let process = Process::start(&[("SHUTDOWN_DRAIN_DELAY", "0s")]);
    let answer = Client::new()
        .get(process.url("/openapi.json"))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.headers()["content-type"], "application/json");
    let served = answer.text().await.unwrap();
    assert_eq!(served.into_bytes(), output(&[], &["--openapi"]).stdout);
    process.terminate();
    assert_eq!(process.end().await.0, Some(0));
}

/// schemathesis makes requests of the document, right and wrong ones, and holds every answer against it: status, media
/// type, schema, Allow of a 405, wrong requests refused and right ones accepted. It must find nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_fuzzer_finds_no_answer_that_the_document_does_not_allow() {
    let tools = tokio::task::spawn_blocking(python::tools).await.unwrap();
    let process = Process::start(&[
        ("LOG_LEVEL", "warn,service_kit::run=info"),
        ("SHUTDOWN_DRAIN_DELAY", "0s"),
    ]);
    let mut fuzzer = Command::new(tools.join("schemathesis"));
    fuzzer
        .current_dir(env!("CARGO_TARGET_TMPDIR"))
        .arg("--config-file")
        .arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/python/schemathesis.toml"
        ))
        .args([
            "run",
            "--no-color",
            "--checks",
            "all",
            "--max-examples",
            "100",
            "--generation-database",
            "none",
        ])
        .args([FILE, "--url", &process.url("")]);
    let output = tokio::task::spawn_blocking(move || fuzzer.output().unwrap())
        .await
        .unwrap();
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    let document: Value = serde_json::from_str(&std::fs::read_to_string(FILE).unwrap()).unwrap();
    let operations: usize = document["paths"]
        .as_object()
        .unwrap()
        .values()
        .map(|p| p.as_object().unwrap().len())
        .sum();
    assert!(said.contains(&format!("Tested: {operations}")), "{said}");
    assert!(output.status.success(), "{said}");
    process.terminate();
    assert_eq!(process.end().await.0, Some(0));
}

/// The reference parser of OpenMetrics is stricter than Prometheus: names, types, order, canonical numbers, the end.
#[tokio::test(flavor = "multi_thread")]
async fn openmetrics_is_what_its_reference_parser_reads() {
    const READ: &str = "import sys; from prometheus_client.openmetrics.parser import text_string_to_metric_families as f; \
                        print(len(list(f(sys.stdin.read()))))";
    let tools = tokio::task::spawn_blocking(python::tools).await.unwrap();
    let process = Process::start(&[("SHUTDOWN_DRAIN_DELAY", "0s")]);
    let client = Client::new();
    for path in ["/synthetic-patient?seed=7", "/nowhere", "/compliance/status"] {
        client.get(process.url(path)).send().await.unwrap();
    }
    let asked = client
        .get(process.url("/metrics"))
        .header("accept", "application/openmetrics-text");
    let answer = asked.send().await.unwrap();
    assert_eq!(
        answer.headers()["content-type"],
        "application/openmetrics-text; version=1.0.0; charset=utf-8"
    );
    let text = answer.text().await.unwrap();
    let mut parser = Command::new(tools.join("python"))
        .args(["-c", READ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    parser.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = parser.wait_with_output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let families: usize = String::from_utf8_lossy(&output.stdout).trim().parse().unwrap();
    assert_eq!(families, text.matches("# TYPE ").count());
    process.terminate();
    assert_eq!(process.end().await.0, Some(0));
}
