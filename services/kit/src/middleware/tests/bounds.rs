use std::collections::BTreeMap;

use axum::extract::Request;
use http::Method;
use prometheus::Registry;
use tower::ServiceExt;

use super::{INFO, demo};
use crate::testing::{self, server_config};
use crate::{Clock, metrics, service};

/// Callers cannot make the metrics grow: a hundred thousand random paths and methods add one series to a family at
/// most.
#[tokio::test]
async fn random_requests_add_one_series_a_family() {
    let registry = metrics::registry(&INFO.build).unwrap();
    let context = testing::context(Clock::system(), registry).unwrap();
    let router = service::router(&INFO, &server_config(), &context, demo()).unwrap();
    let before = series(&context.registry);
    for number in 0..100_000_u32 {
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
    for (family, count) in series(&context.registry) {
        let had = before.get(&family).copied().unwrap_or_default();
        assert!(count <= had + 1, "{family}: {had}, then {count}");
    }
}

fn series(registry: &Registry) -> BTreeMap<String, usize> {
    let size =
        |family: &prometheus::proto::MetricFamily| (family.name().to_owned(), family.get_metric().len());
    registry.gather().iter().map(size).collect()
}
