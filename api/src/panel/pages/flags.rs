//! What is switched on, for how many, and how that was changed.

use askama::Template;
use chrono::{DateTime, Utc};
use evolve_contract::flags::FlagChange;

use super::Page;
use crate::panel::{
    parts::{Act, Cell, Choice, Column, Empty, Field, FieldError, FieldKind, Form, Listing, Table, Tone, View},
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
    /// Where the list is, and its CSV.
    pub listing: Listing,
    /// The session's token.
    pub csrf: String,
    /// What the reader asks of its tables.
    pub view: View,
    /// In which language.
    pub words: Words,
}

/// A flag.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FlagLine {
    /// Its name.
    pub name: String,
    /// For how many of a hundred people.
    pub percent: u8,
    /// Only for those on this plan: a code.
    pub plan: Option<String>,
    /// Whether it can be for a plan alone.
    pub knows_plan: bool,
    /// For how many people besides. Who they are is kept as hashes.
    pub people: u32,
    /// When it was changed last.
    pub changed_at: Option<DateTime<Utc>>,
    /// By whom.
    pub changed_by: Option<String>,
}

fn address(name: &str) -> String {
    format!("{}/{name}", Section::Flags.path())
}

impl FlagLine {
    /// Whether it is on, in words. Whoever is named has it, whatever the per cent are.
    fn state(&self, words: Words) -> Cell {
        let (code, tone) = match self.percent {
            0 if self.people == 0 => ("off", Tone::Plain),
            100 if self.plan.is_none() => ("on", Tone::Good),
            _ => ("part", Tone::Warning),
        };
        Cell::State(words.code("flag", code), tone)
    }

    /// What is asked where it is turned.
    fn form(&self, words: Words, csrf: &str, entered: &Entered) -> Form {
        let say = |key: &str| words.say(key);
        let mut fields = vec![
            Field::new("percent", say("panel-flag-percent"), FieldKind::Number(0, 100))
                .value(&entered.percent)
                .required(),
        ];
        if self.knows_plan {
            let plans = ["", "free", "premium"];
            let named = |plan: &str| if plan.is_empty() { say("panel-any") } else { words.code("plan", plan) };
            let plans = plans.map(|plan| Choice::new(plan, named(plan)));
            let field = Field::new("plan", say("panel-person-plan"), FieldKind::Select(plans.to_vec()));
            fields.push(field.value(&entered.plan));
        }
        let people = say("panel-flag-people-hint");
        fields.extend([
            Field::new("people", say("panel-flag-people"), FieldKind::Text).value(&entered.people).hint(people),
            Field::new("note", say("panel-why"), FieldKind::Text).value(&entered.note).hint(say("panel-why-kept")),
        ]);
        let form = Form::new(&format!("flag-{}", self.name), &address(&self.name), csrf, say("panel-save"), fields);
        form.wrong(entered.wrong.as_ref())
    }

    /// How it stands, as it is entered.
    #[must_use]
    pub fn as_entered(&self) -> Entered {
        let plan = self.plan.clone().unwrap_or_default();
        Entered { percent: self.percent.to_string(), plan, ..Entered::default() }
    }
}

/// What was entered of how a flag is to be turned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entered {
    /// Of a hundred people so many (`percent`).
    pub percent: String,
    /// Only of this plan (`plan`).
    pub plan: String,
    /// Numbers of people besides, with commas between (`people`); nothing leaves those that are there, `-` takes it from them.
    pub people: String,
    /// Why (`note`).
    pub note: String,
    /// What is wrong with it.
    pub wrong: Option<FieldError>,
}

impl Flags {
    /// The list.
    #[must_use]
    pub fn table(&self) -> Table {
        let words = self.words;
        let row = |flag: &FlagLine| {
            vec![
                Cell::Link(flag.name.clone(), address(&flag.name)),
                Cell::Text(words.code("flag-explains", &flag.name)),
                flag.state(words),
                Cell::number(words, &Unit::Share, f64::from(flag.percent) / 100.0),
                flag.plan.as_deref().map_or(Cell::None, |plan| Cell::Text(words.code("plan", plan))),
                Cell::count(words, flag.people.into()),
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
                Column::text("plan", words.say("panel-person-plan")),
                Column::number("people", words.say("panel-flag-people")),
                Column::text("changed_at", words.say("panel-changed-at")),
                Column::text("changed_by", words.say("panel-changed-by")),
                Column::text("acts", words.say("panel-acts")),
            ],
            rows: self.flags.iter().map(row).collect(),
            listing: self.listing.clone(),
            empty: Empty::of(words, "panel-flags-none"),
            words,
        }
        .asked(&self.view)
    }

    fn change(&self, flag: &FlagLine) -> Act {
        let form = flag.form(self.words, &self.csrf, &flag.as_entered());
        Act::new(self.words.say("panel-change-it"), self.words.say("panel-flag-change-explains"), form)
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

/// `GET /admin/panel/flags/{flag}`: a flag, and how it was turned.
#[derive(Clone, Debug, Template)]
#[template(path = "panel/flag.html")]
pub struct Flag {
    /// The flag.
    pub flag: FlagLine,
    /// What was entered; how it stands, where nothing was.
    pub entered: Entered,
    /// How it was turned, newest first.
    pub history: Vec<FlagChange>,
    /// Whether the reader may change it.
    pub may_change: bool,
    /// The session's token.
    pub csrf: String,
    /// What the reader asks of its tables.
    pub view: View,
    /// In which language.
    pub words: Words,
}

impl Flag {
    /// What it switches on.
    #[must_use]
    pub fn explains(&self) -> String {
        self.words.code("flag-explains", &self.flag.name)
    }

    /// The form.
    #[must_use]
    pub fn form(&self) -> Form {
        self.flag.form(self.words, &self.csrf, &self.entered)
    }

    /// How it was turned.
    #[must_use]
    pub fn table(&self) -> Table {
        let words = self.words;
        let row = |change: &FlagChange| {
            vec![
                Cell::Time(change.changed_at),
                Cell::number(words, &Unit::Share, f64::from(change.percent) / 100.0),
                change.plan.as_deref().map_or(Cell::None, |plan| Cell::Text(words.code("plan", plan))),
                Cell::count(words, change.people.into()),
                Cell::Text(change.changed_by.clone()),
                Cell::maybe(Some(&change.note)),
            ]
        };
        Table {
            id: "changes",
            caption: words.say("panel-flag-history"),
            columns: vec![
                Column::text("changed_at", words.say("panel-time")),
                Column::number("percent", words.say("panel-flag-percent")),
                Column::text("plan", words.say("panel-person-plan")),
                Column::number("people", words.say("panel-flag-people")),
                Column::text("changed_by", words.say("panel-changed-by")),
                Column::text("note", words.say("panel-why")),
            ],
            rows: self.history.iter().map(row).collect(),
            listing: Listing::within(address(&self.flag.name), "changes"),
            empty: Empty::of(words, "panel-flag-never"),
            words,
        }
        .asked(&self.view)
    }
}

impl Page for Flag {
    fn section(&self) -> Option<Section> {
        Some(Section::Flags)
    }

    fn title(&self) -> String {
        self.flag.name.clone()
    }

    fn tables(&self) -> Vec<Table> {
        vec![self.table()]
    }
}
