//! `/stop`, and the button under a growing answer: the person wants to hear no more of it.
//!
//! A chat is worked in order, so that the wish would wait for the very answer that it is about. It is therefore recognised
//! where updates come in, filed under no chat, and worked by hands of its own ([`is_urgent`]). What it is about are the
//! messages that came before it and have no answer yet, begun or not, and a recording that is being tried again; a button is about the answer that it stands under. So
//! however late it comes, it never stops what was asked after it. The answer itself ends as it would have otherwise, only
//! sooner: whoever makes it gives what was said so far.

use evolve_contract::chat::StopRequest;
use evolve_domain::language::Language;
use serde_json::{Value, json};

use super::{
    Trouble, Turn, again, commands,
    incoming::{self, Incoming},
    recordings,
};
use crate::{replies::Replies, texts::Text};

/// What the button says to us; after a colon, the key of its answer.
const BUTTON: &str = "stop";
/// Most messages that one wish is about.
const MOST: u32 = 50;
/// As many keys the API takes at once.
const MOST_KEYS: usize = 50;

/// Whether a button is this one.
#[must_use]
pub(super) fn is_button(data: &str) -> bool {
    data.strip_prefix(BUTTON).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
}

/// Whether an update must not wait for those of its chat that came before.
#[must_use]
pub(crate) fn is_urgent(update: &Value) -> bool {
    let message = &update["message"];
    let is_command = message["chat"]["type"] == "private"
        && message["text"].as_str().is_some_and(commands::is_stop)
        && !incoming::is_forwarded(message);
    is_command || update["callback_query"]["data"].as_str().is_some_and(is_button)
}

/// `/stop`. What is stopped shows it by itself.
pub(super) async fn stop(turn: &Turn<'_>) -> Result<Replies, Trouble> {
    if ask(turn, waiting(turn).await?).await? {
        return Ok(turn.replies());
    }
    Ok(turn.replies().say(Text::NothingToStop.render(turn.best_known_language().await)))
}

/// The button.
pub(super) async fn pressed(turn: &Turn<'_>, query_id: &str, data: &str) -> Result<Replies, Trouble> {
    let mut params = json!({ "callback_query_id": query_id });
    let keys = match data.split_once(':') {
        Some((_, key)) => Vec::from_iter(is_key(key).then(|| key.to_owned())),
        // Of the version before.
        None => waiting(turn).await?,
    };
    if !ask(turn, keys).await? {
        params["text"] = Text::NothingToStop.render(turn.best_known_language().await).into();
    }
    if let Err(error) = turn.bot.telegram.call("answerCallbackQuery", &params).await {
        turn.bot.metrics.swallow("callback_answer", &error);
    }
    Ok(turn.replies())
}

/// The keyboard under a growing answer.
#[must_use]
pub(super) fn keyboard(language: Language, key: &str) -> Value {
    let data = format!("{BUTTON}:{key}");
    json!({ "inline_keyboard": [[{ "text": Text::StopButton.render(language), "callback_data": data }]] })
}

async fn ask(turn: &Turn<'_>, keys: Vec<String>) -> Result<bool, Trouble> {
    Ok(!keys.is_empty() && turn.bot.api.stop(turn.person.id, &StopRequest { keys }).await?.stopping)
}

/// The keys of what the chat waits for.
async fn waiting(turn: &Turn<'_>) -> Result<Vec<String>, Trouble> {
    let before = turn.bot.store.inbox().before(turn.person.chat_id, turn.update.update_id, MOST).await;
    let before = before.map_err(Trouble::from_store)?;
    let chat = turn.person.chat_id;
    let mut all = Vec::new();
    for (update_id, update) in &before {
        // A recording that is tried again runs under the key of the update that it came with.
        let tried_again = update["callback_query"]["data"].as_str().and_then(recordings::kept_by);
        match tried_again {
            Some(kept) => {
                let recording = recordings::kept(turn, kept).await?;
                all.extend(recording.iter().flat_map(|update| keys(update, again::key_in(update, chat, kept))));
            }
            None => all.extend(keys(update, again::key_in(update, chat, *update_id))),
        }
    }
    all.truncate(MOST_KEYS);
    Ok(all)
}

/// The keys under which the companion may be asked for an update: pictures have some of their own. Of what it turns out not to
/// answer, nothing is stopped.
fn keys(update: &Value, key: String) -> Vec<String> {
    match incoming::read(update) {
        Ok((_, Incoming::Text { text, .. })) if commands::is_command(&text) && !commands::is_regenerate(&text) => {
            Vec::new()
        }
        Ok((_, Incoming::Photo { album: Some(_), .. })) => again::album_keys(&key).chain([key.clone()]).collect(),
        Ok((_, Incoming::Media { .. })) => vec![format!("{key}-sticker"), key],
        Ok((
            _,
            Incoming::Text { .. } | Incoming::Forwarded { .. } | Incoming::Photo { .. } | Incoming::Edited { .. },
        )) => vec![key],
        _ => Vec::new(),
    }
}

/// Whether it can be the key of an answer: anybody can make a button say anything.
fn is_key(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|b| b.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(json!({ "message": { "chat": { "type": "private" }, "text": "/stop" } }), true)]
    #[case(json!({ "message": { "chat": { "type": "private" }, "text": "/STOP@evolve_bot now" } }), true)]
    #[case(json!({ "message": { "chat": { "type": "group" }, "text": "/stop" } }), false)]
    #[case(json!({ "message": { "chat": { "type": "private" }, "text": "/stop", "forward_origin": {} } }), false)]
    #[case(json!({ "message": { "chat": { "type": "private" }, "text": "/stopwatch" } }), false)]
    #[case(json!({ "message": { "chat": { "type": "private" }, "text": "stop" } }), false)]
    #[case(json!({ "callback_query": { "data": "stop" } }), true)]
    #[case(json!({ "callback_query": { "data": "stop:tgm-42-7" } }), true)]
    #[case(json!({ "callback_query": { "data": "stopwatch" } }), false)]
    #[case(json!({ "callback_query": { "data": "lang:ru" } }), false)]
    #[case(json!({ "message": 5, "callback_query": [] }), false)]
    #[case(json!("rubbish"), false)]
    fn only_the_wish_to_stop_overtakes(#[case] update: Value, #[case] urgent: bool) {
        assert_eq!(is_urgent(&update), urgent);
    }
}
