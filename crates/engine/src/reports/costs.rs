//! What models cost, person by person.

use chrono::{DateTime, NaiveDate};
use evolve_store::{
    StoreError,
    reports::{By, PersonCost, Top},
};

use super::{Period, Reports};

/// People in the list of those who cost most.
const DEAREST: u32 = 20;

/// What models did for somebody, and what that cost: the sums of their days.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PersonCosts {
    /// On the newest day that there is.
    pub day: PersonCost,
    /// In the seven days up to it.
    pub week: PersonCost,
    /// In the thirty days up to it.
    pub month: PersonCost,
    /// On all days that are kept.
    pub all: PersonCost,
}

impl Reports {
    /// What models cost that answered somebody.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn costs_of(&self, user_id: i64) -> Result<PersonCosts, StoreError> {
        let told = self.told(1).await?;
        let first: NaiveDate = DateTime::UNIX_EPOCH.date_naive();
        let of = |period: Period| self.since(&told, period.days());
        let since = [of(Period::Day), of(Period::Week), of(Period::Month), first];
        let mut costs = self.store.reports().costs_of(user_id, &since).await?.into_iter();
        let mut next = || costs.next().unwrap_or_default();
        Ok(PersonCosts { day: next(), week: next(), month: next(), all: next() })
    }

    /// Who cost most in a period, the dearest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn dearest(&self, period: Period) -> Result<Vec<Top>, StoreError> {
        self.store.reports().tops(period.days(), By::Cost, DEAREST).await
    }
}
