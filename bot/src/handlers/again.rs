//! Answers that are made anew: `/regenerate`, and messages that were edited.
//!
//! The new answer is a message of its own, below; in what the companion remembers it takes the place of the old one. Which
//! message an edit is about is known by its number in the chat: that is what its turn's key is made of ([`Turn::key`]).

use evolve_contract::chat::{Again, ChatRequest};
use evolve_domain::language::Language;
use serde_json::Value;

use super::{Trouble, Turn, chat, danger, trouble::With, typing};
use crate::replies::Replies;

/// `/regenerate`.
pub(super) async fn regenerate(turn: &Turn<'_>) -> Result<Replies, Trouble> {
    let language = turn.best_known_language().await;
    let request = ChatRequest { again: Some(Again::Last), ..ChatRequest::default() };
    let key = turn.key();
    typing::while_doing(turn.bot, turn.person.chat_id, chat::answer(turn, language, &key, &request, With::Words)).await
}

/// A message says something else now. What never was for the companion, or is not known any more, stays as it is.
pub(super) async fn edited(
    turn: &Turn<'_>,
    language: Language,
    message_id: i64,
    text: String,
) -> Result<Replies, Trouble> {
    danger::look_after(turn, language, &text).await;
    let request = ChatRequest {
        message: text,
        again: Some(Again::Edited(key_of(turn.person.chat_id, message_id))),
        ..ChatRequest::default()
    };
    // Most edits are of older messages, and are not answered: nobody is kept waiting for that.
    chat::answer(turn, language, &turn.key(), &request, With::Words).await
}

impl Turn<'_> {
    /// The Idempotency-Key of what this update asks of the companion: the same for every attempt, so that the API answers
    /// it once. That of a message is made from its number in the chat, by which an edit names it later.
    pub(super) fn key(&self) -> String {
        key_in(&self.update.payload, self.person.chat_id, self.update.update_id)
    }
}

/// As [`Turn::key`], for any update of a chat.
pub(super) fn key_in(payload: &Value, chat_id: i64, update_id: i64) -> String {
    let message_id = payload.get("message").and_then(|message| message.get("message_id"));
    match message_id.and_then(Value::as_i64) {
        Some(message_id) => key_of(chat_id, message_id),
        None => format!("tg-{update_id}"),
    }
}

fn key_of(chat_id: i64, message_id: i64) -> String {
    format!("tgm-{chat_id}-{message_id}")
}
