//! The proxies count what goes over the wire, and break it on demand.

use std::time::Duration;

use evolve_testkit::proxy::{CountingProxy, Lost};
use evolve_testkit::{TestDatabase, TestRedis, eventually};
use sqlx::{Connection, Executor, PgConnection, Row};

#[tokio::test]
async fn a_prepared_statement_is_one_round_trip_once_it_is_known() {
    let database = TestDatabase::empty().await;
    let proxy = CountingProxy::postgres(database.url()).await.unwrap();
    let mut session = PgConnection::connect(proxy.url()).await.unwrap();
    let question = || sqlx::query("SELECT $1::int + 1 AS next");
    question().bind(1).fetch_one(&mut session).await.unwrap();
    proxy.reset();
    let next: i32 = question().bind(41).fetch_one(&mut session).await.unwrap().get("next");
    assert_eq!(next, 42);
    assert_eq!((proxy.round_trips(), proxy.statements()), (1, vec!["SELECT $1::int + 1 AS next".to_owned()]));
    // int4, by its OID.
    assert_eq!(proxy.types_of("SELECT $1::int + 1 AS next"), Some(vec![23]));
    assert_eq!(proxy.types_of("SELECT 1"), None);
}

#[tokio::test]
async fn a_transaction_costs_a_round_trip_for_each_statement_and_its_ends() {
    let database = TestDatabase::empty().await;
    let proxy = CountingProxy::postgres(database.url()).await.unwrap();
    let mut session = PgConnection::connect(proxy.url()).await.unwrap();
    proxy.reset();
    let mut transaction = session.begin().await.unwrap();
    transaction.execute("CREATE TABLE t ()").await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(proxy.statements(), ["BEGIN", "CREATE TABLE t ()", "COMMIT"]);
    assert_eq!(proxy.round_trips(), 3);
}

#[tokio::test]
async fn a_pipeline_is_one_round_trip_and_all_of_its_commands() {
    let upstream = TestRedis::create().await;
    let proxy = CountingProxy::redis(upstream.url()).await.unwrap();
    let client = redis::Client::open(proxy.url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    proxy.reset();
    let (value, count): (String, i64) = redis::pipe()
        .cmd("SET")
        .arg("key")
        .arg("значение")
        .ignore()
        .cmd("GET")
        .arg("key")
        .cmd("INCR")
        .arg("count")
        .query_async(&mut connection)
        .await
        .unwrap();
    assert_eq!((value.as_str(), count), ("значение", 1));
    assert_eq!((proxy.round_trips(), proxy.statements()), (1, vec!["SET".into(), "GET".into(), "INCR".into()]));
    let _: i64 = redis::cmd("INCR").arg("count").query_async(&mut connection).await.unwrap();
    assert_eq!(proxy.round_trips(), 2);
}

#[tokio::test]
async fn a_cut_ends_open_connections_and_takes_new_ones() {
    let database = TestDatabase::empty().await;
    let proxy = CountingProxy::postgres(database.url()).await.unwrap();
    let mut session = PgConnection::connect(proxy.url()).await.unwrap();
    assert_eq!(proxy.connections(), 1);
    proxy.cut();
    assert!(session.execute("SELECT 1").await.is_err());
    PgConnection::connect(proxy.url()).await.unwrap().execute("SELECT 1").await.unwrap();
    eventually("the connections are gone", async || proxy.connections() == 0).await;
}

#[tokio::test]
async fn refused_connections_are_refused_until_they_are_restored() {
    let database = TestDatabase::empty().await;
    let proxy = CountingProxy::postgres(database.url()).await.unwrap();
    let mut session = PgConnection::connect(proxy.url()).await.unwrap();
    proxy.refuse();
    assert!(session.execute("SELECT 1").await.is_err());
    let refused = async || match PgConnection::connect(proxy.url()).await {
        Err(sqlx::Error::Io(error)) => error.kind() == std::io::ErrorKind::ConnectionRefused,
        _ => false,
    };
    eventually("nothing listens any more", refused).await;
    proxy.restore();
    eventually("connections are taken again", async || PgConnection::connect(proxy.url()).await).await;
}

#[tokio::test]
async fn a_stalled_connection_goes_on_where_it_was() {
    let database = TestDatabase::empty().await;
    let proxy = CountingProxy::postgres(database.url()).await.unwrap();
    let mut session = PgConnection::connect(proxy.url()).await.unwrap();
    proxy.stall();
    let mut answer = Box::pin(session.execute("SELECT 1"));
    assert!(tokio::time::timeout(Duration::from_millis(100), &mut answer).await.is_err());
    proxy.restore();
    answer.await.unwrap();
}

#[tokio::test]
async fn a_connection_falls_silent_at_the_round_trip_that_was_named_with_or_without_its_effect() {
    let database = TestDatabase::empty().await;
    let proxy = CountingProxy::postgres(database.url()).await.unwrap();
    let mut around = PgConnection::connect(database.url()).await.unwrap();
    around.execute("CREATE TABLE said (word text)").await.unwrap();
    for (lost, words) in [(Lost::Request, 1), (Lost::Answer, 3)] {
        let mut session = PgConnection::connect(proxy.url()).await.unwrap();
        let silence = proxy.silence_at(2, lost);
        session.execute("INSERT INTO said VALUES ('heard')").await.unwrap();
        let second = session.execute("INSERT INTO said VALUES ('unheard')");
        tokio::select! {
            answered = second => panic!("it was answered: {answered:?}"),
            () = silence => {}
        }
        let said = "SELECT count(*) FROM said";
        let count = async |around: &mut PgConnection| around.fetch_one(said).await.unwrap().get::<i64, _>(0);
        eventually("what was heard took effect", async || count(&mut around).await == words).await;
    }
}
