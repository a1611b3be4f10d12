//! How the machinery fares: neighbours, the database, the cache.

use askama::Template;
use chrono::{DateTime, Utc};

use super::Page;
use crate::panel::{
    parts::{Card, Cell, Column, Empty, Facts, Listing, Table, Tone, View},
    shell::Section,
    words::{Unit, Words},
};

/// `GET /admin/panel/system`.
#[derive(Clone, Debug, Template)]
#[template(path = "panel/system.html")]
pub struct System {
    /// The numbers that matter: connections, hits of the cache, the newest migration.
    pub cards: Vec<Card>,
    /// What is not as it should be: migrations that are missing, a copy of the database that is too old.
    pub warnings: Vec<String>,
    /// What is known of the replica that answers: its version, its name, statements, the cache.
    pub known: Facts,
    /// What we need, and whether it answers.
    pub neighbours: Vec<NeighbourLine>,
    /// Who is connected to the database, which is all that is known of other replicas.
    pub connections: Vec<ConnectionLine>,
    /// Queries that took long.
    pub queries: Vec<QueryLine>,
    /// From how many milliseconds on a query is shown as slow.
    pub slow_from_ms: u64,
    /// What is configured.
    pub settings: Vec<SettingLine>,
    /// What the reader asks of its tables.
    pub view: View,
    /// In which language.
    pub words: Words,
}

/// Something that we need.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NeighbourLine {
    /// What.
    pub name: String,
    /// How it stands: `healthy`, `degraded`, `unhealthy`, or `disabled` where it is not configured.
    pub status: String,
    /// Its breaker: `CLOSED`, `OPEN` or `HALF_OPEN`, where it has one.
    pub breaker: Option<String>,
    /// Failures in a row.
    pub failures: u32,
}

/// A process, or several behind one address, that is connected to the database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConnectionLine {
    /// What it calls itself.
    pub name: String,
    /// From where; nothing where it comes by a socket of the same machine.
    pub address: Option<String>,
    /// How many connections it has.
    pub connections: u64,
    /// Since when it has the oldest.
    pub since: Option<DateTime<Utc>>,
}

/// A variable of the configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SettingLine {
    /// Its name.
    pub name: String,
    /// What it says; nothing where that is secret, or is nothing.
    pub value: Option<String>,
    /// Whether it was set, and is not as delivered.
    pub is_set: bool,
    /// Whether what it says is never shown.
    pub is_secret: bool,
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
            let tone = match line.status.as_str() {
                "healthy" => Tone::Good,
                "degraded" => Tone::Warning,
                "disabled" => Tone::Plain,
                _ => Tone::Bad,
            };
            let breaker = line.breaker.as_deref().map(|state| words.code("breaker", &state.to_ascii_lowercase()));
            vec![
                Cell::Text(line.name.clone()),
                Cell::State(words.code("neighbour", &line.status), tone),
                breaker.map_or(Cell::None, Cell::Text),
                Cell::count(words, line.failures.into()),
            ]
        };
        Table {
            id: "neighbours",
            caption: words.say("panel-neighbours"),
            columns: vec![
                Column::text("name", words.say("panel-name")),
                Column::text("state", words.say("panel-state")),
                Column::text("breaker", words.say("panel-breaker")),
                Column::number("failures", words.say("panel-job-failures")),
            ],
            rows: self.neighbours.iter().map(row).collect(),
            listing: Listing::within(Section::System.path(), "neighbours"),
            empty: Empty::of(words, "panel-neighbours-none"),
            words,
        }
        .asked(&self.view)
    }

    /// Who is connected.
    #[must_use]
    pub fn connection_table(&self) -> Table {
        let words = self.words;
        let row = |line: &ConnectionLine| {
            vec![
                Cell::Code(line.name.clone()),
                Cell::maybe(line.address.as_deref()),
                Cell::count(words, line.connections),
                Cell::time(line.since),
            ]
        };
        Table {
            id: "connections",
            caption: words.say("panel-connections"),
            columns: vec![
                Column::text("name", words.say("panel-name")),
                Column::text("address", words.say("panel-address")),
                Column::number("connections", words.say("panel-number-connections")),
                Column::text("since", words.say("panel-since")),
            ],
            rows: self.connections.iter().map(row).collect(),
            listing: Listing::within(Section::System.path(), "connections"),
            empty: Empty::of(words, "panel-connections-none"),
            words,
        }
        .asked(&self.view)
    }

    /// What is configured.
    #[must_use]
    pub fn setting_table(&self) -> Table {
        let words = self.words;
        let row = |line: &SettingLine| {
            let (key, tone) = match (line.is_set, line.is_secret) {
                (true, true) => ("panel-setting-secret", Tone::Good),
                (true, false) => ("panel-setting-set", Tone::Good),
                (false, _) => ("panel-setting-own", Tone::Plain),
            };
            let value = line.value.clone().filter(|value| !value.is_empty());
            vec![Cell::Code(line.name.clone()), Cell::State(words.say(key), tone), value.map_or(Cell::None, Cell::Code)]
        };
        Table {
            id: "settings",
            caption: words.say("panel-settings"),
            columns: vec![
                Column::text("name", words.say("panel-name")),
                Column::text("state", words.say("panel-state")),
                Column::text("value", words.say("panel-setting-value")),
            ],
            rows: self.settings.iter().map(row).collect(),
            listing: Listing::within(Section::System.path(), "settings"),
            empty: Empty::of(words, "panel-settings-none"),
            words,
        }
        .asked(&self.view)
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
            listing: Listing::within(Section::System.path(), "queries"),
            empty: Empty {
                advice: words.with("panel-queries-none-advice", [("from", words.millis(self.slow_from_ms as f64))]),
                says: words.say("panel-queries-none"),
                link: None,
            },
            words,
        }
        .asked(&self.view)
    }
}

impl Page for System {
    fn section(&self) -> Option<Section> {
        Some(Section::System)
    }

    fn title(&self) -> String {
        self.words.say("panel-section-system")
    }

    fn tables(&self) -> Vec<Table> {
        vec![self.neighbour_table(), self.connection_table(), self.query_table(), self.setting_table()]
    }
}
