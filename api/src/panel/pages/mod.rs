//! The pages: what each shows, as plain data, and how that becomes tables, charts and forms.
//!
//! A page knows nothing of requests and of the database: whoever answers fills one in and renders it. What a role may not see is not
//! in what it is filled with: a page has an `Option`, or an empty list, where something depends on that.

use askama::Template;

use super::{parts::Table, shell::Section, words::Words};

pub mod access;
pub mod account;
pub mod audit;
pub mod broadcasts;
pub mod cohorts;
pub mod compose;
pub mod conversations;
pub mod entry;
pub mod factor;
pub mod failures;
pub mod features;
pub mod flags;
pub mod funnel;
pub mod jobs;
pub mod overview;
pub mod payments;
pub mod people;
pub mod person;
pub mod problem;
pub mod prompts;
pub mod revenue;
pub mod system;
pub mod tools;
pub mod webhooks;

/// A page.
pub trait Page: Template {
    /// Where in the menu it belongs; nowhere, for those before the door.
    fn section(&self) -> Option<Section>;

    /// What it is called.
    fn title(&self) -> String;

    /// The tables that can be had as files at its own address (`?csv=ID`), by who may open it, and in the log as a look at it, where
    /// looks are. Lists that have an address of their own for it are not among them.
    fn tables(&self) -> Vec<Table> {
        Vec::new()
    }
}

/// Over what time numbers are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Period {
    /// The last day, hour by hour.
    Day,
    /// The last week, day by day.
    #[default]
    Week,
    /// The last month, day by day.
    Month,
}

impl Period {
    /// All.
    pub const ALL: [Self; 3] = [Self::Day, Self::Week, Self::Month];

    /// Its name in addresses (`?period=`), and in messages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    /// The one of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|period| period.as_str() == name)
    }
}

/// The choice of a period.
#[derive(Clone, Debug, Template)]
#[template(path = "panel/parts/periods.html")]
pub struct Periods {
    /// The address of the page.
    pub path: String,
    /// The one that is shown.
    pub now: Period,
    /// In which language.
    pub words: Words,
}

impl askama::filters::HtmlSafe for Periods {}

impl Periods {
    /// Each with its address, its text, and whether it is the one that is shown.
    #[must_use]
    pub fn all(&self) -> Vec<(String, String, bool)> {
        let one = |period: Period| {
            let name = period.as_str();
            (format!("{}?period={name}", self.path), self.words.code("period", name), period == self.now)
        };
        Period::ALL.map(one).to_vec()
    }
}
