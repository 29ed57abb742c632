//! A control plane, a fake node and an operator behind a counting proxy.

use std::sync::OnceLock;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use healthcare_crds::HealthcareService;
use healthcare_crds::crd::healthcare_service_crd_yaml;
use kube::{Api, Client};
use local_cluster::{Cluster, FakeNode, Options};

use super::operator::Operator;
use super::proxy::Proxy;

/// How long anything may take before a story fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);

/// A cluster with everything but the operator.
pub(crate) struct Stage {
    pub(crate) cluster: Cluster,
    pub(crate) proxy: Proxy,
    _node: FakeNode,
}

impl Stage {
    /// Starts a control plane with the CRDs of this project and, when wanted, the optional ones.
    pub(crate) async fn start(optional_apis: bool) -> Result<Self> {
        let cluster = tokio::task::spawn_blocking(|| Cluster::start(Options::default())).await??;
        cluster.apply(&healthcare_service_crd_yaml()?)?;
        if optional_apis {
            cluster.install_monitoring_crds()?;
            cluster.install_gateway_crds()?;
        }
        cluster.wait_for_crds()?;
        let client = cluster.client().await?;
        let node = FakeNode::start(client.clone()).await?;
        let proxy = Proxy::start(client, &cluster.layout().conf()).await?;
        Ok(Self {
            cluster,
            proxy,
            _node: node,
        })
    }

    /// An operator behind the proxy, without leader election.
    pub(crate) async fn operator(&self) -> Result<Operator> {
        Operator::ready(&self.proxy.kubeconfig, "alone", &[]).await
    }

    /// Makes a namespace that enforces Pod Security "restricted".
    pub(crate) fn namespace(&self, name: &str) -> Result<()> {
        self.cluster.apply(&format!(
            "apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}, labels: {{pod-security.kubernetes.io/enforce: restricted}}}}\n"
        ))?;
        Ok(())
    }

    /// kubectl in a namespace.
    pub(crate) fn kubectl(&self, namespace: &str, line: &str) -> Result<String> {
        let args: Vec<_> = ["-n", namespace].into_iter().chain(line.split(' ')).collect();
        self.cluster.kubectl(&args)
    }

    /// A merge patch of a service's spec, as JSON.
    pub(crate) fn patch_spec(&self, namespace: &str, name: &str, spec: &str) -> Result<()> {
        let patch = format!(r#"{{"spec":{spec}}}"#);
        let line = ["-n", namespace, "patch", "hcs", name, "--type", "merge", "-p"];
        self.cluster.kubectl(&[&line[..], &[&patch]].concat()).map(|_| ())
    }

    /// A client of this runtime.
    pub(crate) async fn client(&self) -> Result<Client> {
        self.cluster.client().await
    }

    /// Waits until the service's status speaks of its current spec and `wanted` holds.
    pub(crate) async fn until(
        &self,
        namespace: &str,
        name: &str,
        wanted: impl Fn(&HealthcareService) -> bool,
    ) -> Result<HealthcareService> {
        let api: Api<HealthcareService> = Api::namespaced(self.client().await?, namespace);
        eventually(&format!("{namespace}/{name}"), async || {
            let service = api.get_opt(name).await?;
            let is_current = |service: &HealthcareService| {
                let status = service.status.as_ref();
                status.and_then(|status| status.observed_generation) == service.metadata.generation
            };
            Ok(match service {
                Some(service) if is_current(&service) && wanted(&service) => Ok(service),
                other => Err(format!("{:#?}", other.and_then(|service| service.status))),
            })
        })
        .await
    }

    /// Waits until the service is Ready for its current spec.
    pub(crate) async fn until_ready(&self, namespace: &str, name: &str) -> Result<HealthcareService> {
        self.until(namespace, name, |service| {
            condition(service, "Ready").is_some_and(|c| c.0 == "True")
        })
        .await
    }

    /// Waits until `kubectl describe` shows all of these: Events are written after the status they tell about.
    pub(crate) async fn described(&self, namespace: &str, name: &str, wanted: &[&str]) -> Result<()> {
        let line = format!("describe hcs {name}");
        eventually(&line, async || {
            Ok(shows(&self.kubectl(namespace, &line)?, wanted))
        })
        .await
    }

    /// Waits until nothing was written to the namespace for a second, then gives what was written, without the status.
    pub(crate) async fn settled_writes(&self, namespace: &str) -> Vec<String> {
        let mut all: Vec<String> = Vec::new();
        loop {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let new = self.proxy.take_writes(namespace);
            if new.is_empty() {
                all.retain(|write| !write.ends_with("/status"));
                all.sort();
                return all;
            }
            all.extend(new);
        }
    }
}

/// Looks until there is what was looked for, and fails with what was seen last.
pub(crate) async fn eventually<T>(
    what: &str,
    look: impl AsyncFn() -> Result<Result<T, String>>,
) -> Result<T> {
    let mut last = String::new();
    for _ in 0..PATIENCE.as_millis() / 100 {
        match look().await? {
            Ok(found) => return Ok(found),
            Err(seen) => last = seen,
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    bail!("{what}: not within {PATIENCE:?}: {last}")
}

/// Whether a text holds all of these; itself when it does not.
pub(crate) fn shows(text: &str, wanted: &[&str]) -> Result<(), String> {
    if wanted.iter().all(|word| text.contains(word)) {
        Ok(())
    } else {
        Err(format!("{wanted:?} is not all in\n{text}"))
    }
}

/// Status and reason of a condition.
pub(crate) fn condition<'a>(service: &'a HealthcareService, type_: &str) -> Option<(&'a str, &'a str)> {
    let conditions = &service.status.as_ref()?.conditions;
    conditions
        .iter()
        .find(|c| c.type_ == type_)
        .map(|c| (c.status.as_str(), c.reason.as_str()))
}

/// The stage that most stories share, with its operator.
pub(crate) struct World {
    pub(crate) stage: Stage,
    _operator: Operator,
}

/// Built by the first story that asks, in a thread whose runtime outlives every story's.
pub(crate) fn world() -> &'static Stage {
    static WORLD: OnceLock<World> = OnceLock::new();
    let world = WORLD.get_or_init(|| {
        let (sender, receiver) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                sender.send(build().await).unwrap();
                std::future::pending::<()>().await;
            });
        });
        receiver.recv().unwrap().unwrap()
    });
    &world.stage
}

async fn build() -> Result<World> {
    let stage = Stage::start(true).await?;
    let operator = stage.operator().await.context("start the operator")?;
    Ok(World {
        stage,
        _operator: operator,
    })
}
