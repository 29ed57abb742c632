//! How often a password may be guessed (PCI DSS 4.0, 8.3.4).

use super::*;

async fn scene() -> (Scene, Page) {
    let scene = Scene::new().await;
    scene.client("portal", json!({})).await;
    scene.user("alice").await;
    let page = scene.page(&query("portal", "records.read")).await;
    (scene, page)
}

/// Tries until the tenth attempt, as soon as it is allowed.
async fn lock(scene: &Scene, page: &mut Page, login: &str) {
    let mut wrong = 0;
    for _ in 0..200 {
        let answer = scene.log_in(page, login, "wrong").await;
        page.token = Page::of(&answer).token;
        match answer.status {
            403 => wrong += 1,
            429 => scene.advance(32),
            status => panic!("{status}"),
        }
        if wrong == 10 {
            return;
        }
    }
    panic!("{wrong} attempts");
}

#[tokio::test]
async fn after_ten_attempts_not_even_the_right_password_helps_for_half_an_hour() {
    let (scene, mut page) = scene().await;
    for login in ["nobody", "alice"] {
        lock(&scene, &mut page, login).await;
        let locked = scene.log_in(&page, login, PASSWORD).await;
        assert_eq!(locked.status, 429, "{login}");
        assert!(locked.text.contains("Login or password is wrong"));
    }
    scene.advance(29 * 60);
    let mut page = scene.page(&page.query).await;
    assert_eq!(scene.log_in(&page, "alice", PASSWORD).await.status, 429);
    scene.advance(60);
    page = scene.page(&page.query).await;
    assert_eq!(scene.log_in(&page, "alice", PASSWORD).await.status, 303);
    assert!(scene.audited("login_locked") > 0);
}

#[tokio::test]
async fn strangers_do_not_lock_out_the_owners_device() {
    let (scene, page) = scene().await;
    let first = scene.log_in(&page, "alice", PASSWORD).await;
    let device = set_cookie(&first, "__Host-auth-device").unwrap();
    let mut stranger = scene.page(&page.query).await;
    lock(&scene, &mut stranger, "alice").await;
    let mine = Page {
        device_cookie: Some(device.clone()),
        ..scene.page(&page.query).await
    };
    assert_eq!(scene.log_in(&mine, "alice", PASSWORD).await.status, 303);
    assert_eq!(scene.log_in(&stranger, "alice", PASSWORD).await.status, 429);
    // It is of no use for others, and no way to guess more often.
    let mut thief = Page {
        device_cookie: Some(device),
        ..stranger
    };
    lock(&scene, &mut thief, "alice").await;
    assert_eq!(scene.log_in(&thief, "alice", PASSWORD).await.status, 429);
}

/// All at the same instant: what is counted first does not slip through.
#[tokio::test]
async fn guesses_in_parallel_are_counted() {
    let (scene, page) = scene().await;
    let guesses = (0..30).map(|_| scene.log_in(&page, "alice", "wrong"));
    let answers = futures::future::join_all(guesses).await;
    let looked_at = answers.iter().filter(|answer| answer.status == 403).count();
    let locked = answers.iter().filter(|answer| answer.status == 429).count();
    assert_eq!((looked_at, locked), (4, 26));
}
