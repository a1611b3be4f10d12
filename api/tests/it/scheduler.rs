//! `GET /admin/scheduler_status`.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use evolve_contract::{
    Code,
    history::KeptKind,
    scheduler::{JobStatus, ScheduledJob, SchedulerStatusResponse},
};
use evolve_runtime::clock::Clock;
use evolve_testkit::eventually;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::harness::{Answer, Api, IVAN, SERVICE_KEY, Setup};

const PATH: &str = "/admin/scheduler_status";

async fn status(api: &Api) -> Answer {
    api.send(api.request(Method::GET, PATH).header("x-service-key", SERVICE_KEY)).await
}

pub(crate) async fn jobs(api: &Api) -> BTreeMap<String, ScheduledJob> {
    let status: SchedulerStatusResponse = serde_json::from_str(&status(api).await.text).unwrap();
    status.jobs.into_iter().map(|job| (job.id.clone(), job)).collect()
}

/// A replica, once all that is done at its start is done.
pub(crate) async fn settled(setup: &Setup) -> Api {
    let api = setup.start().await;
    eventually("what is due at the start is done", async || {
        let jobs = jobs(&api).await;
        let is_done = |job: &ScheduledJob| job.runs > 0 || job.schedule.starts_with("daily");
        !jobs.is_empty() && jobs.values().all(is_done)
    })
    .await;
    api
}

async fn at_noon() -> Setup {
    let noon: DateTime<Utc> = "2026-11-21T12:00:00Z".parse().unwrap();
    Setup { clock: Clock::fixed(noon), ..Setup::new().await }
}

#[tokio::test]
async fn the_status_has_the_seeds_shape_and_says_more() {
    let setup = at_noon().await;
    let api = settled(&setup).await;
    let token = api.token(IVAN).await;
    assert_eq!(api.get(PATH, None).await.code(), Code::Forbidden);
    assert_eq!(api.get(PATH, Some(&token)).await.code(), Code::Forbidden);

    let answer = status(&api).await;
    assert_eq!(answer.status, StatusCode::OK);
    let told = answer.json();
    assert_eq!(told["running"], true);
    let names: Vec<&str> = told["jobs"].as_array().unwrap().iter().map(|job| job["id"].as_str().unwrap()).collect();
    assert_eq!(
        names,
        [
            "cleanup_messages",
            "cleanup_finished",
            "check_subscriptions",
            "cache_metrics",
            "cache_warm_up",
            "make_partitions",
            "end_conversations",
            "forget_facts",
            "forget_groups",
            "remove_people",
            "end_abandoned_turns",
            "broadcasts",
            "backups_checked",
            "roll_up",
        ]
    );
    assert_eq!(
        told["jobs"][0],
        json!({
            "id": "cleanup_messages",
            "next_run": "2026-11-22T03:00:00Z",
            "status": "scheduled",
            "schedule": "daily at 03:00 UTC",
            "started_at": null,
            "finished_at": null,
            "succeeded_at": null,
            "duration_ms": null,
            "outcome": null,
            "did": null,
            "note": null,
            "error": null,
            "failures": 0,
            "runs": 0,
        })
    );
    let mut done = told["jobs"][9].clone();
    // These two differ from run to run.
    let next: DateTime<Utc> = done["next_run"].as_str().unwrap().parse().unwrap();
    assert!((60..66).contains(&(next - api.clock.now()).num_seconds()), "{done}");
    assert!(done["duration_ms"].is_u64(), "{done}");
    (done["next_run"], done["duration_ms"]) = (Value::Null, Value::Null);
    assert_eq!(
        done,
        json!({
            "id": "remove_people",
            "next_run": null,
            "status": "scheduled",
            "schedule": "every 1 min",
            "started_at": "2026-11-21T12:00:00Z",
            "finished_at": "2026-11-21T12:00:00Z",
            "succeeded_at": "2026-11-21T12:00:00Z",
            "duration_ms": null,
            "outcome": "done",
            "did": 0,
            "note": null,
            "error": null,
            "failures": 0,
            "runs": 1,
        })
    );
    let idle = &told["jobs"][4];
    assert_eq!((&idle["status"], &idle["next_run"]), (&json!("idle"), &Value::Null));
    let empty = |id: &str| json!({"id": id, "waiting": 0, "oldest": null});
    let queues = ["inbox", "outbox", "exports", "summaries", "weeks", "memory", "vectors", "first_words", "webhooks"]
        .map(empty)
        .to_vec();
    assert_eq!(told["queues"], Value::Array(queues));
}

#[tokio::test]
async fn a_job_that_fails_is_shown_and_counted_and_the_others_go_on() {
    let setup = at_noon().await;
    sqlx::query("ALTER TABLE room_turns RENAME TO room_turns_gone").execute(&setup.pool()).await.unwrap();
    let api = setup.start().await;
    let failed = eventually("it has failed", async || {
        jobs(&api).await.remove("forget_groups").filter(|job| job.status == JobStatus::Failed)
    })
    .await;
    assert!(failed.error.as_deref().unwrap().contains("room_turns"), "{failed:?}");
    assert_eq!((failed.outcome.as_deref(), failed.failures, failed.runs), (Some("failed"), 1, 0));
    eventually("the others are done", async || jobs(&api).await.values().filter(|job| job.runs > 0).count() == 11)
        .await;
    assert_eq!(api.metric(r#"job_runs_total{job="forget_groups",outcome="failed"}"#).await as i64, 1);
    assert_eq!(api.metric(r#"job_runs_total{job="remove_people",outcome="done"}"#).await as i64, 1);
    let shown = api.get("/metrics", None).await.text;
    assert!(
        shown.contains(r#"job_runs_total{job="remove_people",outcome="failed"} 0"#),
        "its first failure would be no step"
    );
}

#[tokio::test]
async fn where_messages_are_kept_for_a_time_people_are_told_and_older_ones_go_at_night() {
    let setup = at_noon().await.with("MESSAGE_RETENTION_DAYS", 30);
    let pool = setup.pool();
    sqlx::query("SELECT ensure_message_partitions('2026-09-01', 3)").execute(&pool).await.unwrap();
    setup.clock.advance(TimeDelta::days(-60));
    let api = setup.start().await;
    // Else the replica that comes later would be the first to know of its nights.
    eventually("a night is chosen", async || jobs(&api).await.get("cleanup_messages")?.next_run).await;
    let token = api.token(IVAN).await;
    api.say(&token, "Привет", None).await.unwrap();
    let privacy = api.client.privacy(&token).await.unwrap();
    let days = |what: KeptKind| privacy.kept.iter().find(|kept| kept.what == what).unwrap().days;
    assert_eq!((days(KeptKind::Messages), days(KeptKind::DrawnPictures)), (Some(30), Some(30)));
    api.stop().await;

    setup.clock.advance(TimeDelta::days(60));
    let mut reader = pool.begin().await.unwrap();
    sqlx::query("LOCK TABLE messages_2026_09 IN ACCESS SHARE MODE").execute(&mut *reader).await.unwrap();
    let replica = setup.start().await;
    eventually("a month gives way to who reads it", async || {
        let all = jobs(&replica).await;
        let is_failed = all.get("cleanup_messages").is_some_and(|job| job.status == JobStatus::Failed);
        is_failed.then_some(()).ok_or(all)
    })
    .await;
    reader.rollback().await.unwrap();

    eventually("what is older is gone", async || {
        // What runs holds its lease by this clock, and would lose it. Other jobs read messages too, so one more try may not do.
        let all = jobs(&replica).await;
        let is_failed = |job: &ScheduledJob| job.status == JobStatus::Failed;
        if all.get("cleanup_messages").is_some_and(is_failed)
            && all.values().all(|job| job.status != JobStatus::Running)
        {
            setup.clock.advance(TimeDelta::hours(1));
            // Whoever is asked looks at once; a hand that sleeps by the real clock may take half a minute.
            let asked =
                replica.request(Method::POST, "/admin/cleanup_chat_history").header("x-service-key", SERVICE_KEY);
            assert_eq!(replica.send(asked).await.status, StatusCode::ACCEPTED);
        }
        let (left,): (i64,) = sqlx::query_as("SELECT count(*) FROM messages").fetch_one(&pool).await.unwrap();
        left == 0
    })
    .await;
}
