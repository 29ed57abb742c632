//! An API server that holds one Lease, with delays and faults by script.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{Method, Request, Response, StatusCode};
use kube::Client;
use kube::client::Body;
use serde_json::{Value, json};

/// What happens to a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Answer {
    /// It is served.
    #[default]
    Serve,
    /// It gets a 500 and does nothing.
    Fail,
    /// It gets a 409 and does nothing.
    Conflict,
    /// It is served, but its answer is lost.
    Hang,
}

/// One request's fate.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Step {
    /// Time until it reaches the server.
    pub(super) before: Duration,
    /// Time until the answer comes back.
    pub(super) after: Duration,
    pub(super) answer: Answer,
}

#[derive(Debug, Default)]
struct State {
    lease: Option<Value>,
    version: u64,
    requests: Vec<String>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Server(Arc<Mutex<State>>);

impl Server {
    /// A client whose requests go by `steps`, and without a hitch afterwards.
    pub(super) fn client(&self, steps: Vec<Step>) -> Client {
        let mut steps = VecDeque::from(steps);
        self.connect(move || steps.pop_front().unwrap_or_default())
    }

    /// A client whose requests go by `steps`, over and over.
    pub(super) fn client_for_ever(&self, steps: Vec<Step>) -> Client {
        let mut steps = steps.into_iter().cycle();
        self.connect(move || steps.next().unwrap_or_default())
    }

    fn connect(&self, mut next: impl FnMut() -> Step + Send + 'static) -> Client {
        let server = self.clone();
        let service = tower::service_fn(move |request: Request<Body>| {
            let (server, step) = (server.clone(), next());
            async move { Ok::<_, Infallible>(server.carry(request, step).await) }
        });
        Client::new(service, "clinic")
    }

    /// A request once sent arrives, even when nobody waits for its answer any more.
    async fn carry(&self, request: Request<Body>, step: Step) -> Response<Body> {
        let server = self.clone();
        let answered = tokio::spawn(async move {
            let method = request.method().clone();
            let body = request.into_body().collect_bytes().await.unwrap();
            tokio::time::sleep(step.before).await;
            server.serve(&method, &body, step.answer)
        });
        let (code, body) = answered.await.unwrap();
        if step.answer == Answer::Hang {
            std::future::pending::<()>().await;
        }
        tokio::time::sleep(step.after).await;
        Response::builder()
            .status(code)
            .body(Body::from(serde_json::to_vec(&body).unwrap()))
            .unwrap()
    }

    fn serve(&self, method: &Method, body: &[u8], answer: Answer) -> (StatusCode, Value) {
        let mut state = self.0.lock().unwrap();
        let code = match answer {
            Answer::Fail => StatusCode::INTERNAL_SERVER_ERROR,
            Answer::Conflict => StatusCode::CONFLICT,
            Answer::Serve | Answer::Hang => state.act(method, body),
        };
        state.requests.push(format!("{method} {}", code.as_u16()));
        let answer = if code.is_success() {
            state.lease.clone().unwrap()
        } else {
            failure(code)
        };
        (code, answer)
    }

    /// Method and status of everything that was asked.
    pub(super) fn requests(&self) -> Vec<String> {
        self.0.lock().unwrap().requests.clone()
    }

    pub(super) fn holder(&self) -> Option<String> {
        let state = self.0.lock().unwrap();
        Some(
            state.lease.as_ref()?["spec"]["holderIdentity"]
                .as_str()?
                .to_owned(),
        )
    }

    pub(super) fn transitions(&self) -> Option<i64> {
        self.0.lock().unwrap().lease.as_ref()?["spec"]["leaseTransitions"].as_i64()
    }

    /// Somebody else writes the Lease.
    pub(super) fn set_holder(&self, holder: &str) {
        let mut state = self.0.lock().unwrap();
        let mut lease = state.lease.clone().unwrap();
        lease["spec"]["holderIdentity"] = holder.into();
        state.store(lease);
    }

    pub(super) fn delete(&self) {
        self.0.lock().unwrap().lease = None;
    }
}

impl State {
    fn act(&mut self, method: &Method, body: &[u8]) -> StatusCode {
        let sent: Value = serde_json::from_slice(body).unwrap_or_default();
        let version = |lease: &Value| lease["metadata"]["resourceVersion"].clone();
        match (method, &self.lease) {
            (&Method::GET, Some(_)) => StatusCode::OK,
            (&Method::GET | &Method::PUT, None) => StatusCode::NOT_FOUND,
            (&Method::POST, None) => self.stored(sent, StatusCode::CREATED),
            // The condition that makes it compare-and-swap: without a version the server would overwrite.
            (&Method::PUT, Some(lease)) if version(&sent).is_null() || version(&sent) == version(lease) => {
                self.stored(sent, StatusCode::OK)
            }
            (&Method::POST | &Method::PUT, Some(_)) => StatusCode::CONFLICT,
            _ => StatusCode::METHOD_NOT_ALLOWED,
        }
    }

    fn stored(&mut self, lease: Value, code: StatusCode) -> StatusCode {
        self.store(lease);
        code
    }

    fn store(&mut self, mut lease: Value) {
        self.version += 1;
        lease["metadata"]["resourceVersion"] = self.version.to_string().into();
        self.lease = Some(lease);
    }
}

fn failure(code: StatusCode) -> Value {
    let reason = match code {
        StatusCode::NOT_FOUND => "NotFound",
        StatusCode::CONFLICT => "Conflict",
        _ => "InternalError",
    };
    json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": "as the test wants", "reason": reason, "code": code.as_u16(),
    })
}
