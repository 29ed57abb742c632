use super::*;

const OLD: &str = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA";
const NEW: &str = "$argon2id$v=19$m=65536,t=3,p=1$c2FsdA$aGFzaA";

#[tokio::test]
async fn a_user_is_found_by_id_and_by_login_in_any_case() {
    let scene = Scene::new().await;
    let users = &scene.store.users;
    let user = user("Ärztin@Example.org");
    let created = users.create(&user, noon()).await.unwrap();
    assert!(created.value == user && created.version == 1);
    assert!(users.find(user.id).await.unwrap().unwrap().value == user);
    for login in ["Ärztin@Example.org", "ärztin@example.org", "ÄRZTIN@EXAMPLE.ORG"] {
        assert!(
            users.find_by_login(login).await.unwrap().unwrap().value == user,
            "{login}"
        );
    }
    for login in [
        "",
        "arztin@example.org",
        "ärztin@example.org\0",
        "ärztin@example.org ",
    ] {
        assert!(users.find_by_login(login).await.unwrap().is_none(), "{login:?}");
    }
    assert!(users.find(Uuid::new_v4()).await.unwrap().is_none());
}

#[tokio::test]
async fn a_login_belongs_to_one_user() {
    let scene = Scene::new().await;
    let users = &scene.store.users;
    let alice = user("alice");
    users.create(&alice, noon()).await.unwrap();
    for login in ["alice", "ALICE", "aLiCe"] {
        assert!(users.create(&user(login), noon()).await.err() == Some(ChangeError::Exists));
    }
    let mut same_id = user("carol");
    same_id.id = alice.id;
    assert!(users.create(&same_id, noon()).await.err() == Some(ChangeError::Exists));
    let mut bob = user("bob");
    users.create(&bob, noon()).await.unwrap();
    bob.login = "Alice".to_owned();
    assert!(users.replace(&bob, 1, noon()).await.err() == Some(ChangeError::Exists));
    assert!(users.find_by_login("bob").await.unwrap().unwrap().version == 1);
}

#[tokio::test]
async fn a_replacement_needs_the_version_that_was_read() {
    let scene = Scene::new().await;
    let users = &scene.store.users;
    let mut user = user("alice");
    users.create(&user, noon()).await.unwrap();
    user.login = "Alice.Smith".to_owned();
    user.fhir_user = None;
    let replaced = users.replace(&user, 1, after(1)).await.unwrap();
    assert!(replaced.value == user && replaced.version == 2 && replaced.changed_at == after(1));
    assert!(users.replace(&user, 1, after(2)).await.err() == Some(ChangeError::Changed));
    assert!(users.find_by_login("alice").await.unwrap().is_none());
    assert!(users.find_by_login("alice.smith").await.unwrap().is_some());
    user.id = Uuid::new_v4();
    assert!(users.replace(&user, 2, after(2)).await.err() == Some(ChangeError::Missing));
}

/// A hash that is renewed at login, and a new password at the same time: the new password stays.
#[tokio::test]
async fn a_password_hash_changes_only_from_the_one_that_was_read() {
    let scene = Scene::new().await;
    let users = &scene.store.users;
    let user = user("alice");
    users.create(&user, noon()).await.unwrap();
    let changed = users
        .change_password_hash(user.id, OLD, NEW, after(1))
        .await
        .unwrap();
    assert!(changed.value.password_hash == NEW && changed.version == 2);
    let late = users.change_password_hash(user.id, OLD, OLD, after(2)).await;
    assert!(late.err() == Some(ChangeError::Changed));
    let nobody = users
        .change_password_hash(Uuid::new_v4(), OLD, NEW, after(2))
        .await;
    assert!(nobody.err() == Some(ChangeError::Missing));
    let plain = users
        .change_password_hash(user.id, NEW, "correct horse battery staple", after(2))
        .await;
    let refused = constraint_of_change(plain.map(|_| ()));
    assert_eq!(refused, "app_user_password_hash_check");
}

#[tokio::test]
async fn a_user_is_disabled() {
    let scene = Scene::new().await;
    let users = &scene.store.users;
    let user = user("alice");
    users.create(&user, noon()).await.unwrap();
    let disabled = users.disable(user.id, after(1)).await.unwrap();
    assert!(!disabled.value.is_enabled && disabled.version == 2);
    assert!(users.disable(Uuid::new_v4(), noon()).await.err() == Some(ChangeError::Missing));
}

#[tokio::test]
async fn pages_follow_one_another() {
    let scene = Scene::new().await;
    let mut ids = Vec::new();
    for number in 0..5 {
        let user = user(&format!("user-{number}"));
        scene.store.users.create(&user, noon()).await.unwrap();
        ids.push(user.id);
    }
    ids.sort_unstable();
    let (mut listed, mut last) = (Vec::new(), None);
    loop {
        let page = scene.store.users.list(last, 2).await.unwrap();
        assert!(page.len() <= 2);
        let Some(end) = page.last() else { break };
        last = Some(end.value.id);
        listed.extend(page.into_iter().map(|stored| stored.value.id));
    }
    assert_eq!(listed, ids);
}

#[tokio::test]
async fn what_a_user_cannot_be_is_refused() {
    let scene = Scene::new().await;
    let refused = async |change: fn(&mut User)| {
        let mut user = user("alice");
        change(&mut user);
        constraint_of_change(scene.store.users.create(&user, noon()).await.map(|_| ()))
    };
    assert_eq!(refused(|user| user.login.clear()).await, "app_user_login_check");
    assert_eq!(refused(|user| user.id = Uuid::nil()).await, "app_user_id_check");
    assert_eq!(
        refused(|user| user.login = "a".repeat(1025)).await,
        "app_user_login_folded_check"
    );
}
