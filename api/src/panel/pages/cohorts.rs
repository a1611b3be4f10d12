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

/// `GET /admin/panel/cohorts`.
#[derive(Clone, Debug, Template)]
#[template(path = "panel/cohorts.html")]
pub struct Cohorts {
    /// Who came back after a day, a week, a month.
    pub cards: Vec<Card>,
    /// Week by week.
    pub map: HeatMap,
    /// The mean of all of them, by week.
    pub mean: Chart,
    /// In which language.
    pub words: Words,
}

impl Cohorts {
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
