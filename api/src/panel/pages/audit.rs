//! What was done by those who run the bot.

use std::collections::HashMap;

use askama::Template;
use evolve_contract::audit::{AuditEntry, AuditOutcome};

use super::Page;
use crate::panel::{
    parts::{Cell, Column, Empty, Field, FieldKind, Filter, Listing, Table, Tone, View},
    shell::Section,
    words::Words,
};

/// `GET /admin/panel/audit`.
#[derive(Clone, Debug, Template)]
#[template(path = "panel/audit.html")]
pub struct Audit {
    /// By this one alone.
    pub actor: String,
    /// Acts of this name alone.
    pub act: String,
    /// About this person alone: their number.
    pub person: String,
    /// The entries, newest first.
    pub entries: Vec<AuditEntry>,
    /// What accounts are called, by what the log calls them; of nobody in a file, which is for programs.
    pub called: HashMap<String, String>,
    /// Which part of the log it is.
    pub listing: Listing,
    /// What the reader asks of its tables.
    pub view: View,
    /// In which language.
    pub words: Words,
}

impl Audit {
    /// Who did it, and all that they did.
    fn actor(&self, actor: &str) -> Cell {
        match self.called.get(actor) {
            Some(name) => Cell::Link(name.clone(), format!("{}?actor={actor}", self.listing.path)),
            None => Cell::Code(actor.to_owned()),
        }
    }

    /// The log.
    #[must_use]
    pub fn table(&self) -> Table {
        let words = self.words;
        let row = |entry: &AuditEntry| {
            let (code, tone) = match entry.outcome {
                AuditOutcome::Begun => ("begun", Tone::Warning),
                AuditOutcome::Done => ("done", Tone::Good),
                AuditOutcome::Unchanged => ("unchanged", Tone::Plain),
                AuditOutcome::Refused => ("refused", Tone::Warning),
                AuditOutcome::Failed => ("failed", Tone::Bad),
            };
            let detail = entry.detail.as_object().is_some_and(|detail| !detail.is_empty());
            vec![
                Cell::Time(entry.at),
                self.actor(&entry.actor),
                Cell::Code(entry.act.clone()),
                entry.subject.clone().map_or(Cell::None, Cell::Code),
                Cell::State(words.code("outcome", code), tone),
                if detail { Cell::Code(entry.detail.to_string()) } else { Cell::None },
                Cell::maybe(entry.address.as_deref()),
            ]
        };
        let is_narrowed = [&self.actor, &self.act, &self.person].into_iter().any(|by| !by.is_empty());
        let empty = if is_narrowed {
            Empty::of(words, "panel-audit-not-found").link(words.say("panel-show-all"), &self.listing.path)
        } else {
            Empty::of(words, "panel-audit-none")
        };
        Table {
            id: "audit",
            caption: words.say("panel-section-audit"),
            columns: vec![
                Column::text("at", words.say("panel-time")),
                Column::text("actor", words.say("panel-audit-actor")),
                Column::text("act", words.say("panel-audit-act")),
                Column::text("subject", words.say("panel-audit-subject")),
                Column::text("outcome", words.say("panel-audit-outcome")),
                Column::text("detail", words.say("panel-detail")),
                Column::text("address", words.say("panel-address")),
            ],
            rows: self.entries.iter().map(row).collect(),
            listing: self.listing.clone(),
            empty,
            words,
        }
        .asked(&self.view)
    }

    /// By what the log is narrowed down.
    #[must_use]
    pub fn filter(&self) -> Filter {
        let say = |key: &str| self.words.say(key);
        let fields = vec![
            Field::new("actor", say("panel-audit-actor"), FieldKind::Search).value(&self.actor),
            Field::new("act", say("panel-audit-act"), FieldKind::Text).value(&self.act),
            Field::new("person", say("panel-person-id"), FieldKind::Text).value(&self.person),
        ];
        Filter::new("find", &self.listing.path, say("panel-audit-search"), say("panel-find"), fields)
    }
}

impl Page for Audit {
    fn section(&self) -> Option<Section> {
        Some(Section::Audit)
    }

    fn title(&self) -> String {
        self.words.say("panel-section-audit")
    }
}
