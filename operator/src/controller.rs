//! Watches, queue and concurrency: who reconciles what, when.

use std::sync::Arc;

use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::access::Callers;
use crate::catch_up::catch_up;
use crate::config::Scope;
use crate::context::Context;
use crate::outcome::{Error, Next};
use crate::queue::driver::Driver;
use crate::queue::{Cause, Key, Outcome, Queue, Triggers};
use crate::reconcile::reconcile;
use crate::render::ChildKind;
use crate::watches::ChildWatch;
use crate::watches::services::ServicesWatch;

/// How the controller runs.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What is watched.
    pub scope: Scope,
    /// Passes at a time.
    pub concurrency: u16,
    /// Told whether so many run.
    pub busy: watch::Sender<bool>,
}

/// Runs until `shutdown`, then lets the passes under way finish. `synced` turns true once everything was listed; passes begin
/// when that is so and `leading` is over. Until then a standby learns what there is, so that it can begin at once.
pub async fn run(
    ctx: Arc<Context>,
    settings: Settings,
    synced: watch::Sender<bool>,
    leading: impl Future<Output = ()>,
    shutdown: CancellationToken,
) {
    let (triggers, requests) = Triggers::channel();
    let namespaces = settings.scope.namespaces();
    let mut watches = JoinSet::new();
    let children = start_child_watches(&mut watches, &ctx, &namespaces, &triggers);
    watches.spawn(follow_capabilities(Arc::clone(&ctx), triggers.clone()));
    let services = ServicesWatch {
        namespaces: namespaces.clone(),
        callers: Callers::default(),
        ctx: Arc::clone(&ctx),
        triggers,
    };
    let (sender, known) = oneshot::channel();
    watches.spawn(services.run(told(sender)));

    let driver = Driver {
        queue: Queue::new(settings.concurrency),
        requests,
        metrics: ctx.metrics.clone(),
        busy: settings.busy,
        shutdown,
    };
    // A pass that begins before would take children for missing that are only not listed yet.
    let listed = async {
        // Each fails only when its watch is gone, at the end of the process.
        let _ended = known.await;
        let _ended = futures::future::join_all(children).await;
        synced.send_replace(true);
        leading.await;
        catch_up(&ctx, &namespaces).await;
    };
    let ctx = &ctx;
    driver.run(listed, |key| pass(key, Arc::clone(ctx))).await;
    watches.shutdown().await;
}

/// Each answers once its kind has been listed for the first time.
fn start_child_watches(
    watches: &mut JoinSet<()>,
    ctx: &Arc<Context>,
    namespaces: &[Option<String>],
    triggers: &Triggers,
) -> Vec<oneshot::Receiver<()>> {
    let mut listed = Vec::new();
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
        let (sender, receiver) = oneshot::channel();
        let synced = told(sender);
        if !kind.is_optional() {
            watches.spawn(watch.run(synced));
            listed.push(receiver);
        } else if kind.is_served(*ctx.capabilities.borrow()) {
            watches.spawn(follow_optional(watch, synced));
            listed.push(receiver);
        } else {
            watches.spawn(follow_optional(watch, || ()));
        }
    }
    listed
}

/// Tells at the first call.
fn told(sender: oneshot::Sender<()>) -> impl FnMut() + Send {
    let mut sender = Some(sender);
    move || {
        let _nobody_waits = sender.take().map(|sender| sender.send(()));
    }
}

/// Watches an optional kind while the cluster has it. What it no longer has holds nobody up who waits for its list.
async fn follow_optional(watch: ChildWatch, mut synced: impl FnMut() + Send) {
    let kind = watch.kind;
    let mut capabilities = watch.ctx.capabilities.clone();
    while capabilities.wait_for(|has| kind.is_served(*has)).await.is_ok() {
        tokio::select! {
            () = watch.clone().run(&mut synced) => {}
            _ = capabilities.wait_for(|has| !kind.is_served(*has)) => {
                watch.ctx.ledger.forget_kind(kind);
                synced();
            }
        }
    }
}

/// When an optional API comes or goes, every service is looked at again.
async fn follow_capabilities(ctx: Arc<Context>, triggers: Triggers) {
    let mut capabilities = ctx.capabilities.clone();
    while capabilities.changed().await.is_ok() {
        let services = ctx.services.keys().into_iter();
        for service in services.filter(|service| ctx.shard.owns(&service.namespace)) {
            triggers.trigger(service, Cause::Sweep);
        }
    }
}

/// One measured pass.
async fn pass(key: Key, ctx: Arc<Context>) -> Outcome {
    // Deleted between the trigger and the pass: nothing to do.
    let Some(service) = ctx.services.get(&key) else {
        return Outcome::Gone;
    };
    let timer = ctx.metrics.pass_started();
    let result = Box::pin(reconcile(&service, &ctx)).await;
    timer.finished(&result);
    log(&key, &result);
    result.map_or(Outcome::Failed, Outcome::Done)
}

fn log(key: &Key, result: &Result<Next, Error>) {
    match result {
        Ok(_) => tracing::debug!(service = %key, "pass done"),
        Err(error) => {
            tracing::warn!(service = %key, reason = error.reason(), %error, "pass failed; trying again after a pause");
        }
    }
}
