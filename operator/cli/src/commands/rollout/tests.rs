use std::sync::{Arc, Mutex};

use clap::Parser;
use http::{Method, Request, Response};
use kube::Client;
use kube::client::Body;
use serde_json::{Value, json};
use service_kit::Clock;

use super::*;
use crate::cli::{Cli, Command};
use crate::testing::{plain, under_way};

/// What the API server was asked for: the method, and what was sent.
type Asked = Arc<Mutex<Vec<(Method, Value)>>>;

/// An API server that gives these answers in turn, and the last one from then on.
fn server(answers: Vec<(u16, Value)>) -> (Cluster, Asked) {
    let (service, mut handle) = tower_test::mock::pair::<Request<Body>, Response<Body>>();
    let asked = Asked::default();
    let log = Arc::clone(&asked);
    tokio::spawn(async move {
        let mut answers = answers.into_iter().peekable();
        while let Some((request, send)) = handle.next_request().await {
            let method = request.method().clone();
            let body = request.into_body().collect_bytes().await.unwrap();
            let body = serde_json::from_slice(&body).unwrap_or_default();
            log.lock().unwrap().push((method, body));
            let answer = answers.peek().cloned();
            if answers.len() > 1 {
                answers.next();
            }
            let (code, body) = answer.unwrap();
            let response = Response::builder().status(code);
            send.send_response(response.body(Body::from(body.to_string().into_bytes())).unwrap());
        }
    });
    let cluster = Cluster {
        client: Client::new(service, "ward"),
        namespace: "ward".to_owned(),
    };
    (cluster, asked)
}

fn conflict() -> (u16, Value) {
    let status = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Conflict", "code": 409, "message": "changed"});
    (409, status)
}

fn at(step: i32, version: &str) -> (u16, Value) {
    let patch = json!({"metadata": {"resourceVersion": version}, "status": {"rollout": {"step": step}}});
    (200, under_way(&patch))
}

fn named() -> ServiceArgs {
    ServiceArgs {
        name: "api".to_owned(),
        namespace: None,
    }
}

#[tokio::test]
async fn a_promotion_is_bound_to_what_was_read() {
    let (cluster, asked) = server(vec![at(1, "41"), at(1, "42")]);
    let said = say::run(&cluster, &named(), Gate::Promote, None).await.unwrap();
    assert_eq!(
        plain(&said),
        "ward/api: step 1 of 4 of revision api-2 is promoted\n"
    );
    let asked = asked.lock().unwrap();
    let (method, sent) = asked.last().unwrap();
    assert_eq!(
        (method, sent),
        (
            &Method::PATCH,
            &json!({"metadata": {
                "resourceVersion": "41",
                "annotations": {"gitops-health.io/rollout-promote": "api-2/0/1"},
            }})
        )
    );
}

/// The operator writes the status of a service at any time.
#[tokio::test]
async fn a_conflict_is_no_obstacle_while_the_step_stays() {
    let (cluster, asked) = server(vec![at(1, "41"), conflict(), at(1, "42"), at(1, "43")]);
    say::run(&cluster, &named(), Gate::Promote, None).await.unwrap();
    let asked = asked.lock().unwrap();
    assert_eq!(asked.last().unwrap().1["metadata"]["resourceVersion"], "42");
}

#[tokio::test]
async fn a_step_that_came_in_between_is_not_promoted() {
    let (cluster, asked) = server(vec![at(1, "41"), conflict(), at(2, "42")]);
    let error = say::run(&cluster, &named(), Gate::Promote, None)
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "ward/api: nothing to promote: step 2 of revision api-2 is under way, not step 1"
    );
    let asked = asked.lock().unwrap();
    assert_eq!(
        asked.iter().filter(|(method, _)| method == Method::PATCH).count(),
        1
    );
}

#[tokio::test]
async fn an_abort_takes_any_step_back() {
    let (cluster, asked) = server(vec![at(1, "41"), conflict(), at(2, "42"), at(2, "43")]);
    let said = say::run(&cluster, &named(), Gate::Abort, None).await.unwrap();
    assert_eq!(plain(&said), "ward/api: revision api-2 is aborted\n");
    let asked = asked.lock().unwrap();
    let annotations = &asked.last().unwrap().1["metadata"]["annotations"];
    assert_eq!(annotations, &json!({"gitops-health.io/rollout-abort": "api-2/0"}));
}

#[tokio::test]
async fn what_changes_all_the_time_is_given_up() {
    let turns = (0..20).flat_map(|_| [at(1, "41"), conflict()]).collect();
    let (cluster, _) = server(turns);
    let error = say::run(&cluster, &named(), Gate::Promote, None)
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("nothing was written: try again"),
        "{error}"
    );
}

#[tokio::test]
async fn what_is_said_already_is_not_written_again() {
    let promoted = json!({"metadata": {"annotations": {"gitops-health.io/rollout-promote": "api-2/0/1"}}});
    let (cluster, asked) = server(vec![(200, under_way(&promoted))]);
    let said = say::run(&cluster, &named(), Gate::Promote, None).await.unwrap();
    assert_eq!(
        plain(&said),
        "ward/api: step 1 of 4 of revision api-2 is already promoted\n"
    );
    assert_eq!(asked.lock().unwrap().len(), 1);
}

fn status_args(arguments: &[&str]) -> StatusArgs {
    let cli = Cli::parse_from([&["gitops-health", "rollout", "status", "api"], arguments].concat());
    match cli.command {
        Command::Rollout(RolloutArgs {
            command: RolloutCommand::Status(args),
        }) => args,
        _ => panic!(),
    }
}

/// The verdict, and what was said on the way and in the end.
async fn watched(answers: Vec<(u16, Value)>, arguments: &[&str]) -> (crate::report::Verdict, String) {
    let (cluster, _) = server(answers);
    let heard: Arc<Mutex<String>> = Arc::default();
    let log = Arc::clone(&heard);
    let mut tell = move |text: &str| {
        log.lock().unwrap().push_str(text);
        Ok(())
    };
    let mut world = World {
        called: "gitops-health",
        stdin: &mut std::io::empty(),
        clock: Clock::fixed("2027-03-01T12:00:00Z".parse().unwrap()),
        tell: &mut tell,
    };
    let report = status::run(&cluster, &status_args(arguments), &mut world)
        .await
        .unwrap();
    let heard = heard.lock().unwrap().clone();
    (
        report.verdict,
        plain(&(heard + &report.text + &report.notes.join("\n"))),
    )
}

fn list_at(phase: &str) -> (u16, Value) {
    let service = under_way(&json!({"status": {"rollout": {"phase": phase}}}));
    let list = json!({"apiVersion": "gitops-health.io/v1alpha1", "kind": "HealthcareServiceList", "metadata": {"resourceVersion": "50"}, "items": [service]});
    (200, list)
}

fn deployments() -> (u16, Value) {
    (
        200,
        json!({"apiVersion": "apps/v1", "kind": "DeploymentList", "metadata": {}, "items": []}),
    )
}

#[tokio::test]
async fn the_end_decides_the_exit_code() {
    for (phase, verdict) in [
        ("Completed", crate::report::Verdict::Fine),
        ("RolledBack", crate::report::Verdict::Found),
    ] {
        let answers = vec![at(1, "41"), list_at(phase), deployments()];
        let (found, heard) = watched(answers, &["--watch"]).await;
        assert_eq!(found, verdict, "{heard}");
        assert!(
            heard.contains(&format!("Canary, {phase}, step 1 of 4")),
            "{heard}"
        );
    }
}

#[tokio::test]
async fn what_takes_too_long_is_told_of() {
    let answers = vec![at(1, "41"), list_at("AwaitingApproval")];
    let (verdict, heard) = watched(answers, &["--watch", "--timeout", "1s"]).await;
    assert_eq!(verdict, crate::report::Verdict::Found);
    assert!(
        heard.contains("too late: the rollout has not ended within --timeout"),
        "{heard}"
    );
}

/// Without the right to list Deployments the rest is told.
#[tokio::test]
async fn what_may_not_be_read_is_told_of() {
    let forbidden = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Forbidden", "code": 403, "message": "may not"});
    let (verdict, heard) = watched(vec![at(1, "41"), (403, forbidden)], &[]).await;
    assert_eq!(verdict, crate::report::Verdict::Fine);
    assert!(heard.contains("AwaitingApproval"), "{heard}");
    assert!(
        heard.contains("warning: cannot list the Deployments of namespace ward: may not"),
        "{heard}"
    );
}

#[test]
fn durations_have_units() {
    assert_eq!(duration("90s"), Ok(Duration::from_secs(90)));
    assert_eq!(duration("1h30m"), Ok(Duration::from_mins(90)));
    for wrong in ["", "90", "0s", "-1m", "soon"] {
        assert!(duration(wrong).is_err(), "{wrong}");
    }
}
