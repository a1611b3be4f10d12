//! A Gemini API on loopback.
//!
//! Takes `/v1` and `/v1beta`, and field names in camelCase and snake_case, as the real one does. What it checks is in
//! [`fields`] and [`check`], what it answers in [`answer`], its errors in [`refusal`].

mod answer;
mod check;
mod embed;
mod fields;
mod models;
mod refusal;
pub(super) mod speech;

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use axum::routing::{get, post};
use serde_json::{Value, json};

use self::fields::Kind;
use self::models::Model;
use self::refusal::Refusal;
use super::behaviour::{Behaviour, tokens};
use super::server::{Api, Recorded, Shared, headers, json as json_response};

/// The Gemini API.
pub struct GeminiApi;

impl Api for GeminiApi {
    const BASE_PATH: &'static str = "";

    fn router(shared: Arc<Shared>) -> Router {
        Router::new()
            .route("/{version}/models", get(list))
            .route("/{version}/models/{call}", post(call).get(describe))
            .fallback(async || Refusal::not_found("Requested entity was not found.").response())
            // Pictures come within the JSON.
            .layer(axum::extract::DefaultBodyLimit::max(64 * 1024 * 1024))
            .with_state(shared)
    }
}

async fn list() -> Response {
    json_response(200, &json!({ "models": models::ALL.iter().map(Model::describe).collect::<Vec<_>>() }))
}

async fn describe(Path((_, name)): Path<(String, String)>) -> Response {
    match models::find(&name) {
        Some(model) => json_response(200, &model.describe()),
        None => Refusal::not_found(&format!("Model models/{name} is not found.")).response(),
    }
}

/// One call of a method of a model.
struct Call {
    shared: Arc<Shared>,
    model: &'static Model,
    body: Value,
    record: Recorded,
    sse: bool,
}

async fn call(
    State(shared): State<Arc<Shared>>,
    Path((version, call)): Path<(String, String)>,
    uri: Uri,
    header_map: HeaderMap,
    bytes: Bytes,
) -> Response {
    match answer(shared, &version, &call, &uri, &header_map, &bytes).await {
        Ok(response) => response,
        Err(refusal) => refusal.response(),
    }
}

async fn answer(
    shared: Arc<Shared>,
    version: &str,
    call: &str,
    uri: &Uri,
    header_map: &HeaderMap,
    bytes: &Bytes,
) -> Result<Response, Refusal> {
    let (name, method) = call.rsplit_once(':').unwrap_or((call, ""));
    let parsed: Result<Value, _> = serde_json::from_slice(bytes);
    let stream = method == "streamGenerateContent";
    let record = Recorded {
        uri: uri.to_string(),
        headers: headers(header_map),
        body: parsed.as_ref().cloned().unwrap_or_default(),
        model: name.to_owned(),
        stream,
        prompt: parsed.as_ref().map(fields::last_text).unwrap_or_default(),
    };
    shared.record(record.clone());
    check_key(&shared, uri, &record)?;
    let body = parsed.map_err(|_| Refusal::invalid("Invalid JSON payload received. Unexpected token."))?;
    let kind = match method {
        "generateContent" | "streamGenerateContent" => Kind::Generate,
        "countTokens" => Kind::Count,
        "embedContent" => Kind::Embed,
        "batchEmbedContents" => Kind::BatchEmbed,
        _ => return Err(Refusal::not_found("Requested entity was not found.")),
    };
    let model = models::find(name).filter(|model| model.does(method) && matches!(version, "v1" | "v1beta"));
    let model = model.ok_or_else(|| Refusal::no_such_model(name, version, method))?;
    let body = fields::normalised(&body, kind)?;
    let sse = uri.query().is_some_and(|query| query.split('&').any(|pair| pair == "alt=sse"));
    let call = Call { shared, model, body, record, sse };
    match kind {
        Kind::Generate => call.generate().await,
        Kind::Count => Ok(call.count()),
        Kind::Embed => Ok(json_response(200, &json!({ "embedding": embed::one(&call.body) }))),
        Kind::BatchEmbed => Ok(json_response(200, &json!({ "embeddings": embed::all(&call.body) }))),
    }
}

impl Call {
    async fn generate(self) -> Result<Response, Refusal> {
        check::generate(self.model, &self.body)?;
        match self.shared.decide(&self.record).await {
            Some(behaviour) => Ok(self.behave(behaviour)),
            None if self.model.speaks() => Ok(self.whole(&speech::answer(self.model, &self.body))),
            None => {
                let behaviour = answer::improvise(&self.body);
                Ok(self.behave(behaviour))
            }
        }
    }

    fn count(self) -> Response {
        // Both forms: the contents alone, or a whole request.
        let request = self.body.get("generateContentRequest").unwrap_or(&self.body);
        let total: u64 = fields::texts(request).iter().map(|text| tokens(text)).sum();
        json_response(
            200,
            &json!({
                "totalTokens": total,
                "promptTokensDetails": [{ "modality": "TEXT", "tokenCount": total }],
            }),
        )
    }

    fn behave(self, behaviour: Behaviour) -> Response {
        answer::respond(self, behaviour)
    }

    /// A whole answer in the form that was asked for.
    fn whole(&self, body: &Value) -> Response {
        match (self.record.stream, self.sse) {
            (false, _) => json_response(200, body),
            (true, true) => {
                let chunk = Ok(answer::sse(body));
                super::server::streamed("text/event-stream", futures::stream::iter([chunk]))
            }
            (true, false) => json_response(200, &json!([body])),
        }
    }
}

fn check_key(shared: &Shared, uri: &Uri, record: &Recorded) -> Result<(), Refusal> {
    let in_query = uri.query().and_then(|query| query.split('&').find_map(|pair| pair.strip_prefix("key=")));
    let key = record.headers.get("x-goog-api-key").map(String::as_str).or(in_query).unwrap_or_default();
    if key.is_empty() {
        return Err(Refusal::no_key());
    }
    if shared.admits(key) { Ok(()) } else { Err(Refusal::wrong_key()) }
}
