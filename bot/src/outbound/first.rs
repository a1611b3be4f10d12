//! What the companion says first: owed by the API as its words, with the time from which on they would come too late.

use chrono::{DateTime, Utc};
use evolve_contract::settings::SettingsData;
use evolve_domain::language::Language;
use evolve_store::outbox::ClaimedOutgoing;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{bot::Bot, markdown, replies::text_params, texts::Text};

/// The method under which it is owed; Telegram has none of that name.
pub(super) const METHOD: &str = evolve_store::first::METHOD;
/// What the button under it says to us: nothing is to be said first any more.
pub(crate) const STOP: &str = "first:stop";

#[derive(Debug, Deserialize)]
struct First {
    chat_id: i64,
    text: String,
    until: DateTime<Utc>,
    language: String,
}

fn read(params: &Value) -> Option<First> {
    First::deserialize(params).ok()
}

/// As a message with a button; nothing where there is nothing to be seen in it.
pub(super) fn worded(params: &Value) -> Option<(String, Value)> {
    let first = read(params)?;
    let html = markdown::to_messages(&first.text).into_iter().next()?;
    let language = first.language.parse().unwrap_or(Language::En);
    let mut params = text_params(first.chat_id, &html);
    let button = json!({ "text": Text::FirstStopButton.render(language), "callback_data": STOP });
    params["reply_markup"] = json!({ "inline_keyboard": [[button]] });
    Some(("sendMessage".to_owned(), params))
}

/// Whether it would come too late: a good morning at night.
pub(super) fn is_over(outgoing: &ClaimedOutgoing, now: DateTime<Utc>) -> bool {
    outgoing.method == METHOD && read(&outgoing.params).is_none_or(|first| first.until <= now)
}

/// Telegram does not take it, since they have blocked the bot: then nothing is said first any more, even if they come back.
pub(super) async fn unwanted(bot: &Bot, outgoing: &ClaimedOutgoing) {
    if outgoing.method != METHOD {
        return;
    }
    let off = SettingsData { good_morning: Some(false), follow_ups: Some(false), ..SettingsData::default() };
    if let Err(error) = bot.api.update_settings(outgoing.chat_id, off).await {
        // While they block the bot, nothing is said first anyway.
        bot.metrics.swallow("first_unwanted", &error);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_first_has_a_button_to_say_no_more_in_the_language_of_the_person() {
        let params =
            json!({ "chat_id": 42, "text": "How did **it** go?", "until": "2026-11-21T18:00:00Z", "language": "ru" });
        let (method, params) = worded(&params).unwrap();
        assert_eq!((method.as_str(), params["text"].as_str()), ("sendMessage", Some("How did <b>it</b> go?")));
        assert_eq!(
            params["reply_markup"]["inline_keyboard"][0][0],
            json!({ "text": "Больше не начинать разговор", "callback_data": STOP })
        );
        assert_eq!(worded(&json!({ "chat_id": 42, "text": "x" })), None);
    }
}
