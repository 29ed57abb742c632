//! The cluster of a campaign, with its operators behind their proxies. I/O.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use healthcare_crds::crd::healthcare_service_crd_yaml;
use kube::Client;
use kube::config::{KubeConfigOptions, Kubeconfig};
use local_cluster::{Cluster, FakeNode, Options};

use super::dice::Dice;
use super::fault::Fault;
use super::history::{LeaseRecord, Write};
use super::observer::Observer;
use super::operator::{Program, Slot};
use super::proxy::Proxy;
use super::rights;
use super::tally::Tally;

/// Namespace of the Lease.
pub(crate) const LEASE_NAMESPACE: &str = "campaign-operators";

/// An operator with the proxy before it.
pub(crate) struct Replica {
    /// Its process.
    pub(crate) slot: Slot,
    /// Its way to the API server.
    pub(crate) proxy: Proxy,
}

/// Everything that runs.
pub(crate) struct Stage {
    /// Replicas of the operator.
    pub(crate) replicas: Vec<Replica>,
    /// What happens in the cluster.
    pub(crate) observer: Observer,
    /// Counts of faults.
    pub(crate) tally: Tally,
    /// An administrator's client, past all proxies.
    pub(crate) client: Client,
    /// When it all began.
    pub(crate) began: Instant,
    /// How long a lease is.
    pub(crate) lease: Duration,
    timeline: Mutex<Vec<(Fault, Duration, Option<Duration>)>>,
    _node: FakeNode,
    // Last: all others need it.
    cluster: Arc<Cluster>,
}

impl Stage {
    /// Starts a control plane, a node that only says it runs pods, and proxies with operators that do not run yet.
    ///
    /// # Errors
    /// When something does not start.
    pub(crate) async fn start(seed: u64, count: usize, lease: Duration, program: &Program) -> Result<Self> {
        let began = Instant::now();
        let cluster = tokio::task::spawn_blocking(|| Cluster::start(Options::default())).await??;
        let names: Vec<_> = (0..count).map(|number| format!("operator-{number}")).collect();
        prepare(&cluster, &names)?;
        let client = cluster.client().await?;
        let node = FakeNode::start(client.clone()).await?;
        let tally = Tally::default();
        let mut replicas = Vec::new();
        for name in &names {
            let upstream = plain_client(&cluster.user(name, None)?).await?;
            let dice = Dice::of(seed, name);
            let conf = cluster.layout().conf();
            let proxy = Proxy::start(name, upstream, &conf, began, dice, tally.clone()).await?;
            let slot = Slot::new(name, program.clone(), &proxy.kubeconfig)?;
            replicas.push(Replica { slot, proxy });
        }
        Ok(Self {
            replicas,
            observer: Observer::start(&client, LEASE_NAMESPACE, began),
            tally,
            client,
            began,
            lease,
            timeline: Mutex::default(),
            _node: node,
            cluster: Arc::new(cluster),
        })
    }

    /// Makes a namespace that enforces Pod Security "restricted".
    ///
    /// # Errors
    /// When the API server refuses it.
    pub(crate) fn namespace(&self, name: &str) -> Result<()> {
        let manifest = format!(
            "apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}, labels: {{pod-security.kubernetes.io/enforce: restricted}}}}\n"
        );
        self.cluster.apply(&manifest).map(drop)
    }

    /// The replica that holds the Lease, as last seen.
    pub(crate) fn leader(&self) -> Option<&Replica> {
        let holder = self.observer.leader()?;
        self.replicas
            .iter()
            .find(|replica| replica.slot.identity == holder)
    }

    /// Kills a process of the control plane, or starts it again.
    ///
    /// # Errors
    /// When that fails.
    pub(crate) async fn control(&self, act: fn(&Cluster) -> Result<()>) -> Result<()> {
        let cluster = Arc::clone(&self.cluster);
        tokio::task::spawn_blocking(move || act(&cluster)).await?
    }

    /// Process id of a process of the control plane.
    ///
    /// # Errors
    /// When it is not known.
    pub(crate) fn pid(&self, process: &str) -> Result<u32> {
        let text = std::fs::read_to_string(self.cluster.layout().pid().join(process))?;
        text.trim().parse().context("a pid file holds a number")
    }

    /// Copies the logs of the control plane, which go with it.
    ///
    /// # Errors
    /// When a file cannot be copied.
    pub(crate) fn keep_logs(&self, directory: &Path) -> Result<()> {
        for entry in std::fs::read_dir(self.cluster.layout().log())? {
            let entry = entry?;
            std::fs::copy(entry.path(), directory.join(entry.file_name()))?;
        }
        Ok(())
    }

    /// Every record of the Lease that was seen by anybody.
    pub(crate) fn leases(&self) -> Vec<LeaseRecord> {
        let mut records = self.observer.look(|seen| seen.leases.clone());
        records.extend(self.replicas.iter().flat_map(|replica| replica.proxy.leases()));
        records
    }

    /// How many writes each proxy has seen.
    pub(crate) fn marks(&self) -> Vec<usize> {
        self.replicas.iter().map(|replica| replica.proxy.mark()).collect()
    }

    /// The writes after these marks.
    pub(crate) fn writes(&self, marks: &[usize]) -> Vec<Write> {
        let each = self.replicas.iter().zip(marks);
        each.flat_map(|(replica, mark)| replica.proxy.writes(*mark))
            .collect()
    }

    /// Notes that a fault begins; a token for [`Stage::healed`].
    pub(crate) fn begins(&self, fault: Fault) -> usize {
        self.tally.injected(fault);
        let mut timeline = self.timeline.lock().unwrap_or_else(PoisonError::into_inner);
        timeline.push((fault, self.began.elapsed(), None));
        timeline.len() - 1
    }

    /// Notes that it was healed.
    pub(crate) fn healed(&self, token: usize) {
        let mut timeline = self.timeline.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((.., end)) = timeline.get_mut(token) {
            *end = Some(self.began.elapsed());
        }
    }

    /// Names of the faults that were active at a time.
    pub(crate) fn active_at(&self, time: Duration) -> Vec<&'static str> {
        let timeline = self.timeline.lock().unwrap_or_else(PoisonError::into_inner);
        let active = timeline
            .iter()
            .filter(|(_, begin, end)| *begin <= time && end.is_none_or(|end| time <= end));
        active.map(|(fault, ..)| fault.name()).collect()
    }
}

fn prepare(cluster: &Cluster, users: &[String]) -> Result<()> {
    cluster.apply(&healthcare_service_crd_yaml()?)?;
    cluster.install_monitoring_crds()?;
    cluster.wait_for_crds()?;
    cluster.kubectl(&["create", "namespace", LEASE_NAMESPACE])?;
    for manifest in rights::manifests(users) {
        cluster.apply(&manifest.to_string())?;
    }
    Ok(())
}

/// A client that tries nothing twice: what the operator sent once is sent once.
async fn plain_client(kubeconfig: &Path) -> Result<Client> {
    let config = Kubeconfig::read_from(kubeconfig)?;
    let mut config = kube::Config::from_custom_kubeconfig(config, &KubeConfigOptions::default()).await?;
    config.default_retry = false;
    Ok(Client::try_from(config)?)
}
