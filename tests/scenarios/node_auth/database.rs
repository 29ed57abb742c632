//! PostgreSQL of the machine's packages as a pod: the node is this machine, so the pod sees its programs. It speaks TLS, and its
//! certificate is one that an authority of the test's own vouches for.

use anyhow::Result;
use local_cluster::Cluster;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::json;

/// The database, as the Secret of the example tells it.
pub(super) const URL: &str =
    "postgres://auth:a-password-of-a-test@postgresql.data.svc:5432/auth?sslmode=verify-full";

/// Makes the data anew, with the role and the database of [`URL`], and becomes the server.
const SCRIPT: &str = r#"set -eu
PATH=$(echo /usr/lib/postgresql/*/bin):/usr/bin
cd /data
initdb -D db -U postgres -E UTF8 --locale=C --no-sync --auth-local=trust --auth-host=scram-sha-256
echo 'hostssl all all all scram-sha-256' >> db/pg_hba.conf
echo "CREATE ROLE auth LOGIN PASSWORD 'a-password-of-a-test'" | postgres --single -D db postgres
echo 'CREATE DATABASE auth OWNER auth' | postgres --single -D db postgres
exec postgres -D db -c 'listen_addresses=*' -c unix_socket_directories=/data -c max_connections=200 \
  -c ssl=on -c ssl_cert_file=/etc/tls/server.crt -c ssl_key_file=/etc/tls/server.key"#;

/// PEM of an authority, and of what it vouches for.
pub(super) struct Authority {
    pub(super) certificate: String,
    server: String,
    key: String,
}

impl Authority {
    pub(super) fn new() -> Result<Self> {
        let mut own = CertificateParams::new(Vec::<String>::new())?;
        own.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(own, KeyPair::generate()?)?;
        let key = KeyPair::generate()?;
        let names = ["postgresql.data.svc".to_owned()];
        let server = CertificateParams::new(names)?.signed_by(&key, &issuer)?;
        Ok(Self {
            certificate: issuer.pem(),
            server: server.pem(),
            key: key.serialize_pem(),
        })
    }
}

/// Starts the server in the namespace `data`; returns when it answers.
pub(super) fn start(cluster: &Cluster, authority: &Authority) -> Result<()> {
    let files = json!({"server.crt": authority.server, "server.key": authority.key});
    let metadata = json!({"name": "postgresql", "namespace": "data", "labels": {"app": "postgresql"}});
    let items = json!([
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "data"}},
        {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": files},
        {"apiVersion": "v1", "kind": "Service", "metadata": metadata,
         "spec": {"selector": {"app": "postgresql"}, "ports": [{"port": 5432}]}},
        {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": pod()},
    ]);
    cluster.apply(&json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string())?;
    let wait = "-n data wait --for=condition=Ready pod/postgresql --timeout=120s";
    cluster.kubectl(&wait.split(' ').collect::<Vec<_>>()).map(|_| ())
}

/// Any image will do: what runs is mounted. PostgreSQL refuses to be root, and wants to be somebody.
fn pod() -> serde_json::Value {
    const NOBODY: u32 = 65534;
    let mounts = [
        ("programs", "/usr", "/usr"),
        ("bin", "/usr/bin", "/bin"),
        ("libraries", "/usr/lib", "/lib"),
        ("loader", "/usr/lib64", "/lib64"),
        ("users", "/etc/passwd", "/etc/passwd"),
    ];
    let mut volumes = vec![
        json!({"name": "data", "emptyDir": {}}),
        json!({"name": "tls", "secret": {"secretName": "postgresql", "defaultMode": 0o440}}),
    ];
    let mut mounted = vec![
        json!({"name": "data", "mountPath": "/data"}),
        json!({"name": "tls", "mountPath": "/etc/tls"}),
    ];
    for (name, host, path) in mounts {
        volumes.push(json!({"name": name, "hostPath": {"path": host}}));
        mounted.push(json!({"name": name, "mountPath": path, "readOnly": true}));
    }
    json!({
        "securityContext": {"runAsUser": NOBODY, "runAsGroup": NOBODY, "fsGroup": NOBODY},
        "automountServiceAccountToken": false,
        "volumes": volumes,
        "containers": [{
            "name": "postgresql",
            "image": "registry.local/gitops-health/healthcare-operator:0.1.0",
            "imagePullPolicy": "Never",
            "command": ["/usr/bin/bash", "-c", SCRIPT],
            "ports": [{"containerPort": 5432}],
            "readinessProbe": {"tcpSocket": {"port": 5432}, "periodSeconds": 1},
            "volumeMounts": mounted,
        }],
    })
}
