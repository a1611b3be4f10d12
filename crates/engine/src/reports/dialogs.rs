//! What the stats API tells of a day, a week or a month (`/api/v1/stats`).
//!
//! How long each of its queries took is in a metric, and in the log: at debug, and what is slow as a warning that names the query and the period. Its
//! plan follows where that is wanted; it is run once more for it, so nobody waits for it who does not want to know.

use std::{fmt, str::FromStr, time::Instant};

use chrono::NaiveDate;
use evolve_runtime::metrics::{Durations, Metrics, quick_durations};
use evolve_store::{
    StoreError,
    reports::{By, Dialog, DialogPlace, Top},
};
use prometheus_client::encoding::EncodeLabelSet;

use super::{Reports, Told, before};

/// Conversations, and people, that are listed.
const LISTED: u32 = 10;

/// What is asked for an answer, and all of it together.
const SUMMARY: &str = "summary";
const ACTIVITY: &str = "activity";
const RECENT_DIALOGS: &str = "recent_dialogs";
const TOP_USERS: &str = "top_users";
const STATS: &str = "stats";

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Query {
    query_name: &'static str,
}

/// `stats_query_duration_seconds`.
#[derive(Clone, Debug)]
pub(super) struct QueryMetrics(Durations<Query>);

impl Default for QueryMetrics {
    fn default() -> Self {
        Self(quick_durations())
    }
}

impl QueryMetrics {
    pub(super) fn register(&self, metrics: &Metrics) {
        metrics.register(|book| {
            let help = "Time of what the stats API asks Postgres, seconds; `stats` is all of an answer";
            book.register("stats_query_duration_seconds", help, self.0.clone())
                .one_of("query_name", [SUMMARY, ACTIVITY, RECENT_DIALOGS, TOP_USERS, STATS]);
        });
    }
}

/// Of how long it tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Period {
    /// Today.
    Day,
    /// Seven days, today included.
    #[default]
    Week,
    /// Thirty days, today included.
    Month,
}

impl Period {
    /// How many days.
    #[must_use]
    pub const fn days(self) -> u16 {
        match self {
            Self::Day => 1,
            Self::Week => 7,
            Self::Month => 30,
        }
    }

    /// What it is called.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Period {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Day, Self::Week, Self::Month]
            .into_iter()
            .find(|period| period.as_str() == text)
            .ok_or_else(|| format!("{text:?} is not a period; use day, week or month"))
    }
}

/// What was said in an hour, or on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    /// The day.
    pub day: NaiveDate,
    /// The hour of it; nothing of a whole day.
    pub hour: Option<u8>,
    /// Messages of people, wherever they were said.
    pub messages: i64,
    /// Who said them.
    pub people: i64,
}

/// What is told of a period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DialogStats {
    /// People who said something in it.
    pub active: i64,
    /// Its hours, for a day, or its days, oldest first.
    pub activity: Vec<Point>,
    /// The conversations in which something was said last, whenever that was.
    pub recent: Vec<Dialog>,
    /// Who said most in it.
    pub top: Vec<Top>,
}

impl Reports {
    /// A page of at most `size` conversations, those in which something was said last first, without a word of them; and what the page
    /// after it is asked for with, if there is one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn newest_dialogs(
        &self,
        before: Option<DialogPlace>,
        size: u32,
    ) -> Result<(Vec<Dialog>, Option<DialogPlace>), StoreError> {
        let mut dialogs = self.store.reports().dialogs(before, size.saturating_add(1)).await?;
        let is_more = dialogs.len() > size as usize;
        dialogs.truncate(size as usize);
        let next = dialogs.last().filter(|_| is_more).map(|last| (last.last_message_at, last.id));
        Ok((dialogs, next))
    }

    /// What the stats API tells.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn dialog_stats(&self, period: Period) -> Result<Told<DialogStats>, StoreError> {
        let (reports, days) = (self.store.reports(), period.days());
        let began = Instant::now();
        let told = self.timed(SUMMARY, period, self.told(days)).await?;
        let hours = match period {
            Period::Day => self.timed(ACTIVITY, period, reports.hours(self.since(&told, days))).await?,
            Period::Week | Period::Month => Vec::new(),
        };
        let recent = self.timed(RECENT_DIALOGS, period, reports.dialogs(None, LISTED)).await?;
        let top = self.timed(TOP_USERS, period, reports.tops(days, By::Messages, LISTED)).await?;
        self.tell(STATS, period, began);
        let newest = told.newest();
        let active = newest.map_or(0, |newest| match period {
            Period::Day => newest.active,
            Period::Week => newest.active_7,
            Period::Month => newest.active_30,
        });
        let activity = match period {
            Period::Day => by_hours(newest.map(|newest| newest.day), &hours),
            Period::Week | Period::Month => {
                let point = |day: &evolve_store::reports::Day| Point {
                    day: day.day,
                    hour: None,
                    messages: day.messages + day.asides,
                    people: day.active,
                };
                told.days.iter().map(point).collect()
            }
        };
        Ok(told.with(DialogStats { active, activity, recent, top }))
    }

    /// Does it, and tells the log how long it took, and how Postgres went about it where that was long and is wanted.
    async fn timed<T>(
        &self,
        query: &'static str,
        period: Period,
        work: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let began = Instant::now();
        let done = work.await;
        if self.tell(query, period, began) && self.config.analyses_queries {
            let days = period.days();
            match self.store.reports().explain(query, before(self.today(), days - 1), days, LISTED).await {
                Ok(plan) => tracing::info!(query, %period, plan = plan.join("\n"), "how the slow query went"),
                Err(error) => tracing::warn!(query, %period, %error, "a slow query could not be looked into"),
            }
        }
        done
    }

    /// Whether it was slow.
    fn tell(&self, query: &'static str, period: Period, began: Instant) -> bool {
        let took = began.elapsed();
        self.queries.0.get_or_create(&Query { query_name: query }).observe(took.as_secs_f64());
        let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        let is_slow = took > self.config.slow_after;
        if is_slow {
            tracing::warn!(query, %period, millis, "a query of the statistics is slow");
        } else {
            tracing::debug!(query, %period, millis, "a query of the statistics");
        }
        is_slow
    }
}

/// Every hour of a day, also those in which nothing was said.
fn by_hours(day: Option<NaiveDate>, hours: &[evolve_store::reports::Hour]) -> Vec<Point> {
    let Some(day) = day else { return Vec::new() };
    let point = |hour: u8| {
        let found = hours.iter().find(|row| row.day == day && row.hour == i16::from(hour));
        let (messages, people) = found.map_or((0, 0), |row| (row.messages, row.people));
        Point { day, hour: Some(hour), messages, people }
    };
    (0..24).map(point).collect()
}
