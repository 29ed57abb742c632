//! A dump of the database, restored elsewhere.

use std::process::Command;

use auth_service::store::{RevocationReason, Rotation};

use super::audit::{event, log, verified};
use super::*;

/// The dump as text, without the word that newer versions protect it with.
fn dump(url: &str) -> String {
    let output = Command::new("pg_dump")
        .args(["--no-owner", url])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).unwrap();
    let is_content = |line: &&str| !line.starts_with("\\restrict") && !line.starts_with("\\unrestrict");
    text.lines()
        .filter(is_content)
        .fold(String::new(), |text, line| text + line + "\n")
}

fn restore(dump: &str, url: &str) {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), dump).unwrap();
    let arguments = [
        "-Xq",
        "-v",
        "ON_ERROR_STOP=1",
        "--single-transaction",
        "-d",
        url,
        "-f",
    ];
    let output = Command::new("psql")
        .args(arguments)
        .arg(file.path())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[tokio::test]
async fn after_a_restore_all_is_as_it_was() {
    let scene = Scene::new().await;
    scene.client("app").await;
    let chain = Uuid::new_v4();
    let audit = log(&scene, chain);
    for number in 0..20 {
        audit
            .append(event(&format!("e{number} \u{1F512} \\ \t \"")))
            .await
            .unwrap();
    }
    audit.close().await;
    let (alive, dead) = (
        scene.opened("app", "alice").await,
        scene.opened("app", "bob").await,
    );
    scene.store.families.rotate(dead.id, 0, noon()).await.unwrap();
    scene
        .store
        .families
        .kill(dead.id, RevocationReason::Logout, noon())
        .await
        .unwrap();
    let written = dump(&scene.url);

    let url = scene.server.database().unwrap();
    restore(&written, &url);
    assert_eq!(dump(&url), written);
    // Starts as a service would: the migrations find nothing to do.
    let restored = Scene::of(Arc::clone(&scene.server), url, Duration::from_mins(1)).await;
    assert_eq!(
        verified(&restored.store, chain).await,
        verified(&scene.store, chain).await
    );
    assert_eq!(log(&restored, chain).append(event("after")).await, Ok(22));
    assert_eq!(verified(&restored.store, chain).await.len(), 22);
    restored.refuses("DELETE FROM audit_entry", "the audit log only grows");
    assert!(restored.is_revoked(dead.id).await);
    let families = &restored.store.families;
    let refused = families.rotate(dead.id, 1, noon()).await.unwrap();
    assert!(matches!(refused, Rotation::Unchanged(family) if family.revoked.is_some()));
    let rotated = families.rotate(alive.id, 0, noon()).await.unwrap();
    assert!(matches!(rotated, Rotation::Rotated(_)));
}
