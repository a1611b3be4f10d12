//! The hourly look at premium that ends ([`crate::jobs`]). Who is on premium does not depend on it: a plan is over at its end,
//! whether or not anybody has looked. This tells people, and tidies up. Should two replicas look at once, as they may while one
//! is taken for dead, each person is one's alone, and is told once.

use evolve_domain::payment::REMIND_BEFORE;
use evolve_runtime::clock::Clock;
use evolve_store::{Store, StoreError, payments::Ending};

/// One look; how many people it was about. `language` is that of people who chose none.
///
/// # Errors
/// [`StoreError`]; the rest is found by the next look.
pub async fn see_to_endings(store: &Store, clock: &Clock, language: &str) -> Result<u64, StoreError> {
    let mut seen = 0;
    for ending in [Ending::Remind { before: REMIND_BEFORE }, Ending::Late, Ending::Expire] {
        let people = store.payments().see_to(ending, language, clock.now()).await?;
        if people > 0 {
            seen += people;
            tracing::info!(people, ?ending, "saw to endings of premium");
        }
    }
    Ok(seen)
}
