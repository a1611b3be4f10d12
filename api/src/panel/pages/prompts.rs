//! What models are told: prompts and personas, with their history, and how they read when they are filled in.

mod compared;

use askama::Template;
use chrono::{DateTime, Utc};
use evolve_domain::language::Language;

pub use compared::Compared;

use super::Page;
use crate::panel::{
    parts::{Act, Cell, Choice, Column, Empty, Field, FieldError, FieldKind, Form, Listing, Table, Tone, View},
    shell::Section,
    words::Words,
};

fn address(name: &str) -> String {
    format!("{}/{name}", Section::Prompts.path())
}

/// What a prompt is, in words: who the companion is, its rules in a language, its manner on a level. As it is called, where a later
/// version knows more.
fn explained(words: Words, name: &str) -> String {
    if let Some(language) = name.strip_prefix("rules_").and_then(|code| code.parse::<Language>().ok()) {
        return words.with("panel-prompt-rules", [("language", language.name())]);
    }
    if let Some(level) = name.strip_prefix("level_").and_then(|number| number.parse::<u32>().ok()) {
        return words.with("panel-prompt-level", [("n", level)]);
    }
    if name == "persona" { words.say("panel-prompt-persona") } else { name.to_owned() }
}

/// `GET /admin/panel/prompts`.
#[derive(Clone, Debug, Template)]
#[template(path = "panel/prompts.html")]
pub struct Prompts {
    /// The prompts.
    pub prompts: Vec<PromptLine>,
    /// What the reader asks of its tables.
    pub view: View,
    /// In which language.
    pub words: Words,
}

/// A prompt in the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PromptLine {
    /// Its name.
    pub name: String,
    /// The version in force; nothing for what is configured.
    pub version: Option<i32>,
}

impl Prompts {
    /// The list.
    #[must_use]
    pub fn table(&self) -> Table {
        let words = self.words;
        let row = |prompt: &PromptLine| {
            let (key, tone) = if prompt.version.is_some() {
                ("panel-prompt-changed", Tone::Warning)
            } else {
                ("panel-prompt-own", Tone::Plain)
            };
            vec![
                Cell::Link(explained(words, &prompt.name), address(&prompt.name)),
                Cell::Code(prompt.name.clone()),
                Cell::State(words.say(key), tone),
                prompt.version.map_or(Cell::None, |version| numbered(words, version)),
            ]
        };
        Table {
            id: "prompts",
            caption: words.say("panel-section-prompts"),
            columns: vec![
                Column::text("prompt", words.say("panel-prompt")),
                Column::text("name", words.say("panel-id")),
                Column::text("state", words.say("panel-state")),
                Column::number("version", words.say("panel-version")),
            ],
            rows: self.prompts.iter().map(row).collect(),
            listing: Listing::within(Section::Prompts.path(), "prompts"),
            empty: Empty::of(words, "panel-prompts-none"),
            words,
        }
        .asked(&self.view)
    }
}

fn numbered(words: Words, version: i32) -> Cell {
    Cell::count(words, u64::try_from(version).unwrap_or_default())
}

impl Page for Prompts {
    fn section(&self) -> Option<Section> {
        Some(Section::Prompts)
    }

    fn title(&self) -> String {
        self.words.say("panel-section-prompts")
    }

    fn tables(&self) -> Vec<Table> {
        vec![self.table()]
    }
}

/// For whom a prompt is looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sample {
    /// The code of their language (`language`); the bot's own, where it is empty.
    pub language: String,
    /// Their level (`level`).
    pub level: String,
    /// What they write (`message`); without it no model is asked.
    pub message: String,
}

/// How a prompt reads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// All that a model is told.
    pub system: String,
    /// How many tokens that is, about.
    pub tokens: u32,
    /// What a model answers, with its name, where it was asked.
    pub answer: Option<(String, String)>,
}

/// `GET /admin/panel/prompts/{prompt}`.
#[derive(Clone, Debug, Template)]
#[template(path = "panel/prompt.html")]
pub struct Prompt {
    /// Its name.
    pub name: String,
    /// The text: the one in force, or what was entered.
    pub text: String,
    /// Why, as it was entered.
    pub why: String,
    /// What is wrong with what was entered.
    pub wrong: Option<FieldError>,
    /// For whom it is looked at.
    pub sample: Sample,
    /// How it reads.
    pub seen: Option<Seen>,
    /// A version, beside the one in force: its number, and both texts.
    pub compared: Option<Compared>,
    /// Its versions, newest first.
    pub history: Vec<VersionLine>,
    /// Which part of the versions it is.
    pub listing: Listing,
    /// What is configured, in force or not.
    pub configured: String,
    /// Whether what is configured is in force.
    pub is_configured: bool,
    /// Whether the reader may change it.
    pub may_change: bool,
    /// The session's token.
    pub csrf: String,
    /// What the reader asks of its tables.
    pub view: View,
    /// In which language.
    pub words: Words,
}

/// A version of a prompt.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VersionLine {
    /// Its number.
    pub version: i32,
    /// When it was made.
    pub at: Option<DateTime<Utc>>,
    /// By whom.
    pub by: Option<String>,
    /// Why, in their words.
    pub why: Option<String>,
    /// Whether it is the one in force.
    pub is_current: bool,
}

impl Prompt {
    fn path(&self) -> String {
        address(&self.name)
    }

    /// What it is.
    #[must_use]
    pub fn explains(&self) -> String {
        let key = if self.is_configured { "panel-prompt-is-own" } else { "panel-prompt-is-changed" };
        self.words.say(key)
    }

    /// The form.
    #[must_use]
    pub fn form(&self) -> Form {
        let say = |key: &str| self.words.say(key);
        let named = Language::ALL.map(|language| Choice::new(language.as_str(), language.name()));
        let languages = std::iter::once(Choice::new("", say("panel-prompt-own-language"))).chain(named).collect();
        let fields = vec![
            Field::new("text", say("panel-prompt-text"), FieldKind::Area(18)).value(&self.text).required(),
            Field::new("why", say("panel-why"), FieldKind::Text).value(&self.why).hint(say("panel-why-kept")),
            Field::new("language", say("panel-prompt-sample-language"), FieldKind::Select(languages))
                .value(&self.sample.language),
            Field::new("level", say("panel-prompt-sample-level"), FieldKind::Number(1, 10)).value(&self.sample.level),
            Field::new("message", say("panel-prompt-sample-message"), FieldKind::Area(2))
                .value(&self.sample.message)
                .hint(say("panel-prompt-sample-message-hint")),
        ];
        Form::new("prompt", &self.path(), &self.csrf, say("panel-save"), fields)
            .second(say("panel-prompt-preview"), "preview")
            .second_to(&format!("{}/preview", self.path()))
            .wrong(self.wrong.as_ref())
    }

    /// How many tokens what a model is told is.
    #[must_use]
    pub fn weight(&self) -> Option<String> {
        self.seen.as_ref().map(|seen| self.words.count("panel-prompt-tokens", seen.tokens.into()))
    }

    /// What stands over a comparison.
    #[must_use]
    pub fn compares(&self, compared: &Compared) -> String {
        self.words.with("panel-version-compared", [("version", compared.version)])
    }

    /// Taking what is configured, where something else is in force.
    #[must_use]
    pub fn take_configured(&self) -> Option<Act> {
        let say = |key: &str| self.words.say(key);
        let path = format!("{}/restore", self.path());
        let fields = vec![Field::hidden("version", "")];
        let form = || Form::new("restore-own", &path, &self.csrf, say("panel-prompt-take-own-do"), fields).dangerous();
        (self.may_change && !self.is_configured)
            .then(|| Act::new(say("panel-prompt-take-own"), say("panel-prompt-take-own-explains"), form()))
    }

    /// The versions.
    #[must_use]
    pub fn table(&self) -> Table {
        let words = self.words;
        let row = |version: &VersionLine| {
            let act = if version.is_current || !self.may_change {
                Cell::None
            } else {
                Cell::Acts(vec![self.restore(version.version)])
            };
            let number = version.version.to_string();
            let beside = format!("{}?version={number}#compared-title", self.path());
            vec![
                Cell::Link(number, beside),
                Cell::time(version.at),
                Cell::maybe(version.by.as_deref()),
                Cell::maybe(version.why.as_deref()),
                if version.is_current { Cell::State(words.say("panel-version-current"), Tone::Good) } else { act },
            ]
        };
        Table {
            id: "versions",
            caption: words.say("panel-versions"),
            columns: vec![
                Column::number("version", words.say("panel-version")),
                Column::text("at", words.say("panel-time")),
                Column::text("by", words.say("panel-changed-by")),
                Column::text("why", words.say("panel-why")),
                Column::text("acts", words.say("panel-acts")),
            ],
            rows: self.history.iter().map(row).collect(),
            listing: self.listing.clone(),
            empty: Empty::of(words, "panel-versions-none"),
            words,
        }
        .asked(&self.view)
    }

    fn restore(&self, version: i32) -> Act {
        let say = |key: &str| self.words.say(key);
        let fields = vec![Field::hidden("version", version.to_string())];
        let (id, path) = (format!("restore-{version}"), format!("{}/restore", self.path()));
        let form = Form::new(&id, &path, &self.csrf, say("panel-version-restore-do"), fields);
        Act::new(say("panel-version-restore"), say("panel-version-restore-explains"), form)
    }
}

impl Page for Prompt {
    fn section(&self) -> Option<Section> {
        Some(Section::Prompts)
    }

    fn title(&self) -> String {
        explained(self.words, &self.name)
    }

    fn tables(&self) -> Vec<Table> {
        vec![self.table()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_prompt_that_can_be_written_is_called_something_in_words() {
        let words = Words { language: Language::Ru, zone: chrono_tz::Tz::UTC };
        for named in evolve_engine::prompt::overrides::all() {
            assert_ne!(explained(words, &named.name), named.name);
        }
    }
}
