//! What a chat request must be before a turn is made of it.

use axum::http::HeaderMap;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use chrono::{DateTime, TimeDelta, Utc};
use evolve_contract::{
    Code,
    chat::{self, ChatRequest, IDEMPOTENCY_KEY_HEADER},
};
use evolve_engine::{
    speech::{Audio, AudioError},
    turn::{self, Image, TurnRequest},
};

use crate::{chat::image, problem::ApiError};

/// Longest message, in characters: four of Telegram's.
pub(super) const MAX_MESSAGE_CHARS: usize = 16_384;
/// Images besides the first: a Telegram album has ten.
const MAX_MORE_IMAGES: usize = 9;
/// Longest text that a message answers, in characters: one message of Telegram's. Less of it is shown to a model.
const MAX_QUOTED_CHARS: usize = 4096;
/// Most messages that one request names.
const MAX_KEYS: usize = 50;
/// Longest idempotency key, in characters.
const MAX_KEY_CHARS: usize = 255;
/// How far a caller's clock may be ahead of ours.
const CLOCK_SKEW: TimeDelta = TimeDelta::minutes(5);
/// How old a message may be: Telegram keeps updates for a day, and our bot may have been away after that.
const MAX_AGE: TimeDelta = TimeDelta::days(30);

/// How much may come with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Largest image, in bytes.
    pub image_bytes: usize,
    /// Longest recording, in seconds.
    pub voice_seconds: u32,
}

/// The turn that a request asks for.
///
/// # Errors
/// `invalid_value`, `invalid_image`, `invalid_audio`, `audio_too_long`.
pub(super) fn turn_request(
    user_id: i64,
    headers: &HeaderMap,
    body: ChatRequest,
    bounds: Bounds,
    now: DateTime<Utc>,
) -> Result<TurnRequest, ApiError> {
    let key = idempotency_key(headers)?;
    let ChatRequest {
        message,
        timestamp,
        image_data,
        image_ref,
        more_images,
        audio_data,
        audio_ref,
        audio_seconds: _,
        audio_forwarded,
        voice_later,
        reply_to,
        again,
    } = body;
    check_message(&message)?;
    let has_more = image_data.is_some() || audio_data.is_some();
    let again = again.map(|again| made_anew(again, &message, audio_data.is_some())).transpose()?;
    // The words of a picture may be taken away.
    let may_be_empty = message.is_empty() && again.is_some();
    if message.trim().is_empty() && !has_more && !may_be_empty {
        return Err(invalid("message is empty, and there is no image and no recording"));
    }
    let audio_forwarded = audio_forwarded && audio_data.is_some();
    if message.trim().is_empty() && audio_forwarded {
        return Err(invalid("message is empty, and the recording is somebody else's"));
    }
    if let Some(sent_at) = timestamp
        && !(now - MAX_AGE..=now + CLOCK_SKEW).contains(&sent_at)
    {
        return Err(invalid("timestamp is in the future, or more than 30 days ago"));
    }
    if more_images.len() > MAX_MORE_IMAGES || (image_data.is_none() && !more_images.is_empty()) {
        return Err(invalid(format!("more_images holds more than {MAX_MORE_IMAGES}, or comes without image_data")));
    }
    let shown = |data: &String| {
        image::decode(data, bounds.image_bytes)
            .map_err(|error| ApiError::new(Code::InvalidImage).detail(error.to_string()))
    };
    let pictures: Vec<_> = image_data.iter().chain(&more_images).map(shown).collect();
    let images_left_out = pictures.iter().filter(|picture| picture.is_err()).count();
    let (image, more_images) = album(pictures)?;
    let audio = audio_data.map(|data| recording(&data, bounds.voice_seconds)).transpose()?;
    let reply_to = reply_to.map(quoted).transpose()?;
    let image_ref = reference("image_ref", image_ref, image.is_some())?;
    let audio_ref = reference("audio_ref", audio_ref, audio.is_some())?;
    Ok(TurnRequest {
        user_id,
        key,
        text: message,
        image,
        image_ref,
        more_images,
        images_left_out,
        audio,
        audio_ref,
        audio_forwarded,
        reply_to,
        again,
        voice_later,
        aside: None,
        handle: None,
    })
}

/// What every message must be.
///
/// # Errors
/// `invalid_value`.
pub(crate) fn check_message(message: &str) -> Result<(), ApiError> {
    if message.chars().count() > MAX_MESSAGE_CHARS {
        return Err(invalid(format!("message is longer than {MAX_MESSAGE_CHARS} characters")));
    }
    // Postgres cannot hold it, and no keyboard makes it.
    if message.contains('\0') {
        return Err(invalid("message holds a NUL character"));
    }
    Ok(())
}

/// The pictures that can be shown, the first apart. One that is spoilt does not cost the others their answer.
fn album(pictures: Vec<Result<Image, ApiError>>) -> Result<(Option<Image>, Vec<Image>), ApiError> {
    let (good, bad): (Vec<_>, Vec<_>) = pictures.into_iter().partition(Result::is_ok);
    let mut good = good.into_iter().flatten();
    match (good.next(), bad.into_iter().next()) {
        (None, Some(bad)) => bad.map(|image| (Some(image), Vec::new())),
        (first, _) => Ok((first, good.collect())),
    }
}

fn recording(base64: &str, max_seconds: u32) -> Result<Audio, ApiError> {
    let wrong = |detail: String| ApiError::new(Code::InvalidAudio).detail(detail);
    let bytes = BASE64_STANDARD.decode(base64).map_err(|_| {
        wrong(
            "audio_data is not base64 (the standard alphabet, with padding, without line breaks or a data: prefix)"
                .to_owned(),
        )
    })?;
    Audio::check(bytes, max_seconds).map_err(|error| match error {
        AudioError::TooLong { .. } => ApiError::new(Code::AudioTooLong).detail(error.to_string()),
        _ => wrong(error.to_string()),
    })
}

/// How the caller can have a file again; nothing where none came.
fn reference(name: &str, reference: Option<String>, has_file: bool) -> Result<Option<String>, ApiError> {
    if !reference.as_ref().is_none_or(|reference| is_key(reference)) {
        return Err(invalid(format!("{name} must have 1 to {MAX_KEY_CHARS} visible ASCII characters")));
    }
    Ok(reference.filter(|_| has_file))
}

/// Which answer is to be made anew. What was heard in a recording are the words; it is not heard again.
fn made_anew(again: chat::Again, message: &str, has_audio: bool) -> Result<turn::Again, ApiError> {
    if has_audio {
        return Err(invalid("an answer is made anew without audio_data"));
    }
    match again {
        chat::Again::Last if message.is_empty() => Ok(turn::Again::Last),
        chat::Again::Last => Err(invalid("message must be empty where the last answer is made anew")),
        chat::Again::Edited(key) if is_key(&key) => Ok(turn::Again::Edited(key)),
        chat::Again::Edited(_) => Err(invalid("again.edited must be the Idempotency-Key of a message")),
        chat::Again::Corrected(key) if is_key(&key) => Ok(turn::Again::Corrected(key)),
        chat::Again::Corrected(_) => Err(invalid("again.corrected must be the Idempotency-Key of a message")),
    }
}

/// The keys of messages; nothing where there are none.
///
/// # Errors
/// `invalid_value`.
pub(super) fn keys(keys: Vec<String>) -> Result<Option<Vec<String>>, ApiError> {
    if keys.len() > MAX_KEYS || !keys.iter().all(|key| is_key(key)) {
        return Err(invalid(format!("keys must be at most {MAX_KEYS} Idempotency-Keys of messages")));
    }
    Ok((!keys.is_empty()).then_some(keys))
}

/// What a message answers.
///
/// # Errors
/// `invalid_value`.
pub(crate) fn quoted(quoted: chat::Quoted) -> Result<turn::Quoted, ApiError> {
    let chat::Quoted { author, text } = quoted;
    if text.chars().count() > MAX_QUOTED_CHARS {
        return Err(invalid(format!("reply_to.text is longer than {MAX_QUOTED_CHARS} characters")));
    }
    let author = match author {
        chat::Author::Person => turn::Author::Person,
        chat::Author::Companion => turn::Author::Companion,
        chat::Author::Other => turn::Author::Other,
    };
    Ok(turn::Quoted { author, text })
}

/// The Idempotency-Key of a request, if it has one.
///
/// # Errors
/// `invalid_value`.
pub(crate) fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let mut values = headers.get_all(IDEMPOTENCY_KEY_HEADER).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let wrong =
        || invalid(format!("Idempotency-Key must be one value of 1 to {MAX_KEY_CHARS} visible ASCII characters"));
    if values.next().is_some() {
        return Err(wrong());
    }
    let key = value.to_str().map_err(|_| wrong())?;
    if is_key(key) { Ok(Some(key.to_owned())) } else { Err(wrong()) }
}

fn is_key(key: &str) -> bool {
    (1..=MAX_KEY_CHARS).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic())
}

/// The problem of a value that cannot be.
pub(crate) fn invalid(detail: impl Into<String>) -> ApiError {
    ApiError::new(Code::InvalidValue).detail(detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-03-01T12:00:00Z".parse().unwrap()
    }

    fn checked(message: &str, key: Option<&str>, timestamp: Option<DateTime<Utc>>) -> Result<TurnRequest, Code> {
        let mut headers = HeaderMap::new();
        if let Some(key) = key {
            headers.append(IDEMPOTENCY_KEY_HEADER, axum::http::HeaderValue::from_bytes(key.as_bytes()).unwrap());
        }
        let body = ChatRequest { message: message.to_owned(), timestamp, ..ChatRequest::default() };
        let bounds = Bounds { image_bytes: 1024, voice_seconds: 60 };
        turn_request(42, &headers, body, bounds, now()).map_err(|error| error.code())
    }

    #[test]
    fn a_reference_is_kept_with_its_file_and_has_bounds() {
        let kept = |name: String, has_file| reference("audio_ref", Some(name), has_file).map_err(|error| error.code());
        assert_eq!(kept("f".to_owned(), true), Ok(Some("f".to_owned())));
        assert_eq!(kept("f".to_owned(), false), Ok(None));
        for bad in [String::new(), "two words".to_owned(), "f".repeat(256)] {
            assert_eq!(kept(bad, true), Err(Code::InvalidValue));
        }
    }

    #[test]
    fn messages_keys_and_times_have_bounds() {
        fn ok(message: &str, key: Option<&str>, timestamp: Option<DateTime<Utc>>) -> bool {
            checked(message, key, timestamp).is_ok()
        }
        assert!(ok("Привет!", Some("tg-1"), Some(now())));
        assert!(ok(&"я".repeat(16_384), Some(&"k".repeat(255)), Some(now() + CLOCK_SKEW)));
        assert!(ok("a", None, Some(now() - MAX_AGE)));
        for bad in ["", " \n\t", "a\0b", &"я".repeat(16_385)] {
            assert_eq!(checked(bad, None, None).unwrap_err(), Code::InvalidValue);
        }
        for bad in ["", "two words", "ключ", &"k".repeat(256)] {
            assert_eq!(checked("a", Some(bad), None).unwrap_err(), Code::InvalidValue, "{bad}");
        }
        for bad in [now() + CLOCK_SKEW + TimeDelta::seconds(1), now() - MAX_AGE - TimeDelta::seconds(1)] {
            assert_eq!(checked("a", None, Some(bad)).unwrap_err(), Code::InvalidValue, "{bad}");
        }
    }
}
