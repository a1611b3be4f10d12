//! Answers that are made anew: `/regenerate`, and messages that were edited.
//!
//! The new answer is a message of its own, below; in what the companion remembers it takes the place of the old one. Which
//! message an edit is about is known by its number in the chat: that is what its turn's key is made of ([`Turn::key`]). A
//! photo is not kept; it is fetched once more from Telegram.

use evolve_contract::{
    Code,
    chat::{Again, ChatRequest},
};
use serde_json::Value;

use super::{Trouble, Turn, chat, danger, incoming::Photo, media::File, pictures, trouble::With, typing};
use crate::replies::Replies;

/// `/regenerate`.
pub(super) async fn regenerate(turn: &Turn<'_>) -> Result<Replies, Trouble> {
    let language = turn.best_known_language().await;
    let picture = last_picture(turn).await?.map(|(_, id)| File { id, size: None });
    let _room = pictures::room_for(turn, picture.as_ref())?;
    let work = async {
        let image_data = match &picture {
            Some(file) => pictures::once_more(turn, file).await?,
            None => None,
        };
        let request = ChatRequest { again: Some(Again::Last), image_data, voice_later: true, ..ChatRequest::default() };
        chat::answer(turn, language, &turn.key(), &request, With::Words).await
    };
    typing::while_doing(turn.bot, turn.person.chat_id, work).await
}

/// A message says something else now. What never was for the companion, or is not known any more, stays as it is.
pub(super) async fn edited(
    turn: &Turn<'_>,
    message_id: i64,
    text: String,
    sizes: &[Photo],
) -> Result<Replies, Trouble> {
    let language = turn.best_known_language().await;
    danger::look_after(turn, language, &text).await;
    let key = key_said(turn, message_id).await?;
    // Of an older message nobody looks at the photo again.
    let is_last = !sizes.is_empty() && last_picture(turn).await?.is_some_and(|(of, _)| of == key);
    let photo = sizes.iter().max_by_key(|photo| photo.area).filter(|_| is_last);
    let photo = photo.map(|photo| File { id: photo.file_id.clone(), size: photo.size });
    let _room = pictures::room_for(turn, photo.as_ref())?;
    let image_data = match &photo {
        Some(file) => pictures::once_more(turn, file).await?,
        None => None,
    };
    let request = ChatRequest {
        message: text,
        image_data,
        again: Some(Again::Edited(key)),
        voice_later: true,
        ..ChatRequest::default()
    };
    // Most edits are of older messages, and are not answered: nobody is kept waiting for that.
    chat::answer(turn, language, &turn.key(), &request, With::Words).await
}

/// A message says something else now that wants no answer.
pub(super) async fn corrected(turn: &Turn<'_>, message_id: i64, text: String) -> Result<Replies, Trouble> {
    let again = Again::Corrected(key_said(turn, message_id).await?);
    let request = ChatRequest { message: text, again: Some(again), ..ChatRequest::default() };
    match turn.bot.api.chat(turn.person.id, &turn.key(), &request).await {
        Err(error) if error.code() != Some(Code::MessageNotFound) => Err(error.into()),
        _ => Ok(turn.replies()),
    }
}

/// Something else is written beside a recording: what was heard in it, and was answered, stays.
pub(super) async fn recaptioned(turn: &Turn<'_>, message_id: i64, text: String) -> Result<Replies, Trouble> {
    danger::look_after(turn, turn.best_known_language().await, &text).await;
    corrected(turn, message_id, text).await
}

/// The key of the turn that answered a message which was edited now. What is written under an album belongs to all of it.
async fn key_said(turn: &Turn<'_>, message_id: i64) -> Result<String, Trouble> {
    let key = key_of(turn.person.chat_id, message_id);
    if turn.update.payload["edited_message"]["media_group_id"].is_null() {
        return Ok(key);
    }
    for of_album in album_keys(&key) {
        if turn.bot.store.turns().is_known(turn.person.id, &of_album).await.map_err(Trouble::from_store)? {
            return Ok(of_album);
        }
    }
    Ok(key)
}

/// The keys that an album may have whose first picture has this one: they tell its size.
pub(super) fn album_keys(key: &str) -> impl Iterator<Item = String> {
    (2..=10).map(move |count| format!("{key}-album-{count}"))
}

async fn last_picture(turn: &Turn<'_>) -> Result<Option<(String, String)>, Trouble> {
    turn.bot.store.turns().last_picture(turn.person.id).await.map_err(Trouble::from_store)
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

pub(super) fn key_of(chat_id: i64, message_id: i64) -> String {
    format!("tgm-{chat_id}-{message_id}")
}
