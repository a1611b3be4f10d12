//! Recordings: what people say instead of writing it.
//!
//! Saying it again is more to ask than writing it again. So where nobody could listen, or answer, the update stays in the
//! inbox with all that it carries, and a button under the excuse has it tried once more, under the same key.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use evolve_contract::{
    ClientError, Code,
    chat::{ChatRequest, ChatResponse, MAX_FILE_BYTES},
    profile::ProfileData,
};
use evolve_domain::language::Language;
use serde_json::Value;

use super::{
    Trouble, Turn, again,
    chat::said,
    danger,
    incoming::{self, Incoming},
    live::{self, Answered},
    media::{File, Media},
    pictures::is_reference,
    quoted,
    trouble::{self, With},
    typing,
};
use crate::{replies::Replies, telegram::FileError, texts::Text};

const AGAIN: &str = "again:";

/// What a person said.
pub(super) struct Recording<'a> {
    /// The update that it came with.
    pub(super) update_id: i64,
    /// What that holds.
    pub(super) payload: &'a Value,
    pub(super) file: &'a File,
    pub(super) seconds: u32,
    pub(super) caption: String,
    pub(super) date: DateTime<Utc>,
}

/// What came of a recording.
struct Attempt {
    answer: Result<Box<ChatResponse>, Excuse>,
    /// What it is owed in: an answer under the key of its turn, an excuse under that of the update that it excuses, or the
    /// answer that comes later would be taken for it.
    replies: Replies,
}

/// What the person hears instead of an answer.
struct Excuse {
    text: Text<'static>,
    /// Whether trying again may help.
    again: bool,
}

impl Excuse {
    fn for_good(text: Text<'static>) -> Self {
        Self { text, again: false }
    }
}

pub(super) async fn heard(turn: &Turn<'_>, language: Language, recording: Recording<'_>) -> Result<Replies, Trouble> {
    let update_id = recording.update_id;
    let Attempt { answer, replies } = attempt(turn, language, recording).await?;
    Ok(match answer {
        Ok(answer) => said(replies, language, *answer),
        Err(Excuse { text, again: false }) => replies.say(text.render(language)),
        Err(Excuse { text, again: true }) => {
            let (label, data) = button(update_id, language);
            replies.ask(text.render(language), &[&[(&label, &data)]]).keeping("unheard")
        }
    })
}

async fn attempt(turn: &Turn<'_>, language: Language, recording: Recording<'_>) -> Result<Attempt, Trouble> {
    let Recording { update_id, payload, file, seconds, caption, date } = recording;
    danger::look_after(turn, language, &caption).await;
    let excused = |text| Ok(Attempt { answer: Err(Excuse::for_good(text)), replies: turn.replies() });
    let most = turn.bot.max_voice_seconds;
    if seconds > most {
        return excused(too_long(most));
    }
    if file.size.is_some_and(|size| size > MAX_FILE_BYTES) {
        return excused(Text::VoiceTooLarge);
    }
    let _room = turn.bot.room.take(file.size.unwrap_or(MAX_FILE_BYTES))?;
    let work = async {
        let bytes = match turn.bot.telegram.download(&file.id, MAX_FILE_BYTES).await {
            Ok(bytes) => bytes,
            // It may be away for a while only: Telegram does not tell the one from the other.
            Err(FileError::Refused(_)) => {
                let excuse = Excuse { text: Text::VoiceUnheard, again: true };
                return Ok(Attempt { answer: Err(excuse), replies: turn.replies() });
            }
            Err(error) => return excused(trouble::excuse_file(error, With::Recording)?),
        };
        let (message, reply_to) = quoted::said(turn, language, payload, caption).await?;
        let request = ChatRequest {
            message,
            timestamp: Some(date),
            audio_data: Some(STANDARD.encode(bytes)),
            audio_ref: Some(file.id.clone()).filter(|id| is_reference(id)),
            audio_forwarded: quoted::is_forwarded(payload),
            voice_later: true,
            reply_to,
            ..ChatRequest::default()
        };
        let key = again::key_in(payload, turn.person.chat_id, update_id);
        let Answered { answer, draft } = live::ask(turn, language, &key, &request).await;
        let replies = turn.replies().in_place_of(draft);
        Ok(match answer {
            Ok(answer) => Attempt { answer: Ok(Box::new(answer)), replies: replies.keyed(&key) },
            Err(error) if trouble::is_ban(&error) => {
                Attempt { answer: Err(Excuse::for_good(Text::Banned)), replies: replies.of_ban() }
            }
            Err(error) => Attempt { answer: Err(excuse(error, most)?), replies },
        })
    };
    typing::while_doing(turn.bot, turn.person.chat_id, work).await
}

/// Of who may be heard for `most` seconds.
fn too_long(most: u32) -> Text<'static> {
    Text::VoiceTooLong { minutes: most.div_ceil(60) }
}

fn excuse(error: ClientError, most: u32) -> Result<Excuse, Trouble> {
    match error.code() {
        // Of a sound that comes as a file, Telegram does not say how long it is.
        Some(Code::AudioTooLong) => Ok(Excuse::for_good(too_long(most))),
        Some(Code::ModelUnavailable | Code::ModelFailed) => Ok(Excuse { text: Text::VoiceUnheard, again: true }),
        code => match trouble::excuse(&error, With::Recording) {
            Some(text) => Ok(Excuse { text, again: code == Some(Code::QuotaExhausted) }),
            None => Err(error.into()),
        },
    }
}

/// Its label, and what it says to us.
fn button(update_id: i64, language: Language) -> (String, String) {
    (Text::VoiceTryAgain.render(language), format!("{AGAIN}{update_id}"))
}

/// Whether a button is one of these.
#[must_use]
pub(super) fn is_ours(data: &str) -> bool {
    data.starts_with(AGAIN)
}

/// The update that such a button has tried again.
#[must_use]
pub(super) fn kept_by(data: &str) -> Option<i64> {
    data.strip_prefix(AGAIN)?.parse().ok()
}

/// The button was pressed: the recording is tried again. Its message then says that this is done, or has the button again.
pub(super) async fn again(
    turn: &Turn<'_>,
    profile: &ProfileData,
    message: Option<i64>,
    data: &str,
) -> Result<Replies, Trouble> {
    let language = turn.language(Some(profile));
    let settled = |replies: Replies| match message {
        Some(message) => replies.edit(message, Text::VoiceSettled.render(language)),
        None => replies,
    };
    let Some(update_id) = kept_by(data) else { return Ok(turn.replies()) };
    let Some(payload) = kept(turn, update_id).await? else { return Ok(settled(turn.replies())) };
    let Some((file, seconds, caption, date)) = recorded(turn, &payload) else { return Ok(settled(turn.replies())) };
    let recording = Recording { update_id, payload: &payload, file: &file, seconds, caption, date };
    let Attempt { answer, replies } = attempt(turn, language, recording).await?;
    Ok(match answer {
        Ok(answer) => settled(said(replies, language, *answer)).together_with(vec![update_id]),
        Err(Excuse { text, again: false }) => {
            settled(replies.say(text.render(language))).together_with(vec![update_id])
        }
        Err(Excuse { text, again: true }) => {
            let (label, data) = button(update_id, language);
            let (text, buttons): (_, &[&[(&str, &str)]]) = (text.render(language), &[&[(&label, &data)]]);
            match message {
                // The answer was begun below: what is left of it becomes the excuse, and one button is enough.
                Some(message) if replies.has_draft() => replies.ask(text, buttons).unbutton(message),
                Some(message) => replies.edit_asking(message, text, buttons),
                None => replies.ask(text, buttons),
            }
        }
    })
}

/// An earlier update; nothing where it was answered meanwhile, or is no longer kept.
pub(super) async fn kept(turn: &Turn<'_>, update_id: i64) -> Result<Option<Value>, Trouble> {
    // What stands in the chat of another is nobody's business here.
    let kept = turn.bot.store.inbox().kept(update_id, turn.person.chat_id).await;
    kept.map_err(|error| Trouble::Fault { reason: "kept", detail: error.to_string() })
}

/// The recording that an update of this person holds.
fn recorded(turn: &Turn<'_>, payload: &Value) -> Option<(File, u32, String, DateTime<Utc>)> {
    match incoming::read(payload) {
        Ok((person, Incoming::Media { media: Media::Recording { file, seconds }, caption, date }))
            if person.id == turn.person.id =>
        {
            Some((file, seconds, caption, date))
        }
        _ => None,
    }
}
