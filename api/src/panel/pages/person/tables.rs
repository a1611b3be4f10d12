//! What there is of a person, list by list.

use super::{ConversationLine, CostLine, FactLine, PaymentLine, Person};
use crate::panel::{
    parts::{Cell, Column, Empty, Listing, Table, Tone},
    shell::Section,
    words::Unit,
};

impl Person {
    /// What models cost, by period.
    #[must_use]
    pub fn cost_table(&self) -> Table {
        let words = self.words;
        let row = |line: &CostLine| {
            vec![
                Cell::Text(words.code("period", line.period)),
                Cell::count(words, line.answers),
                Cell::count(words, line.input_tokens),
                Cell::count(words, line.output_tokens),
                Cell::count(words, line.unpriced_tokens),
                Cell::number(words, &Unit::Microdollars, line.cost as f64),
            ]
        };
        Table {
            id: "costs",
            caption: words.say("panel-person-costs"),
            columns: vec![
                Column::text("period", words.say("panel-periods")),
                Column::number("answers", words.say("panel-answers")),
                Column::number("input_tokens", words.say("panel-tokens-in")),
                Column::number("output_tokens", words.say("panel-tokens-out")),
                Column::number("unpriced_tokens", words.say("panel-tokens-unpriced")),
                Column::number("cost", words.say("panel-cost")),
            ],
            rows: self.costs.iter().map(row).collect(),
            listing: Listing::within(self.path(), "costs"),
            empty: Empty::of(words, "panel-models-none"),
            words,
        }
        .asked(&self.view)
    }

    /// What is remembered.
    #[must_use]
    pub fn fact_table(&self) -> Option<Table> {
        let words = self.words;
        let row = |fact: &FactLine| {
            let category = words.code("category", &fact.category);
            vec![Cell::Text(fact.text.clone()), Cell::Text(category), Cell::time(fact.since)]
        };
        let table = Table {
            id: "facts",
            caption: words.say("panel-person-facts"),
            columns: vec![
                Column::text("text", words.say("panel-person-fact")),
                Column::text("category", words.say("panel-person-category")),
                Column::text("since", words.say("panel-since")),
            ],
            rows: self.facts.as_ref()?.iter().map(row).collect(),
            listing: Listing::within(self.path(), "facts"),
            empty: Empty::of(words, "panel-person-no-facts"),
            words,
        };
        Some(table.asked(&self.view))
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
        let table = Table {
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
        };
        Some(table.asked(&self.view))
    }

    /// Where all payments of theirs are, for who may look there.
    #[must_use]
    pub fn all_payments(&self) -> Option<String> {
        let may = self.may.refund && !self.payments.is_empty();
        may.then(|| format!("{}?person={}", Section::Payments.path(), self.id))
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
            listing: Listing::within(self.path(), "payments"),
            empty: Empty::of(words, "panel-person-no-payments"),
            words,
        }
        .asked(&self.view)
    }
}
