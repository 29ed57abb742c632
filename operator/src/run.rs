//! The life of the process: telemetry, endpoints, election, controller, end.

use std::pin::{Pin, pin};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use healthcare_crds::HealthcareService;
use kube::Client;
use kube::api::ListParams;
use kube::runtime::events::{Recorder, Reporter};
use service_kit::{BuildInfo, Clock, telemetry};
use tokio::sync::{oneshot, watch};
use tokio_util::sync::CancellationToken;

use crate::admin::{self, Admin};
use crate::capabilities::{self, Capabilities};
use crate::config::RunArgs;
use crate::context::Context;
use crate::controller::{self, Settings};
use crate::events::Publisher;
use crate::leader::{Candidate, Leadership, LeaseConfig};
use crate::metrics::OperatorMetrics;
use crate::prometheus::Prometheus;
use crate::rest_metrics;
use crate::scoped::scoped;

/// Pause between looks for an API server that does not answer or lacks the CRD.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// Longest time to write the Events of the last passes.
const LAST_EVENTS: Duration = Duration::from_secs(2);

const BUILD: BuildInfo = BuildInfo {
    service: "healthcare-operator",
    version: env!("CARGO_PKG_VERSION"),
};

/// Runs the controller until SIGTERM (success) or until leadership is lost (failure, so that the process is started
/// anew).
///
/// # Errors
/// When the process cannot be set up: no cluster configuration, an address in use.
pub async fn run(args: RunArgs) -> Result<ExitCode> {
    let clock = Clock::system();
    let telemetry = telemetry::init(&args.telemetry, &BUILD, &clock)?;
    let registry = service_kit::metrics::registry(&BUILD)?;
    telemetry.register(&registry)?;
    let metrics = OperatorMetrics::new(&registry)?;
    let shutdown = service_kit::shutdown::on_signal().context("listen for signals")?;
    let config = kube::Config::infer()
        .await
        .context("no cluster to talk to: set KUBECONFIG, or run in a pod with a service-account token")?;
    let lease = args.lease(&config.default_namespace)?;
    let connect = |fence| {
        rest_metrics::client(config.clone(), &metrics, fence).context("use the cluster's configuration")
    };
    // The Lease has connections of its own: it is written when nothing else is, and waits for nobody.
    let candidate = args
        .leader_elect
        .then(|| Ok::<_, anyhow::Error>(Candidate::new(connect(None)?, lease.clone(), clock.clone())))
        .transpose()?;
    let client = connect(candidate.as_ref().map(Candidate::fence))?;

    let (ready, is_ready) = watch::channel(false);
    let endpoints = CancellationToken::new();
    let admin = Admin {
        registry,
        ready: is_ready,
    };
    let served = tokio::spawn(admin::serve(args.admin_address, admin, endpoints.clone()));
    let prometheus = args.prometheus().map(Prometheus::new).transpose();
    let prometheus = prometheus.context("use the settings of Prometheus")?;
    let process = Process {
        prometheus,
        args,
        identity: lease.identity.clone(),
        client,
        metrics,
        clock,
        ready,
        shutdown,
    };
    let code = tokio::select! {
        code = process.lead(candidate, &lease) => code,
        served = served => {
            served?.context("serve /healthz, /readyz and /metrics: is the address in use?")?;
            ExitCode::SUCCESS
        }
    };
    endpoints.cancel();
    telemetry.shutdown().await;
    Ok(code)
}

struct Process {
    args: RunArgs,
    identity: String,
    client: Client,
    metrics: OperatorMetrics,
    clock: Clock,
    prometheus: Option<Prometheus>,
    ready: watch::Sender<bool>,
    shutdown: CancellationToken,
}

impl Process {
    /// Controls, where leadership is wanted while it lasts: a standby watches, and is ready to begin.
    async fn lead(&self, candidate: Option<Candidate>, lease: &LeaseConfig) -> ExitCode {
        let Some(candidate) = candidate else {
            self.control(self.client.clone(), std::future::ready(())).await;
            return ExitCode::SUCCESS;
        };
        self.metrics.set_leading(&lease.name, false);
        tracing::info!(
            lease = lease.name,
            namespace = lease.namespace,
            identity = lease.identity,
            "standing by"
        );
        let (lead, leading) = oneshot::channel();
        let leading = async move {
            if leading.await.is_err() {
                // It never came to that.
                std::future::pending::<()>().await;
            }
        };
        let client = candidate.fence().client(self.client.clone());
        let mut control = pin!(self.control(client, leading));
        let mut acquiring = pin!(candidate.acquire(&self.shutdown));
        let acquired = tokio::select! {
            acquired = &mut acquiring => acquired,
            () = &mut control => {
                // The process is to stop, but a try may be under way: nobody would renew the Lease that it takes.
                if let Ok(leadership) = acquiring.await {
                    leadership.release().await;
                }
                return ExitCode::SUCCESS;
            }
        };
        let Ok(leadership) = acquired else {
            control.await;
            return ExitCode::SUCCESS;
        };
        tracing::info!(identity = lease.identity, "leading");
        self.metrics.set_leading(&lease.name, true);
        let _begins = lead.send(());
        let code = while_leading(leadership, control).await;
        self.metrics.set_leading(&lease.name, false);
        code
    }

    /// Runs the controller until the process is to stop. It writes nothing before `leading` is over.
    async fn control(&self, client: Client, leading: impl Future<Output = ()>) {
        let found = tokio::select! {
            found = self.wait_for_api() => found,
            () = self.shutdown.cancelled() => return,
        };
        let (sender, capabilities) = watch::channel(found);
        let following = tokio::spawn(capabilities::follow(client.clone(), sender));
        let reporter = Reporter {
            controller: "healthcare-operator".to_owned(),
            instance: Some(self.identity.clone()),
        };
        let busy = watch::Sender::new(false);
        let recorder = Recorder::new(client.clone(), reporter);
        let (events, writing) = Publisher::new(recorder, busy.subscribe());
        let writing = tokio::spawn(writing);
        let ctx = Arc::new(Context {
            client,
            services: crate::services::Services::default(),
            generations: crate::generations::Generations::default(),
            ledger: crate::ledger::Ledger::default(),
            contests: crate::contests::Contests::default(),
            strays: crate::strays::Strays::default(),
            workloads: crate::workloads::Workloads::default(),
            statuses: crate::status::StatusMemory::default(),
            looks: crate::pods::Looks::default(),
            prometheus: self.prometheus.clone(),
            revisions: crate::rollouts::Revisions::default(),
            measurements: crate::rollouts::Measurements::default(),
            events,
            capabilities,
            shard: self.args.shard,
            defaults: self.args.defaults(),
            metrics: self.metrics.clone(),
            clock: self.clock.clone(),
            started: Instant::now(),
        });
        let settings = Settings {
            scope: self.args.watch_namespaces.clone(),
            concurrency: self.args.concurrency,
            busy,
        };
        self.metrics.set_concurrency(settings.concurrency);
        controller::run(ctx, settings, self.ready.clone(), leading, self.shutdown.clone()).await;
        following.abort();
        // What is left over after that is lost.
        let _ended = tokio::time::timeout(LAST_EVENTS, writing).await;
    }

    /// Waits until the API server answers and knows HealthcareServices, saying what is missing.
    async fn wait_for_api(&self) -> Capabilities {
        loop {
            match self.look_at_api().await {
                Ok(found) => return found,
                Err(kube::Error::Api(status)) if status.code == 404 => tracing::warn!(
                    "the cluster has no HealthcareService: install the CRD with the Helm chart (crds.install) or with kubectl apply -f crds/"
                ),
                Err(error) => tracing::warn!(%error, "the API server cannot be used yet; trying again"),
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    async fn look_at_api(&self) -> kube::Result<Capabilities> {
        let first = ListParams::default().limit(1);
        let namespaces = self.args.watch_namespaces.namespaces();
        let one = namespaces.first().and_then(Option::as_deref);
        let api = scoped::<HealthcareService>(&self.client, one);
        api.list_metadata(&first).await?;
        Capabilities::at_start(&self.client).await
    }
}

/// Controls until the process is to stop, or until leadership is lost.
async fn while_leading(mut leadership: Leadership, control: Pin<&mut impl Future<Output = ()>>) -> ExitCode {
    let lost = tokio::select! {
        biased;
        loss = leadership.lost() => Some(loss),
        () = control => None,
    };
    if let Some(reason) = lost {
        // Nothing may be written any more: the process ends here, passes under way with it.
        tracing::error!(%reason, "leadership lost; exiting");
        return ExitCode::FAILURE;
    }
    leadership.release().await;
    ExitCode::SUCCESS
}
