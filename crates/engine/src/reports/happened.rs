//! What happens now.

use chrono::{DateTime, TimeDelta, Utc};
use evolve_store::{StoreError, happenings::Happening};

use super::Reports;

/// What happened longer ago is not news.
const NEWS: TimeDelta = TimeDelta::days(1);

impl Reports {
    /// What happened last since a moment, a day ago where none is given; newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn happened(&self, since: Option<DateTime<Utc>>, most: u32) -> Result<Vec<Happening>, StoreError> {
        let day_ago = self.clock.now() - NEWS;
        self.store.happenings().newest(since.map_or(day_ago, |since| since.max(day_ago)), most).await
    }
}
