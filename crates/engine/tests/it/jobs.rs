//! Jobs: each once across all replicas, whatever dies, fails or was away.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use evolve_domain::{payment::Price, plan::Plans, relationship::Relationship, schedule::Schedule};
use evolve_engine::{
    deletions::Deletions,
    jobs::{self, BackupWatch, Did, Job, JobState, JobStatus, Means, Pace, RedisGauges, Scheduler},
    model::{Script, Step},
    payments::Payments,
    profiles::{Profiles, Windows},
    prompt::Persona,
    reports::{ReportConfig, Reports},
};
use evolve_runtime::{metrics::Metrics, shutdown::Tasks};
use evolve_store::{
    cache::{Cache, CacheConfig},
    redis::{Redis, RedisConfig},
};
use evolve_testkit::{TestRedis, eventually};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::turn_support::{IVAN, World, keyed, world, world_of};

const HOURLY: Schedule = Schedule::Every(TimeDelta::hours(1));

/// How often a job was begun.
#[derive(Clone, Default)]
struct Begun(Arc<AtomicU32>);

impl Begun {
    fn begin(&self) -> u32 {
        self.0.fetch_add(1, Ordering::SeqCst) + 1
    }

    fn times(&self) -> u32 {
        self.0.load(Ordering::SeqCst)
    }

    /// A job that counts how often it is begun.
    fn job(&self, name: &'static str, schedule: Schedule) -> Job {
        let begun = self.clone();
        Job::new(name, schedule, move |_| {
            let begun = begun.clone();
            async move { Ok(Did::all(begun.begin().into())) }
        })
    }
}

/// A replica that knows these jobs.
pub(crate) async fn replica(world: &World, jobs: Vec<Job>) -> Scheduler {
    let pace = Pace { beat: Duration::from_millis(10), ..Pace::default() };
    let scheduler = Scheduler::new(world.store(), world.clock.clone(), jobs, pace, &Metrics::new());
    scheduler.announce().await.unwrap();
    scheduler
}

/// Works what is due; how many jobs that were.
pub(crate) async fn work(scheduler: &Scheduler) -> u32 {
    let mut worked = 0;
    while scheduler.work_one(&CancellationToken::new()).await.unwrap() {
        worked += 1;
    }
    worked
}

pub(crate) async fn status(scheduler: &Scheduler, name: &str) -> JobStatus {
    let status = scheduler.status().await.unwrap();
    status.jobs.into_iter().find(|job| job.name == name).unwrap()
}

#[tokio::test]
async fn a_job_that_is_due_is_run_once_however_many_replicas_look() {
    let world = world([]).await;
    let begun = Begun::default();
    let jobs = || vec![begun.job("tidy", HOURLY), begun.job("sweep", HOURLY)];
    let (one, other) = tokio::join!(replica(&world, jobs()), replica(&world, jobs()));
    let (by_one, by_other) = tokio::join!(work(&one), work(&other));
    assert_eq!((by_one + by_other, begun.times()), (2, 2));
    let tidy = status(&one, "tidy").await;
    assert_eq!((tidy.state, tidy.failures, tidy.row.runs), (JobState::Scheduled, 0, 1));
    assert!((60..66).contains(&(tidy.next_run.unwrap() - world.clock.now()).num_minutes()), "{tidy:?}");
}

#[tokio::test]
async fn what_was_missed_for_a_month_is_done_once() {
    let world = world([]).await;
    let begun = Begun::default();
    let night = Schedule::Daily { hour: 3 };
    let scheduler = replica(&world, vec![begun.job("hourly", HOURLY), begun.job("nightly", night)]).await;
    assert_eq!(work(&scheduler).await, 1, "the night has not come yet");
    world.clock.advance(TimeDelta::days(31));
    assert_eq!(work(&scheduler).await, 2);
    assert_eq!(work(&scheduler).await, 0);
    let next: DateTime<Utc> = "2026-12-23T03:00:00Z".parse().unwrap();
    assert_eq!(status(&scheduler, "nightly").await.next_run, Some(next));
}

#[tokio::test]
async fn a_job_that_dies_in_its_middle_is_taken_over_when_its_lease_has_run_out() {
    let world = world([]).await;
    let begun = Begun::default();
    let counted = begun.clone();
    // The first run never ends.
    let dying = Job::new("tidy", HOURLY, move |_| {
        let run = counted.begin();
        async move {
            if run == 1 {
                std::future::pending::<()>().await;
            }
            Ok(Did::all(run.into()))
        }
    });
    let dead = replica(&world, vec![dying.clone()]).await;
    let process = tokio::spawn(async move { work(&dead).await });
    eventually("it is begun", async || begun.times() == 1).await;
    let heir = replica(&world, vec![dying]).await;
    assert_eq!(status(&heir, "tidy").await.state, JobState::Running);
    process.abort();
    assert!(process.await.unwrap_err().is_cancelled());
    assert_eq!(work(&heir).await, 0, "it may still be alive");
    world.clock.advance(TimeDelta::seconds(31));
    let abandoned = status(&heir, "tidy").await;
    assert_eq!((abandoned.state, abandoned.failures), (JobState::Abandoned, 1));
    assert_eq!((work(&heir).await, begun.times()), (1, 2));
    let tidy = status(&heir, "tidy").await;
    assert_eq!((tidy.state, tidy.failures, tidy.row.did), (JobState::Scheduled, 0, Some(2)));
}

#[tokio::test]
async fn a_job_that_takes_long_stays_with_who_runs_it() {
    let world = world([]).await;
    let (begun, end) = (Begun::default(), Arc::new(Notify::new()));
    let (counted, gate) = (begun.clone(), end.clone());
    let long = Job::new("tidy", HOURLY, move |_| {
        let (run, gate) = (counted.begin(), gate.clone());
        async move {
            gate.notified().await;
            Ok(Did::all(run.into()))
        }
    });
    let busy = replica(&world, vec![long.clone()]).await;
    let other = replica(&world, vec![long]).await;
    let process = tokio::spawn(async move { work(&busy).await });
    for _ in 0..3 {
        eventually("it is begun", async || begun.times() == 1).await;
        world.clock.advance(TimeDelta::seconds(20));
        let now = world.clock.now();
        eventually("a sign of life", async || {
            status(&other, "tidy").await.row.leased_until.is_some_and(|until| until > now + TimeDelta::seconds(20))
        })
        .await;
        assert_eq!(work(&other).await, 0);
    }
    end.notify_one();
    assert_eq!(process.await.unwrap(), 1);
    assert_eq!(status(&other, "tidy").await.state, JobState::Scheduled);
}

#[tokio::test]
async fn a_job_that_fails_shows_why_is_left_alone_for_longer_each_time_and_stops_no_other() {
    let world = world([]).await;
    let (begun, tidied) = (Begun::default(), Begun::default());
    let counted = begun.clone();
    let failing = Job::new("sweep", HOURLY, move |_| {
        let run = counted.begin();
        async move {
            match run {
                1 => anyhow::bail!("the broom is away"),
                2 => panic!("of anything"),
                _ => Ok(Did::default()),
            }
        }
    });
    let scheduler = replica(&world, vec![failing, tidied.job("tidy", HOURLY)]).await;
    assert_eq!((work(&scheduler).await, tidied.times()), (2, 1));
    for (failures, minutes, error) in [(1, 1, "the broom is away"), (2, 3, "it panicked")] {
        let failed = status(&scheduler, "sweep").await;
        assert_eq!((failed.state, failed.failures), (JobState::Failed, failures));
        assert_eq!(failed.row.error.as_deref(), Some(error));
        assert_eq!((failed.next_run.unwrap() - world.clock.now()).num_minutes(), minutes);
        world.clock.advance(TimeDelta::minutes(minutes) - TimeDelta::seconds(1));
        assert_eq!(work(&scheduler).await, 0);
        // Up to a tenth more.
        world.clock.advance(TimeDelta::seconds(20));
        assert_eq!(work(&scheduler).await, 1);
    }
    let swept = status(&scheduler, "sweep").await;
    assert_eq!((swept.state, swept.failures, swept.row.error), (JobState::Scheduled, 0, None));
}

#[tokio::test]
async fn a_replica_that_stops_hands_the_rest_of_its_job_to_another_at_once() {
    let world = world([]).await;
    let begun = Begun::default();
    let counted = begun.clone();
    let long = Job::new("tidy", HOURLY, move |stop: CancellationToken| {
        let run = counted.begin();
        async move {
            if run == 1 {
                stop.cancelled().await;
            }
            Ok(Did::until(&stop, run.into()))
        }
    });
    let tasks = Tasks::new();
    replica(&world, vec![long.clone()]).await.start(&tasks);
    let other = replica(&world, vec![long]).await;
    eventually("it is begun", async || begun.times() == 1).await;
    tasks.stop(std::future::pending()).await.unwrap();
    assert_eq!(status(&other, "tidy").await.row.outcome.as_deref(), Some("unfinished"));
    // The replica's other hand may have begun it once more, and let go of it, as it stopped.
    let before = begun.times();
    assert_eq!((work(&other).await, begun.times()), (1, before + 1));
}

#[tokio::test]
async fn a_job_that_a_start_asks_for_is_run_with_each() {
    let world = world([]).await;
    let begun = Begun::default();
    let scheduler = replica(&world, vec![begun.job("warm", Schedule::AtStart)]).await;
    assert_eq!(work(&scheduler).await, 1);
    world.clock.advance(TimeDelta::days(1));
    assert_eq!(work(&scheduler).await, 0);
    let idle = status(&scheduler, "warm").await;
    assert_eq!((idle.state, idle.next_run), (JobState::Idle, None));
    let another = replica(&world, vec![begun.job("warm", Schedule::AtStart)]).await;
    assert_eq!((work(&another).await, begun.times()), (1, 2));
}

/// A replica that does everything there is to do.
pub(crate) async fn replica_of_all(
    world: &World,
    redis_url: &str,
    message_days: Option<u32>,
) -> (Scheduler, Profiles, Metrics) {
    replica_that_expects_backups(world, redis_url, message_days, None).await
}

/// As the one before, where copies of the database are expected.
pub(crate) async fn replica_that_expects_backups(
    world: &World,
    redis_url: &str,
    message_days: Option<u32>,
    backup_age: Option<TimeDelta>,
) -> (Scheduler, Profiles, Metrics) {
    let (store, clock, metrics) = (world.store(), world.clock.clone(), Metrics::new());
    let config = RedisConfig {
        url: Some(redis_url.to_owned().into()),
        timeout: Duration::from_secs(10),
        ..RedisConfig::default()
    };
    let redis = Redis::connect(&config, &metrics);
    let cached = CacheConfig { ttl: Duration::from_secs(600) };
    let cache = Cache::new(redis.clone(), store.keys().clone(), cached, &metrics);
    let payments = Payments::new(store.clone(), cache.clone(), clock.clone(), Price::default(), Vec::new(), &metrics);
    let defaults = Persona::default().default_settings();
    let windows = Windows { redis: redis.clone(), of: |_| Vec::new() };
    let (plans, levels) = (Plans::default(), Relationship::default());
    let profiles = Profiles::new(store.clone(), cache, windows, clock.clone(), plans, levels, defaults);
    let deletions = Deletions::new(store.clone(), profiles.clone(), payments, clock.clone());
    let reports = Reports::new(store.clone(), clock, ReportConfig::default());
    let means = Means {
        engine: world.engine.clone(),
        deletions,
        profiles: profiles.clone(),
        reports,
        redis,
        gauges: RedisGauges::register(&metrics),
        message_days,
        backups: BackupWatch::register(backup_age, &metrics),
    };
    (replica(world, jobs::all(&means)).await, profiles, metrics)
}

#[tokio::test]
async fn the_night_drops_what_is_older_than_it_is_to_be_kept_and_purges_what_is_finished() {
    let world = world_of(Script::always(Step::say("ага"))).await;
    let august: DateTime<Utc> = "2026-08-01T00:00:00Z".parse().unwrap();
    world.store().messages().ensure_partitions(august, 5).await.unwrap();
    world.clock.advance(TimeDelta::days(-100));
    world.engine.chat(keyed("Летом был в Париже", "old"), None).await.unwrap();
    world.clock.advance(TimeDelta::days(100));
    world.engine.chat(keyed("Осенью сижу дома", "new"), None).await.unwrap();
    let redis = TestRedis::create().await;
    let (scheduler, ..) = replica_of_all(&world, redis.url(), Some(60)).await;
    work(&scheduler).await;
    assert_eq!(world.count("SELECT count(*) FROM messages").await, 4, "it is noon");
    world.clock.advance(TimeDelta::hours(17));
    work(&scheduler).await;
    assert_eq!(world.where_it_stands("париж").await, Vec::<String>::new());
    assert_eq!(world.count("SELECT count(*) FROM messages").await, 2);
    assert!(!world.store().turns().is_known(IVAN, "old").await.unwrap());
    assert!(world.store().turns().is_known(IVAN, "new").await.unwrap());
    let (messages, finished) =
        (status(&scheduler, "cleanup_messages").await, status(&scheduler, "cleanup_finished").await);
    assert_eq!((messages.row.outcome.as_deref(), finished.row.note.as_deref()), (Some("done"), Some("turns: 1")));
    let next: DateTime<Utc> = "2026-11-23T03:00:00Z".parse().unwrap();
    assert_eq!(messages.next_run, Some(next));
}

#[tokio::test]
async fn where_nothing_says_for_how_long_everything_is_kept() {
    let world = world_of(Script::always(Step::say("ага"))).await;
    world.engine.chat(keyed("Привет", "old"), None).await.unwrap();
    let redis = TestRedis::create().await;
    let (scheduler, ..) = replica_of_all(&world, redis.url(), None).await;
    world.clock.advance(TimeDelta::days(4000));
    work(&scheduler).await;
    assert_eq!(world.count("SELECT count(*) FROM messages").await, 2);
}

#[tokio::test]
async fn every_job_of_the_table_comes_through_and_the_cache_is_warm_for_who_talked_last() {
    let world = world_of(Script::always(Step::say("ага"))).await;
    world.engine.chat(keyed("Привет", "one"), None).await.unwrap();
    let redis = TestRedis::create().await;
    let (scheduler, profiles, metrics) = replica_of_all(&world, redis.url(), Some(365)).await;
    world.clock.advance(TimeDelta::days(1));
    work(&scheduler).await;
    let all = scheduler.status().await.unwrap().jobs;
    assert_eq!(all.len(), 14);
    for job in &all {
        assert_eq!((job.row.outcome.as_deref(), job.row.error.as_deref()), (Some("done"), None), "{job:?}");
    }
    assert_eq!(status(&scheduler, "cache_warm_up").await.row.did, Some(1));
    profiles.get(IVAN).await.unwrap();
    let shown = metrics.encode();
    for line in ["cache_hits_total 1", "cache_misses_total 0", "redis_evicted_keys 0"] {
        assert!(shown.lines().any(|shown| shown == line), "{line} is not in\n{shown}");
    }
    let told = status(&scheduler, "cache_metrics").await.row.note.unwrap();
    assert!(told.contains(" MiB") && told.contains(" keys, 0 evicted"), "{told}");
}
