//! What is shown where a page cannot be.

use askama::Template;
use axum::http::StatusCode;
use chrono::TimeDelta;

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
    /// For how many seconds to wait, where that is known.
    pub waits: Option<u64>,
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
        let (words, key) = (self.words, self.key());
        match self.waits.filter(|_| key == "often") {
            Some(seconds) => words.with("panel-problem-often-until", [("time", wait(words, seconds))]),
            None => words.say(&format!("panel-problem-{key}-advice")),
        }
    }
}

/// How long that is: in whole minutes, rounded up, from the first on.
fn wait(words: Words, seconds: u64) -> String {
    if seconds < 60 {
        return words.with("panel-lasts-s", [("n", seconds)]);
    }
    let minutes = u32::try_from(seconds.div_ceil(60)).unwrap_or(u32::MAX);
    words.lasting(TimeDelta::minutes(minutes.into()))
}

impl Page for Problem {
    fn section(&self) -> Option<Section> {
        None
    }

    fn title(&self) -> String {
        self.words.say(&format!("panel-problem-{}", self.key()))
    }
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;
    use evolve_domain::language::Language;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(StatusCode::TOO_MANY_REQUESTS, Some(7), "Try again in 7 s.")]
    #[case(StatusCode::TOO_MANY_REQUESTS, Some(61), "Try again in 2 min.")]
    #[case(StatusCode::TOO_MANY_REQUESTS, Some(3600), "Try again in 1 h.")]
    #[case(StatusCode::TOO_MANY_REQUESTS, Some(u64::MAX), "Try again in ")]
    #[case(StatusCode::TOO_MANY_REQUESTS, None, "Wait a moment and try again.")]
    #[case(StatusCode::SERVICE_UNAVAILABLE, Some(5), "The database does not answer.")]
    fn who_asks_too_often_is_told_for_how_long(
        #[case] status: StatusCode,
        #[case] waits: Option<u64>,
        #[case] says: &str,
    ) {
        let words = Words { language: Language::En, zone: Tz::UTC };
        let page = Problem { status, request_id: String::new(), why: Why::Status, said: None, waits, words };
        assert!(page.explains().starts_with(says), "{}", page.explains());
    }
}
