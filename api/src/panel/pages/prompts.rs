//! What models are told: prompts and personas, with their history, and how they read when they are filled in.

use askama::Template;
use chrono::{DateTime, Utc};

use super::Page;
use crate::panel::{
    parts::{Act, Cell, Column, Empty, Field, FieldKind, Form, Listing, Table, Tone},
    shell::Section,
    words::Words,
};

fn address(name: &str) -> String {
    format!("{}/{name}", Section::Prompts.path())
}

/// `GET /admin/panel/prompts`.
#[derive(Clone, Debug, Template)]
#[template(path = "panel/prompts.html")]
pub struct Prompts {
    /// The prompts.
    pub prompts: Vec<PromptLine>,
    /// In which language.
    pub words: Words,
}

/// A prompt in the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PromptLine {
    /// Its name.
    pub name: String,
    /// The code of its language.
    pub language: String,
    /// Whether it is another than the one that comes with the program.
    pub is_changed: bool,
    /// The number of the version in force.
    pub version: u64,
    /// When it was changed last.
    pub changed_at: Option<DateTime<Utc>>,
    /// By whom.
    pub changed_by: Option<String>,
}

impl Prompts {
    /// The list.
    #[must_use]
    pub fn table(&self) -> Table {
        let words = self.words;
        let row = |prompt: &PromptLine| {
            let (key, tone) = if prompt.is_changed {
                ("panel-prompt-changed", Tone::Warning)
            } else {
                ("panel-prompt-own", Tone::Plain)
            };
            vec![
                Cell::Link(prompt.name.clone(), address(&format!("{}/{}", prompt.name, prompt.language))),
                Cell::Text(prompt.language.clone()),
                Cell::State(words.say(key), tone),
                Cell::count(words, prompt.version),
                Cell::time(prompt.changed_at),
                Cell::maybe(prompt.changed_by.as_deref()),
            ]
        };
        Table {
            id: "prompts",
            caption: words.say("panel-section-prompts"),
            columns: vec![
                Column::text("name", words.say("panel-name")),
                Column::text("language", words.say("panel-person-language")),
                Column::text("state", words.say("panel-state")),
                Column::number("version", words.say("panel-version")),
                Column::text("changed_at", words.say("panel-changed-at")),
                Column::text("changed_by", words.say("panel-changed-by")),
            ],
            rows: self.prompts.iter().map(row).collect(),
            listing: Listing::default(),
            empty: Empty::of(words, "panel-prompts-none"),
            words,
        }
    }
}

impl Page for Prompts {
    fn section(&self) -> Option<Section> {
        Some(Section::Prompts)
    }

    fn title(&self) -> String {
        self.words.say("panel-section-prompts")
    }
}

/// `GET /admin/panel/prompts/{name}/{language}`.
#[derive(Clone, Debug, Template)]
#[template(path = "panel/prompt.html")]
pub struct Prompt {
    /// Its name.
    pub name: String,
    /// The code of its language.
    pub language: String,
    /// The text: the one in force, or what was entered.
    pub text: String,
    /// What is wrong with it.
    pub error: Option<String>,
    /// What can be filled in, by name.
    pub fills: Vec<String>,
    /// How it reads for a person who is made up.
    pub preview: Option<String>,
    /// Its versions, newest first.
    pub history: Vec<VersionLine>,
    /// Whether the reader may change it.
    pub may_change: bool,
    /// The session's token.
    pub csrf: String,
    /// In which language.
    pub words: Words,
}

/// A version of a prompt.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VersionLine {
    /// Its number.
    pub version: u64,
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
        address(&format!("{}/{}", self.name, self.language))
    }

    /// The form.
    #[must_use]
    pub fn form(&self) -> Form {
        let say = |key: &str| self.words.say(key);
        let fills = self.words.with("panel-prompt-fills", [("names", self.fills.join(", "))]);
        let fields = vec![
            Field::new("text", say("panel-prompt-text"), FieldKind::Area(18))
                .value(&self.text)
                .required()
                .hint(fills)
                .error(self.error.clone()),
            Field::new("why", say("panel-why"), FieldKind::Text).hint(say("panel-why-hint")),
        ];
        Form::new("prompt", &self.path(), &self.csrf, say("panel-save"), fields)
            .second(say("panel-prompt-preview"), "preview")
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
            vec![
                Cell::count(words, version.version),
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
            listing: Listing::default(),
            empty: Empty::of(words, "panel-versions-none"),
            words,
        }
    }

    fn restore(&self, version: u64) -> Act {
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
        format!("{} ({})", self.name, self.language)
    }
}
