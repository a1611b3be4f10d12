//! Waiting for something to become true. Tests never sleep for a while and hope: they ask until the answer is yes, and
//! say what they were waiting for when it does not come.

use std::fmt::Debug;
use std::panic::Location;
use std::time::{Duration, Instant};

/// How often a condition is asked.
const POLL: Duration = Duration::from_millis(5);

/// How long anything may take, on a busy machine with two cores.
const LIMIT: Duration = Duration::from_secs(20);

/// What a condition may answer: `bool`, `Option` or `Result`.
pub trait Answer {
    /// What a yes carries.
    type Yes;

    /// The yes, or the no in words.
    ///
    /// # Errors
    /// Why the answer is still no.
    fn yes(self) -> Result<Self::Yes, String>;
}

impl Answer for bool {
    type Yes = ();

    fn yes(self) -> Result<(), String> {
        self.then_some(()).ok_or_else(|| "it was still false".to_owned())
    }
}

impl<T> Answer for Option<T> {
    type Yes = T;

    fn yes(self) -> Result<T, String> {
        self.ok_or_else(|| "there was still nothing".to_owned())
    }
}

impl<T, E: Debug> Answer for Result<T, E> {
    type Yes = T;

    fn yes(self) -> Result<T, String> {
        self.map_err(|error| format!("it still failed: {error:?}"))
    }
}

/// Waits until `condition` answers yes, 20 s at most, and hands out what the yes carried.
///
/// ```no_run
/// # async fn story(count: impl AsyncFn() -> u32) {
/// evolve_testkit::eventually("all five messages are answered", async || count().await == 5).await;
/// # }
/// ```
///
/// # Panics
/// When it does not, with `what`, the place of the call, and the last answer.
#[track_caller]
pub fn eventually<A: Answer>(what: &str, condition: impl AsyncFnMut() -> A) -> impl Future<Output = A::Yes> {
    within(LIMIT, what, condition)
}

/// [`eventually`] with a limit of its own.
///
/// # Panics
/// As [`eventually`].
#[track_caller]
#[expect(clippy::panic, reason = "for tests, whose failure this is")]
pub fn within<A: Answer>(
    limit: Duration,
    what: &str,
    mut condition: impl AsyncFnMut() -> A,
) -> impl Future<Output = A::Yes> {
    let place = Location::caller();
    async move {
        // The real clock: with tokio's paused one, the limit would be over at once while real servers work.
        let start = Instant::now();
        loop {
            match condition().await.yes() {
                Ok(yes) => return yes,
                Err(no) if start.elapsed() > limit => {
                    panic!("{place}: waited {limit:?} until {what}, but {no}")
                }
                Err(_) => tokio::time::sleep(POLL).await,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_condition_that_becomes_true_is_waited_for_and_its_value_handed_out() {
        let mut asked = 0;
        let value = eventually("the third answer is there", async || {
            asked += 1;
            (asked == 3).then_some(asked)
        });
        assert_eq!(value.await, 3);
    }

    #[tokio::test]
    #[should_panic(expected = "until pigs fly, but it was still false")]
    async fn a_condition_that_stays_false_ends_in_a_panic_that_says_what_was_awaited() {
        within(Duration::from_millis(20), "pigs fly", async || false).await;
    }
}
