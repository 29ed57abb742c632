//! etcd, kube-apiserver, kube-controller-manager and kube-scheduler.

use std::net::{IpAddr, Ipv4Addr, TcpListener};
use std::process::Command;
use std::time::Duration;

use anyhow::Result;

use crate::assets;
use crate::layout::Layout;
use crate::network::Network;
use crate::pki::{self, Authority, Subject};
use crate::process::{Process, run};
use crate::toolchain::Toolchain;

/// Addresses of Services.
pub const SERVICE_CIDR: &str = "10.96.0.0/16";
/// Address of the Service `kubernetes`.
const API_SERVICE: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 96, 0, 1));
/// Addresses of pods.
pub const POD_CIDR: &str = "10.244.0.0/16";
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
    /// Whether each request is written to the audit log.
    pub audit: bool,
    ports: Ports,
}

struct Ports {
    etcd: u16,
    etcd_peer: u16,
    api: u16,
    controllers: u16,
    scheduler: u16,
}

impl<'a> ControlPlane<'a> {
    /// Chooses ports: free ones on the host, the usual ones in a namespace of our own.
    pub fn new(
        layout: &'a Layout,
        tools: &'a Toolchain,
        network: Option<&'a Network>,
        audit: bool,
    ) -> Result<Self> {
        let ports = match network {
            Some(_) => Ports {
                etcd: 2379,
                etcd_peer: 2380,
                api: 6443,
                controllers: 10257,
                scheduler: 10259,
            },
            None => free_ports()?,
        };
        Ok(Self {
            layout,
            tools,
            network,
            audit,
            ports,
        })
    }

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
    pub fn start(&self) -> Result<Vec<(&'static str, Process)>> {
        let etcd = self.launch("etcd", &self.etcd())?;
        let mut api = self.launch("kube-apiserver", &self.api_server()?)?;
        api.wait_until(self.layout, Duration::from_secs(90), || {
            self.kubectl(&["get", "--raw", "/readyz"])
        })?;
        let mut controllers = self.launch("kube-controller-manager", &self.controller_manager())?;
        let scheduler = self.launch("kube-scheduler", &self.scheduler())?;
        let account = || self.kubectl(&["-n", "default", "get", "serviceaccount", "default"]);
        controllers.wait_until(self.layout, Duration::from_secs(90), account)?;
        Ok(vec![
            ("etcd", etcd),
            ("kube-apiserver", api),
            ("kube-controller-manager", controllers),
            ("kube-scheduler", scheduler),
        ])
    }

    /// Starts one of the four again, on the same ports.
    pub fn restart(&self, name: &str) -> Result<Process> {
        match name {
            "etcd" => self.launch("etcd", &self.etcd()),
            "kube-apiserver" => self.launch("kube-apiserver", &self.api_server()?),
            "kube-controller-manager" => self.launch("kube-controller-manager", &self.controller_manager()),
            "kube-scheduler" => self.launch("kube-scheduler", &self.scheduler()),
            other => anyhow::bail!("{other} is not part of the control plane"),
        }
    }

    fn launch(&self, name: &str, flags: &str) -> Result<Process> {
        let binary = self.tools.binary(name)?.display().to_string();
        let enter = self
            .network
            .map(|n| ["ip", "netns", "exec", &n.namespace()].map(str::to_owned));
        let flags = flags.split_whitespace().map(str::to_owned);
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
    fn etcd(&self) -> String {
        let (client, peer) = (self.ports.etcd, self.ports.etcd_peer);
        format!(
            "--name local --data-dir {}/etcd --unsafe-no-fsync --log-level warn \
             --listen-client-urls http://127.0.0.1:{client} --advertise-client-urls http://127.0.0.1:{client} \
             --listen-peer-urls http://127.0.0.1:{peer} --initial-advertise-peer-urls http://127.0.0.1:{peer} \
             --initial-cluster local=http://127.0.0.1:{peer}",
            self.layout.root.display()
        )
    }

    fn api_server(&self) -> Result<String> {
        let pki = self.layout.pki().display().to_string();
        // A loopback address cannot be advertised.
        let advertise = self.network.map_or_else(
            || "--endpoint-reconciler-type=none".to_owned(),
            |network| format!("--advertise-address={}", network.node()),
        );
        let audit = if self.audit {
            self.audit_flags()?
        } else {
            String::new()
        };
        Ok(format!(
            "--etcd-servers=http://127.0.0.1:{etcd} --bind-address={address} --secure-port={port} {advertise} {audit} \
             --tls-cert-file={pki}/apiserver.crt --tls-private-key-file={pki}/apiserver.key --client-ca-file={pki}/ca.crt \
             --authorization-mode=Node,RBAC --enable-admission-plugins=NodeRestriction,OwnerReferencesPermissionEnforcement \
             --allow-privileged=true --service-cluster-ip-range={SERVICE_CIDR} \
             --service-account-issuer=https://kubernetes.default.svc.cluster.local \
             --service-account-key-file={pki}/sa.pub --service-account-signing-key-file={pki}/sa.key \
             --kubelet-certificate-authority={pki}/ca.crt \
             --kubelet-client-certificate={pki}/apiserver-kubelet-client.crt \
             --kubelet-client-key={pki}/apiserver-kubelet-client.key --kubelet-preferred-address-types=InternalIP \
             --requestheader-client-ca-file={pki}/front-proxy-ca.crt --requestheader-allowed-names=front-proxy-client \
             --requestheader-username-headers=X-Remote-User --requestheader-group-headers=X-Remote-Group \
             --requestheader-extra-headers-prefix=X-Remote-Extra- --enable-aggregator-routing=true \
             --proxy-client-cert-file={pki}/front-proxy-client.crt --proxy-client-key-file={pki}/front-proxy-client.key",
            etcd = self.ports.etcd,
            address = self.address(),
            port = self.ports.api,
        ))
    }

    fn audit_flags(&self) -> Result<String> {
        let policy = self.layout.conf().join("audit-policy.yaml");
        std::fs::write(&policy, assets::AUDIT_POLICY)?;
        let log = self.layout.audit_log();
        Ok(format!(
            "--audit-policy-file={} --audit-log-path={}",
            policy.display(),
            log.display()
        ))
    }

    /// The autoscaler looks every five seconds and soon after a pod's start: tests need not wait for minutes.
    fn controller_manager(&self) -> String {
        let pki = self.layout.pki().display().to_string();
        format!(
            "--leader-elect=false --bind-address=127.0.0.1 --secure-port={port} {identity} \
             --requestheader-client-ca-file={pki}/front-proxy-ca.crt --use-service-account-credentials=true \
             --service-account-private-key-file={pki}/sa.key --root-ca-file={pki}/ca.crt \
             --cluster-signing-cert-file={pki}/ca.crt --cluster-signing-key-file={pki}/ca.key \
             --allocate-node-cidrs=true --cluster-cidr={POD_CIDR} --service-cluster-ip-range={SERVICE_CIDR} \
             --horizontal-pod-autoscaler-sync-period=5s --horizontal-pod-autoscaler-cpu-initialization-period=15s \
             --horizontal-pod-autoscaler-initial-readiness-delay=5s",
            port = self.ports.controllers,
            identity = self.identity("kube-controller-manager"),
        )
    }

    fn scheduler(&self) -> String {
        let (port, identity) = (self.ports.scheduler, self.identity("kube-scheduler"));
        format!("--leader-elect=false --bind-address=127.0.0.1 --secure-port={port} {identity}")
    }

    fn identity(&self, name: &str) -> String {
        let file = self.layout.kubeconfig(name).display().to_string();
        format!("--kubeconfig={file} --authentication-kubeconfig={file} --authorization-kubeconfig={file}")
    }
}

/// Five ports that are free now, held together while they are chosen so that they differ.
fn free_ports() -> Result<Ports> {
    let held = (0..5)
        .map(|_| TcpListener::bind("127.0.0.1:0"))
        .collect::<std::io::Result<Vec<_>>>()?;
    let ports = held
        .iter()
        .map(|l| Ok(l.local_addr()?.port()))
        .collect::<std::io::Result<Vec<_>>>()?;
    match ports.as_slice() {
        &[etcd, etcd_peer, api, controllers, scheduler] => Ok(Ports {
            etcd,
            etcd_peer,
            api,
            controllers,
            scheduler,
        }),
        _ => anyhow::bail!("five ports were asked for"),
    }
}
