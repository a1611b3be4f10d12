//! Pictures: photos, albums, files that are pictures, and stickers.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::{DateTime, TimeDelta, Utc};
use evolve_contract::{
    ClientError, Code,
    chat::{ChatRequest, ChatResponse, MAX_FILE_BYTES},
};
use evolve_domain::language::Language;
use tokio::sync::OwnedSemaphorePermit;

use super::{
    Trouble, Turn, again, album,
    chat::{answer, excused, said},
    danger,
    incoming::Photo,
    live::{self, Answered},
    media::File,
    quoted,
    trouble::{self, With},
    typing,
};
use crate::{replies::Replies, telegram::FileError, texts::Text};

/// Pictures that were shown at once: one, or an album of this span. The key of an album tells its span, so that an edit finds
/// it from any of its pictures, whichever of them could be looked at, and one that was found longer when it was tried again is
/// not taken for the same request.
pub(super) async fn shown(
    turn: &Turn<'_>,
    language: Language,
    pictures: &[Vec<Photo>],
    span: i64,
    caption: String,
    date: DateTime<Utc>,
) -> Result<Replies, Trouble> {
    danger::look_after(turn, language, &caption).await;
    let files = fitting(pictures, turn.bot.max_image_bytes.min(MAX_FILE_BYTES), MAX_FILE_BYTES);
    if files.is_empty() {
        return Ok(turn.replies().say(Text::PhotoTooLarge.render(language)));
    }
    let limit = turn.bot.max_image_bytes.min(MAX_FILE_BYTES);
    let bytes = files.iter().map(|file| file.size.unwrap_or(limit)).sum::<u64>();
    let _room = turn.bot.room.take(bytes.min(MAX_FILE_BYTES))?;
    let work = async {
        let mut left = MAX_FILE_BYTES;
        let mut images = Vec::with_capacity(files.len());
        let (mut seen, mut excuse) = (None, Text::PhotoUnreadable);
        for file in &files {
            match download(turn, file, limit.min(left), May::Wait).await? {
                Ok(image) => {
                    left = left.saturating_sub(image.len() as u64 / 4 * 3);
                    images.push(image);
                    seen.get_or_insert(file);
                }
                // The others are worth an answer.
                Err(why) => excuse = why,
            }
        }
        let count = images.len();
        let mut images = images.into_iter();
        let Some(first) = images.next() else { return Ok(turn.replies().say(excuse.render(language))) };
        let (message, reply_to) = quoted::said(turn, language, &turn.update.payload, caption).await?;
        let request = ChatRequest {
            message,
            timestamp: Some(date),
            image_data: Some(first),
            more_images: images.collect(),
            image_ref: seen.map(|file| file.id.clone()).filter(|id| is_reference(id)),
            reply_to,
            voice_later: true,
            ..ChatRequest::default()
        };
        let mut key = if span == album::FIRST { turn.key() } else { again::album_key(&turn.key(), span) };
        let mut answered = live::ask(turn, language, &key, &request).await;
        // A picture came late, or could be had now and not before (or the other way round): it is another album by now.
        if span > album::FIRST && is_reused(&answered.answer) {
            key = format!("{key}-{count}");
            answered = live::ask(turn, language, &key, &request).await;
        }
        let Answered { answer, draft } = answered;
        let replies = turn.replies().keyed(&key).in_place_of(draft);
        match answer {
            Ok(answer) => {
                let here = u32::try_from(pictures.len() - count).unwrap_or(u32::MAX);
                let left_out = here.saturating_add(answer.images_left_out.unwrap_or_default());
                Ok(with_left_out(said(replies, language, answer), language, left_out))
            }
            Err(error) => excused(replies, language, error, With::Photo),
        }
    };
    typing::while_doing(turn.bot, turn.person.chat_id, work).await
}

fn is_reused(answer: &Result<ChatResponse, ClientError>) -> bool {
    answer.as_ref().is_err_and(|error| error.code() == Some(Code::IdempotencyKeyReused))
}

/// Who shows an album is told how many of its pictures nobody has looked at.
fn with_left_out(replies: Replies, language: Language, count: u32) -> Replies {
    if count == 0 { replies } else { replies.say(Text::PhotosLeftOut { count }.render(language)) }
}

/// The size to take of each picture: the largest, and of those that come in several a smaller one where not all would fit. All
/// travel in one body; what does not fit even so is left out, the largest first.
fn fitting(pictures: &[Vec<Photo>], most: u64, all: u64) -> Vec<File> {
    /// Of a photo whose size nobody says: Telegram makes them smaller than this.
    const USUAL: u64 = 512 * 1024;
    let bytes = |photo: &Photo| photo.size.unwrap_or(USUAL);
    let mut chosen: Vec<Vec<&Photo>> = pictures
        .iter()
        .map(|sizes| {
            let mut sizes: Vec<&Photo> = sizes.iter().filter(|photo| bytes(photo) <= most).collect();
            sizes.sort_by_key(|photo| photo.area);
            sizes
        })
        .collect();
    loop {
        let taken =
            || chosen.iter().enumerate().filter_map(|(place, sizes)| Some((place, bytes(sizes.last()?), sizes.len())));
        if taken().map(|(_, bytes, _)| bytes).sum::<u64>() <= all {
            break;
        }
        let smaller = taken().filter(|(.., sizes)| *sizes > 1).max_by_key(|(_, bytes, _)| *bytes);
        let Some((place, ..)) = smaller.or_else(|| taken().max_by_key(|(_, bytes, _)| *bytes)) else { break };
        if let Some(sizes) = chosen.get_mut(place) {
            sizes.pop();
        }
    }
    let file = |photo: &&Photo| File { id: photo.file_id.clone(), size: photo.size };
    chosen.iter().filter_map(|sizes| sizes.last().map(file)).collect()
}

/// A sticker that stands still. Whoever may not show pictures has said what its emoji says.
pub(super) async fn sticker(
    turn: &Turn<'_>,
    language: Language,
    file: &File,
    emoji: Option<String>,
    date: DateTime<Utc>,
) -> Result<Replies, Trouble> {
    let limit = turn.bot.max_image_bytes.min(MAX_FILE_BYTES);
    let _room = turn.bot.room.take(file.size.unwrap_or(limit))?;
    let work = async {
        let words = emoji.clone().unwrap_or_default();
        let (message, reply_to) = quoted::said(turn, language, &turn.update.payload, words).await?;
        if let Ok(image_data) = download(turn, file, limit, May::GoWithout).await? {
            let request = ChatRequest {
                message: message.clone(),
                timestamp: Some(date),
                image_data: Some(image_data),
                reply_to: reply_to.clone(),
                voice_later: true,
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
        let request =
            ChatRequest { message, timestamp: Some(date), reply_to, voice_later: true, ..ChatRequest::default() };
        answer(turn, language, &turn.key(), &request, With::Words).await
    };
    typing::while_doing(turn.bot, turn.person.chat_id, work).await
}

/// Room for a picture that was shown before, if there is one.
///
/// # Errors
/// [`Trouble::NotYet`], where there is none.
pub(super) fn room_for(turn: &Turn<'_>, file: Option<&File>) -> Result<Option<OwnedSemaphorePermit>, Trouble> {
    let limit = turn.bot.max_image_bytes.min(MAX_FILE_BYTES);
    file.map(|file| turn.bot.room.take(file.size.unwrap_or(limit))).transpose()
}

/// A picture that was shown before; nothing where it cannot be had any more: the words are answered all the same.
pub(super) async fn once_more(turn: &Turn<'_>, file: &File) -> Result<Option<String>, Trouble> {
    let limit = turn.bot.max_image_bytes.min(MAX_FILE_BYTES);
    Ok(download(turn, file, limit, May::GoWithout).await?.ok())
}

/// Whether the API can keep it.
pub(super) fn is_reference(id: &str) -> bool {
    (1..=255).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic())
}

/// Whether an answer may wait for a picture that Telegram does not give out now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum May {
    /// For a while.
    Wait,
    /// There is something to say without it.
    GoWithout,
}

/// For so long a picture that Telegram does not give out may still come: of one that is gone it says the same.
const AWAY: TimeDelta = TimeDelta::minutes(1);

/// A picture in base64, or what the person hears instead.
async fn download(
    turn: &Turn<'_>,
    file: &File,
    limit: u64,
    may: May,
) -> Result<Result<String, Text<'static>>, Trouble> {
    if file.size.is_some_and(|size| size > limit) {
        return Ok(Err(Text::PhotoTooLarge));
    }
    match turn.bot.telegram.download(&file.id, limit).await {
        Ok(bytes) => Ok(Ok(STANDARD.encode(bytes))),
        Err(FileError::Refused(why))
            if may == May::Wait
                && why.contains("temporarily unavailable")
                && turn.bot.clock.now() - turn.update.received_at < AWAY =>
        {
            Err(Trouble::Later { after: None, reason: "telegram_file_away" })
        }
        Err(error) => trouble::excuse_file(error, With::Photo).map(Err),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn photo(name: &str, size: u64, area: u64) -> Photo {
        Photo { file_id: name.to_owned(), size: Some(size), area }
    }

    #[test]
    fn an_album_shares_its_room_by_need() {
        let names = |pictures: &[Vec<Photo>], all| {
            fitting(pictures, 60, all).into_iter().map(|file| file.id).collect::<Vec<_>>().join(" ")
        };
        let file = |name: &str, size| vec![photo(name, size, 0)];
        let large_and_small = [file("large", 50), file("small", 5), file("tiny", 1)];
        assert_eq!(names(&large_and_small, 60), "large small tiny", "one may need most of it");
        let too_much = [file("a", 50), file("b", 40), file("c", 10)];
        assert_eq!(names(&too_much, 60), "b c", "the largest is left out");
        let sizes = [vec![photo("a1", 5, 1), photo("a2", 50, 2)], file("b", 40)];
        assert_eq!(names(&sizes, 60), "a1 b", "rather a smaller one than none");
        assert_eq!(names(&[file("huge", 61)], 100), "");
    }
}
