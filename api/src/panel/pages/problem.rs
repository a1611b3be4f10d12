//! What is shown where a page cannot be.

use askama::Template;
use axum::http::StatusCode;

use super::Page;
use crate::panel::{shell::Section, words::Words};

/// Why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// What its status says.
    Status,
    /// A form is too old, or was not ours: then who sent it may do so, once they have loaded it anew.
    Stale,
    /// A link of another site led to what is shown to who means to see it. They may open this path from here.
    Led(String),
}

/// A page that cannot be shown.
#[derive(Clone, Debug, Template)]
#[template(path = "panel/problem.html")]
pub struct Problem {
    /// The status that goes with it.
    pub status: StatusCode,
    /// The id of the request, by which it is found in the logs.
    pub request_id: String,
    /// Why.
    pub why: Why,
    /// What exactly, where that is said for people.
    pub said: Option<String>,
    /// In which language.
    pub words: Words,
}

impl Problem {
    fn key(&self) -> &'static str {
        match (&self.why, self.status.as_u16()) {
            (Why::Stale, _) => "stale",
            (Why::Led(_), _) => "led",
            (Why::Status, status) => Self::of(status),
        }
    }

    const fn of(status: u16) -> &'static str {
        match status {
            400 | 405 | 409 | 413 | 415 | 422 => "request",
            401 => "door",
            403 => "forbidden",
            404 => "missing",
            429 => "often",
            503 => "away",
            _ => "broken",
        }
    }

    /// Where to go on to who meant to come here.
    #[must_use]
    pub fn meant(&self) -> Option<&str> {
        match &self.why {
            Why::Led(path) => Some(path),
            Why::Status | Why::Stale => None,
        }
    }

    /// What it means, and what to do.
    #[must_use]
    pub fn explains(&self) -> String {
        self.words.say(&format!("panel-problem-{}-advice", self.key()))
    }
}

impl Page for Problem {
    fn section(&self) -> Option<Section> {
        None
    }

    fn title(&self) -> String {
        self.words.say(&format!("panel-problem-{}", self.key()))
    }
}
