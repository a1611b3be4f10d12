//! Tests: the panel's words are those of `locales/`, all of them and no others.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use chrono_tz::Tz;
use evolve_domain::language::Language;

use super::{pages::Period, shell::Section, words::Words};

/// What is put together from a code, so that it stands nowhere as a whole: `panel-FAMILY-CODE`, and what acts say.
const FAMILIES: &[(&str, &[&str])] = &[
    ("act", &["grant", "end-premium", "ban", "unban", "forget"]),
    ("account", &["role", "link", "telegram", "enable", "disable", "new"]),
    (
        "chart",
        &["activity", "hours", "money", "subscriptions", "cohorts", "retention", "path", "levels", "level-now", "cost"],
    ),
    (
        "number",
        &[
            "dau",
            "wau",
            "mau",
            "stickiness",
            "messages",
            "new",
            "premium",
            "mrr",
            "arr",
            "arpu",
            "churn",
            "ltv",
            "cost",
            "cost-per-person",
            "tokens",
            "first-word",
            "retention-1",
            "retention-7",
            "retention-30",
            "connections",
            "cache-hits",
            "migration",
            "backup",
        ],
    ),
    ("series", &["messages", "replies", "people", "began", "renewed", "ended", "paid", "refunded", "returned"]),
    ("session", &["end"]),
    ("step", &["came", "talked", "paid"]),
    ("breaker", &["closed", "open", "half_open"]),
    ("broadcast", &["scheduled", "running", "paused", "stopped", "cancelled", "done", "pause", "resume", "cancel"]),
    ("category", &["identity", "family", "work", "preferences", "health", "plans", "events", "other"]),
    ("event", &["message", "person", "payment", "refund", "level", "failure"]),
    ("failure", &["inbox", "apart", "outbox"]),
    (
        "feature",
        &[
            "voice_in",
            "voice_out",
            "pictures_in",
            "pictures_out",
            "groups",
            "remade",
            "tools",
            "reactions",
            "first_words",
        ],
    ),
    ("weekday", &["1", "2", "3", "4", "5", "6", "7"]),
    ("flag", &["off", "part", "on"]),
    ("flag-explains", &["streaming", "proactive", "voice", "pictures", "tools", "meaning"]),
    ("neighbour", &["healthy", "degraded", "unhealthy", "disabled"]),
    (
        "told",
        &[
            "payment-succeeded",
            "payment-refunded",
            "subscription-ended",
            "broadcast-finished",
            "broadcast-stopped",
            "update-set_aside",
            "job-failed",
            "backup-old",
            "webhook-test",
        ],
    ),
    ("webhook-act", &["test", "replay", "rotate", "enable", "disable", "remove"]),
    (
        "job",
        &[
            "cleanup_messages",
            "cleanup_finished",
            "check_subscriptions",
            "cache_metrics",
            "cache_warm_up",
            "make_partitions",
            "end_conversations",
            "forget_facts",
            "forget_groups",
            "remove_people",
            "end_abandoned_turns",
            "broadcasts",
            "backups_checked",
            "roll_up",
        ],
    ),
    ("job-status", &["scheduled", "running", "failed", "abandoned", "idle"]),
    ("key", &["new", "revoke"]),
    ("outcome", &["begun", "done", "unchanged", "refused", "failed"]),
    ("payment", &["paid", "waiting", "pending", "declined", "refunded"]),
    ("payment-act", &["refund", "decline", "returned"]),
    ("period", &["day", "week", "month", "all"]),
    ("plan", &["free", "premium"]),
    ("problem", &["request", "door", "forbidden", "stale", "led", "missing", "often", "away", "broken"]),
    ("queue", &["inbox", "outbox", "exports", "summaries", "weeks", "memory", "vectors", "first_words", "webhooks"]),
    ("renewal", &["renews", "ends", "once", "given"]),
    ("user", &["remove"]),
    ("role", &["owner", "admin", "analyst", "support"]),
    (
        "scope",
        &[
            "numbers",
            "people",
            "content",
            "manage_people",
            "refund",
            "broadcast",
            "operations",
            "manage_operations",
            "configure",
            "audit",
            "access",
        ],
    ),
];
/// What is said beside a message: what to do, what happens then, and what the button says that does it.
const BESIDE: [&str; 3] = ["-advice", "-explains", "-do"];

fn key(family: &str, code: &str) -> String {
    format!("panel-{family}-{}", code.replace('_', "-"))
}

/// Every message that stands as a whole in code and templates.
fn named() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut named = BTreeSet::new();
    let mut folders: Vec<PathBuf> = vec![root.join("src/panel"), root.join("templates/panel")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|kind| kind == "rs" || kind == "html") && !path.ends_with("texts.rs")
            {
                let text = std::fs::read_to_string(&path).unwrap();
                let of_key = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
                let keys = text.split('"').filter(|part| part.starts_with("panel-") && part.chars().all(of_key));
                named.extend(keys.map(str::to_owned));
            }
        }
    }
    named
}

#[test]
fn every_language_has_all_that_pages_say_and_nothing_else() {
    let named = named();
    assert!(named.len() > 200, "{}", named.len());
    let sections = Section::ALL.map(|section| key("section", section.as_str()));
    let codes = FAMILIES.iter().flat_map(|(family, codes)| codes.iter().map(move |code| key(family, code)));
    let all: BTreeSet<String> = named.iter().cloned().chain(sections).chain(codes).collect();
    for language in Language::ALL {
        let known: BTreeSet<&str> = evolve_texts::keys(language).filter(|key| key.starts_with("panel-")).collect();
        let missing: Vec<&String> = all.iter().filter(|key| !known.contains(key.as_str())).collect();
        assert!(missing.is_empty(), "locales/{language}.ftl lacks {missing:?}");
        let is_beside = |key: &str| BESIDE.iter().filter_map(|end| key.strip_suffix(*end)).any(|of| all.contains(of));
        let more: Vec<&&str> = known.iter().filter(|key| !all.contains(**key) && !is_beside(key)).collect();
        assert!(more.is_empty(), "nobody says {more:?} of locales/{language}.ftl");
    }
}

#[test]
fn every_empty_list_says_what_to_do_and_every_act_what_it_does() {
    let acts = FAMILIES.iter().filter(|(family, _)| {
        ["act", "account", "key", "payment-act", "problem", "session", "user", "webhook-act"].contains(family)
    });
    let acts = acts.flat_map(|(family, codes)| codes.iter().map(move |code| (*family, key(family, code))));
    for language in Language::ALL {
        let words = Words { language, zone: Tz::UTC };
        for (family, key) in acts.clone() {
            let ends: &[&str] = if family == "problem" { &["-advice"] } else { &["-explains", "-do"] };
            assert!(ends.iter().all(|end| !words.say(&format!("{key}{end}")).is_empty()), "{key}");
        }
        for period in Period::ALL {
            assert_ne!(words.code("period", period.as_str()), period.as_str());
        }
    }
}
