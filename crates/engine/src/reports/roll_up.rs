//! Makes the days that are not closed, oldest first.

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use evolve_domain::{day, report};
use evolve_store::{
    StoreError,
    reports::{Known, Making},
};
use tokio_util::sync::CancellationToken;

use super::Reports;

/// So long after its end a day is closed: what began in it has ended by then.
const OPEN_FOR: TimeDelta = TimeDelta::hours(1);
/// So long after its end people are still as they were then.
const FRESH_FOR: TimeDelta = TimeDelta::days(1);
/// What happened before, when the first day is made, is in no report: turns are kept for less.
const MOST_DAYS: u64 = 366;

/// What a run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RolledUp {
    /// Days that were made anew.
    pub made: u64,
    /// Those that were closed.
    pub closed: u64,
    /// Whether days are left that should have been made.
    pub unfinished: bool,
}

/// A day, and its moments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Range {
    day: NaiveDate,
    begins_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
}

impl Reports {
    /// Makes every day anew that is not closed, and closes those that have been over for an hour. Told to stop, it ends between two
    /// days.
    ///
    /// # Errors
    /// [`StoreError`]; what was made before stays.
    pub async fn roll_up(&self, stop: &CancellationToken) -> Result<RolledUp, StoreError> {
        let (now, reports) = (self.clock.now(), self.store.reports());
        let known = reports.known().await?;
        let mut done = RolledUp::default();
        let mut newest = None;
        for range in self.open(&known, now) {
            if stop.is_cancelled() {
                return Ok(RolledUp { unfinished: true, ..done });
            }
            let making = self.making(&range, now);
            if reports.make(&making).await? {
                done.made += 1;
                done.closed += u64::from(making.closes);
            }
            newest = Some(range.day);
        }
        if let Some(newest) = newest {
            reports.drop_after(newest, report::monday(newest), now).await?;
            reports.rank(newest).await?;
        }
        Ok(done)
    }

    /// The days that are not closed, up to today. Each begins where the one before ended: where the zone has changed, one is longer or
    /// shorter, or has no moment at all, and nothing is counted twice or left out.
    fn open(&self, known: &Known, now: DateTime<Utc>) -> Vec<Range> {
        let zone = self.config.zone;
        let date = |at: DateTime<Utc>| day::date_in(zone, at);
        let today = date(now);
        let earliest = today.checked_sub_days(Days::new(MOST_DAYS)).unwrap_or(today);
        let first = match known.last_closed {
            Some(closed) => closed.succ_opt().unwrap_or(closed),
            None => known.first.map_or(today, date).clamp(earliest, today),
        };
        let mut ranges = Vec::new();
        let mut begins_at = known.closed_until.or_else(|| day::begins(zone, first)).unwrap_or(now);
        for day in first.iter_days().take_while(|day| *day <= today.max(first)) {
            let ends = day.succ_opt().and_then(|next| day::begins(zone, next));
            let ends_at = ends.unwrap_or(begins_at).max(begins_at);
            ranges.push(Range { day, begins_at, ends_at });
            begins_at = ends_at;
        }
        ranges
    }

    fn making(&self, range: &Range, now: DateTime<Utc>) -> Making<'_> {
        let Range { day, begins_at, ends_at } = *range;
        let zone = self.config.zone;
        Making {
            day,
            zone: zone.name(),
            begins_at,
            ends_at,
            hours: report::hours(zone, begins_at, ends_at),
            monday: report::monday(day),
            prices: &self.config.prices,
            is_fresh: now < ends_at + FRESH_FOR,
            closes: now >= ends_at + OPEN_FOR,
            now,
        }
    }
}
