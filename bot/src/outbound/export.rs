//! The copy of everything that is kept of a person: asked of the API as it is sent, and kept nowhere in between.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use evolve_contract::ClientError;
use evolve_domain::language::Language;
use evolve_store::outbox::ClaimedOutgoing;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::{
    bot::Bot,
    telegram::{Refusal, TelegramError, upload},
    texts::Text,
};

/// The method under which it is owed; Telegram has none of that name.
pub(super) const METHOD: &str = "export";
/// One at a time in this process: each is held in memory while it is sent.
static ONE: Semaphore = Semaphore::const_new(1);

/// As a document.
///
/// # Errors
/// [`TelegramError`]: refused where the API will not make it, unavailable where it cannot now.
pub(super) async fn call_of(bot: &Bot, outgoing: &ClaimedOutgoing) -> Result<(String, Value), TelegramError> {
    let _one = ONE.acquire().await;
    let archive = bot.api.export(outgoing.chat_id).await.map_err(|error| failure(&error))?;
    let language = outgoing.params["language"].as_str().and_then(|code| code.parse().ok()).unwrap_or(Language::En);
    let name = format!("evolve-{}.zip", outgoing.created_at.format("%Y-%m-%d"));
    let document = upload::file(STANDARD.encode(archive), &name, "application/zip");
    let caption = Text::ExportCaption.render(language);
    let params = json!({ "chat_id": outgoing.chat_id, "document": document, "caption": caption, "parse_mode": "HTML" });
    Ok(("sendDocument".to_owned(), params))
}

fn failure(error: &ClientError) -> TelegramError {
    match error {
        ClientError::Problem(problem) if matches!(problem.status, 404 | 413) => {
            TelegramError::Refused { refusal: Refusal::Other, description: error.to_string() }
        }
        _ => TelegramError::Unavailable { reason: error.to_string(), may_have_happened: false },
    }
}
