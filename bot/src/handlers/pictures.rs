//! Pictures: photos, albums, files that are pictures, and stickers.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use evolve_contract::{
    Code,
    chat::{ChatRequest, MAX_FILE_BYTES},
};
use evolve_domain::language::Language;

use super::{
    Trouble, Turn,
    chat::{answer, excused, said},
    danger,
    incoming::Photo,
    live::{self, Answered},
    media::File,
    quoted,
    trouble::{self, With},
    typing,
};
use crate::{replies::Replies, texts::Text};

/// Pictures that were shown at once: one, or an album. The key of an album tells its size, so that one that was found larger
/// when it was tried again is not taken for the same request.
pub(super) async fn shown(
    turn: &Turn<'_>,
    language: Language,
    pictures: &[Vec<Photo>],
    caption: String,
    date: DateTime<Utc>,
) -> Result<Replies, Trouble> {
    danger::look_after(turn, language, &caption).await;
    // All of them travel in one body.
    let share = MAX_FILE_BYTES / pictures.len().max(1) as u64;
    let limit = turn.bot.max_image_bytes.min(share);
    let fitting = |sizes: &Vec<Photo>| {
        let sizes = sizes.iter().filter(|photo| photo.size.is_none_or(|size| size <= limit));
        let photo = sizes.max_by_key(|photo| photo.area)?;
        Some(File { id: photo.file_id.clone(), size: photo.size })
    };
    let files: Vec<File> = pictures.iter().filter_map(fitting).collect();
    if files.is_empty() {
        return Ok(turn.replies().say(Text::PhotoTooLarge.render(language)));
    }
    let work = async {
        let mut images = Vec::with_capacity(files.len());
        let mut excuse = Text::PhotoUnreadable;
        for file in &files {
            match download(turn, file, limit).await? {
                Ok(image) => images.push(image),
                // The others are worth an answer.
                Err(why) => excuse = why,
            }
        }
        let count = images.len();
        let mut images = images.into_iter();
        let Some(first) = images.next() else { return Ok(turn.replies().say(excuse.render(language))) };
        let request = ChatRequest {
            message: caption,
            timestamp: Some(date),
            image_data: Some(first),
            more_images: images.collect(),
            image_ref: files.first().map(|file| file.id.clone()).filter(|id| is_reference(id)),
            reply_to: quoted::of(&turn.update.payload),
            ..ChatRequest::default()
        };
        let key = if count == 1 { turn.key() } else { format!("{}-album-{count}", turn.key()) };
        answer(turn, language, &key, &request, With::Photo).await
    };
    typing::while_doing(turn.bot, turn.person.chat_id, work).await
}

/// A sticker that stands still. Whoever may not show pictures has said what its emoji says.
pub(super) async fn sticker(
    turn: &Turn<'_>,
    language: Language,
    file: &File,
    emoji: Option<String>,
    date: DateTime<Utc>,
) -> Result<Replies, Trouble> {
    let work = async {
        let message = emoji.clone().unwrap_or_default();
        let reply_to = quoted::of(&turn.update.payload);
        let limit = turn.bot.max_image_bytes.min(MAX_FILE_BYTES);
        if let Ok(image_data) = download(turn, file, limit).await? {
            let request = ChatRequest {
                message: message.clone(),
                timestamp: Some(date),
                image_data: Some(image_data),
                reply_to: reply_to.clone(),
                ..ChatRequest::default()
            };
            let key = format!("{}-sticker", turn.key());
            let Answered { answer, draft } = live::ask(turn, language, &key, &request).await;
            let replies = turn.replies().keyed(&key).in_place_of(draft);
            match answer {
                Ok(answer) => return Ok(said(replies, language, answer)),
                Err(error) if matches!(error.code(), Some(Code::PremiumRequired | Code::InvalidImage)) => {}
                Err(error) => return excused(replies, language, error, With::Photo),
            }
        }
        if emoji.is_none() {
            return Ok(turn.replies().say(Text::UnsupportedSticker.render(language)));
        }
        let request = ChatRequest { message, timestamp: Some(date), reply_to, ..ChatRequest::default() };
        answer(turn, language, &turn.key(), &request, With::Words).await
    };
    typing::while_doing(turn.bot, turn.person.chat_id, work).await
}

/// A picture that was shown before; nothing where it cannot be had any more: the words are answered all the same.
pub(super) async fn once_more(turn: &Turn<'_>, id: String) -> Result<Option<String>, Trouble> {
    let limit = turn.bot.max_image_bytes.min(MAX_FILE_BYTES);
    Ok(download(turn, &File { id, size: None }, limit).await?.ok())
}

/// Whether the API can keep it.
fn is_reference(id: &str) -> bool {
    (1..=255).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic())
}

/// A picture in base64, or what the person hears instead.
async fn download(turn: &Turn<'_>, file: &File, limit: u64) -> Result<Result<String, Text<'static>>, Trouble> {
    if file.size.is_some_and(|size| size > limit) {
        return Ok(Err(Text::PhotoTooLarge));
    }
    match turn.bot.telegram.download(&file.id, limit).await {
        Ok(bytes) => Ok(Ok(STANDARD.encode(bytes))),
        Err(error) => trouble::excuse_file(error, With::Photo).map(Err),
    }
}
