//! What was given up or set apart, as a use case: looked at, and tried again once what was wrong is mended.

use evolve_runtime::clock::Clock;
use evolve_store::{
    Store, StoreError,
    failures::{FailedKind, Failure, Place, Which},
};

/// Failures on a page.
const PAGE: u32 = 100;
/// So much is tried again at once: what follows must not wait for it.
const MOST: u32 = 500;

/// The use case. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Failures {
    store: Store,
    clock: Clock,
}

/// How much is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replayed {
    /// How much.
    pub count: u64,
    /// Whether there may be more.
    pub more: bool,
}

impl Failures {
    /// The use case over the store.
    #[must_use]
    pub fn new(store: Store, clock: Clock) -> Self {
        Self { store, clock }
    }

    /// A page, newest first, and the place that the next one comes after; nothing on the last.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn page(&self, which: &Which<'_>) -> Result<(Vec<Failure>, Option<Place>), StoreError> {
        let mut failures = self.store.failures().list(which, self.clock.now(), PAGE + 1).await?;
        let more = failures.len() > PAGE as usize;
        failures.truncate(PAGE as usize);
        let next = failures.last().filter(|_| more).map(|last| last.place);
        Ok((failures, next))
    }

    /// Has one tried again: an update by Telegram's number of it, whether given up or set apart; a call by its number in the
    /// outbox. False where there is none that could be.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn replay(&self, kind: FailedKind, id: i64) -> Result<bool, StoreError> {
        let now = self.clock.now();
        match kind {
            FailedKind::Update | FailedKind::Apart => self.store.failures().replay_update(id, now).await,
            FailedKind::Message => self.store.failures().replay_message(id, now).await,
        }
    }

    /// Has everything tried again that failed for one reason, as far as it is not too much at once.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn replay_all(&self, kind: FailedKind, reason: &str) -> Result<Replayed, StoreError> {
        let count = self.store.failures().replay_all(kind, reason, self.clock.now(), MOST).await?;
        Ok(Replayed { count, more: count >= u64::from(MOST) })
    }
}
