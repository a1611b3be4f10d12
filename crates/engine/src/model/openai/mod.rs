//! Any server that speaks OpenAI's chat completions: OpenAI itself, OpenRouter, Ollama, vLLM.
//!
//! They agree on the outline and differ in every detail, so requests hold only what all of them take, and answers are
//! read leniently. What is sent is in [`request`], what comes back in [`response`], its errors in [`refusal`].

pub(crate) mod refusal;
mod request;
mod response;

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{Client, Url};
use secrecy::{ExposeSecret, SecretString};

use self::response::Reading;
use super::answer::Answer;
use super::error::ModelError;
use super::http::{Exchange, HttpLimits, SetupError, drain, endpoint};
use super::request::Request;
use super::sse::Decoder;
use super::{EventStream, ModelProvider, reading};

/// How long the usage and the `[DONE]` may take after the model has finished. Not all servers send them.
const FAREWELL: Duration = Duration::from_secs(2);

/// How to reach an OpenAI-compatible server, and which model to ask.
#[derive(Debug, Clone)]
pub struct OpenAiConfig {
    /// What to call it in metrics and `GET /ready`: `openai`, `openrouter`, `ollama`.
    pub name: String,
    /// The key; local servers need none.
    pub api_key: Option<SecretString>,
    /// The model's id on that server.
    pub model: String,
    /// Where the API is, version included: `https://openrouter.ai/api/v1`, `http://127.0.0.1:11434/v1`.
    pub base_url: Url,
    /// Whether to send `reasoning_effort`. Models that do not reason refuse it, so it is off unless asked for.
    pub reasoning_effort: bool,
    /// Time-outs and sizes.
    pub limits: HttpLimits,
}

/// A model behind an OpenAI-compatible server.
pub struct OpenAi {
    client: Client,
    config: OpenAiConfig,
    headers: HeaderMap,
    url: Url,
}

impl OpenAi {
    /// A provider that asks this model through this client.
    ///
    /// # Errors
    /// [`SetupError`] if the key or the base URL cannot be used.
    pub fn new(client: Client, config: OpenAiConfig) -> Result<Self, SetupError> {
        let (headers, url) = call(&config, &["chat", "completions"])?;
        Ok(Self { client, config, headers, url })
    }

    async fn send(&self, request: &Request, stream: bool) -> Result<Exchange, ModelError> {
        let body = request::Body::new(request, &self.config, stream);
        let call = self.client.post(self.url.clone()).headers(self.headers.clone()).json(&body);
        Exchange::send(call, self.config.limits).await?.accepted(refusal::from_http).await
    }
}

/// The headers and the address of what is at `path` of the configured server.
pub(crate) fn call(config: &OpenAiConfig, path: &[&str]) -> Result<(HeaderMap, Url), SetupError> {
    const PROVIDER: &str = "the OpenAI-compatible server";
    let mut headers = HeaderMap::new();
    if let Some(key) = &config.api_key {
        let mut value = HeaderValue::from_str(&format!("Bearer {}", key.expose_secret().trim()))
            .map_err(|_| SetupError::Key { provider: PROVIDER })?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    Ok((headers, endpoint(&config.base_url, path, PROVIDER)?))
}

impl fmt::Debug for OpenAi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenAi").field("config", &self.config).finish_non_exhaustive()
    }
}

impl OpenAi {
    /// What the body of an answer says.
    ///
    /// # Errors
    /// As [`ModelProvider::generate`], once the body is there.
    pub fn read(body: &[u8], calls_before: usize) -> Result<Answer, ModelError> {
        reading::whole(Reading::new(calls_before), body)
    }

    /// What a stream says that comes in these pieces and then ends: for the fuzz targets, which have no server.
    ///
    /// # Errors
    /// As the stream of [`ModelProvider::stream`].
    pub fn read_stream(pieces: &[&[u8]]) -> Result<Answer, ModelError> {
        reading::pieced(Reading::new(0), pieces)
    }
}

#[async_trait]
impl ModelProvider for OpenAi {
    fn name(&self) -> &str {
        &self.config.name
    }

    fn model(&self) -> &str {
        &self.config.model
    }

    async fn generate(&self, request: &Request) -> Result<Answer, ModelError> {
        let body = self.send(request, false).await?.body().await?;
        Self::read(&body, request.tool_calls_so_far())
    }

    async fn stream(&self, request: &Request) -> Result<EventStream, ModelError> {
        let mut pieces = self.send(request, true).await?.into_pieces();
        let mut reading = Reading::new(request.tool_calls_so_far());
        let events = async_stream::try_stream! {
            let mut decoder = Decoder::default();
            let mut open = true;
            while open && !reading.done() {
                let wait = if reading.finished() { FAREWELL } else { Duration::MAX };
                let payloads = match tokio::time::timeout(wait, pieces.next()).await.unwrap_or(None) {
                    // The answer is complete and only the farewell is missing: a broken connection loses nothing.
                    Some(Err(_)) if reading.finished() => break,
                    Some(piece) => decoder.push(&piece?)?,
                    None => {
                        open = false;
                        decoder.finish()?.into_iter().collect()
                    }
                };
                for payload in payloads {
                    for event in reading.read(payload.as_bytes())? {
                        yield event;
                    }
                }
            }
            let last = reading.end()?;
            drain(pieces).await;
            for event in last {
                yield event;
            }
        };
        Ok(events.boxed())
    }
}
