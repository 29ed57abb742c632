//! What the operator tells about itself.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;

use crate::support::manifest;
use crate::support::operator::Operator;
use crate::support::world::{eventually, shows, world};

type Received = Arc<Mutex<Vec<Span>>>;

async fn receive(State(spans): State<Received>, body: Bytes) {
    let request = ExportTraceServiceRequest::decode(body).unwrap();
    let scopes = request
        .resource_spans
        .into_iter()
        .flat_map(|resource| resource.scope_spans);
    spans.lock().unwrap().extend(scopes.flat_map(|scope| scope.spans));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_span_a_pass_with_a_child_an_apply_and_metrics_of_both() {
    let stage = world();
    stage.namespace("traced").unwrap();
    let spans = Received::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new()
        .route("/v1/traces", post(receive))
        .with_state(Arc::clone(&spans));
    let collector = tokio::spawn(async move { axum::serve(listener, router).await });

    // The shared operator works on this namespace too: both apply the same.
    let args = ["--watch-namespaces", "traced", "--otlp-endpoint", &endpoint];
    let mut operator = Operator::ready(&stage.proxy.kubeconfig, "traced", &args)
        .await
        .unwrap();
    stage
        .cluster
        .apply(&manifest("svc", "traced", "registry.local/app:1", ""))
        .unwrap();
    stage.until_ready("traced", "svc").await.unwrap();

    // The other operator may have made it Ready, so this one's pass need not have ended yet.
    let wanted = [
        "controller_runtime_reconcile_total{controller=\"healthcareservice\"",
        "controller_runtime_reconcile_time_seconds_bucket",
        "rest_client_requests_total{code=\"200\"",
        "healthcare_service_info{image=\"registry.local/app:1\"",
    ];
    let scraped = async || {
        let answer = reqwest::get(format!("http://{}/metrics", operator.admin)).await?;
        Ok(shows(&answer.text().await?, &wanted))
    };
    eventually("/metrics", scraped).await.unwrap();
    assert_eq!(operator.terminate().unwrap(), 0, "{}", operator.log());

    let spans = spans.lock().unwrap();
    let passes: Vec<_> = spans.iter().filter(|span| span.name == "reconcile").collect();
    let applies: Vec<_> = spans.iter().filter(|span| span.name == "apply").collect();
    assert!(
        !passes.is_empty() && !applies.is_empty(),
        "{:?}",
        spans.iter().map(|s| &s.name).collect::<Vec<_>>()
    );
    for apply in applies {
        let parent = passes.iter().find(|pass| pass.span_id == apply.parent_span_id);
        assert!(
            parent.is_some_and(|pass| pass.trace_id == apply.trace_id),
            "an apply stands alone: {apply:?}"
        );
    }
    collector.abort();
}
