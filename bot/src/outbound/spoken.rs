//! A spoken answer, once it was sent: Telegram tells how it can be had again.

use evolve_store::outbox::ClaimedOutgoing;
use serde_json::Value;

use crate::{bot::Bot, replies::spoken_key};

/// Writes down how the voice of an answer can be had again. That the person has it does not depend on it.
pub(super) async fn sent(bot: &Bot, outgoing: &ClaimedOutgoing, result: &Value) {
    let file = result.get("voice").and_then(|voice| voice.get("file_id")).and_then(Value::as_str);
    // A private chat has the id of its person, and nothing is spoken elsewhere.
    if let (Some(key), Some(file)) = (spoken_key(&outgoing.key), file)
        && let Err(error) = bot.store.audio().sent(outgoing.chat_id, key, file).await
    {
        bot.metrics.swallow("voice_reference", &error);
    }
}
