use std::collections::HashMap;
use std::time::Duration;

use futures::FutureExt;
use futures::future::{join, join_all};

use super::{Connection, Lookup};
use crate::Context;
use crate::postgres::tests::{context, exposition, fresh, settings, started};
use crate::postgres::{Database, DatabaseError};
use crate::testing::Postgres;

/// The query for this account takes its time, as on a connection that is dead.
const SLOW: i64 = 2;

async fn balances(mut connection: Connection, mut ids: Vec<i64>) -> Result<HashMap<i64, i64>, sqlx::Error> {
    if ids.contains(&SLOW) {
        sqlx::query("SELECT pg_sleep(0.3)")
            .execute(&mut *connection)
            .await?;
    }
    ids.sort_unstable();
    assert!(ids.is_sorted_by(|a, b| a < b), "each comes once: {ids:?}");
    let select = sqlx::query_as("SELECT id, balance FROM account WHERE id = ANY ($1)").bind(ids);
    Ok(select.fetch_all(&mut *connection).await?.into_iter().collect())
}

fn lookup(database: Database) -> Lookup<i64, i64> {
    Lookup::start(database, "find_balance", |connection, ids| {
        balances(connection, ids).boxed()
    })
}

/// How many queries there were.
fn queries(context: &Context) -> u64 {
    let text = exposition(context);
    let count = "db_client_operation_duration_seconds_count{db_operation_name=\"find_balance\"";
    let counts = text.lines().filter(|line| line.starts_with(count));
    counts
        .map(|line| line.rsplit_once(' ').unwrap().1.parse::<u64>().unwrap())
        .sum()
}

#[tokio::test]
async fn those_who_ask_at_the_same_time_share_a_query_and_each_gets_what_they_asked_for() {
    let (database, context) = fresh().await;
    let lookup = lookup(database);
    let ids = (0..600).map(|number| [1, -1, 7][number % 3]);
    let answers = join_all(ids.map(async |id| (id, lookup.find(id).await.unwrap()))).await;
    for (id, found) in answers {
        assert_eq!(found, (id == 1).then_some(100), "{id}");
    }
    let queries = queries(&context);
    assert!((3..=12).contains(&queries), "{queries} queries for 600");
}

#[tokio::test]
async fn a_query_that_hangs_does_not_keep_the_others_waiting() {
    let (database, _) = fresh().await;
    let lookup = lookup(database);
    let mut slow = Box::pin(lookup.find(SLOW));
    assert!((&mut slow).now_or_never().is_none());
    tokio::task::yield_now().await;
    for _ in 0..3 {
        assert_eq!(lookup.find(1).await, Ok(Some(100)));
        assert!((&mut slow).now_or_never().is_none());
    }
    assert_eq!(slow.await, Ok(Some(100)));
}

#[tokio::test]
async fn who_gives_up_leaves_the_answer_to_the_others() {
    let (database, _) = fresh().await;
    let lookup = lookup(database);
    let gives_up = async { lookup.find(SLOW).now_or_never() };
    let (first, second) = join(gives_up, lookup.find(SLOW)).await;
    assert_eq!((first, second), (None, Ok(Some(100))));
}

#[tokio::test]
async fn without_a_database_all_are_told() {
    let server = Postgres::start().unwrap();
    let context = context();
    let mut settings = settings(&server);
    settings.acquire_timeout = Duration::from_millis(300);
    let lookup = lookup(started(&settings, &context).await);
    server.stop().unwrap();
    for answer in join_all((0..8).map(|id| lookup.find(id))).await {
        assert!(matches!(answer, Err(DatabaseError::Unavailable(_))), "{answer:?}");
    }
    server.restart().unwrap();
    while lookup.find(1).await != Ok(Some(100)) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
