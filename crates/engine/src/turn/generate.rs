//! Generate: the model answers, using tools for at most `MAX_AI_ITERATIONS` rounds; the round after those must be words.
//!
//! An answer that quotes its instructions ends where the quote is noticed, is asked for once more, and is declined if that
//! does not help. What was shown of it by then is taken back.

use std::sync::Arc;

use evolve_domain::{
    safety::{
        hidden,
        quoting::{Secret, Watch},
    },
    tokens,
};
use evolve_store::{messages::Recall, turns};
use futures::StreamExt as _;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{Listener, Outcome, Running, TurnError, TurnEvent, stop};
use crate::{
    model::{Answer, AnswerBuilder, ChainError, Event, Message, Part, Request, Role, ToolCall, ToolChoice, Usage},
    prompt::notices,
    tools::{self, Effects, MAX_CALLS},
};

/// Longest answer that is kept, in characters. Far above what `max_output_tokens` allows: a bound against a broken server.
const MAX_REPLY_CHARS: usize = 32_000;

/// What came of asking a model; with each, who it is.
enum Round {
    /// Its answer.
    Answered(Answer, String),
    /// Its answer quotes the instructions; what it cost.
    Quoted(String, Usage),
    /// What it had said when the person wanted to hear no more, and what that cost.
    Stopped(String, String, Usage),
}

impl Round {
    fn of(answer: Answer, model: String, secret: &Secret) -> Self {
        if secret.is_quoted_in(&answer.text) {
            Self::Quoted(model, answer.usage)
        } else {
            Self::Answered(answer, model)
        }
    }
}

impl Running<'_> {
    /// The answer, and how long it took for all to see. Who does not wait for its end leaves nothing.
    pub(super) async fn generate(
        &self,
        request: Request,
        secret: &Secret,
        recall: &Recall,
        listener: &mut Listener,
    ) -> Result<Outcome, TurnError> {
        let began = Instant::now();
        let made = self.in_rounds(request, secret, recall, listener).await;
        self.engine.metrics.responded(made.is_ok(), began.elapsed());
        made
    }

    async fn in_rounds(
        &self,
        mut request: Request,
        secret: &Secret,
        recall: &Recall,
        listener: &mut Listener,
    ) -> Result<Outcome, TurnError> {
        let mut effects = Effects::default();
        let mut usage = Usage::default();
        let (mut spoken, mut picture) = (String::new(), None);
        let mut warned = false;
        for round in 0..=self.engine.max_iterations {
            if round == self.engine.max_iterations {
                request.tool_choice = ToolChoice::None;
            }
            let (answer, model) = match self.ask(&request, secret, listener).await? {
                Round::Answered(answer, model) => (answer, model),
                Round::Stopped(said, model, spent) => {
                    usage = usage.plus(spent);
                    let words = stop::cut_off(&clean(&said));
                    let text = if words.is_empty() { stop::cut_off(&spoken) } else { words };
                    return Ok(Outcome::new(text, picture, model, stored(usage), effects));
                }
                Round::Quoted(model, spent) => {
                    usage = usage.plus(spent);
                    self.engine.metrics.quoted(&model);
                    listener.tell(TurnEvent::Restart);
                    if std::mem::replace(&mut warned, true) {
                        return Err(TurnError::ModelBlocked);
                    }
                    request.system.push_str("\n\n");
                    request.system.push_str(&notices::quoted(self.settings().language)?);
                    continue;
                }
            };
            usage = usage.plus(answer.usage);
            let words = clean(&answer.text);
            if !words.is_empty() {
                spoken = words;
            }
            picture = answer.picture.clone().or(picture);
            if answer.tool_calls.is_empty() || request.tool_choice == ToolChoice::None {
                if spoken.is_empty() && picture.is_none() {
                    return Err(TurnError::ModelFailed);
                }
                return Ok(Outcome::new(spoken, picture, model, stored(usage), effects));
            }
            let results = self.use_tools(&answer.tool_calls, recall, secret, &mut effects).await?;
            if !answer.text.is_empty() {
                // The next round speaks for itself.
                listener.tell(TurnEvent::Restart);
            }
            extend(&mut request, answer, results);
        }
        // Its last round quoted the instructions: every other returns.
        Err(TurnError::ModelBlocked)
    }

    async fn ask(&self, request: &Request, secret: &Secret, listener: &mut Listener) -> Result<Round, TurnError> {
        if self.stop.is_cancelled() {
            return Ok(Round::Stopped(String::new(), String::new(), Usage::default()));
        }
        if listener.0.is_none() {
            let answered = tokio::select! {
                biased;
                () = self.stop.cancelled() => return Ok(Round::Stopped(String::new(), String::new(), spent(request, ""))),
                answered = self.engine.chain.generate(request) => answered.map_err(|error| failure(&error))?,
            };
            if !answered.answer.text.is_empty() {
                self.words_come();
            }
            return Ok(Round::of(answered.answer, answered.model, secret));
        }
        let mut events = self.engine.chain.stream(Arc::new(request.clone()));
        let (mut builder, mut answered_by, mut told) = (AnswerBuilder::default(), String::new(), false);
        let (mut watch, mut said) = (Watch::default(), String::new());
        loop {
            let event = tokio::select! {
                biased;
                () = self.stop.cancelled() => {
                    let told = builder.usage();
                    let spent = if told == Usage::default() { spent(request, &said) } else { told };
                    return Ok(Round::Stopped(said, answered_by, spent));
                }
                event = events.next() => event,
            };
            let Some(event) = event else { break };
            let event = event.map_err(|error| failure(&error))?;
            match &event {
                Event::Started { model, .. } => {
                    answered_by.clone_from(model);
                    said.clear();
                    watch = Watch::default();
                    if std::mem::take(&mut told) {
                        listener.tell(TurnEvent::Restart);
                    }
                }
                Event::Text(text) if !text.is_empty() => {
                    if watch.hears_a_quote(secret, text) {
                        said.push_str(text);
                        return Ok(Round::Quoted(answered_by, spent(request, &said)));
                    }
                    told = true;
                    self.words_come();
                    said.push_str(text);
                    listener.tell(TurnEvent::Delta(hidden::without(text)));
                }
                _ => {}
            }
            builder.push(&event);
        }
        let answer = builder.finish().map_err(|_| TurnError::ModelFailed)?;
        Ok(Round::of(answer, answered_by, secret))
    }

    async fn use_tools(
        &self,
        calls: &[ToolCall],
        recall: &Recall,
        secret: &Secret,
        effects: &mut Effects,
    ) -> Result<Vec<Value>, TurnError> {
        let context = tools::Context {
            store: &self.engine.store,
            meanings: self.meanings(),
            user_id: self.lease.user_id,
            facts: &recall.facts,
            facts_version: recall.facts_version,
            max_facts: self.engine.plans.limits(self.person.plan).facts,
            profile: &self.person.profile,
            settings: self.settings(),
            companion: &self.engine.persona.name,
            secret,
            now: self.engine.clock.now(),
        };
        let mut results = Vec::with_capacity(calls.len());
        for (place, call) in calls.iter().enumerate() {
            if place >= MAX_CALLS {
                results.push(json!({"error": "too many calls at once"}));
                continue;
            }
            results.push(tools::run(&call.name, &call.args, &context, effects, &self.engine.metrics).await?);
        }
        Ok(results)
    }
}

/// What an answer that was cut off has cost, as far as that can be told: providers say it at its end.
fn spent(request: &Request, said: &str) -> Usage {
    let context: u32 = request.context.iter().map(|message| tokens::estimate(&message.text())).sum();
    let prompt_tokens = context.saturating_add(tokens::estimate(&request.system));
    let output_tokens = tokens::estimate(said);
    Usage {
        prompt_tokens,
        output_tokens,
        total_tokens: prompt_tokens.saturating_add(output_tokens),
        ..Usage::default()
    }
}

/// Adds a round's calls and their results to the conversation.
fn extend(request: &mut Request, answer: Answer, results: Vec<Value>) {
    let mut parts = Vec::new();
    if !answer.text.is_empty() {
        parts.push(Part::Text(answer.text));
    }
    parts.extend(answer.tool_calls.iter().cloned().map(Part::ToolCall));
    request.context.push(Message { role: Role::Assistant, parts });
    request.context.push(Message::tool_results(answer.tool_calls.iter().zip(results).collect()));
}

/// The model's words as they may be stored and shown: no control characters but line breaks and tabs, nothing that nobody
/// sees, bounded.
pub(crate) fn clean(text: &str) -> String {
    let seen = hidden::without(text);
    let shown = seen.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).take(MAX_REPLY_CHARS);
    shown.collect::<String>().trim().to_owned()
}

/// Tokens, as they are kept.
pub(crate) fn stored(usage: Usage) -> turns::Usage {
    turns::Usage {
        input_tokens: usage.prompt_tokens.into(),
        output_tokens: u64::from(usage.output_tokens) + u64::from(usage.thinking_tokens),
    }
}

pub(crate) fn failure(error: &ChainError) -> TurnError {
    tracing::warn!(%error, "no model answered");
    if error.blocked() {
        return TurnError::ModelBlocked;
    }
    if error.nonsense() {
        return TurnError::ModelFailed;
    }
    TurnError::ModelUnavailable { retry_after: error.retry_in() }
}
