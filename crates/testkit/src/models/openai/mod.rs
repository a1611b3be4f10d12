//! Chat completions on loopback, as OpenAI and the servers after it speak them.
//!
//! What it checks is in [`check`], what it answers in [`answer`].

mod answer;
mod audio;
mod check;
mod embed;
mod refusal;

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use axum::routing::{get, post};
use serde_json::{Value, json};

use self::refusal::Refusal;
use super::server::{Api, Recorded, Shared, headers, json as json_response};

/// The models that it lists. It answers for any model whose name does not begin with `no-such`.
const MODELS: [&str; 2] = ["gpt-test", "gpt-test-mini"];

/// OpenAI's chat completions.
pub struct OpenAiApi;

impl Api for OpenAiApi {
    const BASE_PATH: &'static str = "/v1";

    fn router(shared: Arc<Shared>) -> Router {
        Router::new()
            .route("/v1/models", get(list))
            .route("/v1/chat/completions", post(completions))
            .route("/v1/audio/transcriptions", post(audio::transcriptions))
            .route("/v1/audio/speech", post(audio::speak))
            .route("/v1/embeddings", post(embed::embeddings))
            .fallback(async |uri: Uri| Refusal::unknown_url(uri.path()).response())
            // Pictures come within the JSON.
            .layer(axum::extract::DefaultBodyLimit::max(64 * 1024 * 1024))
            .with_state(shared)
    }
}

async fn list() -> Response {
    let model = |name: &str| json!({ "id": name, "object": "model", "created": 1_700_000_000, "owned_by": "testkit" });
    json_response(200, &json!({ "object": "list", "data": MODELS.map(model) }))
}

/// One request for a completion.
struct Call {
    shared: Arc<Shared>,
    body: Value,
    record: Recorded,
}

async fn completions(State(shared): State<Arc<Shared>>, uri: Uri, header_map: HeaderMap, bytes: Bytes) -> Response {
    let parsed: Result<Value, _> = serde_json::from_slice(&bytes);
    let body = parsed.as_ref().cloned().unwrap_or_default();
    let record = Recorded {
        uri: uri.to_string(),
        headers: headers(&header_map),
        model: body.get("model").and_then(Value::as_str).unwrap_or_default().to_owned(),
        stream: body.get("stream").and_then(Value::as_bool).unwrap_or(false),
        prompt: last_text(&body),
        body: body.clone(),
    };
    shared.record(record.clone());
    let key = record.headers.get("authorization").and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    if !shared.admits(key) {
        return Refusal::wrong_key().response();
    }
    if parsed.is_err() {
        return Refusal::invalid("We could not parse the JSON body of your request.", None).response();
    }
    if record.model.starts_with("no-such") {
        return Refusal::no_such_model(&record.model).response();
    }
    if let Err(refusal) = check::completion(&body) {
        return refusal.response();
    }
    let decided = shared.decide(&record).await;
    let behaviour = decided.unwrap_or_else(|| answer::improvise(&body, &record.prompt));
    answer::respond(Call { shared, body, record }, behaviour)
}

/// The messages of a request.
fn messages(body: &Value) -> &[Value] {
    body.get("messages").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// The text of the last message.
fn last_text(body: &Value) -> String {
    messages(body).last().map(text).unwrap_or_default()
}

/// The text of a message: a string, or the text parts of a list.
fn text(message: &Value) -> String {
    match message.get("content") {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(parts)) => {
            let texts: Vec<&str> = parts.iter().filter_map(|part| part.get("text")?.as_str()).collect();
            texts.join("\n")
        }
        _ => String::new(),
    }
}
