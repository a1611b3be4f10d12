//! All payments, and what can be decided about them.

use askama::Template;
use chrono::{DateTime, Utc};

use super::{Page, people};
use crate::panel::{
    parts::{Act, Cell, Choice, Column, Empty, Field, FieldError, FieldKind, Filter, Form, Listing, Table, Tone, View},
    shell::Section,
    words::{Unit, Words},
};

/// `GET /admin/panel/payments?state=…&person=…`.
#[derive(Clone, Debug, Template)]
#[template(path = "panel/payments.html")]
pub struct Payments {
    /// The code of the state in which they are; all, where it is empty.
    pub state: String,
    /// The codes of all states.
    pub states: Vec<String>,
    /// Of this person alone: their number, or nothing.
    pub person: String,
    /// What is wrong with that.
    pub person_error: Option<String>,
    /// A refund that was sent and could not be begun.
    pub refused: Option<Refused>,
    /// The payments, newest first.
    pub payments: Vec<PaymentLine>,
    /// Which part of the list it is.
    pub listing: Listing,
    /// Whether the reader may open people's pages.
    pub may_see_people: bool,
    /// The session's token.
    pub csrf: String,
    /// What the reader asks of its tables.
    pub view: View,
    /// In which language.
    pub words: Words,
}

/// A payment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PaymentLine {
    /// Our id of it.
    pub id: String,
    /// Who paid; nobody who was removed since.
    pub person: Option<i64>,
    /// When.
    pub at: Option<DateTime<Utc>>,
    /// How much, in the currency's smallest unit.
    pub amount: i64,
    /// The currency.
    pub currency: String,
    /// The code of what became of it: `panel-payment-…`.
    pub state: String,
    /// Until when the days are that it gave.
    pub until: Option<DateTime<Utc>>,
    /// Whether the money goes back by hand, at the provider.
    pub is_by_hand: bool,
    /// Whether it was to be given back, and Telegram did not: then it can be asked again.
    pub is_stuck: bool,
}

/// A refund that was sent and could not be begun: its form comes back unfolded, as it was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refused {
    /// Our id of the payment.
    pub payment: String,
    /// Whose it was said to be.
    pub person: String,
    /// Why.
    pub why: String,
    /// Why it was refused.
    pub wrong: FieldError,
}

impl Payments {
    fn act(&self, name: &str, payment: &PaymentLine, fields: Vec<Field>) -> Act {
        let say = |end: &str| self.words.say(&format!("panel-payment-act-{name}{end}"));
        let id = format!("{name}-{}", payment.id);
        let path = format!("{}/{}/{name}", Section::Payments.path(), payment.id);
        Act::new(say(""), say("-explains"), Form::new(&id, &path, &self.csrf, say("-do"), fields).dangerous())
    }

    /// What can be decided about a payment.
    fn acts(&self, payment: &PaymentLine) -> Cell {
        let is = |states: &[&str]| states.contains(&payment.state.as_str());
        let refused = self.refused.as_ref().filter(|refused| refused.payment == payment.id);
        let mut acts = Vec::new();
        if refused.is_some() || payment.is_stuck || is(&["paid", "waiting", "declined"]) {
            acts.push(self.refund(payment, refused));
        }
        if is(&["waiting"]) {
            acts.push(self.act("decline", payment, Vec::new()));
        }
        if is(&["pending"]) && payment.is_by_hand {
            acts.push(self.act("returned", payment, Vec::new()));
        }
        if acts.is_empty() { Cell::None } else { Cell::Acts(acts) }
    }

    fn refund(&self, payment: &PaymentLine, refused: Option<&Refused>) -> Act {
        let say = |key: &str| self.words.say(key);
        // Telegram gives nothing back without knowing to whom.
        let whose = (payment.person.is_none() && !payment.is_by_hand).then(|| {
            Field::new("person", say("panel-person-id"), FieldKind::Text)
                .required()
                .hint(say("panel-payment-whose"))
                .value(refused.map_or("", |refused| &refused.person))
        });
        let why = Field::new("why", say("panel-why"), FieldKind::Text).required().hint(say("panel-why-hint"));
        let why = why.value(refused.map_or("", |refused| &refused.why));
        let mut act = self.act("refund", payment, whose.into_iter().chain([why]).collect());
        act.form = act.form.wrong(refused.map(|refused| &refused.wrong));
        act.is_open = refused.is_some();
        act
    }

    fn person(&self, payment: &PaymentLine) -> Cell {
        match payment.person {
            Some(id) if self.may_see_people => Cell::Link(id.to_string(), people::address(id)),
            Some(id) => Cell::Code(id.to_string()),
            None => Cell::None,
        }
    }

    /// The list.
    #[must_use]
    pub fn table(&self) -> Table {
        let words = self.words;
        let row = |payment: &PaymentLine| {
            let tone = match payment.state.as_str() {
                "paid" => Tone::Good,
                "waiting" | "pending" => Tone::Warning,
                _ => Tone::Plain,
            };
            vec![
                Cell::time(payment.at),
                self.person(payment),
                Cell::number(words, &Unit::Money(payment.currency.clone()), payment.amount as f64),
                Cell::Text(payment.currency.clone()),
                Cell::State(words.code("payment", &payment.state), tone),
                Cell::time(payment.until),
                Cell::Code(payment.id.clone()),
                self.acts(payment),
            ]
        };
        let empty = if self.state.is_empty() && self.person.is_empty() {
            Empty::of(words, "panel-payments-none")
        } else {
            Empty::of(words, "panel-payments-not-found").link(words.say("panel-show-all"), &self.listing.path)
        };
        Table {
            id: "payments",
            caption: words.say("panel-section-payments"),
            columns: vec![
                Column::text("at", words.say("panel-time")),
                Column::text("person", words.say("panel-person")),
                Column::number("amount", words.say("panel-amount")),
                Column::text("currency", words.say("panel-currency")),
                Column::text("state", words.say("panel-state")),
                Column::text("until", words.say("panel-until")),
                Column::text("id", words.say("panel-id")),
                Column::text("acts", words.say("panel-acts")),
            ],
            rows: self.payments.iter().map(row).collect(),
            listing: self.listing.clone(),
            empty,
            words,
        }
        .asked(&self.view)
    }

    /// The choice of a state, and of a person.
    #[must_use]
    pub fn filter(&self) -> Filter {
        let say = |key: &str| self.words.say(key);
        let states = self.states.iter().map(|state| Choice::new(state, self.words.code("payment", state)));
        let choices = std::iter::once(Choice::new("", say("panel-any"))).chain(states).collect();
        let person = Field::new("person", say("panel-person-id"), FieldKind::Text).value(&self.person);
        let fields = vec![
            Field::new("state", say("panel-state"), FieldKind::Select(choices)).value(&self.state),
            person.error(self.person_error.clone()),
        ];
        Filter::new("find", &self.listing.path, say("panel-section-payments"), say("panel-find"), fields)
    }
}

impl Page for Payments {
    fn section(&self) -> Option<Section> {
        Some(Section::Payments)
    }

    fn title(&self) -> String {
        self.words.say("panel-section-payments")
    }
}
