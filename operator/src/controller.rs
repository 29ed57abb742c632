//! Watches, queue and concurrency: who reconciles what, when.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures::stream::{Stream, StreamExt, poll_fn};
use healthcare_crds::HealthcareService;
use kube::ResourceExt;
use kube::runtime::controller::{Action, Config, Error as QueueError, ReconcileRequest, applier};
use kube::runtime::reflector::{ObjectRef, store::Writer};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::config::Scope;
use crate::context::Context;
use crate::outcome::Error;
use crate::reconcile::reconcile;
use crate::render::ChildKind;
use crate::watches::services::ServicesWatch;
use crate::watches::{ChildWatch, Triggers};

/// Triggers of one service within this time become one pass.
const DEBOUNCE: Duration = Duration::from_millis(10);

/// How the controller runs.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What is watched.
    pub scope: Scope,
    /// Passes at a time.
    pub concurrency: u16,
}

/// Runs until `shutdown`, then lets the passes under way finish. `synced` turns true once everything was listed.
pub async fn run(
    ctx: Arc<Context>,
    writer: Writer<HealthcareService>,
    settings: Settings,
    synced: watch::Sender<bool>,
    shutdown: CancellationToken,
) {
    let (triggers, queue) = mpsc::unbounded_channel();
    let namespaces = settings.scope.namespaces();
    let mut watches = JoinSet::new();
    start_child_watches(&mut watches, &ctx, &namespaces, &triggers);
    watches.spawn(follow_capabilities(Arc::clone(&ctx), triggers.clone()));
    let services = ServicesWatch {
        writer,
        namespaces,
        ctx: Arc::clone(&ctx),
        triggers,
    };
    watches.spawn(services.run(move || {
        synced.send_replace(true);
    }));

    let config = Config::default()
        .debounce(DEBOUNCE)
        .concurrency(settings.concurrency);
    let queue = requests(queue).take_until(shutdown.cancelled_owned());
    applier(
        pass,
        retry_after,
        Arc::clone(&ctx),
        ctx.services.clone(),
        queue,
        config,
    )
    .for_each(log)
    .await;
    watches.shutdown().await;
}

fn start_child_watches(
    watches: &mut JoinSet<()>,
    ctx: &Arc<Context>,
    namespaces: &[Option<String>],
    triggers: &Triggers,
) {
    let every = ChildKind::ALL
        .into_iter()
        .flat_map(|kind| namespaces.iter().map(move |namespace| (kind, namespace)));
    for (kind, namespace) in every {
        let watch = ChildWatch {
            kind,
            namespace: namespace.clone(),
            ctx: Arc::clone(ctx),
            triggers: triggers.clone(),
        };
        if kind.is_optional() {
            watches.spawn(follow_optional(watch));
        } else {
            watches.spawn(watch.run(|| ()));
        }
    }
}

/// Watches an optional kind while the cluster has it.
async fn follow_optional(watch: ChildWatch) {
    let kind = watch.kind;
    let mut capabilities = watch.ctx.capabilities.clone();
    while capabilities.wait_for(|has| kind.is_served(*has)).await.is_ok() {
        tokio::select! {
            () = watch.clone().run(|| ()) => {}
            _ = capabilities.wait_for(|has| !kind.is_served(*has)) => watch.ctx.ledger.forget_kind(kind),
        }
    }
}

/// When an optional API comes or goes, every service is looked at again.
async fn follow_capabilities(ctx: Arc<Context>, triggers: Triggers) {
    let mut capabilities = ctx.capabilities.clone();
    while capabilities.changed().await.is_ok() {
        for service in ctx.services.state() {
            let _ended = triggers.send(ObjectRef::from_obj(&*service));
        }
    }
}

fn requests(
    mut queue: mpsc::UnboundedReceiver<ObjectRef<HealthcareService>>,
) -> impl Stream<Item = Result<ReconcileRequest<HealthcareService>, std::convert::Infallible>> {
    poll_fn(move |cx| queue.poll_recv(cx)).map(|service| Ok(ReconcileRequest::from(service)))
}

type Pass = Pin<Box<dyn Future<Output = Result<Action, Error>> + Send>>;

/// One measured pass.
fn pass(service: Arc<HealthcareService>, ctx: Arc<Context>) -> Pass {
    Box::pin(async move {
        let (namespace, name) = (service.namespace().unwrap_or_default(), service.name_any());
        let timer = ctx.metrics.pass_started();
        let result = reconcile(service, Arc::clone(&ctx)).await;
        timer.finished(&result);
        if result.is_ok() {
            ctx.backoff.forget(&namespace, &name);
        }
        result
    })
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "the signature that the applier calls"
)]
fn retry_after(service: Arc<HealthcareService>, _: &Error, ctx: Arc<Context>) -> Action {
    Action::requeue(
        ctx.backoff
            .failed(&service.namespace().unwrap_or_default(), &service.name_any()),
    )
}

async fn log(
    result: Result<(ObjectRef<HealthcareService>, Action), QueueError<Error, std::convert::Infallible>>,
) {
    match result {
        Ok((service, _)) => tracing::debug!(%service, "pass done"),
        Err(QueueError::ReconcilerFailed(error, service)) => failed(&error, &service.to_string()),
        // Deleted between the trigger and the pass: nothing to do.
        Err(QueueError::ObjectNotFound(_)) => {}
        Err(error) => tracing::error!(%error, "the queue failed"),
    }
}

fn failed(error: &Error, service: &str) {
    tracing::warn!(service, reason = error.reason(), %error, "pass failed; trying again after a pause");
}
