//! Summaries of weeks: what makes months fit into a prompt.

use chrono::TimeDelta;
use evolve_domain::{fact, tokens};
use evolve_store::weeks::Week;

use super::Pass;
use crate::{Engine, model};

/// One worker alone has a week for this long, and twice as long with each pass that failed.
const LEASE: TimeDelta = TimeDelta::seconds(120);
/// Longest answer, in tokens, thinking included.
const MAX_OUTPUT_TOKENS: u32 = 2048;
/// Longest summary of a week that is kept, in characters.
const MAX_CHARS: usize = 4000;
/// Tokens of conversations in one pass: a week that has more is told by its newest.
const WEEK_TOKENS: u32 = 40_000;

/// Sums up a week that is over. False when there is none, or when it did not work and is better left for a while.
pub async fn sum_up_week(engine: &Engine) -> bool {
    one(engine).await == Pass::Done
}

pub(super) async fn one(engine: &Engine) -> Pass {
    let now = engine.clock.now();
    let week = match engine.store.weeks().claim(engine.persona.language, now, LEASE).await {
        Ok(Some(week)) => week,
        Ok(None) => return Pass::Nothing,
        Err(error) => {
            tracing::warn!(%error, "no week could be claimed to be summed up");
            return Pass::Failed;
        }
    };
    match pass(engine, &week).await {
        Ok(()) => Pass::Done,
        Err(error) => {
            tracing::warn!(error = format!("{error:#}"), week = %week.starts_on, "the summary of a week failed");
            Pass::Failed
        }
    }
}

async fn pass(engine: &Engine, week: &Week) -> anyhow::Result<()> {
    let content = match week.summaries.as_slice() {
        [] => None,
        // Nothing to merge, and nothing to pay for.
        [only] => fact::one_line(only, MAX_CHARS),
        several => Some(merge(engine, week, several).await?),
    };
    if engine.store.weeks().write(week, content.as_deref(), engine.clock.now()).await? && content.is_some() {
        engine.metrics.summaries.inc();
    }
    Ok(())
}

async fn merge(engine: &Engine, week: &Week, summaries: &[String]) -> anyhow::Result<String> {
    let mut fits = tokens::budget(WEEK_TOKENS);
    let newest: Vec<_> = summaries
        .iter()
        .rev()
        .take_while(|summary| fits(summary))
        .filter_map(|s| fact::one_line(s, usize::MAX))
        .collect();
    let material: String = newest.iter().rev().map(|summary| format!("- {summary}\n")).collect();
    let mut request = model::Request::new(engine.prompts.week(week.language)?, vec![model::Message::user(material)]);
    request.language = week.language;
    request.max_output_tokens = MAX_OUTPUT_TOKENS;
    let answer = engine.chain.generate(&request).await?.answer;
    // Half a summary would take the place of conversations that it does not tell of.
    anyhow::ensure!(answer.finish == model::FinishReason::Stop, "it was cut off: {:?}", answer.finish);
    fact::one_line(&answer.text, MAX_CHARS).ok_or_else(|| anyhow::anyhow!("it is empty"))
}
