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

use super::{Trouble, Turn, album, chat, danger, incoming::Photo, media::File, pictures, trouble::With, typing};
use crate::replies::Replies;

/// As many as Telegram puts into one album.
const MOST_PICTURES: i64 = 10;

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
    let Edit { key, text } = edit(turn, message_id, text).await?;
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
    correct(turn, edit(turn, message_id, text).await?).await
}

/// Something else is written beside a recording: what was heard in it, and was answered, stays. Recordings come in albums as
/// well, but each of them is answered for itself.
pub(super) async fn recaptioned(turn: &Turn<'_>, message_id: i64, text: String) -> Result<Replies, Trouble> {
    danger::look_after(turn, turn.best_known_language().await, &text).await;
    correct(turn, Edit { key: key_of(turn.person.chat_id, message_id), text }).await
}

async fn correct(turn: &Turn<'_>, Edit { key, text }: Edit) -> Result<Replies, Trouble> {
    let request = ChatRequest { message: text, again: Some(Again::Corrected(key)), ..ChatRequest::default() };
    match turn.bot.api.chat(turn.person.id, &turn.key(), &request).await {
        Err(error) if !matches!(error.code(), Some(Code::MessageNotFound | Code::Banned)) => Err(error.into()),
        _ => Ok(turn.replies()),
    }
}

/// A message that says something else now.
struct Edit {
    /// The key of the turn that answered it.
    key: String,
    /// All that it says.
    text: String,
}

/// What was edited. What is written under a picture of an album is a part of what is said with all of it.
async fn edit(turn: &Turn<'_>, message_id: i64, text: String) -> Result<Edit, Trouble> {
    let key = key_of(turn.person.chat_id, message_id);
    if turn.update.payload["edited_message"]["media_group_id"].is_null() {
        return Ok(Edit { key, text });
    }
    let Some((picture, key)) = album_of(turn, message_id).await? else { return Ok(Edit { key, text }) };
    let said = turn.bot.store.turns().said_under(turn.person.id, &key).await.map_err(Trouble::from_store)?;
    let text = match said {
        Some(said) => album::recaptioned(&said.text, picture, &text),
        None => text,
    };
    Ok(Edit { key, text })
}

/// The album that has this picture, as the number of the picture in it and the key of its turn. That is made of the message
/// of the first picture, and tells the number of the last: the nearest that reaches so far.
async fn album_of(turn: &Turn<'_>, message_id: i64) -> Result<Option<(i64, String)>, Trouble> {
    let reaching = (1..=MOST_PICTURES).flat_map(|picture| {
        let first = key_of(turn.person.chat_id, message_id - (picture - 1));
        let spans = picture.max(2)..=MOST_PICTURES;
        spans.map(move |span| (picture, album_key(&first, span)))
    });
    let reaching: Vec<(i64, String)> = reaching.collect();
    let keys: Vec<&str> = reaching.iter().map(|(_, key)| key.as_str()).collect();
    let known = turn.bot.store.turns().known(turn.person.id, &keys).await.map_err(Trouble::from_store)?;
    Ok(reaching.into_iter().find(|(_, key)| known.contains(key)))
}

/// The keys that an album may have whose first picture has this one: they tell its span.
pub(super) fn album_keys(key: &str) -> impl Iterator<Item = String> {
    (2..=MOST_PICTURES).map(move |span| album_key(key, span))
}

/// Before, keys told how many pictures were looked at; mostly that is the same.
pub(super) fn album_key(key: &str, span: i64) -> String {
    format!("{key}-album-{span}")
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
