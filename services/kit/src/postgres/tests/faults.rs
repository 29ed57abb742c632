//! A service and its database, which fails in every way it can: the service answers in bounded time, says what is
//! wrong, stays alive, and recovers without a restart.

use axum::extract::State;
use http::header::CONTENT_TYPE;
use serde_json::Value;
use sqlx::{ConnectOptions, PgConnection};

use super::*;
use crate::routing::get;
use crate::testing::{PostgresOptions, SmallVolume, TestServer, server_config, telemetry_config};
use crate::{BuildInfo, Routes, Service, ServiceInfo, error::Problem};

/// Longer than anything here may take: a limit against hanging, not a measurement.
const PATIENCE: Duration = Duration::from_secs(20);

const INFO: ServiceInfo = ServiceInfo {
    build: BuildInfo {
        service: "demo",
        version: "1.2.3",
    },
    about: "A service for tests",
    metrics_prefix: "demo",
    default_port: 0,
    frameworks: "HIPAA",
    data_classification: "test",
};

struct App {
    server: TestServer,
    postgres: Postgres,
    database: Database,
    client: reqwest::Client,
}

async fn first_balance(State(database): State<Database>) -> Result<String, Problem> {
    let read = |mut connection: Connection| async move {
        sqlx::query_scalar::<_, i64>("SELECT balance FROM account WHERE id = 1")
            .fetch_one(&mut *connection)
            .await
    };
    Ok(database.run("first_balance", read).await?.to_string())
}

async fn sleep(State(database): State<Database>) -> Result<(), Problem> {
    let sleep = |mut connection: Connection| async move {
        sqlx::query("SELECT pg_sleep(60)")
            .execute(&mut *connection)
            .await
            .map(drop)
    };
    Ok(database.run("sleep", sleep).await?)
}

/// Short times, so that failures show soon.
fn impatient(postgres: &Postgres) -> DatabaseSettings {
    let mut settings = settings(postgres);
    settings.max_connections = 3;
    settings.acquire_timeout = Duration::from_millis(300);
    settings.statement_timeout = Duration::from_millis(500);
    settings
}

impl App {
    async fn start(options: PostgresOptions<'_>) -> Self {
        let postgres = Postgres::start_with(options).unwrap();
        let settings = impatient(&postgres);
        Self::with(postgres, settings).await
    }

    async fn with(postgres: Postgres, settings: DatabaseSettings) -> Self {
        let mut database = None;
        let build = |context: &Context| {
            let started = Database::start(&settings, SCHEMA, context)?;
            database = Some(started.clone());
            Ok(Service {
                checks: vec![started.check()],
                routes: Routes::new()
                    .public("/balance", get(first_balance))
                    .public("/sleep", get(sleep))
                    .with_state(started),
                ..Service::default()
            })
        };
        let clock = Clock::fixed("2026-11-21T12:00:00Z".parse().unwrap());
        let server = TestServer::start_with(&INFO, clock, &server_config(), &telemetry_config(), build)
            .await
            .unwrap();
        let client = reqwest::Client::builder().timeout(PATIENCE).build().unwrap();
        Self {
            server,
            postgres,
            database: database.unwrap(),
            client,
        }
    }

    async fn get(&self, path: &str) -> (u16, String) {
        let response = self.client.get(self.server.url(path)).send().await.unwrap();
        let status = response.status().as_u16();
        if status >= 400 && !path.contains("read") {
            assert_eq!(
                response.headers()[CONTENT_TYPE],
                "application/problem+json",
                "{path}"
            );
        }
        (status, response.text().await.unwrap())
    }

    /// Waits until the service is ready and its route answers.
    async fn recovered(&self) {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let (readiness, balance) = (self.get("/readiness").await, self.get("/balance").await);
            if readiness.0 == 200 && balance == (200, "100".to_owned()) {
                break;
            }
            assert!(
                tokio::time::Instant::now() < deadline,
                "{readiness:?} {balance:?}"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        all_returned(&self.database).await;
        assert!(
            self.database.0.pool.size() <= self.database.settings().max_connections,
            "{:?}",
            self.database.0.pool
        );
        self.says_status("UP").await;
    }

    /// Ten requests at once get a 503 that says `code`; the process is alive, and readiness says `cause`.
    async fn suffers(&self, code: &str, cause: &str) {
        let requests = (0..10).map(|_| self.get("/balance"));
        for (status, body) in futures::future::join_all(requests).await {
            let problem: Value = serde_json::from_str(&body).unwrap();
            assert_eq!((status, problem["code"].as_str()), (503, Some(code)), "{body}");
        }
        assert_eq!(self.get("/health/live").await.0, 200);
        let statuses = self.readiness_says(&[cause]).await;
        assert!(statuses.iter().all(|status| *status == 503), "{statuses:?}");
        self.says_status("DOWN").await;
        let metrics = self.server.metrics().unwrap();
        assert!(
            metrics.contains(r#"health_check_status{check="database"} 0"#),
            "{metrics}"
        );
    }

    /// Waits until readiness is degraded and says `cause`.
    async fn degrades(&self, cause: &str) {
        let statuses = self.readiness_says(&["degraded", cause]).await;
        assert_eq!(statuses.last(), Some(&200));
    }

    /// Waits until readiness says all of this, and gives the status of every answer until then: on a busy machine a check may
    /// run into its time limit before it learns more.
    async fn readiness_says(&self, words: &[&str]) -> Vec<u16> {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        let mut statuses = Vec::new();
        loop {
            let (status, body) = self.get("/readiness").await;
            statuses.push(status);
            if words.iter().all(|word| body.contains(word)) {
                return statuses;
            }
            assert!(tokio::time::Instant::now() < deadline, "{status} {body}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn says_status(&self, expected: &str) {
        let (_, body) = self.get("/health/ready").await;
        let report: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(report["status"], expected, "{body}");
    }
}

#[tokio::test]
async fn a_database_that_is_stopped_or_killed_and_started_again() {
    let app = App::start(PostgresOptions::default()).await;
    app.recovered().await;
    for end in [Postgres::stop, Postgres::kill] {
        end(&app.postgres).unwrap();
        app.suffers("unavailable", "connection refused").await;
        app.postgres.restart().unwrap();
        app.recovered().await;
    }
    let logs = app.server.logs.text();
    assert!(logs.contains("the database is not available"), "{logs}");
}

#[tokio::test]
async fn a_service_that_starts_before_its_database() {
    let postgres = Postgres::start().unwrap();
    let settings = impatient(&postgres);
    postgres.stop().unwrap();
    let app = App::with(postgres, settings).await;
    app.suffers("unavailable", "connection refused").await;
    app.postgres.restart().unwrap();
    app.recovered().await;
}

/// Connections stay open and nothing answers: nothing but our own limits ends the wait.
#[tokio::test]
async fn a_database_that_is_frozen() {
    let app = App::start(PostgresOptions::default()).await;
    app.recovered().await;
    app.postgres.pause().unwrap();
    let first: Vec<_> = futures::future::join_all((0..3).map(|_| app.get("/balance"))).await;
    assert!(first.iter().all(|(status, _)| *status == 503), "{first:?}");
    app.suffers("unavailable", "does not answer").await;
    app.postgres.resume().unwrap();
    app.recovered().await;
}

#[tokio::test]
async fn a_table_that_is_locked() {
    let app = App::start(PostgresOptions::default()).await;
    app.recovered().await;
    let mut other = direct(&app).await;
    sqlx::raw_sql("BEGIN; LOCK TABLE account IN ACCESS EXCLUSIVE MODE")
        .execute(&mut other)
        .await
        .unwrap();
    let (status, body) = app.get("/balance").await;
    assert!(
        status == 503 && body.contains(r#""code":"timeout""#),
        "{status} {body}"
    );
    // The database is well: sending requests elsewhere would help nobody.
    assert_eq!(app.get("/readiness").await.0, 200);
    sqlx::raw_sql("ROLLBACK").execute(&mut other).await.unwrap();
    app.recovered().await;
}

async fn direct(app: &App) -> PgConnection {
    app.database.settings().connect_options().connect().await.unwrap()
}

/// Three of the six places are kept for superusers.
#[tokio::test]
async fn a_server_without_a_free_connection() {
    let options = PostgresOptions {
        settings: &[
            "max_connections=6",
            "superuser_reserved_connections=3",
            "max_wal_senders=0",
        ],
        ..PostgresOptions::default()
    };
    let app = App::start(options).await;
    app.recovered().await;
    // Also those of the pool, which others take at once.
    app.postgres.restart_sessions();
    let mut others = Vec::new();
    while others.len() < 3 {
        if let Ok(other) = app.database.settings().connect_options().connect().await {
            others.push(other);
        }
    }
    app.suffers("unavailable", "no free connection").await;
    drop(others);
    app.recovered().await;
}

impl Postgres {
    fn restart_sessions(&self) {
        let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app'";
        self.admin("postgres", end).unwrap();
    }

    fn cancel_statements(&self) {
        let cancel =
            "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE usename = 'app' AND state = 'active'";
        self.admin("postgres", cancel).unwrap();
    }
}

/// The pool is this process's own limit: others may still be served, so that the check is degraded.
#[tokio::test]
async fn a_pool_that_is_exhausted() {
    let postgres = Postgres::start().unwrap();
    let mut settings = impatient(&postgres);
    settings.acquire_timeout = Duration::from_secs(2);
    settings.statement_timeout = PATIENCE;
    let app = App::with(postgres, settings).await;
    app.recovered().await;
    let stuck = futures::future::join_all((0..3).map(|_| app.get("/sleep")));
    let others = async {
        while metrics::usage(&app.database.0.pool).0 < 3 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let ((status, body), ()) = tokio::join!(app.get("/balance"), app.degrades("all 3 connections"));
        assert!(
            status == 503 && body.contains(r#""code":"unavailable""#),
            "{status} {body}"
        );
        app.postgres.cancel_statements();
    };
    let (stuck, ()) = tokio::join!(stuck, others);
    assert!(stuck.iter().all(|(status, _)| *status == 503), "{stuck:?}");
    let metrics = app.server.metrics().unwrap();
    assert!(
        metrics.contains("db_client_connection_timeouts_total 1"),
        "{metrics}"
    );
    assert!(metrics.contains(r#"error_type="pool_exhausted"} 1"#), "{metrics}");
    app.recovered().await;
}

/// A label of 64 characters is no host name, whichever name server is asked.
#[tokio::test]
async fn a_host_name_that_is_not_found() {
    let postgres = Postgres::start().unwrap();
    let url = format!("postgres://u:SECRET@{}.invalid/d", "x".repeat(64));
    let app = App::with(postgres, DatabaseSettings::of(&url.into()).unwrap()).await;
    app.suffers("unavailable", "host name is not found").await;
    assert!(!app.server.logs.text().contains("SECRET"));
}

#[tokio::test]
async fn a_password_that_is_changed() {
    let postgres = Postgres::start().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("url");
    let old = postgres.database().unwrap();
    std::fs::write(&file, &old).unwrap();
    let mut settings = DatabaseSettings::from_file(&file).unwrap();
    settings.max_connections = 3;
    settings.acquire_timeout = Duration::from_millis(300);
    let app = App::with(postgres, settings).await;
    app.recovered().await;
    app.postgres
        .admin("postgres", "ALTER ROLE app PASSWORD 'another-one'")
        .unwrap();
    app.postgres.restart_sessions();
    app.suffers("unavailable", "SQLSTATE 28P01").await;
    let (user, rest) = (old.split_once(':').unwrap().1, old.split_once('@').unwrap().1);
    let role = user.split_once(':').unwrap().0;
    std::fs::write(&file, format!("postgres:{role}:another-one@{rest}")).unwrap();
    app.recovered().await;
    assert!(!app.server.logs.text().contains("another-one"));
}

/// The account's table lies on a volume of a few megabytes.
#[tokio::test]
async fn a_disk_that_is_full() {
    let volume = SmallVolume::new("4m").unwrap();
    let app = App::start(PostgresOptions::default()).await;
    app.recovered().await;
    let name = app.database.settings().database().to_owned();
    let place = format!("CREATE TABLESPACE small LOCATION '{}'", volume.path().display());
    app.postgres.admin("postgres", &place).unwrap();
    let fillable = "CREATE TABLE filler (text text) TABLESPACE small; GRANT ALL ON filler TO app";
    app.postgres.admin(&name, fillable).unwrap();
    let write = |mut connection: Connection| async move {
        let rows = "INSERT INTO filler SELECT repeat(md5(random()::text), 30) FROM generate_series(1, 500)";
        sqlx::query(rows).execute(&mut *connection).await
    };
    let full = Some(DatabaseError::Unavailable(Unavailable::DiskFull));
    let mut error = None;
    for _ in 0..100 {
        // On a busy machine a write may run into its time limit before the disk is full.
        error = app.database.run("fill", write).await.err();
        if error == full {
            break;
        }
    }
    assert_eq!(error, full);
    assert_eq!(crate::error::Problem::from(error.unwrap()).code.status(), 503);
    app.degrades("the disk of the server is full").await;
    assert_eq!(app.get("/balance").await, (200, "100".to_owned()));
    app.postgres.admin(&name, "DROP TABLE filler").unwrap();
    app.postgres.admin(&name, fillable).unwrap();
    app.database.run("fill", write).await.unwrap();
}
