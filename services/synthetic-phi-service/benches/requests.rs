//! Time per request through all layers, without the network.

use axum::body::Body;
use axum::extract::Request;
use criterion::{Criterion, criterion_group, criterion_main};
use service_kit::{Clock, metrics, service, testing};
use synthetic_phi_service::{INFO, build};
use tokio::runtime::Builder;
use tower::ServiceExt;

fn router() -> anyhow::Result<axum::Router> {
    let context = testing::context(Clock::system(), metrics::registry(&INFO.build)?)?;
    let service = build(&context)?;
    Ok(service::router(
        &INFO,
        &testing::server_config(),
        &context,
        service,
    )?)
}

fn requests(criterion: &mut Criterion) {
    let (Ok(router), Ok(runtime)) = (router(), Builder::new_current_thread().enable_all().build()) else {
        return;
    };
    let mut group = criterion.benchmark_group("requests");
    for path in ["/health", "/synthetic-patient?seed=1", "/nowhere"] {
        group.bench_function(path, |bencher| {
            bencher.to_async(&runtime).iter(|| {
                let request = Request::get(path).body(Body::empty()).unwrap_or_default();
                router.clone().oneshot(request)
            });
        });
    }
    group.finish();
}

criterion_group!(benches, requests);
criterion_main!(benches);
