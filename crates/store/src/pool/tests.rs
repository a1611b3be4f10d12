//! Servers that fall silent or take no changes, and connections that come back in the middle of something.

use evolve_runtime::metrics::Metrics;
use evolve_testkit::{TestDatabase, eventually, proxy::CountingProxy};

use std::time::Instant;

use super::*;
use crate::{Store, StoreConfig};

const SOON: Duration = Duration::from_secs(1);

fn store(url: &str, size: u32) -> Store {
    let soon = Limits { statement: SOON, transaction: SOON, check: SOON, release: SOON, ..Limits::default() };
    store_within(url, size, soon)
}

fn store_within(url: &str, size: u32, limits: Limits) -> Store {
    let key = fernet::Fernet::generate_key();
    let config = StoreConfig { database_url: url.into(), pool_size: size, encryption_key: key.as_str().into() };
    Store::connect_within(&config, &Metrics::new(), limits).unwrap()
}

/// Holds all connections of a store of this size at once, so that all of them are open.
async fn fill(store: &Store, size: u32) {
    let held = (0..size).map(|_| store.pool.acquire());
    let held: Result<Vec<_>, _> = futures::future::join_all(held).await.into_iter().collect();
    drop(held.unwrap());
}

#[tokio::test]
async fn connections_that_fell_silent_are_given_up_and_new_ones_serve() {
    let database = TestDatabase::migrated().await;
    let proxy = CountingProxy::postgres(database.url()).await.unwrap();
    let store = store(proxy.url(), 3);
    fill(&store, 3).await;
    eventually("all are free", async || store.pool.figures().in_use == 0 && store.pool.size() == 3).await;
    proxy.silence();
    let begun = Instant::now();
    let lost = store.ping().await.unwrap_err();
    assert!(lost.is_unavailable(), "{lost}");
    assert!(begun.elapsed() < Duration::from_secs(10), "it was waited for without end");
    eventually("it is served again", async || store.ping().await).await;
    // None of the places is lost.
    eventually("nothing is in use", async || store.pool.figures().in_use == 0).await;
    fill(&store, 3).await;
    store.close().await;
}

#[tokio::test]
async fn a_connection_that_fell_silent_before_it_was_given_back_loses_no_place() {
    let database = TestDatabase::migrated().await;
    let proxy = CountingProxy::postgres(database.url()).await.unwrap();
    let store = store(proxy.url(), 3);
    let held = futures::future::join_all((0..3).map(|_| store.pool.acquire())).await;
    let held: Vec<_> = held.into_iter().map(Result::unwrap).collect();
    proxy.silence();
    drop(held);
    eventually("nothing is in use", async || store.pool.figures().in_use == 0).await;
    fill(&store, 3).await;
    store.close().await;
}

#[tokio::test]
async fn who_waited_in_vain_is_lent_a_new_connection_next() {
    let database = TestDatabase::migrated().await;
    let proxy = CountingProxy::postgres(database.url()).await.unwrap();
    let store = store_within(proxy.url(), 3, Limits::default());
    fill(&store, 3).await;
    eventually("all are free", async || store.pool.figures().in_use == 0 && store.pool.size() == 3).await;
    proxy.silence();
    let begun = Instant::now();
    timeout(Duration::from_millis(200), store.ping()).await.unwrap_err();
    store.fell_silent();
    store.ping().await.unwrap();
    // The one that is waiting for what its caller has left is closed too.
    eventually("nothing is in use", async || store.pool.figures().in_use == 0).await;
    assert!(begun.elapsed() < Duration::from_secs(10), "a silent connection was lent again");
    store.close().await;
}

#[tokio::test]
async fn a_connection_that_answered_is_lent_again_without_a_question() {
    let database = TestDatabase::migrated().await;
    let proxy = CountingProxy::postgres(database.url()).await.unwrap();
    let store = store_within(proxy.url(), 3, Limits::default());
    store.ping().await.unwrap();
    proxy.reset();
    for _ in 0..3 {
        store.ping().await.unwrap();
    }
    store.pool.begin().await.unwrap().commit().await.unwrap();
    assert_eq!(proxy.round_trips(), 5, "{:#?}", proxy.statements());
    let figures = store.pool.figures();
    assert_eq!((figures.size, figures.in_use, figures.waiting), (1, 0, 0));
    store.close().await;
    assert_eq!(store.pool.size(), 0, "one was kept");
}

#[tokio::test]
async fn who_waits_has_the_connection_that_another_gives_back() {
    let database = TestDatabase::migrated().await;
    let store = store_within(database.url(), 1, Limits::default());
    let all = futures::future::join_all((0..50).map(|_| store.ping())).await;
    assert!(all.iter().all(Result::is_ok), "{all:?}");
    eventually("nobody has it", async || store.pool.figures().in_use == 0).await;
    store.close().await;
}

#[tokio::test]
async fn a_connection_that_rested_long_goes_back_to_be_looked_after() {
    let database = TestDatabase::migrated().await;
    let store = store_within(database.url(), 3, Limits { rest: Duration::ZERO, ..Limits::default() });
    store.ping().await.unwrap();
    assert_eq!((store.pool.num_idle(), store.pool.figures().in_use), (0, 0));
    store.pool.tidy();
    eventually("it is back", async || store.pool.num_idle() == 1).await;
    store.close().await;
}

#[tokio::test]
async fn connections_that_fell_silent_at_rest_hold_their_places_no_longer_than_a_check() {
    let database = TestDatabase::migrated().await;
    let proxy = CountingProxy::postgres(database.url()).await.unwrap();
    let limits = Limits { rest: Duration::ZERO, check: Duration::from_millis(100), ..Limits::default() };
    let store = store_within(proxy.url(), 3, limits);
    let all = futures::future::join_all((0..3).map(|_| store.ping())).await;
    assert!(all.iter().all(Result::is_ok), "{all:?}");
    proxy.silence();
    store.pool.tidy();
    // Whoever waited for a place any longer would be told that there is none.
    store.ping().await.unwrap();
    store.close().await;
}

#[tokio::test]
async fn a_transaction_for_which_nobody_waits_ends_when_postgres_falls_silent_in_it() {
    let database = TestDatabase::migrated().await;
    let proxy = CountingProxy::postgres(database.url()).await.unwrap();
    let store = store(proxy.url(), 3);
    let lost = store.pool.within(async {
        let mut transaction = store.pool.begin().await?;
        proxy.silence();
        sqlx::query("SELECT 1").execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(())
    });
    let lost = timeout(Duration::from_secs(10), lost).await.unwrap().unwrap_err();
    assert!(lost.is_unavailable(), "{lost}");
    eventually("nothing is in use", async || store.pool.figures().in_use == 0).await;
    store.close().await;
}

#[tokio::test]
async fn a_server_that_falls_silent_after_a_commit_costs_no_place() {
    let database = TestDatabase::migrated().await;
    let proxy = CountingProxy::postgres(database.url()).await.unwrap();
    let store = store(proxy.url(), 1);
    let transaction = store.pool.begin().await.unwrap();
    transaction.commit().await.unwrap();
    proxy.silence();
    // Whoever asks next finds out, and who asks after them is lent a new one.
    let lost = store.ping().await.unwrap_err();
    assert!(lost.is_unavailable(), "{lost}");
    store.ping().await.unwrap();
    store.close().await;
}

#[tokio::test]
async fn a_commit_that_nobody_answers_ends_and_its_place_is_free() {
    let database = TestDatabase::migrated().await;
    let proxy = CountingProxy::postgres(database.url()).await.unwrap();
    let store = store(proxy.url(), 1);
    let transaction = store.pool.begin().await.unwrap();
    proxy.silence();
    let lost = timeout(Duration::from_secs(10), transaction.commit()).await.unwrap().unwrap_err();
    assert!(StoreError::from(lost).is_unavailable());
    // It is closed there and then: who asks next has a connection of their own.
    store.ping().await.unwrap();
    store.close().await;
}

#[tokio::test]
async fn who_is_lent_a_connection_is_in_nobody_elses_transaction() {
    let database = TestDatabase::migrated().await;
    let proxy = CountingProxy::postgres(database.url()).await.unwrap();
    let store = store_within(proxy.url(), 1, Limits::default());
    fill(&store, 1).await;
    eventually("it is free", async || store.pool.figures().in_use == 0 && store.pool.size() == 1).await;
    // Its caller goes before Postgres has said that it has begun.
    proxy.stall();
    timeout(Duration::from_millis(100), store.pool.begin()).await.unwrap_err();
    proxy.restore();
    sqlx::query("CREATE TABLE written (n int)").execute(&store.pool).await.unwrap();
    let mut elsewhere = PgConnection::connect(database.url()).await.unwrap();
    let written = "SELECT count(*) FROM written";
    let count: (i64,) = sqlx::query_as(written).fetch_one(&mut elsewhere).await.unwrap();
    assert_eq!(count, (0,));
    // Its caller goes before it is committed.
    let mut transaction = store.pool.begin().await.unwrap();
    sqlx::query("INSERT INTO written VALUES (1)").execute(&mut *transaction).await.unwrap();
    drop(transaction);
    sqlx::query("INSERT INTO written VALUES (2), (3)").execute(&store.pool).await.unwrap();
    let count: (i64,) = sqlx::query_as(written).fetch_one(&mut elsewhere).await.unwrap();
    assert_eq!(count, (2,), "what was undone, or what was not");
    store.close().await;
}

#[tokio::test]
async fn connections_to_a_server_that_takes_no_changes_are_not_lent_again() {
    let database = TestDatabase::migrated().await;
    let mut sql = PgConnection::connect(database.url()).await.unwrap();
    let mut alter = async |change: &str| {
        let alter = format!("ALTER DATABASE {} {change}", database.name());
        sqlx::raw_sql(sqlx::AssertSqlSafe(alter)).execute(&mut sql).await.unwrap();
    };
    // What a session is told when it begins it keeps, as one does that leads to what was the primary.
    alter("SET default_transaction_read_only = on").await;
    let store = store(database.url(), 3);
    fill(&store, 3).await;
    let write = async || sqlx::query("CREATE TABLE IF NOT EXISTS written (n int)").execute(&store.pool).await;
    let refused = StoreError::from(write().await.unwrap_err());
    assert!(refused.is_unavailable(), "{refused}");
    assert!(matches!(store.ping().await, Err(StoreError::ReadOnly)));
    alter("RESET default_transaction_read_only").await;
    eventually("what can be written is written", write).await;
    eventually("none that cannot write is left", async || store.ping().await).await;
    store.pool.begin().await.unwrap().commit().await.unwrap();
}
