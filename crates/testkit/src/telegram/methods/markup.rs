//! What comes with a message besides its content: buttons, and the message that it answers.

use serde_json::{Map, Value};

use super::super::entities::checked_link;
use super::super::params::Params;
use super::super::refusal::Refusal;
use super::super::world::World;

/// Buttons of an inline keyboard, at most.
const MOST_BUTTONS: usize = 100;

/// Checks `reply_markup`. A keyboard without buttons is none.
pub(super) fn reply_markup(params: &Params) -> Result<Option<Value>, Refusal> {
    let unreadable = || Refusal::bad("can't parse reply keyboard markup JSON object");
    let Some(markup) = params.json("reply_markup").map_err(|_| unreadable())? else { return Ok(None) };
    let Value::Object(object) = &markup else { return Err(Refusal::bad("object expected as reply markup")) };
    let keyboard = rows(object, "keyboard", "field \"keyboard\" must be an Array of Arrays")?;
    for button in keyboard.iter().flatten() {
        let has_text = button.is_string() || button.get("text").is_some_and(Value::is_string);
        if !has_text {
            return Err(Refusal::bad("can't parse keyboard button: KeyboardButton must be a String or an Object"));
        }
    }
    let inline = rows(
        object,
        "inline_keyboard",
        "field \"inline_keyboard\" of the InlineKeyboardMarkup must be an Array of Arrays",
    )?;
    for button in inline.iter().flatten() {
        inline_button(button)?;
    }
    if inline.iter().flatten().count() > MOST_BUTTONS {
        return Err(Refusal::bad("reply markup is too long"));
    }
    let is_set = |name: &str| object.get(name).and_then(Value::as_bool).unwrap_or(false);
    let says_something =
        [keyboard, inline].iter().any(|rows| !rows.is_empty()) || is_set("remove_keyboard") || is_set("force_reply");
    Ok(Some(markup).filter(|_| says_something))
}

fn rows(object: &Map<String, Value>, name: &str, error: &str) -> Result<Vec<Vec<Value>>, Refusal> {
    let wrong = || Refusal::bad(error);
    let Some(rows) = object.get(name).filter(|rows| !rows.is_null()) else { return Ok(Vec::new()) };
    let rows = rows.as_array().ok_or_else(wrong)?;
    let rows: Result<Vec<_>, _> = rows.iter().map(|row| row.as_array().cloned().ok_or_else(wrong)).collect();
    Ok(rows?.into_iter().filter(|row| !row.is_empty()).collect())
}

fn inline_button(button: &Value) -> Result<(), Refusal> {
    let wrong = |what: &str| Refusal::bad(format!("can't parse inline keyboard button: {what}"));
    let Value::Object(button) = button else { return Err(wrong("InlineKeyboardButton must be an Object")) };
    let text = |name: &str| button.get(name).and_then(Value::as_str).unwrap_or_default();
    if !button.contains_key("text") {
        return Err(wrong("Can't find field \"text\""));
    }
    if text("text").is_empty() {
        return Err(Refusal::bad("BUTTON_TEXT_INVALID"));
    }
    if !text("url").is_empty() {
        return match checked_link(text("url")) {
            Some(_) => Ok(()),
            None => {
                let url = text("url");
                Err(Refusal::bad(format!("inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")))
            }
        };
    }
    if let Some(data) = button.get("callback_data").and_then(Value::as_str) {
        return if (1..=64).contains(&data.len()) { Ok(()) } else { Err(Refusal::bad("BUTTON_DATA_INVALID")) };
    }
    const OTHERS: [&str; 8] = [
        "callback_game",
        "pay",
        "switch_inline_query",
        "switch_inline_query_current_chat",
        "switch_inline_query_chosen_chat",
        "login_url",
        "web_app",
        "copy_text",
    ];
    if OTHERS.iter().any(|name| button.contains_key(*name)) {
        return Ok(());
    }
    Err(wrong("Text buttons are unallowed in the inline keyboard"))
}

/// The message that is answered, as it is embedded in the answer.
pub(super) fn replied(world: &World, chat_id: i64, params: &Params) -> Result<Option<Value>, Refusal> {
    let wrong = |_| Refusal::bad("can't parse reply parameters JSON object");
    let (id, is_optional) = match params.json("reply_parameters").map_err(wrong)? {
        None => (params.int("reply_to_message_id"), params.flag("allow_sending_without_reply")),
        Some(Value::Object(reply)) if reply.is_empty() => return Ok(None),
        Some(Value::Object(reply)) => {
            let id = reply.get("message_id").and_then(Value::as_i64);
            let id = id.ok_or_else(|| Refusal::bad("can't find field \"message_id\""))?;
            (id, reply.get("allow_sending_without_reply").and_then(Value::as_bool).unwrap_or(false))
        }
        Some(_) => return Err(Refusal::bad("object expected as reply parameters")),
    };
    if id == 0 {
        return Ok(None);
    }
    match world.chats.get(&chat_id).and_then(|chat| chat.message(id)) {
        Some(stored) => {
            let mut message = stored.json.clone();
            message.remove("reply_to_message");
            Ok(Some(message.into()))
        }
        None if is_optional => Ok(None),
        None => Err(Refusal::bad("message to be replied not found")),
    }
}
