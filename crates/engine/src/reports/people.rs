//! Who they are: levels and plans, who comes back, and how far people get.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use evolve_domain::report::{monday, share};
use evolve_store::{
    StoreError,
    reports::{OnLevel, Unit},
};

use super::{MOST_DAYS, Reports, Told};

/// People who came together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cohort {
    /// The day, or the Monday of the week, on which they came.
    pub came: NaiveDate,
    /// How many they were.
    pub people: i64,
    /// How many of them said something on that day (in that week), on the next one, and so on, up to now.
    pub active: Vec<i64>,
}

/// How many people got so far.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stage {
    /// The level that they reached; 0 for having come at all.
    pub level: i16,
    /// How many.
    pub people: i64,
    /// The part of those of the stage before; nothing at the first, and of nobody.
    pub conversion: Option<f64>,
}

impl Reports {
    /// How many people are on which level and plan.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn users(&self, days: u16) -> Result<Told<Vec<OnLevel>>, StoreError> {
        let levels = self.store.reports().levels().await?;
        Ok(self.told(days).await?.with(levels))
    }

    /// How many people ever reached each level, of those who are here.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn funnel(&self) -> Result<Told<Vec<Stage>>, StoreError> {
        let levels = self.store.reports().levels().await?;
        Ok(self.told(1).await?.with(funnel(&levels)))
    }

    /// Who comes back, of the people who came in the last days; by weeks, in the weeks that these are in.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn cohort(&self, unit: Unit, days: u16) -> Result<Told<Vec<Cohort>>, StoreError> {
        let begins = |day: NaiveDate| match unit {
            Unit::Day => day,
            Unit::Week => monday(day),
        };
        let days = days.clamp(1, MOST_DAYS - 6);
        // Whole weeks are up to six days more.
        let mut told = self.told(days + 6).await?;
        let since = begins(self.since(&told, days));
        told.days.retain(|day| day.day >= since);
        let mut cohorts: BTreeMap<NaiveDate, Cohort> = BTreeMap::new();
        let length = match unit {
            Unit::Day => 1,
            Unit::Week => 7,
        };
        let last = told.newest().map_or_else(|| self.today(), |newest| begins(newest.day));
        for day in &told.days {
            let came = begins(day.day);
            let periods = usize::try_from((last - came).num_days() / length + 1).unwrap_or_default();
            let empty = || Cohort { came, people: 0, active: vec![0; periods] };
            cohorts.entry(came).or_insert_with(empty).people += day.new_people;
        }
        for back in self.store.reports().cohorts(unit, since).await? {
            let period = usize::try_from((back.period - back.came).num_days() / length).ok();
            let cohort = cohorts.get_mut(&back.came);
            if let Some(active) = cohort.zip(period).and_then(|(cohort, period)| cohort.active.get_mut(period)) {
                *active = back.people;
            }
        }
        Ok(told.with(cohorts.into_values().collect()))
    }
}

/// Who reached a level reached those before it.
fn funnel(levels: &[OnLevel]) -> Vec<Stage> {
    let Some(highest) = levels.iter().map(|on| on.level).max() else { return Vec::new() };
    let reached = |level: i16| levels.iter().filter(|on| on.level >= level).map(|on| on.people).sum::<i64>();
    let stage = |level: i16| Stage {
        level,
        people: reached(level),
        conversion: (level > 0).then(|| share(reached(level), reached(level - 1))).flatten(),
    };
    (0..=highest).map(stage).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_reached_a_level_reached_those_before_it() {
        let on = |level, plan: &str, people| OnLevel { level, plan: plan.to_owned(), people };
        let stages = funnel(&[on(0, "free", 4), on(1, "free", 3), on(1, "premium", 1), on(3, "free", 2)]);
        let told: Vec<_> = stages.iter().map(|stage| (stage.level, stage.people, stage.conversion)).collect();
        assert_eq!(told, [(0, 10, None), (1, 6, Some(0.6)), (2, 2, Some(2.0 / 6.0)), (3, 2, Some(1.0))]);
        assert_eq!(funnel(&[]), []);
    }
}
