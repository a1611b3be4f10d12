//! Removal after a time to think: asked for, cancelled, and carried out when it is due.

use chrono::{DateTime, TimeDelta, Utc};
use evolve_runtime::clock::Clock;
use evolve_store::Store;

use crate::{
    payments::{PaymentError, Payments},
    profiles::{ProfileError, Profiles},
};

/// Longest time to think, in days.
const MOST_DAYS: u32 = 30;
/// People looked at at once.
const BATCH: u32 = 20;

/// The use case. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Deletions {
    store: Store,
    profiles: Profiles,
    payments: Payments,
    clock: Clock,
}

impl Deletions {
    /// The use case over the store.
    #[must_use]
    pub fn new(store: Store, profiles: Profiles, payments: Payments, clock: Clock) -> Self {
        Self { store, profiles, payments, clock }
    }

    /// A person asks to be removed in so many days; when that is. Their subscription is asked to stop now, and not only on that
    /// day: nobody is to pay for a month that they will not have. It stays so when they change their mind.
    ///
    /// # Errors
    /// [`ProfileError`].
    pub async fn ask(&self, user_id: i64, days: u32) -> Result<DateTime<Utc>, ProfileError> {
        if !(1..=MOST_DAYS).contains(&days) {
            let reason = format!("must be from 1 to {MOST_DAYS}; to remove at once, use DELETE /profile/{{user_id}}");
            return Err(ProfileError::Invalid { field: "days", reason });
        }
        let now = self.clock.now();
        let due_at = now + TimeDelta::days(days.into());
        if !self.store.deletions().ask(user_id, due_at, now).await? {
            return Err(ProfileError::NotFound);
        }
        // Any other refusal says that there is none.
        if let Err(PaymentError::Store(error)) = self.payments.renew(user_id, false).await {
            return Err(error.into());
        }
        Ok(due_at)
    }

    /// The person changed their mind; whether there was something to cancel.
    ///
    /// # Errors
    /// [`ProfileError::Store`].
    pub async fn cancel(&self, user_id: i64) -> Result<bool, ProfileError> {
        Ok(self.store.deletions().cancel(user_id).await?)
    }

    /// When the person is to be removed, if they asked.
    ///
    /// # Errors
    /// [`ProfileError::Store`].
    pub async fn pending(&self, user_id: i64) -> Result<Option<DateTime<Utc>>, ProfileError> {
        Ok(self.store.deletions().pending(user_id).await?)
    }

    /// Removes who is due; how many were removed by this call. Somebody who cannot be removed does not keep the others here.
    ///
    /// # Errors
    /// [`ProfileError::Store`], when the database cannot serve; whoever was not reached is still due.
    pub async fn carry_out(&self) -> Result<usize, ProfileError> {
        let now = self.clock.now();
        let mut removed = 0;
        for user_id in self.store.deletions().due(now, BATCH).await? {
            match self.profiles.delete_due(user_id, now).await {
                Ok(is_removed) => removed += usize::from(is_removed),
                Err(ProfileError::Store(error)) if error.is_unavailable() => return Err(error.into()),
                Err(error) => {
                    tracing::error!(%error, "somebody who asked to be removed could not be; trying again later")
                }
            }
        }
        Ok(removed)
    }
}
