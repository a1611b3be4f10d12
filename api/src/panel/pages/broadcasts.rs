//! What is said to many: the list, one of them and how far it has come, and writing one with a look at how Telegram shows it.

use askama::Template;
use evolve_contract::broadcast::{BroadcastPreviewResponse, BroadcastResponse, BroadcastState, BroadcastsResponse};

use super::Page;
use crate::panel::{
    markup::Markup,
    parts::{Act, Cell, Choice, Column, Empty, Facts, Field, FieldKind, Form, Listing, Table, Tone, telegram::bubble},
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

/// What was entered of a broadcast.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    /// Its name (`key`).
    pub key: String,
    /// What is said, in Telegram's HTML (`text`).
    pub text: String,
    /// What is said instead, by language (`text-ru`): code, name of the language, text.
    pub translations: Vec<(String, String, String)>,
    /// Of this plan alone (`plan`).
    pub plan: String,
    /// From this level on (`level_from`).
    pub level_from: String,
    /// Up to this level (`level_to`).
    pub level_to: String,
    /// Who was here within so many days (`active_within_days`).
    pub active_within_days: String,
    /// Who was not here for so many days (`silent_for_days`).
    pub silent_for_days: String,
    /// When it begins, in the panel's zone: `2026-05-31T22:30` (`send_at`).
    pub send_at: String,
}

/// `GET /admin/panel/broadcasts/new`, and what comes of its preview.
#[derive(Clone, Debug, Template)]
#[template(path = "panel/compose.html")]
pub struct Compose {
    /// What was entered.
    pub draft: Draft,
    /// What is wrong with it.
    pub error: Option<String>,
    /// How it looks, and how many people it reaches.
    pub preview: Option<BroadcastPreviewResponse>,
    /// The session's token.
    pub csrf: String,
    /// In which language.
    pub words: Words,
}

impl Compose {
    /// The form: a look at it comes first, and only after one it can be sent.
    #[must_use]
    pub fn form(&self) -> Form {
        let say = |key: &str| self.words.say(key);
        let draft = &self.draft;
        let plans = ["", "free", "premium"];
        let plans = plans.map(|plan| {
            Choice::new(plan, if plan.is_empty() { say("panel-any") } else { self.words.code("plan", plan) })
        });
        let level =
            |name: &str, key: &str, value: &str| Field::new(name, say(key), FieldKind::Number(1, 20)).value(value);
        let days =
            |name: &str, key: &str, value: &str| Field::new(name, say(key), FieldKind::Number(1, 3650)).value(value);
        let mut fields = vec![
            Field::new("key", say("panel-broadcast-key"), FieldKind::Text)
                .value(&draft.key)
                .required()
                .hint(say("panel-broadcast-key-hint")),
            Field::new("text", say("panel-broadcast-text"), FieldKind::Area(6))
                .value(&draft.text)
                .required()
                .hint(say("panel-broadcast-text-hint")),
        ];
        for (code, name, text) in &draft.translations {
            let label = self.words.with("panel-broadcast-translation", [("language", name.clone())]);
            fields.push(Field::new(&format!("text-{code}"), label, FieldKind::Area(4)).value(text));
        }
        fields.extend([
            Field::new("plan", say("panel-person-plan"), FieldKind::Select(plans.to_vec())).value(&draft.plan),
            level("level_from", "panel-broadcast-level-from", &draft.level_from),
            level("level_to", "panel-broadcast-level-to", &draft.level_to),
            days("active_within_days", "panel-broadcast-active", &draft.active_within_days),
            days("silent_for_days", "panel-broadcast-silent", &draft.silent_for_days),
            Field::new("send_at", say("panel-broadcast-send-at"), FieldKind::Moment)
                .value(&draft.send_at)
                .hint(self.words.with("panel-broadcast-send-at-hint", [("zone", self.words.zone.name().to_owned())])),
        ]);
        let path = "/admin/panel/broadcasts/new";
        if self.preview.is_some() {
            let form = Form::new("compose", path, &self.csrf, say("panel-broadcast-send"), fields);
            form.second(say("panel-broadcast-preview"), "preview")
        } else {
            fields.push(Field::hidden("do", "preview"));
            Form::new("compose", path, &self.csrf, say("panel-broadcast-preview"), fields)
        }
    }

    /// How many people it reaches.
    #[must_use]
    pub fn reach(&self) -> Option<String> {
        self.preview.as_ref().map(|preview| self.words.count("panel-broadcast-reach", preview.people))
    }

    /// Each text as Telegram shows it, with its language.
    #[must_use]
    pub fn bubbles(&self) -> Vec<(String, Markup)> {
        let Some(preview) = &self.preview else { return Vec::new() };
        let named = |code: &String| {
            let known = self.draft.translations.iter().find(|(known, _, _)| known == code);
            known.map_or_else(|| code.clone(), |(_, name, _)| name.clone())
        };
        let others = preview.translations.iter().map(|(code, shown)| (named(code), bubble(shown)));
        std::iter::once((self.words.say("panel-broadcast-text"), bubble(&preview.text))).chain(others).collect()
    }
}

impl Page for Compose {
    fn section(&self) -> Option<Section> {
        Some(Section::Broadcasts)
    }

    fn title(&self) -> String {
        self.words.say("panel-broadcast-write")
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
    /// What is known of it.
    #[must_use]
    pub fn known(&self) -> Facts {
        let one = &self.one;
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

    /// How far it has come: what changes while one looks.
    #[must_use]
    pub fn progress(&self) -> BroadcastProgress<'_> {
        BroadcastProgress { one: &self.one, words: self.words }
    }

    /// Whether it goes on.
    #[must_use]
    pub fn is_moving(&self) -> bool {
        matches!(self.one.state, BroadcastState::Scheduled | BroadcastState::Running)
    }

    /// Where what changes is told.
    #[must_use]
    pub fn live(&self) -> String {
        format!("/admin/panel/live/broadcasts/{}", self.one.id)
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
            Act::new(say(""), say("-explains"), Form::new(name, &path, &self.csrf, say("-do"), Vec::new()))
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

impl Page for Broadcast {
    fn section(&self) -> Option<Section> {
        Some(Section::Broadcasts)
    }

    fn title(&self) -> String {
        self.one.key.clone()
    }
}

/// How far a broadcast has come: a part of its page, and what its live part sends.
#[derive(Clone, Debug, Template)]
#[template(path = "panel/parts/progress.html")]
pub struct BroadcastProgress<'a> {
    /// The broadcast.
    pub one: &'a BroadcastResponse,
    /// In which language.
    pub words: Words,
}

impl askama::filters::HtmlSafe for BroadcastProgress<'_> {}

impl BroadcastProgress<'_> {
    /// Its state.
    #[must_use]
    pub fn state(&self) -> (String, &'static str) {
        let (code, tone) = state(self.one.state);
        (self.words.code("broadcast", code), tone.class())
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
}
