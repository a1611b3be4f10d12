//! Files that the bot sends: parameters that hold one are sent as a form, all others as JSON.
//!
//! In the outbox a file is an object with its bytes in base64 ([`evolve_contract::upload`]), so that it waits there as everything
//! else does.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use evolve_contract::upload::BYTES;
use reqwest::multipart::{Form, Part};
use serde_json::Value;

/// The form of a call that holds a file; nothing for all others.
#[must_use]
pub(super) fn form(params: &Value) -> Option<Form> {
    let params = params.as_object().filter(|params| params.values().any(|value| value.get(BYTES).is_some()))?;
    let mut form = Form::new();
    for (name, value) in params {
        form = match (part(value), value) {
            (Some(part), _) => form.part(name.clone(), part),
            (None, Value::String(text)) => form.text(name.clone(), text.clone()),
            (None, other) => form.text(name.clone(), other.to_string()),
        };
    }
    Some(form)
}

fn part(value: &Value) -> Option<Part> {
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    // What cannot be decoded is sent as nothing, which Telegram refuses for good.
    let bytes = STANDARD.decode(text(BYTES)?).unwrap_or_default();
    let part = Part::bytes(bytes).file_name(text("name").unwrap_or("file").to_owned());
    part.mime_str(text("mime").unwrap_or("application/octet-stream")).ok()
}
