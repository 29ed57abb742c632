//! A proxy between one operator and the API server: injects faults and writes down every write. I/O.

use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Result;
use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use kube::Client;
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::dice::Dice;
use super::fault::Fault;
use super::history::{LeaseRecord, Outcome, Write};
use super::tally::Tally;

mod asked;
mod switches;
mod watched;

use asked::Asked;
pub(crate) use switches::{Gone, Refusal, Switches};

/// Why a connection was broken.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Error(String);

type Answer = Response<UnsyncBoxBody<Bytes, Error>>;

/// Longest that a request is held back.
const SLOWEST_MILLIS: u64 = 3000;

/// What all connections share.
struct Shared {
    operator: String,
    upstream: Client,
    began: Instant,
    switches: watch::Sender<Switches>,
    dice: Mutex<Dice>,
    tally: Tally,
    log: Mutex<Vec<Write>>,
    leases: Mutex<Vec<LeaseRecord>>,
}

/// The running proxy; it ends when dropped.
pub(crate) struct Proxy {
    shared: Arc<Shared>,
    task: JoinHandle<()>,
    /// A kubeconfig that leads to it.
    pub(crate) kubeconfig: PathBuf,
}

impl Proxy {
    /// Starts the proxy of one operator, with the rights of `upstream`, which must not try anything twice.
    ///
    /// # Errors
    /// When it cannot listen.
    pub(crate) async fn start(
        operator: &str,
        upstream: Client,
        directory: &Path,
        began: Instant,
        dice: Dice,
        tally: Tally,
    ) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let kubeconfig = directory.join(format!("proxy-{operator}.kubeconfig"));
        std::fs::write(&kubeconfig, config(&format!("http://{}", listener.local_addr()?)))?;
        let shared = Arc::new(Shared {
            operator: operator.to_owned(),
            upstream,
            began,
            switches: watch::Sender::new(Switches::default()),
            dice: Mutex::new(dice),
            tally,
            log: Mutex::default(),
            leases: Mutex::default(),
        });
        let task = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Ok(Self {
            shared,
            task,
            kubeconfig,
        })
    }

    /// Turns faults on or off.
    pub(crate) fn set(&self, change: impl FnOnce(&mut Switches)) {
        self.shared.switches.send_modify(change);
    }

    /// Number of writes up to now.
    pub(crate) fn mark(&self) -> usize {
        locked(&self.shared.log).len()
    }

    /// The writes after a mark.
    pub(crate) fn writes(&self, mark: usize) -> Vec<Write> {
        locked(&self.shared.log).get(mark..).unwrap_or_default().to_vec()
    }

    /// Records of the Lease that this operator wrote.
    pub(crate) fn leases(&self) -> Vec<LeaseRecord> {
        locked(&self.shared.leases).clone()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = tokio::task::JoinSet::new();
    loop {
        tokio::select! {
            Ok((stream, _)) = listener.accept() => {
                connections.spawn(serve(stream, Arc::clone(&shared)));
            }
            Some(_ended) = connections.join_next() => {}
        }
    }
}

async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    let _immediate = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let shared = Arc::clone(&shared);
        async move { shared.handle(request).await }
    });
    // An error is a connection that was broken, often by us.
    let _broken = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

/// Breaks the connection without an answer.
fn broken(why: &str) -> Error {
    Error(format!("broken on purpose: {why}"))
}

impl Shared {
    /// An error breaks the connection. When the operator gives up, this future is dropped, and the request with it.
    async fn handle(&self, request: Request<Incoming>) -> Result<Answer, Error> {
        let asked = Asked::of(request.method(), request.uri());
        let (mut parts, body) = request.into_parts();
        let body = body.collect().await.map_err(|e| Error(e.to_string()))?.to_bytes();
        let entry = asked
            .is_write()
            .then(|| self.note(&parts.method, parts.uri.path()));
        if let Some(refused) = self.before(asked, entry).await? {
            return Ok(refused);
        }
        parts.headers.remove(hyper::header::HOST);
        self.settle(entry, Outcome::Unknown, None);
        let request = Request::from_parts(parts, kube::client::Body::from(body.to_vec()));
        let answer = self
            .upstream
            .send(request)
            .await
            .map_err(|e| Error(e.to_string()))?;
        if asked.is_watch() {
            return Ok(self.stream(answer));
        }
        let (parts, body) = answer.into_parts();
        let body = body.collect().await.map_err(|e| Error(e.to_string()))?.to_bytes();
        if let Some(entry) = entry {
            self.answered(entry, parts.status.as_u16(), &body);
        }
        self.after(asked).await?;
        Ok(Response::from_parts(parts, full(body)))
    }

    /// The faults on the way to the API server.
    async fn before(&self, asked: Asked, entry: Option<usize>) -> Result<Option<Answer>, Error> {
        let now = self.switches.borrow().clone();
        if now.cut_off {
            self.tally.hit(Fault::LeaderCutOff);
            self.settle(entry, Outcome::Withheld, None);
            self.until(|switches| !switches.cut_off).await;
            return Err(broken("cut off"));
        }
        if self.happens(now.hang) {
            self.tally.hit(Fault::RequestsHang);
            self.settle(entry, Outcome::Withheld, None);
            self.until(|switches| switches.hang == 0).await;
            return Err(broken("hung"));
        }
        if asked.is_watch()
            && let Some(gone) = now.gone
        {
            self.tally.hit(Fault::WatchesGone);
            return Ok(Some(switches::gone(gone, self.happens(50))));
        }
        if let Some(refusal) = now
            .refuse
            .as_ref()
            .filter(|refusal| refusal.is_for(asked.is_write()))
            && !asked.is_watch()
            && self.happens(refusal.percent)
        {
            self.tally.hit(refusal.fault);
            let (code, answer) = refusal.answer(self.happens(50));
            self.settle(entry, Outcome::Refused(code), None);
            return Ok(Some(answer));
        }
        if self.happens(now.slow) {
            self.tally.hit(Fault::SlowRequests);
            let pause = locked(&self.dice).between(50, SLOWEST_MILLIS);
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
        Ok(None)
    }

    /// The faults on the way back.
    async fn after(&self, asked: Asked) -> Result<(), Error> {
        let now = self.switches.borrow().clone();
        if now.cut_off {
            self.until(|switches| !switches.cut_off).await;
            return Err(broken("cut off before the answer"));
        }
        if asked.is_write() && self.happens(now.lose) {
            self.tally.hit(Fault::AnswersLost);
            return Err(broken("answer lost"));
        }
        Ok(())
    }

    fn happens(&self, percent: u8) -> bool {
        percent > 0 && locked(&self.dice).happens(percent)
    }

    async fn until(&self, wanted: impl FnMut(&Switches) -> bool) {
        let mut switches = self.switches.subscribe();
        let _closed = switches.wait_for(wanted).await;
    }

    fn stream(&self, answer: Response<kube::client::Body>) -> Answer {
        let in_order = self.happens(50);
        let tally = self.tally.clone();
        let switches = self.switches.subscribe();
        answer.map(|body| watched::body(body, switches, in_order, tally))
    }

    fn note(&self, method: &hyper::Method, path: &str) -> usize {
        let mut log = locked(&self.log);
        log.push(Write {
            operator: self.operator.clone(),
            method: method.to_string(),
            path: path.to_owned(),
            arrived: self.began.elapsed(),
            answered: None,
            outcome: Outcome::Withheld,
            revision: None,
        });
        log.len() - 1
    }

    fn settle(&self, entry: Option<usize>, outcome: Outcome, revision: Option<u64>) {
        let Some(entry) = entry else { return };
        if let Some(write) = locked(&self.log).get_mut(entry) {
            write.outcome = outcome;
            write.revision = revision;
        }
    }

    fn answered(&self, entry: usize, code: u16, body: &[u8]) {
        let object: Value = serde_json::from_slice(body).unwrap_or_default();
        let revision = revision(&object);
        self.settle(Some(entry), Outcome::Answered(code), revision);
        let now = self.began.elapsed();
        let mut log = locked(&self.log);
        let Some(write) = log.get_mut(entry) else { return };
        write.answered = Some(now);
        let holder = object.pointer("/spec/holderIdentity").and_then(Value::as_str);
        if let (true, true, Some(revision)) = (write.is_election(), write.is_done(), revision) {
            locked(&self.leases).push(LeaseRecord {
                revision,
                holder: holder.unwrap_or_default().to_owned(),
                known: now,
                sent: Some(write.arrived),
            });
        }
    }
}

fn revision(object: &Value) -> Option<u64> {
    let text = object.pointer("/metadata/resourceVersion")?.as_str()?;
    text.parse().ok()
}

fn full(bytes: impl Into<Bytes>) -> UnsyncBoxBody<Bytes, Error> {
    let infallible = |never: Infallible| match never {};
    Full::new(bytes.into()).map_err(infallible).boxed_unsync()
}

fn config(server: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\nclusters: [{{name: c, cluster: {{server: \"{server}\"}}}}]\nusers: [{{name: u, user: {{}}}}]\ncontexts: [{{name: x, context: {{cluster: c, user: u}}}}]\ncurrent-context: x\n"
    )
}

#[cfg(test)]
mod tests;
