//! Reports as use cases: which days there are to make, and what whoever runs the bot is shown of those that were made.
//!
//! `docs/analytics.md` says what each number means; the store makes the days ([`evolve_store::reports`]), here is which moments
//! belong to a day, when it is closed, and what several days come to.

mod costs;
mod dialogs;
mod happened;
mod money;
mod newest;
mod people;
mod roll_up;
mod use_of;
mod watch;

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Days, NaiveDate, Utc};
use chrono_tz::Tz;
use evolve_domain::{
    day,
    report::{self, ModelPrices},
};
use evolve_runtime::{clock::Clock, metrics::Metrics};
use evolve_store::{Store, StoreError, reports::Day};

use self::dialogs::QueryMetrics;

pub use costs::PersonCosts;
pub use dialogs::{DialogStats, Period, Point};
pub use money::{Currency, Revenue};
pub use people::{Cohort, Stage};
pub use roll_up::RolledUp;
pub use use_of::{Activity, Times, ToolUse};
pub use watch::watch;

/// Most days of a report.
pub const MOST_DAYS: u16 = 366;
/// Days of the longest window of people who said something, of a payment, and of what recurs.
const MONTH: u16 = 30;

/// How reports are made and told.
#[derive(Clone, Debug, PartialEq)]
pub struct ReportConfig {
    /// Whose days they are (`REPORT_TIME_ZONE`).
    pub zone: Tz,
    /// What tokens cost (`MODEL_PRICES`).
    pub prices: ModelPrices,
    /// Whether the plan of a slow query goes to the log (`ENABLE_QUERY_ANALYSIS`).
    pub analyses_queries: bool,
    /// What takes longer is slow.
    pub slow_after: Duration,
}

impl Default for ReportConfig {
    fn default() -> Self {
        Self {
            zone: Tz::UTC,
            prices: ModelPrices::default(),
            analyses_queries: false,
            slow_after: Duration::from_secs(1),
        }
    }
}

/// The use cases. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Reports {
    store: Store,
    clock: Clock,
    config: Arc<ReportConfig>,
    queries: QueryMetrics,
}

/// What is told, and of which days.
#[derive(Clone, Debug, PartialEq)]
pub struct Told<T> {
    /// When the newest of them was made last; nothing before the first time. Days are made oldest first, so all were made by then.
    pub as_of: Option<DateTime<Utc>>,
    /// Whose days they are.
    pub zone: Tz,
    /// The days, oldest first; the last is today, or the one that was made last, where today was not made yet.
    pub days: Vec<Day>,
    /// What is told of them.
    pub of: T,
}

impl<T> Told<T> {
    /// The same days, with something else told of them.
    fn with<U>(self, of: U) -> Told<U> {
        let Self { as_of, zone, days, .. } = self;
        Told { as_of, zone, days, of }
    }

    /// The newest day.
    #[must_use]
    pub fn newest(&self) -> Option<&Day> {
        self.days.last()
    }

    /// A number of each day, added up.
    #[must_use]
    pub fn sum(&self, number: impl Fn(&Day) -> i64) -> i64 {
        self.days.iter().map(number).sum()
    }
}

impl Reports {
    /// The use cases over a store.
    #[must_use]
    pub fn new(store: Store, clock: Clock, config: ReportConfig) -> Self {
        Self { store, clock, config: Arc::new(config), queries: QueryMetrics::default() }
    }

    /// Shows how long what the stats API asks takes.
    pub fn register(&self, metrics: &Metrics) {
        self.queries.register(metrics);
    }

    /// Whose days are told.
    #[must_use]
    pub fn zone(&self) -> Tz {
        self.config.zone
    }

    /// How many people come, stay and pay, day by day.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn overview(&self, days: u16) -> Result<Told<()>, StoreError> {
        self.told(days).await
    }

    /// The last days: as many as are asked for, up to the newest, as far as they are there.
    async fn told(&self, days: u16) -> Result<Told<()>, StoreError> {
        let wanted = days.clamp(1, MOST_DAYS);
        let mut days = self.store.reports().days(wanted.into()).await?;
        days.reverse();
        let mut told = Told { as_of: days.last().map(|newest| newest.made_at), zone: self.config.zone, days, of: () };
        let since = self.since(&told, wanted);
        told.days.retain(|day| day.day >= since);
        Ok(told)
    }

    fn today(&self) -> NaiveDate {
        day::date_in(self.config.zone, self.clock.now())
    }

    /// The first of the last `days`, the newest that there is included: until the job comes by after midnight, that is yesterday, of
    /// which more is to be told than of a day of which nothing is known yet.
    fn since(&self, told: &Told<()>, days: u16) -> NaiveDate {
        before(told.newest().map_or_else(|| self.today(), |newest| newest.day), days.saturating_sub(1))
    }
}

/// So many days before.
fn before(day: NaiveDate, days: u16) -> NaiveDate {
    day.checked_sub_days(Days::new(days.into())).unwrap_or(day)
}

/// People who said something on a day, as a part of those of its last thirty days: how many of the month's people a day sees.
#[must_use]
pub fn stickiness(day: &Day) -> Option<f64> {
    report::share(day.active, day.active_30)
}
