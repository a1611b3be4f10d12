//! What people think of answers, and by whose link they came.

use evolve_domain::referral;
use evolve_store::StoreError;

use crate::Engine;

impl Engine {
    /// Keeps a person's reaction to the answer that was given under a key; nothing takes it back. False when there is no
    /// such answer.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn feedback(&self, user_id: i64, key: &str, reaction: Option<&str>) -> Result<bool, StoreError> {
        self.store.feedback().give(user_id, key, reaction, self.clock.now()).await
    }

    /// Keeps by whose link a person came, given the link's parameter; false when nothing is kept.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn referred(&self, user_id: i64, parameter: &str) -> Result<bool, StoreError> {
        match referral::referrer(parameter) {
            Some(referrer) => self.store.referrals().keep(user_id, referrer, self.clock.now()).await,
            None => Ok(false),
        }
    }
}
