//! `/stop`, and the button under a growing answer: the person wants to hear no more of it.
//!
//! A chat is worked in order, so that the wish would wait for the very answer that it is about. It is therefore recognised
//! where updates come in, and filed under no chat ([`is_urgent`]). The answer itself ends as it would have otherwise, only
//! sooner: whoever makes it gives what was said so far.

use chrono::TimeDelta;
use evolve_domain::language::Language;
use serde_json::{Value, json};

use super::{Trouble, Turn, commands};
use crate::{replies::Replies, texts::Text};

/// What the button says to us.
pub(super) const BUTTON: &str = "stop";
/// A wish that comes later than this is about an answer that has ended; it must not stop another one.
const TOO_LATE: TimeDelta = TimeDelta::seconds(20);

/// Whether an update must not wait for those of its chat that came before.
#[must_use]
pub(crate) fn is_urgent(update: &Value) -> bool {
    let message = &update["message"];
    let is_command = message["chat"]["type"] == "private" && message["text"].as_str().is_some_and(commands::is_stop);
    is_command || update["callback_query"]["data"] == BUTTON
}

/// `/stop`. What is stopped shows it by itself.
pub(super) async fn stop(turn: &Turn<'_>) -> Result<Replies, Trouble> {
    if is_late(turn) || turn.bot.api.stop(turn.person.id).await?.stopping {
        return Ok(turn.replies());
    }
    Ok(turn.replies().say(Text::NothingToStop.render(turn.best_known_language().await)))
}

/// The button.
pub(super) async fn pressed(turn: &Turn<'_>, query_id: &str) -> Result<Replies, Trouble> {
    let mut params = json!({ "callback_query_id": query_id });
    if !is_late(turn) && !turn.bot.api.stop(turn.person.id).await?.stopping {
        params["text"] = Text::NothingToStop.render(turn.best_known_language().await).into();
    }
    if let Err(error) = turn.bot.telegram.call("answerCallbackQuery", &params).await {
        turn.bot.metrics.swallow("callback_answer", &error);
    }
    Ok(turn.replies())
}

/// The keyboard under a growing answer.
#[must_use]
pub(super) fn keyboard(language: Language) -> Value {
    json!({ "inline_keyboard": [[{ "text": Text::StopButton.render(language), "callback_data": BUTTON }]] })
}

fn is_late(turn: &Turn<'_>) -> bool {
    turn.bot.clock.now() - turn.update.received_at > TOO_LATE
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(json!({ "message": { "chat": { "type": "private" }, "text": "/stop" } }), true)]
    #[case(json!({ "message": { "chat": { "type": "private" }, "text": "/STOP@evolve_bot now" } }), true)]
    #[case(json!({ "message": { "chat": { "type": "group" }, "text": "/stop" } }), false)]
    #[case(json!({ "message": { "chat": { "type": "private" }, "text": "/stopwatch" } }), false)]
    #[case(json!({ "message": { "chat": { "type": "private" }, "text": "stop" } }), false)]
    #[case(json!({ "callback_query": { "data": "stop" } }), true)]
    #[case(json!({ "callback_query": { "data": "lang:ru" } }), false)]
    #[case(json!({ "message": 5, "callback_query": [] }), false)]
    #[case(json!("rubbish"), false)]
    fn only_the_wish_to_stop_overtakes(#[case] update: Value, #[case] urgent: bool) {
        assert_eq!(is_urgent(&update), urgent);
    }
}
