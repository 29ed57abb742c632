//! What `kubectl get hcs -o wide` shows while a change gets out, and while one goes back.

use std::process::{Child, Stdio};

use healthcare_crds::v1alpha1::RolloutPhase;

use super::{completed, is_in, rollout, serving};
use crate::support::world::{Stage, world};

#[tokio::test]
async fn kubectl_shows_each_phase() {
    let (stage, namespace) = (world(), "columns");
    serving(stage, namespace, "Canary").await;
    let table = Table::watch(stage, namespace);
    let change = r#"{"image":"registry.local/app:2.0.0","rollout":{"canary":{"steps":[{"weight":25,"bakeSeconds":1,"approval":true}]}}}"#;
    stage.patch_spec(namespace, "svc", change).unwrap();
    let waits = stage.until(namespace, "svc", |service| {
        is_in(service, RolloutPhase::AwaitingApproval)
    });
    let waits = waits.await.unwrap();
    let begun = rollout(&waits).unwrap();
    let promote = format!(
        "annotate hcs svc gitops-health.io/rollout-promote={}/{}/full",
        begun.revision, begun.generation
    );
    stage.kubectl(namespace, &promote).unwrap();
    completed(stage, namespace).await;
    let bad = r#"{"image":"registry.local/crash:3.0.0"}"#;
    stage.patch_spec(namespace, "svc", bad).unwrap();
    let back = stage.until(namespace, "svc", |service| {
        is_in(service, RolloutPhase::RolledBack)
    });
    back.await.unwrap();

    let lines = table.end();
    println!("{lines}");
    assert!(lines.starts_with("NAME"), "{lines}");
    let phases = [
        "Completed",
        "Progressing",
        "Baking",
        "AwaitingApproval",
        "Promoting",
        "RollingBack",
        "RolledBack",
    ];
    for phase in phases {
        assert!(lines.contains(&format!("   {phase} ")), "{phase}:\n{lines}");
    }
}

/// `kubectl get --watch` with all columns.
struct Table {
    process: Child,
    output: std::path::PathBuf,
}

impl Table {
    fn watch(stage: &Stage, namespace: &str) -> Self {
        let output = stage.cluster.layout().conf().join("columns.txt");
        let file = std::fs::File::create(&output).unwrap();
        let process = stage
            .cluster
            .tool("kubectl")
            .unwrap()
            .args(["-n", namespace, "get", "hcs", "-o", "wide", "--watch"])
            .stdin(Stdio::null())
            .stdout(file)
            .spawn()
            .unwrap();
        Self { process, output }
    }

    fn end(mut self) -> String {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        std::fs::read_to_string(&self.output).unwrap()
    }
}
