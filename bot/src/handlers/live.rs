//! An answer that is shown while it is made.
//!
//! The answer itself is owed like any other: the outbox says it, and nothing here can lose it. What is shown before is a
//! courtesy. It is a message that grows by edits, or Telegram's own draft of one; it is skipped when Telegram is slow, asks
//! us to send less, or has other things of ours to send. A message that was begun is remembered with the update, so that
//! whoever goes on after a crash goes on in it, and the owed answer takes its place; [`beginning`] says how that one is sent.

mod beginning;

pub(crate) use beginning::Beginnings;

use std::pin::pin;
use std::time::Duration;

use evolve_contract::ClientError;
use evolve_contract::chat::{ChatEvent, ChatRequest, ChatResponse};
use evolve_domain::language::Language;
use futures::StreamExt as _;
use serde_json::Value;
use tokio::time::{Instant, sleep_until, timeout};

use self::beginning::Beginning;
use super::{Turn, danger, stop};
use crate::bot::Showing;
use crate::markdown;
use crate::replies::text_params;
use crate::telegram::TelegramError;

/// Nothing is shown of answers that are done sooner: a message that flickers is no courtesy.
const FIRST_AFTER: Duration = Duration::from_millis(1200);
/// Telegram lets a bot write to one chat about once a second, edits included.
const EVERY: Duration = Duration::from_millis(1500);
/// What Telegram may take; the answer itself waits meanwhile. Of one that is slower, nothing more is shown.
const PATIENCE: Duration = Duration::from_secs(3);

/// What came of asking.
pub(super) struct Answered {
    pub(super) answer: Result<ChatResponse, ClientError>,
    /// The message that the answer takes the place of.
    pub(super) draft: Option<i64>,
}

/// Asks the companion, and shows what it says as it says it. Of a recording it first says what was heard in it; somebody who
/// may be in danger gets whom to call then, before there is an answer, and before anything is spoken.
pub(super) async fn ask(turn: &Turn<'_>, language: Language, key: &str, request: &ChatRequest) -> Answered {
    let mut draft = Draft::new(turn, key);
    let answer = match draft.showing {
        Showing::Off if request.audio_data.is_none() => turn.bot.api.chat(turn.person.id, key, request).await,
        _ => listen(turn, language, key, request, &mut draft).await,
    };
    // Whoever goes on after a crash may find the answer made, and was told nothing else.
    if let Ok(ChatResponse { heard: Some(heard), .. }) = &answer {
        danger::look_after(turn, language, heard).await;
    }
    Answered { answer, draft: draft.settled().await }
}

async fn listen(
    turn: &Turn<'_>,
    language: Language,
    key: &str,
    request: &ChatRequest,
    draft: &mut Draft<'_>,
) -> Result<ChatResponse, ClientError> {
    let mut events = pin!(turn.bot.api.chat_stream(turn.person.id, key, request).await?);
    let mut text = String::new();
    loop {
        let event = tokio::select! {
            biased;
            event = events.next() => event,
            () = sleep_until(draft.due), if draft.is_behind() => {
                draft.show(&text).await;
                continue;
            }
        };
        match event {
            Some(Ok(ChatEvent::Heard(heard))) => danger::look_after(turn, language, &heard).await,
            Some(Ok(ChatEvent::Delta(more))) => {
                text.push_str(&more);
                draft.has_news = true;
            }
            Some(Ok(ChatEvent::Restart)) => text.clear(),
            Some(Ok(ChatEvent::Done(answer))) => return Ok(answer),
            Some(Ok(ChatEvent::Error(problem))) => return Err(ClientError::Problem(problem)),
            Some(Err(error)) => return Err(error),
            // Cut off between two events. The answer is made all the same, and the key finds it.
            None => return turn.bot.api.chat(turn.person.id, key, request).await,
        }
    }
}

/// What is shown of the answer so far.
struct Draft<'a> {
    turn: &'a Turn<'a>,
    /// The key of the answer.
    key: &'a str,
    showing: Showing,
    message_id: Option<i64>,
    /// The message, while nobody knows its number.
    beginning: Option<Beginning>,
    /// As it is shown now.
    shown: String,
    /// Whether there is more text than was looked at. It is looked at when it may be shown: a long answer comes in
    /// thousands of pieces, and each look reads all of it.
    has_news: bool,
    /// When it may be shown next.
    due: Instant,
    /// The button that stops the answer.
    keyboard: Option<Value>,
}

impl<'a> Draft<'a> {
    fn new(turn: &'a Turn<'a>, key: &'a str) -> Self {
        let due = Instant::now() + FIRST_AFTER;
        Self {
            turn,
            key,
            showing: turn.bot.showing,
            message_id: turn.update.draft_id,
            beginning: None,
            shown: String::new(),
            has_news: false,
            due,
            keyboard: None,
        }
    }

    /// Whether it may be shown now. What is still owed to the chat comes before it.
    async fn may_show(&self) -> bool {
        let is_first = self.shown.is_empty();
        let clear = !is_first || self.turn.bot.store.outbox().is_clear(self.turn.person.chat_id).await.unwrap_or(false);
        clear && self.turn.bot.pace.has_room(self.turn.person.chat_id).await
    }

    fn is_behind(&self) -> bool {
        self.showing != Showing::Off && self.has_news
    }

    async fn show(&mut self, text: &str) {
        self.has_news = false;
        let Some(html) = visible(text).filter(|html| *html != self.shown) else { return };
        if !self.may_show().await {
            self.has_news = true;
            self.due = Instant::now() + EVERY;
            return;
        }
        let mut params = text_params(self.turn.person.chat_id, &html);
        if self.showing == Showing::Edits {
            params["reply_markup"] = self.keyboard().await;
        }
        let method = match (self.showing, self.message_id) {
            (Showing::Drafts, _) => {
                // It must not be 0; the number of the update is the same in each attempt.
                params["draft_id"] = self.turn.update.update_id.max(1).into();
                "sendMessageDraft"
            }
            (_, Some(message_id)) => {
                params["message_id"] = message_id.into();
                "editMessageText"
            }
            (_, None) => "sendMessage",
        };
        if method == "sendMessage" {
            self.begin(params).await;
        } else {
            let sent = timeout(PATIENCE, self.turn.bot.telegram.call(method, &params)).await;
            match sent {
                Ok(Ok(_)) => self.turn.bot.metrics.sent(method),
                Ok(Err(error)) => self.stop(method, &error).await,
                Err(_) => self.stop(method, &TelegramError::slow(PATIENCE)).await,
            }
        }
        self.shown = html;
        self.due = Instant::now() + EVERY;
    }

    /// Sends the first message of it. Where Telegram is slow to say that it has it, nothing more is shown until the answer is whole,
    /// which takes its place.
    async fn begin(&mut self, params: Value) {
        const METHOD: &str = "sendMessage";
        let chat_id = self.turn.person.chat_id;
        let mut beginning = Beginning::send(self.turn.bot, self.turn.update, chat_id, params);
        let told = beginning.within(PATIENCE).await;
        match told {
            Some(Ok(message_id)) => self.message_id = message_id,
            Some(Err(error)) => self.stop(METHOD, &error).await,
            None => {
                self.beginning = Some(beginning);
                self.stop(METHOD, &TelegramError::slow(PATIENCE)).await;
            }
        }
    }

    /// The message that the answer takes the place of, once that is known.
    async fn settled(self) -> Option<i64> {
        match self.beginning {
            Some(beginning) => beginning.settled().await,
            None => self.message_id,
        }
    }

    /// Each edit takes it along; the answer itself is owed without it.
    async fn keyboard(&mut self) -> Value {
        if let Some(keyboard) = &self.keyboard {
            return keyboard.clone();
        }
        let keyboard = stop::keyboard(self.turn.best_known_language().await, self.key);
        self.keyboard.insert(keyboard).clone()
    }

    async fn stop(&mut self, method: &'static str, error: &TelegramError) {
        if let TelegramError::RetryAfter(wait) = error {
            self.turn.bot.pace.flooded(self.turn.person.chat_id, *wait).await;
        }
        tracing::debug!(method, %error, "stopped showing an answer as it is made");
        self.turn.bot.metrics.swallow("draft", error);
        self.showing = Showing::Off;
    }
}

/// What of an unfinished answer is shown: its first message.
fn visible(text: &str) -> Option<String> {
    markdown::to_messages(text).into_iter().next()
}
