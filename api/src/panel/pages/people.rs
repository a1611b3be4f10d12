//! Who talks to the companion, and finding one of them.

use askama::Template;
use chrono::{DateTime, Utc};

use super::Page;
use crate::panel::{
    parts::{Cell, Choice, Column, Empty, Field, FieldKind, Filter, Listing, Table, Tone, View},
    shell::Section,
    words::Words,
};

/// `GET /admin/panel/people`.
#[derive(Clone, Debug, Template)]
#[template(path = "panel/people.html")]
pub struct People {
    /// What was looked for: a number, a @name, a payment.
    pub search: String,
    /// Of this plan alone: `free`, `premium`, or nothing.
    pub plan: String,
    /// Who was found.
    pub people: Vec<PersonLine>,
    /// How many there are in all, where that is known.
    pub total: Option<u64>,
    /// Which part of the list it is.
    pub listing: Listing,
    /// What the reader asks of its tables.
    pub view: View,
    /// In which language.
    pub words: Words,
}

/// A person in the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PersonLine {
    /// Their Telegram number.
    pub id: i64,
    /// The plan in force: `free` or `premium`.
    pub plan: String,
    /// The level of the relationship, as it is called.
    pub level: String,
    /// How many messages they wrote.
    pub messages: u64,
    /// When they came.
    pub since: Option<DateTime<Utc>>,
    /// When they wrote last.
    pub last: Option<DateTime<Utc>>,
    /// Whether they may not write.
    pub is_banned: bool,
}

/// A plan as a state.
pub(crate) fn plan(words: Words, plan: &str) -> Cell {
    let tone = if plan == "premium" { Tone::Good } else { Tone::Plain };
    Cell::State(words.code("plan", plan), tone)
}

/// The address of a person's page.
#[must_use]
pub fn address(id: i64) -> String {
    format!("{}/{id}", Section::People.path())
}

impl People {
    /// The list.
    #[must_use]
    pub fn table(&self) -> Table {
        let words = self.words;
        let row = |person: &PersonLine| {
            let state = if person.is_banned {
                Cell::State(words.say("panel-person-banned"), Tone::Bad)
            } else {
                plan(words, &person.plan)
            };
            vec![
                Cell::Link(person.id.to_string(), address(person.id)),
                state,
                Cell::Text(person.level.clone()),
                Cell::count(words, person.messages),
                Cell::time(person.since),
                Cell::time(person.last),
            ]
        };
        let is_search = !self.search.is_empty() || !self.plan.is_empty();
        let empty = if is_search {
            Empty::of(words, "panel-people-not-found").link(words.say("panel-show-all"), &self.listing.path)
        } else {
            Empty::of(words, "panel-people-none")
        };
        Table {
            id: "people",
            caption: words.say("panel-section-people"),
            columns: vec![
                Column::text("id", words.say("panel-person-id")),
                Column::text("plan", words.say("panel-person-plan")),
                Column::text("level", words.say("panel-person-level")),
                Column::number("messages", words.say("panel-messages")),
                Column::text("since", words.say("panel-person-since")).sorted(),
                Column::text("last", words.say("panel-person-last")).sorted(),
            ],
            rows: self.people.iter().map(row).collect(),
            listing: self.listing.clone(),
            empty,
            words,
        }
        .asked(&self.view)
    }

    /// The search.
    #[must_use]
    pub fn filter(&self) -> Filter {
        let say = |key: &str| self.words.say(key);
        let plans = ["free", "premium"].map(|plan| Choice::new(plan, self.words.code("plan", plan)));
        let choices = std::iter::once(Choice::new("", say("panel-any"))).chain(plans).collect();
        let fields = vec![
            Field::new("q", say("panel-people-search"), FieldKind::Search)
                .value(&self.search)
                .hint(say("panel-people-search-hint")),
            Field::new("plan", say("panel-person-plan"), FieldKind::Select(choices)).value(&self.plan),
        ];
        Filter::new("find", &self.listing.path, say("panel-people-search"), say("panel-find"), fields)
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> Option<String> {
        self.total.map(|total| self.words.count("panel-people-count", total))
    }
}

impl Page for People {
    fn section(&self) -> Option<Section> {
        Some(Section::People)
    }

    fn title(&self) -> String {
        self.words.say("panel-section-people")
    }
}
