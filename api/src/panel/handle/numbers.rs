//! What the pages of numbers share: of which days they are, and how days become places of charts.

use axum::extract::{Query, rejection::QueryRejection};
use chrono::NaiveDate;
use evolve_contract::Code;
use evolve_engine::reports;
use serde::Deserialize;

use crate::{
    panel::{
        charts::{Chart, Label, Series},
        pages::Period,
        words::{Unit, Words},
    },
    problem::ApiError,
};

/// Of which time.
#[derive(Debug, Default, Deserialize)]
pub(super) struct OfTime {
    /// `day`, `week` or `month`; a week, where it is another word.
    period: Option<String>,
}

impl OfTime {
    pub(super) fn period(&self) -> Period {
        self.period.as_deref().and_then(Period::named).unwrap_or_default()
    }
}

/// A period, as reports call it.
pub(super) const fn of_reports(period: Period) -> reports::Period {
    match period {
        Period::Day => reports::Period::Day,
        Period::Week => reports::Period::Week,
        Period::Month => reports::Period::Month,
    }
}

/// How many days a period has, today included.
pub(super) const fn days(period: Period) -> u16 {
    of_reports(period).days()
}

/// What an address asks for behind its `?`.
pub(super) fn asked<T>(query: Result<Query<T>, QueryRejection>) -> Result<T, ApiError> {
    query.map(|Query(asked)| asked).map_err(|_| invalid("the query is none of this page"))
}

pub(super) fn invalid(detail: &str) -> ApiError {
    ApiError::new(Code::InvalidValue).detail(detail)
}

/// A count that is none below zero.
pub(super) fn count(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

/// A day on an axis.
pub(super) fn label(words: Words, day: NaiveDate) -> Label {
    Label { short: words.day(day), full: words.date(day) }
}

/// What is drawn over days.
pub(super) fn over_days(
    words: Words,
    (id, title): (&'static str, String),
    unit: Unit,
    days: &[NaiveDate],
    series: Vec<Series>,
) -> Chart {
    Chart { id, title, unit, labels: days.iter().map(|day| label(words, *day)).collect(), series }
}
