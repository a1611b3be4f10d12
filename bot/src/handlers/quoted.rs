//! What a message answers or quotes, as the companion is shown it.

use evolve_contract::chat::{Author, Quoted};
use serde_json::Value;

/// The most that is passed on, in characters: more than a model is shown.
const MAX_CHARS: usize = 2000;

/// What the message of an update answers, in words: the part that was marked, or else the whole of it.
#[must_use]
pub(super) fn of(update: &Value) -> Option<Quoted> {
    let message = update.get("message")?;
    let replied = message.get("reply_to_message");
    let text_of = |message: &Value| {
        let text = message.get("text").or_else(|| message.get("caption"))?.as_str()?;
        Some(text.to_owned())
    };
    let marked = message.get("quote").and_then(|quote| quote.get("text")).and_then(Value::as_str);
    let text = marked.map(str::to_owned).or_else(|| text_of(replied?))?;
    let text: String = text.chars().take(MAX_CHARS).collect();
    (!text.trim().is_empty()).then(|| Quoted { author: author(message, replied), text })
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
    fn what_is_answered_is_passed_on_with_whose_words_they_are(
        #[case] more: Value,
        #[case] author: Author,
        #[case] text: &str,
    ) {
        assert_eq!(of(&replying(more)), Some(Quoted { author, text: text.to_owned() }));
    }

    #[rstest]
    #[case(json!({}))]
    #[case(json!({ "reply_to_message": { "from": { "id": 1, "is_bot": true }, "photo": [] } }))]
    #[case(json!({ "reply_to_message": { "text": " \n" } }))]
    #[case(json!({ "reply_to_message": 5, "quote": "text" }))]
    fn what_has_no_words_is_not(#[case] more: Value) {
        assert_eq!(of(&replying(more)), None);
    }

    #[test]
    fn what_is_answered_is_bounded() {
        let long = json!({ "reply_to_message": { "text": "я".repeat(4096) } });
        assert_eq!(of(&replying(long)).unwrap().text.chars().count(), MAX_CHARS);
    }
}
