//! The arguments of a call. They come as a query, a form, JSON or multipart, and mean the same in all of them: a
//! number may come as text, and an object as text with JSON in it.

use std::collections::HashMap;

use axum::body::Bytes;
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::header::CONTENT_TYPE;
use serde_json::{Map, Value};

use super::refusal::Refusal;

/// Telegram takes uploads of up to 50 MB.
pub(super) const BODY_LIMIT: usize = 52 * 1024 * 1024;

/// A file that came with a call.
#[derive(Clone, Debug)]
pub(super) struct Upload {
    pub(super) name: Option<String>,
    pub(super) mime_type: Option<String>,
    pub(super) bytes: Bytes,
}

/// The arguments of a call.
#[derive(Clone, Debug, Default)]
pub(super) struct Params {
    pub(super) args: Map<String, Value>,
    pub(super) files: HashMap<String, Upload>,
}

impl Params {
    /// An argument as text; empty when it is absent.
    pub(super) fn text(&self, name: &str) -> String {
        match self.args.get(name) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        }
    }

    /// An argument as text, if it is there and not empty.
    pub(super) fn some_text(&self, name: &str) -> Option<String> {
        Some(self.text(name)).filter(|text| !text.is_empty())
    }

    /// An argument as a number: what precedes the first character that is no digit, as Telegram reads it.
    pub(super) fn int(&self, name: &str) -> i64 {
        let text = self.text(name);
        let digits = text.char_indices().take_while(|(at, c)| c.is_ascii_digit() || (*at == 0 && *c == '-')).count();
        text.get(..digits).and_then(|number| number.parse().ok()).unwrap_or(0)
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        matches!(self.text(name).to_ascii_lowercase().as_str(), "true" | "yes" | "1")
    }

    /// An argument that is an object or an array, or text with JSON in it.
    ///
    /// # Errors
    ///
    /// When the text is not JSON.
    pub(super) fn json(&self, name: &str) -> Result<Option<Value>, serde_json::Error> {
        match self.args.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(Value::String(text)) => serde_json::from_str(text).map(Some),
            Some(other) => Ok(Some(other.clone())),
        }
    }

    /// Arguments from an object, as in the answer of a webhook.
    pub(super) fn from_object(args: Map<String, Value>) -> Self {
        Self { args, files: HashMap::new() }
    }
}

/// Reads the arguments from the query and the body.
pub(super) async fn read(request: Request) -> Result<Params, Refusal> {
    let mut params = Params::default();
    params.add_form(request.uri().query().unwrap_or_default().as_bytes());
    let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if kind == "multipart/form-data" {
        params.add_multipart(request).await?;
        return Ok(params);
    }
    let body = axum::body::to_bytes(request.into_body(), BODY_LIMIT).await.map_err(|_| too_large())?;
    match kind.as_str() {
        "application/json" if !body.is_empty() => match serde_json::from_slice(&body) {
            Ok(Value::Object(object)) => params.args.extend(object),
            Ok(_) => return Err(Refusal::bad("JSON object expected")),
            Err(_) => return Err(Refusal::bad("can't parse JSON object")),
        },
        "application/x-www-form-urlencoded" => params.add_form(&body),
        _ => {}
    }
    Ok(params)
}

fn too_large() -> Refusal {
    Refusal::new(413, "Request Entity Too Large")
}

impl Params {
    fn add_form(&mut self, form: &[u8]) {
        for (name, value) in url::form_urlencoded::parse(form) {
            self.args.insert(name.into_owned(), Value::String(value.into_owned()));
        }
    }

    async fn add_multipart(&mut self, request: Request) -> Result<(), Refusal> {
        let malformed = |_| Refusal::bad("can't parse multipart/form-data");
        let mut parts = Multipart::from_request(request, &()).await.map_err(|_| Refusal::bad("boundary not found"))?;
        while let Some(part) = parts.next_field().await.map_err(malformed)? {
            let name = part.name().unwrap_or_default().to_owned();
            let file_name = part.file_name().map(str::to_owned);
            let mime_type = part.content_type().map(str::to_owned);
            let bytes = part.bytes().await.map_err(|error| {
                if error.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE { too_large() } else { malformed(error) }
            })?;
            // A part is a file if it says so, whatever its type: JSON arguments come without a file name.
            if file_name.is_some() {
                self.files.insert(name, Upload { name: file_name, mime_type, bytes });
            } else {
                let text =
                    String::from_utf8(bytes.into()).map_err(|_| Refusal::bad("strings must be encoded in UTF-8"))?;
                self.args.insert(name, Value::String(text));
            }
        }
        Ok(())
    }
}
