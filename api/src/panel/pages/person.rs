//! One person: what is known, how close they are, what they paid, and what can be done.

mod acts;

use askama::Template;
use chrono::{DateTime, NaiveDate, Utc};

pub use acts::{GIFTS, Wrong};

use super::{Page, people};
use crate::panel::{
    charts::{self, Chart, Label, Series},
    markup::Markup,
    parts::{Cell, Column, Empty, Facts, Listing, Table, Tone},
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
    /// The points at the end of each day, oldest first.
    pub closeness: Vec<(NaiveDate, i64)>,
    /// How many messages they wrote.
    pub messages: u64,
    /// What the models cost that answered them, in millionths of a dollar.
    pub cost: i64,
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
                ("panel-cost", Cell::number(words, &Unit::Microdollars, self.cost as f64)),
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
        charts::line(&chart, self.words)
    }

    /// What is remembered.
    #[must_use]
    pub fn fact_table(&self) -> Option<Table> {
        let words = self.words;
        let row = |fact: &FactLine| {
            let category = words.code("category", &fact.category);
            vec![Cell::Text(fact.text.clone()), Cell::Text(category), Cell::time(fact.since)]
        };
        Some(Table {
            id: "facts",
            caption: words.say("panel-person-facts"),
            columns: vec![
                Column::text("text", words.say("panel-person-fact")),
                Column::text("category", words.say("panel-person-category")),
                Column::text("since", words.say("panel-since")),
            ],
            rows: self.facts.as_ref()?.iter().map(row).collect(),
            listing: Listing::default(),
            empty: Empty::of(words, "panel-person-no-facts"),
            words,
        })
    }

    /// The conversations.
    #[must_use]
    pub fn conversation_table(&self) -> Option<Table> {
        let words = self.words;
        let row = |talk: &ConversationLine| {
            let title = talk.title.clone().unwrap_or_else(|| words.say("panel-conversation-untitled"));
            let href = format!("{}/{}", Section::Conversations.path(), talk.id);
            vec![Cell::Link(title, href), Cell::time(talk.since), Cell::count(words, talk.messages)]
        };
        Some(Table {
            id: "conversations",
            caption: words.say("panel-section-conversations"),
            columns: vec![
                Column::text("title", words.say("panel-conversation")),
                Column::text("since", words.say("panel-began")),
                Column::number("messages", words.say("panel-messages")),
            ],
            rows: self.conversations.as_ref()?.iter().map(row).collect(),
            listing: self.listing.clone(),
            empty: Empty::of(words, "panel-person-no-conversations"),
            words,
        })
    }

    /// The payments.
    #[must_use]
    pub fn payment_table(&self) -> Table {
        let words = self.words;
        let row = |payment: &PaymentLine| {
            let tone = if payment.state == "paid" { Tone::Good } else { Tone::Plain };
            let acts = if payment.is_refundable && self.may.refund { vec![self.refund(payment)] } else { Vec::new() };
            vec![
                Cell::time(payment.at),
                Cell::number(words, &Unit::Money(payment.currency.clone()), payment.amount as f64),
                Cell::State(words.code("payment", &payment.state), tone),
                Cell::Code(payment.id.clone()),
                if acts.is_empty() { Cell::None } else { Cell::Acts(acts) },
            ]
        };
        Table {
            id: "payments",
            caption: words.say("panel-person-payments"),
            columns: vec![
                Column::text("at", words.say("panel-time")),
                Column::number("amount", words.say("panel-amount")),
                Column::text("state", words.say("panel-state")),
                Column::text("id", words.say("panel-id")),
                Column::text("acts", words.say("panel-acts")),
            ],
            rows: self.payments.iter().map(row).collect(),
            listing: Listing::default(),
            empty: Empty::of(words, "panel-person-no-payments"),
            words,
        }
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
}
