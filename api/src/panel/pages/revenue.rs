//! Subscriptions and money.

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

/// `GET /admin/panel/revenue?period=…`.
#[derive(Clone, Debug, Template)]
#[template(path = "panel/revenue.html")]
pub struct Revenue {
    /// Over what time.
    pub period: Period,
    /// Money, by currency: currencies are never added up.
    pub currencies: Vec<CurrencyPart>,
    /// Subscriptions that began, went on and ended, by day.
    pub subscriptions: Chart,
    /// Whether the reader may see who pays.
    pub shows_people: bool,
    /// Who has premium, by its end.
    pub subscribers: Vec<SubscriberLine>,
    /// Which part of the list it is.
    pub listing: Listing,
    /// What the reader asks of its tables.
    pub view: View,
    /// In which language.
    pub words: Words,
}

/// What came in in one currency.
#[derive(Clone, Debug)]
pub struct CurrencyPart {
    /// The currency.
    pub currency: String,
    /// MRR, ARR, ARPU, LTV, churn.
    pub cards: Vec<Card>,
    /// Paid and given back, by day.
    pub chart: Chart,
}

/// Somebody who pays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SubscriberLine {
    /// Their number.
    pub person: i64,
    /// Since when.
    pub since: Option<DateTime<Utc>>,
    /// Until when it is paid; nothing for who has it without an end.
    pub until: Option<DateTime<Utc>>,
    /// The code of how it goes on: `panel-renewal-…`.
    pub renewal: String,
    /// What they paid in all, in the smallest unit; nothing where it was given.
    pub paid: Option<i64>,
    /// In this currency.
    pub currency: String,
}

impl Revenue {
    /// The choice of a period.
    #[must_use]
    pub fn periods(&self) -> Periods {
        Periods { path: Section::Revenue.path(), now: self.period, words: self.words }
    }

    /// The chart of a currency.
    #[must_use]
    pub fn money(&self, part: &CurrencyPart) -> Markup {
        charts::bars(&part.chart, self.words)
    }

    /// The chart of subscriptions.
    #[must_use]
    pub fn chart(&self) -> Markup {
        charts::stacked(&self.subscriptions, self.words)
    }

    /// Who pays.
    #[must_use]
    pub fn table(&self) -> Table {
        let words = self.words;
        let row = |line: &SubscriberLine| {
            let tone = if line.renewal == "renews" { Tone::Good } else { Tone::Plain };
            vec![
                Cell::Link(line.person.to_string(), people::address(line.person)),
                Cell::time(line.since),
                line.until.map_or_else(|| Cell::Text(words.say("panel-until-never")), Cell::Time),
                Cell::State(words.code("renewal", &line.renewal), tone),
                line.paid
                    .map_or(Cell::None, |paid| Cell::number(words, &Unit::Money(line.currency.clone()), paid as f64)),
                Cell::maybe(Some(line.currency.as_str())),
            ]
        };
        Table {
            id: "subscribers",
            caption: words.say("panel-subscribers"),
            columns: vec![
                Column::text("person", words.say("panel-person")),
                Column::text("since", words.say("panel-since")),
                Column::text("until", words.say("panel-until")).sorted(),
                Column::text("renewal", words.say("panel-renewal")),
                Column::number("paid", words.say("panel-paid")),
                Column::text("currency", words.say("panel-currency")),
            ],
            rows: self.subscribers.iter().map(row).collect(),
            listing: self.listing.clone(),
            empty: Empty::of(words, "panel-subscribers-none"),
            words,
        }
        .asked(&self.view)
    }
}

impl Page for Revenue {
    fn section(&self) -> Option<Section> {
        Some(Section::Revenue)
    }

    fn title(&self) -> String {
        self.words.say("panel-section-revenue")
    }
}
