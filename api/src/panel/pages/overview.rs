//! The first page: how it goes.

use askama::{Template, filters::HtmlSafe};
use chrono::{DateTime, Utc};

use super::{Page, Period, Periods};
use crate::panel::{
    charts::{self, Chart},
    markup::Markup,
    parts::{Card, Cell, Column, Empty, Listing, Table, Tone, View},
    shell::Section,
    words::{Unit, Words},
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
    /// Who said most; nothing for who may not see people.
    pub top: Option<Vec<TopLine>>,
    /// What happened last, newest first.
    pub tail: Vec<Happening>,
    /// Up to where that is, as the live part is asked.
    pub after: String,
    /// Until when the numbers go; those of today are not whole.
    pub until: Option<DateTime<Utc>>,
    /// What the reader asks of its tables.
    pub view: View,
    /// In which language.
    pub words: Words,
}

/// Somebody who said much.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TopLine {
    /// Their number.
    pub id: i64,
    /// What they said.
    pub messages: u64,
    /// Answers that they got.
    pub replies: u64,
    /// What these cost, millionths of a US dollar.
    pub cost: f64,
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

    /// Who said most.
    #[must_use]
    pub fn top_table(&self) -> Option<Table> {
        let words = self.words;
        let row = |line: &TopLine| {
            vec![
                Cell::Link(line.id.to_string(), format!("/admin/panel/people/{}", line.id)),
                Cell::count(words, line.messages),
                Cell::count(words, line.replies),
                Cell::number(words, &Unit::Microdollars, line.cost),
            ]
        };
        let lines = self.top.as_ref()?;
        let table = Table {
            id: "top",
            caption: words.say("panel-top"),
            columns: vec![
                Column::text("person", words.say("panel-person")),
                Column::number("messages", words.say("panel-messages")),
                Column::number("answers", words.say("panel-answers")),
                Column::number("cost", words.say("panel-cost")),
            ],
            rows: lines.iter().map(row).collect(),
            listing: Listing::within(Section::Overview.path(), "top"),
            empty: Empty::of(words, "panel-top-none"),
            words,
        };
        Some(table.asked(&self.view))
    }

    /// Where what happens is listened to.
    #[must_use]
    pub fn live(&self) -> String {
        format!("/admin/panel/live/tail?after={}", self.after)
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

    fn tables(&self) -> Vec<Table> {
        self.top_table().into_iter().collect()
    }
}
