//! Rollouts by the command line: risk before, status on the way, promotion and abort, and controls by what is there.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Stdio};

use anyhow::Result;
use healthcare_crds::HealthcareService;
use healthcare_crds::v1alpha1::RolloutPhase;
use serde_json::Value;

use crate::support::manifest;
use crate::support::program::{command, run};
use crate::support::world::{Stage, world};

/// A canary that waits for somebody twice.
const GATED: &str = "bakeSeconds: 1, analysis: {intervalSeconds: 1, progressDeadlineSeconds: 60}, strategy: Canary, canary: {steps: [{weight: 25, bakeSeconds: 0, approval: true}, {weight: 50, bakeSeconds: 0, approval: true}]}";

fn text(namespace: &str, version: &str) -> String {
    let more = format!(
        ", scaling: {{minReplicas: 4, maxReplicas: 4}}, config: {{RELEASE: \"{version}\"}}, compliance: {{frameworks: [SOX]}}, rollout: {{{GATED}}}"
    );
    manifest("svc", namespace, &format!("registry.local/app:{version}"), &more)
}

fn is_in(service: &HealthcareService, phase: RolloutPhase, step: i32) -> bool {
    let rollout = service.status.as_ref().and_then(|status| status.rollout.as_ref());
    rollout.is_some_and(|rollout| rollout.phase == phase && rollout.step == step)
}

async fn waiting(stage: &Stage, namespace: &str, step: i32) -> HealthcareService {
    let is_waiting = |service: &HealthcareService| is_in(service, RolloutPhase::AwaitingApproval, step);
    stage.until(namespace, "svc", is_waiting).await.unwrap()
}

/// A service that serves, with a change that waits at its first step.
async fn gated(stage: &Stage, namespace: &str) {
    stage.namespace(namespace).unwrap();
    stage.cluster.apply(&text(namespace, "1.0.0")).unwrap();
    let serving = run(
        stage,
        &[
            "rollout",
            "status",
            "svc",
            "-n",
            namespace,
            "--watch",
            "--timeout",
            "90s",
        ],
        "",
    );
    let serving = serving.unwrap();
    assert_eq!(serving.code, Some(0), "{}{}", serving.out, serving.err);
    assert!(serving.out.contains("Completed"), "{}", serving.out);
    stage.cluster.apply(&text(namespace, "2.0.0")).unwrap();
    waiting(stage, namespace, 1).await;
}

/// Somebody who follows a rollout beside what is done to it.
struct Follower {
    process: Child,
    out: BufReader<ChildStdout>,
    heard: String,
}

impl Follower {
    /// Begins, and has seen how it stands now.
    fn start(stage: &Stage, namespace: &str) -> Result<Self> {
        let arguments = [
            "rollout",
            "status",
            "svc",
            "-n",
            namespace,
            "--watch",
            "--timeout",
            "90s",
        ];
        let mut command = command(stage, &arguments)?;
        let mut process = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let mut out = BufReader::new(process.stdout.take().unwrap());
        let mut heard = String::new();
        out.read_line(&mut heard)?;
        Ok(Self { process, out, heard })
    }

    /// The exit code, and everything that was heard.
    fn ended(mut self) -> Result<(Option<i32>, String)> {
        self.out.read_to_string(&mut self.heard)?;
        Ok((self.process.wait()?.code(), self.heard))
    }
}

#[tokio::test]
async fn a_promotion_leaves_one_step_and_a_full_one_all() {
    let (stage, namespace) = (world(), "cli-promote");
    gated(stage, namespace).await;
    let rollout = |arguments: &[&str]| {
        let all = [&["rollout"], arguments, &["svc", "-n", namespace]].concat();
        run(stage, &all, "").unwrap()
    };
    let shown = rollout(&["status"]);
    assert_eq!(shown.code, Some(0), "{}", shown.err);
    println!("{}", shown.out);
    for part in [
        "… HealthcareService cli-promote/svc: Canary, AwaitingApproval, step 1 of 4, 20 % of the calls",
        "… step 1: 25 %: some of the pods run the new version, then somebody promotes it",
        "· step 3: the new version takes the place of the old",
        "ImageMajor",
        "✓ Deployment svc-candidate: candidate, 1 of 1 ready, registry.local/app:2.0.0",
        "✓ Deployment svc: primary, 4 of 4 ready, registry.local/app:1.0.0",
    ] {
        assert!(shown.out.contains(part), "{part} is not in\n{}", shown.out);
    }
    let other = rollout(&["promote", "--step", "2"]);
    assert_eq!(other.code, Some(2));
    assert!(other.err.contains("is under way, not step 2"), "{}", other.err);

    let follower = Follower::start(stage, namespace).unwrap();
    let promoted = rollout(&["promote"]);
    assert_eq!(promoted.code, Some(0), "{}", promoted.err);
    assert!(
        promoted.out.contains("step 1 of 4 of revision"),
        "{}",
        promoted.out
    );
    waiting(stage, namespace, 2).await;
    let json: Value = serde_json::from_str(&rollout(&["status", "-o", "json"]).out).unwrap();
    assert_eq!(
        (&json["outcome"], &json["steps"][0]["state"]),
        (&"underWay".into(), &"done".into())
    );
    let fully = rollout(&["promote", "--full", "--watch", "--timeout", "90s"]);
    assert_eq!(fully.code, Some(0), "{}{}", fully.out, fully.err);
    let (code, heard) = follower.ended().unwrap();
    println!("{heard}");
    assert_eq!(code, Some(0), "{heard}");
    for part in [
        "AwaitingApproval, step 1",
        "AwaitingApproval, step 2",
        "Completed",
    ] {
        assert!(heard.contains(part), "{part} is not in\n{heard}");
    }
    let late = rollout(&["promote"]);
    assert_eq!(late.code, Some(2));
    assert!(late.err.contains("nothing to promote: revision"), "{}", late.err);
    let image = "get deployment svc -o jsonpath={.spec.template.spec.containers[0].image}";
    assert_eq!(
        stage.kubectl(namespace, image).unwrap(),
        "registry.local/app:2.0.0"
    );
}

#[tokio::test]
async fn an_abort_gives_the_old_pods_back_and_fails_those_who_wait() {
    let (stage, namespace) = (world(), "cli-abort");
    gated(stage, namespace).await;
    let follower = Follower::start(stage, namespace).unwrap();
    let rollout = |arguments: &[&str]| {
        let all = [&["rollout"], arguments, &["svc", "-n", namespace]].concat();
        run(stage, &all, "").unwrap()
    };
    let aborted = rollout(&["abort", "--watch", "--timeout", "90s"]);
    assert_eq!(aborted.code, Some(0), "{}{}", aborted.out, aborted.err);
    let (code, heard) = follower.ended().unwrap();
    assert_eq!(code, Some(1), "{heard}");
    assert!(heard.contains("RolledBack"), "{heard}");
    let shown = rollout(&["status"]);
    assert_eq!(shown.code, Some(1));
    assert!(shown.out.contains("✗ step 1"), "{}", shown.out);
    for again in ["abort", "promote"] {
        let refused = rollout(&[again]);
        assert_eq!(refused.code, Some(2));
        assert!(refused.err.contains("was rolled back"), "{}", refused.err);
    }
}

/// What is asked before a merge is what the operator does after it.
#[tokio::test]
async fn the_score_is_that_of_the_operator() {
    let (stage, namespace) = (world(), "cli-risk");
    stage.namespace(namespace).unwrap();
    let score = |version: &str| {
        let arguments = ["risk", "score", "-", "--format", "json"];
        let ran = run(stage, &arguments, &text(namespace, version)).unwrap();
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        serde_json::from_str::<Value>(&ran.out).unwrap()["services"][0].clone()
    };
    let first = score("1.0.0");
    assert_eq!(
        (&first["risk_score"], &first["strategy"]),
        (&0.into(), &"Rolling".into())
    );
    stage.cluster.apply(&text(namespace, "1.0.0")).unwrap();
    stage.until_ready(namespace, "svc").await.unwrap();
    assert_eq!(score("1.0.0")["pods"], "stay");
    let told = score("2.0.0");
    stage.cluster.apply(&text(namespace, "2.0.0")).unwrap();
    let service = waiting(stage, namespace, 1).await;
    let rollout = service.status.unwrap().rollout.unwrap();
    let found = serde_json::to_value(&rollout).unwrap();
    assert_eq!(told["risk_score"], found["risk"]["score"]);
    assert_eq!(told["factors"], found["risk"]["factors"]);
    assert_eq!(told["strategy"], found["strategy"]);
    let good = rollout.last_good_revision.unwrap();
    assert_eq!(
        told["from"],
        format!("revision {good}"),
        "not the spec of the change under way"
    );
    assert_eq!(score("2.0.0")["risk_score"], told["risk_score"]);
    let limit = ["risk", "score", "-", "--fail-above", "0"];
    assert_eq!(
        run(stage, &limit, &text(namespace, "2.0.0")).unwrap().code,
        Some(1)
    );
}

/// Judged by what is there, it sees what somebody put there.
#[tokio::test]
async fn controls_are_judged_by_the_objects_in_the_cluster() {
    let (stage, namespace) = (world(), "cli-controls");
    stage.namespace(namespace).unwrap();
    stage.cluster.apply(&text(namespace, "1.0.0")).unwrap();
    stage.until_ready(namespace, "svc").await.unwrap();
    let report = |more: &[&str]| {
        let all = [&["compliance", "report", "--live", "-n", namespace], more].concat();
        run(stage, &all, "").unwrap()
    };
    let ran = report(&["--format", "json", "svc"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let json: Value = serde_json::from_str(&ran.out).unwrap();
    let judged = &json["reports"][0];
    assert_eq!(
        (&judged["basis"], &judged["frameworks"][0]),
        (&"live".into(), &"SOX".into())
    );
    let evidence = |judged: &Value| {
        let findings = judged["findings"].as_array().unwrap().clone();
        let all = findings
            .iter()
            .filter_map(|finding| finding["evidence"].as_array());
        all.flatten().cloned().collect::<Vec<_>>()
    };
    let seen = evidence(judged);
    assert!(!seen.is_empty());
    assert!(
        seen.iter()
            .all(|object| object["uid"].is_string() && object["resourceVersion"].is_string())
    );
    // As the operator judges what it renders.
    let service = stage.until_ready(namespace, "svc").await.unwrap();
    let told = service.status.unwrap().compliance.unwrap();
    let counts = &judged["counts"];
    assert_eq!(
        (&counts["met"], &counts["violated"]),
        (&told.met.into(), &told.violated.into())
    );
    let every = report(&["--format", "oscal"]);
    assert_eq!(every.code, Some(0), "{}", every.err);
    assert!(every.out.contains("\"assessment-results\""));
    let nobody = report(&["nobody"]);
    assert_eq!(nobody.code, Some(2));
    assert!(
        nobody
            .err
            .contains("there is no HealthcareService cli-controls/nobody"),
        "{}",
        nobody.err
    );
}
