use axum::extract::Request;
use http::Method;
use prometheus::IntCounter;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::{INFO, demo};
use crate::testing::server_config;
use crate::{Clock, Context, metrics, service};

/// Callers cannot make the metrics grow: random paths and methods add one series to a family at most.
#[tokio::test]
async fn random_requests_add_one_series_a_family() {
    let registry = metrics::registry(&INFO.build).unwrap();
    let context = Context {
        clock: Clock::system(),
        registry,
        shutdown: CancellationToken::new(),
        spans_dropped: IntCounter::new("dropped", "test").unwrap(),
    };
    let router = service::router(&INFO, &server_config(), &context, demo()).unwrap();
    for number in 0..10_000_u32 {
        let name = format!("M{number}");
        let method = match number % 3 {
            0 => Method::from_bytes(name.as_bytes()).unwrap(),
            1 => Method::POST,
            _ => Method::GET,
        };
        let uri = format!("/{:x}/{number}?q={number}", number.wrapping_mul(2_654_435_761));
        let request = Request::builder()
            .method(method)
            .uri(uri)
            .body(axum::body::Body::empty())
            .unwrap();
        assert_eq!(router.clone().oneshot(request).await.unwrap().status(), 404);
    }
    for family in context.registry.gather() {
        if family.name().starts_with("http_server") || family.name().starts_with("demo") {
            assert!(
                family.get_metric().len() <= 1,
                "{}: {}",
                family.name(),
                family.get_metric().len()
            );
        }
    }
}
