//! One clock for all replicas: Postgres'. A small task asks it what time it is and puts the process's [`Clock`] right.
//!
//! Leases are compared with times that other processes wrote. A machine whose clock is an hour ahead would take over what others
//! are working on, and one that is behind would leave what the dead held. All replicas have Postgres in common already, it costs
//! next to nothing, and without it there is nothing to lease.

use std::{
    sync::atomic::AtomicU64,
    time::{Duration, Instant},
};

use chrono::{DateTime, TimeDelta, Utc};
use evolve_runtime::{clock::Clock, metrics::Metrics, shutdown::Tasks};
use prometheus_client::metrics::gauge::Gauge;

use crate::{Store, StoreError};

/// How often it is asked. In between a clock drifts by some millionths.
const EVERY: Duration = Duration::from_secs(10);
/// Pause after it could not be asked; shorter, since at the start everybody waits for the answer.
const AGAIN: Duration = Duration::from_millis(500);
/// For a connection and all answers.
const PATIENCE: Duration = Duration::from_secs(5);
/// Asked so often each time; the quickest answer counts. The first is slow: the statement is prepared with it.
const QUESTIONS: usize = 3;
/// A machine's clock that is further off is worth a word.
const WORTH_A_WORD: TimeDelta = TimeDelta::seconds(2);

/// The time now, and not when the statement or its transaction began.
const NOW: &str = "SELECT clock_timestamp()";

/// What time it was, when that was asked, and when it was heard.
struct Answer {
    time: DateTime<Utc>,
    asked: Instant,
    heard: Instant,
}

impl Answer {
    fn took(&self) -> Duration {
        self.heard.saturating_duration_since(self.asked)
    }
}

/// Lets `clock` follow Postgres', as a task of `tasks`, from the first answer on. Does nothing with a clock of a test.
pub fn follow(store: &Store, clock: &Clock, tasks: &Tasks, metrics: &Metrics) {
    if !clock.can_be_put_right() {
        return;
    }
    let offset = Gauge::<f64, AtomicU64>::default();
    metrics.register(|registry| {
        let help = "How far the machine's clock is ahead of Postgres', by which the process goes, seconds";
        registry.register("clock_offset_seconds", help, offset.clone());
    });
    let (store, clock, soft) = (store.clone(), clock.clone(), tasks.soft());
    tasks.spawn("follow-time", async move {
        let mut is_far_off = false;
        loop {
            let answer = tokio::select! {
                answer = ask(&store) => answer,
                () = soft.cancelled() => return Ok(()),
            };
            let pause = match answer {
                Some(answer) => {
                    let off = clock.put_right(answer.time, answer.asked, answer.heard);
                    offset.set(off.as_seconds_f64());
                    is_far_off = say(off, is_far_off);
                    EVERY.mul_f64(rand::random_range(0.8..1.2))
                }
                None => AGAIN,
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = soft.cancelled() => return Ok(()),
            }
        }
    });
}

/// Says once that the machine's clock is far off, and once that it is not any more; whether it is.
fn say(off: TimeDelta, was_far_off: bool) -> bool {
    let is_far_off = off.abs() > WORTH_A_WORD;
    let seconds = off.as_seconds_f64();
    match (was_far_off, is_far_off) {
        (false, true) => tracing::warn!(
            seconds,
            "the clock of this machine is not that of Postgres' machine; going by Postgres'. Set both by NTP: \
             systemd-timesyncd or chrony on the nodes"
        ),
        (true, false) => tracing::info!(seconds, "the clock of this machine is right again"),
        _ => {}
    }
    is_far_off
}

/// The quickest of some answers; nothing while Postgres is away.
async fn ask(store: &Store) -> Option<Answer> {
    match tokio::time::timeout(PATIENCE, quickest(store)).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => {
            tracing::debug!(%error, "Postgres does not say what time it is; going on by the last answer");
            None
        }
        Err(_) => None,
    }
}

async fn quickest(store: &Store) -> Result<Option<Answer>, StoreError> {
    // Waiting for a connection is no part of what an answer takes.
    let mut connection = store.pool.acquire().await?;
    let mut best: Option<Answer> = None;
    for _ in 0..QUESTIONS {
        let asked = Instant::now();
        let (time,): (DateTime<Utc>,) = sqlx::query_as(NOW).fetch_one(&mut *connection).await?;
        let answer = Answer { time, asked, heard: Instant::now() };
        if best.as_ref().is_none_or(|best| answer.took() < best.took()) {
            best = Some(answer);
        }
    }
    Ok(best)
}
