//! Who comes back: of those who came in a week, how many are there in the weeks after it.

use askama::Template;

use super::Page;
use crate::panel::{
    charts::{self, Chart, HeatMap},
    markup::Markup,
    parts::Card,
    shell::Section,
    words::Words,
};

/// By what people are put together who came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CohortUnit {
    /// By the day.
    Day,
    /// By the week, from Monday.
    #[default]
    Week,
}

impl CohortUnit {
    /// All.
    pub const ALL: [Self; 2] = [Self::Day, Self::Week];

    /// Its name in addresses (`?unit=`).
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
        }
    }

    /// The one of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|unit| unit.as_str() == name)
    }
}

/// `GET /admin/panel/cohorts?unit=…`.
#[derive(Clone, Debug, Template)]
#[template(path = "panel/cohorts.html")]
pub struct Cohorts {
    /// By what they are put together.
    pub unit: CohortUnit,
    /// Who came back after a day, a week, a month.
    pub cards: Vec<Card>,
    /// Week by week, or day by day.
    pub map: HeatMap,
    /// The mean of all of them, by week.
    pub mean: Chart,
    /// In which language.
    pub words: Words,
}

impl Cohorts {
    /// The choice of a unit: address, text, and whether it is the one that is shown.
    #[must_use]
    pub fn units(&self) -> Vec<(String, String, bool)> {
        let one = |unit: CohortUnit| {
            let text = self.words.code("period", unit.as_str());
            (format!("{}?unit={}", Section::Cohorts.path(), unit.as_str()), text, unit == self.unit)
        };
        CohortUnit::ALL.map(one).to_vec()
    }

    /// What is counted.
    #[must_use]
    pub fn intro(&self) -> String {
        match self.unit {
            CohortUnit::Day => self.words.say("panel-cohorts-intro-day"),
            CohortUnit::Week => self.words.say("panel-cohorts-intro"),
        }
    }

    /// The map.
    #[must_use]
    pub fn heat(&self) -> Markup {
        charts::heat(&self.map, self.words)
    }

    /// The mean.
    #[must_use]
    pub fn chart(&self) -> Markup {
        charts::line(&self.mean, self.words)
    }
}

impl Page for Cohorts {
    fn section(&self) -> Option<Section> {
        Some(Section::Cohorts)
    }

    fn title(&self) -> String {
        self.words.say("panel-section-cohorts")
    }
}
