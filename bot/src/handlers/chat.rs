//! A message to the companion, and its answer.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use evolve_contract::{
    ClientError, Code,
    chat::{ChatRequest, ChatResponse},
};
use evolve_domain::language::Language;

use super::{
    Trouble, Turn,
    incoming::Photo,
    media::File,
    relationship,
    trouble::{self, With},
    typing,
};
use crate::{markdown, replies::Replies, texts::Text};

/// The API takes bodies of 10 MiB; base64 makes four bytes of three, and the caption needs some room too.
const MAX_FILE_BYTES: u64 = (10 * 1024 - 64) * 1024 / 4 * 3;

pub(super) async fn text(
    turn: &Turn<'_>,
    language: Language,
    message: String,
    date: DateTime<Utc>,
) -> Result<Replies, Trouble> {
    let request = ChatRequest { message, timestamp: Some(date), ..ChatRequest::default() };
    typing::while_doing(turn.bot, turn.person.chat_id, answer(turn, language, &request, With::Words)).await
}

/// Photos that were shown at once: one, or an album. The key of an album tells its size, so that one that was found larger
/// when it was tried again is not taken for the same request.
pub(super) async fn photos(
    turn: &Turn<'_>,
    language: Language,
    photos: &[Vec<Photo>],
    caption: String,
    date: DateTime<Utc>,
) -> Result<Replies, Trouble> {
    // All of them travel in one body.
    let share = MAX_FILE_BYTES / photos.len().max(1) as u64;
    let limit = turn.bot.max_image_bytes.min(share);
    let fitting = |sizes: &Vec<Photo>| {
        let sizes = sizes.iter().filter(|photo| photo.size.is_none_or(|size| size <= limit));
        let photo = sizes.max_by_key(|photo| photo.area)?;
        Some(File { id: photo.file_id.clone(), size: photo.size })
    };
    let files: Vec<File> = photos.iter().filter_map(fitting).collect();
    if files.is_empty() {
        return Ok(turn.replies().say(Text::PhotoTooLarge.render(language)));
    }
    let work = async {
        let mut images = Vec::with_capacity(files.len());
        for file in &files {
            match download(turn, file, limit).await? {
                Ok(image) => images.push(image),
                Err(excuse) if files.len() == 1 => return Ok(turn.replies().say(excuse.render(language))),
                // The others are worth an answer.
                Err(_) => {}
            }
        }
        if images.is_empty() {
            return Ok(turn.replies().say(Text::PhotoUnreadable.render(language)));
        }
        let count = images.len();
        let mut images = images.into_iter();
        let request = ChatRequest {
            message: caption,
            timestamp: Some(date),
            image_data: images.next(),
            more_images: images.collect(),
            ..ChatRequest::default()
        };
        if count == 1 {
            return answer(turn, language, &request, With::Photo).await;
        }
        match turn.bot.api.chat(turn.person.id, &key(turn, &format!("album-{count}")), &request).await {
            Ok(answer) => Ok(said(turn, language, answer)),
            Err(error) => excused(turn, language, error, With::Photo),
        }
    };
    typing::while_doing(turn.bot, turn.person.chat_id, work).await
}

/// A picture that was sent as a file.
pub(super) async fn picture(
    turn: &Turn<'_>,
    language: Language,
    file: &File,
    caption: String,
    date: DateTime<Utc>,
) -> Result<Replies, Trouble> {
    let work = async {
        let image_data = match download(turn, file, turn.bot.max_image_bytes.min(MAX_FILE_BYTES)).await? {
            Ok(image_data) => Some(image_data),
            Err(excuse) => return Ok(turn.replies().say(excuse.render(language))),
        };
        let request = ChatRequest { message: caption, timestamp: Some(date), image_data, ..ChatRequest::default() };
        answer(turn, language, &request, With::Photo).await
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
        let limit = turn.bot.max_image_bytes.min(MAX_FILE_BYTES);
        if let Ok(image_data) = download(turn, file, limit).await? {
            let request = ChatRequest {
                message: message.clone(),
                timestamp: Some(date),
                image_data: Some(image_data),
                ..ChatRequest::default()
            };
            match turn.bot.api.chat(turn.person.id, &key(turn, "sticker"), &request).await {
                Ok(answer) => return Ok(said(turn, language, answer)),
                Err(error) if matches!(error.code(), Some(Code::PremiumRequired | Code::InvalidImage)) => {}
                Err(error) => return excused(turn, language, error, With::Photo),
            }
        }
        if emoji.is_none() {
            return Ok(turn.replies().say(Text::UnsupportedSticker.render(language)));
        }
        let request = ChatRequest { message, timestamp: Some(date), ..ChatRequest::default() };
        answer(turn, language, &request, With::Words).await
    };
    typing::while_doing(turn.bot, turn.person.chat_id, work).await
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

/// What a person said.
pub(super) struct Recording<'a> {
    pub(super) file: &'a File,
    pub(super) seconds: u32,
    pub(super) caption: String,
    pub(super) date: DateTime<Utc>,
}

pub(super) async fn voice(turn: &Turn<'_>, language: Language, recording: Recording<'_>) -> Result<Replies, Trouble> {
    let Recording { file, seconds, caption, date } = recording;
    let most = turn.bot.max_voice_seconds;
    if seconds > most {
        return Ok(turn.replies().say(Text::VoiceTooLong { minutes: most.div_ceil(60) }.render(language)));
    }
    if file.size.is_some_and(|size| size > MAX_FILE_BYTES) {
        return Ok(turn.replies().say(Text::VoiceTooLarge.render(language)));
    }
    let work = async {
        let bytes = match turn.bot.telegram.download(&file.id, MAX_FILE_BYTES).await {
            Ok(bytes) => bytes,
            Err(error) => {
                return Ok(turn.replies().say(trouble::excuse_file(error, With::Recording)?.render(language)));
            }
        };
        let request = ChatRequest {
            message: caption,
            timestamp: Some(date),
            audio_data: Some(STANDARD.encode(bytes)),
            audio_seconds: Some(seconds),
            ..ChatRequest::default()
        };
        answer(turn, language, &request, With::Recording).await
    };
    typing::while_doing(turn.bot, turn.person.chat_id, work).await
}

async fn answer(turn: &Turn<'_>, language: Language, request: &ChatRequest, with: With) -> Result<Replies, Trouble> {
    match turn.bot.api.chat(turn.person.id, &key(turn, ""), request).await {
        Ok(answer) => Ok(said(turn, language, answer)),
        Err(error) => excused(turn, language, error, with),
    }
}

/// The same key for every attempt: the API answers it once, however often it is asked.
fn key(turn: &Turn<'_>, kind: &str) -> String {
    let update = turn.update.update_id;
    if kind.is_empty() { format!("tg-{update}") } else { format!("tg-{update}-{kind}") }
}

fn excused(turn: &Turn<'_>, language: Language, error: ClientError, with: With) -> Result<Replies, Trouble> {
    match trouble::excuse(&error, with) {
        Some(excuse) => Ok(turn.replies().say(excuse.render(language))),
        None => Err(error.into()),
    }
}

/// The answer: written, and then, where it is there, spoken; a level that was reached with it comes last.
fn said(turn: &Turn<'_>, language: Language, answer: ChatResponse) -> Replies {
    let mut messages = markdown::to_messages(&answer.response_text);
    if messages.is_empty() {
        messages.push(Text::ModelFailed.render(language));
    }
    let mut replies = messages.into_iter().fold(turn.replies(), Replies::say);
    if let Some(ogg) = answer.voice_message {
        replies = replies.speak(ogg, answer.voice_seconds.unwrap_or_default());
    }
    match &answer.level_up {
        Some(reached) => replies.say(relationship::celebrate(reached, language)),
        None => replies,
    }
}
