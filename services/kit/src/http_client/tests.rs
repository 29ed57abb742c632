use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::extract::{Request, State};
use axum::response::IntoResponse;
use http::header::{HeaderName, HeaderValue};
use http::{HeaderMap, Method, StatusCode};
use prometheus::Registry;
use tokio::net::TcpListener;

use super::*;
use crate::metrics::encode;
use crate::testing::{self, check_metrics};

const SECOND: Duration = Duration::from_secs(1);

/// Longer than anything here may take: a limit against hanging, not a measurement.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a host does with a request.
#[derive(Clone, Copy, Debug)]
enum Answer {
    Status(u16),
    RetryAfter(u16, &'static str),
    Silence,
    SlowBody,
}

/// Method, path and query, headers, bytes of the body.
type Seen = (Method, String, HeaderMap, usize);

/// A host that answers by a script, and 200 after its end.
#[derive(Clone)]
struct Host {
    script: Arc<Mutex<VecDeque<Answer>>>,
    seen: Arc<Mutex<Vec<Seen>>>,
    under_way: Arc<AtomicUsize>,
}

async fn answer(State(host): State<Host>, request: Request) -> axum::response::Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap().len();
    host.seen
        .lock()
        .unwrap()
        .push((parts.method, parts.uri.to_string(), parts.headers, body));
    let next = host
        .script
        .lock()
        .unwrap()
        .pop_front()
        .unwrap_or(Answer::Status(200));
    host.under_way.fetch_add(1, Ordering::Relaxed);
    match next {
        Answer::Status(status) => StatusCode::from_u16(status).unwrap().into_response(),
        Answer::RetryAfter(status, after) => {
            (StatusCode::from_u16(status).unwrap(), [("retry-after", after)]).into_response()
        }
        Answer::Silence => std::future::pending().await,
        Answer::SlowBody => {
            let never = futures::stream::pending::<Result<bytes::Bytes, std::io::Error>>();
            axum::body::Body::from_stream(never).into_response()
        }
    }
}

struct Case {
    host: Host,
    upstream: Upstream,
    context: Context,
}

fn context() -> Context {
    let noon = Clock::fixed("2026-11-21T12:00:00Z".parse().unwrap());
    testing::context(noon, Registry::new()).unwrap()
}

fn quick() -> HttpClientSettings {
    HttpClientSettings {
        backoff: backoff::Backoff {
            first: Duration::from_millis(1),
            longest: Duration::from_millis(5),
        },
        ..HttpClientSettings::default()
    }
}

async fn listen(host: &Host) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().fallback(answer).with_state(host.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

impl Case {
    async fn new(script: &[Answer]) -> Self {
        Self::with(quick(), script).await
    }

    async fn with(settings: HttpClientSettings, script: &[Answer]) -> Self {
        let host = Host {
            script: Arc::new(Mutex::new(script.iter().copied().collect())),
            seen: Arc::default(),
            under_way: Arc::default(),
        };
        let address = listen(&host).await;
        let context = context();
        let client = HttpClient::new(settings, &context).unwrap();
        let upstream = client.upstream(&format!("http://{address}/base")).unwrap();
        Self {
            host,
            upstream,
            context,
        }
    }

    async fn send(&self, call: Call) -> Result<u16, HttpClientError> {
        let sent = tokio::time::timeout(PATIENCE, self.upstream.send(call))
            .await
            .expect("no limit ended the call");
        sent.map(|response| response.status().as_u16())
    }

    fn tries(&self) -> usize {
        self.host.seen.lock().unwrap().len()
    }

    fn metric(&self, name: &str) -> Vec<String> {
        let text = String::from_utf8(encode(&self.context.registry).unwrap()).unwrap();
        let host = &self.upstream.0.label;
        text.lines()
            .filter(|line| line.starts_with(name))
            .map(|line| line.replace(host, "HOST"))
            .collect()
    }
}

#[tokio::test]
async fn a_call_reaches_its_path_with_headers_body_and_trace() {
    let case = Case::new(&[]).await;
    let call = Call::post("/users?active=true")
        .header(HeaderName::from_static("x-test"), HeaderValue::from_static("1"))
        .json(&[1, 2])
        .unwrap();
    assert_eq!(case.send(call).await, Ok(200));
    let (method, path, headers, body) = case.host.seen.lock().unwrap().pop().unwrap();
    assert_eq!(
        (method, path.as_str(), body),
        (Method::POST, "/base/users?active=true", 5)
    );
    assert_eq!(
        (&headers["x-test"], &headers["content-type"]),
        (&"1".parse().unwrap(), &"application/json".parse().unwrap())
    );
    assert_eq!(
        case.metric("http_client_request_duration_seconds_count"),
        [
            r#"http_client_request_duration_seconds_count{error_type="",http_request_method="POST",http_response_status_code="200",server_address="HOST"} 1"#
        ]
    );
}

#[tokio::test]
async fn idempotent_calls_are_tried_again_and_others_are_not() {
    let case = Case::new(&[Answer::Status(503), Answer::Status(502)]).await;
    assert_eq!((case.send(Call::get("/a")).await, case.tries()), (Ok(200), 3));
    for outcome in [r#"outcome="failure""#, r#"outcome="success""#] {
        assert!(
            case.metric("http_client_retries_total")
                .iter()
                .any(|line| line.contains(outcome))
        );
    }
    let case = Case::new(&[Answer::Status(503)]).await;
    assert_eq!((case.send(Call::post("/a")).await, case.tries()), (Ok(503), 1));
    let case = Case::new(&[Answer::Status(503)]).await;
    assert_eq!(
        (case.send(Call::post("/a").idempotent()).await, case.tries()),
        (Ok(200), 2)
    );
    let text = String::from_utf8(encode(&case.context.registry).unwrap()).unwrap();
    assert_eq!(check_metrics(&text).unwrap(), "");
}

#[tokio::test]
async fn after_the_last_retry_the_answer_is_the_callers() {
    let case = Case::new(&[Answer::Status(503); 9]).await;
    assert_eq!((case.send(Call::get("/a")).await, case.tries()), (Ok(503), 3));
    assert!(
        case.metric("http_client_retries_total")
            .iter()
            .any(|line| line.contains(r#"outcome="no_more""#))
    );
}

#[tokio::test]
async fn a_try_that_gets_no_answer_is_given_up_and_repeated() {
    let settings = HttpClientSettings {
        try_timeout: Duration::from_millis(100),
        ..quick()
    };
    let case = Case::with(settings, &[Answer::Silence]).await;
    assert_eq!((case.send(Call::get("/a")).await, case.tries()), (Ok(200), 2));
}

#[tokio::test]
async fn no_call_outlasts_its_request() {
    let case = Case::new(&[Answer::Silence; 9]).await;
    let call = deadline::within(Duration::from_millis(200), case.send(Call::get("/a")));
    assert_eq!(call.await, Err(HttpClientError::TimedOut));
    let call = deadline::within(Duration::ZERO, case.send(Call::get("/a")));
    assert_eq!(call.await, Err(HttpClientError::TimedOut));
    assert_eq!(case.tries(), 1);
    let case = Case::new(&[Answer::RetryAfter(503, "2")]).await;
    let call = deadline::within(SECOND, case.send(Call::get("/a")));
    assert_eq!(call.await, Ok(503));
    assert!(
        case.metric("http_client_retries_total")
            .iter()
            .any(|line| line.contains(r#"outcome="no_time""#))
    );
}

#[tokio::test]
async fn a_body_that_never_ends_does_not_outlast_the_call() {
    let case = Case::new(&[Answer::SlowBody]).await;
    let response = case
        .upstream
        .send(Call::get("/a").within(Duration::from_millis(200)))
        .await
        .unwrap();
    let body = tokio::time::timeout(PATIENCE, response.bytes()).await.unwrap();
    assert!(body.unwrap_err().is_timeout());
}

#[tokio::test]
async fn what_the_host_asks_for_is_waited_for() {
    let case = Case::new(&[Answer::RetryAfter(429, "1")]).await;
    let started = Instant::now();
    assert_eq!((case.send(Call::get("/a")).await, case.tries()), (Ok(200), 2));
    assert!(started.elapsed() >= SECOND);
}

#[tokio::test]
async fn retries_stay_within_the_budget() {
    let breaker = BreakerLimits {
        fewest: usize::MAX,
        ..BreakerLimits::default()
    };
    let budget = BudgetLimits {
        ratio: 0.2,
        per_second: 0.0,
        most: 10.0,
    };
    let case = Case::with(
        HttpClientSettings {
            budget,
            breaker,
            ..quick()
        },
        &[Answer::Status(503); 400],
    )
    .await;
    for _ in 0..100 {
        assert_eq!(case.send(Call::get("/a")).await, Ok(503));
    }
    // A hundred first tries, ten retries saved up, one for five calls; two each would be 300.
    assert!((125..=130).contains(&case.tries()), "{}", case.tries());
    assert!(
        case.metric("http_client_retries_total")
            .iter()
            .any(|line| line.contains("no_budget"))
    );
}

#[tokio::test]
async fn a_host_that_is_down_is_left_alone_and_found_again() {
    let rest = backoff::Backoff {
        first: Duration::from_millis(200),
        longest: SECOND,
    };
    let breaker = BreakerLimits {
        rest,
        ..BreakerLimits::default()
    };
    let case = Case::with(
        HttpClientSettings {
            breaker,
            max_retries: 0,
            ..quick()
        },
        &[Answer::Status(503); 5],
    )
    .await;
    for _ in 0..5 {
        assert_eq!(case.send(Call::get("/a")).await, Ok(503));
    }
    assert_eq!(
        case.metric("http_client_breaker_state"),
        [r#"http_client_breaker_state{server_address="HOST"} 2"#]
    );
    let spared = case.send(Call::get("/a")).await;
    assert!(matches!(spared, Err(HttpClientError::Open { .. })), "{spared:?}");
    assert_eq!(case.tries(), 5);
    tokio::time::sleep(Duration::from_millis(250)).await;
    assert_eq!(case.send(Call::get("/a")).await, Ok(200));
    assert_eq!(
        case.metric("http_client_breaker_state"),
        [r#"http_client_breaker_state{server_address="HOST"} 1"#]
    );
    assert_eq!(case.send(Call::get("/a")).await, Ok(200));
    assert_eq!(
        case.metric("http_client_breaker_state"),
        [r#"http_client_breaker_state{server_address="HOST"} 0"#]
    );
}

/// Callers that leave say nothing of the host: neither does their leaving open the breaker, nor keep a probe's place.
#[tokio::test]
async fn calls_that_are_abandoned_do_not_count() {
    let case = Case::new(&[Answer::Silence; 20]).await;
    for _ in 0..20 {
        let call = tokio::time::timeout(Duration::from_millis(20), case.upstream.send(Call::get("/a")));
        assert!(call.await.is_err());
    }
    assert_eq!(
        case.upstream.guards(|guards, now| guards.breaker.state(now)),
        BreakerState::Closed
    );
    let samples = case.metric("http_client_request_duration_seconds_count");
    assert!(
        samples
            .iter()
            .any(|line| line.contains(r#"error_type="cancelled""#)),
        "{samples:?}"
    );
}

#[tokio::test]
async fn a_host_that_is_not_there_is_told_in_words_without_its_path() {
    let context = context();
    let client = HttpClient::new(
        HttpClientSettings {
            max_retries: 0,
            ..quick()
        },
        &context,
    )
    .unwrap();
    let unused = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let unknown = format!("http://{}.invalid", "x".repeat(64));
    for (base, reason) in [
        (format!("http://{unused}"), "refused"),
        (unknown, "host name is not found"),
    ] {
        let error = client
            .upstream(&base)
            .unwrap()
            .send(Call::get("/patients/CANARY"))
            .await
            .unwrap_err();
        let texts = format!("{error} {error:?}");
        assert!(texts.contains(reason) && !texts.contains("CANARY"), "{texts}");
        assert_eq!(crate::error::Problem::from(error).code.status(), 503);
    }
}

#[tokio::test]
async fn paths_stay_below_the_base() {
    let case = Case::new(&[]).await;
    for path in [
        "users",
        "@evil.example.org/",
        "/../admin",
        "/%2e%2e/admin",
        "/../basement",
    ] {
        assert_eq!(
            case.send(Call::get(path)).await,
            Err(HttpClientError::Path),
            "{path}"
        );
    }
    assert_eq!(case.send(Call::get("/a/../b")).await, Ok(200));
    assert_eq!(case.tries(), 1);
}

#[test]
fn base_urls_are_checked() {
    let client = HttpClient::new(quick(), &context()).unwrap();
    for (base, error) in [
        ("no url", UpstreamError::Malformed),
        ("ftp://host", UpstreamError::Malformed),
        ("http://user@host", UpstreamError::NotABase),
        ("http://host/?a=b", UpstreamError::NotABase),
    ] {
        assert_eq!(client.upstream(base).unwrap_err(), error, "{base}");
    }
    assert_eq!(
        client.upstream("http://host:8080/x").unwrap().to_string(),
        "host:8080"
    );
}

#[test]
fn a_call_shows_nothing_of_its_contents() {
    let call = Call::post("/CANARY").body(HeaderValue::from_static("text/plain"), "CANARY");
    assert!(!format!("{call:?}").contains("CANARY"));
}

/// The span of the call lies between the caller's and the callee's.
#[tokio::test]
async fn the_callee_learns_of_the_calls_own_span() {
    use opentelemetry::trace::{TraceContextExt, TracerProvider};
    use tracing_opentelemetry::OpenTelemetrySpanExt;
    use tracing_subscriber::layer::SubscriberExt;
    let provider = opentelemetry_sdk::trace::SdkTracerProvider::builder().build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
    let _subscriber = tracing::subscriber::set_default(tracing_subscriber::registry().with(layer));
    let case = Case::new(&[]).await;
    let outer = tracing::info_span!("handler");
    let context = outer.context().span().span_context().clone();
    assert_eq!(case.send(Call::get("/a")).instrument(outer).await, Ok(200));
    let (_, _, headers, _) = case.host.seen.lock().unwrap().pop().unwrap();
    let traceparent = headers["traceparent"].to_str().unwrap().to_owned();
    assert!(
        traceparent.contains(&context.trace_id().to_string()),
        "{traceparent}"
    );
    assert!(
        !traceparent.contains(&context.span_id().to_string()),
        "{traceparent}"
    );
}
