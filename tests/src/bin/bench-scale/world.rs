//! The cluster, the services and the operator's processes.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use healthcare_crds::HealthcareService;
use healthcare_crds::crd::healthcare_service_crd_yaml;
use healthcare_tests::measured::{Measured, cpu_seconds};
use kube::{Api, Client};
use local_cluster::{Cluster, FakeNode, Options};
use serde_json::{Value, json};

/// The operator's user, as it stands in the audit log.
pub(crate) const USER: &str = "bench-operator";
/// Where the services live.
pub(crate) const NAMESPACE: &str = "services";

/// Between two looks at the controllers' processor time.
const LOOK: Duration = Duration::from_secs(10);
/// Share of a core that they take when there is nothing to do.
const AT_REST: f64 = 0.05;

/// A cluster with a node that only says it runs pods.
pub(crate) struct World {
    pub(crate) cluster: Cluster,
    pub(crate) client: Client,
    pub(crate) kubeconfig: PathBuf,
    pub(crate) operator: PathBuf,
    pub(crate) concurrency: usize,
    _node: FakeNode,
}

impl World {
    pub(crate) async fn start(operator: &Path, concurrency: usize) -> Result<Self> {
        let options = Options {
            node: false,
            measured: true,
        };
        let cluster = tokio::task::spawn_blocking(move || Cluster::start(options)).await??;
        cluster.apply(&healthcare_service_crd_yaml()?)?;
        cluster.install_monitoring_crds()?;
        cluster.wait_for_crds()?;
        cluster.kubectl(&["create", "namespace", NAMESPACE])?;
        let client = cluster.client().await?;
        let kubeconfig = cluster.user(USER, Some("system:masters"))?;
        Ok(Self {
            _node: FakeNode::start(client.clone()).await?,
            operator: operator.to_owned(),
            cluster,
            client,
            kubeconfig,
            concurrency,
        })
    }

    pub(crate) fn services(&self) -> Api<HealthcareService> {
        Api::namespaced(self.client.clone(), NAMESPACE)
    }

    /// Waits until the control plane's own controllers have nothing left to do: after thousands of Deployments they go on for
    /// minutes, with all cores of a small machine.
    pub(crate) async fn settled(&self) -> Result<()> {
        let file = self.cluster.layout().pid().join("kube-controller-manager");
        let pid = std::fs::read_to_string(file)?.trim().parse()?;
        let started = Instant::now();
        let mut before = cpu_seconds(pid)?;
        while started.elapsed() < Duration::from_mins(30) {
            tokio::time::sleep(LOOK).await;
            let now = cpu_seconds(pid)?;
            if now - before < LOOK.as_secs_f64() * AT_REST {
                return Ok(());
            }
            before = now;
        }
        bail!("the control plane's controllers do not come to rest");
    }

    /// Starts an operator, with further arguments.
    pub(crate) fn operator(&self, name: &str, arguments: &[&str]) -> Result<Operator> {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let admin = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let log = std::fs::File::create(self.kubeconfig.with_file_name(format!("{name}.log")))?;
        let process = Measured::start(
            Command::new(&self.operator)
                .arg("run")
                .arg(format!("--admin-address={admin}"))
                .arg(format!("--concurrency={}", self.concurrency))
                .arg(format!("--identity={name}"))
                .args(arguments)
                .env("KUBECONFIG", &self.kubeconfig)
                .stdin(Stdio::null())
                .stdout(log.try_clone()?)
                .stderr(log),
        )?;
        Ok(Operator { process, admin })
    }
}

/// A running operator. Killed when dropped.
pub(crate) struct Operator {
    pub(crate) process: Measured,
    admin: SocketAddr,
}

impl Operator {
    /// Waits for `/readyz`.
    pub(crate) async fn ready(&self) -> Result<()> {
        // One client for all tries: to make one takes longer than to ask.
        let client = reqwest::Client::new();
        let started = Instant::now();
        while started.elapsed() < Duration::from_mins(5) {
            let answer = client.get(format!("http://{}/readyz", self.admin)).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        bail!("the operator does not become ready")
    }
}

/// The pods of each service: the fewest with which it has all kinds of children but one.
pub(crate) const REPLICAS: i32 = 2;

/// A service as in the examples, with fewer pods: they are the control plane's work, not the operator's.
pub(crate) fn service(number: usize, namespace: &str) -> Result<HealthcareService> {
    let mut manifest: Value =
        serde_yaml::from_str(include_str!("../../../../examples/synthetic-phi-service.yaml"))?;
    let metadata = manifest.get_mut("metadata").and_then(Value::as_object_mut);
    let metadata = metadata.context("the example has metadata")?;
    metadata.insert("name".to_owned(), json!(name(number)));
    metadata.insert("namespace".to_owned(), json!(namespace));
    let spec = manifest.get_mut("spec").and_then(Value::as_object_mut);
    let spec = spec.context("the example has a spec")?;
    spec.insert(
        "scaling".to_owned(),
        json!({"minReplicas": REPLICAS, "maxReplicas": 10}),
    );
    spec.insert("disruption".to_owned(), json!({"minAvailable": 1}));
    // A change is to show what it costs, not how long its pods are watched.
    spec.insert(
        "rollout".to_owned(),
        json!({"strategy": "Rolling", "bakeSeconds": 0}),
    );
    Ok(serde_json::from_value(manifest)?)
}

pub(crate) fn name(number: usize) -> String {
    format!("service-{number}")
}
