//! Compose: the prompt of a turn.

use chrono::{Days, NaiveDate};
use chrono_tz::Tz;
use evolve_domain::{
    consent::Manner,
    fact::choose::{Ranked, choose},
    flags::Flag,
    plan::Plan,
    profile::Settings,
    safety::{crisis, helplines, hidden, quoting::Secret},
    tokens,
};
use evolve_store::{
    facts::Fact,
    messages::{self, Recall},
};
use uuid::Uuid;

use super::{Running, TurnError};
use crate::{
    model::{Message, Part, Request, Role, Thinking, ToolChoice},
    prompt::{Known, PHOTO, answered, fitting, history, notices, said_before},
    tools,
};

/// Tokens of history in a prompt.
const HISTORY_TOKENS: u32 = 24_000;
/// Most messages of long ago in a prompt.
const REMEMBERED: usize = 6;
/// Tokens of them.
const REMEMBERED_TOKENS: u32 = 800;
/// Tokens of facts in a prompt: some 50 facts, or some 200. The store takes the first for the smallest, where it decides whether
/// vectors of facts are worth reading.
const FACT_TOKENS: (u32, u32) = (1500, 6000);
/// Longest answer, in tokens, thinking included.
const MAX_OUTPUT_TOKENS: u32 = 4096;

impl Running<'_> {
    pub(super) fn compose(&self, recall: &Recall, manner: Manner) -> Result<(Request, Secret), TurnError> {
        let (mut context, whole) = history(&recall.messages, HISTORY_TOKENS);
        // What the history shows in full need not be told again in short.
        let summary = if whole && !recall.more_messages { None } else { recall.summary.as_deref() };
        let facts = self.facts(recall);
        let week = |(monday, told): &(NaiveDate, String)| format!("{monday} – {}: {told}", *monday + Days::new(6));
        let earlier: Vec<String> =
            recall.weeks.iter().map(week).rev().chain(recall.earlier.iter().rev().cloned()).collect();
        let levels = &self.engine.relationship.levels;
        let level = levels.of(self.person.bond.points);
        let known = Known {
            language: self.settings().language,
            level,
            voice: levels.voice(level),
            adult: manner == Manner::Adult,
            profile: &self.person.profile,
            facts: &facts,
            earlier: &earlier,
            summary,
        };
        let mut system = self.engine.prompts.system(&self.engine.persona, &known)?;
        let secret = self.engine.prompts.secret(&self.engine.persona, &known)?;
        if crisis::is_spoken_of(&self.said()) {
            let Settings { time_zone, language, .. } = self.settings();
            let helplines = helplines::fitting(time_zone, language);
            system = format!("{system}\n\n{}", self.engine.prompts.danger(language, &helplines)?);
        }
        push_message(&mut context, self.message(recall)?);
        let mut request = Request::new(system, context);
        request.tools = tools::specs();
        if !self.engine.is_on(Flag::Tools, self.lease.user_id, Some(self.person.plan)) {
            request.tool_choice = ToolChoice::None;
        }
        request.thinking = Thinking::Budget(self.engine.thinking_budget);
        request.max_output_tokens = MAX_OUTPUT_TOKENS;
        request.language = self.settings().language;
        Ok((request, secret))
    }

    /// The facts to show, oldest first.
    fn facts(&self, recall: &Recall) -> Vec<Fact> {
        let mut facts: Vec<&Fact> = recall.facts.iter().collect();
        facts.sort_by_key(|fact| (fact.created_at, fact.id));
        let ranked: Vec<_> = facts.iter().map(|fact| ranked(fact, self.settings().time_zone)).collect();
        let (free, premium) = FACT_TOKENS;
        let budget = if self.person.plan == Plan::Premium { premium } else { free };
        let place = |id: &Uuid| facts.iter().position(|fact| fact.id == *id);
        let near: Vec<usize> = recall.facts_near.iter().filter_map(place).collect();
        let chosen = choose(self.question(), &ranked, &near, self.person.day, budget);
        chosen.into_iter().filter_map(|place| facts.get(place).copied().cloned()).collect()
    }

    fn message(&self, recall: &Recall) -> Result<Message, TurnError> {
        let mut parts = Vec::new();
        parts.extend(said_before(&remembered(recall), self.settings().time_zone).map(Part::Text));
        parts.extend(self.reply_to().as_deref().and_then(answered).map(Part::Text));
        // Of a message that is in the history, the picture may have been looked at when it came: on another plan, or while pictures were.
        let may_show = || self.may_show_images() && self.looks_at_images();
        let image = self.request.image.as_ref().filter(|_| !self.is_kept || may_show());
        if self.beside.had_image || image.is_none() && self.request.image.is_some() {
            parts.push(Part::Text(PHOTO.to_owned()));
        }
        for image in image.into_iter().chain(&self.request.more_images) {
            parts.push(Part::Image { mime: image.mime.to_owned(), bytes: image.bytes.clone() });
        }
        if self.beside.other_images > 0 {
            let others = notices::other_pictures(self.settings().language, self.beside.other_images)?;
            parts.push(Part::Text(others));
        }
        let said = self.said();
        if !said.is_empty() {
            parts.push(Part::Text(hidden::without(&said)));
        }
        Ok(Message { role: Role::User, parts })
    }
}

fn ranked(fact: &Fact, zone: Tz) -> Ranked<'_> {
    Ranked {
        category: fact.category,
        text: &fact.content,
        confidence: fact.confidence,
        times: fact.times_said,
        told: fact.last_said_at.with_timezone(&zone).date_naive(),
        day: fact.day,
    }
}

/// Joins a message to the last one where both are the person's: an earlier one that got no answer.
pub(crate) fn push_message(context: &mut Vec<Message>, message: Message) {
    match context.last_mut() {
        Some(last) if last.role == message.role => last.parts.extend(message.parts),
        _ => context.push(message),
    }
}

/// What was said long ago that the message may be about, in the order in which it was said: the most likely ones that the
/// history does not hold, within the budget.
fn remembered(recall: &Recall) -> Vec<messages::Message> {
    let history_begins = fitting(&recall.messages, HISTORY_TOKENS).first().map(|message| message.created_at);
    let old = recall.remembered.iter().filter(|m| history_begins.is_none_or(|begin| m.created_at < begin));
    let mut left = REMEMBERED_TOKENS;
    let mut kept = Vec::new();
    for message in old.take(REMEMBERED) {
        let Some(rest) = left.checked_sub(tokens::estimate(&message.text)) else { continue };
        left = rest;
        kept.push(message.clone());
    }
    kept.sort_by_key(|message| message.created_at);
    kept
}
