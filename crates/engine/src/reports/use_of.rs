//! What people do, when, and how long they wait.

use chrono::Datelike as _;
use evolve_domain::report::percentile;
use evolve_store::{
    StoreError,
    reports::{FEATURES, Feature, FeatureDay, Model, ModelDay, Took, Tool},
};

use super::{Reports, Told};

/// How long answers took, milliseconds to two significant digits; nothing where there was none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// Until the first words were there: half of all.
    pub first_p50: Option<i64>,
    /// As `first_p50`: 95 of 100.
    pub first_p95: Option<i64>,
    /// Until the whole answer was: half of all.
    pub whole_p50: Option<i64>,
    /// As `whole_p50`: 95 of 100.
    pub whole_p95: Option<i64>,
}

/// When people talk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activity {
    /// Messages, by the hour that clocks show.
    pub hours: [i64; 24],
    /// Messages, by the day of the week, from Monday.
    pub weekdays: [i64; 7],
    /// Messages, by the day of the week and the hour of it.
    pub week: [[i64; 24]; 7],
}

/// What models use and do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolUse {
    /// Tools, the most used first.
    pub tools: Vec<Tool>,
    /// Models, who answered most first.
    pub models: Vec<Model>,
    /// What each model cost on each day.
    pub costs: Vec<ModelDay>,
}

impl Reports {
    /// How much was said and answered, and how long that took.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn messages(&self, days: u16) -> Result<Told<Times>, StoreError> {
        let told = self.told(days).await?;
        let took = self.store.reports().times(self.since(&told, days)).await?;
        let of = |what: &str, percent| {
            let counted: Vec<(i64, i64)> =
                took.iter().filter(|took| took.what == what).map(|Took { ms, turns, .. }| (*ms, *turns)).collect();
            percentile(&counted, percent)
        };
        Ok(told.with(Times {
            first_p50: of("first", 50),
            first_p95: of("first", 95),
            whole_p50: of("whole", 50),
            whole_p95: of("whole", 95),
        }))
    }

    /// What people use of the bot: every feature, also those that nobody used.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn features(&self, days: u16) -> Result<Told<Vec<Feature>>, StoreError> {
        let told = self.told(days).await?;
        let used = self.store.reports().features(self.since(&told, days)).await?;
        let every = FEATURES.map(|name| {
            let found = used.iter().find(|feature| feature.feature == name).cloned();
            found.unwrap_or_else(|| Feature { feature: name.to_owned(), uses: 0, person_days: 0 })
        });
        Ok(told.with(every.to_vec()))
    }

    /// How often each feature was used on each of the days; where it was not, it is not among them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn feature_days(&self, days: u16) -> Result<Told<Vec<FeatureDay>>, StoreError> {
        let told = self.told(days).await?;
        let used = self.store.reports().feature_days(self.since(&told, days)).await?;
        Ok(told.with(used))
    }

    /// When people talk.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn activity(&self, days: u16) -> Result<Told<Activity>, StoreError> {
        let told = self.told(days).await?;
        let mut activity = Activity { hours: [0; 24], weekdays: [0; 7], week: [[0; 24]; 7] };
        for row in self.store.reports().hours(self.since(&told, days)).await? {
            let weekday = usize::try_from(row.day.weekday().num_days_from_monday()).unwrap_or_default();
            let hour = usize::try_from(row.hour).unwrap_or_default();
            for number in [
                activity.hours.get_mut(hour),
                activity.weekdays.get_mut(weekday),
                activity.week.get_mut(weekday).and_then(|day| day.get_mut(hour)),
            ]
            .into_iter()
            .flatten()
            {
                *number += row.messages;
            }
        }
        Ok(told.with(activity))
    }

    /// Which tools models use, and which models answer.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn tools(&self, days: u16) -> Result<Told<ToolUse>, StoreError> {
        let told = self.told(days).await?;
        let (reports, since) = (self.store.reports(), self.since(&told, days));
        let (tools, models) = (reports.tools(since).await?, reports.models(since).await?);
        let costs = reports.model_days(since).await?;
        Ok(told.with(ToolUse { tools, models, costs }))
    }
}
