//! What the pages show in the gallery.

mod numbers;
mod operation;
mod people;
mod steering;

use axum::{http::StatusCode, response::Response};
use chrono::{DateTime, TimeDelta, Utc};
use evolve_api::panel::{
    markup::Markup,
    pages::{
        entry::{RecoveryCodes, Refusal, SignIn, Step, Welcome},
        factor::Factor,
        overview::Happening,
    },
    parts::{Listing, Sort, Tone},
    respond,
    shell::{self, Shell},
    words::Words,
};

/// The names of all.
pub(super) const PAGES: &[&str] = &[
    "sign-in",
    "second-factor",
    "recovery",
    "welcome",
    "recovery-codes",
    "overview",
    "people",
    "people-none",
    "person",
    "person-bare",
    "conversations",
    "conversation",
    "revenue",
    "revenue-none",
    "payments",
    "payments-none",
    "cohorts",
    "funnel",
    "features",
    "tools",
    "broadcasts",
    "broadcasts-none",
    "compose",
    "compose-preview",
    "broadcast",
    "jobs",
    "failures",
    "failures-none",
    "flags",
    "flag",
    "prompts",
    "prompt",
    "access",
    "account",
    "factor",
    "audit",
    "system",
    "webhooks",
    "webhook",
    "problem",
];

/// The page of this name.
pub(super) fn page(name: &str, shell: &Shell, words: Words) -> Option<Response> {
    let at_door = |page: SignIn| Some(respond::at_door(words, &page, StatusCode::OK));
    match name {
        "sign-in" => at_door(sign_in(words, Step::Password, Some(Refusal::Wrong))),
        "second-factor" => at_door(sign_in(words, Step::SecondFactor, None)),
        "recovery" => at_door(sign_in(words, Step::Recovery, Some(Refusal::Wait(21)))),
        "welcome" => Some(respond::at_door(words, &welcome(words), StatusCode::OK)),
        "recovery-codes" => Some(respond::at_door(words, &recovery_codes(words), StatusCode::OK)),
        "factor" => Some(respond::page(shell, &factor(words))),
        "problem" => Some(respond::problem(Some(shell), words, StatusCode::FORBIDDEN, "0197f3c2")),
        _ => people::page(name, shell, words)
            .or_else(|| numbers::page(name, shell, words))
            .or_else(|| operation::page(name, shell, words))
            .or_else(|| steering::page(name, shell, words)),
    }
}

/// A moment of the story: so many minutes before noon of the last day of May.
pub(super) fn before(minutes: i64) -> DateTime<Utc> {
    "2026-05-31T09:00:00Z".parse::<DateTime<Utc>>().unwrap() - TimeDelta::minutes(minutes)
}

/// A list with all that a list can have.
pub(super) fn listing(path: &str, by: &str) -> Listing {
    Listing {
        path: path.to_owned(),
        query: Vec::new(),
        sort: Some(Sort { by: by.to_owned(), is_descending: true }),
        is_later: true,
        next: Some("42".to_owned()),
        exports: true,
        ..Listing::default()
    }
}

/// Something that comes by itself.
pub(super) fn happening() -> Markup {
    let words = super::words(evolve_domain::language::Language::En);
    happened(words, 0, "payment", Tone::Good, Some("77 ⭐")).markup()
}

pub(super) fn happened(words: Words, minutes: i64, what: &str, tone: Tone, detail: Option<&str>) -> Happening {
    Happening {
        at: before(minutes),
        what: what.to_owned(),
        person: Some(("Анна".to_owned(), Some("/admin/panel/people/420000001".to_owned()))),
        detail: detail.map(str::to_owned),
        tone,
        words,
    }
}

/// Pages on which somebody is called this.
pub(super) fn of_somebody_called(name: &str, words: Words) -> String {
    let shell = super::shell(words);
    let person = shell::document(&shell, &people::person(words, Some(name), true)).unwrap();
    person + shell::document(&shell, &people::people(words, name)).unwrap().as_str()
}

fn sign_in(words: Words, step: Step, refusal: Option<Refusal>) -> SignIn {
    SignIn {
        step,
        csrf: "csrf".to_owned(),
        name: "anna@example.org".to_owned(),
        next: "/admin".to_owned(),
        refusal,
        elsewhere: (step == Step::Password).then(|| "Keycloak".to_owned()),
        words,
    }
}

fn welcome(words: Words) -> Welcome {
    Welcome {
        token: "token".to_owned(),
        csrf: "csrf".to_owned(),
        name: "anna@example.org".to_owned(),
        factor: "sealed".to_owned(),
        otpauth: "otpauth://totp/EvolveAI:anna%40example.org?secret=JBSWY3DPEHPK3PXP&issuer=EvolveAI".to_owned(),
        secret: "JBSWY3DPEHPK3PXP".to_owned(),
        is_factor_required: true,
        password_error: Some(words.say("panel-password-hint")),
        code_error: None,
        words,
    }
}

fn factor(words: Words) -> Factor {
    Factor {
        factor: "sealed".to_owned(),
        otpauth: "otpauth://totp/EvolveAI:anna%40example.org?secret=JBSWY3DPEHPK3PXP&issuer=EvolveAI".to_owned(),
        secret: "JBSWY3DPEHPK3PXP".to_owned(),
        wrong: Some(words.say("panel-factor-wrong")),
        csrf: "csrf".to_owned(),
        words,
    }
}

fn recovery_codes(words: Words) -> RecoveryCodes {
    let codes = (0..10).map(|number| format!("k4m{number}-9tq{number}")).collect();
    RecoveryCodes { codes, next: "/admin".to_owned(), words }
}
