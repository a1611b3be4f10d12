//! Whether a message in a group is for the bot, and what of it.
//!
//! It is where it mentions the bot, gives it a command, or replies to it. Nothing else that is said in a group is looked at,
//! stored or remembered. Nobody but a person is heard: another bot, a channel or a message made through some bot could answer us
//! in turn, for ever. Who runs the group and stays anonymous is a person too, only not known which.

use serde_json::Value;

use crate::{
    handlers::{commands::ASK, incoming::is_forwarded, scopes},
    telegram::Me,
};

/// Who Telegram says forwards a channel's posts into its discussion group.
const TELEGRAM_ITSELF: i64 = 777_000;
/// Who Telegram says writes where somebody who runs a group writes in its name.
const ANONYMOUS: i64 = 1_087_968_824;
/// What can come with a message, or be all of it, besides words.
const MEDIA: [&str; 18] = [
    "animation",
    "audio",
    "checklist",
    "contact",
    "dice",
    "document",
    "game",
    "invoice",
    "location",
    "paid_media",
    "photo",
    "poll",
    "sticker",
    "story",
    "venue",
    "video",
    "video_note",
    "voice",
];

/// How a message is for the bot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// It mentions the bot, or asks it something by the command for that.
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
    /// Whether a picture, a recording or the like comes with it.
    pub(crate) has_media: bool,
    /// Whether it is of somebody who runs the group, and is not known who.
    pub(crate) is_anonymous: bool,
    /// When it was sent, in seconds since 1970.
    pub(crate) sent_at: i64,
}

/// Reads a message of a group; nothing where it is not for the bot.
#[must_use]
pub(crate) fn read(message: &Value, me: &Me) -> Option<Addressed> {
    let from = &message["from"];
    let user_id = from["id"].as_i64()?;
    let is_anonymous = is_anonymous(message);
    let is_person = from["is_bot"] == false && user_id != TELEGRAM_ITSELF && message.get("sender_chat").is_none();
    let is_made_elsewhere = ["via_bot", "is_automatic_forward"].iter().any(|key| message.get(key).is_some());
    let is_own = !is_made_elsewhere && !is_forwarded(message);
    let is_heard = (is_person || is_anonymous) && is_own && user_id != me.id;
    if !is_heard {
        return None;
    }
    let has_media = MEDIA.iter().any(|key| message.get(key).is_some());
    let (text, entities) = match (message["text"].as_str(), message["caption"].as_str()) {
        (Some(text), _) => (text, &message["entities"]),
        (None, Some(caption)) => (caption, &message["caption_entities"]),
        (None, None) if has_media => ("", &message["caption_entities"]),
        (None, None) => return None,
    };
    let replies = replies_to(message, me);
    let mut names = Names::find(text, entities, me);
    let command = command(text, entities, me, replies);
    if let Some(Command { place, .. }) = command.as_ref().filter(|command| command.name == ASK) {
        names.places.push(*place);
    }
    let rest = names.without(text);
    let how = match (command, names.mentioned, replies) {
        (Some(command), ..) if command.name == ASK && rest.is_some() => How::Mention,
        (Some(command), ..) => How::Command(command.name),
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
        text: rest.unwrap_or_else(|| text.to_owned()),
        has_media,
        is_anonymous,
        sent_at: message["date"].as_i64().unwrap_or_default(),
    })
}

/// Only who runs a group can write in its name.
fn is_anonymous(message: &Value) -> bool {
    let (by, group) = (message["sender_chat"]["id"].as_i64(), message["chat"]["id"].as_i64());
    by.is_some() && by == group && message["from"]["id"].as_i64() == Some(ANONYMOUS)
}

/// The first message of a topic is answered by all that stand in it; that is no reply.
fn replies_to(message: &Value, me: &Me) -> bool {
    let replied = &message["reply_to_message"];
    replied["from"]["id"].as_i64() == Some(me.id) && replied.get("forum_topic_created").is_none()
}

/// What a message begins with.
struct Command {
    name: String,
    place: (usize, usize),
}

/// The command that a message begins with, if it is for the bot: by its name, in reply to it, or as Telegram's apps write what
/// the bot offers in groups.
fn command(text: &str, entities: &Value, me: &Me, replies: bool) -> Option<Command> {
    let entities = entities.as_array()?;
    let first = entities.iter().find(|entity| entity["type"] == "bot_command" && entity["offset"] == 0)?;
    let command = piece(text, first)?;
    let word = command.strip_prefix('/')?;
    let (name, bot) = word.split_once('@').map_or((word, None), |(name, bot)| (name, Some(bot)));
    let (name, place) = (name.to_lowercase(), place(first)?);
    let is_ours = match bot {
        Some(bot) => bot.eq_ignore_ascii_case(&me.username),
        None => replies || scopes::is_offered_in_rooms(&name),
    };
    is_ours.then_some(Command { name, place })
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

    /// The text without them; nothing where nothing else is in it.
    fn without(&self, text: &str) -> Option<String> {
        let units: Vec<u16> = text.encode_utf16().collect();
        let is_named = |at: usize| self.places.iter().any(|(from, to)| (*from..*to).contains(&at));
        let kept: Vec<u16> = units.iter().enumerate().filter(|(at, _)| !is_named(*at)).map(|(_, unit)| *unit).collect();
        let kept = String::from_utf16_lossy(&kept);
        let kept = kept.trim().trim_start_matches([',', ':']).trim_start();
        (!kept.is_empty()).then(|| kept.to_owned())
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
        assert!(said(under).unwrap().has_media);
    }

    #[rstest]
    #[case("/ask@evolve_bot кто прав?", 15, How::Mention, "кто прав?")]
    #[case("/ask кто прав?", 4, How::Mention, "кто прав?")]
    #[case("/ask@evolve_bot @evolve_bot: кто прав?", 15, How::Mention, "кто прав?")]
    #[case("/ask@evolve_bot", 15, How::Command("ask".to_owned()), "/ask@evolve_bot")]
    fn who_asks_by_a_command_asks_as_by_a_mention(
        #[case] text: &str,
        #[case] length: usize,
        #[case] how: How,
        #[case] rest: &str,
    ) {
        let mut entities = entity("bot_command", 0, length);
        let mention = json!({ "type": "mention", "offset": 16, "length": 11 });
        entities.as_array_mut().unwrap().extend(text.contains(" @").then_some(mention));
        let found = said(json!({ "text": text, "entities": entities })).unwrap();
        assert_eq!((found.how, found.text.as_str()), (how, rest));
    }

    #[rstest]
    #[case("voice")]
    #[case("sticker")]
    #[case("photo")]
    fn what_has_no_words_is_for_the_bot_where_it_replies_to_it(#[case] kind: &str) {
        let replied = json!({ "from": { "id": 777, "is_bot": true } });
        let found = said(json!({ kind: {}, "reply_to_message": replied })).unwrap();
        assert!(found.has_media && found.how == How::Reply && found.text.is_empty());
        assert_eq!(said(json!({ kind: {} })), None);
    }

    #[test]
    fn who_runs_a_group_may_write_in_its_name_and_nobody_else() {
        let by = |id: i64| {
            let from = json!({ "id": 1_087_968_824, "is_bot": true, "first_name": "Group" });
            said(json!({ "text": "/settings@evolve_bot", "entities": entity("bot_command", 0, 20), "from": from,
                         "sender_chat": { "id": id, "type": "supergroup" } }))
        };
        assert!(by(-5).unwrap().is_anonymous);
        assert_eq!(by(-6), None);
    }

    #[rstest]
    #[case("/help@evolve_bot", 16, false, Some("help"))]
    #[case("/HELP@EVOLVE_BOT now", 16, false, Some("help"))]
    #[case("/help@other_bot", 15, true, None)]
    #[case("/help", 5, false, Some("help"))]
    #[case("/memory", 7, false, None)]
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
    #[case(json!({ "sender_chat": { "id": -5, "type": "supergroup" } }))]
    #[case(json!({ "sender_chat": { "id": -7, "type": "channel" } }))]
    #[case(json!({ "from": { "id": 777_000, "is_bot": false, "first_name": "Telegram" } }))]
    #[case(json!({ "via_bot": { "id": 777, "is_bot": true } }))]
    #[case(json!({ "is_automatic_forward": true }))]
    #[case(json!({ "forward_origin": { "type": "user", "sender_user": { "id": 9 } } }))]
    #[case(json!({ "forward_origin": { "type": "hidden_user", "sender_user_name": "Somebody" } }))]
    fn nobody_but_a_person_is_heard(#[case] more: Value) {
        let mut message = json!({ "text": "@evolve_bot а?", "entities": entity("mention", 0, 11) });
        message.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        assert_eq!(said(message), None);
    }

    #[rstest]
    #[case(json!({ "text": "Привет всем" }))]
    #[case(json!({ "sticker": {} }))]
    #[case(json!({ "text": "a", "entities": 5, "reply_to_message": "rubbish" }))]
    fn everything_else_is_not_looked_at(#[case] more: Value) {
        assert_eq!(said(more), None);
    }
}
