use reqwest::Client;

use super::server;

const CANARY: &str = "Jane-Roe-000-12-3456";

/// Patient data planted wherever a caller can put it reaches neither logs, nor metrics, nor answers.
#[tokio::test]
async fn canaries_stay_out_of_logs_metrics_and_errors() {
    let server = server().await;
    let client = Client::new();
    let requests = [
        client.get(server.url(&format!("/items/{CANARY}"))),
        client.get(server.url(&format!("/{CANARY}"))),
        client.get(server.url(&format!("/query?number={CANARY}"))),
        client.get(server.url(&format!("/query?{CANARY}=1"))),
        client
            .get(server.url("/ok"))
            .header("x-request-id", CANARY)
            .header("x-patient", CANARY),
        client
            .get(server.url("/ok"))
            .header("user-agent", CANARY)
            .header("traceparent", CANARY),
        client
            .get(server.url("/ok"))
            .header("authorization", format!("Bearer {CANARY}")),
        client
            .post(server.url("/json"))
            .json(&serde_json::json!({ "number": CANARY })),
        client
            .post(server.url("/json"))
            .json(&serde_json::json!({ CANARY: 1 })),
        client
            .post(server.url("/json"))
            .header("content-type", "application/json")
            .body(CANARY),
        client
            .post(server.url("/json"))
            .header("content-type", CANARY)
            .body(CANARY),
        client.get(server.url("/panic")),
    ];
    for request in requests {
        let response = request.send().await.unwrap();
        let answer = format!("{:?}", response.headers()) + &response.text().await.unwrap();
        assert!(!answer.contains(CANARY) && !answer.contains("SECRET"), "{answer}");
    }
    let logs = server.logs.text();
    assert!(logs.lines().count() >= 12, "{logs}");
    assert!(!logs.contains(CANARY) && !logs.contains("SECRET"), "{logs}");
    assert!(!server.metrics().unwrap().contains(CANARY));
}
