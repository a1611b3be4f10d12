//! What is shown where a page cannot be.

use askama::Template;
use axum::http::StatusCode;

use super::Page;
use crate::panel::{shell::Section, words::Words};

/// A page that cannot be shown.
#[derive(Clone, Debug, Template)]
#[template(path = "panel/problem.html")]
pub struct Problem {
    /// Why.
    pub status: StatusCode,
    /// The id of the request, by which it is found in the logs.
    pub request_id: String,
    /// Whether it is a form that is too old, or was not ours: then who sent it may do so, once they have loaded it anew.
    pub is_stale: bool,
    /// What exactly, where that is said for people.
    pub said: Option<String>,
    /// In which language.
    pub words: Words,
}

impl Problem {
    fn key(&self) -> &'static str {
        if self.is_stale {
            return "stale";
        }
        match self.status.as_u16() {
            400 | 405 | 409 | 413 | 415 | 422 => "request",
            401 => "door",
            403 => "forbidden",
            404 => "missing",
            429 => "often",
            503 => "away",
            _ => "broken",
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
