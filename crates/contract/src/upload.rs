//! Files that wait in the outbox, as whoever owes one and whoever sends it agree: an object with the bytes in base64, in the
//! place of a parameter.

use serde_json::{Value, json};

/// The name under which the bytes stand; no object of the Bot API has it.
pub const BYTES: &str = "upload_base64";

/// A file as a parameter.
#[must_use]
pub fn file(base64: String, name: &str, mime: &str) -> Value {
    json!({ BYTES: base64, "name": name, "mime": mime })
}

/// The parameters of a voice message: OGG with Opus, in base64.
#[must_use]
pub fn voice(chat_id: i64, ogg_base64: String, seconds: u32) -> Value {
    json!({ "chat_id": chat_id, "voice": file(ogg_base64, "voice.ogg", "audio/ogg"), "duration": seconds })
}
