//! What the replicas share: one PostgreSQL and one Redis for all tests, a database of each for every test.

use std::sync::Arc;

use service_kit::testing::{Postgres, PostgresOptions, Redis, Shared};

use crate::cluster::Cluster;

static POSTGRES: Shared<Postgres> = Shared::new();
static REDIS: Shared<Redis> = Shared::new();

pub(crate) const REPLICAS: usize = 3;

/// Room for the connections of all tests at once.
pub(crate) const fn options() -> PostgresOptions<'static> {
    PostgresOptions {
        settings: &["max_connections=400"],
        tls: None,
    }
}

/// Three replicas with these settings over a database of their own; of a server that no test takes away.
pub(crate) async fn cluster(settings: &[(&str, String)]) -> Cluster {
    cluster_of(settings, vec![Vec::new(); REPLICAS]).await
}

/// The same with replicas that have settings of their own.
pub(crate) async fn cluster_of(
    settings: &[(&str, String)],
    own: Vec<Vec<(&'static str, String)>>,
) -> Cluster {
    let databases = empty_databases().await;
    let patience = [
        // Where nothing is to fail, a slow machine is no reason to.
        ("DATABASE_ACQUIRE_TIMEOUT", "20s".to_owned()),
        ("DATABASE_STATEMENT_TIMEOUT", "20s".to_owned()),
        ("REDIS_TIMEOUT", "500ms".to_owned()),
    ];
    Cluster::start(&[&databases, patience.as_slice(), settings].concat(), own).await
}

/// Settings for databases that nobody has used.
pub(crate) async fn empty_databases() -> [(&'static str, String); 2] {
    let started = tokio::task::spawn_blocking(|| {
        let postgres: Arc<Postgres> = POSTGRES.get(|| Postgres::start_with(options())).unwrap();
        let redis: Arc<Redis> = REDIS.get(Redis::start).unwrap();
        (postgres.database().unwrap(), redis.database())
    });
    let (postgres, redis) = started.await.unwrap();
    [("DATABASE_URL", postgres), ("REDIS_URL", redis)]
}
