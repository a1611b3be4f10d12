//! Answers to pressed buttons.

use super::super::Doing;
use super::super::entities::utf16_len;
use super::super::params::Params;
use super::super::refusal::{Outcome, Refusal};
use super::super::world::World;

/// The longest notice, in UTF-16 code units.
const LONGEST_NOTICE: usize = 200;

pub(super) fn answer(world: &mut World, params: &Params) -> Outcome {
    let id = params.text("callback_query_id");
    let press = world.presses.get(&id).filter(|press| !press.is_expired);
    let Some(press) = press else {
        return Err(Refusal::bad("query is too old and response timeout expired or query ID is invalid"));
    };
    let text = params.some_text("text");
    if text.as_deref().is_some_and(|text| utf16_len(text) > LONGEST_NOTICE) {
        return Err(Refusal::bad("MESSAGE_TOO_LONG"));
    }
    let show_alert = params.flag("show_alert");
    if let Some(chat) = world.chats.get_mut(&press.chat_id) {
        chat.note(Doing::CallbackAnswered { callback_query_id: id, text, show_alert });
    }
    Ok(true.into())
}
