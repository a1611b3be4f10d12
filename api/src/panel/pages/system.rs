//! How the machinery fares: neighbours, the database, the cache.

use askama::Template;
use chrono::{DateTime, Utc};

use super::Page;
use crate::panel::{
    parts::{Card, Cell, Column, Empty, Listing, Table, Tone},
    shell::Section,
    words::{Unit, Words},
};

/// `GET /admin/panel/system`.
#[derive(Clone, Debug, Template)]
#[template(path = "panel/system.html")]
pub struct System {
    /// The numbers that matter: connections, hits of the cache, the newest migration.
    pub cards: Vec<Card>,
    /// What we need, and whether it answers.
    pub neighbours: Vec<NeighbourLine>,
    /// Queries that took long.
    pub queries: Vec<QueryLine>,
    /// The version of this program.
    pub version: String,
    /// In which language.
    pub words: Words,
}

/// Something that we need.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NeighbourLine {
    /// What.
    pub name: String,
    /// Whether it answers.
    pub is_well: bool,
    /// How long it took, milliseconds.
    pub took_ms: Option<f64>,
    /// What there is to say.
    pub says: Option<String>,
}

/// A query that took long.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct QueryLine {
    /// Its text, without values.
    pub query: String,
    /// How long it took, milliseconds.
    pub took_ms: f64,
    /// When.
    pub at: Option<DateTime<Utc>>,
}

impl System {
    /// What we need.
    #[must_use]
    pub fn neighbour_table(&self) -> Table {
        let words = self.words;
        let row = |line: &NeighbourLine| {
            let (key, tone) =
                if line.is_well { ("panel-neighbour-well", Tone::Good) } else { ("panel-neighbour-away", Tone::Bad) };
            vec![
                Cell::Text(line.name.clone()),
                Cell::State(words.say(key), tone),
                line.took_ms.map_or(Cell::None, |ms| Cell::number(words, &Unit::Millis, ms)),
                Cell::maybe(line.says.as_deref()),
            ]
        };
        Table {
            id: "neighbours",
            caption: words.say("panel-neighbours"),
            columns: vec![
                Column::text("name", words.say("panel-name")),
                Column::text("state", words.say("panel-state")),
                Column::number("took_ms", words.say("panel-lasted")),
                Column::text("says", words.say("panel-job-says")),
            ],
            rows: self.neighbours.iter().map(row).collect(),
            listing: Listing::default(),
            empty: Empty::of(words, "panel-neighbours-none"),
            words,
        }
    }

    /// Queries that took long.
    #[must_use]
    pub fn query_table(&self) -> Table {
        let words = self.words;
        let row = |line: &QueryLine| {
            vec![Cell::Code(line.query.clone()), Cell::number(words, &Unit::Millis, line.took_ms), Cell::time(line.at)]
        };
        Table {
            id: "queries",
            caption: words.say("panel-queries"),
            columns: vec![
                Column::text("query", words.say("panel-query")),
                Column::number("took_ms", words.say("panel-lasted")),
                Column::text("at", words.say("panel-time")),
            ],
            rows: self.queries.iter().map(row).collect(),
            listing: Listing::default(),
            empty: Empty::of(words, "panel-queries-none"),
            words,
        }
    }
}

impl Page for System {
    fn section(&self) -> Option<Section> {
        Some(Section::System)
    }

    fn title(&self) -> String {
        self.words.say("panel-section-system")
    }
}
