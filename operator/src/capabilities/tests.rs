use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use http::{Request, Response};
use kube::client::Body;
use kube::core::ObjectMeta;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::*;
use crate::testing::{ALL_APIS, NO_APIS};

/// What discovery says about one group, from a given time on.
#[derive(Clone, Debug)]
enum Group {
    Serves(&'static [&'static str]),
    Unknown,
    Fails,
}

#[derive(Clone, Debug)]
struct State {
    monitoring: Group,
    gateway: Group,
}

const FULL: State = State {
    monitoring: Group::Serves(&["alertmanagers", "servicemonitors", "prometheusrules"]),
    gateway: Group::Serves(&["gateways", "httproutes", "httproutes/status"]),
};
const EMPTY: State = State {
    monitoring: Group::Unknown,
    gateway: Group::Unknown,
};

/// An API server that answers discovery, one state after another: each from so long after the start.
#[derive(Clone)]
struct Server {
    /// Status and list of each CRD, served or not.
    installed: (u16, Value),
    started: Instant,
    states: Arc<Vec<(Duration, State)>>,
    paths: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn new(states: Vec<(Duration, State)>) -> Self {
        Self {
            installed: (200, list(&[])),
            started: Instant::now(),
            states: Arc::new(states),
            paths: Arc::default(),
        }
    }

    fn always(state: State) -> Self {
        Self::new(vec![(Duration::ZERO, state)])
    }

    fn client(&self) -> Client {
        let server = self.clone();
        let service = tower::service_fn(move |request: Request<Body>| {
            let answer = server.answer(request.uri().path());
            async move { Ok::<_, Infallible>(answer) }
        });
        Client::new(service, "clinic")
    }

    fn answer(&self, path: &str) -> Response<Body> {
        self.paths.lock().unwrap().push(path.to_owned());
        let now = self.started.elapsed();
        let (_, state) = self
            .states
            .iter()
            .rev()
            .find(|(from, _)| *from <= now)
            .expect("a state for the start");
        let (code, body) = match path {
            "/apis/monitoring.coreos.com/v1" => state.monitoring.answer("monitoring.coreos.com/v1"),
            "/apis/gateway.networking.k8s.io/v1" => state.gateway.answer("gateway.networking.k8s.io/v1"),
            "/apis/apiextensions.k8s.io/v1/customresourcedefinitions" => self.installed.clone(),
            other => panic!("nobody was to ask for {other}"),
        };
        Response::builder()
            .status(code)
            .body(Body::from(body.to_string().into_bytes()))
            .unwrap()
    }

    fn of_crd(metadata: &Value, versions: &Value) -> Self {
        Self::established("True", metadata, versions)
    }

    fn established(status: &str, metadata: &Value, versions: &Value) -> Self {
        let conditions = json!([
            {"type": "NamesAccepted", "status": status}, {"type": "Established", "status": status},
        ]);
        let crd = json!({
            "metadata": metadata, "spec": {"versions": versions}, "status": {"conditions": conditions},
        });
        Self {
            installed: (200, list(&[crd])),
            ..Self::always(EMPTY)
        }
    }

    /// How many times discovery was asked.
    fn looks(&self) -> usize {
        self.paths
            .lock()
            .unwrap()
            .iter()
            .filter(|path| path.contains("monitoring"))
            .count()
    }
}

fn list(items: &[Value]) -> Value {
    json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinitionList", "metadata": {}, "items": items})
}

fn failure(code: u16) -> (u16, Value) {
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": "as the test wants", "reason": "Test", "code": code,
    });
    (code, status)
}

impl Group {
    fn answer(&self, group_version: &str) -> (u16, Value) {
        match self {
            Self::Unknown => failure(404),
            Self::Fails => failure(500),
            Self::Serves(plurals) => {
                let resources: Vec<_> = plurals
                    .iter()
                    .map(|name| {
                        json!({
                            "name": name, "singularName": "", "namespaced": true, "kind": "Any", "verbs": ["get"],
                        })
                    })
                    .collect();
                let list = json!({
                    "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": resources,
                });
                (200, list)
            }
        }
    }
}

fn crd(name: &str) -> PartialObjectMeta<CustomResourceDefinition> {
    PartialObjectMeta {
        metadata: ObjectMeta {
            name: Some(name.to_owned()),
            ..ObjectMeta::default()
        },
        ..PartialObjectMeta::default()
    }
}

#[test]
fn plurals_are_matched_whole() {
    let of = |monitoring: &[&str], gateway: &[&str]| {
        let owned = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        Capabilities::of(&owned(monitoring), &owned(gateway))
    };
    assert_eq!(of(&[], &[]), NO_APIS);
    assert_eq!(
        of(&["servicemonitors", "prometheusrules"], &["httproutes"]),
        ALL_APIS
    );
    assert_eq!(
        of(&["servicemonitors/status", "podmonitors"], &["httproutes/status"]),
        NO_APIS
    );
    // Of the other group they are something else.
    assert_eq!(
        of(&["httproutes"], &["servicemonitors", "prometheusrules"]),
        NO_APIS
    );
    let only_rules = Capabilities {
        prometheus_rule: true,
        ..NO_APIS
    };
    assert_eq!(of(&["prometheusrules"], &[]), only_rules);
}

#[tokio::test]
async fn groups_that_the_server_does_not_know_are_no_error() {
    let found = Capabilities::discover(&Server::always(EMPTY).client()).await;
    assert_eq!(found.unwrap(), NO_APIS);
}

#[tokio::test]
async fn groups_that_it_serves_are_found() {
    let found = Capabilities::discover(&Server::always(FULL).client()).await;
    assert_eq!(found.unwrap(), ALL_APIS);
}

#[tokio::test]
async fn a_server_in_trouble_is_an_error_not_an_absence() {
    for state in [
        State {
            monitoring: Group::Fails,
            ..FULL
        },
        State {
            gateway: Group::Fails,
            ..FULL
        },
    ] {
        let error = Capabilities::discover(&Server::always(state).client())
            .await
            .unwrap_err();
        assert!(matches!(error, kube::Error::Api(status) if status.code == 500));
    }
}

#[tokio::test(start_paused = true)]
async fn a_group_served_some_time_after_its_crd_appeared_is_noticed() {
    let server = Server::new(vec![(Duration::ZERO, EMPTY), (Duration::from_millis(600), FULL)]);
    let (sender, mut current) = watch::channel(NO_APIS);
    settle(&server.client(), &sender).await;
    assert!(current.has_changed().unwrap());
    assert_eq!(*current.borrow_and_update(), ALL_APIS);
    // At 0, 200 and 700 ms; none after the change.
    assert_eq!(server.looks(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_group_that_goes_away_is_noticed() {
    let server = Server::new(vec![(Duration::ZERO, FULL), (Duration::from_secs(4), EMPTY)]);
    let (sender, current) = watch::channel(ALL_APIS);
    settle(&server.client(), &sender).await;
    assert_eq!(*current.borrow(), NO_APIS);
}

/// An API server serves a CRD some moments after it has started.
#[tokio::test(start_paused = true)]
async fn what_is_installed_and_not_served_yet_stays() {
    let server = Server::of_crd(&json!({}), &json!([{"name": "v1", "served": true}]));
    let (sender, current) = watch::channel(ALL_APIS);
    settle(&server.client(), &sender).await;
    assert_eq!(*current.borrow(), ALL_APIS);
}

#[tokio::test]
async fn at_the_start_what_is_installed_counts_as_served() {
    let (v1, old) = (
        json!({"name": "v1", "served": true}),
        json!({"name": "v1beta1", "served": true}),
    );
    let off = json!({"name": "v1", "served": false});
    let deleted = json!({"deletionTimestamp": "2026-01-01T00:00:00Z"});
    let unknown = |code| Server {
        installed: failure(code),
        ..Server::always(EMPTY)
    };
    let cases = [
        (Server::always(EMPTY), NO_APIS),
        (Server::of_crd(&json!({}), &json!([old, v1])), ALL_APIS),
        (Server::of_crd(&json!({}), &json!([old])), NO_APIS),
        (Server::of_crd(&json!({}), &json!([old, off])), NO_APIS),
        (Server::of_crd(&deleted, &json!([v1])), NO_APIS),
        (Server::established("False", &json!({}), &json!([v1])), NO_APIS),
        // Nobody would ever tell that it is not so.
        (unknown(403), NO_APIS),
    ];
    for (server, expected) in cases {
        let found = Capabilities::at_start(&server.client()).await.unwrap();
        assert_eq!(found, expected, "{:?}", server.installed);
    }
    // To be asked again.
    assert!(Capabilities::at_start(&unknown(500).client()).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn what_may_still_be_installed_stays() {
    let server = Server {
        installed: failure(500),
        ..Server::always(EMPTY)
    };
    let (sender, current) = watch::channel(ALL_APIS);
    settle(&server.client(), &sender).await;
    assert_eq!(*current.borrow(), ALL_APIS);
}

#[tokio::test(start_paused = true)]
async fn no_change_is_not_published_and_ends_the_looking() {
    let server = Server::always(FULL);
    let (sender, current) = watch::channel(ALL_APIS);
    settle(&server.client(), &sender).await;
    assert!(!current.has_changed().unwrap());
    assert_eq!(server.looks(), SETTLING.len());
}

#[tokio::test(start_paused = true)]
async fn a_failing_server_takes_nothing_away() {
    let failing = State {
        monitoring: Group::Fails,
        ..FULL
    };
    let server = Server::always(failing);
    let (sender, current) = watch::channel(ALL_APIS);
    settle(&server.client(), &sender).await;
    assert!(!current.has_changed().unwrap());
    assert_eq!(*current.borrow(), ALL_APIS);
}

#[test]
fn only_our_crds_and_the_end_of_a_list_concern_us() {
    assert!(!concerns_us(&Event::Init));
    assert!(concerns_us(&Event::InitDone));
    for name in CRDS {
        assert!(concerns_us(&Event::Apply(crd(name))), "{name}");
        assert!(concerns_us(&Event::Delete(crd(name))), "{name}");
        // What a list holds is looked at once, when it ends.
        assert!(!concerns_us(&Event::InitApply(crd(name))), "{name}");
    }
    for name in ["podmonitors.monitoring.coreos.com", "servicemonitors", ""] {
        assert!(!concerns_us(&Event::Apply(crd(name))), "{name}");
        assert!(!concerns_us(&Event::Delete(crd(name))), "{name}");
    }
}

#[test]
fn a_missing_right_is_told_from_other_faults() {
    use watcher::Error::{InitialListFailed, WatchError, WatchFailed, WatchStartFailed};
    let status = |code: u16| kube::core::Status {
        code,
        ..kube::core::Status::default()
    };
    let api = |code| kube::Error::Api(Box::new(status(code)));
    for code in [403_u16, 401, 404, 410, 500] {
        let expected = code == 403;
        let errors = [
            InitialListFailed(api(code)),
            WatchStartFailed(api(code)),
            WatchFailed(api(code)),
            WatchError(Box::new(status(code))),
        ];
        for error in errors {
            assert_eq!(is_forbidden(&error), expected, "{error:?}");
        }
    }
    let cut = kube::Error::Service("connection reset".into());
    assert!(!is_forbidden(&WatchFailed(cut)));
}

/// The watcher tries again at once-a-second pace after each refusal: pauses of our own keep that from going on for ever.
#[tokio::test(start_paused = true)]
async fn without_the_right_to_list_crds_discovery_stands_and_the_server_is_spared() {
    let asked = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&asked);
    let service = tower::service_fn(move |_: Request<Body>| {
        *counted.lock().unwrap() += 1;
        let status = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": "as the test wants", "reason": "Forbidden", "code": 403,
        });
        let body = Body::from(status.to_string().into_bytes());
        std::future::ready(Ok::<_, Infallible>(
            Response::builder().status(403).body(body).unwrap(),
        ))
    });
    let (sender, current) = watch::channel(ALL_APIS);
    let following = follow(Client::new(service, "clinic"), sender);
    let ended = tokio::time::timeout(Duration::from_mins(10), following).await;
    assert!(ended.is_err(), "it goes on trying");
    assert_eq!(*current.borrow(), ALL_APIS);
    let asked = *asked.lock().unwrap();
    assert!((2..=11).contains(&asked), "{asked} requests in ten minutes");
}
