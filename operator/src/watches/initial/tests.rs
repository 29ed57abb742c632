use std::convert::Infallible;

use axum::body::Body as Answer;
use http::{Request, Response};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::client::Body;
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::watcher;
use kube::{Api, Client};
use serde_json::{Value, json};

use super::*;

/// One ConfigMap, by a stream or a list, as the API server gives it; `code` to whoever asks for a stream.
fn server(code: u16) -> Client {
    let service = tower::service_fn(move |request: Request<Body>| async move {
        let query = request.uri().query().unwrap_or_default();
        let is_stream = query.contains("sendInitialEvents=true");
        Ok::<_, Infallible>(match (is_stream, query.contains("watch=true")) {
            (true, _) if code != 200 => refusal(code),
            (true, _) => open(vec![
                json!({"type": "ADDED", "object": object()}),
                json!({"type": "BOOKMARK", "object": end()}),
            ]),
            (false, true) => open(Vec::new()),
            (false, false) => Response::new(Answer::from(list().to_string())),
        })
    });
    Client::new(service, "clinic")
}

fn object() -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one", "resourceVersion": "7"}})
}

fn end() -> Value {
    let metadata = json!({"resourceVersion": "9", "annotations": {"k8s.io/initial-events-end": "true"}});
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})
}

fn list() -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMapList", "metadata": {"resourceVersion": "9"}, "items": [object()]})
}

fn refusal(code: u16) -> Response<Answer> {
    let status = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code,
        "message": "sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled", "reason": "Invalid"});
    let answer = Response::builder().status(code);
    answer.body(Answer::from(status.to_string())).unwrap()
}

/// These lines, and no end.
fn open(events: Vec<Value>) -> Response<Answer> {
    let lines = events
        .into_iter()
        .map(|event| Ok::<_, Infallible>(format!("{event}\n")));
    Response::new(Answer::from_stream(stream::iter(lines).chain(stream::pending())))
}

async fn first_three(code: u16) -> Vec<String> {
    let api: Api<ConfigMap> = Api::default_namespaced(server(code));
    let start = move |config| watcher(api.clone(), config).default_backoff().boxed();
    let events = events(start, Config::default()).take(3);
    let named = events.map(|event| match event {
        Ok(Event::Init) => "init".to_owned(),
        Ok(Event::InitApply(map)) => map.metadata.name.unwrap(),
        Ok(Event::InitDone) => "done".to_owned(),
        Ok(Event::Apply(_) | Event::Delete(_)) => "later".to_owned(),
        Err(error) => error.to_string(),
    });
    named.collect().await
}

#[tokio::test(start_paused = true)]
async fn it_begins_with_a_stream_of_what_is_there() {
    assert_eq!(first_three(200).await, ["init", "one", "done"]);
}

#[tokio::test(start_paused = true)]
async fn an_api_server_that_streams_none_is_asked_for_a_list() {
    for code in [400, 422] {
        assert_eq!(first_three(code).await, ["init", "one", "done"], "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn other_failures_are_told_and_the_stream_is_tried_again() {
    let told = first_three(503).await;
    assert!(
        told.iter().all(|what| what.contains("failed to start watching")),
        "{told:?}"
    );
}
