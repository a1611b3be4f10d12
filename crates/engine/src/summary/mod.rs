//! Rolling summaries, made in the background and never in a person's way.
//!
//! Every replica hears of every turn that ends; after a short pause one of them claims each conversation that is due. The
//! mark moves only together with the summary that holds the messages, so a crash, or a model that fails, loses nothing:
//! the lease runs out (later with each failure), and the next pass begins where the last one ended. The same pass looks for facts that the turns did
//! not remember.

mod digest;
mod week;

use std::time::Duration;

use chrono::TimeDelta;
use evolve_domain::{safety::hidden, tokens};
use evolve_runtime::shutdown::Tasks;
use evolve_store::{
    facts::Fact,
    messages::{Message, Role},
    summaries::{Digest, SummaryRule, Unsummed, Written},
};
use tokio::sync::broadcast::error::RecvError;

use crate::{Engine, facts::settle, model, prompt::indented};
pub use week::sum_up_week;

/// An open conversation is due with 20 messages that no summary holds, and keeps the newest 10 of them.
pub(crate) const RULE: SummaryRule = SummaryRule { due_at: 20, keep: 10, batch: 60 };
/// One worker alone has a conversation for this long, and twice as long with each pass that failed.
const LEASE: TimeDelta = TimeDelta::seconds(120);
/// Pause after a turn, so that many turns cause one look.
const DEBOUNCE: Duration = Duration::from_secs(2);
/// A look without any turn: for what was left by a crash, or by a model that failed.
const SWEEP: Duration = Duration::from_secs(300);
/// Longest answer, in tokens, thinking included.
const MAX_OUTPUT_TOKENS: u32 = 4096;
/// Tokens of messages in one pass, where the first is not longer by itself: what does not fit comes in the next one.
const BATCH_TOKENS: u32 = 40_000;

/// Tokens of known facts in one pass.
const FACT_TOKENS: u32 = 4000;

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
            sum_up_due(&engine, || soft.is_cancelled()).await;
        }
    });
}

/// How a pass went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pass {
    /// Nothing is due.
    Nothing,
    /// It was worked.
    Done,
    /// It did not work, and is better left for a while.
    Failed,
}

/// Failures in a row after which the rest is left for a while: it is the model or the database that fails, and not what they
/// are asked.
const MOST_FAILURES: u32 = 3;

/// Sums up every conversation and every week that is due. One that fails does not keep the others from it.
pub async fn sum_up_due(engine: &Engine, is_over: impl Fn() -> bool) {
    let mut failures = 0;
    while !is_over() && one(engine).await.goes_on(&mut failures) {}
    let mut failures = 0;
    while !is_over() && week::one(engine).await.goes_on(&mut failures) {}
}

impl Pass {
    /// Whether another is worth it, after so many that failed in a row.
    fn goes_on(self, failures: &mut u32) -> bool {
        *failures = if self == Self::Failed { *failures + 1 } else { 0 };
        self != Self::Nothing && *failures < MOST_FAILURES
    }
}

/// Sums up the conversation that needs it most. False when none does, or when it did not work and is better left for a
/// while.
pub async fn sum_up_one(engine: &Engine) -> bool {
    one(engine).await == Pass::Done
}

async fn one(engine: &Engine) -> Pass {
    let language = engine.persona.language;
    let mut unsummed = match engine.store.summaries().claim(RULE, language, engine.clock.now(), LEASE).await {
        Ok(Some(unsummed)) => unsummed,
        Ok(None) => return Pass::Nothing,
        Err(error) => {
            tracing::warn!(%error, "no conversation could be claimed to be summed up");
            return Pass::Failed;
        }
    };
    let fitting = fitting(&unsummed.messages);
    unsummed.messages.truncate(fitting);
    match pass(engine, &unsummed).await {
        Ok(written) => {
            if written == Written::Done {
                engine.metrics.summaries.inc();
            }
            engine.meanings.owe(unsummed.user_id);
            Pass::Done
        }
        Err(error) => {
            tracing::warn!(error = format!("{error:#}"), conversation = %unsummed.conversation_id, "a summary failed");
            Pass::Failed
        }
    }
}

/// One pass: what a model makes of the messages is written, all of it or nothing.
async fn pass(engine: &Engine, unsummed: &Unsummed) -> anyhow::Result<Written> {
    // All of it was forgotten: there is nothing to tell, and the mark moves on.
    if unsummed.messages.iter().all(is_forgotten) {
        let digest = Digest::of(unsummed.summary.as_deref().unwrap_or_default());
        return Ok(engine.store.summaries().write(unsummed, &digest, engine.clock.now()).await?);
    }
    let facts = engine.store.facts();
    let mut book = facts.book(unsummed.user_id).await?;
    let mut digest = generate(engine, unsummed, &book.facts).await?;
    let (summary, title) = (std::mem::take(&mut digest.summary), digest.title.take());
    let stand_in = digest::first_words(&summary);
    let wishes = digest.wishes(unsummed);
    let max = engine.plans.limits(unsummed.plan).facts;
    loop {
        let (changes, _) = settle(&wishes, &book.facts, book.version, max);
        let digest =
            Digest { summary: &summary, title: title.as_deref(), stand_in: stand_in.as_deref(), facts: &changes };
        match engine.store.summaries().write(unsummed, &digest, engine.clock.now()).await? {
            // Each time, somebody else has written: that ends.
            Written::Outpaced => book = facts.book(unsummed.user_id).await?,
            written => return Ok(written),
        }
    }
}

async fn generate(engine: &Engine, unsummed: &Unsummed, facts: &[Fact]) -> anyhow::Result<digest::Digest> {
    let system = engine.prompts.summary(unsummed.language)?;
    let mut material = String::new();
    if let Some(summary) = &unsummed.summary {
        material.push_str(&format!("# Summary so far\n{summary}\n\n"));
    }
    material.push_str(&known(facts));
    material.push_str("# New messages\n");
    for (number, message) in (1..).zip(&unsummed.messages).filter(|(_, message)| !is_forgotten(message)) {
        material.push_str(&line(number, message));
    }
    let mut request = model::Request::new(system, vec![model::Message::user(material)]);
    request.language = unsummed.language;
    request.max_output_tokens = MAX_OUTPUT_TOKENS;
    let answer = engine.chain.generate(&request).await?.answer;
    // Half a summary would take the place of messages that it does not tell of.
    anyhow::ensure!(answer.finish == model::FinishReason::Stop, "the summary was cut off: {:?}", answer.finish);
    digest::read(&answer.text)
}

/// What is known, newest first, within a budget: so that it is not told again, and that it can be brought up to date. Each with
/// when it was told last, as messages have it, and the day that it is about: what an older message tells is not its newer state.
fn known(facts: &[Fact]) -> String {
    let mut fits = tokens::budget(FACT_TOKENS);
    let line = |fact: &Fact| {
        let day = fact.day.map(|day| format!(", about {day}")).unwrap_or_default();
        format!("- [{}{day}] {}\n", fact.last_said_at.format("%Y-%m-%d %H:%M"), fact.content)
    };
    let lines: String = facts.iter().take_while(|fact| fits(&fact.content)).map(line).collect();
    if lines.is_empty() { lines } else { format!("# Facts so far\n{lines}\n") }
}

/// Whether the person had what it said forgotten.
fn is_forgotten(message: &Message) -> bool {
    message.text.is_empty() && !message.has_image
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

fn line(number: usize, message: &Message) -> String {
    let who = match message.role {
        Role::User => "Person",
        Role::Assistant => "Companion",
    };
    let photo = if message.has_image { "[photo] " } else { "" };
    format!(
        "[{number}] {} {who}: {photo}{}\n",
        message.created_at.format("%Y-%m-%d %H:%M"),
        indented(&hidden::without(&message.text))
    )
}
