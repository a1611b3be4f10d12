//! Tools and models: how much they are used, what they cost, and whether they answer.

use askama::Template;
use chrono::{DateTime, Utc};

use super::{Page, Period, Periods, people};
use crate::panel::{
    charts::{self, Chart},
    markup::Markup,
    parts::{Card, Cell, Column, Empty, Listing, Table, Tone, View},
    shell::Section,
    words::{Unit, Words},
};

/// `GET /admin/panel/tools?period=…`.
#[derive(Clone, Debug, Template)]
#[template(path = "panel/tools.html")]
pub struct Tools {
    /// Over what time.
    pub period: Period,
    /// Cost, tokens, how long answers take.
    pub cards: Vec<Card>,
    /// The cost, by model and day.
    pub cost: Chart,
    /// The models.
    pub models: Vec<ModelLine>,
    /// Who cost most; nothing for who may not see people.
    pub dearest: Option<Vec<DearLine>>,
    /// The tools.
    pub tools: Vec<ToolLine>,
    /// What the reader asks of its tables.
    pub view: View,
    /// In which language.
    pub words: Words,
}

/// A model.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModelLine {
    /// How it is called.
    pub model: String,
    /// Who serves it; nothing of one that cannot be asked any more.
    pub provider: Option<String>,
    /// How many answers it made.
    pub answers: u64,
    /// Tokens that it read.
    pub input_tokens: u64,
    /// Tokens that it wrote.
    pub output_tokens: u64,
    /// What that cost, in millionths of a dollar; nothing where it has no price.
    pub cost: Option<i64>,
    /// The code of its breaker, in the replica that answers: `closed`, `open`, `half_open`; nothing of one that cannot be asked any more.
    pub breaker: Option<String>,
    /// Since when the breaker is open.
    pub open_since: Option<DateTime<Utc>>,
}

/// Somebody who cost much.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DearLine {
    /// Their number.
    pub person: i64,
    /// Answers that they got.
    pub answers: u64,
    /// Tokens of both kinds, with or without a price.
    pub tokens: u64,
    /// What those with a price cost, in millionths of a dollar.
    pub cost: i64,
}

/// A tool.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ToolLine {
    /// How it is called.
    pub tool: String,
    /// How often it was used.
    pub calls: u64,
    /// By how many people, each day's added up.
    pub person_days: u64,
    /// How often it failed.
    pub failures: u64,
}

impl Tools {
    /// The choice of a period.
    #[must_use]
    pub fn periods(&self) -> Periods {
        Periods { path: Section::Tools.path(), now: self.period, words: self.words }
    }

    /// The cost.
    #[must_use]
    pub fn chart(&self) -> Markup {
        charts::stacked(&self.cost, self.words)
    }

    /// The models.
    #[must_use]
    pub fn model_table(&self) -> Table {
        let words = self.words;
        let row = |line: &ModelLine| {
            let tone = |code: &str| match code {
                "closed" => Tone::Good,
                "open" => Tone::Bad,
                _ => Tone::Warning,
            };
            let breaker = line.breaker.as_deref().map(|code| Cell::State(words.code("breaker", code), tone(code)));
            let cost = line.cost.map(|cost| Cell::number(words, &Unit::Microdollars, cost as f64));
            vec![
                Cell::Code(line.model.clone()),
                Cell::maybe(line.provider.as_deref()),
                breaker.unwrap_or_default(),
                Cell::time(line.open_since),
                Cell::count(words, line.answers),
                Cell::count(words, line.input_tokens),
                Cell::count(words, line.output_tokens),
                cost.unwrap_or_else(|| Cell::State(words.say("panel-no-price"), Tone::Warning)),
            ]
        };
        Table {
            id: "models",
            caption: words.say("panel-models"),
            columns: vec![
                Column::text("model", words.say("panel-model")),
                Column::text("provider", words.say("panel-provider")),
                Column::text("breaker", words.say("panel-breaker")),
                Column::text("open_since", words.say("panel-open-since")),
                Column::number("answers", words.say("panel-answers")),
                Column::number("input_tokens", words.say("panel-tokens-in")),
                Column::number("output_tokens", words.say("panel-tokens-out")),
                Column::number("cost", words.say("panel-cost")),
            ],
            rows: self.models.iter().map(row).collect(),
            listing: Listing::within(Section::Tools.path(), "models"),
            empty: Empty::of(words, "panel-models-none"),
            words,
        }
        .asked(&self.view)
    }

    /// Who cost most.
    #[must_use]
    pub fn dearest_table(&self) -> Option<Table> {
        let words = self.words;
        let row = |line: &DearLine| {
            vec![
                Cell::Link(line.person.to_string(), people::address(line.person)),
                Cell::count(words, line.answers),
                Cell::count(words, line.tokens),
                Cell::number(words, &Unit::Microdollars, line.cost as f64),
            ]
        };
        let table = Table {
            id: "dearest",
            caption: words.say("panel-dearest"),
            columns: vec![
                Column::text("person", words.say("panel-person")),
                Column::number("answers", words.say("panel-answers")),
                Column::number("tokens", words.say("panel-number-tokens")),
                Column::number("cost", words.say("panel-cost")),
            ],
            rows: self.dearest.as_ref()?.iter().map(row).collect(),
            listing: Listing::within(Section::Tools.path(), "dearest"),
            empty: Empty::of(words, "panel-dearest-none"),
            words,
        };
        Some(table.asked(&self.view))
    }

    /// The tools.
    #[must_use]
    pub fn tool_table(&self) -> Table {
        let words = self.words;
        let row = |line: &ToolLine| {
            vec![
                Cell::Code(line.tool.clone()),
                Cell::count(words, line.calls),
                Cell::count(words, line.person_days),
                Cell::count(words, line.failures),
            ]
        };
        Table {
            id: "tools",
            caption: words.say("panel-tools"),
            columns: vec![
                Column::text("tool", words.say("panel-tool")),
                Column::number("calls", words.say("panel-calls")),
                Column::number("person_days", words.say("panel-person-days")),
                Column::number("failures", words.say("panel-section-failures")),
            ],
            rows: self.tools.iter().map(row).collect(),
            listing: Listing::within(Section::Tools.path(), "tools"),
            empty: Empty::of(words, "panel-tools-none"),
            words,
        }
        .asked(&self.view)
    }
}

impl Page for Tools {
    fn section(&self) -> Option<Section> {
        Some(Section::Tools)
    }

    fn title(&self) -> String {
        self.words.say("panel-section-tools")
    }

    fn tables(&self) -> Vec<Table> {
        [Some(self.model_table()), self.dearest_table(), Some(self.tool_table())].into_iter().flatten().collect()
    }
}
