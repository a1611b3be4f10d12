//! What is known of one thing: names and values.

use askama::{Template, filters::HtmlSafe};

use super::Cell;
use crate::panel::words::Words;

/// Names and values.
#[derive(Clone, Debug, Template)]
#[template(path = "panel/parts/facts.html")]
pub struct Facts {
    /// What is known.
    pub facts: Vec<Fact>,
    /// In which language.
    pub words: Words,
}

impl HtmlSafe for Facts {}

/// A name and a value.
#[derive(Clone, Debug, Default)]
pub struct Fact {
    /// What it is.
    pub name: String,
    /// The value.
    pub value: Cell,
}

impl Facts {
    /// Of what is there: who is nothing is left out.
    #[must_use]
    pub fn of<const N: usize>(words: Words, facts: [(&str, Cell); N]) -> Self {
        let known = facts.into_iter().filter(|(_, value)| !matches!(value, Cell::None));
        Self { facts: known.map(|(key, value)| Fact { name: words.say(key), value }).collect(), words }
    }

    /// A moment as it is shown.
    #[must_use]
    pub fn shown(&self, at: &chrono::DateTime<chrono::Utc>) -> String {
        self.words.when(*at)
    }
}
