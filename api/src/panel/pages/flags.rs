//! What is switched on, and for how many.

use askama::Template;
use chrono::{DateTime, Utc};

use super::Page;
use crate::panel::{
    parts::{Act, Cell, Column, Empty, Field, FieldKind, Form, Listing, Table, Tone},
    shell::Section,
    words::{Unit, Words},
};

/// `GET /admin/panel/flags`.
#[derive(Clone, Debug, Template)]
#[template(path = "panel/flags.html")]
pub struct Flags {
    /// The flags.
    pub flags: Vec<FlagLine>,
    /// Whether the reader may change them.
    pub may_change: bool,
    /// The session's token.
    pub csrf: String,
    /// In which language.
    pub words: Words,
}

/// A flag.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FlagLine {
    /// Its name.
    pub name: String,
    /// What it switches on.
    pub explains: String,
    /// For how many of a hundred people.
    pub percent: u8,
    /// For whom besides: their numbers.
    pub people: Vec<i64>,
    /// When it was changed last.
    pub changed_at: Option<DateTime<Utc>>,
    /// By whom.
    pub changed_by: Option<String>,
}

impl Flags {
    /// The list.
    #[must_use]
    pub fn table(&self) -> Table {
        let words = self.words;
        let row = |flag: &FlagLine| {
            let (code, tone) = match flag.percent {
                0 => ("off", Tone::Plain),
                1..100 => ("part", Tone::Warning),
                _ => ("on", Tone::Good),
            };
            vec![
                Cell::Code(flag.name.clone()),
                Cell::Text(flag.explains.clone()),
                Cell::State(words.code("flag", code), tone),
                Cell::number(words, &Unit::Share, f64::from(flag.percent) / 100.0),
                Cell::count(words, flag.people.len() as u64),
                Cell::time(flag.changed_at),
                Cell::maybe(flag.changed_by.as_deref()),
                if self.may_change { Cell::Acts(vec![self.change(flag)]) } else { Cell::None },
            ]
        };
        Table {
            id: "flags",
            caption: words.say("panel-section-flags"),
            columns: vec![
                Column::text("name", words.say("panel-name")),
                Column::text("explains", words.say("panel-flag-explains")),
                Column::text("state", words.say("panel-state")),
                Column::number("percent", words.say("panel-flag-percent")),
                Column::number("people", words.say("panel-flag-people")),
                Column::text("changed_at", words.say("panel-changed-at")),
                Column::text("changed_by", words.say("panel-changed-by")),
                Column::text("acts", words.say("panel-acts")),
            ],
            rows: self.flags.iter().map(row).collect(),
            listing: Listing::default(),
            empty: Empty::of(words, "panel-flags-none"),
            words,
        }
    }

    fn change(&self, flag: &FlagLine) -> Act {
        let say = |key: &str| self.words.say(key);
        let people: Vec<String> = flag.people.iter().map(i64::to_string).collect();
        let fields = vec![
            Field::new("percent", say("panel-flag-percent"), FieldKind::Number(0, 100)).value(flag.percent.to_string()),
            Field::new("people", say("panel-flag-people"), FieldKind::Text)
                .value(people.join(", "))
                .hint(say("panel-flag-people-hint")),
        ];
        let (id, path) = (format!("flag-{}", flag.name), format!("{}/{}", Section::Flags.path(), flag.name));
        let form = Form::new(&id, &path, &self.csrf, say("panel-save"), fields);
        Act::new(say("panel-change-it"), say("panel-flag-change-explains"), form)
    }
}

impl Page for Flags {
    fn section(&self) -> Option<Section> {
        Some(Section::Flags)
    }

    fn title(&self) -> String {
        self.words.say("panel-section-flags")
    }
}
