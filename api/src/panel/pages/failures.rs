//! What was given up or set apart, and its second chance.

use askama::Template;
use evolve_contract::failures::{Failure, FailureKind};

use super::{Page, people};
use crate::panel::{
    parts::{Act, Cell, Choice, Column, Empty, Field, FieldKind, Filter, Form, Listing, Table, Tone, View},
    shell::Section,
    words::Words,
};

/// The code of a kind, as it stands in addresses too.
#[must_use]
pub const fn code(kind: FailureKind) -> &'static str {
    match kind {
        FailureKind::Inbox => "inbox",
        FailureKind::Apart => "apart",
        FailureKind::Outbox => "outbox",
    }
}

/// `GET /admin/panel/failures`.
#[derive(Clone, Debug, Template)]
#[template(path = "panel/failures.html")]
pub struct Failures {
    /// Of this kind alone: a code, or nothing.
    pub kind: String,
    /// For this reason alone.
    pub reason: String,
    /// What failed, newest first.
    pub failures: Vec<Failure>,
    /// Whether the reader may have them tried again.
    pub may_replay: bool,
    /// Which part of the list it is.
    pub listing: Listing,
    /// The session's token.
    pub csrf: String,
    /// What the reader asks of its tables.
    pub view: View,
    /// In which language.
    pub words: Words,
}

impl Failures {
    /// The list.
    #[must_use]
    pub fn table(&self) -> Table {
        let words = self.words;
        let row = |failure: &Failure| {
            let person = failure.user_id.map(|id| Cell::Link(id.to_string(), people::address(id)));
            let acts = if failure.replayable && self.may_replay { vec![self.replay(failure)] } else { Vec::new() };
            vec![
                Cell::Time(failure.failed_at),
                Cell::State(words.code("failure", code(failure.kind)), Tone::Bad),
                Cell::Code(failure.reason.clone()),
                Cell::maybe(failure.detail.as_deref().or(failure.method.as_deref())),
                person.unwrap_or_default(),
                Cell::count(words, failure.attempts.into()),
                if acts.is_empty() { Cell::None } else { Cell::Acts(acts) },
            ]
        };
        let empty = if self.kind.is_empty() && self.reason.is_empty() {
            Empty::of(words, "panel-failures-none")
        } else {
            Empty::of(words, "panel-failures-not-found").link(words.say("panel-show-all"), &self.listing.path)
        };
        Table {
            id: "failures",
            caption: words.say("panel-section-failures"),
            columns: vec![
                Column::text("failed_at", words.say("panel-time")),
                Column::text("kind", words.say("panel-failure-kind")),
                Column::text("reason", words.say("panel-reason")),
                Column::text("detail", words.say("panel-detail")),
                Column::text("person", words.say("panel-person")),
                Column::number("attempts", words.say("panel-attempts")),
                Column::text("acts", words.say("panel-acts")),
            ],
            rows: self.failures.iter().map(row).collect(),
            listing: self.listing.clone(),
            empty,
            words,
        }
        .asked(&self.view)
    }

    fn replay(&self, failure: &Failure) -> Act {
        let (say, kind) = (|key: &str| self.words.say(key), code(failure.kind));
        // An update is found by its number, whether it was given up or set apart.
        let place = if failure.kind == FailureKind::Outbox { "outbox" } else { "inbox" };
        let path = format!("{}/{place}/{}/replay", Section::Failures.path(), failure.id);
        let id = format!("replay-{kind}-{}", failure.id);
        let fields = vec![Field::hidden("kind", &self.kind), Field::hidden("reason", &self.reason)];
        let form = Form::new(&id, &path, &self.csrf, say("panel-failure-replay-do"), fields);
        Act::new(say("panel-failure-replay"), say("panel-failure-replay-explains"), form)
    }

    /// All of one reason tried again, where the list is of one.
    #[must_use]
    pub fn replay_all(&self) -> Option<Act> {
        if !self.may_replay || self.kind.is_empty() || self.reason.is_empty() || self.failures.is_empty() {
            return None;
        }
        let say = |key: &str| self.words.say(key);
        let path = format!("{}/replay-all", Section::Failures.path());
        let fields = vec![Field::hidden("kind", &self.kind), Field::hidden("reason", &self.reason)];
        let form = Form::new("replay-all", &path, &self.csrf, say("panel-failure-replay-all-do"), fields);
        let explains = self.words.with("panel-failure-replay-all-explains", [("reason", self.reason.clone())]);
        Some(Act::new(say("panel-failure-replay-all"), explains, form))
    }

    /// By what the list is narrowed down.
    #[must_use]
    pub fn filter(&self) -> Filter {
        let say = |key: &str| self.words.say(key);
        let kinds = [FailureKind::Inbox, FailureKind::Apart, FailureKind::Outbox].map(code);
        let kinds = kinds.map(|kind| Choice::new(kind, self.words.code("failure", kind)));
        let choices = std::iter::once(Choice::new("", say("panel-any"))).chain(kinds).collect();
        let fields = vec![
            Field::new("kind", say("panel-failure-kind"), FieldKind::Select(choices)).value(&self.kind),
            Field::new("reason", say("panel-reason"), FieldKind::Search).value(&self.reason),
        ];
        Filter::new("find", &self.listing.path, say("panel-failures-search"), say("panel-find"), fields)
    }
}

impl Page for Failures {
    fn section(&self) -> Option<Section> {
        Some(Section::Failures)
    }

    fn title(&self) -> String {
        self.words.say("panel-section-failures")
    }
}
