//! A message to the companion, and its answer.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use evolve_contract::{Code, chat::ChatRequest};
use evolve_domain::language::Language;

use super::{Trouble, Turn, danger, incoming::Photo, live, quoted, relationship, trouble, typing};
use crate::{markdown, replies::Replies, telegram::FileError, texts::Text};

/// The API takes bodies of 10 MiB; base64 makes four bytes of three, and the caption needs some room too.
const MAX_PHOTO_BYTES: u64 = (10 * 1024 - 64) * 1024 / 4 * 3;

/// Longest reference to a photo that the API keeps; Telegram's are half as long.
const MAX_REF: usize = 255;

pub(super) async fn text(
    turn: &Turn<'_>,
    language: Language,
    message: String,
    date: DateTime<Utc>,
) -> Result<Replies, Trouble> {
    danger::look_after(turn, language, &message).await;
    let reply_to = quoted::of(&turn.update.payload);
    let request = ChatRequest { message, timestamp: Some(date), reply_to, ..ChatRequest::default() };
    typing::while_doing(turn.bot, turn.person.chat_id, answer(turn, language, &request)).await
}

pub(super) async fn photo(
    turn: &Turn<'_>,
    language: Language,
    sizes: &[Photo],
    caption: String,
    date: DateTime<Utc>,
) -> Result<Replies, Trouble> {
    let Some(photo) = fitting(turn, sizes) else {
        return Ok(turn.replies().say(Text::PhotoTooLarge.render(language)));
    };
    let work = async {
        let image_data = match downloaded(turn, &photo.file_id).await {
            Ok(image_data) => Some(image_data),
            Err(error) => return Ok(turn.replies().say(trouble::excuse_file(error)?.render(language))),
        };
        let reply_to = quoted::of(&turn.update.payload);
        let image_ref =
            Some(photo.file_id.clone()).filter(|id| id.len() <= MAX_REF && id.bytes().all(|b| b.is_ascii_graphic()));
        let timestamp = Some(date);
        let request =
            ChatRequest { message: caption, timestamp, image_data, image_ref, reply_to, ..ChatRequest::default() };
        answer(turn, language, &request).await
    };
    typing::while_doing(turn.bot, turn.person.chat_id, work).await
}

/// The largest size of a photo that can be passed on.
pub(super) fn fitting<'a>(turn: &Turn<'_>, sizes: &'a [Photo]) -> Option<&'a Photo> {
    let limit = max_bytes(turn);
    sizes.iter().filter(|photo| photo.size.is_none_or(|size| size <= limit)).max_by_key(|photo| photo.area)
}

/// A photo as it is passed on.
pub(super) async fn downloaded(turn: &Turn<'_>, file_id: &str) -> Result<String, FileError> {
    turn.bot.telegram.download(file_id, max_bytes(turn)).await.map(|bytes| STANDARD.encode(bytes))
}

fn max_bytes(turn: &Turn<'_>) -> u64 {
    turn.bot.max_image_bytes.min(MAX_PHOTO_BYTES)
}

/// The companion's answer to what is asked of it for this update.
pub(super) async fn answer(turn: &Turn<'_>, language: Language, request: &ChatRequest) -> Result<Replies, Trouble> {
    let key = turn.key();
    let live::Answered { answer, draft } = live::ask(turn, &key, request).await;
    let replies = turn.replies().keyed(&key).in_place_of(draft);
    let answer = match answer {
        Ok(answer) => answer,
        // An edit of something that was never said to the companion.
        Err(error) if error.code() == Some(Code::MessageNotFound) => return Ok(replies),
        Err(error) => match trouble::excuse(&error, request.image_data.is_some()) {
            Some(excuse) => return Ok(replies.say(excuse.render(language))),
            None => return Err(error.into()),
        },
    };
    if answer.corrected {
        return Ok(replies);
    }
    let mut messages = markdown::to_messages(&answer.response_text);
    if messages.is_empty() {
        let text = if answer.stopped { Text::Stopped } else { Text::ModelFailed };
        messages.push(text.render(language));
    }
    messages.extend(answer.level_up.iter().map(|reached| relationship::celebrate(reached, language)));
    Ok(messages.into_iter().fold(replies, Replies::say))
}
