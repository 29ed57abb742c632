//! The API, in process.

use reqwest::Client;
use serde_json::{Value, json};
use service_kit::Clock;
use service_kit::testing::TestServer;
use synthetic_phi_service::{INFO, build};

async fn server() -> TestServer {
    let clock = Clock::fixed("2026-11-21T12:00:00Z".parse().unwrap());
    TestServer::start(&INFO, clock, build).await.unwrap()
}

async fn get(server: &TestServer, path: &str) -> (u16, Value) {
    let response = Client::new().get(server.url(path)).send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

async fn post(server: &TestServer, body: &Value) -> (u16, Value) {
    let response = Client::new()
        .post(server.url("/synthetic-patient"))
        .json(body)
        .send()
        .await
        .unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

#[tokio::test]
async fn info_names_the_endpoints_that_exist() {
    let server = server().await;
    let (status, info) = get(&server, "/").await;
    assert_eq!(status, 200);
    assert_eq!(info["service"], "synthetic-phi-service");
    for endpoint in info["endpoints"].as_array().unwrap() {
        let (method, path) = endpoint.as_str().unwrap().split_once(' ').unwrap();
        let request = Client::new()
            .request(method.parse().unwrap(), server.url(path))
            .json(&json!({"count": 1}));
        assert_eq!(request.send().await.unwrap().status(), 200, "{endpoint}");
    }
}

#[tokio::test]
async fn a_seed_gives_the_same_bytes_in_every_way() {
    let server = server().await;
    let (_, batch) = post(&server, &json!({"count": 100, "seed": 7})).await;
    let (_, first) = post(&server, &json!({"count": 50, "seed": 7})).await;
    let (_, second) = post(&server, &json!({"count": 50, "seed": 7, "index": 50})).await;
    let patients = batch["patients"].as_array().unwrap();
    assert_eq!((batch["count"].as_u64(), patients.len()), (Some(100), 100));
    let halves: Vec<Value> = [first, second]
        .iter()
        .flat_map(|half| half["patients"].as_array().unwrap().clone())
        .collect();
    assert_eq!(*patients, halves);
    for index in [0, 1, 99] {
        let (_, single) = get(&server, &format!("/synthetic-patient?seed=7&index={index}")).await;
        assert_eq!(single.to_string(), patients[index].to_string());
    }
}

#[tokio::test]
async fn a_random_seed_is_told_and_can_be_used_again() {
    let server = server().await;
    let (_, one) = get(&server, "/synthetic-patient").await;
    let (_, other) = get(&server, "/synthetic-patient").await;
    assert_ne!(one["seed"], other["seed"]);
    let (_, again) = get(&server, &format!("/synthetic-patient?seed={}", one["seed"])).await;
    assert_eq!(one, again);
}

#[tokio::test]
async fn refusals_are_problems_that_say_what_to_change() {
    let server = server().await;
    let table = [
        (json!({"count": 0}), 422, "count must be from 1 to 100"),
        (json!({"count": 101}), 422, "count must be from 1 to 100"),
        (json!({"count": -5}), 422, "count must be from 1 to 100"),
        (
            json!({"count": 1, "seed": u64::MAX}),
            422,
            "seed must be from 0 to 9007199254740991",
        ),
        (
            json!({"count": 2, "index": 1_999_999}),
            422,
            "index of the first and last patient must be from 0 to 1999999",
        ),
        (json!({}), 422, "a field is missing, unknown or of the wrong type"),
        (
            json!({"count": "many"}),
            422,
            "a field is missing, unknown or of the wrong type",
        ),
        (
            json!({"count": 1.5}),
            422,
            "a field is missing, unknown or of the wrong type",
        ),
        (
            json!({"count": 1, "sead": 4}),
            422,
            "a field is missing, unknown or of the wrong type",
        ),
    ];
    for (body, status, says) in table {
        let (found, problem) = post(&server, &body).await;
        assert_eq!(found, status, "{body}");
        assert!(
            problem["detail"].as_str().unwrap().contains(says),
            "{body}: {problem}"
        );
    }
    assert_eq!(get(&server, "/synthetic-patient?index=2000000").await.0, 422);
    assert_eq!(get(&server, "/synthetic-patient?seed=x").await.0, 400);
}

#[tokio::test]
async fn health_endpoints_keep_their_contract() {
    let server = server().await;
    let alive = json!({
        "status": "healthy",
        "service": "synthetic-phi-service",
        "version": env!("CARGO_PKG_VERSION"),
        "timestamp": "2026-11-21T12:00:00Z",
    });
    assert_eq!(get(&server, "/health").await, (200, alive.clone()));
    assert_eq!(get(&server, "/health/live").await, (200, alive));
    let ready = json!({"data_generator": "ready", "metrics": "ready", "tracing": "ready"});
    assert_eq!(
        get(&server, "/readiness").await,
        (200, json!({"ready": true, "checks": ready}))
    );
    let (status, full) = get(&server, "/health/ready").await;
    assert_eq!(
        (status, &full["status"], &full["timestamp"]),
        (200, &json!("UP"), &json!("2026-11-21T12:00:00Z"))
    );
    assert_eq!(full["checks"]["data_generator"]["status"], "UP");
    assert!(full["duration_ms"].is_number() && full["checks"]["tracing"]["duration_ms"].is_number());
}

#[tokio::test]
async fn compliance_status_is_recomputed_and_counted() {
    let server = server().await;
    get(&server, "/compliance/status").await;
    let (status, compliance) = get(&server, "/compliance/status").await;
    assert_eq!((status, &compliance["compliant"]), (200, &json!(true)));
    let results: Vec<&Value> = compliance["checks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|check| &check["result"])
        .collect();
    assert_eq!(results, ["pass", "pass", "pass"]);
    let counted = r#"synthetic_phi_compliance_checks_total{result="pass",type="reproducible"} 2"#;
    assert!(server.metrics().unwrap().contains(counted));
}

#[tokio::test]
async fn patients_are_counted_and_logged() {
    let server = server().await;
    get(&server, "/synthetic-patient?seed=7&index=3").await;
    post(&server, &json!({"count": 9, "seed": 7})).await;
    let metrics = server.metrics().unwrap();
    for line in [
        "synthetic_phi_patients_generated_total 10",
        r#"synthetic_phi_request_duration_seconds_count{endpoint="/synthetic-patient",method="POST",status="200"} 1"#,
        "synthetic_phi_active_requests 0",
    ] {
        assert!(
            metrics.lines().any(|found| found == line),
            "{line} not in\n{metrics}"
        );
    }
    let lines = server.logs.lines();
    let single = lines
        .iter()
        .find(|line| line["message"] == "patient generated")
        .unwrap();
    assert_eq!(single["patient_id"], "syn-7-3");
    assert!(
        single["diagnosis_count"].is_u64()
            && single["request_id"].is_string()
            && single["trace_id"].is_string()
    );
    let batch = lines
        .iter()
        .find(|line| line["message"] == "patients generated")
        .unwrap();
    assert_eq!(batch["batch_size"], 9);
    // Nothing of a patient but the id.
    for secret in ["000-", "666-", "SYN0", "@example.org", "seed="] {
        assert!(!server.logs.text().contains(secret), "{secret}");
    }
}
