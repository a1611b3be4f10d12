//! What is said to many: the list, and one of them and how far it has come.

use askama::Template;
use evolve_contract::broadcast::{BroadcastResponse, BroadcastState, BroadcastsResponse};

use super::Page;
use crate::panel::{
    markup::Markup,
    parts::{Act, Cell, Column, Empty, Facts, Form, Listing, Table, Tone, View},
    shell::Section,
    words::Words,
};

/// The code of a state, and what it means.
#[must_use]
pub fn state(state: BroadcastState) -> (&'static str, Tone) {
    match state {
        BroadcastState::Scheduled => ("scheduled", Tone::Plain),
        BroadcastState::Running => ("running", Tone::Good),
        BroadcastState::Paused => ("paused", Tone::Warning),
        BroadcastState::Stopped => ("stopped", Tone::Bad),
        BroadcastState::Cancelled => ("cancelled", Tone::Plain),
        BroadcastState::Done => ("done", Tone::Good),
    }
}

/// Whether nothing more comes of one in this state. One that rests is not over: somebody may have it go on.
#[must_use]
pub const fn is_over(state: BroadcastState) -> bool {
    matches!(state, BroadcastState::Cancelled | BroadcastState::Done)
}

fn address(id: &str) -> String {
    format!("{}/{id}", Section::Broadcasts.path())
}

/// The state of a broadcast in words.
fn stated(words: Words, broadcast: &BroadcastResponse) -> Cell {
    let (code, tone) = state(broadcast.state);
    Cell::State(words.code("broadcast", code), tone)
}

/// `GET /admin/panel/broadcasts`.
#[derive(Clone, Debug, Template)]
#[template(path = "panel/broadcasts.html")]
pub struct Broadcasts {
    /// The broadcasts, newest first.
    pub list: BroadcastsResponse,
    /// Whether the reader may write one.
    pub may_write: bool,
    /// Which part of the list it is.
    pub listing: Listing,
    /// What the reader asks of its tables.
    pub view: View,
    /// In which language.
    pub words: Words,
}

impl Broadcasts {
    /// The list.
    #[must_use]
    pub fn table(&self) -> Table {
        let words = self.words;
        let row = |one: &BroadcastResponse| {
            let progress = one.progress;
            vec![
                Cell::Link(one.key.clone(), address(&one.id)),
                stated(words, one),
                Cell::Time(one.send_at),
                Cell::count(words, progress.chosen),
                Cell::count(words, progress.sent),
                Cell::count(words, progress.blocked),
                Cell::count(words, progress.failed),
            ]
        };
        let mut empty = Empty::of(words, "panel-broadcasts-none");
        if self.may_write {
            empty = empty.link(words.say("panel-broadcast-write"), "/admin/panel/broadcasts/new");
        }
        Table {
            id: "broadcasts",
            caption: words.say("panel-section-broadcasts"),
            columns: vec![
                Column::text("key", words.say("panel-name")),
                Column::text("state", words.say("panel-state")),
                Column::text("send_at", words.say("panel-time")),
                Column::number("chosen", words.say("panel-broadcast-chosen")),
                Column::number("sent", words.say("panel-broadcast-sent")),
                Column::number("blocked", words.say("panel-broadcast-blocked")),
                Column::number("failed", words.say("panel-broadcast-failed")),
            ],
            rows: self.list.broadcasts.iter().map(row).collect(),
            listing: self.listing.clone(),
            empty,
            words,
        }
        .asked(&self.view)
    }
}

impl Page for Broadcasts {
    fn section(&self) -> Option<Section> {
        Some(Section::Broadcasts)
    }

    fn title(&self) -> String {
        self.words.say("panel-section-broadcasts")
    }
}

/// `GET /admin/panel/broadcasts/{id}`.
#[derive(Clone, Debug, Template)]
#[template(path = "panel/broadcast.html")]
pub struct Broadcast {
    /// The broadcast.
    pub one: BroadcastResponse,
    /// Its texts as Telegram shows them, each with its language.
    pub bubbles: Vec<(String, Markup)>,
    /// Whether the reader may pause, resume and cancel it.
    pub may_write: bool,
    /// The session's token.
    pub csrf: String,
    /// In which language.
    pub words: Words,
}

impl Broadcast {
    /// What changes while one looks.
    #[must_use]
    pub fn progress(&self) -> BroadcastProgress<'_> {
        BroadcastProgress { one: &self.one, may_write: self.may_write, csrf: &self.csrf, words: self.words }
    }

    /// Whether nothing changes any more.
    #[must_use]
    pub fn is_over(&self) -> bool {
        is_over(self.one.state)
    }

    /// Where what changes is told.
    #[must_use]
    pub fn live(&self) -> String {
        format!("/admin/panel/live/broadcasts/{}", self.one.id)
    }
}

impl Page for Broadcast {
    fn section(&self) -> Option<Section> {
        Some(Section::Broadcasts)
    }

    fn title(&self) -> String {
        self.one.key.clone()
    }
}

/// How far a broadcast has come, and what can be done about it now: a part of its page, and what its live part sends.
#[derive(Clone, Debug, Template)]
#[template(path = "panel/parts/progress.html")]
pub struct BroadcastProgress<'a> {
    /// The broadcast.
    pub one: &'a BroadcastResponse,
    /// Whether the reader may pause, resume and cancel it.
    pub may_write: bool,
    /// The session's token.
    pub csrf: &'a str,
    /// In which language.
    pub words: Words,
}

impl askama::filters::HtmlSafe for BroadcastProgress<'_> {}

impl BroadcastProgress<'_> {
    /// Its state: its code, in words, and what it means.
    #[must_use]
    pub fn state(&self) -> (&'static str, String, &'static str) {
        let (code, tone) = state(self.one.state);
        (code, self.words.code("broadcast", code), tone.class())
    }

    /// Whether nothing more comes: then a browser that listens stops, and says nothing of a connection that is gone.
    #[must_use]
    pub fn is_over(&self) -> bool {
        is_over(self.one.state)
    }

    /// Of those who were chosen, how many are done with.
    #[must_use]
    pub fn done(&self) -> u64 {
        let progress = self.one.progress;
        progress.sent + progress.blocked + progress.failed
    }

    /// In words.
    #[must_use]
    pub fn said(&self) -> String {
        let number = |count: u64| self.words.number(count as f64);
        self.words.with(
            "panel-broadcast-progress",
            [("done", number(self.done())), ("chosen", number(self.one.progress.chosen))],
        )
    }

    /// The counts.
    #[must_use]
    pub fn counts(&self) -> Facts {
        let (words, progress) = (self.words, self.one.progress);
        let count = |count| Cell::count(words, count);
        Facts::of(
            words,
            [
                ("panel-broadcast-chosen", count(progress.chosen)),
                ("panel-broadcast-sent", count(progress.sent)),
                ("panel-broadcast-blocked", count(progress.blocked)),
                ("panel-broadcast-failed", count(progress.failed)),
                ("panel-broadcast-waiting", count(progress.waiting)),
            ],
        )
    }

    /// When it began, and when it rested and was over, as far as it did.
    #[must_use]
    pub fn known(&self) -> Facts {
        let one = self.one;
        Facts::of(
            self.words,
            [
                ("panel-broadcast-send-at", Cell::Time(one.send_at)),
                ("panel-broadcast-began", Cell::time(one.began_at)),
                ("panel-broadcast-halted", Cell::time(one.halted_at)),
                ("panel-broadcast-ended", Cell::time(one.ended_at)),
            ],
        )
    }

    /// What can be done.
    #[must_use]
    pub fn acts(&self) -> Vec<Act> {
        if !self.may_write {
            return Vec::new();
        }
        let act = |name: &str| {
            let key = format!("panel-broadcast-{name}");
            let say = |end: &str| self.words.say(&format!("{key}{end}"));
            let path = format!("{}/{name}", address(&self.one.id));
            Act::new(say(""), say("-explains"), Form::new(name, &path, self.csrf, say("-do"), Vec::new()))
        };
        let cancel = || {
            let mut act = act("cancel");
            act.form = act.form.dangerous();
            act
        };
        match self.one.state {
            BroadcastState::Scheduled => vec![cancel()],
            BroadcastState::Running => vec![act("pause"), cancel()],
            BroadcastState::Paused | BroadcastState::Stopped => vec![act("resume"), cancel()],
            BroadcastState::Cancelled | BroadcastState::Done => Vec::new(),
        }
    }
}
