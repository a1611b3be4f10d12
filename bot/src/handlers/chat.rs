//! A message to the companion, and its answer.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use evolve_contract::chat::ChatRequest;
use evolve_domain::language::Language;

use super::{Trouble, Turn, danger, incoming::Photo, live, relationship, trouble, typing};
use crate::{markdown, replies::Replies, texts::Text};

/// The API takes bodies of 10 MiB; base64 makes four bytes of three, and the caption needs some room too.
const MAX_PHOTO_BYTES: u64 = (10 * 1024 - 64) * 1024 / 4 * 3;

pub(super) async fn text(
    turn: &Turn<'_>,
    language: Language,
    message: String,
    date: DateTime<Utc>,
) -> Result<Replies, Trouble> {
    danger::look_after(turn, language, &message).await;
    let request = ChatRequest { message, timestamp: Some(date), image_data: None };
    typing::while_doing(turn.bot, turn.person.chat_id, answer(turn, language, &request)).await
}

pub(super) async fn photo(
    turn: &Turn<'_>,
    language: Language,
    sizes: &[Photo],
    caption: String,
    date: DateTime<Utc>,
) -> Result<Replies, Trouble> {
    let limit = turn.bot.max_image_bytes.min(MAX_PHOTO_BYTES);
    let fitting =
        sizes.iter().filter(|photo| photo.size.is_none_or(|size| size <= limit)).max_by_key(|photo| photo.area);
    let Some(photo) = fitting else {
        return Ok(turn.replies().say(Text::PhotoTooLarge.render(language)));
    };
    let work = async {
        let bytes = match turn.bot.telegram.download(&photo.file_id, limit).await {
            Ok(bytes) => bytes,
            Err(error) => return Ok(turn.replies().say(trouble::excuse_file(error)?.render(language))),
        };
        let image_data = Some(STANDARD.encode(bytes));
        let request = ChatRequest { message: caption, timestamp: Some(date), image_data };
        answer(turn, language, &request).await
    };
    typing::while_doing(turn.bot, turn.person.chat_id, work).await
}

async fn answer(turn: &Turn<'_>, language: Language, request: &ChatRequest) -> Result<Replies, Trouble> {
    // The same key for every attempt: the API answers it once, however often it is asked.
    let key = format!("tg-{}", turn.update.update_id);
    let live::Answered { answer, draft } = live::ask(turn, &key, request).await;
    let replies = turn.replies().in_place_of(draft);
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => match trouble::excuse(&error, request.image_data.is_some()) {
            Some(excuse) => return Ok(replies.say(excuse.render(language))),
            None => return Err(error.into()),
        },
    };
    let mut messages = markdown::to_messages(&answer.response_text);
    if messages.is_empty() {
        messages.push(Text::ModelFailed.render(language));
    }
    messages.extend(answer.level_up.iter().map(|reached| relationship::celebrate(reached, language)));
    Ok(messages.into_iter().fold(replies, Replies::say))
}
