//! A reverse proxy before the API server: counts writes, can slow them down, and can act between a write and its answer.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::Result;
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use kube::Client;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// What is done with the number of each finished write, before its answer is given.
type Hook = Box<dyn FnMut(usize) + Send>;

struct Shared {
    upstream: Client,
    writes: AtomicUsize,
    log: Mutex<Vec<String>>,
    hook: Mutex<Hook>,
    delay: Mutex<Duration>,
    /// Whether watches of services stand still.
    are_watches_held: watch::Sender<bool>,
    /// An API group that is not served yet.
    not_served: Mutex<Option<&'static str>>,
}

/// The running proxy.
pub(crate) struct Proxy {
    shared: Arc<Shared>,
    task: JoinHandle<()>,
    /// A kubeconfig that leads to the proxy.
    pub(crate) kubeconfig: PathBuf,
}

impl Proxy {
    /// Starts a proxy with the rights of `upstream`.
    pub(crate) async fn start(upstream: Client, directory: &Path) -> Result<Self> {
        let shared = Arc::new(Shared {
            upstream,
            writes: AtomicUsize::new(0),
            log: Mutex::default(),
            hook: Mutex::new(Box::new(|_| ())),
            delay: Mutex::default(),
            are_watches_held: watch::Sender::new(false),
            not_served: Mutex::default(),
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let router = Router::new().fallback(forward).with_state(Arc::clone(&shared));
        let task = tokio::spawn(async move {
            let _ended = axum::serve(listener, router).await;
        });
        let kubeconfig = directory.join(format!("proxy-{}.kubeconfig", address.port()));
        std::fs::write(&kubeconfig, config(&format!("http://{address}")))?;
        Ok(Self {
            shared,
            task,
            kubeconfig,
        })
    }

    /// Calls `hook` with the number of each write that the API server has finished, before the caller learns of it.
    pub(crate) fn after_write(&self, hook: impl FnMut(usize) + Send + 'static) {
        *self.shared.hook.lock().unwrap() = Box::new(hook);
    }

    /// Lets every write take that much longer.
    pub(crate) fn slow_writes(&self, delay: Duration) {
        *self.shared.delay.lock().unwrap() = delay;
    }

    /// Keeps back what watches of HealthcareServices tell, until it is told otherwise.
    pub(crate) fn hold_watches(&self, hold: bool) {
        self.shared.are_watches_held.send_replace(hold);
    }

    /// Answers for an API group as an API server does that has just started.
    pub(crate) fn does_not_serve(&self, group: &'static str) {
        *self.shared.not_served.lock().unwrap() = Some(group);
    }

    /// Starts to number writes from one again.
    pub(crate) fn restart_count(&self) {
        self.shared.writes.store(0, Ordering::SeqCst);
    }

    /// `METHOD kind/name` of every write that the API server accepted to a namespace since the last call, with `/status` where it was one.
    pub(crate) fn take_writes(&self, namespace: &str) -> Vec<String> {
        let part = format!("/namespaces/{namespace}/");
        let mut log = self.shared.log.lock().unwrap();
        let (taken, left) = std::mem::take(&mut *log)
            .into_iter()
            .partition(|write: &String| write.contains(&part));
        *log = left;
        let short = |write: String| {
            let (method, path) = write.split_once(' ').unwrap();
            let (_, object) = path.split_once(&part).unwrap();
            format!("{method} {object}")
        };
        Vec::<String>::into_iter(taken).map(short).collect()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn forward(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let not_served = *shared.not_served.lock().unwrap();
    if not_served.is_some_and(|group| request.uri().path().starts_with(&format!("/apis/{group}/"))) {
        return (StatusCode::NOT_FOUND, "404 page not found\n").into_response();
    }
    let is_write = !matches!(*request.method(), Method::GET | Method::HEAD);
    let what = format!("{} {}", request.method(), request.uri().path());
    // Events and the lease are not part of what converges.
    let counts = is_write && !what.contains("/events") && !what.contains("/leases");
    let is_watch = request.uri().path().ends_with("/healthcareservices")
        && request
            .uri()
            .query()
            .is_some_and(|query| query.contains("watch=true"));
    let (mut parts, body) = request.into_parts();
    parts.headers.remove("host");
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    let request = axum::http::Request::from_parts(parts, kube::client::Body::from(body));
    let answer = shared.upstream.send(request).await;
    if counts {
        let delay = *shared.delay.lock().unwrap();
        tokio::time::sleep(delay).await;
        let number = shared.writes.fetch_add(1, Ordering::SeqCst) + 1;
        if answer.as_ref().is_ok_and(|answer| answer.status().is_success()) {
            shared.log.lock().unwrap().push(what);
        }
        (shared.hook.lock().unwrap())(number);
    }
    match answer {
        Ok(answer) if is_watch => {
            let held = shared.are_watches_held.subscribe();
            answer.map(|body| while_let_go(body, held)).into_response()
        }
        Ok(answer) => answer.map(Body::new).into_response(),
        Err(error) => (StatusCode::BAD_GATEWAY, error.to_string()).into_response(),
    }
}

/// A body that stands still while it is held.
fn while_let_go(body: kube::client::Body, held: watch::Receiver<bool>) -> Body {
    let pieces = Body::new(body).into_data_stream().then(move |piece| {
        let mut held = held.clone();
        async move {
            let _ended = held.wait_for(|held| !held).await;
            piece
        }
    });
    Body::from_stream(pieces)
}

fn config(server: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\nclusters: [{{name: c, cluster: {{server: \"{server}\"}}}}]\nusers: [{{name: u, user: {{}}}}]\ncontexts: [{{name: x, context: {{cluster: c, user: u}}}}]\ncurrent-context: x\n"
    )
}
