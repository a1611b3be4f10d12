//! Answers to inline queries.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::entities::{self, ParseMode};
use super::super::params::Params;
use super::super::refusal::{Outcome, Refusal};
use super::super::world::World;

/// Results of an answer, at most.
const MOST: usize = 50;
/// Longest text of a message, in UTF-16 code units.
const LONGEST_TEXT: usize = 4096;

pub(super) fn answer(world: &mut World, params: &Params) -> Outcome {
    let id = params.text("inline_query_id");
    let is_open = world.inline_queries.get(&id).is_some_and(Option::is_none);
    if !is_open {
        return Err(Refusal::bad("query is too old and response timeout expired or query ID is invalid"));
    }
    let results = super::array(
        params,
        "results",
        "can't parse inline query results JSON object",
        "expected an Array of inline query results",
    )?;
    if results.len() > MOST {
        return Err(Refusal::bad("RESULTS_TOO_MUCH"));
    }
    let mut ids = BTreeSet::new();
    for result in &results {
        let id = article(result)?;
        if !ids.insert(id) {
            return Err(Refusal::bad("RESULT_ID_DUPLICATE"));
        }
    }
    let button = params.json("button").map_err(|_| Refusal::bad("can't parse InlineQueryResultsButton"))?;
    if let Some(button) = &button {
        let start = button.get("start_parameter").and_then(Value::as_str).unwrap_or_default();
        let is_parameter = (1..=64).contains(&start.len())
            && start.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
        if !is_parameter {
            return Err(Refusal::bad("START_PARAM_INVALID"));
        }
        if button.get("text").and_then(Value::as_str).is_none_or(str::is_empty) {
            return Err(Refusal::bad("SWITCH_PM_TEXT_EMPTY"));
        }
    }
    let answer = serde_json::json!({
        "results": results,
        "button": button,
        "is_personal": params.flag("is_personal"),
        "cache_time": params.int("cache_time"),
    });
    world.inline_queries.insert(id, Some(answer));
    Ok(true.into())
}

/// Checks a result; only articles are known here. Its id.
fn article(result: &Value) -> Result<String, Refusal> {
    let field = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    if field(result, "type") != "article" {
        return Err(Refusal::bad("can't parse inline query result: type is not known to this server"));
    }
    let id = field(result, "id");
    if !(1..=64).contains(&id.len()) {
        return Err(Refusal::bad("RESULT_ID_INVALID"));
    }
    if field(result, "title").is_empty() {
        return Err(Refusal::bad("ARTICLE_TITLE_EMPTY"));
    }
    let content = result.get("input_message_content").unwrap_or(&Value::Null);
    let mode = ParseMode::named(&field(content, "parse_mode")).ok_or_else(|| Refusal::bad("unsupported parse_mode"))?;
    let text = entities::parse(&field(content, "message_text"), mode)
        .map_err(|error| Refusal::bad(format!("can't parse entities: {error}")))?;
    if text.is_empty() {
        return Err(Refusal::bad("MESSAGE_EMPTY"));
    }
    if text.len() > LONGEST_TEXT {
        return Err(Refusal::bad("MESSAGE_TOO_LONG"));
    }
    Ok(id)
}
