//! Running it.

use std::collections::BTreeMap;

use axum::response::Response;
use evolve_api::panel::{
    pages::{
        access::{Access, AccountLine, KeyLine, Made, Refused, SessionLine, UserLine},
        account::{Account, Wrong},
        audit::Audit,
        broadcasts::{Broadcast, Broadcasts},
        compose::{Compose, Draft},
        failures::Failures,
        jobs::Jobs,
    },
    parts::{FieldError, Listing, View, telegram::bubble},
    respond,
    shell::Shell,
    words::Words,
};
use evolve_contract::{
    audit::{AuditEntry, AuditOutcome},
    broadcast::{
        BroadcastAudience, BroadcastPreviewResponse, BroadcastProgress, BroadcastResponse, BroadcastState,
        BroadcastsResponse, ShownEntity, ShownText,
    },
    failures::{Failure, FailureKind},
    scheduler::{JobStatus, ScheduledJob, SchedulerStatusResponse, WaitingQueue},
};

use super::{before, listing};

pub(super) fn page(name: &str, shell: &Shell, words: Words) -> Option<Response> {
    Some(match name {
        "broadcasts" => respond::page(shell, &broadcasts(words, true)),
        "broadcasts-none" => respond::page(shell, &broadcasts(words, false)),
        "compose" => respond::page(shell, &compose(words, false)),
        "compose-preview" => respond::page(shell, &compose(words, true)),
        "broadcast" => respond::page(shell, &broadcast(words)),
        "jobs" => respond::page(shell, &jobs(words)),
        "failures" => respond::page(shell, &failures(words, true)),
        "failures-none" => respond::page(shell, &failures(words, false)),
        "access" => respond::page(shell, &access(words)),
        "account" => respond::page(shell, &account(words)),
        "audit" => respond::page(shell, &audit(words)),
        _ => return None,
    })
}

fn one(state: BroadcastState) -> BroadcastResponse {
    BroadcastResponse {
        id: "0199a1b2".to_owned(),
        key: "new-year".to_owned(),
        replayed: false,
        state,
        text: "<b>New:</b> voices".to_owned(),
        translations: BTreeMap::new(),
        audience: BroadcastAudience::default(),
        send_at: before(30),
        created_at: before(60),
        began_at: Some(before(29)),
        halted_at: None,
        ended_at: None,
        progress: BroadcastProgress {
            chosen: 12_000,
            all_chosen: false,
            sent: 7300,
            blocked: 210,
            failed: 3,
            waiting: 4487,
        },
    }
}

fn shown() -> ShownText {
    let entity = |kind: &str, offset, length, value: Option<&str>| ShownEntity {
        kind: kind.to_owned(),
        offset,
        length,
        value: value.map(str::to_owned),
    };
    ShownText {
        text: "👋 New: voices\nListen here, or not: a secret".to_owned(),
        entities: vec![
            entity("bold", 0, 7, None),
            entity("text_link", 15, 11, Some("https://example.org/voices")),
            entity("spoiler", 36, 8, None),
        ],
    }
}

fn broadcasts(words: Words, is_some: bool) -> Broadcasts {
    let states = [BroadcastState::Running, BroadcastState::Stopped, BroadcastState::Done];
    let path = "/admin/panel/broadcasts".to_owned();
    Broadcasts {
        list: BroadcastsResponse {
            broadcasts: if is_some { states.map(one).to_vec() } else { Vec::new() },
            next: None,
        },
        may_write: true,
        listing: Listing { path, exports: is_some, ..Listing::default() },
        view: View::default(),
        words,
    }
}

fn compose(words: Words, is_previewed: bool) -> Compose {
    let draft = Draft {
        key: "new-year".to_owned(),
        text: "👋 <b>New:</b> voices".to_owned(),
        translations: vec![("ru".to_owned(), "русский".to_owned(), "👋 <b>Новое:</b> голоса".to_owned())],
        plan: "premium".to_owned(),
        level_from: "2".to_owned(),
        to: vec!["ru".to_owned()],
        ..Draft::default()
    };
    let translations = BTreeMap::from([("ru".to_owned(), shown())]);
    let preview = is_previewed.then(|| BroadcastPreviewResponse { people: 1, text: shown(), translations });
    let error = (!is_previewed).then(|| "<b> is not closed".to_owned());
    Compose { draft, error, preview, csrf: "csrf".to_owned(), words }
}

fn broadcast(words: Words) -> Broadcast {
    Broadcast {
        one: one(BroadcastState::Running),
        bubbles: vec![(words.say("panel-broadcast-text"), bubble(&shown()))],
        may_write: true,
        csrf: "csrf".to_owned(),
        words,
    }
}

fn jobs(words: Words) -> Jobs {
    let job = |id: &str, status, error: Option<&str>| ScheduledJob {
        id: id.to_owned(),
        next_run: Some(before(-60)),
        status,
        succeeded_at: Some(before(900)),
        duration_ms: Some(61_000),
        did: Some(12_000),
        error: error.map(str::to_owned),
        failures: u32::from(error.is_some()) * 4,
        ..ScheduledJob::default()
    };
    let queue =
        |id: &str, waiting| WaitingQueue { id: id.to_owned(), waiting, oldest: (waiting > 0).then(|| before(1)) };
    Jobs {
        status: SchedulerStatusResponse {
            running: false,
            jobs: vec![
                job("cleanup_messages", JobStatus::Scheduled, None),
                job("roll_up", JobStatus::Running, None),
                job("check_subscriptions", JobStatus::Failed, Some("the database does not answer")),
            ],
            queues: vec![queue("inbox", 0), queue("outbox", 12)],
        },
        may_clean_up: true,
        message_days: Some(90),
        listing: Listing { path: "/admin/panel/jobs".to_owned(), exports: true, ..Listing::default() },
        csrf: "csrf".to_owned(),
        view: View::default(),
        words,
    }
}

fn failures(words: Words, is_some: bool) -> Failures {
    let failure = |kind, id, reason: &str| Failure {
        kind,
        id,
        chat_id: Some(420_000_001),
        user_id: Some(420_000_001),
        failed_at: before(12),
        since: before(60),
        attempts: 5,
        reason: reason.to_owned(),
        detail: Some("400 Bad Request: message is too long".to_owned()),
        method: Some("sendMessage".to_owned()),
        replayable: true,
    };
    let failures = vec![failure(FailureKind::Outbox, 7, "refused"), failure(FailureKind::Inbox, 8, "api_problem")];
    let path = "/admin/panel/failures";
    Failures {
        kind: if is_some { "outbox" } else { "" }.to_owned(),
        reason: if is_some { "refused" } else { "" }.to_owned(),
        failures: if is_some { failures } else { Vec::new() },
        may_replay: true,
        listing: if is_some { listing(path, "") } else { Listing { path: path.to_owned(), ..Listing::default() } },
        csrf: "csrf".to_owned(),
        view: View::default(),
        words,
    }
}

fn sessions() -> Vec<SessionLine> {
    let session = |id: &str, is_own| SessionLine {
        id: id.to_owned(),
        account: "anna@example.org".to_owned(),
        address: Some("203.0.113.7".to_owned()),
        browser: Some("Firefox, Linux".to_owned()),
        since: Some(before(500)),
        last: Some(before(1)),
        is_own,
    };
    vec![session("s1", true), session("s2", false)]
}

fn access(words: Words) -> Access {
    let account = |id: &str, role: &str, is_ready: bool, is_disabled: bool| AccountLine {
        id: id.to_owned(),
        name: format!("{role}@example.org"),
        role: role.to_owned(),
        has_factor: is_ready,
        telegram: is_disabled.then_some(420_000_001),
        is_ready,
        is_disabled,
        last: Some(before(1)),
    };
    let key = KeyLine {
        id: "k1".to_owned(),
        name: "Grafana".to_owned(),
        begins: "evk_5f0c".to_owned(),
        scopes: vec!["numbers".to_owned(), "operations".to_owned()],
        last: None,
        until: Some(before(-90_000)),
    };
    let codes = |codes: &[&str]| codes.iter().map(|code| (*code).to_owned()).collect::<Vec<_>>();
    Access {
        accounts: vec![
            account("a1", "owner", true, false),
            account("a2", "analyst", false, false),
            account("a3", "support", true, true),
        ],
        sessions: sessions(),
        keys: vec![key],
        users: vec![UserLine { id: "u1".to_owned(), name: "dashboard".to_owned(), since: Some(before(9000)) }],
        refused: Some(Refused {
            wrong: FieldError::new("", words.say("panel-access-last-owner")),
            ..Refused::default()
        }),
        roles: codes(&["owner", "admin", "analyst", "support"]),
        scopes: codes(&["numbers", "people", "content", "operations"]),
        made: Some(Made::Key("evk_5f0c2a91d7e84b6c9f30a1b2c3d4e5f6".to_owned())),
        csrf: "csrf".to_owned(),
        view: View::default(),
        words,
    }
}

fn account(words: Words) -> Account {
    Account {
        language: String::new(),
        languages: vec![("en".to_owned(), "English".to_owned()), ("ru".to_owned(), "русский".to_owned())],
        has_password: true,
        sessions: sessions(),
        wrong: Wrong::default(),
        codes_left: Some(3),
        may_change_factor: true,
        csrf: "csrf".to_owned(),
        view: View::default(),
        words,
    }
}

fn audit(words: Words) -> Audit {
    let entry = |act: &str, outcome| AuditEntry {
        id: "1".to_owned(),
        at: before(3),
        actor: "account:anna@example.org".to_owned(),
        address: Some("203.0.113.7".to_owned()),
        request_id: "0197f3c2".to_owned(),
        act: act.to_owned(),
        subject: Some("payment:0199a1b2-5c3d-7e4f-8a9b-0c1d2e3f4a5b".to_owned()),
        detail: serde_json::json!({ "amount": 29_900, "currency": "RUB" }),
        outcome,
    };
    Audit {
        actor: String::new(),
        act: "payment.refund".to_owned(),
        person: String::new(),
        entries: vec![entry("payment.refund", AuditOutcome::Done), entry("payment.refund", AuditOutcome::Refused)],
        called: [("account:anna@example.org".to_owned(), "anna@example.org".to_owned())].into(),
        listing: listing("/admin/panel/audit", ""),
        view: View::default(),
        words,
    }
}
