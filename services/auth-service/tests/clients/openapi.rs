//! The OpenAPI document, against what the service does.

use std::process::Command;

use serde_json::Value;
use service_kit::auth::Algorithm;

use crate::api::Api;
use crate::flows::cluster;
use crate::programs::Program;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
const SETTINGS: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/clients/schemathesis/schemathesis.toml"
);

fn operations() -> usize {
    let document: Value = serde_json::from_str(&std::fs::read_to_string(FILE).unwrap()).unwrap();
    let paths = document["paths"].as_object().unwrap().values();
    paths.map(|path| path.as_object().unwrap().len()).sum()
}

/// schemathesis makes requests of the document, right and wrong ones, as an administrator, and holds every answer against it. It
/// must find nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_fuzzer_finds_no_answer_that_the_document_does_not_allow() {
    let cluster = cluster(Algorithm::Es256).await;
    let api = Api::of(&cluster);
    let token = api.admin_token().await;
    let home = tokio::task::spawn_blocking(|| Program::Schemathesis.installed());
    let mut fuzzer = Command::new(home.await.unwrap().join("environment/bin/schemathesis"));
    fuzzer
        .current_dir(env!("CARGO_TARGET_TMPDIR"))
        .args(["--config-file", SETTINGS, "run", "--no-color", "--checks", "all"])
        .args([
            "--max-examples",
            "20",
            "--generation-database",
            "none",
            "--header",
        ])
        .arg(format!("Authorization: Bearer {token}"))
        .args([FILE, "--url", &cluster.issuer]);
    let run = tokio::task::spawn_blocking(move || fuzzer.output().unwrap());
    let output = run.await.unwrap();
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(said.contains(&format!("Tested: {}", operations())), "{said}");
    assert!(output.status.success(), "{said}");
    cluster.has_not_logged(api.seen());
}
