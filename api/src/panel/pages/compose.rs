//! Writing to many, with a look at how Telegram shows it.

use askama::Template;
use evolve_contract::broadcast::BroadcastPreviewResponse;
use evolve_domain::relationship::levels::MAX_LEVELS;
use sha2::{Digest as _, Sha256};

use super::Page;
use crate::panel::{
    markup::Markup,
    parts::{Choice, Field, FieldKind, Form, telegram::bubble},
    shell::Section,
    words::Words,
};

/// What was entered of a broadcast.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    /// Its name (`key`).
    pub key: String,
    /// What is said, in Telegram's HTML (`text`).
    pub text: String,
    /// What is said instead, by language (`text-ru`): code, name of the language, text.
    pub translations: Vec<(String, String, String)>,
    /// Codes of the languages of whom it is for (`to-ru`); everybody, where it is empty.
    pub to: Vec<String>,
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

impl Draft {
    /// What somebody looks at: another text, or other people, is another one.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        let Self {
            key: _,
            text,
            translations,
            to,
            plan,
            level_from,
            level_to,
            active_within_days,
            silent_for_days,
            send_at: _,
        } = self;
        let translations = translations.iter().flat_map(|(code, _, text)| [code, text]);
        for part in
            [text, plan, level_from, level_to, active_within_days, silent_for_days].into_iter().chain(translations)
        {
            hash.update(part.replace("\r\n", "\n").as_bytes());
            hash.update([0xff]);
        }
        hash.update(to.join(" ").as_bytes());
        hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }
}

/// The page on which one is written.
const PATH: &str = "/admin/panel/broadcasts/new";
/// Where it is sent to be looked at.
const LOOK: &str = "/admin/panel/broadcasts/preview";
/// The highest level that any bot has. Whether this one has so many, the use case says.
const HIGHEST: i64 = MAX_LEVELS as i64;

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
            |name: &str, key: &str, value: &str| Field::new(name, say(key), FieldKind::Number(1, HIGHEST)).value(value);
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
        for (code, name, _) in &draft.translations {
            let label = self.words.with("panel-broadcast-to-language", [("language", name.clone())]);
            let is_chosen = if draft.to.contains(code) { "yes" } else { "" };
            fields.push(Field::new(&format!("to-{code}"), label, FieldKind::Check).value(is_chosen));
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
        if self.preview.is_some() {
            // What was changed since is looked at again before it is sent.
            fields.push(Field::hidden("seen", draft.fingerprint()));
            let form = Form::new("compose", PATH, &self.csrf, say("panel-broadcast-send"), fields);
            form.second(say("panel-broadcast-preview"), "preview").second_to(LOOK)
        } else {
            Form::new("compose", LOOK, &self.csrf, say("panel-broadcast-preview"), fields)
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

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;
    use evolve_domain::language::Language;

    use super::*;

    #[test]
    fn another_text_or_another_audience_is_another_draft_and_another_line_break_is_none() {
        let draft = Draft { text: "one\ntwo".into(), ..Draft::default() };
        let same = Draft { text: "one\r\ntwo".into(), key: "new".into(), send_at: "later".into(), ..Draft::default() };
        assert_eq!(draft.fingerprint(), same.fingerprint());
        let others = [
            Draft { text: "one".into(), plan: "\ntwo".into(), ..Draft::default() },
            Draft { to: vec!["ru".into()], ..draft.clone() },
            Draft { level_from: "2".into(), ..draft.clone() },
            Draft { level_to: "2".into(), ..draft.clone() },
            Draft { translations: vec![("ru".into(), "русский".into(), "a".into())], ..draft.clone() },
        ];
        for other in others {
            assert_ne!(draft.fingerprint(), other.fingerprint(), "{other:?}");
        }
    }

    #[test]
    fn a_level_that_no_bot_has_cannot_be_entered() {
        let words = Words { language: Language::En, zone: Tz::UTC };
        let page = Compose { draft: Draft::default(), error: None, preview: None, csrf: String::new(), words };
        let form = page.form();
        for name in ["level_from", "level_to"] {
            let field = form.fields.iter().find(|field| field.name == name).unwrap();
            assert_eq!(field.kind, FieldKind::Number(1, 10), "{name}");
        }
    }
}
