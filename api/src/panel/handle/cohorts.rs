//! `/admin/panel/cohorts`: who comes back, of those who came on a day or in a week.

use axum::{
    Router,
    extract::{Query, State, rejection::QueryRejection},
    response::Response,
    routing::get,
};
use evolve_engine::reports::Cohort;
use evolve_store::reports::Unit as Stored;
use serde::Deserialize;

use super::{
    Reader,
    numbers::{asked, count},
};
use crate::{
    panel::{
        charts::{Chart, HeatMap, HeatRow, Label, Series},
        pages::cohorts::{CohortUnit, Cohorts},
        parts::Card,
        words::{Unit, Words},
    },
    problem::ApiError,
    state::Api,
};

/// Days of cohorts by day: as many columns fit on a page.
const DAYS: u16 = 14;
/// Days of cohorts by week: twelve weeks.
const WEEKS: u16 = 84;
/// Days of those of whom the cards tell.
const CARDS: u16 = 60;
/// After so many days somebody is back.
const BACK: [(&str, usize); 3] =
    [("panel-number-retention-1", 1), ("panel-number-retention-7", 7), ("panel-number-retention-30", 30)];

/// Its routes.
pub fn routes() -> Router<Api> {
    Router::new().route("/admin/panel/cohorts", get(page))
}

/// By what.
#[derive(Debug, Default, Deserialize)]
struct Asked {
    unit: Option<String>,
}

async fn page(
    reader: Reader,
    State(api): State<Api>,
    query: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, ApiError> {
    let words = reader.words;
    let unit = asked(query)?.unit.as_deref().and_then(CohortUnit::named).unwrap_or_default();
    let (stored, days) = match unit {
        CohortUnit::Day => (Stored::Day, DAYS),
        CohortUnit::Week => (Stored::Week, WEEKS),
    };
    let told = api.reports.cohort(stored, days).await?;
    let by_day = api.reports.cohort(Stored::Day, CARDS).await?;
    let cards = BACK.map(|(label, after)| Card::known(words, label, &Unit::Share, returned(&by_day.of, after)));
    let map = HeatMap {
        id: "cohorts",
        title: match unit {
            CohortUnit::Day => words.say("panel-chart-cohorts-day"),
            CohortUnit::Week => words.say("panel-chart-cohorts"),
        },
        unit: Unit::Share,
        sizes: words.say("panel-chart-people"),
        columns: (0..told.of.iter().map(|cohort| cohort.active.len()).max().unwrap_or_default())
            .map(|place| place.to_string())
            .collect(),
        rows: told.of.iter().map(|cohort| row(words, cohort)).collect(),
    };
    let mean = mean(words, unit, &told.of);
    Ok(reader.page(&Cohorts { unit, cards: cards.to_vec(), map, mean, words }))
}

/// What is not over yet is not shown: it would look as if people left.
fn row(words: Words, cohort: &Cohort) -> HeatRow {
    let over = cohort.active.len().saturating_sub(1);
    let share = |(place, active): (usize, &i64)| {
        (place < over && cohort.people > 0).then(|| *active as f64 / cohort.people as f64)
    };
    HeatRow {
        name: words.day(cohort.came),
        size: count(cohort.people),
        values: cohort.active.iter().enumerate().map(share).collect(),
    }
}

/// Of all who came so long ago that it is over, the part that was there again after so many days or weeks.
fn returned(cohorts: &[Cohort], after: usize) -> Option<f64> {
    let over = cohorts.iter().filter(|cohort| cohort.active.len() > after + 1);
    let (back, all) = over.fold((0, 0), |(back, all), cohort| {
        (back + cohort.active.get(after).copied().unwrap_or_default(), all + cohort.people)
    });
    (all > 0).then(|| back as f64 / all as f64)
}

fn mean(words: Words, unit: CohortUnit, cohorts: &[Cohort]) -> Chart {
    let longest = cohorts.iter().map(|cohort| cohort.active.len()).max().unwrap_or_default();
    let values: Vec<(usize, f64)> =
        (1..longest).filter_map(|after| returned(cohorts, after).map(|share| (after, share))).collect();
    let title = match unit {
        CohortUnit::Day => words.say("panel-chart-retention-day"),
        CohortUnit::Week => words.say("panel-chart-retention"),
    };
    let label = |after: usize| Label { short: after.to_string(), full: after.to_string() };
    Chart {
        id: "retention",
        title,
        unit: Unit::Share,
        labels: values.iter().map(|(after, _)| label(*after)).collect(),
        series: vec![Series {
            name: words.say("panel-series-returned"),
            values: values.iter().map(|(_, share)| *share).collect(),
        }],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_came_too_late_to_be_back_is_not_counted_as_gone() {
        let day = |day: &str| day.parse().unwrap();
        let cohorts = [
            Cohort { came: day("2026-11-01"), people: 10, active: vec![10, 4, 2] },
            Cohort { came: day("2026-11-02"), people: 30, active: vec![30, 0] },
        ];
        assert_eq!((returned(&cohorts, 1), returned(&cohorts, 2)), (Some(0.4), None));
    }
}
