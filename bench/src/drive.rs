//! Making requests: at their moments, or as many as can be.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::times::Outcome;

/// How exact tokio's clock is: a request begins that much after its moment, and no answer is to blame for it.
const TICK: Duration = Duration::from_millis(1);
/// What is said of a request that would have been one too many at the same time.
pub const TOO_MANY: &str = "not begun: too many at once";
/// What is said of one whose task did not end.
const FELL: &str = "the request's own code failed";

/// Begins each request at its moment, whether those before have ended or not, and waits for all. Each is told its place. It took
/// as long as from the moment at which it should have begun, less what it began late, at most a tick of the clock. Where `most` are
/// under way, the next is not begun, and has failed.
pub async fn open<F>(moments: &[Duration], most: usize, work: impl Fn(usize) -> F) -> Outcome
where
    F: Future<Output = Result<(), String>> + Send + 'static,
{
    let began = Instant::now();
    let mut running = JoinSet::new();
    let mut results = Vec::with_capacity(moments.len());
    for (place, moment) in moments.iter().enumerate() {
        let due = began + *moment;
        sleep_until(due).await;
        while let Some(ended) = running.try_join_next() {
            results.push(ended.unwrap_or_else(|_| Err(FELL.to_owned())));
        }
        if running.len() >= most {
            results.push(Err(TOO_MANY.to_owned()));
            continue;
        }
        let begins = Instant::now().min(due + TICK);
        let work = work(place);
        running.spawn(async move { work.await.map(|()| begins.elapsed()) });
    }
    while let Some(ended) = running.join_next().await {
        results.push(ended.unwrap_or_else(|_| Err(FELL.to_owned())));
    }
    Outcome::of(results, began.elapsed())
}

/// Has `workers` make one request after the other for so long. Each request is told its place among all.
pub async fn closed<W, F>(workers: usize, time: Duration, work: W) -> Outcome
where
    W: Fn(usize) -> F + Clone + Send + 'static,
    F: Future<Output = Result<(), String>> + Send + 'static,
{
    let began = Instant::now();
    let next = Arc::new(AtomicUsize::new(0));
    let mut working = JoinSet::new();
    for _ in 0..workers {
        let (work, next) = (work.clone(), Arc::clone(&next));
        working.spawn(async move {
            let mut results = Vec::new();
            while began.elapsed() < time {
                let begins = Instant::now();
                let result = work(next.fetch_add(1, Ordering::Relaxed)).await;
                results.push(result.map(|()| begins.elapsed()));
            }
            results
        });
    }
    let mut results = Vec::new();
    while let Some(ended) = working.join_next().await {
        results.extend(ended.unwrap_or_else(|_| vec![Err(FELL.to_owned())]));
    }
    Outcome::of(results, began.elapsed())
}

#[cfg(test)]
mod tests {
    use tokio::sync::Semaphore;

    use super::*;

    /// The clock is tokio's, which stands still but for what is waited for.
    #[tokio::test(start_paused = true)]
    async fn a_slow_answer_makes_none_after_it_look_fast() {
        let one_at_a_time = Arc::new(Semaphore::new(1));
        let moments: Vec<_> = (0..3).map(Duration::from_secs).collect();
        let outcome = open(&moments, 10, |_| {
            let gate = Arc::clone(&one_at_a_time);
            async move {
                let _turn = gate.acquire().await.map_err(|error| error.to_string())?;
                tokio::time::sleep(Duration::from_secs(4)).await;
                Ok(())
            }
        })
        .await;
        // Due at 0, 1 and 2; answered at 4, 8 and 12.
        assert_eq!([1, 50, 100].map(|percent| outcome.percentile(percent).as_secs()), [4, 7, 10]);
        assert_eq!(outcome.took.as_secs(), 12);
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_begins_late_has_waited_but_for_a_tick_of_the_clock() {
        // The clock, which has whole milliseconds, lets the second begin too late, and the first holds the last up.
        let moments = [Duration::from_secs(3), Duration::from_micros(3_000_500), Duration::ZERO];
        let outcome = open(&moments, 10, |_| async { Ok(()) }).await;
        assert_eq!([1, 50].map(|percent| outcome.percentile(percent)), [Duration::ZERO; 2]);
        assert_eq!(outcome.longest(), Duration::from_secs(3));
    }

    #[tokio::test(start_paused = true)]
    async fn what_would_be_too_many_at_once_has_failed() {
        let moments: Vec<_> = (0..5).map(Duration::from_secs).collect();
        let outcome = open(&moments, 2, |_| async {
            tokio::time::sleep(Duration::from_secs(60)).await;
            Ok(())
        })
        .await;
        assert_eq!((outcome.succeeded(), outcome.failures_in_words()), (2, format!("3 × {TOO_MANY}")));
    }

    #[tokio::test(start_paused = true)]
    async fn workers_make_one_request_after_the_other_until_the_time_is_over() {
        let outcome = closed(2, Duration::from_secs(10), |place| async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            if place == 3 { Err("odd".to_owned()) } else { Ok(()) }
        })
        .await;
        assert_eq!((outcome.succeeded(), outcome.failed()), (19, 1));
        assert_eq!(outcome.percentile(50).as_secs(), 1);
    }
}
