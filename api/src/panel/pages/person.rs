//! One person: what is known, how close they are, what they paid, and what can be done.

mod acts;
mod tables;

use askama::Template;
use chrono::{DateTime, NaiveDate, Utc};

pub use acts::{GIFTS, Wrong};

use super::{Page, people};
use crate::panel::{
    charts::{self, Chart, Label, Series, Steps},
    markup::Markup,
    parts::{Cell, Facts, Listing, Table, Tone, View},
    shell::Section,
    words::{Unit, Words},
};

/// `GET /admin/panel/people/{id}`.
#[derive(Clone, Debug, Template)]
#[template(path = "panel/person.html")]
pub struct Person {
    /// Their Telegram number.
    pub id: i64,
    /// How they are called; nothing where the reader may not know.
    pub name: Option<String>,
    /// The code of their language.
    pub language: String,
    /// Their zone.
    pub zone: Option<String>,
    /// The plan in force: `free` or `premium`.
    pub plan: String,
    /// Until when premium goes.
    pub premium_until: Option<DateTime<Utc>>,
    /// The level of the relationship, as it is called.
    pub level: String,
    /// Its points.
    pub points: i64,
    /// The points at the end of days of theirs that lie equally far apart, oldest first, since they came.
    pub closeness: Vec<(NaiveDate, i64)>,
    /// With how many points each level begins, and what it is called, lowest first.
    pub levels: Vec<(i64, String)>,
    /// How many messages they wrote.
    pub messages: u64,
    /// What the models cost that answered them, by period.
    pub costs: Vec<CostLine>,
    /// When they came.
    pub since: Option<DateTime<Utc>>,
    /// When they wrote last.
    pub last: Option<DateTime<Utc>>,
    /// Since when they may not write.
    pub banned_since: Option<DateTime<Utc>>,
    /// When they will be forgotten, where that was asked for.
    pub forgotten_at: Option<DateTime<Utc>>,
    /// What is remembered; nothing where the reader may not see it.
    pub facts: Option<Vec<FactLine>>,
    /// Their conversations; nothing where the reader may not see them.
    pub conversations: Option<Vec<ConversationLine>>,
    /// Which part of them it is.
    pub listing: Listing,
    /// What they paid, newest first.
    pub payments: Vec<PaymentLine>,
    /// What the reader may do.
    pub may: PersonActs,
    /// What is wrong with what was sent last.
    pub wrong: Option<Wrong>,
    /// What the next gift is known by: sent twice, it is given once.
    pub key: String,
    /// The session's token.
    pub csrf: String,
    /// What the reader asks of its tables.
    pub view: View,
    /// In which language.
    pub words: Words,
}

/// Something that is remembered of a person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FactLine {
    /// The code of its category.
    pub category: String,
    /// What is remembered.
    pub text: String,
    /// Since when.
    pub since: Option<DateTime<Utc>>,
}

/// A conversation of theirs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConversationLine {
    /// Its id.
    pub id: String,
    /// What it is called.
    pub title: Option<String>,
    /// When it began.
    pub since: Option<DateTime<Utc>>,
    /// How many messages it has.
    pub messages: u64,
}

/// What models did for them in a period, and what that cost.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CostLine {
    /// The code of the period: `day`, `week`, `month`, or `all` days that are kept.
    pub period: &'static str,
    /// Answers that they got.
    pub answers: u64,
    /// Tokens that models read.
    pub input_tokens: u64,
    /// Tokens that they wrote.
    pub output_tokens: u64,
    /// Those of both kinds that have no price.
    pub unpriced_tokens: u64,
    /// What the others cost, in millionths of a dollar.
    pub cost: i64,
}

/// A payment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PaymentLine {
    /// Its id.
    pub id: String,
    /// When.
    pub at: Option<DateTime<Utc>>,
    /// How much, in the currency's smallest unit.
    pub amount: i64,
    /// The currency.
    pub currency: String,
    /// The code of what it is at: `panel-payment-…`.
    pub state: String,
    /// Whether the reader can give it back.
    pub is_refundable: bool,
}

/// What may be done to a person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PersonActs {
    /// Give premium, and end it; ban; forget.
    pub manage: bool,
    /// Give money back.
    pub refund: bool,
    /// See what is remembered of them, and what they talked of.
    pub look: bool,
}

impl Person {
    fn address(&self, rest: &str) -> String {
        format!("{}/{rest}", people::address(self.id))
    }

    /// Where it is, with what is shown of it.
    fn path(&self) -> String {
        match (&self.facts, &self.conversations) {
            (Some(_), _) => self.address("facts"),
            (None, Some(_)) => self.address("conversations"),
            (None, None) => people::address(self.id),
        }
    }

    /// What is known.
    #[must_use]
    pub fn known(&self) -> Facts {
        let words = self.words;
        let state = match self.banned_since {
            Some(at) => {
                let text = words.with("panel-person-banned-since", [("time", words.when(at))]);
                Cell::State(text, Tone::Bad)
            }
            None => Cell::None,
        };
        Facts::of(
            words,
            [
                ("panel-person-state", state),
                ("panel-person-id", Cell::Code(self.id.to_string())),
                ("panel-person-plan", people::plan(words, &self.plan)),
                ("panel-person-premium-until", Cell::time(self.premium_until)),
                ("panel-person-level", Cell::Text(self.level.clone())),
                ("panel-person-points", Cell::number(words, &Unit::Count, self.points as f64)),
                ("panel-person-language", Cell::Text(self.language.clone())),
                ("panel-person-zone", Cell::maybe(self.zone.as_deref())),
                ("panel-messages", Cell::count(words, self.messages)),
                ("panel-person-since", Cell::time(self.since)),
                ("panel-person-last", Cell::time(self.last)),
                ("panel-person-forgotten-at", Cell::time(self.forgotten_at)),
            ],
        )
    }

    /// The relationship over time.
    #[must_use]
    pub fn chart(&self) -> Markup {
        let label = |day: NaiveDate| Label { short: self.words.day(day), full: self.words.date(day) };
        let chart = Chart {
            id: "closeness",
            title: self.words.say("panel-person-closeness"),
            unit: Unit::Count,
            labels: self.closeness.iter().map(|(day, _)| label(*day)).collect(),
            series: vec![Series {
                name: self.words.say("panel-person-points"),
                values: self.closeness.iter().map(|(_, points)| *points as f64).collect(),
            }],
        };
        let step = |(points, name): &(i64, String)| (*points as f64, name.clone());
        let steps = Steps { name: self.words.say("panel-person-level"), steps: self.levels.iter().map(step).collect() };
        charts::climb(&chart, &steps, self.words)
    }

    /// Of which time that is, and whose days they are: not those of the other times on the page.
    #[must_use]
    pub fn span(&self) -> Option<String> {
        let ((first, _), (last, _)) = (self.closeness.first()?, self.closeness.last()?);
        let zone = self.zone.clone().unwrap_or_else(|| self.words.zone.name().to_owned());
        let (from, to) = (self.words.date(*first), self.words.date(*last));
        let span = self.words.with("panel-person-closeness-span", [("from", from), ("to", to), ("zone", zone)]);
        let apart = self.closeness.get(1).map_or(1, |(next, _)| (*next - *first).num_days());
        let every = u64::try_from(apart).ok().filter(|apart| *apart > 1);
        let every = every.map(|days| self.words.count("panel-person-closeness-every", days));
        Some(every.map_or_else(|| span.clone(), |every| format!("{span} {every}")))
    }

    /// Where what is remembered can be looked at, and what was talked of; each look is written down.
    #[must_use]
    pub fn looks(&self) -> Vec<(String, String)> {
        if !self.may.look {
            return Vec::new();
        }
        let conversations = (self.words.say("panel-person-look-conversations"), self.address("conversations"));
        let facts = (self.words.say("panel-person-look-facts"), self.address("facts"));
        let shown = [(self.conversations.is_none(), conversations), (self.facts.is_none(), facts)];
        shown.into_iter().filter(|(is_hidden, _)| *is_hidden).map(|(_, look)| look).collect()
    }
}

impl Page for Person {
    fn section(&self) -> Option<Section> {
        Some(Section::People)
    }

    fn title(&self) -> String {
        let number = || self.words.with("panel-person-title", [("id", self.id.to_string())]);
        self.name.clone().unwrap_or_else(number)
    }

    fn tables(&self) -> Vec<Table> {
        let always = [self.cost_table(), self.payment_table()];
        always.into_iter().chain(self.conversation_table()).chain(self.fact_table()).collect()
    }
}
