//! What people use of the bot, day by day, and when they talk.

use askama::Template;

use super::{Page, Period, Periods};
use crate::panel::{
    charts::{self, Chart, HeatMap},
    markup::Markup,
    parts::{Cell, Column, Empty, Listing, Table, View},
    shell::Section,
    words::{Unit, Words},
};

/// `GET /admin/panel/features?period=…`.
#[derive(Clone, Debug, Template)]
#[template(path = "panel/features.html")]
pub struct Features {
    /// Over what time features are shown.
    pub period: Period,
    /// The features.
    pub features: Vec<FeatureLine>,
    /// Each of those that were used, day by day.
    pub days: Vec<Chart>,
    /// When people talk: each day of the week, hour by hour.
    pub hours: HeatMap,
    /// What the reader asks of its tables.
    pub view: View,
    /// In which language.
    pub words: Words,
}

/// A feature.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FeatureLine {
    /// Its code: `panel-feature-…`.
    pub feature: String,
    /// How often it was used.
    pub uses: u64,
    /// By how many people, each day's added up.
    pub person_days: u64,
    /// The part of the days on which people talked; nothing where nobody did.
    pub share: Option<f64>,
}

impl Features {
    /// The choice of a period.
    #[must_use]
    pub fn periods(&self) -> Periods {
        Periods { path: Section::Features.path(), now: self.period, words: self.words }
    }

    /// A feature, day by day.
    #[must_use]
    pub fn chart(&self, of: &Chart) -> Markup {
        charts::bars(of, self.words)
    }

    /// When people talk.
    #[must_use]
    pub fn heat(&self) -> Markup {
        charts::heat(&self.hours, self.words)
    }

    /// Whose hours they are.
    #[must_use]
    pub fn zone(&self) -> String {
        self.words.with("panel-features-zone", [("zone", self.words.zone.name())])
    }

    /// The features.
    #[must_use]
    pub fn table(&self) -> Table {
        let words = self.words;
        let row = |line: &FeatureLine| {
            vec![
                Cell::Text(words.code("feature", &line.feature)),
                Cell::Code(line.feature.clone()),
                Cell::count(words, line.uses),
                Cell::count(words, line.person_days),
                line.share.map_or(Cell::None, |share| Cell::number(words, &Unit::Share, share)),
            ]
        };
        Table {
            id: "features",
            caption: words.say("panel-features"),
            columns: vec![
                Column::text("feature", words.say("panel-feature")),
                Column::text("name", words.say("panel-id")),
                Column::number("uses", words.say("panel-feature-uses")),
                Column::number("person_days", words.say("panel-person-days")),
                Column::number("share", words.say("panel-feature-share")),
            ],
            rows: self.features.iter().map(row).collect(),
            listing: Listing {
                path: Section::Features.path(),
                query: vec![("period".to_owned(), self.period.as_str().to_owned())],
                exports: true,
                ..Listing::default()
            },
            empty: Empty::of(words, "panel-features-none"),
            words,
        }
        .asked(&self.view)
    }
}

impl Page for Features {
    fn section(&self) -> Option<Section> {
        Some(Section::Features)
    }

    fn title(&self) -> String {
        self.words.say("panel-section-features")
    }
}
