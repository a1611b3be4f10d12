//! The copy of everything that is kept of a person: asked of the API as it is sent, and kept nowhere in between.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::{DateTime, TimeDelta, Utc};
use evolve_contract::{ClientError, upload};
use evolve_domain::language::Language;
use evolve_store::outbox::ClaimedOutgoing;
use serde_json::{Value, json};
use tokio::sync::{Semaphore, SemaphorePermit, TryAcquireError};

use crate::{
    bot::Bot,
    telegram::{Refusal, TelegramError},
    texts::Text,
};

/// The method under which it is owed; Telegram has none of that name.
pub(crate) const METHOD: &str = "export";
/// One at a time in this process: each is held in memory while it is sent.
static ONE: Semaphore = Semaphore::const_new(1);
/// Together with the time that sending may take, less than the lease of what is owed.
const FETCHED_WITHIN: Duration = Duration::from_secs(35);
/// For so long it is tried again, whatever it is that fails; then they hear that it does.
const GIVE_UP_AFTER: TimeDelta = TimeDelta::minutes(30);
/// While another copy is being sent.
pub(super) const TURN_WAIT: Duration = Duration::from_secs(10);

/// The turn to send it, to be held until it is sent; nothing is needed for what is no copy.
///
/// # Errors
/// While another copy is being sent.
pub(super) fn turn_of(outgoing: &ClaimedOutgoing) -> Result<Option<SemaphorePermit<'static>>, TryAcquireError> {
    (outgoing.method == METHOD).then(|| ONE.try_acquire()).transpose()
}

/// Whether it was tried, and for long enough.
pub(super) fn is_over(outgoing: &ClaimedOutgoing, now: DateTime<Utc>) -> bool {
    outgoing.method == METHOD && outgoing.attempts > 1 && now - outgoing.created_at > GIVE_UP_AFTER
}

/// As a document.
///
/// # Errors
/// [`TelegramError`]: refused where the API will not make it, unavailable where it cannot now.
pub(super) async fn call_of(bot: &Bot, outgoing: &ClaimedOutgoing) -> Result<(String, Value), TelegramError> {
    let fetched = tokio::time::timeout(FETCHED_WITHIN, bot.api.export(outgoing.chat_id)).await;
    let archive = fetched.map_err(|_| later("the copy took too long".to_owned()))?.map_err(|error| failure(&error))?;
    let language = outgoing.params["language"].as_str().and_then(|code| code.parse().ok()).unwrap_or(Language::En);
    let name = format!("evolve-{}.zip", outgoing.created_at.format("%Y-%m-%d"));
    let document = upload::file(STANDARD.encode(archive), &name, "application/zip");
    let caption = Text::ExportCaption.render(language);
    let params = json!({ "chat_id": outgoing.chat_id, "document": document, "caption": caption, "parse_mode": "HTML" });
    Ok(("sendDocument".to_owned(), params))
}

fn later(reason: String) -> TelegramError {
    TelegramError::Unavailable { reason, may_have_happened: false }
}

fn failure(error: &ClientError) -> TelegramError {
    match error {
        ClientError::Problem(problem) if matches!(problem.status, 404 | 413) => {
            TelegramError::Refused { refusal: Refusal::Other, description: error.to_string() }
        }
        _ => later(error.to_string()),
    }
}
