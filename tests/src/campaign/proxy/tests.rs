use std::sync::atomic::{AtomicUsize, Ordering};

use kube::client::Body;
use serde_json::json;
use tokio::time::timeout;

use super::*;

const OBJECT: &str = "/api/v1/namespaces/ns/configmaps/one";
const LEASE: &str = "/apis/coordination.k8s.io/v1/namespaces/ns/leases/l";
const SOON: Duration = Duration::from_secs(10);

/// A proxy before an API server that answers every write with revision 7, and watches with one event and silence.
struct Stand {
    proxy: Proxy,
    asked: Arc<AtomicUsize>,
    address: String,
    _directory: tempfile::TempDir,
}

impl Stand {
    async fn new() -> Self {
        let _installed_before = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let upstream = tower::service_fn(move |request: Request<Body>| {
            count.fetch_add(1, Ordering::SeqCst);
            async move { Ok::<_, Infallible>(answer(&request)) }
        });
        let directory = tempfile::tempdir().unwrap();
        let proxy = Proxy::start(
            "one",
            Client::new(upstream, "default"),
            directory.path(),
            Instant::now(),
            Dice::of(1, "proxy"),
            Tally::default(),
        )
        .await
        .unwrap();
        let config: Value =
            serde_yaml::from_str(&std::fs::read_to_string(&proxy.kubeconfig).unwrap()).unwrap();
        let address = config["clusters"][0]["cluster"]["server"]
            .as_str()
            .unwrap()
            .to_owned();
        Self {
            proxy,
            asked,
            address,
            _directory: directory,
        }
    }

    async fn send(&self, method: &str, path: &str) -> reqwest::Result<reqwest::Response> {
        let method = method.parse().unwrap();
        let request = reqwest::Client::new().request(method, format!("{}{path}", self.address));
        timeout(SOON, request.send()).await.expect("an end of some kind")
    }

    async fn code(&self, method: &str, path: &str) -> u16 {
        self.send(method, path).await.unwrap().status().as_u16()
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    fn outcomes(&self) -> Vec<Outcome> {
        let writes = self.proxy.writes(0).into_iter();
        writes.map(|write| write.outcome).collect()
    }

    fn refuse(&self, fault: Fault) {
        let refusal = Refusal { fault, percent: 100 };
        self.proxy.set(|switches| switches.refuse = Some(refusal));
    }
}

fn answer(request: &Request<Body>) -> Answer {
    if Asked::of(request.method(), request.uri()).is_watch() {
        let event = "{\"type\":\"ADDED\"}\n";
        let stream = futures::StreamExt::chain(
            futures::stream::iter([Ok::<_, Error>(hyper::body::Frame::data(Bytes::from(event)))]),
            futures::stream::pending(),
        );
        return Response::new(http_body_util::StreamBody::new(stream).boxed_unsync());
    }
    let object = json!({"metadata": {"resourceVersion": "7"}, "spec": {"holderIdentity": "one"}});
    Response::new(full(object.to_string()))
}

#[tokio::test]
async fn without_faults_all_passes_and_writes_are_noted() {
    let stand = Stand::new().await;
    assert_eq!(stand.code("PATCH", OBJECT).await, 200);
    assert_eq!(stand.code("GET", OBJECT).await, 200);
    let writes = stand.proxy.writes(0);
    assert_eq!(writes.len(), 1);
    assert_eq!(writes[0].outcome, Outcome::Answered(200));
    assert_eq!(writes[0].revision, Some(7));
    assert!(writes[0].answered > Some(writes[0].arrived));
    assert_eq!(stand.proxy.writes(stand.proxy.mark()), Vec::new());
    assert_eq!(stand.proxy.leases(), Vec::new());
}

#[tokio::test]
async fn renewals_are_noted_as_records_of_the_lease() {
    let stand = Stand::new().await;
    assert_eq!(stand.code("PUT", LEASE).await, 200);
    let records = stand.proxy.leases();
    assert_eq!((records[0].revision, records[0].holder.as_str()), (7, "one"));
    assert!(records[0].sent < Some(records[0].known));
}

#[tokio::test]
async fn refusals_do_not_reach_the_api_server() {
    let stand = Stand::new().await;
    stand.refuse(Fault::Conflicts);
    assert_eq!(stand.code("PATCH", OBJECT).await, 409);
    assert_eq!(stand.asked(), 0);
    assert_eq!(stand.code("GET", OBJECT).await, 200, "reads know no conflict");
    stand.refuse(Fault::TooManyRequests);
    let answer = stand.send("GET", OBJECT).await.unwrap();
    assert_eq!(answer.status(), 429);
    assert_eq!(answer.headers()["retry-after"], "1");
    stand.refuse(Fault::ServerErrors);
    assert!([500, 503].contains(&stand.code("PATCH", OBJECT).await));
    assert!(matches!(
        stand.outcomes()[..],
        [Outcome::Refused(409), Outcome::Refused(_)]
    ));
}

#[tokio::test]
async fn a_lost_answer_is_of_a_write_that_was_done() {
    let stand = Stand::new().await;
    stand.proxy.set(|switches| switches.lose = 100);
    stand.send("PATCH", OBJECT).await.unwrap_err();
    assert_eq!(stand.outcomes(), [Outcome::Answered(200)]);
    assert_eq!(stand.asked(), 1);
}

#[tokio::test]
async fn what_hangs_and_what_is_cut_off_breaks_when_healed_and_never_arrives() {
    for (on, off) in [
        (
            (|s: &mut Switches| s.hang = 100) as fn(&mut Switches),
            (|s: &mut Switches| s.hang = 0) as fn(&mut Switches),
        ),
        (|s| s.cut_off = true, |s| s.cut_off = false),
    ] {
        let stand = Stand::new().await;
        stand.proxy.set(on);
        let heal = async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            stand.proxy.set(off);
        };
        let (broken, ()) = tokio::join!(stand.send("PATCH", OBJECT), heal);
        broken.unwrap_err();
        assert_eq!((stand.asked(), stand.outcomes()), (0, vec![Outcome::Withheld]));
        assert_eq!(stand.code("PATCH", OBJECT).await, 200);
    }
}

#[tokio::test]
async fn what_was_given_up_while_it_was_held_back_never_arrives() {
    let stand = Stand::new().await;
    stand.proxy.set(|switches| switches.slow = 100);
    let given_up = timeout(Duration::from_millis(10), stand.send("PATCH", OBJECT)).await;
    assert!(given_up.is_err());
    tokio::time::sleep(Duration::from_millis(SLOWEST_MILLIS + 200)).await;
    assert_eq!(stand.asked(), 0);
}

#[tokio::test]
async fn watches_are_cut_again_and_again() {
    let stand = Stand::new().await;
    let mut ends = std::collections::BTreeSet::new();
    for _ in 0..20 {
        let mut watch = stand.send("GET", &format!("{OBJECT}?watch=true")).await.unwrap();
        assert!(watch.chunk().await.unwrap().is_some());
        stand.proxy.set(|switches| switches.cut += 1);
        ends.insert(timeout(SOON, watch.chunk()).await.unwrap().is_ok());
    }
    assert_eq!(ends.len(), 2, "some end in order, some break");
}

#[tokio::test]
async fn a_watch_is_told_that_it_is_too_old() {
    let stand = Stand::new().await;
    let path = format!("{OBJECT}?resourceVersion=1&watch=true");
    stand.proxy.set(|switches| switches.gone = Some(Gone::Code));
    assert_eq!(stand.code("GET", &path).await, 410);
    stand.proxy.set(|switches| switches.gone = Some(Gone::Event));
    let event: Value = stand.send("GET", &path).await.unwrap().json().await.unwrap();
    assert_eq!(
        (&event["type"], &event["object"]["code"]),
        (&json!("ERROR"), &json!(410))
    );
    assert_eq!(stand.code("GET", OBJECT).await, 200);
}

#[tokio::test]
async fn nothing_comes_through_a_watch_that_is_cut_off_until_it_is_healed() {
    let stand = Stand::new().await;
    let path = format!("{OBJECT}?watch=true");
    let mut watch = stand.send("GET", &path).await.unwrap();
    watch.chunk().await.unwrap();
    stand.proxy.set(|switches| switches.cut_off = true);
    stand.proxy.set(|switches| switches.cut_off = false);
    let silent = timeout(Duration::from_millis(200), watch.chunk()).await;
    assert!(silent.is_err(), "a watch outlives a short cut: {silent:?}");
}
