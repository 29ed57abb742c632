//! Everything that may happen to a service and shows in its metrics.

use std::time::Duration;

use reqwest::{Body, Client};
use serde_json::json;

use crate::telemetry::service::Service;

/// Once each to every pod: answers of all kinds, a refusal, a time-out.
pub(crate) async fn wave(pods: &[Service]) {
    for pod in pods {
        let client = Client::new();
        let (patient, json_type) = (
            pod.url("/synthetic-patient"),
            ("content-type", "application/json"),
        );
        let requests = [
            (200, client.get(&patient)),
            (200, client.post(&patient).json(&json!({"count": 3}))),
            (422, client.post(&patient).json(&json!({"count": 101}))),
            (404, client.get(pod.url("/nowhere"))),
            (
                413,
                client
                    .post(&patient)
                    .header(json_type.0, json_type.1)
                    .body(" ".repeat(20_000)),
            ),
            (
                503,
                client
                    .post(&patient)
                    .header(json_type.0, json_type.1)
                    .body(stalled()),
            ),
            (200, client.get(pod.url("/compliance/status"))),
            (200, client.get(pod.url("/readiness"))),
        ];
        for (status, request) in requests {
            // The answer to a body that is not read may be lost with the connection.
            let answer = request.send().await;
            assert!(
                answer.map_or(status == 413, |answer| answer.status() == status),
                "{status}"
            );
        }
    }
}

/// A body that does not come before the time-out.
fn stalled() -> Body {
    let rest = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        Ok::<_, std::io::Error>("{}")
    };
    Body::wrap_stream(futures::stream::once(rest))
}
