//! Rolling summaries, made in the background and never in a person's way.
//!
//! Every replica hears of every turn that ends; after a short pause one of them claims each conversation that is due. The
//! mark moves only together with the summary that holds the messages, so a crash, or a model that fails, loses nothing:
//! the lease runs out, and the next pass begins where the last one ended.

use std::time::Duration;

use chrono::TimeDelta;
use evolve_domain::tokens;
use evolve_runtime::shutdown::Tasks;
use evolve_store::{
    messages::{Message, Role},
    summaries::{SummaryRule, Unsummed},
};
use tokio::sync::broadcast::error::RecvError;

use crate::{Engine, model};

/// An open conversation is due with 20 messages that no summary holds, and keeps the newest 10 of them.
const RULE: SummaryRule = SummaryRule { due_at: 20, keep: 10, batch: 60 };
/// One worker alone has a conversation for this long.
const LEASE: TimeDelta = TimeDelta::seconds(120);
/// Pause after a turn, so that many turns cause one look.
const DEBOUNCE: Duration = Duration::from_secs(2);
/// A look without any turn: for what was left by a crash, or by a model that failed.
const SWEEP: Duration = Duration::from_secs(300);
/// Longest summary that is kept, in characters.
///
/// Above what the model may say at all: cutting its end off would lose what it says of the newest messages.
const MAX_CHARS: usize = 20_000;
/// Longest answer, in tokens, thinking included.
const MAX_OUTPUT_TOKENS: u32 = 4096;
/// Tokens of messages in one pass, where the first is not longer by itself: what does not fit comes in the next one.
const BATCH_TOKENS: u32 = 40_000;

/// Starts the background work, as a task of `tasks`.
pub fn start(engine: Engine, tasks: &Tasks) {
    let soft = tasks.soft();
    tasks.spawn("summaries", async move {
        let mut turns = engine.wakeups.turns();
        loop {
            tokio::select! {
                heard = tokio::time::timeout(SWEEP, turns.recv()) => {
                    if matches!(heard, Ok(Err(RecvError::Closed))) {
                        return Ok(());
                    }
                }
                () = soft.cancelled() => return Ok(()),
            }
            tokio::select! {
                () = tokio::time::sleep(DEBOUNCE) => {}
                () = soft.cancelled() => return Ok(()),
            }
            turns = turns.resubscribe();
            while !soft.is_cancelled() && sum_up_one(&engine).await {}
        }
    });
}

/// Sums up the conversation that needs it most. False when none does, or when it did not work and is better left for a
/// while.
pub async fn sum_up_one(engine: &Engine) -> bool {
    let language = engine.persona.language;
    let mut unsummed = match engine.store.summaries().claim(RULE, language, engine.clock.now(), LEASE).await {
        Ok(Some(unsummed)) => unsummed,
        Ok(None) => return false,
        Err(error) => {
            tracing::warn!(%error, "no conversation could be claimed to be summed up");
            return false;
        }
    };
    let fitting = fitting(&unsummed.messages);
    unsummed.messages.truncate(fitting);
    let content = match generate(engine, &unsummed).await {
        Ok(content) => content,
        Err(error) => {
            tracing::warn!(error = format!("{error:#}"), conversation = %unsummed.conversation_id, "a summary failed");
            return false;
        }
    };
    match engine.store.summaries().write(&unsummed, &content, engine.clock.now()).await {
        Ok(written) => {
            if written {
                engine.metrics.summaries.inc();
            }
            true
        }
        Err(error) => {
            tracing::warn!(%error, conversation = %unsummed.conversation_id, "a summary could not be written");
            false
        }
    }
}

async fn generate(engine: &Engine, unsummed: &Unsummed) -> anyhow::Result<String> {
    let system = engine.prompts.summary(unsummed.language)?;
    let mut material = String::new();
    if let Some(summary) = &unsummed.summary {
        material.push_str(&format!("# Summary so far\n{summary}\n\n"));
    }
    material.push_str("# New messages\n");
    for message in &unsummed.messages {
        material.push_str(&line(message));
    }
    let mut request = model::Request::new(system, vec![model::Message::user(material)]);
    request.language = unsummed.language;
    request.max_output_tokens = MAX_OUTPUT_TOKENS;
    let answer = engine.chain.generate(&request).await?.answer;
    // Half a summary would take the place of messages that it does not tell of.
    anyhow::ensure!(answer.finish == model::FinishReason::Stop, "the summary was cut off: {:?}", answer.finish);
    let content: String = answer.text.replace('\0', "").trim().chars().take(MAX_CHARS).collect();
    anyhow::ensure!(!content.is_empty(), "the summary is empty");
    Ok(content)
}

/// How many of them, at least the first, fit into one pass.
fn fitting(messages: &[Message]) -> usize {
    let mut left = BATCH_TOKENS;
    let fits = |message: &&Message| match left.checked_sub(tokens::estimate(&message.text)) {
        Some(rest) => {
            left = rest;
            true
        }
        None => false,
    };
    messages.iter().take_while(fits).count().max(1)
}

fn line(message: &Message) -> String {
    let who = match message.role {
        Role::User => "Person",
        Role::Assistant => "Companion",
    };
    let photo = if message.has_image { "[photo] " } else { "" };
    format!("{} {who}: {photo}{}\n", message.created_at.format("%Y-%m-%d %H:%M"), message.text)
}
