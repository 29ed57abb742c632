use super::*;
use crate::postgres::tests::settings;
use crate::testing::{Postgres, Shared};

/// One server for all tests of this file: each takes a database of its own.
static SERVER: Shared<Postgres> = Shared::new();

const fn step_of(version: i64, sql: &'static str) -> Migration {
    Migration {
        version,
        name: "test",
        sql,
    }
}

/// Fails when it is run twice, and takes long enough to meet others.
const SLOW: &[Migration] = &[
    step_of(1, "CREATE TABLE a (n int); SELECT pg_sleep(0.2)"),
    step_of(
        2,
        "ALTER TABLE a ADD COLUMN m int; INSERT INTO a VALUES (1, 1); SELECT pg_sleep(0.2)",
    ),
];

fn fresh() -> (std::sync::Arc<Postgres>, DatabaseSettings) {
    let server = SERVER.get(Postgres::start).unwrap();
    let settings = settings(&server);
    (server, settings)
}

#[tokio::test]
async fn three_replicas_that_start_at_once_migrate_once() {
    let (server, settings) = fresh();
    let replicas = [(); 3].map(|()| migrate(&settings, SLOW));
    assert_eq!(
        futures::future::join_all(replicas).await,
        [Ok(()), Ok(()), Ok(())]
    );
    let rows = server
        .admin(
            settings.database(),
            "SELECT count(*), max(version) FROM _sqlx_migrations, a",
        )
        .unwrap();
    assert_eq!(rows, "2|2\n");
}

#[tokio::test]
async fn a_failed_step_leaves_nothing_and_holds_no_lock() {
    let (server, settings) = fresh();
    let broken = [step_of(1, "CREATE TABLE b (n int); SELECT 1 / 0")];
    let error = migrate(&settings, &broken).await.unwrap_err();
    assert!(
        matches!(error, MigrationError::Step { version: 1, .. }),
        "{error:?}"
    );
    assert_eq!(
        server
            .admin(settings.database(), "SELECT to_regclass('b') IS NULL")
            .unwrap(),
        "t\n"
    );
    migrate(&settings, SLOW).await.unwrap();
}

/// Statements of a failed step are full of values; the error is not.
#[tokio::test]
async fn errors_name_the_step_and_not_its_values() {
    let (_server, settings) = fresh();
    let broken = [step_of(7, "SELECT 'CANARY'::int")];
    let error = migrate(&settings, &broken).await.unwrap_err();
    let texts = format!("{error} {error:?}");
    assert!(
        texts.contains("migration 7") && !texts.contains("CANARY"),
        "{texts}"
    );
}

#[tokio::test]
async fn a_step_that_was_changed_later_is_refused() {
    let (_server, settings) = fresh();
    migrate(&settings, &[step_of(1, "SELECT 1")]).await.unwrap();
    let error = migrate(&settings, &[step_of(1, "SELECT 2")]).await.unwrap_err();
    assert_eq!(error, MigrationError::Changed(1));
}

/// During a roll-out, replicas of the old version are started again beside those of the new one.
#[tokio::test]
async fn an_older_version_starts_beside_a_newer_schema() {
    let (_server, settings) = fresh();
    migrate(&settings, SLOW).await.unwrap();
    migrate(&settings, &SLOW[..1]).await.unwrap();
}

#[tokio::test]
async fn waiting_for_a_lock_ends() {
    let (_server, mut settings) = fresh();
    settings.migration_timeout = Duration::from_millis(200);
    let never = [step_of(1, "SELECT pg_sleep(60)")];
    let error = migrate(&settings, &never).await.unwrap_err();
    let timed_out = [
        MigrationError::TimedOut,
        MigrationError::Step {
            version: 1,
            error: DatabaseError::TimedOut,
        },
    ];
    assert!(timed_out.contains(&error), "{error:?}");
    settings.migration_timeout = Duration::from_mins(1);
    migrate(&settings, SLOW).await.unwrap();
}

const BROKEN: &[Migration] = &[step_of(3, "SELECT 1 / 0")];

#[tokio::test]
async fn the_service_says_why_it_is_not_ready() {
    let (_server, settings) = fresh();
    let context = crate::postgres::tests::context();
    let database = crate::postgres::Database::start(&settings, BROKEN, &context).unwrap();
    let failed = |schema: &Schema| matches!(schema, Schema::Pending(Some(_)));
    database.0.schema.clone().wait_for(failed).await.unwrap();
    let status = format!("{:?}", database.status().await);
    assert!(
        status.contains("NotReady") && status.contains("migration 3 failed"),
        "{status}"
    );
    context.shutdown.cancel();
}
