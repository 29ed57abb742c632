//! The command line against a cluster: it judges as the API server does, renders what the operator applied, and reads only.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use gitops_health::input::{Manifest, Origin};
use gitops_health::schema::Checker;
use gitops_health::service::{self, Surroundings};
use healthcare_operator::ledger::Fingerprint;
use healthcare_operator::render::{ChildKind, digest_of};
use kube::Client;
use serde_json::Value;

use crate::support::program::run;
use crate::support::world::{condition, world};
use crate::support::{example, manifest};

/// Asks the API server whether it would take a manifest: none, or its refusal.
async fn refusal(client: &Client, namespace: &str, object: &Value) -> Result<Option<String>> {
    let uri = format!(
        "/apis/gitops-health.io/v1alpha1/namespaces/{namespace}/healthcareservices?dryRun=All&fieldValidation=Strict"
    );
    let request = axum::http::Request::post(uri).header("content-type", "application/json");
    let answer: Result<Value, _> = client
        .request(request.body(object.to_string().into_bytes())?)
        .await;
    match answer {
        Ok(_) => Ok(None),
        Err(kube::Error::Api(status)) if matches!(status.code, 400 | 422) => Ok(Some(status.message.clone())),
        Err(error) => Err(error).context("ask the API server"),
    }
}

fn judged(checker: &Checker, object: &Value) -> Option<String> {
    let manifest = Manifest {
        origin: Origin {
            file: "generated".to_owned(),
            document: 1,
            line: 1,
            item: None,
        },
        object: object.clone(),
    };
    let found = service::service(checker, &manifest, &Surroundings::default(), false).err()?;
    let lines: Vec<_> = found.iter().map(ToString::to_string).collect();
    Some(lines.join("\n"))
}

fn examples() -> Vec<Value> {
    let files = ["every-field", "synthetic-phi-service"].map(|name| example(name, "agreement"));
    files
        .iter()
        .flat_map(|text| healthcare_tests::agreement::read(text).unwrap())
        .collect()
}

/// Those who check manifests in a pipeline must not be told something else than the cluster says.
#[tokio::test]
async fn it_judges_generated_manifests_as_the_api_server_does() {
    let stage = world();
    stage.namespace("agreement").unwrap();
    let client = stage.client().await.unwrap();
    let checker = Checker::published();
    let manifests = healthcare_tests::agreement::manifests(6, 200, "agreement", &examples());
    let (mut taken, mut different) = (0, Vec::new());
    for object in &manifests {
        let server = refusal(&client, "agreement", object).await.unwrap();
        let offline = judged(&checker, object);
        taken += usize::from(server.is_none());
        if server.is_some() != offline.is_some() {
            different.push(format!("{object}\nAPI server: {server:?}\noffline: {offline:?}"));
        }
    }
    assert!(
        different.is_empty(),
        "{} of {}:\n{}",
        different.len(),
        manifests.len(),
        different.join("\n\n")
    );
    println!(
        "{} manifests: {taken} taken, {} refused, by both",
        manifests.len(),
        manifests.len() - taken
    );
    assert!(
        (50..=150).contains(&taken),
        "{taken} of {} taken: the test says little",
        manifests.len()
    );
}

/// The status holds the digest of each object as it was applied.
#[tokio::test]
async fn it_renders_byte_for_byte_what_the_operator_applied() {
    let stage = world();
    stage.namespace("rendered").unwrap();
    for name in ["every-field", "synthetic-phi-service"] {
        let text = example(name, "rendered");
        stage.cluster.apply(&text).unwrap();
        let wanted = |service: &healthcare_crds::HealthcareService| {
            let status = service.status.as_ref();
            status.is_some_and(|status| {
                status.inventory.len() >= 10
                    && status.inventory.iter().all(|entry| entry.fingerprint.is_some())
            })
        };
        let service = stage.until("rendered", name, wanted).await.unwrap();
        let ran = run(stage, &["render", "--live", "-o", "json", "-"], &text).unwrap();
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        let list: Value = serde_json::from_str(&ran.out).unwrap();
        let bodies = list["items"].as_array().unwrap();
        let inventory = service.status.unwrap().inventory;
        assert_eq!(bodies.len(), inventory.len());
        for (body, entry) in bodies.iter().zip(&inventory) {
            let left = Fingerprint::parse(entry.fingerprint.as_deref().unwrap()).unwrap();
            assert_eq!(
                digest_of(
                    ChildKind::of(&entry.api_version, &entry.kind).unwrap(),
                    &entry.name,
                    body
                ),
                left.desired,
                "{name}: {} {}",
                entry.kind,
                entry.name
            );
        }
    }
}

#[tokio::test]
async fn a_diff_with_the_cluster_tells_what_would_change_and_changes_nothing() {
    let stage = world();
    stage.namespace("diffed").unwrap();
    let text = manifest("api", "diffed", "registry.local/app:1", ", config: {LEVEL: low}");
    let new = run(stage, &["diff", "--live", "-"], &text).unwrap();
    assert_eq!(new.code, Some(1), "{}", new.err);
    assert!(new.out.contains("# diffed/api: pods start"), "{}", new.out);
    let there = stage
        .kubectl("diffed", "get deploy,svc,hcs,netpol -o name")
        .unwrap();
    assert_eq!(there.trim(), "");

    stage.cluster.apply(&text).unwrap();
    stage.until_ready("diffed", "api").await.unwrap();
    stage.settled_writes("diffed").await;
    let same = run(stage, &["diff", "--live", "-"], &text).unwrap();
    assert_eq!((same.code, same.out.as_str()), (Some(0), ""), "{}", same.err);

    let before = stage
        .kubectl(
            "diffed",
            "get deploy,cm,svc,hpa,hcs -o jsonpath={.items[*].metadata['uid','generation']}",
        )
        .unwrap();
    let around = text.replace(
        "registry.local/app:1\"",
        "registry.local/app:1\", scaling: {minReplicas: 2, maxReplicas: 2}",
    );
    let around = run(stage, &["diff", "--live", "-"], &around).unwrap();
    assert_eq!(around.code, Some(1), "{}", around.err);
    assert!(around.out.contains("# diffed/api: pods stay"), "{}", around.out);
    assert!(
        around.out.contains("-  replicas: 3\n+  replicas: 2"),
        "{}",
        around.out
    );
    assert!(
        around.out.contains("+++ /dev/null"),
        "the autoscaler goes: {}",
        around.out
    );

    let changed = run(stage, &["diff", "--live", "-"], &text.replace("low", "high")).unwrap();
    assert_eq!(changed.code, Some(1), "{}", changed.err);
    assert!(
        changed.out.contains("# diffed/api: pods restart") && changed.out.contains("+  LEVEL: high"),
        "{}",
        changed.out
    );
    let after = stage
        .kubectl(
            "diffed",
            "get deploy,cm,svc,hpa,hcs -o jsonpath={.items[*].metadata['uid','generation']}",
        )
        .unwrap();
    assert_eq!(after, before);
}

/// The operator would not take it over either.
#[tokio::test]
async fn a_diff_tells_of_an_object_that_is_somebody_elses() {
    let stage = world();
    stage.namespace("diff-taken").unwrap();
    stage
        .kubectl("diff-taken", "create service clusterip taken --tcp=80:80")
        .unwrap();
    let taken = run(
        stage,
        &["diff", "--live", "-"],
        &manifest("taken", "diff-taken", "registry.local/app:1", ""),
    )
    .unwrap();
    assert!(
        taken.out.contains("the operator would leave this alone"),
        "{}{}",
        taken.out,
        taken.err
    );
}

#[tokio::test]
async fn why_leads_to_the_container() {
    let stage = world();
    stage.namespace("whys").unwrap();
    for (name, image, reason, told) in [
        (
            "missing",
            "registry.local/missing:1",
            "ImagePullBackOff",
            "container missing: ImagePullBackOff",
        ),
        (
            "crash",
            "registry.local/crash:1",
            "CrashLoopBackOff",
            "container crash: CrashLoopBackOff",
        ),
    ] {
        stage.cluster.apply(&manifest(name, "whys", image, "")).unwrap();
        let failed = |service: &_| condition(service, "Ready") == Some(("False", reason));
        stage.until("whys", name, failed).await.unwrap();
        let ran = run(stage, &["why", name, "-n", "whys"], "").unwrap();
        println!("{}", ran.out);
        assert_eq!(ran.code, Some(1), "{}", ran.err);
        for part in [
            "HealthcareService whys/",
            "Ready=False",
            "Deployment",
            "ReplicaSet",
            "Pod",
            told,
        ] {
            assert!(ran.out.contains(part), "{part} is not in\n{}{}", ran.out, ran.err);
        }
    }
    stage
        .cluster
        .apply(&manifest("well", "whys", "registry.local/app:1", ""))
        .unwrap();
    stage.until_ready("whys", "well").await.unwrap();
    assert_eq!(
        run(stage, &["why", "well", "-n", "whys"], "").unwrap().code,
        Some(0)
    );
    let none = run(stage, &["why", "nobody", "-n", "whys"], "").unwrap();
    assert_eq!(none.code, Some(2));
    assert!(
        none.err.contains("there is no HealthcareService whys/nobody"),
        "{}",
        none.err
    );
}

#[tokio::test]
async fn a_graph_of_the_cluster_can_show_a_change_to_come() {
    let stage = world();
    stage.namespace("graphed").unwrap();
    let admitting = manifest("callee", "graphed", "registry.local/app:1", "");
    let caller = manifest(
        "caller",
        "graphed",
        "registry.local/app:1",
        ", accessPolicy: {outbound: [{service: callee}]}",
    );
    stage
        .cluster
        .apply(&[admitting.as_str(), &caller].join("---\n"))
        .unwrap();
    let now = run(stage, &["graph", "--live", "-n", "graphed", "--check"], "").unwrap();
    assert_eq!(now.code, Some(1), "{}", now.err);
    assert!(
        now.out.contains("-.->|\"only the caller allows it\"|"),
        "{}",
        now.out
    );
    let mended = admitting.replace(":1\"", ":1\", accessPolicy: {inbound: [{service: caller}]}");
    let then = run(
        stage,
        &["graph", "--live", "-n", "graphed", "--check", "-"],
        &mended,
    )
    .unwrap();
    assert_eq!(then.code, Some(0), "{}{}", then.out, then.err);
}

/// Of a cluster that is not there, and of rights that are missing, it tells what to do.
#[tokio::test]
async fn without_rights_it_says_which() {
    let stage = world();
    let kubeconfig = stage.cluster.user("nobody", None).unwrap();
    let program = healthcare_tests::built::command_line("gitops-health").unwrap();
    let ask = |kubeconfig: &Path| {
        let output = Command::new(&program)
            .args(["why", "api", "--kubeconfig"])
            .arg(kubeconfig)
            .output()
            .unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, said) = ask(&kubeconfig);
    assert_eq!(code, Some(2));
    assert!(
        said.contains("cannot read HealthcareService default/api") && said.contains("forbidden"),
        "{said}"
    );
    let (code, said) = ask(Path::new("/no/kubeconfig"));
    assert_eq!(code, Some(2));
    assert!(said.contains("no cluster to ask"), "{said}");
}
