//! `audio/transcriptions` and `audio/speech`, as OpenAI and the servers after it speak them.

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::{Multipart, State},
    http::{HeaderMap, Uri, header},
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};

use super::{
    super::{
        behaviour::{Behaviour, Piece},
        gemini::speech,
        server::{Recorded, Shared, headers, json as json_response},
    },
    Refusal, refusal,
};

const VOICES: [&str; 11] =
    ["alloy", "ash", "ballad", "coral", "echo", "fable", "nova", "onyx", "sage", "shimmer", "verse"];

/// Hears: what it heard is what a queued answer says, or else the name and the size of the file.
pub(super) async fn transcriptions(
    State(shared): State<Arc<Shared>>,
    uri: Uri,
    header_map: HeaderMap,
    form: Multipart,
) -> Response {
    let Some((fields, file)) = read(form).await else {
        return Refusal::invalid("Could not parse multipart form", None).response();
    };
    let field = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let record = Recorded {
        uri: uri.to_string(),
        headers: headers(&header_map),
        model: field("model"),
        stream: false,
        prompt: field("prompt"),
        body: Value::Object(fields.clone()),
    };
    shared.record(record.clone());
    if let Err(refusal) = admit(&shared, &record) {
        return refusal.response();
    }
    if file.is_empty() {
        return Refusal::invalid("Audio file is required.", Some("file")).response();
    }
    match shared.decide(&record).await {
        Some(Behaviour::Refuse { status, headers, body, retry_after }) => {
            refusal::scripted(status, &headers, body, retry_after)
        }
        Some(Behaviour::Answer { pieces, .. }) => {
            let said = pieces
                .iter()
                .filter_map(|piece| if let Piece::Text(text) = piece { Some(text.as_str()) } else { None });
            json_response(200, &json!({ "text": said.collect::<String>() }))
        }
        Some(Behaviour::Object(object)) => json_response(200, &object),
        Some(Behaviour::Raw { content_type, bytes }) => ([(header::CONTENT_TYPE, content_type)], bytes).into_response(),
        _ => json_response(200, &json!({ "text": format!("Words of {} in {} bytes.", field("file"), file.len()) })),
    }
}

/// Speaks: a WAV file whose header does not know its length, as the real one streams it.
pub(super) async fn speak(
    State(shared): State<Arc<Shared>>,
    uri: Uri,
    header_map: HeaderMap,
    bytes: Bytes,
) -> Response {
    let body: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let record = Recorded {
        uri: uri.to_string(),
        headers: headers(&header_map),
        model: text("model"),
        stream: false,
        prompt: text("input"),
        body: body.clone(),
    };
    shared.record(record.clone());
    if let Err(refusal) = admit(&shared, &record) {
        return refusal.response();
    }
    if !VOICES.contains(&text("voice").as_str()) {
        return Refusal::invalid("Input should be a voice", Some("voice")).response();
    }
    if text("input").is_empty() || text("input").chars().count() > 4096 {
        return Refusal::invalid("String should have 1 to 4096 characters", Some("input")).response();
    }
    match shared.decide(&record).await {
        Some(Behaviour::Refuse { status, headers, body, retry_after }) => {
            refusal::scripted(status, &headers, body, retry_after)
        }
        Some(Behaviour::Raw { content_type, bytes }) => ([(header::CONTENT_TYPE, content_type)], bytes).into_response(),
        _ => {
            let samples = speech::tone(record.prompt.chars().count().max(1) * 1600);
            let (kind, sound) = match text("response_format").as_str() {
                "wav" => ("audio/wav", streamed_wav(&samples)),
                "pcm" => ("audio/pcm", samples),
                other => {
                    return Refusal::invalid(&format!("{other:?} is not made here"), Some("response_format"))
                        .response();
                }
            };
            ([(header::CONTENT_TYPE, kind)], sound).into_response()
        }
    }
}

fn streamed_wav(samples: &[u8]) -> Vec<u8> {
    let mut file = speech::wav(samples);
    file[4..8].fill(0xff);
    file[40..44].fill(0xff);
    file
}

fn admit(shared: &Shared, record: &Recorded) -> Result<(), Refusal> {
    let key = record.headers.get("authorization").and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    if !shared.admits(key) {
        return Err(Refusal::wrong_key());
    }
    if record.model.is_empty() || record.model.starts_with("no-such") {
        return Err(Refusal::no_such_model(&record.model));
    }
    Ok(())
}

/// The fields of a form, the file's by its name, and the file.
async fn read(mut form: Multipart) -> Option<(Map<String, Value>, Bytes)> {
    let (mut fields, mut file) = (Map::new(), Bytes::new());
    while let Some(part) = form.next_field().await.ok()? {
        let name = part.name()?.to_owned();
        if let Some(file_name) = part.file_name().map(str::to_owned) {
            fields.insert(name, file_name.into());
            file = part.bytes().await.ok()?;
        } else {
            fields.insert(name, part.text().await.ok()?.into());
        }
    }
    Some((fields, file))
}
