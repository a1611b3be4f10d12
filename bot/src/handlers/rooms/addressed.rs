//! Whether a message in a group is for the bot, and what of it.
//!
//! It is where it mentions the bot, gives it a command by name, or replies to it. Nothing else that is said in a group is
//! looked at, stored or remembered. Nobody but a person is heard: another bot, a channel, an anonymous administrator or a
//! message made through some bot could answer us in turn, for ever.

use serde_json::Value;

use crate::telegram::Me;

/// Who Telegram says forwards a channel's posts into its discussion group.
const TELEGRAM_ITSELF: i64 = 777_000;

/// How a message is for the bot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// It mentions the bot.
    Mention,
    /// It replies to one of the bot's messages.
    Reply,
    /// It is a command for the bot: its name, in lower case.
    Command(String),
}

/// A message that is for the bot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Addressed {
    /// Who wrote it.
    pub(crate) user_id: i64,
    /// Their first name.
    pub(crate) name: String,
    /// Language of their app.
    pub(crate) language_code: Option<String>,
    /// Its number in the group.
    pub(crate) message_id: i64,
    /// The topic that it stands in.
    pub(crate) thread_id: Option<i64>,
    /// How it is for the bot.
    pub(crate) how: How,
    /// What it says besides the bot's name.
    pub(crate) text: String,
    /// Whether a picture comes with it.
    pub(crate) has_photo: bool,
}

/// Reads a message of a group; nothing where it is not for the bot.
#[must_use]
pub(crate) fn read(message: &Value, me: &Me) -> Option<Addressed> {
    let from = &message["from"];
    let user_id = from["id"].as_i64()?;
    let is_person = from["is_bot"] == false && user_id != TELEGRAM_ITSELF && user_id != me.id;
    let is_own = ["sender_chat", "via_bot", "is_automatic_forward"].iter().all(|key| message.get(key).is_none());
    if !is_person || !is_own {
        return None;
    }
    let (text, entities) = match message["text"].as_str() {
        Some(text) => (text, &message["entities"]),
        None => (message["caption"].as_str()?, &message["caption_entities"]),
    };
    let replies = replies_to(message, me);
    let names = Names::find(text, entities, me);
    let how = match (command(text, entities, me, replies), names.mentioned, replies) {
        (Some(command), ..) => How::Command(command),
        (None, true, _) => How::Mention,
        (None, false, true) => How::Reply,
        (None, false, false) => return None,
    };
    let is_topic = message["is_topic_message"] == true;
    Some(Addressed {
        user_id,
        name: from["first_name"].as_str().unwrap_or_default().to_owned(),
        language_code: from["language_code"].as_str().map(str::to_owned),
        message_id: message["message_id"].as_i64()?,
        thread_id: message["message_thread_id"].as_i64().filter(|_| is_topic),
        how,
        text: names.without(text),
        has_photo: message.get("photo").is_some(),
    })
}

/// The first message of a topic is answered by all that stand in it; that is no reply.
fn replies_to(message: &Value, me: &Me) -> bool {
    let replied = &message["reply_to_message"];
    replied["from"]["id"].as_i64() == Some(me.id) && replied.get("forum_topic_created").is_none()
}

/// The command that a message begins with, if it is for the bot: by its name, or in reply to it.
fn command(text: &str, entities: &Value, me: &Me, replies: bool) -> Option<String> {
    let entities = entities.as_array()?;
    let first = entities.iter().find(|entity| entity["type"] == "bot_command" && entity["offset"] == 0)?;
    let command = piece(text, first)?;
    let word = command.strip_prefix('/')?;
    match word.split_once('@') {
        Some((command, bot)) => bot.eq_ignore_ascii_case(&me.username).then(|| command.to_lowercase()),
        None => replies.then(|| word.to_lowercase()),
    }
}

/// Where the bot is named in a text, in UTF-16 code units as Telegram counts.
#[derive(Debug, Default)]
struct Names {
    mentioned: bool,
    places: Vec<(usize, usize)>,
}

impl Names {
    fn find(text: &str, entities: &Value, me: &Me) -> Self {
        let mut names = Self::default();
        for entity in entities.as_array().into_iter().flatten() {
            let by_name = || piece(text, entity).and_then(|name| name.strip_prefix('@').map(str::to_owned));
            match entity["type"].as_str() {
                Some("mention") if by_name().is_some_and(|name| name.eq_ignore_ascii_case(&me.username)) => {
                    names.mentioned = true;
                    names.places.extend(place(entity));
                }
                // The name stays: it is how people call the companion.
                Some("text_mention") if entity["user"]["id"].as_i64() == Some(me.id) => names.mentioned = true,
                _ => {}
            }
        }
        names
    }

    /// The text without them; the whole text where nothing else is in it.
    fn without(&self, text: &str) -> String {
        let units: Vec<u16> = text.encode_utf16().collect();
        let is_named = |at: usize| self.places.iter().any(|(from, to)| (*from..*to).contains(&at));
        let kept: Vec<u16> = units.iter().enumerate().filter(|(at, _)| !is_named(*at)).map(|(_, unit)| *unit).collect();
        let kept = String::from_utf16_lossy(&kept);
        let kept = kept.trim().trim_start_matches([',', ':']).trim_start();
        if kept.is_empty() { text.to_owned() } else { kept.to_owned() }
    }
}

/// Where an entity begins and ends.
fn place(entity: &Value) -> Option<(usize, usize)> {
    let number = |key: &str| entity[key].as_u64().and_then(|number| usize::try_from(number).ok());
    let from = number("offset")?;
    Some((from, from.checked_add(number("length")?)?))
}

/// The text of an entity.
fn piece(text: &str, entity: &Value) -> Option<String> {
    let (from, to) = place(entity)?;
    let units: Vec<u16> = text.encode_utf16().collect();
    String::from_utf16(units.get(from..to)?).ok()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn me() -> Me {
        Me { id: 777, username: "evolve_bot".to_owned(), can_read_all_group_messages: true }
    }

    fn said(more: Value) -> Option<Addressed> {
        let mut message = json!({
            "message_id": 9, "date": 1, "chat": { "id": -5, "type": "supergroup", "title": "g" },
            "from": { "id": 42, "is_bot": false, "first_name": "Анна", "language_code": "ru" },
        });
        message.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        read(&message, &me())
    }

    fn entity(kind: &str, offset: usize, length: usize) -> Value {
        json!([{ "type": kind, "offset": offset, "length": length }])
    }

    #[rstest]
    #[case("@Evolve_Bot, кто прав?", 0, Some("кто прав?"))]
    // An emoji counts as two.
    #[case("🙂 @evolve_bot кто прав?", 3, Some("🙂  кто прав?"))]
    #[case("@evolve_bot", 0, Some("@evolve_bot"))]
    #[case("@evolve_bo! кто прав?", 0, None)]
    #[case("x", 5, None)]
    fn a_mention_is_for_the_bot_and_is_left_out(#[case] text: &str, #[case] at: usize, #[case] rest: Option<&str>) {
        let found = said(json!({ "text": text, "entities": entity("mention", at, 11) }));
        assert_eq!(found.as_ref().map(|found| found.text.as_str()), rest);
        assert!(found.is_none_or(|found| found.how == How::Mention && found.name == "Анна"));
    }

    #[test]
    fn a_mention_by_name_and_one_under_a_picture_count_too() {
        let named =
            json!([{ "type": "text_mention", "offset": 0, "length": 5, "user": { "id": 777, "is_bot": true } }]);
        assert_eq!(said(json!({ "text": "Мария, кто прав?", "entities": named })).unwrap().text, "Мария, кто прав?");
        let under =
            json!({ "photo": [], "caption": "@evolve_bot что это?", "caption_entities": entity("mention", 0, 11) });
        assert!(said(under).unwrap().has_photo);
    }

    #[rstest]
    #[case("/help@evolve_bot", 16, false, Some("help"))]
    #[case("/HELP@EVOLVE_BOT now", 16, false, Some("help"))]
    #[case("/help@other_bot", 15, true, None)]
    #[case("/help", 5, false, None)]
    #[case("/help", 5, true, Some("help"))]
    fn a_command_is_for_the_bot_that_it_names(
        #[case] text: &str,
        #[case] length: usize,
        #[case] replies: bool,
        #[case] command: Option<&str>,
    ) {
        let mut message = json!({ "text": text, "entities": entity("bot_command", 0, length) });
        if replies {
            message["reply_to_message"] = json!({ "from": { "id": 777, "is_bot": true } });
        }
        let how = said(message).map(|found| found.how);
        match command {
            Some(command) => assert_eq!(how, Some(How::Command(command.to_owned()))),
            None => assert!(!matches!(how, Some(How::Command(_)))),
        }
    }

    #[test]
    fn a_reply_to_the_bot_is_for_it_and_what_stands_in_its_topic_is_not() {
        let replied = json!({ "message_id": 3, "from": { "id": 777, "is_bot": true } });
        assert_eq!(said(json!({ "text": "Точно?", "reply_to_message": replied })).unwrap().how, How::Reply);
        let mut topic = replied;
        topic["forum_topic_created"] = json!({ "name": "t" });
        assert_eq!(said(json!({ "text": "Точно?", "reply_to_message": topic })), None);
        let other = json!({ "from": { "id": 5, "is_bot": true } });
        assert_eq!(said(json!({ "text": "Точно?", "reply_to_message": other })), None);
        let in_topic = json!({ "text": "@evolve_bot а?", "entities": entity("mention", 0, 11),
                               "is_topic_message": true, "message_thread_id": 12 });
        assert_eq!(said(in_topic).unwrap().thread_id, Some(12));
    }

    #[rstest]
    #[case(json!({ "from": { "id": 5, "is_bot": true, "first_name": "b" } }))]
    #[case(json!({ "from": { "id": 777, "is_bot": true, "first_name": "self" } }))]
    #[case(json!({ "sender_chat": { "id": -5, "type": "supergroup" }, "from": { "id": 1_087_968_824, "is_bot": true } }))]
    #[case(json!({ "sender_chat": { "id": -7, "type": "channel" } }))]
    #[case(json!({ "from": { "id": 777_000, "is_bot": false, "first_name": "Telegram" } }))]
    #[case(json!({ "via_bot": { "id": 777, "is_bot": true } }))]
    #[case(json!({ "is_automatic_forward": true }))]
    fn nobody_but_a_person_is_heard(#[case] more: Value) {
        let mut message = json!({ "text": "@evolve_bot а?", "entities": entity("mention", 0, 11) });
        message.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        assert_eq!(said(message), None);
    }

    #[rstest]
    #[case(json!({ "text": "Привет всем" }))]
    #[case(json!({ "sticker": {}, "reply_to_message": { "from": { "id": 777 } } }))]
    #[case(json!({ "text": "a", "entities": 5, "reply_to_message": "rubbish" }))]
    fn everything_else_is_not_looked_at(#[case] more: Value) {
        assert_eq!(said(more), None);
    }
}
