//! The first page: how it goes.

use askama::{Template, filters::HtmlSafe};
use chrono::{DateTime, Utc};

use super::{Page, Period, Periods};
use crate::panel::{
    charts::{self, Chart},
    markup::Markup,
    parts::{Card, Tone},
    shell::Section,
    words::Words,
};

/// How many lines of what happens are kept on the page.
pub const TAIL: usize = 30;

/// `GET /admin?period=…`.
#[derive(Clone, Debug, Template)]
#[template(path = "panel/overview.html")]
pub struct Overview {
    /// Over what time.
    pub period: Period,
    /// The numbers that matter.
    pub cards: Vec<Card>,
    /// Messages and people, by hour or by day.
    pub activity: Chart,
    /// What happened last, newest first.
    pub tail: Vec<Happening>,
    /// Until when the numbers go; those of today are not whole.
    pub until: Option<DateTime<Utc>>,
    /// In which language.
    pub words: Words,
}

/// Something that happened. It tells that, never what was said.
#[derive(Clone, Debug, PartialEq, Eq, Template)]
#[template(path = "panel/parts/happening.html")]
pub struct Happening {
    /// When.
    pub at: DateTime<Utc>,
    /// What: a code of `panel-event-…`.
    pub what: String,
    /// To whom: how they are called here, and their page, where the reader may open it.
    pub person: Option<(String, Option<String>)>,
    /// What else there is to know, such as an amount.
    pub detail: Option<String>,
    /// What it means.
    pub tone: Tone,
    /// In which language.
    pub words: Words,
}

impl HtmlSafe for Happening {}

impl Happening {
    /// What a live part sends of it: the whole line. Nothing where it cannot be written, which tests exclude.
    #[must_use]
    pub fn markup(&self) -> Markup {
        Markup::trusted(self.render().unwrap_or_default())
    }

    /// When, to the second.
    #[must_use]
    pub fn clock(&self) -> String {
        self.words.clock(self.at)
    }
}

impl Overview {
    /// The choice of a period.
    #[must_use]
    pub fn periods(&self) -> Periods {
        Periods { path: Section::Overview.path(), now: self.period, words: self.words }
    }

    /// The chart.
    #[must_use]
    pub fn chart(&self) -> Markup {
        charts::line(&self.activity, self.words)
    }

    /// How many lines of what happens are kept.
    #[must_use]
    pub fn kept(&self) -> usize {
        TAIL
    }

    /// Until when the numbers go.
    #[must_use]
    pub fn as_of(&self) -> Option<String> {
        self.until.map(|at| self.words.with("panel-as-of", [("time", self.words.when(at))]))
    }
}

impl Page for Overview {
    fn section(&self) -> Option<Section> {
        Some(Section::Overview)
    }

    fn title(&self) -> String {
        self.words.say("panel-section-overview")
    }
}
