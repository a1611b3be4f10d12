//! `/admin/panel/features`: what people use of the bot, day by day, and at which hours of which days of the week they talk.

use axum::{
    Router,
    extract::{Query, State, rejection::QueryRejection},
    response::Response,
    routing::get,
};
use chrono::NaiveDate;
use evolve_domain::report::share;
use evolve_engine::reports::Activity;
use evolve_store::reports::{Feature, FeatureDay};

use super::{
    Reader,
    numbers::{OfTime, asked, count, days, over_days},
};
use crate::{
    panel::{
        charts::{Chart, HeatMap, HeatRow, Series},
        download,
        pages::features::{FeatureLine, Features},
        words::{Unit, Words},
    },
    problem::ApiError,
    state::Api,
};

/// Days of the map of hours: each day of the week four times.
const WEEKS: u16 = 28;
/// Ids of charts, by feature.
const IDS: [(&str, &str); 9] = [
    ("voice_in", "feature-voice-in"),
    ("voice_out", "feature-voice-out"),
    ("pictures_in", "feature-pictures-in"),
    ("pictures_out", "feature-pictures-out"),
    ("groups", "feature-groups"),
    ("remade", "feature-remade"),
    ("tools", "feature-tools"),
    ("reactions", "feature-reactions"),
    ("first_words", "feature-first-words"),
];
/// Days of the week, from Monday, as they are called in pages.
const WEEKDAYS: [&str; 7] = ["1", "2", "3", "4", "5", "6", "7"];

/// Its routes.
pub fn routes() -> Router<Api> {
    Router::new().route("/admin/panel/features", get(page)).route("/admin/panel/features.csv", get(csv))
}

type Asked = Result<Query<OfTime>, QueryRejection>;

async fn page(reader: Reader, State(api): State<Api>, query: Asked) -> Result<Response, ApiError> {
    Ok(reader.page(&features(&reader, &api, query).await?))
}

async fn csv(reader: Reader, State(api): State<Api>, query: Asked) -> Result<Response, ApiError> {
    Ok(download::download(&features(&reader, &api, query).await?.table(), "features"))
}

async fn features(reader: &Reader, api: &Api, query: Asked) -> Result<Features, ApiError> {
    let period = asked(query)?.period();
    let words = reader.words;
    let told = api.reports.features(days(period)).await?;
    let used = api.reports.feature_days(days(period)).await?;
    let hours = api.reports.activity(WEEKS).await?;
    let active = told.sum(|day| day.active);
    let line = |feature: &Feature| FeatureLine {
        feature: feature.feature.clone(),
        uses: count(feature.uses),
        person_days: count(feature.person_days),
        share: share(feature.person_days, active),
    };
    let shown: Vec<NaiveDate> = used.days.iter().map(|day| day.day).collect();
    let was_used = |name: &str| told.of.iter().any(|feature| feature.feature == name && feature.uses > 0);
    let charts = IDS.into_iter().filter(|(name, _)| was_used(name));
    Ok(Features {
        period,
        features: told.of.iter().map(line).collect(),
        days: charts.map(|(name, id)| chart(words, (name, id), &shown, &used.of)).collect(),
        hours: map(words, &hours.of),
        view: reader.view.clone(),
        words,
    })
}

/// A feature, day by day.
fn chart(words: Words, (name, id): (&str, &'static str), shown: &[NaiveDate], used: &[FeatureDay]) -> Chart {
    let on =
        |day: &NaiveDate| used.iter().find(|of| of.day == *day && of.feature == name).map_or(0.0, |of| of.uses as f64);
    let series = Series { name: words.say("panel-feature-uses"), values: shown.iter().map(on).collect() };
    over_days(words, (id, words.code("feature", name)), Unit::Count, shown, vec![series])
}

/// When people talk. Without a word there is nothing to draw.
fn map(words: Words, activity: &Activity) -> HeatMap {
    let row = |(name, hours): (&str, &[i64; 24])| HeatRow {
        name: words.code("weekday", name),
        size: count(hours.iter().sum()),
        values: hours.iter().map(|messages| Some(*messages as f64)).collect(),
    };
    let is_silent = activity.hours.iter().all(|messages| *messages == 0);
    HeatMap {
        id: "hours",
        title: words.code("chart", "hours"),
        unit: Unit::Count,
        sizes: words.say("panel-messages"),
        columns: (0..24).map(|hour| hour.to_string()).collect(),
        rows: if is_silent { Vec::new() } else { WEEKDAYS.into_iter().zip(&activity.week).map(row).collect() },
    }
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;
    use evolve_domain::language::Language;
    use evolve_store::reports::FEATURES;

    use super::*;

    const EN: Words = Words { language: Language::En, zone: Tz::UTC };

    #[test]
    fn every_feature_has_a_chart_of_its_own() {
        assert_eq!(IDS.map(|(name, _)| name), FEATURES);
    }

    #[test]
    fn hours_stand_in_the_rows_of_their_days_and_silence_draws_nothing() {
        let mut activity = Activity { hours: [0; 24], weekdays: [0; 7], week: [[0; 24]; 7] };
        assert!(map(EN, &activity).rows.is_empty());
        activity.hours[21] = 5;
        activity.week[6][21] = 5;
        let map = map(EN, &activity);
        let sunday = map.rows.last().unwrap();
        assert_eq!((sunday.name.as_str(), sunday.size, sunday.values[21]), ("Sunday", 5, Some(5.0)));
    }
}
