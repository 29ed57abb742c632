use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

use prometheus::Registry;
use secrecy::SecretString;
use sqlx::Row;

use sqlx::PgConnection;

use super::*;
use crate::testing::{self, Postgres, Shared, check_metrics};
use crate::{Clock, metrics::encode};

mod faults;
mod tls;

/// One server for all tests of this file: each takes a database of its own.
static SERVER: Shared<Postgres> = Shared::new();

const SCHEMA: &[Migration] = &[
    Migration {
        version: 1,
        name: "accounts",
        sql: "CREATE TABLE account (id bigint PRIMARY KEY, balance bigint NOT NULL CHECK (balance >= 0))",
    },
    Migration {
        version: 2,
        name: "two of them",
        sql: "INSERT INTO account VALUES (1, 100), (2, 100)",
    },
];

pub(super) fn context() -> Context {
    let noon = Clock::fixed("2026-11-21T12:00:00Z".parse().unwrap());
    testing::context(noon, Registry::new()).unwrap()
}

pub(super) fn settings(server: &Postgres) -> DatabaseSettings {
    let url = SecretString::from(server.database().unwrap());
    DatabaseSettings::of(&url).unwrap()
}

/// Waits for the schema.
pub(super) async fn started(settings: &DatabaseSettings, context: &Context) -> Database {
    let database = Database::start(settings, SCHEMA, context).unwrap();
    database
        .0
        .schema
        .clone()
        .wait_for(|schema| *schema == Schema::Ready)
        .await
        .unwrap();
    database
}

pub(super) async fn fresh() -> (Database, Context) {
    let context = context();
    let server = SERVER.get(Postgres::start).unwrap();
    (started(&settings(&server), &context).await, context)
}

async fn balance(database: &Database, id: i64) -> i64 {
    let query = |mut connection: Connection| async move {
        sqlx::query_scalar("SELECT balance FROM account WHERE id = $1")
            .bind(id)
            .fetch_one(&mut *connection)
            .await
    };
    database.run("balance", query).await.unwrap()
}

pub(super) fn exposition(context: &Context) -> String {
    String::from_utf8(encode(&context.registry).unwrap()).unwrap()
}

/// Waits until nothing is checked out: connections come back in tasks of their own.
pub(super) async fn all_returned(database: &Database) {
    for _ in 0..500 {
        if metrics::usage(&database.0.pool).0 == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("connections are still in use: {:?}", database.0.pool);
}

#[tokio::test]
async fn operations_answer_and_are_measured_by_name_and_outcome() {
    let (database, context) = fresh().await;
    assert_eq!(balance(&database, 1).await, 100);
    let failed = database
        .run("nonsense", |mut connection| async move {
            sqlx::query("SELEC").execute(&mut *connection).await
        })
        .await;
    assert_eq!(
        failed.unwrap_err(),
        DatabaseError::Refused {
            sqlstate: "42601".to_owned()
        }
    );
    let metrics = exposition(&context);
    for sample in [
        r#"db_client_operation_duration_seconds_count{db_operation_name="balance",error_type=""} 1"#,
        r#"db_client_operation_duration_seconds_count{db_operation_name="nonsense",error_type="refused"} 1"#,
        "db_client_connection_max 10",
        "db_client_connection_pending_requests 0",
        "db_client_connection_timeouts_total 0",
        r#"db_client_connection_count{state="used"}"#,
        r#"db_client_connection_count{state="idle"}"#,
    ] {
        assert!(metrics.contains(sample), "{sample} is missing in\n{metrics}");
    }
    // The name is that of the semantic conventions (`db.client.connection.count`), whatever Prometheus keeps `_count` for.
    assert_eq!(
        check_metrics(&metrics).unwrap(),
        "db_client_connection_count non-histogram and non-summary metrics should not have \"_count\" suffix\n"
    );
}

/// PostgreSQL quotes values in its messages; none may reach an error text.
#[tokio::test]
async fn errors_do_not_repeat_values() {
    let (database, _context) = fresh().await;
    let canary = "CANARY-4711";
    let bad_number = database
        .run("number", |mut connection| async move {
            sqlx::query("SELECT CAST($1 AS bigint)")
                .bind(canary)
                .execute(&mut *connection)
                .await
        })
        .await
        .unwrap_err();
    let duplicate = database
        .run("duplicate", |mut connection| async move {
            sqlx::raw_sql("CREATE TABLE c (name text PRIMARY KEY); INSERT INTO c VALUES ('CANARY-4711')")
                .execute(&mut *connection)
                .await?;
            sqlx::query("INSERT INTO c VALUES ($1)")
                .bind(canary)
                .execute(&mut *connection)
                .await
        })
        .await
        .unwrap_err();
    assert!(duplicate.is_duplicate(), "{duplicate:?}");
    assert!(!bad_number.is_duplicate());
    for error in [bad_number, duplicate] {
        let texts = format!(
            "{error} {error:?} {:?}",
            crate::error::Problem::from(error.clone())
        );
        assert!(!texts.contains("CANARY"), "{texts}");
    }
}

/// Each reads the balance and writes it back, and none writes before all have read: without serialisation and
/// repetition, updates would be lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn transactions_that_conflict_are_repeated_and_none_is_lost() {
    let (database, context) = fresh().await;
    let all_have_read = Arc::new(tokio::sync::Barrier::new(3));
    let increments = [(); 3].map(|()| {
        let (database, all_have_read) = (database.clone(), Arc::clone(&all_have_read));
        tokio::spawn(async move {
            let (all_have_read, attempts) = (&all_have_read, &AtomicU32::new(0));
            let work = |mut connection: Connection| async move {
                let balance: i64 = sqlx::query_scalar("SELECT balance FROM account WHERE id = 1")
                    .fetch_one(&mut *connection)
                    .await?;
                if attempts.fetch_add(1, Ordering::Relaxed) == 0 {
                    all_have_read.wait().await;
                }
                sqlx::query("UPDATE account SET balance = $1 WHERE id = 1")
                    .bind(balance + 1)
                    .execute(&mut *connection)
                    .await
            };
            // Those that lose five times come again, as real callers would.
            while database.transaction("increment", work).await.is_err() {}
        })
    });
    for increment in increments {
        increment.await.unwrap();
    }
    assert_eq!(balance(&database, 1).await, 103);
    let metrics = exposition(&context);
    assert!(
        metrics.contains(r#"db_client_transaction_retries_total{db_operation_name="increment"}"#),
        "{metrics}"
    );
}

/// Each locks the row and then reads it. None is tried again, and none writes over what another wrote: those that
/// waited see what was committed meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn locked_transactions_wait_for_each_other() {
    let (database, context) = fresh().await;
    let increments = [(); 20].map(|()| {
        let database = database.clone();
        tokio::spawn(async move {
            let work = |mut connection: Connection| async move {
                sqlx::query("SELECT FROM account WHERE id = 1 FOR UPDATE")
                    .execute(&mut *connection)
                    .await?;
                let balance: i64 = sqlx::query_scalar("SELECT balance FROM account WHERE id = 1")
                    .fetch_one(&mut *connection)
                    .await?;
                sqlx::query("UPDATE account SET balance = $1 WHERE id = 1")
                    .bind(balance + 1)
                    .execute(&mut *connection)
                    .await
            };
            database.locked_transaction("increment", work).await
        })
    });
    for increment in increments {
        increment.await.unwrap().unwrap();
    }
    assert_eq!(balance(&database, 1).await, 120);
    assert!(!exposition(&context).contains("db_client_transaction_retries_total{"));
}

/// Two transactions take two rows in opposite order, and wait for each other after the first.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deadlocks_are_resolved() {
    let (database, context) = fresh().await;
    let meet = Arc::new(tokio::sync::Barrier::new(2));
    let both = [[1_i64, 2], [2, 1]].map(|[first, second]| {
        let (database, meet) = (database.clone(), Arc::clone(&meet));
        tokio::spawn(async move {
            let (meet, attempts) = (&meet, &AtomicU32::new(0));
            let work = |mut connection: Connection| async move {
                add(&mut connection, first).await?;
                if attempts.fetch_add(1, Ordering::Relaxed) == 0 {
                    meet.wait().await;
                }
                add(&mut connection, second).await
            };
            database.transaction("cross", work).await
        })
    });
    for one in both {
        one.await.unwrap().unwrap();
    }
    assert_eq!(
        [balance(&database, 1).await, balance(&database, 2).await],
        [102, 102]
    );
    assert!(exposition(&context).contains("db_client_transaction_retries_total{"));
}

async fn add(connection: &mut PgConnection, id: i64) -> Result<(), sqlx::Error> {
    let update = sqlx::query("UPDATE account SET balance = balance + 1 WHERE id = $1");
    update.bind(id).execute(&mut *connection).await.map(drop)
}

#[tokio::test]
async fn conflicts_end_after_five_attempts() {
    let (database, _context) = fresh().await;
    let attempts = &AtomicI64::new(0);
    let refused = database
        .transaction("hopeless", |mut connection| async move {
            attempts.fetch_add(1, Ordering::Relaxed);
            sqlx::raw_sql("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40001'; END $$")
                .execute(&mut *connection)
                .await
        })
        .await;
    assert_eq!(refused.unwrap_err(), DatabaseError::Conflict);
    assert_eq!(attempts.load(Ordering::Relaxed), 5);
}

#[tokio::test]
async fn what_a_transaction_did_goes_with_a_refusal_and_with_an_error() {
    let (database, _context) = fresh().await;
    let decided: Result<(), &str> = database
        .try_transaction("decide", |mut connection| async move {
            add(&mut connection, 1).await?;
            Ok(Err("not this time"))
        })
        .await
        .unwrap();
    assert_eq!(decided, Err("not this time"));
    let failed = database
        .transaction("overdraw", |mut connection| async move {
            add(&mut connection, 1).await?;
            sqlx::query("UPDATE account SET balance = -1 WHERE id = 2")
                .execute(&mut *connection)
                .await
        })
        .await
        .unwrap_err();
    assert!(
        matches!(failed, DatabaseError::Constraint { ref constraint, .. } if constraint == "account_balance_check")
    );
    assert_eq!(balance(&database, 1).await, 100);
}

/// An open transaction, abandoned by its caller, keeps neither its locks nor its place in the pool.
#[tokio::test]
async fn an_abandoned_operation_leaves_nothing_behind() {
    let (database, _context) = fresh().await;
    for _ in 0..30 {
        let work = database.transaction("abandoned", |mut connection| async move {
            add(&mut connection, 1).await?;
            std::future::pending::<Result<(), sqlx::Error>>().await
        });
        assert!(
            tokio::time::timeout(Duration::from_millis(30), work)
                .await
                .is_err()
        );
    }
    all_returned(&database).await;
    database
        .transaction(
            "after",
            |mut connection| async move { add(&mut connection, 1).await },
        )
        .await
        .unwrap();
    assert_eq!(balance(&database, 1).await, 101);
}

#[tokio::test]
async fn no_operation_outlasts_its_request() {
    let (database, _context) = fresh().await;
    let sleep = |mut connection: Connection| async move {
        sqlx::query("SELECT pg_sleep(60)").execute(&mut *connection).await
    };
    let request = deadline::within(Duration::from_millis(100), database.run("sleep", sleep));
    assert_eq!(request.await.unwrap_err(), DatabaseError::TimedOut);
    all_returned(&database).await;
}

#[tokio::test]
async fn the_server_ends_statements_that_take_too_long() {
    let server = SERVER.get(Postgres::start).unwrap();
    let mut settings = settings(&server);
    settings.statement_timeout = Duration::from_millis(50);
    let database = started(&settings, &context()).await;
    let process = &AtomicI64::new(0);
    let slow = database
        .run("slow", |mut connection| async move {
            let row = sqlx::query("SELECT pg_backend_pid()::bigint")
                .fetch_one(&mut *connection)
                .await?;
            process.store(row.get(0), Ordering::Relaxed);
            sqlx::query("SELECT pg_sleep(60)").execute(&mut *connection).await
        })
        .await;
    assert_eq!(slow.unwrap_err(), DatabaseError::TimedOut);
    let query = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE pid = {} AND state = 'active'",
        process.load(Ordering::Relaxed)
    );
    assert_eq!(server.admin("postgres", &query).unwrap(), "0\n");
}

/// Handlers of axum must be `Send`.
#[tokio::test]
async fn operations_can_be_called_from_any_task() {
    let (database, _context) = fresh().await;
    let task = tokio::spawn(async move {
        let id = 2_i64;
        let found: i64 = database
            .run("find", |mut connection| async move {
                sqlx::query_scalar("SELECT balance FROM account WHERE id = $1")
                    .bind(id)
                    .fetch_one(&mut *connection)
                    .await
            })
            .await?;
        let changed = database
            .transaction("change", |mut connection| async move {
                sqlx::query("UPDATE account SET balance = $1 WHERE id = $2")
                    .bind(found + 1)
                    .bind(id)
                    .execute(&mut *connection)
                    .await
            })
            .await?;
        Ok::<_, DatabaseError>((found, changed.rows_affected()))
    });
    assert_eq!(task.await.unwrap().unwrap(), (100, 1));
}

/// PostgreSQL answers COMMIT with a silent ROLLBACK when a statement failed before.
#[tokio::test]
async fn work_that_ignores_an_error_is_not_taken_as_committed() {
    let (database, _context) = fresh().await;
    let ignored = database
        .transaction("careless", |mut connection| async move {
            add(&mut connection, 1).await?;
            let _ignored = sqlx::query("SELECT 1 / 0").execute(&mut *connection).await;
            Ok(())
        })
        .await;
    assert_eq!(
        ignored,
        Err(DatabaseError::Refused {
            sqlstate: "25P02".to_owned()
        })
    );
    assert_eq!(balance(&database, 1).await, 100);
}

#[tokio::test]
async fn an_operation_cannot_keep_its_connection() {
    let (database, _context) = fresh().await;
    let kept = database
        .transaction("keep", |connection| async move { Ok(connection) })
        .await;
    assert!(matches!(kept, Err(DatabaseError::Client(_))), "{kept:?}");
    drop(kept);
    all_returned(&database).await;
}
