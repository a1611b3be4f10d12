//! What is set while everything runs, who is told of it, and how the machinery fares.

use axum::response::Response;
use chrono::TimeDelta;
use evolve_api::panel::{
    pages::{
        flags::{Entered, Flag, FlagLine, Flags},
        prompts::{Compared, Prompt, PromptLine, Prompts, Sample, Seen, VersionLine},
        system::{ConnectionLine, NeighbourLine, QueryLine, SettingLine, System},
        webhooks::{self, Webhook, Webhooks},
    },
    parts::{Card, Cell, Facts, FieldError, Listing, View},
    respond,
    shell::Shell,
    words::{Unit, Words},
};
use evolve_contract::{
    flags::FlagChange,
    webhook::{WebhookDelivery, WebhookDeliveryState, WebhookKind, WebhookResponse},
};

use super::{before, listing};

pub(super) fn page(name: &str, shell: &Shell, words: Words) -> Option<Response> {
    Some(match name {
        "flags" => respond::page(shell, &flags(words)),
        "flag" => respond::page(shell, &flag(words)),
        "prompts" => respond::page(shell, &prompts(words)),
        "prompt" => respond::page(shell, &prompt(words)),
        "webhooks" => respond::page(shell, &webhooks(words)),
        "webhook" => respond::page(shell, &webhook(words)),
        "system" => respond::page(shell, &system(words)),
        _ => return None,
    })
}

fn line(name: &str, percent: u8) -> FlagLine {
    FlagLine {
        name: name.to_owned(),
        percent,
        plan: (percent == 25).then(|| "premium".to_owned()),
        knows_plan: true,
        people: 1,
        changed_at: Some(before(500)),
        changed_by: Some("anna@example.org".to_owned()),
    }
}

fn flags(words: Words) -> Flags {
    let flags = vec![line("streaming", 0), line("voice", 25), line("tools", 100)];
    let view = View::default();
    Flags { flags, may_change: true, listing: Listing::default(), csrf: "csrf".to_owned(), view, words }
}

fn flag(words: Words) -> Flag {
    let change = |percent, note: &str| FlagChange {
        percent,
        plan: Some("premium".to_owned()),
        people: 1,
        note: note.to_owned(),
        changed_at: before(500),
        changed_by: "anna@example.org".to_owned(),
    };
    let flag = line("voice", 25);
    Flag {
        entered: Entered {
            people: "420 000 001".to_owned(),
            wrong: Some(FieldError::new("percent", "0–100".to_owned())),
            ..flag.as_entered()
        },
        flag,
        history: vec![change(25, "It costs less than we thought"), change(10, "")],
        may_change: true,
        csrf: "csrf".to_owned(),
        view: View::default(),
        words,
    }
}

fn prompts(words: Words) -> Prompts {
    let prompt = |name: &str, version| PromptLine { name: name.to_owned(), version };
    let prompts = vec![prompt("persona", Some(4)), prompt("rules_ru", None), prompt("level_3", None)];
    Prompts { prompts, view: View::default(), words }
}

fn prompt(words: Words) -> Prompt {
    let version = |version, is_current| VersionLine {
        version,
        at: Some(before(500)),
        by: Some("anna@example.org".to_owned()),
        why: Some("Warmer".to_owned()),
        is_current,
    };
    let text = "Тебя зовут Луна.\n\nБудь тёплой и краткой.\n".to_owned();
    Prompt {
        name: "persona".to_owned(),
        text: text.clone(),
        why: String::new(),
        wrong: Some(FieldError::new("text", "!".to_owned())),
        sample: Sample { language: "ru".to_owned(), level: "3".to_owned(), message: "Кто ты?".to_owned() },
        seen: Some(Seen {
            system: format!("{text}\n# Правила\n- Не выдумывай."),
            tokens: 1_204,
            answer: Some(("Я Луна 🌙".to_owned(), "gemini-3-flash".to_owned())),
        }),
        compared: Some(Compared {
            version: 3,
            content: "Тебя зовут Луна.\n\nБудь строгой.\n".to_owned(),
            current: text,
        }),
        history: vec![version(4, true), version(3, false)],
        listing: listing("/admin/panel/prompts/persona", ""),
        configured: "Ты — собеседник.\n\nБудь краткой.".to_owned(),
        is_configured: false,
        may_change: true,
        csrf: "csrf".to_owned(),
        view: View::default(),
        words,
    }
}

fn told(id: &str, kind: WebhookKind, is_well: bool) -> WebhookResponse {
    WebhookResponse {
        id: id.to_owned(),
        url: "https://hooks.example.org/evolve".to_owned(),
        kind,
        events: if is_well { Vec::new() } else { vec!["payment.succeeded".to_owned(), "job.failed".to_owned()] },
        enabled: true,
        disabled: None,
        failing_since: (!is_well).then(|| before(90)),
        waiting: 3,
        created_at: before(50_000),
        secret: None,
    }
}

fn webhooks(words: Words) -> Webhooks {
    Webhooks {
        webhooks: vec![told("1", WebhookKind::Generic, true), told("2", WebhookKind::Slack, false)],
        kinds: vec!["payment.succeeded", "payment.refunded", "backup.old"],
        entered: webhooks::Entered {
            url: "http://10.0.0.1/".to_owned(),
            error: Some("https".to_owned()),
            ..webhooks::Entered::default()
        },
        may_change: true,
        listing: Listing::default(),
        csrf: "csrf".to_owned(),
        view: View::default(),
        words,
    }
}

fn webhook(words: Words) -> Webhook {
    let delivery = |id, state, status| WebhookDelivery {
        id,
        event_id: "0199a1b2-5c3d-7e4f-8a9b-0c1d2e3f4a5b".to_owned(),
        event: "payment.succeeded".to_owned(),
        at: before(id),
        state,
        attempts: 2,
        next_attempt_at: None,
        finished_at: Some(before(id)),
        status,
        error: status.is_none().then(|| "it took longer than 15 s".to_owned()),
    };
    let deliveries = vec![
        delivery(3, WebhookDeliveryState::Waiting, None),
        delivery(2, WebhookDeliveryState::Failed, Some(500)),
        delivery(1, WebhookDeliveryState::Delivered, Some(204)),
    ];
    let secret = Some("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned());
    Webhook {
        one: WebhookResponse { secret, ..told("1", WebhookKind::Generic, false) },
        deliveries,
        listing: listing("/admin/panel/webhooks/1", ""),
        may_change: true,
        csrf: "csrf".to_owned(),
        view: View::default(),
        words,
    }
}

fn system(words: Words) -> System {
    let neighbour = |name: &str, status: &str, breaker: Option<&str>| NeighbourLine {
        name: name.to_owned(),
        status: status.to_owned(),
        breaker: breaker.map(str::to_owned),
        failures: u32::from(status != "healthy") * 5,
    };
    let connected = |address: Option<&str>| ConnectionLine {
        name: "evolve".to_owned(),
        address: address.map(str::to_owned),
        connections: 7,
        since: Some(before(900)),
    };
    let setting = |name: &str, value: Option<&str>, is_set, is_secret| SettingLine {
        name: name.to_owned(),
        value: value.map(str::to_owned),
        is_set,
        is_secret,
    };
    let query = "SELECT id, name FROM users WHERE name ILIKE $1 ORDER BY seen_at DESC LIMIT $2".to_owned();
    System {
        cards: vec![
            Card::new(words, "panel-number-connections", &Unit::Count, 7.0),
            Card::new(words, "panel-number-cache-hits", &Unit::Share, 0.973),
            Card::new(words, "panel-number-migration", &Unit::Count, 41.0),
        ],
        warnings: vec![words.with("panel-system-backup-none", [("most", words.lasting(TimeDelta::hours(26)))])],
        known: Facts::of(words, [("panel-version", Cell::Code("0.1.0".to_owned()))]),
        neighbours: vec![
            neighbour("Postgres", "healthy", None),
            neighbour("Redis", "degraded", Some("OPEN")),
            neighbour("gemini", "unhealthy", Some("HALF_OPEN")),
        ],
        connections: vec![connected(None), connected(Some("10.42.0.7"))],
        queries: vec![QueryLine { query, took_ms: 1234.0, at: Some(before(9)) }],
        slow_from_ms: 100,
        settings: vec![
            setting("CACHE_TTL_SECONDS", Some("600"), false, false),
            setting("DATABASE_URL", None, true, true),
            setting("WEBHOOK_ALLOWED_NETWORKS", Some("10.20.0.0/16"), true, false),
        ],
        view: View::default(),
        words,
    }
}
