//! The hourly look at premium that ends, by the one replica that holds the lock. Who is on premium does not depend on it: a
//! plan is over at its end, whether or not anybody has looked. This tells people, and tidies up.

use std::time::Duration;

use evolve_domain::payment::REMIND_BEFORE;
use evolve_runtime::{clock::Clock, shutdown::Tasks};
use evolve_store::{Store, StoreError, lock::Lock, payments::Ending};

const LOCK: &str = "premium-endings";
const EVERY: Duration = Duration::from_secs(3600);
/// Pause after a failure.
const AFTER_FAILURE: Duration = Duration::from_secs(60);

/// Starts the job, as a task of `tasks`. `language` is that of people who chose none.
pub fn start(store: Store, clock: Clock, language: &'static str, tasks: &Tasks) {
    let soft = tasks.soft();
    tasks.spawn("premium-endings", async move {
        loop {
            let pause = match see_to_endings(&store, &clock, language).await {
                Ok(_) => EVERY,
                Err(error) => {
                    tracing::warn!(%error, "endings of premium could not be seen to; trying again");
                    AFTER_FAILURE
                }
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = soft.cancelled() => return Ok(()),
            }
        }
    });
}

/// One look; how many people it was about. None where another replica is looking.
///
/// # Errors
/// [`StoreError`]; the rest is found by the next look.
pub async fn see_to_endings(store: &Store, clock: &Clock, language: &str) -> Result<u64, StoreError> {
    let Some(lock) = Lock::try_acquire(store, LOCK).await? else { return Ok(0) };
    let mut seen = 0;
    let mut done = Ok(());
    for ending in [Ending::Remind { before: REMIND_BEFORE }, Ending::Late, Ending::Expire] {
        match store.payments().see_to(ending, language, clock.now()).await {
            Ok(0) => {}
            Ok(people) => {
                seen += people;
                tracing::info!(people, ?ending, "saw to endings of premium");
            }
            Err(error) => {
                done = Err(error);
                break;
            }
        }
    }
    lock.release().await;
    done.map(|()| seen)
}
