use super::*;

#[test]
fn versions_grow() {
    let versions: Vec<_> = SCHEMA.iter().map(|step| step.version).collect();
    assert_eq!(versions, (1..=6).collect::<Vec<_>>());
}

/// Three replicas start on an empty database, and a fourth later.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_number_of_replicas_makes_the_schema_once() {
    let server = SERVER.get(Postgres::start).unwrap();
    let url = server.database().unwrap();
    let start = || Scene::of(Arc::clone(&server), url.clone(), Duration::from_mins(1));
    let (one, other, third) = tokio::join!(start(), start(), start());
    one.client("app").await;
    let fourth = start().await;
    for scene in [one, other, third, fourth] {
        assert!(scene.store.clients.find("app").await.unwrap().is_some());
        assert_eq!(scene.sql("SELECT count(*) FROM _sqlx_migrations").unwrap(), "6\n");
    }
}
