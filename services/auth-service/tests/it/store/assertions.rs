use super::*;

#[tokio::test]
async fn an_assertion_is_good_for_once() {
    let scene = Scene::new().await;
    scene.client("app").await;
    scene.client("other").await;
    let long = "x".repeat(100_000);
    for jti in ["a", "", "a\0", long.as_str()] {
        for client in ["app", "other"] {
            let use_once = async || scene.store.assertions.use_once(client, jti, after(300)).await;
            assert_eq!(use_once().await, Ok(true));
            assert_eq!(use_once().await, Ok(false));
        }
    }
    let nobody = scene.store.assertions.use_once("nobody", "a", after(300)).await;
    assert_eq!(constraint(nobody), "used_assertion_client_id_fkey");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_uses_at_once_one_counts() {
    let scene = Scene::new().await;
    scene.client("app").await;
    let uses = (0..32).map(|_| {
        let store = scene.store.clone();
        tokio::spawn(async move { store.assertions.use_once("app", "a", after(300)).await.unwrap() })
    });
    let results = futures::future::join_all(uses).await;
    assert_eq!(
        results
            .into_iter()
            .filter(|first| *first.as_ref().unwrap())
            .count(),
        1
    );
}
