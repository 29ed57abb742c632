//! The life of the process: telemetry, endpoints, election, controller, end.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use healthcare_crds::HealthcareService;
use kube::api::ListParams;
use kube::runtime::events::{Recorder, Reporter};
use kube::runtime::reflector;
use kube::{Api, Client};
use service_kit::{BuildInfo, Clock, telemetry};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::admin::{self, Admin};
use crate::capabilities::{self, Capabilities};
use crate::config::{RunArgs, Scope};
use crate::context::Context;
use crate::controller::{self, Settings};
use crate::leader::{Candidate, LeaderError, Leadership, LeaseConfig};
use crate::metrics::OperatorMetrics;
use crate::rest_metrics;

/// Pause between looks for an API server that does not answer or lacks the CRD.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

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
    let client = rest_metrics::client(config, &metrics).context("use the cluster's configuration")?;

    let (ready, is_ready) = watch::channel(false);
    let endpoints = CancellationToken::new();
    let admin = Admin {
        registry,
        ready: is_ready,
    };
    let served = tokio::spawn(admin::serve(args.admin_address, admin, endpoints.clone()));
    let candidate = args
        .leader_elect
        .then(|| Candidate::new(client.clone(), lease.clone(), clock.clone()));
    let process = Process {
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
    ready: watch::Sender<bool>,
    shutdown: CancellationToken,
}

impl Process {
    /// Waits for leadership where that is wanted, then controls.
    async fn lead(&self, candidate: Option<Candidate>, lease: &LeaseConfig) -> ExitCode {
        let Some(candidate) = candidate else {
            self.control(self.client.clone()).await;
            return ExitCode::SUCCESS;
        };
        self.metrics.set_leading(&lease.name, false);
        tracing::info!(
            lease = lease.name,
            namespace = lease.namespace,
            identity = lease.identity,
            "standing by"
        );
        let reached = || {
            self.ready.send_replace(true);
        };
        match candidate.acquire(&self.shutdown, reached).await {
            Ok(leadership) => self.control_while_leading(leadership, lease).await,
            Err(LeaderError::Shutdown) => ExitCode::SUCCESS,
        }
    }

    async fn control_while_leading(&self, mut leadership: Leadership, lease: &LeaseConfig) -> ExitCode {
        tracing::info!(identity = lease.identity, "leading");
        // A leader is ready once it has listed everything.
        self.ready.send_replace(false);
        self.metrics.set_leading(&lease.name, true);
        let client = leadership.fence().client(self.client.clone());
        let lost = tokio::select! {
            biased;
            loss = leadership.lost() => Some(loss),
            () = self.control(client) => None,
        };
        self.metrics.set_leading(&lease.name, false);
        if let Some(reason) = lost {
            // Nothing may be written any more: the process ends here, passes under way with it.
            tracing::error!(%reason, "leadership lost; exiting");
            return ExitCode::FAILURE;
        }
        leadership.release().await;
        ExitCode::SUCCESS
    }

    /// Runs the controller until the process is to stop.
    async fn control(&self, client: Client) {
        let found = tokio::select! {
            found = self.wait_for_api() => found,
            () = self.shutdown.cancelled() => return,
        };
        let (sender, capabilities) = watch::channel(found);
        let following = tokio::spawn(capabilities::follow(client.clone(), sender));
        let (services, writer) = reflector::store();
        let reporter = Reporter {
            controller: "healthcare-operator".to_owned(),
            instance: Some(self.identity.clone()),
        };
        let ctx = Arc::new(Context {
            client: client.clone(),
            services,
            ledger: crate::ledger::Ledger::default(),
            workloads: crate::workloads::Workloads::default(),
            statuses: crate::status::StatusMemory::default(),
            backoff: crate::backoff::Backoff::default(),
            recorder: Recorder::new(client, reporter),
            capabilities,
            defaults: self.args.defaults(),
            metrics: self.metrics.clone(),
            clock: self.clock.clone(),
        });
        let settings = Settings {
            scope: self.args.watch_namespaces.clone(),
            concurrency: self.args.concurrency,
        };
        self.metrics.set_concurrency(settings.concurrency);
        controller::run(ctx, writer, settings, self.ready.clone(), self.shutdown.clone()).await;
        following.abort();
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
        let api: Api<HealthcareService> = match &self.args.watch_namespaces {
            Scope::All => Api::all(self.client.clone()),
            Scope::Namespaces(names) => Api::namespaced(
                self.client.clone(),
                names.first().map_or("default", String::as_str),
            ),
        };
        api.list_metadata(&first).await?;
        Capabilities::discover(&self.client).await
    }
}
