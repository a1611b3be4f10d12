//! Embeddings, as OpenAI gives them.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use serde_json::{Value, json};

use super::refusal::Refusal;
use crate::models::server::{Recorded, Shared, headers, json as json_response};
use crate::models::space::place;

const DIMENSIONS: u64 = 1536;

/// `POST /v1/embeddings`.
pub(super) async fn embeddings(
    State(shared): State<Arc<Shared>>,
    uri: Uri,
    header_map: HeaderMap,
    bytes: Bytes,
) -> Response {
    let body: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    let model = body.get("model").and_then(Value::as_str).unwrap_or_default().to_owned();
    let record = Recorded {
        uri: uri.to_string(),
        headers: headers(&header_map),
        model: model.clone(),
        stream: false,
        prompt: String::new(),
        body: body.clone(),
    };
    let key = record.headers.get("authorization").and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    let admitted = shared.admits(key);
    shared.record(record);
    if !admitted {
        return Refusal::wrong_key().response();
    }
    if model.is_empty() || model.starts_with("no-such") {
        return Refusal::no_such_model(&model).response();
    }
    let texts: Vec<&str> = match body.get("input") {
        Some(Value::String(text)) => vec![text],
        Some(Value::Array(texts)) => texts.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    if texts.is_empty() || texts.iter().any(|text| text.is_empty()) {
        return Refusal::invalid("'$.input' is invalid.", Some("input")).response();
    }
    let dimensions = body.get("dimensions").and_then(Value::as_u64).unwrap_or(DIMENSIONS).clamp(1, DIMENSIONS);
    // Nothing promises that they come in order.
    let data: Vec<Value> = (0..texts.len())
        .rev()
        .map(|index| json!({ "object": "embedding", "index": index, "embedding": place(texts[index], dimensions) }))
        .collect();
    let usage = json!({ "prompt_tokens": texts.len(), "total_tokens": texts.len() });
    json_response(200, &json!({ "object": "list", "model": model, "data": data, "usage": usage }))
}
