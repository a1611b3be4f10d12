//! Which other systems are told what happens, and what became of it.

use askama::Template;
use evolve_contract::webhook::{WebhookDelivery, WebhookDeliveryState, WebhookDisabled, WebhookKind, WebhookResponse};

use super::Page;
use crate::panel::{
    parts::{Act, Cell, Choice, Column, Empty, Facts, Field, FieldKind, Form, Listing, Table, Tone, View},
    shell::Section,
    words::Words,
};

/// The address of the list.
pub const PATH: &str = "/admin/panel/webhooks";

fn address(id: &str) -> String {
    format!("{PATH}/{id}")
}

/// Whether one is told anything, in words.
fn state(words: Words, webhook: &WebhookResponse) -> Cell {
    let (key, tone) = match (webhook.enabled, webhook.disabled) {
        (true, _) if webhook.failing_since.is_some() => ("panel-webhook-failing", Tone::Warning),
        (true, _) => ("panel-webhook-on", Tone::Good),
        (false, Some(WebhookDisabled::Failing)) => ("panel-webhook-given-up", Tone::Bad),
        (false, Some(WebhookDisabled::Gone)) => ("panel-webhook-gone", Tone::Bad),
        (false, None) => ("panel-webhook-off", Tone::Plain),
    };
    Cell::State(words.say(key), tone)
}

fn kind(words: Words, kind: WebhookKind) -> String {
    words.say(match kind {
        WebhookKind::Generic => "panel-webhook-generic",
        WebhookKind::Slack => "panel-webhook-slack",
    })
}

/// What one is told of, in words; everything, where none is named.
fn told(words: Words, events: &[String]) -> String {
    if events.is_empty() {
        return words.say("panel-webhook-everything");
    }
    let named: Vec<String> = events.iter().map(|event| words.code("told", event)).collect();
    named.join(", ")
}

/// `GET /admin/panel/webhooks`.
#[derive(Clone, Debug, Template)]
#[template(path = "panel/webhooks.html")]
pub struct Webhooks {
    /// Who is told.
    pub webhooks: Vec<WebhookResponse>,
    /// Kinds of events that can be asked for.
    pub kinds: Vec<&'static str>,
    /// What was entered.
    pub entered: Entered,
    /// Whether the reader may make one.
    pub may_change: bool,
    /// Where the list is, and its CSV.
    pub listing: Listing,
    /// The session's token.
    pub csrf: String,
    /// What the reader asks of its tables.
    pub view: View,
    /// In which language.
    pub words: Words,
}

/// What was entered of a webhook that is to be made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entered {
    /// Where it is (`url`).
    pub url: String,
    /// What it understands: `generic` or `slack` (`kind`).
    pub kind: String,
    /// Which kinds of events (`event-payment.succeeded`); all, where none is chosen.
    pub events: Vec<String>,
    /// What is wrong with it.
    pub error: Option<String>,
}

impl Webhooks {
    /// The list.
    #[must_use]
    pub fn table(&self) -> Table {
        let words = self.words;
        let row = |webhook: &WebhookResponse| {
            vec![
                Cell::Link(webhook.url.clone(), address(&webhook.id)),
                Cell::Text(kind(words, webhook.kind)),
                state(words, webhook),
                Cell::Text(told(words, &webhook.events)),
                Cell::count(words, webhook.waiting),
                Cell::time(webhook.failing_since),
                Cell::Time(webhook.created_at),
            ]
        };
        Table {
            id: "webhooks",
            caption: words.say("panel-webhooks"),
            columns: vec![
                Column::text("url", words.say("panel-webhook-url")),
                Column::text("kind", words.say("panel-webhook-kind")),
                Column::text("state", words.say("panel-state")),
                Column::text("events", words.say("panel-webhook-events")),
                Column::number("waiting", words.say("panel-queue-waiting")),
                Column::text("failing_since", words.say("panel-webhook-failing-since")),
                Column::text("created_at", words.say("panel-began")),
            ],
            rows: self.webhooks.iter().map(row).collect(),
            listing: self.listing.clone(),
            empty: Empty::of(words, "panel-webhooks-none"),
            words,
        }
        .asked(&self.view)
    }

    /// The form by which one is made.
    #[must_use]
    pub fn form(&self) -> Form {
        let say = |key: &str| self.words.say(key);
        let kinds = [("generic", WebhookKind::Generic), ("slack", WebhookKind::Slack)];
        let kinds = kinds.map(|(code, of)| Choice::new(code, kind(self.words, of)));
        let mut fields = vec![
            Field::new("url", say("panel-webhook-url"), FieldKind::Text)
                .value(&self.entered.url)
                .required()
                .hint(say("panel-webhook-url-hint"))
                .error(self.entered.error.clone()),
            Field::new("kind", say("panel-webhook-kind"), FieldKind::Select(kinds.to_vec())).value(&self.entered.kind),
        ];
        for event in &self.kinds {
            let is_chosen = self.entered.events.iter().any(|chosen| chosen == event);
            let field = Field::new(&format!("event-{event}"), self.words.code("told", event), FieldKind::Check);
            fields.push(field.value(if is_chosen { "yes" } else { "" }));
        }
        Form::new("webhook", PATH, &self.csrf, say("panel-webhook-make"), fields)
    }
}

impl Page for Webhooks {
    fn section(&self) -> Option<Section> {
        Some(Section::System)
    }

    fn title(&self) -> String {
        self.words.say("panel-webhooks")
    }
}

/// `GET /admin/panel/webhooks/{webhook_id}`: one, and what it was told.
#[derive(Clone, Debug, Template)]
#[template(path = "panel/webhook.html")]
pub struct Webhook {
    /// Which. With its secret, where it was made just now, or given another.
    pub one: WebhookResponse,
    /// What it was told and is owed, newest first.
    pub deliveries: Vec<WebhookDelivery>,
    /// Which part of the deliveries it is.
    pub listing: Listing,
    /// Whether the reader may change it.
    pub may_change: bool,
    /// The session's token.
    pub csrf: String,
    /// What the reader asks of its tables.
    pub view: View,
    /// In which language.
    pub words: Words,
}

impl Webhook {
    /// What is known of it.
    #[must_use]
    pub fn known(&self) -> Facts {
        let (words, one) = (self.words, &self.one);
        Facts::of(
            words,
            [
                ("panel-state", state(words, one)),
                ("panel-webhook-kind", Cell::Text(kind(words, one.kind))),
                ("panel-webhook-events", Cell::Text(told(words, &one.events))),
                ("panel-queue-waiting", Cell::count(words, one.waiting)),
                ("panel-webhook-failing-since", Cell::time(one.failing_since)),
                ("panel-began", Cell::Time(one.created_at)),
            ],
        )
    }

    /// What can be done.
    #[must_use]
    pub fn acts(&self) -> Vec<Act> {
        if !self.may_change {
            return Vec::new();
        }
        let act = |name: &str| {
            let say = |end: &str| self.words.say(&format!("panel-webhook-act-{name}{end}"));
            let path = format!("{}/{name}", address(&self.one.id));
            Act::new(say(""), say("-explains"), Form::new(name, &path, &self.csrf, say("-do"), Vec::new()))
        };
        let names: &[&str] = if self.one.enabled {
            &["test", "replay", "rotate", "disable", "remove"]
        } else {
            &["enable", "replay", "rotate", "remove"]
        };
        let is_dangerous = |name: &str| matches!(name, "remove" | "rotate" | "disable");
        let one = |name: &str| {
            let mut act = act(name);
            act.form.is_dangerous = is_dangerous(name);
            act
        };
        names.iter().copied().map(one).collect()
    }

    /// What it was told.
    #[must_use]
    pub fn table(&self) -> Table {
        let words = self.words;
        let row = |delivery: &WebhookDelivery| {
            let (key, tone) = match delivery.state {
                WebhookDeliveryState::Waiting => ("panel-delivery-waiting", Tone::Warning),
                WebhookDeliveryState::Delivered => ("panel-delivery-delivered", Tone::Good),
                WebhookDeliveryState::Failed => ("panel-delivery-failed", Tone::Bad),
            };
            vec![
                Cell::Time(delivery.at),
                Cell::Text(words.code("told", &delivery.event)),
                Cell::State(words.say(key), tone),
                Cell::count(words, delivery.attempts.into()),
                delivery.status.map_or(Cell::None, |status| Cell::Code(status.to_string())),
                Cell::maybe(delivery.error.as_deref()),
                Cell::time(delivery.finished_at.or(delivery.next_attempt_at)),
                Cell::Code(delivery.event_id.clone()),
            ]
        };
        Table {
            id: "deliveries",
            caption: words.say("panel-deliveries"),
            columns: vec![
                Column::text("at", words.say("panel-time")),
                Column::text("event", words.say("panel-delivery-event")),
                Column::text("state", words.say("panel-state")),
                Column::number("attempts", words.say("panel-attempts")),
                Column::text("status", words.say("panel-delivery-status")),
                Column::text("error", words.say("panel-detail")),
                Column::text("finished_at", words.say("panel-delivery-then")),
                Column::text("event_id", words.say("panel-id")),
            ],
            rows: self.deliveries.iter().map(row).collect(),
            listing: self.listing.clone(),
            empty: Empty::of(words, "panel-deliveries-none"),
            words,
        }
        .asked(&self.view)
    }
}

impl Page for Webhook {
    fn section(&self) -> Option<Section> {
        Some(Section::System)
    }

    fn title(&self) -> String {
        self.one.url.clone()
    }

    fn tables(&self) -> Vec<Table> {
        vec![self.table()]
    }
}
