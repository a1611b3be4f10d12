//! Text messages, drafts of them, and small signs: "typing…", reactions.

use serde_json::{Map, Value, json};

use super::super::Doing;
use super::super::entities::{self, Formatted, ParseMode};
use super::super::params::Params;
use super::super::refusal::{Outcome, Refusal};
use super::super::world::{ChatKind, Stored, World};
use super::markup;

/// The longest text of a message, in UTF-16 code units after parsing.
const LONGEST_TEXT: usize = 4096;
/// The longest text that is looked at, in bytes before parsing.
const LONGEST_SOURCE: usize = 1 << 15;

/// Parses and cleans the text of a message.
pub(super) fn formatted(
    world: &World,
    params: &Params,
    field: &str,
    entities_field: &str,
) -> Result<Formatted, Refusal> {
    let source = params.text(field);
    if source.len() > LONGEST_SOURCE {
        return Err(Refusal::bad("text is too long"));
    }
    let mode = ParseMode::named(&params.text("parse_mode")).ok_or_else(|| Refusal::bad("unsupported parse_mode"))?;
    let mut formatted =
        entities::parse(&source, mode).map_err(|error| Refusal::bad(format!("can't parse entities: {error}")))?;
    if mode == ParseMode::None {
        // Telegram ignores a list that it cannot read, but not an entity in it.
        if let Ok(Some(Value::Array(list))) = params.json(entities_field) {
            let read = |entity| serde_json::from_value(entity);
            let list: Result<Vec<_>, _> = list.into_iter().map(read).collect();
            formatted.entities = list.map_err(|error| Refusal::bad(format!("can't parse MessageEntity: {error}")))?;
        }
    }
    world.resolve_mentions(&mut formatted);
    Ok(entities::normalise(formatted))
}

/// Parses the text of a message that must have one.
pub(super) fn message_text(world: &World, params: &Params) -> Result<Formatted, Refusal> {
    let formatted = formatted(world, params, "text", "entities")?;
    if formatted.is_empty() {
        return Err(Refusal::bad("message text is empty"));
    }
    if formatted.len() > LONGEST_TEXT {
        return Err(Refusal::bad("message is too long"));
    }
    Ok(formatted)
}

/// Puts a text and its entities into a message.
pub(super) fn put_text(content: &mut Map<String, Value>, field: &str, entities_field: &str, text: Formatted) {
    content.insert(field.to_owned(), text.text.into());
    if text.entities.is_empty() {
        content.remove(entities_field);
    } else {
        content.insert(entities_field.to_owned(), json!(text.entities));
    }
}

/// Posts a message of the bot with this content, and with what the arguments say of any message.
pub(super) fn post(
    world: &mut World,
    chat_id: i64,
    params: &Params,
    mut content: Map<String, Value>,
    file_id: Option<String>,
) -> Outcome {
    let markup = markup::reply_markup(params)?;
    if let Some(replied) = markup::replied(world, chat_id, params)? {
        content.insert("reply_to_message".into(), replied);
    }
    if let Some(inline) = markup.as_ref().filter(|markup| markup.get("inline_keyboard").is_some()) {
        content.insert("reply_markup".into(), inline.clone());
    }
    if params.flag("protect_content") {
        content.insert("has_protected_content".into(), true.into());
    }
    if let Ok(Some(options)) = params.json("link_preview_options") {
        content.insert("link_preview_options".into(), options);
    }
    let stored = Stored { json: content, is_bots: true, markup, file_id, edits: 0, is_deleted: false };
    let bot = world.bot();
    let message = world.add_message(chat_id, bot, stored);
    let id = message.get("message_id").and_then(Value::as_i64).unwrap_or_default();
    let sent = world.chats.get(&chat_id).and_then(|chat| chat.message(id)).map(|stored| world.sent(chat_id, stored));
    if let Some((chat, message)) = world.chats.get_mut(&chat_id).zip(sent) {
        chat.note(Doing::Message { message });
    }
    Ok(message.into())
}

pub(super) fn send(world: &mut World, params: &Params) -> Outcome {
    let text = message_text(world, params)?;
    markup::reply_markup(params)?;
    let chat_id = world.writable(&params.text("chat_id"))?;
    let mut content = Map::new();
    put_text(&mut content, "text", "entities", text);
    post(world, chat_id, params, content, None)
}

/// A part of a message that is being made. It is shown, and gone with the message.
pub(super) fn draft(world: &mut World, params: &Params) -> Outcome {
    let text = formatted(world, params, "text", "entities")?;
    let chat_id = world.writable(&params.text("chat_id"))?;
    let draft_id = params.int("draft_id");
    if draft_id == 0 {
        return Err(Refusal::bad("RANDOM_ID_EMPTY"));
    }
    if text.len() > LONGEST_TEXT {
        return Err(Refusal::bad("message is too long"));
    }
    let Some(chat) = world.chats.get_mut(&chat_id) else { return Err(Refusal::bad("chat not found")) };
    if chat.kind != ChatKind::Private {
        return Err(Refusal::bad("TEXTDRAFT_PEER_INVALID"));
    }
    chat.note(Doing::Draft { draft_id, text: text.text, entities: text.entities });
    Ok(true.into())
}

pub(super) fn action(world: &mut World, params: &Params) -> Outcome {
    const ACTIONS: [&str; 16] = [
        "typing",
        "upload_photo",
        "record_video",
        "upload_video",
        "record_voice",
        "upload_voice",
        "record_audio",
        "upload_audio",
        "upload_document",
        "choose_sticker",
        "find_location",
        "pick_up_location",
        "record_video_note",
        "upload_video_note",
        "cancel",
        "play_game",
    ];
    let action = params.text("action").to_ascii_lowercase();
    if !ACTIONS.contains(&action.as_str()) {
        return Err(Refusal::bad("wrong parameter action in request"));
    }
    let chat_id = world.writable(&params.text("chat_id"))?;
    if let Some(chat) = world.chats.get_mut(&chat_id) {
        chat.note(Doing::Action { action });
    }
    Ok(true.into())
}

pub(super) fn react(world: &mut World, params: &Params) -> Outcome {
    let list = super::array(
        params,
        "reaction",
        "can't parse reaction types JSON object",
        "expected an Array of ReactionType",
    )?;
    let mut emoji = Vec::new();
    for reaction in &list {
        match (reaction.get("type").and_then(Value::as_str), reaction.get("emoji").and_then(Value::as_str)) {
            (Some("emoji"), Some(text)) if REACTIONS.split(' ').any(|known| known == text) => {
                emoji.push(text.to_owned());
            }
            (Some("emoji"), Some(_)) => return Err(Refusal::bad("REACTION_INVALID")),
            _ => return Err(Refusal::bad("can't parse ReactionType: invalid reaction type specified")),
        }
    }
    if emoji.len() > 1 {
        return Err(Refusal::bad("REACTIONS_TOO_MANY"));
    }
    let chat_id = world.writable(&params.text("chat_id"))?;
    let message_id = params.int("message_id");
    let chat = world.chats.get_mut(&chat_id).filter(|chat| chat.message(message_id).is_some());
    let Some(chat) = chat else { return Err(Refusal::bad("message to react not found")) };
    chat.note(Doing::Reaction { message_id, emoji });
    Ok(true.into())
}

/// The emoji that a reaction can be.
const REACTIONS: &str = "❤ 👍 👎 🔥 🥰 👏 😁 🤔 🤯 😱 🤬 😢 🎉 🤩 🤮 💩 🙏 👌 🕊 🤡 🥱 🥴 😍 🐳 ❤‍🔥 🌚 🌭 💯 🤣 ⚡ 🍌 🏆 💔 🤨 😐 🍓 🍾 💋 🖕 😈 \
                         😴 😭 🤓 👻 👨‍💻 👀 🎃 🙈 😇 😨 🤝 ✍ 🤗 🫡 🎅 🎄 ☃ 💅 🤪 🗿 🆒 💘 🙉 🦄 😘 💊 🙊 😎 👾 🤷‍♂ 🤷 🤷‍♀ 😡";
