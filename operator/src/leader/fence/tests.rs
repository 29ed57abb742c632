use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{Method, Response};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::Api;
use kube::api::{DeleteParams, PostParams};

use super::*;

/// A server that takes a second for each answer, and the methods it was asked.
fn server() -> (Client, Arc<Mutex<Vec<Method>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&asked);
    let service = tower::service_fn(move |request: Request<Body>| {
        noted.lock().unwrap().push(request.method().clone());
        async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let body = Body::from(br#"{"metadata":{"name":"settings"}}"#.to_vec());
            Ok::<_, Infallible>(Response::new(body))
        }
    });
    (Client::new(service, "clinic"), asked)
}

fn fenced(client: Client) -> (Api<ConfigMap>, watch::Sender<Option<Instant>>) {
    let (extend, until) = watch::channel(Some(Instant::now() + Duration::from_secs(10)));
    let api = Api::default_namespaced(Fence::new(until).client(client));
    (api, extend)
}

fn is_held_back(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Service(inner) if inner.is::<Fenced>())
}

#[tokio::test(start_paused = true)]
async fn a_leader_reads_and_writes() {
    let (client, asked) = server();
    let (api, _extend) = fenced(client);
    api.get("settings").await.unwrap();
    api.create(&PostParams::default(), &ConfigMap::default())
        .await
        .unwrap();
    assert_eq!(*asked.lock().unwrap(), [Method::GET, Method::POST]);
}

/// As after SIGSTOP and SIGCONT: time went on, and no task had a turn to notice.
#[tokio::test(start_paused = true)]
async fn after_the_time_ran_out_writes_stay_here_and_reads_go_on() {
    let (client, asked) = server();
    let (api, _extend) = fenced(client);
    tokio::time::advance(Duration::from_secs(10)).await;
    let error = api
        .delete("settings", &DeleteParams::default())
        .await
        .unwrap_err();
    assert!(is_held_back(&error), "{error:?}");
    api.get("settings").await.unwrap();
    assert_eq!(*asked.lock().unwrap(), [Method::GET]);
}

#[tokio::test(start_paused = true)]
async fn each_renewal_gives_more_time() {
    let (client, _asked) = server();
    let (api, extend) = fenced(client);
    tokio::time::advance(Duration::from_secs(9)).await;
    extend.send_replace(Some(Instant::now() + Duration::from_secs(10)));
    tokio::time::advance(Duration::from_secs(8)).await;
    api.create(&PostParams::default(), &ConfigMap::default())
        .await
        .unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_write_under_way_is_given_up_when_the_time_runs_out() {
    let (client, _asked) = server();
    let (api, _extend) = fenced(client);
    tokio::time::advance(Duration::from_millis(9_500)).await;
    let answer = api.create(&PostParams::default(), &ConfigMap::default()).await;
    assert!(is_held_back(&answer.unwrap_err()));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_written_once_the_renewals_ended() {
    let (client, asked) = server();
    let (api, extend) = fenced(client);
    drop(extend);
    let answer = api.create(&PostParams::default(), &ConfigMap::default()).await;
    assert!(is_held_back(&answer.unwrap_err()));
    assert!(asked.lock().unwrap().is_empty());
}
