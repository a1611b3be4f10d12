//! Whom Postgres and Redis are believed to be: real servers that speak TLS, with certificates that we made.

use std::{path::Path, time::Duration};

use evolve_runtime::{config::Reader, metrics::Metrics};
use evolve_store::{
    StoreConfig,
    redis::{Redis, RedisConfig, RedisError},
};
use evolve_testkit::{
    account::Account,
    postgres::{Durability, PostgresOptions, PostgresServer},
    redis::{RedisOptions, RedisServer},
    tls::{Certificates, ServerTls},
};
use sqlx::PgPool;
use tempfile::TempDir;

use crate::support::store;

/// A directory that the servers' account can reach.
fn home() -> TempDir {
    let home = tempfile::Builder::new().prefix("evolve-tls-").tempdir().unwrap();
    std::fs::set_permissions(home.path(), std::os::unix::fs::PermissionsExt::from_mode(0o711)).unwrap();
    assert!(Account::for_servers().unwrap().can_reach(home.path()));
    home
}

fn postgres(home: &Path, tls: ServerTls) -> PostgresServer {
    PostgresServer::start(&PostgresOptions {
        data: home.join("data"),
        log: home.join("postgres.log"),
        password: None,
        port: None,
        durability: Durability::Nothing,
        tls: Some(tls),
        remove: None,
    })
    .unwrap()
}

fn redis_server(home: &Path, tls: ServerTls) -> RedisServer {
    let options = RedisOptions {
        data: home.join("data"),
        log: home.join("redis.log"),
        password: None,
        port: None,
        throwaway: true,
        tls: Some(tls),
        remove: None,
    };
    RedisServer::start(&options).unwrap()
}

/// Away from the test's runtime: what starts servers blocks.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap()
}

#[tokio::test]
async fn postgres_is_believed_by_its_authority_alone() {
    let home = home();
    let ours = Certificates::make("ours", "127.0.0.1").unwrap();
    let others = Certificates::make("others", "127.0.0.1").unwrap();
    let (path, tls) = (home.path().to_owned(), ours.server(false));
    let server = blocking(move || postgres(&path, tls)).await;
    let key = fernet::Fernet::generate_key();
    let url = |mode: &str, of: &Certificates| {
        format!("{}?sslmode={mode}&sslrootcert={}", server.url(), of.server(false).authority.display())
    };

    store(&url("verify-full", &ours), &key).ping().await.unwrap();
    let pool = PgPool::connect(&url("verify-full", &ours)).await.unwrap();
    let question = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    let (is_encrypted,): (bool,) = sqlx::query_as(question).fetch_one(&pool).await.unwrap();
    assert!(is_encrypted);

    let refused = store(&url("verify-full", &others), &key).ping().await.unwrap_err();
    assert!(refused.is_unavailable(), "somebody may be mending it: {refused}");
    let text = refused.to_string();
    assert!(text.contains("invalid peer certificate") && text.contains("sslrootcert in DATABASE_URL"), "{text}");
    let nobody = format!("{}?sslmode=verify-full", server.url());
    let refused = store(&nobody, &key).ping().await.unwrap_err().to_string();
    assert!(refused.contains("invalid peer certificate"), "no CA of the world signed it: {refused}");
    pool.close().await;
    server.stop().unwrap();
}

#[tokio::test]
async fn redis_is_believed_by_its_authority_and_under_its_name_alone() {
    let homes = [home(), home()];
    let ours = Certificates::make("ours", "127.0.0.1").unwrap();
    let others = Certificates::make("others", "127.0.0.1").unwrap();
    let elsewhere = Certificates::make("elsewhere", "redis.example.org").unwrap();
    let paths = homes.each_ref().map(|home| home.path().to_owned());
    let (tls, strangers) = (ours.server(true), elsewhere.server(false));
    let [path, another] = paths;
    let servers = blocking(move || [redis_server(&path, tls), redis_server(&another, strangers)]).await;
    let [url, misnamed] = servers.each_ref().map(|server| format!("rediss://127.0.0.1:{}", server.tls_port().unwrap()));
    let ping = async |url: &str, ca: &Certificates, shows: Option<&Certificates>| {
        let config = RedisConfig {
            url: Some(url.into()),
            timeout: Duration::from_secs(10),
            ca: Some(ca.authority.clone()),
            identity: shows.map(|shows| (shows.caller.clone(), shows.caller_key.as_str().into())),
            ..RedisConfig::default()
        };
        Redis::connect(&config, &Metrics::new()).ping().await
    };

    ping(&url, &ours, Some(&ours)).await.unwrap();
    let refused = ping(&url, &others, Some(&ours)).await.unwrap_err();
    assert!(matches!(refused, RedisError::Distrusted(_)), "{refused}");
    let text = refused.to_string();
    assert!(text.contains("invalid peer certificate") && text.contains("REDIS_CA_FILE"), "{text}");
    let refused = ping(&misnamed, &elsewhere, None).await.unwrap_err().to_string();
    assert!(refused.contains("must be for the name in REDIS_URL"), "{refused}");
    // It asks who we are, and believes nobody but its own authority.
    assert!(ping(&url, &ours, None).await.is_err());
    assert!(ping(&url, &ours, Some(&others)).await.is_err());
    for server in servers {
        server.stop().unwrap();
    }
}

#[tokio::test]
async fn a_ca_that_nobody_would_look_at_is_refused_before_anything_is_sent() {
    let made = Certificates::make("ours", "127.0.0.1").unwrap();
    let ca = made.server(false).authority;
    let file = |path: &Path| path.display().to_string();
    let database = |end: &str| {
        let url = format!("postgres://eva:secret@db/evolve{end}");
        let key = fernet::Fernet::generate_key();
        let mut env = Reader::from_values([("DATABASE_URL", url), ("ENCRYPTION_KEY", key)]);
        let config = StoreConfig::read(&mut env);
        env.finish(config).err().map(|error| error.to_string())
    };
    assert_eq!(database(&format!("?sslmode=verify-full&sslrootcert={}", file(&ca))), None);
    let unlooked = database(&format!("?sslmode=require&sslrootcert={}", file(&ca))).unwrap();
    assert!(unlooked.contains("add sslmode=verify-full") && !unlooked.contains("secret@"), "{unlooked}");
    let missing = database("?sslmode=verify-full&sslrootcert=/nowhere/ca.crt").unwrap();
    assert!(missing.contains("/nowhere/ca.crt") && missing.contains("cannot be read"), "{missing}");
    let key = database(&format!("?sslmode=verify-full&sslrootcert={}", file(&made.server(false).key))).unwrap();
    assert!(key.contains("holds no certificate"), "{key}");

    let redis = |variables: &[(&str, &str)]| {
        let mut env = Reader::from_values(variables.iter().copied());
        let config = RedisConfig::read(&mut env);
        env.finish(config).err().map(|error| error.to_string())
    };
    let (url, pem, ca) = ("rediss://redis:6380", made.authority.as_str(), file(&ca));
    assert_eq!(redis(&[("REDIS_URL", url), ("REDIS_CA", pem)]), None);
    assert_eq!(redis(&[("REDIS_URL", url), ("REDIS_CA_FILE", ca.as_str())]), None);
    let table = [
        ([("REDIS_URL", "redis://redis"), ("REDIS_CA", pem)], "write rediss:// in REDIS_URL"),
        ([("REDIS_URL", url), ("REDIS_CA", "/etc/ca.crt")], "a file's name is given in REDIS_CA_FILE"),
        ([("REDIS_URL", url), ("REDIS_CERTIFICATE", made.caller.as_str())], "given together"),
    ];
    for (variables, expected) in table {
        let refused = redis(&variables).unwrap();
        assert!(refused.contains(expected), "{refused}");
    }
}
