use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use http::header::RETRY_AFTER;
use http::{Response, StatusCode};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::Api;
use kube::api::{Patch, PatchParams};
use prometheus::Registry;
use serde_json::json;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::metrics::OperatorMetrics;
use crate::outcome::{Error, Next, Retry};
use crate::queue::driver::Driver;
use crate::queue::{Cause, Key, Outcome, Queue, Triggers};

/// A request, as the API server saw it.
#[derive(Clone, Debug)]
struct Seen {
    at: Instant,
    path: String,
    body: Vec<u8>,
}

/// An API server that says `status` until a time, and then answers. No sockets: the clock is the test's.
#[derive(Clone)]
struct Server {
    seen: Arc<Mutex<Vec<Seen>>>,
    until: Instant,
    status: StatusCode,
    retry_after: Option<&'static str>,
}

impl Server {
    fn new(busy: Duration, status: StatusCode, retry_after: Option<&'static str>) -> Self {
        Self {
            seen: Arc::default(),
            until: Instant::now() + busy,
            status,
            retry_after,
        }
    }

    fn client(&self) -> Client {
        let server = self.clone();
        let service = tower::service_fn(move |request| {
            let server = server.clone();
            async move { Ok::<_, BoxError>(server.answer(request).await) }
        });
        retrying(Client::new(service, "default")).unwrap()
    }

    async fn answer(&self, request: Request<Body>) -> Response<Body> {
        let path = request.uri().path().to_owned();
        let body = request.into_body().collect_bytes().await.unwrap().to_vec();
        let at = Instant::now();
        self.seen.lock().unwrap().push(Seen { at, path, body });
        if at >= self.until {
            let found = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "known"}});
            return Response::new(Body::from(found.to_string().into_bytes()));
        }
        let mut answer = Response::new(Body::from(b"too many".to_vec()));
        *answer.status_mut() = self.status;
        if let Some(seconds) = self.retry_after {
            answer.headers_mut().insert(RETRY_AFTER, seconds.parse().unwrap());
        }
        answer
    }

    fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// Pauses between requests.
    fn pauses(&self) -> Vec<Duration> {
        let seen = self.seen();
        seen.windows(2).map(|two| two[1].at - two[0].at).collect()
    }
}

async fn get(client: Client, namespace: &str, name: &str) -> kube::Result<ConfigMap> {
    Api::namespaced(client, namespace).get(name).await
}

#[tokio::test(start_paused = true)]
async fn retry_after_is_honoured() {
    for status in [StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE] {
        let server = Server::new(Duration::from_secs(25), status, Some("10"));
        get(server.client(), "clinic", "known").await.unwrap();
        let pauses = server.pauses();
        assert_eq!(pauses.len(), 3);
        assert!(
            pauses.iter().all(|pause| *pause >= Duration::from_secs(10)),
            "{pauses:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn without_retry_after_the_pauses_grow() {
    let server = Server::new(Duration::from_mins(1), StatusCode::TOO_MANY_REQUESTS, None);
    get(server.client(), "clinic", "known").await.unwrap_err();
    for (pause, shortest) in server.pauses().into_iter().zip([250, 500, 1000, 2000]) {
        assert!(pause >= Duration::from_millis(shortest) && pause <= Duration::from_millis(3 * shortest));
    }
}

#[tokio::test(start_paused = true)]
async fn after_five_tries_the_pass_is_told_and_waiting_helps() {
    let server = Server::new(Duration::from_mins(10), StatusCode::TOO_MANY_REQUESTS, Some("1"));
    let error = get(server.client(), "clinic", "known").await.unwrap_err();
    assert_eq!(server.seen().len(), 5);
    let error = Error::api("read", "ConfigMap", "known", error);
    assert_eq!(error.retry(), Retry::Backoff);
}

#[tokio::test(start_paused = true)]
async fn the_same_body_is_sent_again() {
    let server = Server::new(Duration::from_millis(100), StatusCode::TOO_MANY_REQUESTS, None);
    let api: Api<ConfigMap> = Api::namespaced(server.client(), "clinic");
    let apply = Patch::Apply(json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "b"}}));
    api.patch("known", &PatchParams::apply("test"), &apply)
        .await
        .unwrap();
    let seen = server.seen();
    assert_eq!(seen.len(), 2);
    assert!(!seen[0].body.is_empty() && seen[0].body == seen[1].body);
}

#[tokio::test(start_paused = true)]
async fn refusals_are_not_repeated() {
    for status in [
        StatusCode::CONFLICT,
        StatusCode::FORBIDDEN,
        StatusCode::INTERNAL_SERVER_ERROR,
    ] {
        let server = Server::new(Duration::from_mins(1), status, Some("1"));
        get(server.client(), "clinic", "known").await.unwrap_err();
        assert_eq!(server.seen().len(), 1, "{status}");
    }
}

const SLOTS: u16 = 4;
const SERVICES: usize = 40;

/// Runs a pass of one request for each of [`SERVICES`] services against a busy server, for ten minutes.
async fn storm(server: &Server) {
    let (triggers, requests) = Triggers::channel();
    for number in 0..SERVICES {
        let key = Key::new(&format!("namespace-{}", number % 3), &number.to_string());
        triggers.trigger(key, Cause::Service);
    }
    let shutdown = CancellationToken::new();
    let driver = Driver {
        queue: Queue::new(SLOTS),
        requests,
        metrics: OperatorMetrics::new(&Registry::new()).unwrap(),
        busy: tokio::sync::watch::Sender::new(false),
        shutdown: shutdown.clone(),
    };
    let client = server.client();
    let passes = tokio::spawn(driver.run(std::future::ready(()), move |key| {
        let client = client.clone();
        async move {
            match get(client, &key.namespace, &key.name).await {
                Ok(_) => Outcome::Done(Next::OnChange),
                Err(_) => Outcome::Failed,
            }
        }
    }));
    sleep(Duration::from_mins(10)).await;
    shutdown.cancel();
    passes.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_storm_of_429s_costs_each_slot_a_request_in_a_second_at_most() {
    // Shorter than the tries of one request: no pass fails.
    let server = Server::new(
        Duration::from_millis(3500),
        StatusCode::TOO_MANY_REQUESTS,
        Some("1"),
    );
    storm(&server).await;
    let rejected = requests_until(&server, server.until);
    assert!(rejected <= 4 * usize::from(SLOTS), "{rejected}");
    assert_eq!(server.seen().len(), rejected + SERVICES);
}

#[tokio::test(start_paused = true)]
async fn a_long_storm_is_met_with_fewer_and_fewer_requests_and_everything_is_done_afterwards() {
    let server = Server::new(Duration::from_mins(4), StatusCode::TOO_MANY_REQUESTS, Some("1"));
    let began = Instant::now();
    storm(&server).await;
    // Five tries take at least four seconds, whoever makes them.
    let most = |seconds: u64| usize::from(SLOTS) * 5 * usize::try_from(seconds / 4 + 1).unwrap();
    for seconds in [10, 60, 240] {
        let requests = requests_until(&server, began + Duration::from_secs(seconds));
        assert!(requests <= most(seconds), "{requests} requests in {seconds} s");
    }
    let mut last: HashMap<String, Instant> = HashMap::new();
    for seen in server.seen() {
        last.insert(seen.path, seen.at);
    }
    assert_eq!(last.len(), SERVICES);
    assert!(
        last.values().all(|at| *at >= server.until),
        "a service was left behind"
    );
}

fn requests_until(server: &Server, until: Instant) -> usize {
    server.seen().iter().filter(|seen| seen.at < until).count()
}
