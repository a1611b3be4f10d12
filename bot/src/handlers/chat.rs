//! What goes to the companion, and what comes back: written, drawn, spoken.

use chrono::{DateTime, Utc};
use evolve_contract::{
    ClientError, Code,
    chat::{ChatRequest, ChatResponse},
};
use evolve_domain::language::Language;

use super::{
    Trouble, Turn, consent, live, quoted, relationship,
    trouble::{self, With},
    typing,
};
use crate::{markdown, replies::Replies, texts::Text};

pub(super) async fn text(
    turn: &Turn<'_>,
    language: Language,
    message: String,
    date: DateTime<Utc>,
) -> Result<Replies, Trouble> {
    let (message, reply_to) = quoted::said(turn, language, &turn.update.payload, message).await?;
    let request = ChatRequest { message, timestamp: Some(date), reply_to, voice_later: true, ..ChatRequest::default() };
    let key = turn.key();
    typing::while_doing(turn.bot, turn.person.chat_id, answer(turn, language, &key, &request, With::Words)).await
}

/// The companion's answer to what is asked of it under a key, or why there is none.
pub(super) async fn answer(
    turn: &Turn<'_>,
    language: Language,
    key: &str,
    request: &ChatRequest,
    with: With,
) -> Result<Replies, Trouble> {
    let live::Answered { answer, draft } = live::ask(turn, language, key, request).await;
    let replies = turn.replies().keyed(key).in_place_of(draft);
    match answer {
        Ok(answer) => Ok(said(replies, language, answer)),
        // An edit of something that was never said to the companion.
        Err(error) if error.code() == Some(Code::MessageNotFound) => Ok(replies),
        Err(error) => excused(replies, language, error, with),
    }
}

pub(super) fn excused(
    replies: Replies,
    language: Language,
    error: ClientError,
    with: With,
) -> Result<Replies, Trouble> {
    let replies = if trouble::is_ban(&error) { replies.of_ban() } else { replies };
    match trouble::excuse(&error, with) {
        Some(excuse) => Ok(replies.say(excuse.render(language))),
        None => Err(error.into()),
    }
}

/// The answer: written, and then, where they are there, drawn and spoken; a level that was reached with it comes last.
pub(super) fn said(replies: Replies, language: Language, answer: ChatResponse) -> Replies {
    let ChatResponse {
        response_text,
        voice_message,
        voice_seconds,
        image_base64,
        level_up,
        stopped,
        corrected,
        asks_consent,
        consent_withdrawn,
        heard: _,
        // They were owed before anything was asked of the API.
        helplines: _,
        images_left_out: _,
    } = answer;
    if corrected {
        return replies;
    }
    let mut messages = markdown::to_messages(&response_text);
    if messages.is_empty() && image_base64.is_none() {
        let text = if stopped { Text::Stopped } else { Text::ModelFailed };
        messages.push(text.render(language));
    }
    let mut replies = messages.into_iter().fold(replies, Replies::say);
    if let Some(picture) = image_base64 {
        replies = replies.show(picture);
    }
    if let Some(ogg) = voice_message {
        replies = replies.speak(ogg, voice_seconds.unwrap_or_default());
    }
    if let Some(reached) = &level_up {
        replies = replies.say(relationship::celebrate(reached, language));
    }
    if consent_withdrawn {
        replies = consent::withdrawn(replies, language);
    }
    if asks_consent { consent::ask(replies, language) } else { replies }
}
