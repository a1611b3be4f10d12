//! A number that matters, how it has changed, and how it has come about.

use askama::{Template, filters::HtmlSafe};

use crate::panel::{
    charts,
    markup::Markup,
    words::{Unit, Words},
};

/// A number that matters.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "panel/parts/card.html")]
pub struct Card {
    /// What it is.
    pub label: String,
    /// The number.
    pub value: String,
    /// Between whole days, which it names.
    pub change: Option<Change>,
    /// What else there is to know: how it is counted.
    pub note: Option<String>,
    /// How it has come about.
    pub spark: Markup,
}

impl HtmlSafe for Card {}

/// A number of one time, and of another before.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Against {
    /// The later number.
    pub now: f64,
    /// The earlier one.
    pub before: f64,
    /// Of when the later one is: a day, or days.
    pub of: String,
    /// Of when the earlier one is.
    pub to: String,
}

/// How a number has changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// By how much, with its sign.
    pub shown: String,
    /// Its class: `good`, `bad` or `plain`.
    pub class: &'static str,
}

impl Card {
    /// A number of a unit.
    #[must_use]
    pub fn new(words: Words, label: &str, unit: &Unit, value: f64) -> Self {
        Self { label: words.say(label), value: words.value(unit, value), ..Self::default() }
    }

    /// A number of a unit that may not be known.
    #[must_use]
    pub fn known(words: Words, label: &str, unit: &Unit, value: Option<f64>) -> Self {
        match value {
            Some(value) => Self::new(words, label, unit, value),
            None => Self { label: words.say(label), value: "–".to_owned(), ..Self::default() }
                .note(words.say("panel-not-known")),
        }
    }

    /// With how it has changed, where that is known. `is_better_up`: whether more of it is good; neither, where it is nothing.
    #[must_use]
    pub fn against(mut self, words: Words, against: Option<Against>, is_better_up: Option<bool>) -> Self {
        if let Some(Against { now, before, of, to }) = against.filter(|against| against.before > 0.0) {
            let by = (now - before) / before;
            let sign = if by > 0.0 { "+" } else { "" };
            let is_up = by > 0.0;
            let class = match is_better_up {
                Some(better) if by.abs() >= 0.001 => {
                    if better == is_up {
                        "good"
                    } else {
                        "bad"
                    }
                }
                _ => "plain",
            };
            let shown =
                words.with("panel-change", [("by", format!("{sign}{}", words.percent(by))), ("of", of), ("to", to)]);
            self.change = Some(Change { shown, class });
        }
        self
    }

    /// With how it has come about.
    #[must_use]
    pub fn spark(mut self, values: &[f64]) -> Self {
        self.spark = charts::spark(values, &self.label);
        self
    }

    /// With what else there is to know.
    #[must_use]
    pub fn note(mut self, note: String) -> Self {
        self.note = Some(note);
        self
    }
}
