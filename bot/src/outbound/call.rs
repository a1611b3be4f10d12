//! The call that an owed row stands for, and what is called instead where Telegram refuses its form.

use std::time::Duration;

use evolve_store::{
    outbox::{ClaimedOutgoing, Priority},
    pace::{Call, Kind},
};
use secrecy::ExposeSecret as _;
use serde_json::Value;

use super::{own, refused};
use crate::{
    bot::Bot,
    markdown,
    replies::IN_PLACE_OF,
    telegram::{Refusal, TelegramError},
};

/// How long the second call of a row waits for its turn. Given back, the row would begin with the first again, which Telegram has
/// refused.
const SECOND_PATIENCE: Duration = Duration::from_secs(20);

/// Why an owed call came to nothing.
#[derive(Debug)]
pub(super) enum Unmade {
    /// Telegram did not make it.
    Failed(TelegramError),
    /// It was not asked, and is not to be for so long.
    NotYet(Duration),
    /// It was not asked, and this process asks for nothing more.
    HandedBack,
}

impl From<TelegramError> for Unmade {
    fn from(error: TelegramError) -> Self {
        Self::Failed(error)
    }
}

/// What it counts as. What moves money is no message, and reaches no chat.
pub(super) fn paced(outgoing: &ClaimedOutgoing) -> Call {
    let is_message = outgoing.chat_id != 0 && !refused::is_money(&outgoing.method);
    let kind = if outgoing.priority == Priority::Broadcast { Kind::Broadcast } else { Kind::Reply };
    Call { chat_id: is_message.then_some(outgoing.chat_id), kind }
}

/// The call; of one that takes the place of another message, an edit of that. Where that cannot be edited, since the person
/// has deleted it, say, the answer is a message of its own. And a picture that is no photo is sent as a file.
pub(super) async fn call(bot: &Bot, outgoing: &ClaimedOutgoing) -> Result<Value, Unmade> {
    let (method, mut params) = own::call_of(bot, outgoing).await?;
    // What is begun now may be under way when the process ends, and then nobody would know what came of it.
    if bot.tasks.handing_back().is_cancelled() {
        return Err(Unmade::HandedBack);
    }
    let Some(draft) = params.as_object_mut().and_then(|params| params.remove(IN_PLACE_OF)) else {
        let params = with_provider_token(bot, &method, params);
        return match call_once_more_without_markup(bot, outgoing, &method, &params).await {
            // It is too long and narrow, or of a kind that Telegram does not show: as a file it takes it.
            Err(Unmade::Failed(TelegramError::Refused { refusal: Refusal::Other, description }))
                if method == "sendPhoto" =>
            {
                tracing::warn!(
                    outbox_id = outgoing.id,
                    description,
                    "Telegram does not show a picture; sending it as a file"
                );
                bot.metrics.outbox_failure("photo");
                second_turn(bot, outgoing).await?;
                Ok(bot.telegram.call("sendDocument", &as_document(&params)).await?)
            }
            other => other,
        };
    };
    let mut edit = params.clone();
    edit["message_id"] = draft;
    match call_once_more_without_markup(bot, outgoing, "editMessageText", &edit).await {
        Err(Unmade::Failed(TelegramError::Refused { refusal: Refusal::Other, description })) => {
            tracing::debug!(outbox_id = outgoing.id, description, "a message that showed an answer is gone");
            second_turn(bot, outgoing).await?;
            call_once_more_without_markup(bot, outgoing, &method, &params).await
        }
        other => other,
    }
}

/// The call, and once more without markup if Telegram cannot parse it: the words matter more than their looks.
async fn call_once_more_without_markup(
    bot: &Bot,
    outgoing: &ClaimedOutgoing,
    method: &str,
    params: &Value,
) -> Result<Value, Unmade> {
    match bot.telegram.call(method, params).await {
        Err(TelegramError::Refused { refusal: Refusal::Markup, description }) => {
            tracing::error!(outbox_id = outgoing.id, "Telegram could not parse a message; sending it without markup");
            bot.metrics.outbox_failure("markup");
            let Some(plain) = without_markup(params) else {
                return Err(TelegramError::Refused { refusal: Refusal::Other, description }.into());
            };
            second_turn(bot, outgoing).await?;
            Ok(bot.telegram.call(method, &plain).await?)
        }
        other => Ok(other?),
    }
}

/// The turn of another call for the same row, after Telegram has refused one: it counts like any.
async fn second_turn(bot: &Bot, outgoing: &ClaimedOutgoing) -> Result<(), Unmade> {
    let handing_back = bot.tasks.handing_back();
    tokio::select! {
        biased;
        () = handing_back.cancelled() => Err(Unmade::HandedBack),
        turn = bot.pace.turn_within(paced(outgoing), SECOND_PATIENCE) => turn.map_err(Unmade::NotYet),
    }
}

/// An invoice in money needs the provider's token, which is not kept in the outbox.
fn with_provider_token(bot: &Bot, method: &str, mut params: Value) -> Value {
    if method == "sendInvoice"
        && params["currency"] != "XTR"
        && let Some(token) = &bot.provider_token
    {
        params["provider_token"] = token.expose_secret().into();
    }
    params
}

/// The parameters with their photo as a document.
fn as_document(params: &Value) -> Value {
    let mut params = params.clone();
    if let Some(fields) = params.as_object_mut()
        && let Some(photo) = fields.remove("photo")
    {
        fields.insert("document".to_owned(), photo);
    }
    params
}

/// The parameters with their text, or what is written under a picture, as plain text; nothing if there is neither.
pub(super) fn without_markup(params: &Value) -> Option<Value> {
    let mut params = params.as_object()?.clone();
    let words = ["text", "caption"].into_iter().find(|words| params.contains_key(*words))?;
    let plain = markdown::plain(params.get(words)?.as_str()?);
    params.insert(words.to_owned(), plain.into());
    params.remove("parse_mode");
    Some(Value::Object(params))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_telegram_cannot_parse_is_said_plainly_whether_it_is_a_message_or_under_a_picture() {
        let message = json!({ "chat_id": 42, "text": "a <b>b</b>", "parse_mode": "HTML" });
        assert_eq!(without_markup(&message), Some(json!({ "chat_id": 42, "text": "a b" })));
        let picture = json!({ "chat_id": 42, "photo": "p", "caption": "a <b>b</b> &lt; c", "parse_mode": "HTML" });
        assert_eq!(without_markup(&picture), Some(json!({ "chat_id": 42, "photo": "p", "caption": "a b < c" })));
        assert_eq!(without_markup(&json!({ "chat_id": 42, "photo": "p" })), None);
    }
}
