use super::*;

#[tokio::test(start_paused = true)]
async fn without_memory_nobody_waits_long() {
    let passwords = Passwords::new(40);
    let all = passwords.exhaust().await;
    let refused = passwords.verify("a long password".into(), None).await;
    assert!(matches!(refused, Err(Failure::Busy)));
    drop(all);
    assert!(!passwords.verify("a long password".into(), None).await.unwrap());
}

#[tokio::test]
async fn a_hash_is_of_its_password_alone() {
    let passwords = Passwords::new(19);
    let hash = passwords
        .hash("correct horse battery".into())
        .await
        .unwrap()
        .unwrap();
    assert!(
        passwords
            .verify("correct horse battery".into(), Some(hash.clone()))
            .await
            .unwrap()
    );
    assert!(
        !passwords
            .verify("correct horse batterx".into(), Some(hash))
            .await
            .unwrap()
    );
    let refused = passwords.hash("short".into()).await.unwrap();
    assert_eq!(refused, Err(PasswordError::TooShort));
}

/// Even the least that can be set is enough for one.
#[test]
fn one_at_a_time_is_the_least() {
    for (memory, at_once) in [(0, 1), (19, 1), (37, 1), (38, 2), (152, 8)] {
        assert_eq!(
            Passwords::new(memory).0.available_permits(),
            at_once,
            "{memory} MiB"
        );
    }
}
