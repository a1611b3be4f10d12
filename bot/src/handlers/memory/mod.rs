//! `/memory`: what the companion remembers, to be looked through, searched, corrected and forgotten.
//!
//! It is one message that edits itself. Nothing is kept between presses: a button says all that it stands for, and the API
//! lets a person's token at that person's facts alone, so that a button of somebody else's, or an old one, opens nothing.
//! Words (a correction, a search) come as an answer to a question of the bot; what was asked is in a link of the question,
//! which the person's app sends back with the answer.

mod action;
mod view;

use chrono::NaiveDate;
use evolve_contract::{
    ClientError, Code,
    memory::{FactCorrection, FactData, MemoryQuery, MemoryResponse},
    profile::ProfileData,
};
use evolve_domain::{
    dates::{self, Nearest},
    day::date_in,
    language::Language,
};
use serde_json::Value;
use uuid::Uuid;

use self::{
    action::{Action, Asked},
    view::Screen,
};
use super::{Trouble, Turn, held};
use crate::{
    replies::Replies,
    texts::{Text, zone},
};

/// Facts on a page: each is a line and a button.
const PER_PAGE: u32 = 5;

/// Whether a button is one of ours.
pub(super) fn is_button(data: &str) -> bool {
    data.starts_with(action::PREFIX)
}

/// `/memory`, perhaps with words to search for.
pub(super) async fn show(turn: &Turn<'_>, words: &str) -> Result<Replies, Trouble> {
    let profile = turn.fresh_profile_or_new().await?;
    let memory = Memory { turn, language: turn.language(Some(&profile)), message: None };
    let words = words.trim();
    if words.is_empty() { memory.overview(None).await } else { memory.search(words, 0).await }
}

/// One of our buttons was pressed.
pub(super) async fn pressed(
    turn: &Turn<'_>,
    language: Language,
    message: Option<i64>,
    data: &str,
) -> Result<Replies, Trouble> {
    let memory = Memory { turn, language, message };
    match Action::parse(data) {
        Some(action) => memory.act(action).await,
        // A button of another version of the bot.
        None => memory.overview(None).await,
    }
}

/// What a message answers, if that is a question of ours.
pub(super) fn asked(update: &Value) -> Option<Asked> {
    let question = update.get("message")?.get("reply_to_message")?;
    if !question["from"]["is_bot"].as_bool()? {
        return None;
    }
    let links = question.get("entities")?.as_array()?.iter().filter_map(|entity| entity["url"].as_str());
    links.filter_map(Asked::of_link).next()
}

/// The words that were asked for.
pub(super) async fn answered(turn: &Turn<'_>, asked: Asked, words: &str) -> Result<Replies, Trouble> {
    let profile = turn.profile_or_new().await?;
    let memory = Memory { turn, language: turn.language(Some(&profile)), message: None };
    match asked {
        Asked::Words => memory.search(words.trim(), 0).await,
        Asked::Correction(fact) => memory.reword(fact, words, today(turn, &profile)).await,
        Asked::Day(fact) => memory.date(fact, words, today(turn, &profile)).await,
    }
}

/// The person's own day.
fn today(turn: &Turn<'_>, profile: &ProfileData) -> NaiveDate {
    date_in(zone(profile.time_zone.as_deref()), turn.bot.clock.now())
}

/// Which day of its month a fact means.
fn nearest(fact: &FactData) -> Nearest {
    fact.category.parse().map_or(Nearest::Ahead, Nearest::of)
}

struct Memory<'a> {
    turn: &'a Turn<'a>,
    language: Language,
    /// The message to edit; without one, a new one is sent.
    message: Option<i64>,
}

impl Memory<'_> {
    async fn act(&self, action: Action) -> Result<Replies, Trouble> {
        let said = |text: Text<'_>| text.render(self.language);
        match action {
            Action::Overview => self.overview(None).await,
            Action::Category(category, page) => {
                let query = MemoryQuery { category: category.clone(), page, ..MemoryQuery::default() };
                let found = self.list(query).await?;
                Ok(self.screen(view::category(&found, category.as_deref(), self.language)))
            }
            Action::Past(page) => {
                let found = self.list(MemoryQuery { past: true, page, ..MemoryQuery::default() }).await?;
                Ok(self.screen(view::past(&found, self.language)))
            }
            Action::Search(words, page) => self.search(&words, page).await,
            Action::Fact(fact) => self.fact(fact).await,
            Action::AskForWords => Ok(self.ask(&said(Text::MemoryAskWords), Asked::Words)),
            Action::AskForCorrection(fact) => {
                let question = |fact: &FactData| said(Text::MemoryAskCorrection { fact: &fact.content });
                self.of(fact, |found| self.ask(&question(found), Asked::Correction(fact))).await
            }
            Action::AskForCategory(fact) => {
                self.of(fact, |found| self.screen(view::categories(found, self.language))).await
            }
            Action::Recategorise(fact, category) => {
                let category = Some(category.to_string());
                let correction = FactCorrection { category, ..FactCorrection::default() };
                self.correct(fact, correction, Asked::Correction(fact)).await
            }
            Action::AskForDay(fact) => {
                let question = |fact: &FactData| said(Text::MemoryAskDay { fact: &fact.content });
                self.of(fact, |found| self.ask(&question(found), Asked::Day(fact))).await
            }
            Action::AskToForget(fact) => self.of(fact, |found| self.screen(view::forget(found, self.language))).await,
            Action::Forget(fact) => match self.known(self.api().forget(self.person(), fact).await)? {
                Some(gone) => {
                    let messages = u32::try_from(gone.messages).unwrap_or(u32::MAX);
                    self.overview(Some(Text::MemoryForgotten { messages })).await
                }
                // Pressed twice, or the process died after it was done: it is gone all the same.
                None => self.overview(Some(Text::MemoryForgotten { messages: 0 })).await,
            },
            // Too late, it is asked anew.
            Action::ForgetAll(made) if !held::is_fresh(self.turn, made) => Ok(self.ask_to_forget_all()),
            Action::AskToForgetAll => Ok(self.ask_to_forget_all()),
            Action::ForgetAll(_) => {
                self.api().forget_all(self.person()).await?;
                self.overview(Some(Text::MemoryForgotAll)).await
            }
        }
    }

    fn ask_to_forget_all(&self) -> Replies {
        self.screen(view::forget_all(held::stamp(self.turn), self.language))
    }

    /// Everything by category; before it, what was just done.
    async fn overview(&self, done: Option<Text<'_>>) -> Result<Replies, Trouble> {
        let found = self.list(MemoryQuery::default()).await?;
        let done = done.map(|text| text.render(self.language));
        Ok(self.screen(view::overview(&found, done.as_deref(), self.language)))
    }

    async fn search(&self, words: &str, page: u32) -> Result<Replies, Trouble> {
        let words = action::searchable(words);
        let query = MemoryQuery { words: Some(words.clone()), page, ..MemoryQuery::default() };
        let found = self.list(query).await?;
        Ok(self.screen(view::found(&found, &words, self.language)))
    }

    async fn fact(&self, fact: Uuid) -> Result<Replies, Trouble> {
        match self.known(self.api().fact(self.person(), fact).await)? {
            Some(found) => Ok(self.screen(view::fact(&found, self.language))),
            None => self.overview(Some(Text::MemoryGone)).await,
        }
    }

    /// Other words keep the day, unless they tell another.
    async fn reword(&self, fact: Uuid, words: &str, today: NaiveDate) -> Result<Replies, Trouble> {
        let Some(found) = self.known(self.api().fact(self.person(), fact).await)? else {
            return self.overview(Some(Text::MemoryGone)).await;
        };
        let day = dates::told(words, today, nearest(&found.fact)).filter(|_| view::has_day(&found.fact));
        let day = day.map(|day| day.to_string());
        let correction = FactCorrection { content: Some(words.trim().to_owned()), day, ..FactCorrection::default() };
        self.correct(fact, correction, Asked::Correction(fact)).await
    }

    async fn date(&self, fact: Uuid, words: &str, today: NaiveDate) -> Result<Replies, Trouble> {
        let Some(found) = self.known(self.api().fact(self.person(), fact).await)? else {
            return self.overview(Some(Text::MemoryGone)).await;
        };
        let day = match words.trim() {
            "-" | "–" | "—" => Some(String::new()),
            words => dates::read(words, today, nearest(&found.fact)).map(|day| day.to_string()),
        };
        match day {
            Some(day) => {
                let correction = FactCorrection { day: Some(day), ..FactCorrection::default() };
                self.correct(fact, correction, Asked::Day(fact)).await
            }
            None => Ok(self.refused(Asked::Day(fact))),
        }
    }

    /// What cannot be is asked for once more.
    async fn correct(&self, fact: Uuid, correction: FactCorrection, asked: Asked) -> Result<Replies, Trouble> {
        match self.api().correct(self.person(), fact, &correction).await {
            // It may have become one with another.
            Ok(corrected) => self.fact(corrected.id).await,
            Err(error) if error.code() == Some(Code::InvalidValue) => Ok(self.refused(asked)),
            Err(error) => match self.known::<()>(Err(error))? {
                Some(()) | None => self.overview(Some(Text::MemoryGone)).await,
            },
        }
    }

    fn refused(&self, asked: Asked) -> Replies {
        let text = if matches!(asked, Asked::Day(_)) { Text::MemoryDayRefused } else { Text::MemoryCorrectionRefused };
        self.ask(&text.render(self.language), asked)
    }

    fn ask(&self, question: &str, asked: Asked) -> Replies {
        self.turn.replies().prompt(view::question(question, asked))
    }

    /// What is shown of a fact, if it is remembered still.
    async fn of(&self, fact: Uuid, show: impl FnOnce(&FactData) -> Replies) -> Result<Replies, Trouble> {
        match self.known(self.api().fact(self.person(), fact).await)? {
            Some(found) => Ok(show(&found.fact)),
            None => self.overview(Some(Text::MemoryGone)).await,
        }
    }

    async fn list(&self, query: MemoryQuery) -> Result<MemoryResponse, Trouble> {
        let query = MemoryQuery { per_page: Some(PER_PAGE), ..query };
        Ok(self.api().memory(self.person(), &query).await?)
    }

    /// Nothing for a fact that is gone, or never was this person's.
    fn known<T>(&self, found: Result<T, ClientError>) -> Result<Option<T>, Trouble> {
        match found {
            Ok(found) => Ok(Some(found)),
            Err(error) if error.code() == Some(Code::FactNotFound) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn screen(&self, Screen { html, rows }: Screen) -> Replies {
        self.turn.replies().screen(self.message, html, &rows)
    }

    fn api(&self) -> &crate::api::Api {
        &self.turn.bot.api
    }

    fn person(&self) -> i64 {
        self.turn.person.id
    }
}
