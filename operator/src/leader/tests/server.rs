//! An API server that holds one Lease and lets it be watched, with delays and faults by script.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use futures::stream;
use http::{Method, Request, Response, StatusCode, Uri};
use kube::Client;
use kube::client::Body as Sent;
use serde_json::{Value, json};
use tokio::sync::mpsc;

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
    /// It gets a 403 and does nothing.
    Refuse,
    /// It is served, but its answer is lost; a watch shows nothing.
    Hang,
}

/// One request's fate.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Step {
    /// Time until it reaches the server.
    pub(super) before: Duration,
    /// Time until the answer comes back, and each event of a watch.
    pub(super) after: Duration,
    pub(super) answer: Answer,
}

#[derive(Debug, Default)]
struct State {
    lease: Option<Value>,
    version: u64,
    requests: Vec<String>,
    /// What happens to the watches of clients whose script ends.
    watched: Step,
    /// Everything but watches gets a 500.
    outage: bool,
    watches: usize,
    watchers: Vec<mpsc::UnboundedSender<Value>>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Server(Arc<Mutex<State>>);

impl Server {
    /// A client whose requests go by `steps`, and without a hitch afterwards. What its watches get is set apart.
    pub(super) fn client(&self, steps: Vec<Step>) -> Client {
        let (server, mut steps) = (self.clone(), VecDeque::from(steps));
        self.connect(move |watch| {
            if watch {
                server.0.lock().unwrap().watched
            } else {
                steps.pop_front().unwrap_or_default()
            }
        })
    }

    /// A client whose requests and watches go by `steps`, over and over.
    pub(super) fn client_for_ever(&self, steps: Vec<Step>) -> Client {
        let mut steps = steps.into_iter().cycle();
        self.connect(move |_| steps.next().unwrap_or_default())
    }

    fn connect(&self, mut next: impl FnMut(bool) -> Step + Send + 'static) -> Client {
        let server = self.clone();
        let service = tower::service_fn(move |request: Request<Sent>| {
            let watch = query(request.uri()).contains("watch=true");
            let (server, step) = (server.clone(), next(watch));
            async move {
                Ok::<_, Infallible>(if watch {
                    server.show(request.uri(), step).await
                } else {
                    server.carry(request, step).await
                })
            }
        });
        Client::new(service, "clinic")
    }

    /// A request once sent arrives, even when nobody waits for its answer any more.
    async fn carry(&self, request: Request<Sent>, step: Step) -> Response<Body> {
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
        respond(code, Body::from(serde_json::to_vec(&body).unwrap()))
    }

    /// A watch: every event takes its time.
    async fn show(&self, uri: &Uri, step: Step) -> Response<Body> {
        tokio::time::sleep(step.before).await;
        // The rights are for this name only.
        let named = query(uri).contains("fieldSelector=metadata.name%3Dhealthcare-operator&");
        let code = match step.answer {
            Answer::Fail => StatusCode::INTERNAL_SERVER_ERROR,
            Answer::Conflict => StatusCode::CONFLICT,
            Answer::Serve | Answer::Hang if named => StatusCode::OK,
            Answer::Serve | Answer::Hang | Answer::Refuse => StatusCode::FORBIDDEN,
        };
        let events = self.watch(step.answer);
        if !code.is_success() {
            return respond(code, Body::from(failure(code).to_string().into_bytes()));
        }
        let lines = stream::unfold(events, move |mut events| async move {
            let event = events.recv().await?;
            tokio::time::sleep(step.after).await;
            Some((Ok::<_, Infallible>(format!("{event}\n")), events))
        });
        respond(code, Body::from_stream(lines))
    }

    fn watch(&self, answer: Answer) -> mpsc::UnboundedReceiver<Value> {
        let (sender, events) = mpsc::unbounded_channel();
        let mut state = self.0.lock().unwrap();
        state.watches += 1;
        if answer == Answer::Hang {
            tokio::spawn(async move { sender.closed().await });
            return events;
        }
        if let Some(lease) = &state.lease {
            sender.send(json!({"type": "ADDED", "object": lease})).unwrap();
        }
        state.watchers.push(sender);
        events
    }

    fn serve(&self, method: &Method, body: &[u8], answer: Answer) -> (StatusCode, Value) {
        let mut state = self.0.lock().unwrap();
        let code = match answer {
            Answer::Fail => StatusCode::INTERNAL_SERVER_ERROR,
            Answer::Conflict => StatusCode::CONFLICT,
            Answer::Refuse => StatusCode::FORBIDDEN,
            Answer::Serve | Answer::Hang if state.outage => StatusCode::INTERNAL_SERVER_ERROR,
            Answer::Serve | Answer::Hang => state.act(method, body),
        };
        state.requests.push(format!("{method} {}", code.as_u16()));
        assert!(state.requests.len() < 10_000, "a candidate spins");
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
        let mut state = self.0.lock().unwrap();
        let lease = state.lease.take();
        state.tell("DELETED", &lease.unwrap_or_default());
    }

    /// What watches get from now on; those that are open go on.
    pub(super) fn set_watches(&self, answer: Answer) {
        self.0.lock().unwrap().watched.answer = answer;
    }

    /// How late watches show each event.
    pub(super) fn delay_events(&self, late: Duration) {
        self.0.lock().unwrap().watched.after = late;
    }

    /// Ends all watches that are open.
    pub(super) fn cut_watches(&self) {
        self.0.lock().unwrap().watchers.clear();
    }

    /// Whether everything but watches fails.
    pub(super) fn set_outage(&self, outage: bool) {
        self.0.lock().unwrap().outage = outage;
    }

    /// How many watches were asked for, and how many of them are open.
    pub(super) fn watches(&self) -> (usize, usize) {
        let state = self.0.lock().unwrap();
        let open = state.watchers.iter().filter(|watcher| !watcher.is_closed());
        (state.watches, open.count())
    }
}

fn query(uri: &Uri) -> &str {
    uri.query().unwrap_or_default()
}

fn respond(code: StatusCode, body: Body) -> Response<Body> {
    Response::builder().status(code).body(body).unwrap()
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
        self.tell("MODIFIED", &lease);
        self.lease = Some(lease);
    }

    fn tell(&mut self, what: &str, lease: &Value) {
        let event = json!({"type": what, "object": lease});
        self.watchers
            .retain(|watcher| watcher.send(event.clone()).is_ok());
    }
}

fn failure(code: StatusCode) -> Value {
    let reason = match code {
        StatusCode::NOT_FOUND => "NotFound",
        StatusCode::CONFLICT => "Conflict",
        StatusCode::FORBIDDEN => "Forbidden",
        _ => "InternalError",
    };
    json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": "as the test wants", "reason": reason, "code": code.as_u16(),
    })
}
