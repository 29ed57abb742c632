//! etcd, kube-apiserver, kube-controller-manager and kube-scheduler.

use std::net::{IpAddr, Ipv4Addr};
use std::process::Command;
use std::time::Duration;

use anyhow::Result;

use crate::assets;
use crate::layout::Layout;
use crate::network::Network;
use crate::pki::{self, Authority, Subject};
use crate::ports::Ports;
use crate::process::{Process, Stop, run};
use crate::toolchain::Toolchain;

/// Addresses of Services.
pub const SERVICE_CIDR: &str = "10.96.0.0/16";
/// Address of the Service `kubernetes`.
const API_SERVICE: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 96, 0, 1));
/// Addresses of pods.
pub const POD_CIDR: &str = "10.244.0.0/16";
/// How long a process may take to be ready.
const PATIENCE: Duration = Duration::from_secs(90);
/// Name of the node.
pub const NODE: &str = "node-1";

/// Where and how the control plane runs.
pub struct ControlPlane<'a> {
    /// Its files.
    pub layout: &'a Layout,
    /// Its binaries.
    pub tools: &'a Toolchain,
    /// Its network namespace; the host's loopback when none.
    pub network: Option<&'a Network>,
    /// Whether each request is written to the audit log, and the autoscaler rests: nothing measures pods there.
    pub measured: bool,
    /// Its ports.
    pub ports: Ports,
}

impl ControlPlane<'_> {
    /// Address of the API server.
    pub fn server(&self) -> String {
        format!("https://{}:{}", self.address(), self.ports.api)
    }

    fn address(&self) -> IpAddr {
        self.network
            .map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), Network::node)
    }

    /// Writes keys, certificates and kubeconfigs.
    pub fn identities(&self) -> Result<()> {
        let directory = self.layout.pki();
        let authority = Authority::create(&directory, "ca")?;
        let front = Authority::create(&directory, "front-proxy-ca")?;
        pki::service_account_key(&directory)?;
        let own = [IpAddr::V4(Ipv4Addr::LOCALHOST), API_SERVICE, self.address()];
        let dns = [
            "localhost",
            "kubernetes",
            "kubernetes.default",
            "kubernetes.default.svc",
        ];
        let api = Subject {
            name: "kube-apiserver",
            dns: &dns,
            addresses: &own,
            group: None,
        };
        authority.issue(&api)?.write(&directory, "apiserver")?;
        let masters = Some("system:masters");
        let kubelet_client = Subject {
            name: "kube-apiserver-kubelet-client",
            group: masters,
            ..Subject::default()
        };
        authority
            .issue(&kubelet_client)?
            .write(&directory, "apiserver-kubelet-client")?;
        let aggregator = Subject {
            name: "front-proxy-client",
            ..Subject::default()
        };
        front
            .issue(&aggregator)?
            .write(&directory, "front-proxy-client")?;
        for (file, name, group) in [
            ("admin", "admin", masters),
            ("kube-controller-manager", "system:kube-controller-manager", None),
            ("kube-scheduler", "system:kube-scheduler", None),
        ] {
            let subject = Subject {
                name,
                group,
                ..Subject::default()
            };
            pki::kubeconfig(self.layout, &authority, &self.server(), file, &subject)?;
        }
        Ok(())
    }

    /// Starts all four and waits until Pods can be created.
    pub fn start(&self, stop: &Stop) -> Result<Vec<(&'static str, Process)>> {
        let etcd = self.launch("etcd", self.etcd())?;
        let api = self.start_api_server(stop)?;
        let mut controllers = self.launch("kube-controller-manager", self.controller_manager())?;
        let scheduler = self.launch("kube-scheduler", self.scheduler())?;
        let account = || self.kubectl(&["-n", "default", "get", "serviceaccount", "default"]);
        controllers.wait_until(self.layout, PATIENCE, stop, account)?;
        Ok(vec![
            ("etcd", etcd),
            ("kube-apiserver", api),
            ("kube-controller-manager", controllers),
            ("kube-scheduler", scheduler),
        ])
    }

    /// Starts the API server and waits until it takes requests.
    fn start_api_server(&self, stop: &Stop) -> Result<Process> {
        let mut api = self.launch("kube-apiserver", self.api_server()?)?;
        api.wait_until(self.layout, PATIENCE, stop, || {
            self.kubectl(&["get", "--raw", "/readyz"])
        })?;
        Ok(api)
    }

    /// Starts one of the four again, on the same ports; the API server takes requests then.
    pub fn restart(&self, name: &str, stop: &Stop) -> Result<Process> {
        match name {
            "etcd" => self.launch("etcd", self.etcd()),
            "kube-apiserver" => self.start_api_server(stop),
            "kube-controller-manager" => self.launch("kube-controller-manager", self.controller_manager()),
            "kube-scheduler" => self.launch("kube-scheduler", self.scheduler()),
            other => anyhow::bail!("{other} is not part of the control plane"),
        }
    }

    fn launch(&self, name: &str, flags: Vec<String>) -> Result<Process> {
        let binary = self.tools.binary(name)?.display().to_string();
        let enter = self
            .network
            .map(|n| ["ip", "netns", "exec", &n.namespace()].map(str::to_owned));
        let command: Vec<_> = enter.into_iter().flatten().chain([binary]).chain(flags).collect();
        Process::start(self.layout, name, &command)
    }

    fn kubectl(&self, args: &[&str]) -> bool {
        let Ok(kubectl) = self.tools.binary("kubectl") else {
            return false;
        };
        let kubeconfig = self.layout.kubeconfig("admin");
        run(Command::new(kubectl)
            .arg("--kubeconfig")
            .arg(kubeconfig)
            .args(args))
        .is_ok()
    }

    /// Without fsync: the data outlives nothing.
    fn etcd(&self) -> Vec<String> {
        let own = |port: u16| format!("http://127.0.0.1:{port}");
        let (client, peer) = (own(self.ports.etcd), own(self.ports.etcd_peer));
        vec![
            "--name=local".to_owned(),
            format!("--data-dir={}/etcd", self.layout.root.display()),
            "--unsafe-no-fsync".to_owned(),
            "--log-level=warn".to_owned(),
            format!("--listen-client-urls={client}"),
            format!("--advertise-client-urls={client}"),
            format!("--listen-peer-urls={peer}"),
            format!("--initial-advertise-peer-urls={peer}"),
            format!("--initial-cluster=local={peer}"),
        ]
    }

    fn api_server(&self) -> Result<Vec<String>> {
        // A loopback address cannot be advertised.
        let advertise = self.network.map_or_else(
            || "--endpoint-reconciler-type=none".to_owned(),
            |network| format!("--advertise-address={}", network.node()),
        );
        let mut flags = vec![
            format!("--etcd-servers=http://127.0.0.1:{}", self.ports.etcd),
            format!("--bind-address={}", self.address()),
            format!("--secure-port={}", self.ports.api),
            advertise,
            "--authorization-mode=Node,RBAC".to_owned(),
            "--enable-admission-plugins=NodeRestriction,OwnerReferencesPermissionEnforcement".to_owned(),
            "--allow-privileged=true".to_owned(),
            format!("--service-cluster-ip-range={SERVICE_CIDR}"),
            "--service-account-issuer=https://kubernetes.default.svc.cluster.local".to_owned(),
        ];
        flags.extend(self.api_server_identity());
        flags.extend(self.aggregation());
        if self.measured {
            flags.extend(self.audit_flags()?);
        }
        Ok(flags)
    }

    fn api_server_identity(&self) -> Vec<String> {
        vec![
            self.key("tls-cert-file", "apiserver.crt"),
            self.key("tls-private-key-file", "apiserver.key"),
            self.key("client-ca-file", "ca.crt"),
            self.key("service-account-key-file", "sa.pub"),
            self.key("service-account-signing-key-file", "sa.key"),
            self.key("kubelet-certificate-authority", "ca.crt"),
            self.key("kubelet-client-certificate", "apiserver-kubelet-client.crt"),
            self.key("kubelet-client-key", "apiserver-kubelet-client.key"),
            "--kubelet-preferred-address-types=InternalIP".to_owned(),
        ]
    }

    fn aggregation(&self) -> Vec<String> {
        vec![
            self.key("requestheader-client-ca-file", "front-proxy-ca.crt"),
            self.key("proxy-client-cert-file", "front-proxy-client.crt"),
            self.key("proxy-client-key-file", "front-proxy-client.key"),
            "--requestheader-allowed-names=front-proxy-client".to_owned(),
            "--requestheader-username-headers=X-Remote-User".to_owned(),
            "--requestheader-group-headers=X-Remote-Group".to_owned(),
            "--requestheader-extra-headers-prefix=X-Remote-Extra-".to_owned(),
            "--enable-aggregator-routing=true".to_owned(),
        ]
    }

    /// One file, however large: who reads along must not lose what was moved away.
    fn audit_flags(&self) -> Result<[String; 3]> {
        let policy = self.layout.conf().join("audit-policy.yaml");
        std::fs::write(&policy, assets::AUDIT_POLICY)?;
        Ok([
            format!("--audit-policy-file={}", policy.display()),
            format!("--audit-log-path={}", self.layout.audit_log().display()),
            "--audit-log-maxsize=100000".to_owned(),
        ])
    }

    /// The autoscaler looks every five seconds and soon after a pod's start, and no controller holds back its requests:
    /// tests need not wait for minutes. Where something is measured there is no autoscaler: without metrics it would only
    /// fail, and thousands of them keep a processor busy with that.
    fn controller_manager(&self) -> Vec<String> {
        let controllers = if self.measured {
            "*,-horizontal-pod-autoscaler-controller"
        } else {
            "*"
        };
        let mut flags = vec![
            "--leader-elect=false".to_owned(),
            "--bind-address=127.0.0.1".to_owned(),
            format!("--secure-port={}", self.ports.controllers),
            self.key("requestheader-client-ca-file", "front-proxy-ca.crt"),
            "--use-service-account-credentials=true".to_owned(),
            self.key("service-account-private-key-file", "sa.key"),
            self.key("root-ca-file", "ca.crt"),
            self.key("cluster-signing-cert-file", "ca.crt"),
            self.key("cluster-signing-key-file", "ca.key"),
            "--allocate-node-cidrs=true".to_owned(),
            format!("--cluster-cidr={POD_CIDR}"),
            format!("--service-cluster-ip-range={SERVICE_CIDR}"),
            "--kube-api-qps=500".to_owned(),
            "--kube-api-burst=1000".to_owned(),
            format!("--controllers={controllers}"),
            "--horizontal-pod-autoscaler-sync-period=5s".to_owned(),
            "--horizontal-pod-autoscaler-cpu-initialization-period=15s".to_owned(),
            "--horizontal-pod-autoscaler-initial-readiness-delay=5s".to_owned(),
        ];
        flags.extend(self.identity("kube-controller-manager"));
        flags
    }

    fn scheduler(&self) -> Vec<String> {
        let mut flags = vec![
            "--leader-elect=false".to_owned(),
            "--bind-address=127.0.0.1".to_owned(),
            format!("--secure-port={}", self.ports.scheduler),
            "--kube-api-qps=500".to_owned(),
            "--kube-api-burst=1000".to_owned(),
        ];
        flags.extend(self.identity("kube-scheduler"));
        flags
    }

    fn identity(&self, name: &str) -> [String; 3] {
        let file = self.layout.kubeconfig(name).display().to_string();
        [
            "kubeconfig",
            "authentication-kubeconfig",
            "authorization-kubeconfig",
        ]
        .map(|flag| format!("--{flag}={file}"))
    }

    /// A flag that names a file of the keys and certificates.
    fn key(&self, flag: &str, file: &str) -> String {
        format!("--{flag}={}", self.layout.pki().join(file).display())
    }
}
