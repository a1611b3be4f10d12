//! What a message answers or quotes, as the companion is shown it; and what it passes on, which is shown in the same way.
//!
//! Somebody else's words are not the person's own: nothing in them is a fact about them, nor their age. So what is forwarded goes
//! along as what the message answers, and the message itself says that it is forwarded, in a line of ours.

use evolve_contract::chat::{Author, Quoted};
use evolve_domain::language::Language;
use serde_json::Value;

use super::{Trouble, Turn, again, incoming};
use crate::{
    replies::{answered_key, spoken_key},
    texts::Text,
};

/// The most that is passed on, in characters: a message of Telegram's, and what the API takes.
const MAX_CHARS: usize = 4096;

/// What a person says with a message in which these words stand, and what that answers.
pub(super) async fn said(
    turn: &Turn<'_>,
    language: Language,
    update: &Value,
    words: String,
) -> Result<(String, Option<Quoted>), Trouble> {
    if !is_forwarded(update) {
        return Ok((words, in_private(turn, language, update).await?));
    }
    let text: String = words.chars().take(MAX_CHARS).collect();
    let quoted = (!text.trim().is_empty()).then_some(Quoted { author: Author::Other, text });
    Ok((Text::Forwarded.render(language), quoted))
}

/// Whether the message of an update is somebody else's, passed on.
#[must_use]
pub(super) fn is_forwarded(update: &Value) -> bool {
    update.get("message").is_some_and(incoming::is_forwarded)
}

/// What the message of an update answers: the part that was marked, or else the whole of it. What it was besides words is said
/// in the person's language.
#[must_use]
pub(super) fn of(update: &Value, language: Language) -> Option<Quoted> {
    let message = update.get("message")?;
    put_together(message, written(message), language)
}

/// As [`of`], in somebody's own chat, where the words of what was spoken or drawn are looked up.
async fn in_private(turn: &Turn<'_>, language: Language, update: &Value) -> Result<Option<Quoted>, Trouble> {
    let Some(message) = update.get("message") else { return Ok(None) };
    let words = match written(message) {
        Some(words) => Some(words),
        None => unwritten(turn, message).await?,
    };
    Ok(put_together(message, words, language))
}

/// The words that stand in what is answered.
fn written(message: &Value) -> Option<String> {
    let marked = message.get("quote").and_then(|quote| quote.get("text")).and_then(Value::as_str);
    let text_of = |replied: &Value| {
        let text = replied.get("text").or_else(|| replied.get("caption"))?.as_str()?;
        Some(text.to_owned())
    };
    let words = marked.map(str::to_owned).or_else(|| text_of(message.get("reply_to_message")?))?;
    (!words.trim().is_empty()).then_some(words)
}

/// What was said with a message that has no words of its own: the answer that was spoken or drawn, or what was heard in a
/// recording.
async fn unwritten(turn: &Turn<'_>, message: &Value) -> Result<Option<String>, Trouble> {
    let Some(replied) = message.get("reply_to_message") else { return Ok(None) };
    let Some(message_id) = replied.get("message_id").and_then(Value::as_i64) else { return Ok(None) };
    let (store, person) = (&turn.bot.store, &turn.person);
    let words = match author(message, Some(replied)) {
        Author::Companion => {
            let owed = store.outbox().key_of(person.chat_id, message_id).await.map_err(Trouble::from_store)?;
            let key = owed.as_deref().and_then(|owed| spoken_key(owed).or_else(|| answered_key(owed)));
            let Some(key) = key else { return Ok(None) };
            store.turns().answered(person.id, key).await
        }
        Author::Person => {
            let said = store.turns().said_under(person.id, &again::key_of(person.chat_id, message_id)).await;
            said.map(|said| said.map(|said| said.text))
        }
        Author::Other => return Ok(None),
    };
    Ok(words.map_err(Trouble::from_store)?.filter(|words| !words.trim().is_empty()))
}

fn put_together(message: &Value, words: Option<String>, language: Language) -> Option<Quoted> {
    let replied = message.get("reply_to_message");
    // Who marks some words means these.
    let kind = replied.filter(|_| message.get("quote").is_none()).and_then(kind_of);
    let parts: Vec<String> = kind.map(|kind| kind.render(language)).into_iter().chain(words).collect();
    let text: String = parts.join(" ").chars().take(MAX_CHARS).collect();
    (!text.is_empty()).then(|| Quoted { author: author(message, replied), text })
}

/// What a message is besides words.
fn kind_of(message: &Value) -> Option<Text<'static>> {
    let kinds = [
        ("photo", Text::QuotedPhoto),
        ("sticker", Text::QuotedSticker),
        ("voice", Text::QuotedVoice),
        ("audio", Text::QuotedVoice),
        ("video", Text::QuotedVideo),
        ("video_note", Text::QuotedVideo),
        ("animation", Text::QuotedVideo),
        ("document", Text::QuotedFile),
    ];
    kinds.into_iter().find(|(kind, _)| message.get(*kind).is_some()).map(|(_, text)| text)
}

/// A quote from another chat is somebody else's; so is what was passed on, whoever passed it on.
fn author(message: &Value, replied: Option<&Value>) -> Author {
    let id_of = |value: Option<&Value>| value?.get("from")?.get("id")?.as_i64();
    let Some(replied) = replied.filter(|replied| replied.get("forward_origin").is_none()) else { return Author::Other };
    if id_of(Some(replied)).is_some_and(|id| Some(id) == id_of(Some(message))) {
        Author::Person
    } else if replied["from"]["is_bot"] == true && replied.get("via_bot").is_none() {
        Author::Companion
    } else {
        Author::Other
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn replying(more: Value) -> Value {
        let mut message = json!({ "from": { "id": 42, "is_bot": false }, "text": "Почему?" });
        message.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "message": message })
    }

    #[rstest]
    #[case(json!({ "reply_to_message": { "from": { "id": 1, "is_bot": true }, "text": "Завтра" } }), Author::Companion, "Завтра")]
    #[case(json!({ "reply_to_message": { "from": { "id": 42, "is_bot": false }, "caption": "Кот" } }), Author::Person, "Кот")]
    #[case(
        json!({ "reply_to_message": { "from": { "id": 42 }, "forward_origin": {}, "text": "Указ" } }),
        Author::Other,
        "Указ"
    )]
    #[case(
        json!({ "quote": { "text": "рано" }, "reply_to_message": { "from": { "id": 1, "is_bot": true }, "text": "Завтра рано" } }),
        Author::Companion,
        "рано"
    )]
    #[case(json!({ "quote": { "text": "Новость" }, "external_reply": {} }), Author::Other, "Новость")]
    #[case(json!({ "reply_to_message": { "from": { "id": 1, "is_bot": true }, "photo": [] } }), Author::Companion, "(фотография)")]
    #[case(
        json!({ "reply_to_message": { "from": { "id": 42 }, "photo": [], "caption": "Кот" } }),
        Author::Person,
        "(фотография) Кот"
    )]
    #[case(json!({ "reply_to_message": { "from": { "id": 42 }, "voice": {} } }), Author::Person, "(голосовое сообщение)")]
    #[case(
        json!({ "quote": { "text": "Кот" }, "reply_to_message": { "from": { "id": 42 }, "photo": [], "caption": "Кот спит" } }),
        Author::Person,
        "Кот"
    )]
    fn what_is_answered_is_passed_on_with_whose_words_they_are(
        #[case] more: Value,
        #[case] author: Author,
        #[case] text: &str,
    ) {
        assert_eq!(of(&replying(more), Language::Ru), Some(Quoted { author, text: text.to_owned() }));
    }

    #[rstest]
    #[case(json!({}))]
    #[case(json!({ "reply_to_message": { "text": " \n" } }))]
    #[case(json!({ "reply_to_message": 5, "quote": "text" }))]
    fn what_has_no_words_is_not(#[case] more: Value) {
        assert_eq!(of(&replying(more), Language::Ru), None);
    }

    #[test]
    fn what_is_answered_is_bounded() {
        let long = json!({ "reply_to_message": { "text": "я".repeat(5000) } });
        assert_eq!(of(&replying(long), Language::Ru).unwrap().text.chars().count(), MAX_CHARS);
    }
}
