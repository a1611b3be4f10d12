//! Changing and deleting messages.

use serde_json::{Map, Value};

use super::super::Doing;
use super::super::params::Params;
use super::super::refusal::{Outcome, Refusal};
use super::super::world::{World, now};
use super::{markup, media, messages};

const NOT_MODIFIED: &str = "message is not modified: specified new message content and reply markup are exactly the \
                            same as a current content and reply markup of the message";

pub(super) fn text(world: &mut World, params: &Params) -> Outcome {
    let text = messages::message_text(world, params)?;
    let (chat_id, message_id, json) = editable(world, params)?;
    if !json.contains_key("text") {
        return Err(Refusal::bad("there is no text in the message to edit"));
    }
    let mut changed = json;
    messages::put_text(&mut changed, "text", "entities", text);
    apply(world, params, chat_id, message_id, changed)
}

pub(super) fn caption(world: &mut World, params: &Params) -> Outcome {
    let caption = media::caption(world, params)?;
    let (chat_id, message_id, json) = editable(world, params)?;
    if json.contains_key("text") {
        return Err(Refusal::bad("there is no caption in the message to edit"));
    }
    let mut changed = json;
    match caption {
        Some(caption) => messages::put_text(&mut changed, "caption", "caption_entities", caption),
        None => {
            changed.remove("caption");
            changed.remove("caption_entities");
        }
    }
    apply(world, params, chat_id, message_id, changed)
}

pub(super) fn reply_markup(world: &mut World, params: &Params) -> Outcome {
    let (chat_id, message_id, json) = editable(world, params)?;
    apply(world, params, chat_id, message_id, json)
}

/// The message to be edited: one of the bot's own.
fn editable(world: &mut World, params: &Params) -> Result<(i64, i64, Map<String, Value>), Refusal> {
    let chat_id = world.writable(&params.text("chat_id"))?;
    let message_id = params.int("message_id");
    let stored = world.chats.get(&chat_id).and_then(|chat| chat.message(message_id));
    let stored = stored.ok_or_else(|| Refusal::bad("message to edit not found"))?;
    if !stored.is_bots {
        return Err(Refusal::bad("message can't be edited"));
    }
    Ok((chat_id, message_id, stored.json.clone()))
}

/// Takes over a changed message, with the buttons that the arguments give it: without any, it loses those it had.
fn apply(
    world: &mut World,
    params: &Params,
    chat_id: i64,
    message_id: i64,
    mut changed: Map<String, Value>,
) -> Outcome {
    let inline = markup::reply_markup(params)?.filter(|markup| markup.get("inline_keyboard").is_some());
    match &inline {
        Some(inline) => changed.insert("reply_markup".into(), inline.clone()),
        None => changed.remove("reply_markup"),
    };
    let chat = world.chats.get_mut(&chat_id);
    let Some(stored) = chat.and_then(|chat| chat.messages.get_mut(&message_id)) else {
        return Err(Refusal::bad("message to edit not found"));
    };
    if stored.json == changed {
        return Err(Refusal::bad(NOT_MODIFIED));
    }
    changed.insert("edit_date".into(), now().into());
    stored.json = changed.clone();
    stored.markup = inline;
    stored.edits += 1;
    let copy = stored.clone();
    let message = world.sent(chat_id, &copy);
    if let Some(chat) = world.chats.get_mut(&chat_id) {
        chat.note(Doing::Edited { message });
    }
    Ok(changed.into())
}

pub(super) fn delete(world: &mut World, params: &Params) -> Outcome {
    let chat_id = world.writable(&params.text("chat_id"))?;
    if remove(world, chat_id, params.int("message_id")) {
        Ok(true.into())
    } else {
        Err(Refusal::bad("message to delete not found"))
    }
}

/// Messages that are not there are passed over.
pub(super) fn delete_many(world: &mut World, params: &Params) -> Outcome {
    let ids = super::array(
        params,
        "message_ids",
        "can't parse message_ids JSON object",
        "expected an Array of message identifiers",
    )?;
    if ids.is_empty() {
        return Err(Refusal::bad("message identifiers are not specified"));
    }
    if ids.len() > 100 {
        return Err(Refusal::bad("too many message identifiers specified"));
    }
    let chat_id = world.writable(&params.text("chat_id"))?;
    for id in ids {
        let id = id.as_i64().ok_or_else(|| Refusal::bad("message identifier must be a Number"))?;
        remove(world, chat_id, id);
    }
    Ok(true.into())
}

fn remove(world: &mut World, chat_id: i64, message_id: i64) -> bool {
    let Some(chat) = world.chats.get_mut(&chat_id) else { return false };
    match chat.messages.get_mut(&message_id).filter(|stored| !stored.is_deleted) {
        Some(stored) => stored.is_deleted = true,
        None => return false,
    }
    chat.note(Doing::Deleted { message_id });
    true
}
