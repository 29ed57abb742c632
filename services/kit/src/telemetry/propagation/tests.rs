use opentelemetry::trace::{TraceContextExt, TracerProvider};
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::layer::SubscriberExt;

use super::*;

const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let pair = |(name, value): &(&'static str, &str)| {
        (
            HeaderName::from_static(name),
            HeaderValue::from_str(value).unwrap(),
        )
    };
    pairs.iter().map(pair).collect()
}

#[test]
fn only_a_well_formed_traceparent_is_a_parent() {
    let sent = headers(&[
        ("traceparent", PARENT),
        ("tracestate", "vendor=Jane-Roe"),
        ("baggage", "name=Jane"),
    ]);
    let context = extract(&sent);
    let parent = context.span().span_context().clone();
    assert_eq!(parent.trace_id().to_string(), "0af7651916cd43dd8448eb211c80319c");
    assert!(parent.is_remote() && parent.is_sampled());
    assert_eq!(parent.trace_state().header(), "");
    for malformed in [
        "",
        "Jane-Roe",
        "00-0-0-01",
        &PARENT.replace("00-", "ff-"),
        &PARENT.to_uppercase(),
    ] {
        let context = extract(&headers(&[("traceparent", malformed)]));
        assert!(!context.span().span_context().is_valid(), "{malformed}");
    }
}

#[test]
fn the_current_span_goes_out_and_nothing_without_one() {
    let mut outbound = HeaderMap::new();
    inject(&mut outbound);
    assert_eq!(outbound, HeaderMap::new());
    let provider = SdkTracerProvider::default();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        let span = tracing::info_span!("request");
        let _ = span.set_parent(extract(&headers(&[("traceparent", PARENT)])));
        span.in_scope(|| inject(&mut outbound));
    });
    let sent = outbound["traceparent"].to_str().unwrap().to_owned();
    assert!(sent.starts_with("00-0af7651916cd43dd8448eb211c80319c-"), "{sent}");
    assert!(
        !sent.contains("b7ad6b7169203331") && sent.ends_with("-01"),
        "{sent}"
    );
    assert_eq!(outbound.len(), 1, "{outbound:?}");
}
