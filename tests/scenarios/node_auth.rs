//! auth-service as its example says, on a real node with its PostgreSQL; another service takes its tokens.

use std::cell::RefCell;
use std::time::Duration;

use anyhow::{Context, Result};
use local_cluster::{Cluster, Options};
use serde_json::{Value, json};

use crate::node;
use crate::support::example;

mod database;

const AUTH: &str = "auth-service";
const PATIENTS: &str = "synthetic-phi-service";
const FIRST: (&str, &str) = ("first", "the-secret-of-the-first-client-of-a-test");
/// HS256, so both services have it.
const ACCESS: &str = "the-key-of-access-tokens-of-a-test";

#[test]
fn tokens_of_the_example_open_the_routes_of_another_service() {
    let cluster = Cluster::start(Options {
        node: true,
        measured: false,
    })
    .unwrap();
    node::prepare(&cluster).unwrap();
    node::load(&cluster, AUTH).unwrap();
    node::install(&cluster, &[]).unwrap();
    let authority = database::Authority::new().unwrap();
    database::start(&cluster, &authority).unwrap();
    start(&cluster, &authority.certificate).unwrap();

    all_of_the_example_is_there(&cluster).unwrap();
    let auth = Service::of(&cluster, AUTH).unwrap();
    let patients = Service::of(&cluster, PATIENTS).unwrap();
    let admin = auth.token(FIRST).unwrap();
    let reader = auth.register(&admin, "reader", "synthetic.read").unwrap();
    let other = auth.register(&admin, "other", "records.read").unwrap();
    only_the_scope_opens(&auth, &patients, [("reader", &reader), ("other", &other)]).unwrap();
    a_revoked_token_is_inactive_at_every_replica(&auth, ("reader", &reader)).unwrap();
    no_token_or_secret_is_in_a_log(&cluster, &auth, &[FIRST.1, &reader, &other]).unwrap();
}

/// Both services, ready: auth-service with all its replicas, and the other with an issuer that it believes.
fn start(cluster: &Cluster, authority: &str) -> Result<()> {
    cluster.apply(&secrets(authority))?;
    cluster.apply(&example(AUTH, "healthcare"))?;
    let open = example(PATIENTS, "healthcare");
    let protected = open.replace(
        "    SHUTDOWN_DRAIN_DELAY: 5s\n",
        "    SHUTDOWN_DRAIN_DELAY: 5s\n    JWT_ISSUER: https://auth.example.org\n    JWT_AUDIENCE: synthetic-phi-service\n    \
         JWT_ACCESS_SECRET_FILE: /etc/auth/access\n  secrets:\n    - {name: auth-access, as: Files, mountPath: /etc/auth}\n",
    );
    assert_ne!(protected, open, "the example is another one");
    cluster.apply(&protected)?;
    for service in [AUTH, PATIENTS] {
        node::kubectl(
            cluster,
            &format!("wait --for=condition=Ready hcs/{service} --timeout=300s"),
        )?;
    }
    Ok(())
}

/// Those that the example tells of, and the one key for who verifies tokens.
fn secrets(authority: &str) -> String {
    let secret = |name: &str, data: Value| {
        let metadata = json!({"name": name, "namespace": "healthcare"});
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": data})
    };
    let items = [
        secret(
            "auth-database",
            json!({"url": database::URL, "ca.crt": authority}),
        ),
        secret(
            "auth-keys",
            json!({"access": ACCESS, "refresh": "r".repeat(32), "sealing": "s".repeat(32)}),
        ),
        secret("auth-access", json!({"access": ACCESS})),
        secret("auth-first-client", json!({"id": FIRST.0, "secret": FIRST.1})),
    ];
    json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string()
}

fn all_of_the_example_is_there(cluster: &Cluster) -> Result<()> {
    let kinds = "deploy,svc,sa,cm,hpa,pdb,netpol,servicemonitor,prometheusrule,ingress";
    let label = format!("gitops-health.io/service={AUTH}");
    let children = node::kubectl(cluster, &format!("get {kinds} -l {label} -o name"))?;
    assert_eq!(children.lines().count(), 10, "{children}");
    let ready = node::kubectl(
        cluster,
        &format!("get deploy {AUTH} -o jsonpath={{.status.readyReplicas}}"),
    )?;
    assert_eq!(ready, "5");
    let bounds = node::kubectl(
        cluster,
        &format!("get hpa {AUTH} -o jsonpath={{.spec.minReplicas}}-{{.spec.maxReplicas}}"),
    )?;
    assert_eq!(bounds, "5-20");
    Ok(())
}

fn only_the_scope_opens(
    auth: &Service<'_>,
    patients: &Service<'_>,
    clients: [(&str, &str); 2],
) -> Result<()> {
    const PATH: &str = "/synthetic-patient";
    let [reader, other] = clients.map(|client| auth.token(client));
    let patient = patients.ask(PATH, &["-H", &bearer(&reader?)])?;
    assert_eq!(
        (patient.status, patient.media_type.as_str()),
        (200, "application/json")
    );
    let without = patients.ask(PATH, &[])?;
    assert_eq!((without.status, without.media_type.as_str()), (401, PROBLEM));
    let narrow = patients.ask(PATH, &["-H", &bearer(&other?)])?;
    assert_eq!((narrow.status, narrow.media_type.as_str()), (403, PROBLEM));
    for problem in [without, narrow] {
        assert_eq!(problem.json()?["status"], problem.status);
    }
    Ok(())
}

fn a_revoked_token_is_inactive_at_every_replica(auth: &Service<'_>, client: (&str, &str)) -> Result<()> {
    let token = auth.token(client)?;
    let user = format!("{}:{}", client.0, client.1);
    let form = format!("token={token}");
    let arguments = ["-u", &user, "-d", &form];
    let is_active =
        || Ok::<_, anyhow::Error>(auth.ask("/oauth2/introspect", &arguments)?.json()?["active"].clone());
    assert_eq!(is_active()?, true);
    assert_eq!(auth.ask("/oauth2/revoke", &arguments)?.status, 200);
    std::thread::sleep(Duration::from_secs(1));
    // Each connection goes to some replica: of five, all are among thirty but for one time in two hundred.
    for _ in 0..30 {
        assert_eq!(is_active()?, false);
    }
    Ok(())
}

/// Of any pod.
fn no_token_or_secret_is_in_a_log(cluster: &Cluster, auth: &Service<'_>, secrets: &[&str]) -> Result<()> {
    let issued = auth.issued.borrow();
    assert_eq!(issued.len(), 4);
    let mut requests = 0;
    for namespace in ["healthcare", "healthcare-operator", "data"] {
        let pods = cluster.kubectl(&["-n", namespace, "get", "pods", "-o", "name"])?;
        for pod in pods.lines() {
            let log = cluster.kubectl(&["-n", namespace, "logs", "--all-containers", "--tail=-1", pod])?;
            requests += log.matches("/oauth2/token").count();
            for hidden in issued.iter().map(String::as_str).chain(secrets.iter().copied()) {
                assert!(!log.contains(hidden), "in the log of {pod}");
            }
        }
    }
    assert!(
        requests >= issued.len(),
        "these are not the logs of who issued them"
    );
    Ok(())
}

const PROBLEM: &str = "application/problem+json";

fn bearer(token: &str) -> String {
    format!("Authorization: Bearer {token}")
}

/// A service, reached through its ClusterIP.
struct Service<'a> {
    cluster: &'a Cluster,
    address: String,
    issued: RefCell<Vec<String>>,
}

struct Answer {
    status: u16,
    media_type: String,
    body: String,
}

impl Answer {
    fn json(&self) -> Result<Value> {
        serde_json::from_str(&self.body).with_context(|| format!("{}: {}", self.status, self.body))
    }
}

impl<'a> Service<'a> {
    fn of(cluster: &'a Cluster, name: &str) -> Result<Self> {
        let line = format!("get svc {name} -o jsonpath={{.spec.clusterIP}}");
        let address = node::kubectl(cluster, &line)?;
        Ok(Self {
            cluster,
            address,
            issued: RefCell::default(),
        })
    }

    /// The answer to curl with these arguments.
    fn ask(&self, path: &str, arguments: &[&str]) -> Result<Answer> {
        let url = format!("http://{}{path}", self.address);
        let fixed = ["-s", "--max-time", "30", "-w", "\n%{content_type}\n%{http_code}"];
        let mut curl = self.cluster.in_network("curl")?;
        let text = node::output(curl.args(fixed).args(arguments).arg(url))?;
        let mut parts = text.rsplitn(3, '\n');
        let mut next = || parts.next().unwrap_or_default().to_owned();
        Ok(Answer {
            status: next().parse()?,
            media_type: next(),
            body: next(),
        })
    }

    /// A token of the client's own.
    fn token(&self, (id, secret): (&str, &str)) -> Result<String> {
        let user = format!("{id}:{secret}");
        let answer = self.ask(
            "/oauth2/token",
            &["-u", &user, "-d", "grant_type=client_credentials"],
        )?;
        let token = member(&answer, "access_token")?;
        self.issued.borrow_mut().push(token.clone());
        Ok(token)
    }

    /// A new client with this scope; its secret.
    fn register(&self, admin: &str, id: &str, scope: &str) -> Result<String> {
        let client = json!({
            "name": id,
            "authentication": "client_secret",
            "grants": ["client_credentials"],
            "redirect_uris": [],
            "scopes": [scope],
            "roles": [],
            "audiences": [PATIENTS],
        });
        let body = json!({"id": id, "client": client}).to_string();
        let json = "Content-Type: application/json";
        let arguments = ["-H", &bearer(admin), "-H", json, "-d", &body];
        member(&self.ask("/admin/clients", &arguments)?, "client_secret")
    }
}

fn member(answer: &Answer, name: &str) -> Result<String> {
    let value = answer.json()?[name].as_str().map(str::to_owned);
    value.with_context(|| format!("no {name}: {}: {}", answer.status, answer.body))
}
