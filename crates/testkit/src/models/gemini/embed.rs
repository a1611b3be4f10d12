//! Embeddings, as Gemini gives them.

use serde_json::{Value, json};

use super::fields::part_texts;
use crate::models::space::place;

const DIMENSIONS: u64 = 3072;

/// The embedding of one request.
pub(super) fn one(request: &Value) -> Value {
    let text = request.get("content").map(part_texts).unwrap_or_default().join(" ");
    let wanted = request
        .get("outputDimensionality")
        .or_else(|| request.pointer("/embedContentConfig/outputDimensionality"))
        .and_then(Value::as_u64);
    let dimensions = wanted.unwrap_or(DIMENSIONS).clamp(1, DIMENSIONS);
    json!({ "values": place(&text, dimensions) })
}

/// The embeddings of a batch.
pub(super) fn all(batch: &Value) -> Vec<Value> {
    let requests = batch.get("requests").and_then(Value::as_array);
    requests.map(|requests| requests.iter().map(one).collect()).unwrap_or_default()
}
