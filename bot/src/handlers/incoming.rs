//! An update as the bot understands it.
//!
//! teloxide's types know more of Telegram than we need, and refuse a message of which they do not know one part. People
//! must not wait for a library because they used a new kind of formatting, so such a message is read a second time,
//! without everything that the bot has no use for.

mod kinds;

use serde_json::Value;
use teloxide::types::{CallbackQuery, Chat, MediaKind, Message, MessageKind, PhotoSize, User};

use super::{commands, media, paid::Report, signs};
pub(crate) use kinds::{Ignored, Incoming, Person, Photo, Unsupported};

/// Reads an update as Telegram sent it.
///
/// # Errors
/// Why it is not to be answered.
pub(crate) fn read(update: &Value) -> Result<(Person, Incoming), Ignored> {
    if let Some(message) = update.get("message") {
        return of_message(message);
    }
    if let Some(message) = update.get("edited_message") {
        return of_edited(message);
    }
    if let Some(query) = update.get("callback_query") {
        let parsed = serde_json::from_value::<CallbackQuery>(query.clone());
        let parsed = parsed.or_else(|_| serde_json::from_value(with_essential_message(query)));
        return of_query(parsed.map_err(|_| Ignored::Malformed)?);
    }
    if let Some(reacted) = update.get("message_reaction") {
        return of_reaction(reacted);
    }
    update.get("my_chat_member").map_or(Err(Ignored::UnknownKind), of_membership)
}

fn of_message(raw: &Value) -> Result<(Person, Incoming), Ignored> {
    // The library takes a message of which it does not know one part for an empty one.
    let whole = serde_json::from_value::<Message>(raw.clone()).ok();
    let whole = whole.filter(|message| !matches!(message.kind, MessageKind::Empty {}));
    let message = match whole {
        Some(message) => message,
        None => serde_json::from_value(essentials(raw)).map_err(|_| Ignored::Malformed)?,
    };
    if let Some(report) = report(raw) {
        return Ok((payer(&message.chat, message.from.as_ref())?, Incoming::Reported(report)));
    }
    let person = person(&message.chat, message.from.as_ref())?;
    let date = message.date;
    let media = match message.kind {
        MessageKind::Common(common) => Some(common.media_kind),
        _ => None,
    };
    let incoming = match media {
        // Neither a command nor an answer to us, whatever it says: they did not write it.
        Some(MediaKind::Text(text)) if is_forwarded(raw) => Incoming::Forwarded { text: text.text, date },
        Some(MediaKind::Text(text)) => {
            let text = match commands::asked(&text.text) {
                Some(words) => words.to_owned(),
                None => text.text,
            };
            Incoming::Text { text, date }
        }
        Some(MediaKind::Photo(photo)) => {
            let sizes = photo.photo.into_iter().map(photo_size).collect();
            Incoming::Photo { sizes, caption: photo.caption.unwrap_or_default(), album: album(raw), date }
        }
        _ => match (media::picture(raw), media::of(raw)) {
            (Some(file), _) => {
                let sizes = vec![Photo { file_id: file.id, size: file.size, area: 0 }];
                Incoming::Photo { sizes, caption: media::caption(raw), album: album(raw), date }
            }
            (None, Some(media)) => Incoming::Media { media, caption: media::caption(raw), date },
            (None, None) => Incoming::Unsupported(unsupported(raw).ok_or(Ignored::Service)?),
        },
    };
    Ok((person, incoming))
}

/// Whether a message is somebody else's, passed on. Whoever hides that it was theirs once is taken for somebody else.
#[must_use]
pub(super) fn is_forwarded(message: &Value) -> bool {
    let Some(origin) = message.get("forward_origin") else { return false };
    let by = origin["sender_user"]["id"].as_i64();
    by.is_none() || by != message["from"]["id"].as_i64()
}

fn album(message: &Value) -> Option<String> {
    message.get("media_group_id").and_then(Value::as_str).map(str::to_owned)
}

/// Whether Telegram reports in it that something was paid or given back.
pub(crate) fn is_money(update: &Value) -> bool {
    update.get("message").is_some_and(|message| report(message).is_some())
}

/// An edit that leaves neither words nor a photo nor a recording (a place that moves) says nothing; nor does one of what another
/// has written, which would become the person's words.
fn of_edited(raw: &Value) -> Result<(Person, Incoming), Ignored> {
    if is_forwarded(raw) {
        return Err(Ignored::Service);
    }
    let message_id = raw.get("message_id").and_then(Value::as_i64).ok_or(Ignored::Malformed)?;
    match of_message(raw)? {
        (person, Incoming::Text { text, .. }) if !text.is_empty() => {
            Ok((person, Incoming::Edited { message_id, text, sizes: Vec::new() }))
        }
        (person, Incoming::Photo { sizes, caption, .. }) => {
            Ok((person, Incoming::Edited { message_id, text: caption, sizes }))
        }
        (person, Incoming::Media { media: media::Media::Recording { .. }, caption, .. }) => {
            Ok((person, Incoming::Recaptioned { message_id, text: caption }))
        }
        _ => Err(Ignored::Service),
    }
}

fn of_reaction(raw: &Value) -> Result<(Person, Incoming), Ignored> {
    let message_id = raw.get("message_id").and_then(Value::as_i64).ok_or(Ignored::Malformed)?;
    let reaction = signs::reaction(&raw["new_reaction"]);
    Ok((raw_person(raw, "user")?, Incoming::Reacted { message_id, reaction }))
}

/// What becomes of the bot in somebody's private chat.
fn of_membership(raw: &Value) -> Result<(Person, Incoming), Ignored> {
    let is_blocked = match raw["new_chat_member"]["status"].as_str() {
        Some("kicked") => true,
        Some("member") => false,
        _ => return Err(Ignored::Service),
    };
    Ok((raw_person(raw, "from")?, Incoming::Blocked(is_blocked)))
}

fn raw_person(raw: &Value, user: &str) -> Result<Person, Ignored> {
    let chat: Chat = serde_json::from_value(only(&raw["chat"], &["id", "type", "first_name", "title"]))
        .map_err(|_| Ignored::Malformed)?;
    let user: Option<User> =
        serde_json::from_value(only(&raw[user], &["id", "is_bot", "first_name", "language_code"])).ok();
    person(&chat, user.as_ref())
}

fn report(message: &Value) -> Option<Report> {
    if let Some(paid) = message.get("successful_payment") {
        return Some(Report::Paid(serde_json::from_value(paid.clone()).ok()));
    }
    let refunded = message.get("refunded_payment")?;
    Some(Report::Refunded(serde_json::from_value(refunded.clone()).ok()))
}

/// Whose payment it is. A bill may be forwarded and paid anywhere; what is paid must not be lost because of that, and is
/// spoken of in the private chat alone. There, the chat says who it is, whoever Telegram lets tell of a payment.
fn payer(chat: &Chat, from: Option<&User>) -> Result<Person, Ignored> {
    let user = from.filter(|user| !user.is_bot);
    let id = match user {
        _ if chat.is_private() => chat.id.0,
        Some(user) => i64::try_from(user.id.0).map_err(|_| Ignored::Malformed)?,
        None => return Err(Ignored::NotAPerson),
    };
    Ok(Person {
        id,
        chat_id: id,
        first_name: user.map(|user| user.first_name.clone()).unwrap_or_default(),
        language_code: user.and_then(|user| user.language_code.clone()),
    })
}

fn photo_size(size: PhotoSize) -> Photo {
    let area = u64::from(size.width) * u64::from(size.height);
    // What the library says where Telegram does not.
    const UNKNOWN: u32 = u32::MAX;
    let bytes = (size.file.size != UNKNOWN).then_some(size.file.size.into());
    Photo { file_id: size.file.id.0, size: bytes, area }
}

/// What a message carries that we can do nothing with; nothing if it carries nothing, but says what happened in the chat.
fn unsupported(message: &Value) -> Option<Unsupported> {
    // An animation comes with a document and a venue with a location, for old bots: the more special one is first.
    const KINDS: [(&str, Unsupported); 18] = [
        ("sticker", Unsupported::Sticker),
        ("animation", Unsupported::Animation),
        ("dice", Unsupported::Dice),
        ("video", Unsupported::Video),
        ("video_note", Unsupported::Video),
        ("document", Unsupported::File),
        ("contact", Unsupported::Contact),
        ("venue", Unsupported::Place),
        ("location", Unsupported::Place),
        ("poll", Unsupported::Poll),
        ("game", Unsupported::Other),
        ("story", Unsupported::Other),
        ("paid_media", Unsupported::Other),
        ("checklist", Unsupported::Other),
        ("giveaway", Unsupported::Other),
        ("giveaway_winners", Unsupported::Other),
        ("invoice", Unsupported::Other),
        ("photo", Unsupported::Other),
    ];
    KINDS.into_iter().find(|(key, _)| message.get(key).is_some()).map(|(_, kind)| kind)
}

fn of_query(query: CallbackQuery) -> Result<(Person, Incoming), Ignored> {
    let message = query.message.as_ref();
    let chat = message.map(|message| message.chat()).ok_or(Ignored::NotPrivate)?;
    let person = person(chat, Some(&query.from))?;
    let message_id = message.map(|message| i64::from(message.id().0));
    let data = query.data.unwrap_or_default();
    Ok((person, Incoming::Press { query_id: query.id.0, message_id, data }))
}

fn person(chat: &Chat, from: Option<&User>) -> Result<Person, Ignored> {
    if !chat.is_private() {
        return Err(Ignored::NotPrivate);
    }
    let user = from.filter(|user| !user.is_bot).ok_or(Ignored::NotAPerson)?;
    let id = i64::try_from(user.id.0).map_err(|_| Ignored::Malformed)?;
    // A private chat has the id of its person. Anything else would tell one person what is another's.
    if chat.id.0 != id {
        return Err(Ignored::NotPrivate);
    }
    Ok(Person {
        id,
        chat_id: chat.id.0,
        first_name: user.first_name.clone(),
        language_code: user.language_code.clone(),
    })
}

/// The parts of a message that the bot uses.
fn essentials(message: &Value) -> Value {
    let mut kept = only(message, &["message_id", "date", "text", "caption", "photo"]);
    kept["chat"] = only(&message["chat"], &["id", "type", "first_name"]);
    kept["from"] = only(&message["from"], &["id", "is_bot", "first_name", "language_code"]);
    kept
}

fn with_essential_message(query: &Value) -> Value {
    let mut kept = only(query, &["id", "data", "chat_instance"]);
    kept["from"] = only(&query["from"], &["id", "is_bot", "first_name", "language_code"]);
    kept["message"] = essentials(&query["message"]);
    // A message of the bot itself is of no interest beyond its id; a kind that is not known would not parse.
    kept["message"]["text"] = "".into();
    kept
}

fn only(object: &Value, keys: &[&str]) -> Value {
    let kept = keys.iter().filter_map(|key| Some(((*key).to_owned(), object.get(key)?.clone())));
    Value::Object(kept.collect())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::handlers::media::Media;

    fn message(more: Value) -> Value {
        let mut message = json!({
            "message_id": 7, "date": 1_770_000_000,
            "chat": { "id": 42, "type": "private", "first_name": "Анна" },
            "from": { "id": 42, "is_bot": false, "first_name": "Анна", "language_code": "ru" },
        });
        message.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "update_id": 1, "message": message })
    }

    fn incoming(update: &Value) -> Result<Incoming, Ignored> {
        read(update).map(|(_, incoming)| incoming)
    }

    #[test]
    fn a_text_is_understood_though_a_part_of_it_is_newer_than_the_library() {
        let entities = json!([{ "type": "hologram", "offset": 0, "length": 1 }]);
        let update = message(json!({ "text": "Привет", "entities": entities, "via_quantum": { "id": 1 } }));
        let Ok(Incoming::Text { text, .. }) = incoming(&update) else { panic!("{:?}", incoming(&update)) };
        assert_eq!(text, "Привет");
    }

    #[rstest]
    #[case(json!({ "type": "user", "date": 1, "sender_user": { "id": 7, "is_bot": false, "first_name": "Ева" } }), true)]
    #[case(json!({ "type": "hidden_user", "date": 1, "sender_user_name": "Анна" }), true)]
    #[case(json!({ "type": "channel", "date": 1, "chat": { "id": -9, "type": "channel", "title": "c" }, "message_id": 3 }), true)]
    #[case(json!({ "type": "of tomorrow" }), true)]
    #[case(json!({ "type": "user", "date": 1, "sender_user": { "id": 42, "is_bot": false, "first_name": "Анна" } }), false)]
    fn what_is_passed_on_is_somebody_elses_unless_it_was_ones_own(#[case] origin: Value, #[case] is_anothers: bool) {
        let mut update = message(json!({ "text": "/delete", "forward_origin": origin }));
        match incoming(&update) {
            Ok(Incoming::Forwarded { text, .. }) if is_anothers => assert_eq!(text, "/delete"),
            Ok(Incoming::Text { .. }) if !is_anothers => {}
            other => panic!("{other:?}"),
        }
        let edited = update["message"].take();
        let edited = incoming(&json!({ "update_id": 1, "edited_message": edited }));
        assert_eq!(edited == Err(Ignored::Service), is_anothers, "{edited:?}");
    }

    #[test]
    fn a_photo_needs_no_more_than_telegram_promises() {
        let size = json!({ "file_id": "a", "file_unique_id": "b", "width": 90, "height": 60 });
        let Ok(Incoming::Photo { sizes, caption, .. }) = incoming(&message(json!({ "photo": [size] }))) else {
            panic!("the size of a file is optional")
        };
        assert_eq!((sizes[0].size, caption.as_str()), (None, ""));
    }

    #[rstest]
    #[case("voice")]
    #[case("audio")]
    fn a_recording_needs_no_more_than_telegram_promises(#[case] kind: &str) {
        let update = message(json!({ kind: { "file_id": "a", "file_unique_id": "a", "duration": 7 } }));
        let file = media::File { id: "a".to_owned(), size: None };
        let Ok(Incoming::Media { media, .. }) = incoming(&update) else { panic!("{:?}", incoming(&update)) };
        assert_eq!(media, Media::Recording { file, seconds: 7 });
    }

    #[test]
    fn nobody_acts_in_the_private_chat_of_another() {
        let other = json!({ "id": 43, "is_bot": false, "first_name": "Ева" });
        assert_eq!(incoming(&message(json!({ "text": "hi", "from": other }))), Err(Ignored::NotPrivate));
        let press = json!({ "update_id": 1, "callback_query": {
            "id": "q", "chat_instance": "c", "data": "lang:ru", "from": other,
            "message": { "message_id": 9, "date": 0, "chat": { "id": 42, "type": "private", "first_name": "Анна" } },
        } });
        assert_eq!(incoming(&press), Err(Ignored::NotPrivate));
    }

    #[test]
    fn people_of_today_are_understood() {
        // Every field of a person but three is optional, ids have up to 52 bits, and a message's id may exceed 31.
        let from = json!({ "id": 4_503_599_627_370_495_i64, "is_bot": false, "first_name": "" , "language_code": "zxx-klingon" });
        let chat = json!({ "id": 4_503_599_627_370_495_i64, "type": "private" });
        let update = message(json!({ "text": "hi", "from": from, "chat": chat }));
        let read = read(&update).map(|(person, _)| person.id);
        assert_eq!(read, Ok(4_503_599_627_370_495));
    }

    #[test]
    fn reactions_and_blocks_count_in_a_private_chat_alone() {
        let chat = json!({ "id": 42, "type": "private", "first_name": "Анна" });
        let user = json!({ "id": 42, "is_bot": false, "first_name": "Анна" });
        let new = json!([{ "type": "emoji", "emoji": "👍" }]);
        let reacted = |chat: &Value| {
            json!({ "update_id": 1, "message_reaction": { "chat": chat, "user": user, "message_id": 7, "date": 1,
                    "old_reaction": [], "new_reaction": new } })
        };
        let expected = Incoming::Reacted { message_id: 7, reaction: Some("👍".to_owned()) };
        assert_eq!(incoming(&reacted(&chat)), Ok(expected));
        let group = json!({ "id": -5, "type": "group", "title": "g" });
        assert_eq!(incoming(&reacted(&group)), Err(Ignored::NotPrivate));
        let member = |chat: &Value, status: &str| {
            json!({ "update_id": 1, "my_chat_member": { "chat": chat, "from": user, "date": 1,
                    "new_chat_member": { "status": status } } })
        };
        assert_eq!(incoming(&member(&chat, "kicked")), Ok(Incoming::Blocked(true)));
        assert_eq!(incoming(&member(&chat, "member")), Ok(Incoming::Blocked(false)));
        assert_eq!(incoming(&member(&chat, "ascended")), Err(Ignored::Service));
        assert_eq!(incoming(&member(&group, "kicked")), Err(Ignored::NotPrivate));
    }

    #[test]
    fn an_edit_is_of_words_and_names_its_message() {
        let edited = |more: Value| json!({ "update_id": 1, "edited_message": message(more)["message"] });
        let expected = Incoming::Edited { message_id: 7, text: "Пока".to_owned(), sizes: Vec::new() };
        assert_eq!(incoming(&edited(json!({ "text": "Пока", "edit_date": 1_770_000_001 }))), Ok(expected));
        assert_eq!(
            incoming(&edited(json!({ "location": { "latitude": 1.0, "longitude": 2.0 } }))),
            Err(Ignored::Service)
        );
        let size = json!({ "file_id": "a", "file_unique_id": "b", "width": 90, "height": 60 });
        let Ok(Incoming::Edited { text, sizes, .. }) = incoming(&edited(json!({ "photo": [size] }))) else {
            panic!("a caption that is taken away is an edit")
        };
        assert_eq!((text.as_str(), sizes.len()), ("", 1));
        let voice = json!({ "voice": { "file_id": "a", "duration": 1 }, "caption": "Послушай" });
        let expected = Incoming::Recaptioned { message_id: 7, text: "Послушай".to_owned() };
        assert_eq!(incoming(&edited(voice)), Ok(expected));
    }

    #[rstest]
    #[case(json!({ "video_note": { "file_id": "a", "duration": 1 } }), Unsupported::Video)]
    #[case(json!({ "document": { "file_id": "a", "file_unique_id": "a" } }), Unsupported::File)]
    #[case(json!({ "animation": {}, "document": { "file_id": "a", "file_unique_id": "a" } }), Unsupported::Animation)]
    #[case(json!({ "location": { "latitude": 1.0, "longitude": 2.0 } }), Unsupported::Place)]
    #[case(json!({ "location": { "latitude": 1.0, "longitude": 2.0 }, "venue": {} }), Unsupported::Place)]
    #[case(json!({ "contact": { "phone_number": "1", "first_name": "a" } }), Unsupported::Contact)]
    #[case(json!({ "poll": { "id": "1" } }), Unsupported::Poll)]
    #[case(json!({ "dice": { "emoji": "🎲", "value": 3 } }), Unsupported::Dice)]
    #[case(json!({ "giveaway": {} }), Unsupported::Other)]
    #[case(json!({ "giveaway_winners": {} }), Unsupported::Other)]
    #[case(json!({ "invoice": { "title": "a" } }), Unsupported::Other)]
    fn what_we_cannot_do_is_sorted_by_what_we_say_to_it(#[case] more: Value, #[case] kind: Unsupported) {
        assert_eq!(incoming(&message(more)), Ok(Incoming::Unsupported(kind)));
    }

    #[rstest]
    #[case(json!({ "text": "hi", "chat": { "id": -5, "type": "group", "title": "g" } }), Ignored::NotPrivate)]
    #[case(json!({ "text": "hi", "from": { "id": 5, "is_bot": true, "first_name": "b" } }), Ignored::NotAPerson)]
    #[case(json!({ "text": "hi", "date": "yesterday" }), Ignored::Malformed)]
    #[case(json!({ "pinned_message": { "message_id": 1, "date": 0, "chat": { "id": 42, "type": "private" } } }), Ignored::Service)]
    #[case(json!({ "teleported": {} }), Ignored::Service)]
    fn what_is_not_from_a_person_in_private_is_ignored(#[case] more: Value, #[case] why: Ignored) {
        assert_eq!(incoming(&message(more)), Err(why));
    }

    #[test]
    fn unknown_kinds_of_updates_and_rubbish_are_ignored() {
        assert_eq!(incoming(&json!({ "update_id": 1, "telepathy": {} })), Err(Ignored::UnknownKind));
        assert_eq!(incoming(&json!("rubbish")), Err(Ignored::UnknownKind));
        assert_eq!(incoming(&json!({ "message": 5 })), Err(Ignored::Malformed));
        assert_eq!(incoming(&json!({ "my_chat_member": {} })), Err(Ignored::Service));
    }

    #[test]
    fn a_press_is_understood_even_on_a_message_that_telegram_no_longer_shows() {
        let mut update = json!({ "update_id": 1, "callback_query": {
            "id": "q", "chat_instance": "c", "data": "lang:ru",
            "from": { "id": 42, "is_bot": false, "first_name": "Анна" },
            "message": { "message_id": 9, "date": 0, "chat": { "id": 42, "type": "private", "first_name": "Анна" } },
        } });
        let expected = Incoming::Press { query_id: "q".to_owned(), message_id: Some(9), data: "lang:ru".to_owned() };
        assert_eq!(incoming(&update), Ok(expected.clone()));
        update["callback_query"]["message"] = json!({ "message_id": 9, "date": 1, "hologram": {}, "rich_message": {},
            "chat": { "id": 42, "type": "private", "first_name": "Анна" } });
        assert_eq!(incoming(&update), Ok(expected));
    }
}
