//! `/admin/db_metrics`, `/admin/cache_stats`, `/admin/cleanup_chat_history`.

use chrono::{DateTime, TimeDelta, Utc};
use evolve_contract::{
    Code,
    operation::{CacheStatsResponse, CleanupResponse, DbMetricsResponse},
};
use evolve_runtime::{
    clock::Clock,
    errors::Errors,
    logs::{self, LogConfig, LogFormat},
    traces::Traces,
};
use evolve_testkit::eventually;
use reqwest::{Method, StatusCode};
use secrecy::SecretString;

use crate::{
    harness::{Answer, Api, IVAN, SERVICE_KEY, Setup},
    scheduler::{jobs, settled},
};

async fn ask(api: &Api, method: Method, path: &str) -> Answer {
    api.send(api.request(method, path).header("x-service-key", SERVICE_KEY)).await
}

#[tokio::test]
async fn a_slow_statement_is_shown_with_its_text_and_without_what_was_bound_to_it() {
    // Whatever is logged, statements are counted.
    let config = LogConfig { filter: "error".to_owned(), path: None, format: LogFormat::Json };
    logs::init(&config, &Traces::default(), &Errors::default());
    let setup = Setup::new().await.with("HOSTNAME", "replica-7");
    let api = setup.start().await;
    let shown: DbMetricsResponse = eventually("it is shown", async || {
        sqlx::query("SELECT pg_sleep($1) AS slept").bind(0.1234_f64).execute(&setup.pool()).await.unwrap();
        let shown = api.client.db_metrics(&SecretString::from(SERVICE_KEY)).await.unwrap();
        shown.queries.iter().any(|query| query.query == "SELECT pg_sleep($1) AS slept").then_some(shown)
    })
    .await;
    assert_eq!((shown.replica.as_str(), shown.slow_query_ms, shown.pool.max), ("replica-7", 100, 5));
    assert!(shown.total_queries > shown.slow_queries && shown.slow_queries > 0, "{shown:?}");
    assert!(shown.pool.size >= 1 && shown.pool.waiting <= 5, "{shown:?}");
    assert!(shown.average_query_time.ends_with('s') && shown.slow_query_percent.ends_with('%'), "{shown:?}");
    assert!(shown.queries.iter().all(|query| !query.query.contains("0.1234")), "{shown:?}");
    let slept = shown.queries.iter().find(|query| query.query.contains("pg_sleep")).unwrap();
    assert!(slept.duration.trim_end_matches('s').parse::<f64>().unwrap() >= 0.1, "{slept:?}");
}

#[tokio::test]
async fn the_cache_tells_how_often_it_knew_the_answer_and_what_redis_holds() {
    let api = Api::start().await;
    let token = api.token(IVAN).await;
    api.say(&token, "Привет", None).await.unwrap();
    for _ in 0..4 {
        api.client.profile(&token, IVAN).await.unwrap();
    }
    let stats: CacheStatsResponse = api.client.cache_stats(&SecretString::from(SERVICE_KEY)).await.unwrap();
    assert!(stats.enabled && stats.hits >= 2 && stats.misses >= 1, "{stats:?}");
    let rate = f64::from(u32::try_from(stats.hits).unwrap()) * 100.0
        / f64::from(u32::try_from(stats.hits + stats.misses).unwrap());
    assert_eq!(stats.hit_rate, format!("{rate:.2}%"));
    assert!(stats.keys.unwrap() >= 1 && stats.server.unwrap().memory_bytes > 0);

    let alone = Setup { redis_url: None, ..Setup::new().await }.start().await;
    let stats = alone.client.cache_stats(&SecretString::from(SERVICE_KEY)).await.unwrap();
    assert_eq!((stats.enabled, stats.keys, stats.server), (false, None, None));
}

#[tokio::test]
async fn old_messages_are_cleaned_up_at_once_and_once_an_hour_by_all_replicas_together() {
    let noon: DateTime<Utc> = "2026-11-21T12:00:00Z".parse().unwrap();
    let setup = Setup { clock: Clock::fixed(noon), ..Setup::new().await };
    let (api, replica) = (settled(&setup).await, setup.start().await);
    assert_eq!(jobs(&api).await["cleanup_messages"].runs, 0, "it is due at night");
    let path = "/admin/cleanup_chat_history";
    assert_eq!(api.send(api.request(Method::POST, path)).await.code(), Code::Forbidden);

    let begun = ask(&api, Method::POST, path).await;
    assert_eq!(begun.status, StatusCode::ACCEPTED, "{begun:?}");
    let begun: CleanupResponse = serde_json::from_str(&begun.text).unwrap();
    assert_eq!(begun.job.unwrap().id, "cleanup_messages");
    eventually("it was done", async || jobs(&api).await["cleanup_messages"].runs == 1).await;
    let next: DateTime<Utc> = "2026-11-22T03:00:00Z".parse().unwrap();
    assert_eq!(jobs(&api).await["cleanup_messages"].next_run, Some(next), "its schedule is as it was");

    let again = ask(&replica, Method::POST, path).await;
    assert_eq!((again.status, again.header("retry-after")), (StatusCode::TOO_MANY_REQUESTS, Some("3600")));
    setup.clock.advance(TimeDelta::hours(1));
    assert_eq!(ask(&replica, Method::POST, path).await.status, StatusCode::ACCEPTED);
}
