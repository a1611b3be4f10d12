//! The private servers: they start, keep tests apart, survive what a test does to them, and never outlive their holder.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use evolve_testkit::postgres::{Durability, PostgresOptions, PostgresServer};
use evolve_testkit::process::{free_port, is_alive};
use evolve_testkit::redis::{RedisOptions, RedisServer};
use evolve_testkit::{OwnPostgres, OwnRedis, TestDatabase, TestRedis, eventually};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use sqlx::{Connection, Executor, PgConnection, Row};

async fn connect(url: &str) -> PgConnection {
    PgConnection::connect(url).await.unwrap()
}

async fn redis_command(url: &str, words: &[&str]) -> redis::RedisResult<Option<String>> {
    let client = redis::Client::open(url).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await?;
    let mut command = redis::cmd(words[0]);
    words[1..].iter().for_each(|word| {
        command.arg(*word);
    });
    command.query_async(&mut connection).await
}

#[test]
fn a_free_port_is_told_to_one_alone_and_the_system_gives_it_to_nobody() {
    let told: BTreeSet<u16> = (0..50).map(|_| free_port().unwrap()).collect();
    assert_eq!(told.len(), 50, "two were told of one port: {told:?}");
    // Where Linux begins to give them away, and others later.
    assert!(told.iter().all(|port| *port < 32_768), "{told:?}");
}

#[tokio::test]
async fn two_databases_of_one_server_do_not_see_each_other() {
    let (one, two) = tokio::join!(TestDatabase::empty(), TestDatabase::empty());
    assert_ne!(one.url(), two.url());
    let mut first = connect(one.url()).await;
    first.execute("CREATE TABLE mine (id int)").await.unwrap();
    let tables = "SELECT count(*) FROM pg_tables WHERE tablename = 'mine'";
    assert_eq!(first.fetch_one(tables).await.unwrap().get::<i64, _>(0), 1);
    assert_eq!(connect(two.url()).await.fetch_one(tables).await.unwrap().get::<i64, _>(0), 0);
}

#[tokio::test]
async fn a_migrated_database_has_the_tables_of_the_workspace_and_no_rows() {
    let database = TestDatabase::migrated().await;
    let people: i64 = sqlx::query_scalar("SELECT count(*) FROM users").fetch_one(&database.pool()).await.unwrap();
    assert_eq!(people, 0);
    let when = "SELECT max(installed_on)::text FROM _sqlx_migrations";
    let another = TestDatabase::migrated().await;
    let times = [database, another].map(|database| async move {
        sqlx::query_scalar::<_, String>(when).fetch_one(&database.pool()).await.unwrap()
    });
    let [first, second] = times;
    assert_eq!(first.await, second.await, "both are copies of one template, which was migrated once");
}

#[tokio::test]
async fn a_private_postgres_folds_russian_letters() {
    let database = TestDatabase::empty().await;
    let query = "SELECT to_tsvector('russian', 'КОШКАМИ') @@ to_tsquery('russian', 'кошка')";
    assert!(connect(database.url()).await.fetch_one(query).await.unwrap().get::<bool, _>(0));
}

#[tokio::test]
async fn two_databases_of_one_redis_do_not_see_each_other() {
    let (one, two) = (TestRedis::create().await, TestRedis::create().await);
    redis_command(one.url(), &["SET", "key", "value"]).await.unwrap();
    assert_eq!(redis_command(one.url(), &["GET", "key"]).await.unwrap().as_deref(), Some("value"));
    assert_eq!(redis_command(two.url(), &["GET", "key"]).await.unwrap(), None);
}

#[tokio::test]
async fn a_killed_postgres_comes_back_on_the_same_port_with_what_was_committed() {
    let mut own = OwnPostgres::start().unwrap();
    let mut session = connect(&own.url()).await;
    session.execute("CREATE TABLE kept AS SELECT 7 AS n").await.unwrap();
    own.kill().unwrap();
    assert!(session.execute("SELECT 1").await.is_err(), "the session died with the server");
    assert!(PgConnection::connect(&own.url()).await.is_err(), "connections are refused");
    own.start_again().unwrap();
    let row = connect(&own.url()).await.fetch_one("SELECT n FROM kept").await.unwrap();
    assert_eq!(row.get::<i32, _>(0), 7);
    own.stop().unwrap();
    own.start_again().unwrap();
    connect(&own.url()).await.fetch_one("SELECT n FROM kept").await.unwrap();
}

#[tokio::test]
async fn a_frozen_postgres_answers_nothing_until_it_is_thawed() {
    let mut own = OwnPostgres::start().unwrap();
    let mut session = connect(&own.url()).await;
    own.freeze();
    let mut answer = Box::pin(session.fetch_one("SELECT 1"));
    assert!(tokio::time::timeout(Duration::from_millis(100), &mut answer).await.is_err(), "it is frozen");
    own.thaw();
    answer.await.unwrap();
}

#[tokio::test]
async fn a_redis_can_be_killed_frozen_and_started_again() {
    let mut own = OwnRedis::start().unwrap();
    let url = own.url();
    redis_command(&url, &["SET", "key", "value"]).await.unwrap();
    own.freeze();
    let mut answer = Box::pin(redis_command(&url, &["GET", "key"]));
    assert!(tokio::time::timeout(Duration::from_millis(100), &mut answer).await.is_err(), "it is frozen");
    own.thaw();
    assert!(answer.await.is_ok());
    own.kill().unwrap();
    assert!(redis_command(&url, &["GET", "key"]).await.is_err(), "connections are refused");
    own.start_again().unwrap();
    assert_eq!(redis_command(&url, &["GET", "key"]).await.unwrap(), None, "a cache forgets");
}

#[tokio::test]
async fn lasting_servers_keep_their_data_and_want_their_password() {
    let home = tempfile::Builder::new().prefix("evolve-lasting-").tempdir().unwrap();
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o711);
    std::fs::set_permissions(home.path(), open).unwrap();
    let postgres = PostgresOptions {
        data: home.path().join("postgres"),
        log: home.path().join("postgres.log"),
        password: Some("s3cret".to_owned()),
        port: None,
        durability: Durability::PowerCut,
        tls: None,
        remove: None,
    };
    let redis = RedisOptions {
        data: home.path().join("redis"),
        log: home.path().join("redis.log"),
        password: Some("s3cret".to_owned()),
        port: None,
        throwaway: false,
        tls: None,
        remove: None,
    };
    let servers = (PostgresServer::start(&postgres).unwrap(), RedisServer::start(&redis).unwrap());
    connect(&servers.0.url()).await.execute("CREATE TABLE kept ()").await.unwrap();
    redis_command(&servers.1.url(), &["SET", "key", "value"]).await.unwrap();
    let stranger = servers.0.url().replace(":s3cret", "");
    assert!(PgConnection::connect(&stranger).await.is_err(), "Postgres lets nobody in without the password");
    let stranger = servers.1.url().replace(":s3cret@", "");
    assert!(redis_command(&stranger, &["GET", "key"]).await.is_err(), "nor does Redis");
    let pids = (servers.0.process().pid(), servers.1.process().pid());
    servers.0.stop().unwrap();
    servers.1.stop().unwrap();
    assert!(!is_alive(pids.0) && !is_alive(pids.1), "stop waits for the end");

    let servers = (PostgresServer::start(&postgres).unwrap(), RedisServer::start(&redis).unwrap());
    connect(&servers.0.url()).await.execute("SELECT * FROM kept").await.unwrap();
    assert_eq!(redis_command(&servers.1.url(), &["GET", "key"]).await.unwrap().as_deref(), Some("value"));
    servers.0.stop().unwrap();
    servers.1.stop().unwrap();
}

#[test]
fn a_server_that_cannot_start_says_so_with_its_own_words() {
    let busy = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let home = tempfile::Builder::new().prefix("evolve-busy-").tempdir().unwrap();
    std::fs::set_permissions(home.path(), std::os::unix::fs::PermissionsExt::from_mode(0o711)).unwrap();
    let result = PostgresServer::start(&PostgresOptions {
        data: home.path().join("postgres"),
        log: home.path().join("postgres.log"),
        password: None,
        port: Some(busy.local_addr().unwrap().port()),
        durability: Durability::Nothing,
        tls: None,
        remove: None,
    });
    let message = result.err().unwrap().to_string();
    assert!(message.contains("Postgres ended during start-up"), "{message}");
    assert!(message.contains("Address already in use"), "{message}");
}

/// What [`hold_servers_until_killed`] told about its servers.
struct Held {
    pids: Vec<i32>,
    directories: Vec<PathBuf>,
}

fn start_holder() -> (std::process::Child, Held) {
    let mut holder = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "servers::hold_servers_until_killed", "--nocapture"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut held = Held { pids: Vec::new(), directories: Vec::new() };
    for line in BufReader::new(holder.stdout.take().unwrap()).lines().map(Result::unwrap) {
        // The test runner prints the name of the test on the same line as its first output.
        if let Some((_, pid)) = line.split_once("holder-pid ") {
            held.pids.push(pid.parse().unwrap());
        } else if let Some((_, path)) = line.split_once("holder-directory ") {
            held.directories.push(path.into());
        } else if line == "holder-ready" {
            break;
        }
    }
    (holder, held)
}

#[test]
#[ignore = "a helper process of the test below"]
fn hold_servers_until_killed() {
    let mut frozen = OwnPostgres::start().unwrap();
    let frozen_pid = std::fs::read_to_string(frozen.directory().join("data/postmaster.pid")).unwrap();
    println!("\nholder-pid {}", frozen_pid.lines().next().unwrap());
    println!("holder-directory {}", frozen.directory().display());
    frozen.freeze();
    let postgres = evolve_testkit::database::shared().unwrap();
    let redis = evolve_testkit::redis::shared().unwrap();
    println!("holder-pid {}", postgres.process().pid());
    println!("holder-pid {}", redis.process().pid());
    for log in [postgres.process().log(), redis.process().log()] {
        println!("holder-directory {}", log.parent().unwrap().display());
    }
    println!("holder-ready");
    let parent = nix::unistd::getppid();
    while nix::unistd::getppid() == parent {
        std::thread::park_timeout(Duration::from_secs(1));
    }
}

#[tokio::test]
async fn a_holder_killed_with_sigkill_leaves_no_server_and_no_directory_behind() {
    let (mut holder, held) = start_holder();
    assert_eq!((held.pids.len(), held.directories.len()), (3, 3));
    assert!(held.pids.iter().all(|pid| is_alive(*pid)), "they run while their holder does");
    assert!(held.directories.iter().all(|path| path.exists()));
    kill(Pid::from_raw(i32::try_from(holder.id()).unwrap()), Signal::SIGKILL).unwrap();
    holder.wait().unwrap();
    let start = Instant::now();
    eventually("no server is left", async || !held.pids.iter().any(|pid| is_alive(*pid))).await;
    eventually("no directory is left", async || !held.directories.iter().any(|path| path.exists())).await;
    assert!(
        start.elapsed() < Duration::from_secs(10),
        "a clean stop, not the kill at the limit: {:?}",
        start.elapsed()
    );
}
