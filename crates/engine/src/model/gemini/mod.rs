//! Google's Gemini API: `generateContent` and `streamGenerateContent`.
//!
//! The key travels in a header, never in the URL, where proxies log it. What is sent is in [`request`], what comes back
//! in [`response`], its errors in [`refusal`], and which model takes which thinking setting in [`thinking`].

pub(crate) mod refusal;
mod request;
mod response;
mod thinking;

use std::fmt;

use async_trait::async_trait;
use futures::StreamExt;
use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::{Client, Url};
use secrecy::{ExposeSecret, SecretString};

use self::request::SafetySetting;
use self::response::Reading;
use super::answer::Answer;
use super::error::ModelError;
use super::http::{Exchange, HttpLimits, SetupError, drain, endpoint};
use super::request::Request;
use super::sse::Decoder;
use super::{EventStream, ModelProvider, reading};

/// How to reach Gemini, and which model to ask.
#[derive(Debug, Clone)]
pub struct GeminiConfig {
    /// What to call it in metrics and `GET /ready`; [`Self::DEFAULT_NAME`] unless another one is configured.
    pub name: String,
    /// `GOOGLE_API_KEY`.
    pub api_key: SecretString,
    /// The model's id, such as `gemini-3.8-flash`.
    pub model: String,
    /// Where the API is: scheme and host, and a path if a proxy needs one; without the version.
    pub base_url: Url,
    /// What Google's own filters block.
    pub safety: SafetyThreshold,
    /// Time-outs and sizes.
    pub limits: HttpLimits,
}

impl GeminiConfig {
    /// What it is called where nothing is said.
    pub const DEFAULT_NAME: &'static str = "gemini";
    /// The model that is asked unless another one is configured.
    pub const DEFAULT_MODEL: &'static str = "gemini-3.8-flash";
    /// Google's own address.
    pub const DEFAULT_BASE_URL: &'static str = "https://generativelanguage.googleapis.com";
}

/// From which likelihood on Google's filters block harassment, hate, sexual and dangerous content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SafetyThreshold {
    /// Block what is probably or possibly harmful.
    Strict,
    /// Block what is probably harmful.
    Medium,
    /// Block what is harmful with high probability. Talk of grief or illness passes, which a companion must bear.
    #[default]
    OnlyHigh,
    /// Block nothing. Google's non-adjustable filters stay.
    Nothing,
}

/// A Gemini model.
pub struct Gemini {
    client: Client,
    config: GeminiConfig,
    headers: HeaderMap,
    generate_url: Url,
    stream_url: Url,
}

impl Gemini {
    /// A provider that asks this model through this client.
    ///
    /// # Errors
    /// [`SetupError`] if the key or the base URL cannot be used.
    pub fn new(client: Client, config: GeminiConfig) -> Result<Self, SetupError> {
        let (headers, generate_url) = call(&config, "generateContent")?;
        let (_, mut stream_url) = call(&config, "streamGenerateContent")?;
        stream_url.set_query(Some("alt=sse"));
        Ok(Self { client, headers, generate_url, stream_url, config })
    }

    async fn send(&self, url: &Url, request: &Request) -> Result<Exchange, ModelError> {
        let safety = SafetySetting::all(self.config.safety);
        let body = request::Body::new(request, &self.config.model, &safety);
        let call = self.client.post(url.clone()).headers(self.headers.clone()).json(&body);
        Exchange::send(call, self.config.limits).await?.accepted(refusal::from_http).await
    }
}

/// The headers and the address of a method of the configured model.
pub(crate) fn call(config: &GeminiConfig, method: &str) -> Result<(HeaderMap, Url), SetupError> {
    const PROVIDER: &str = "gemini";
    let key = HeaderValue::from_str(config.api_key.expose_secret().trim());
    let mut key = key.map_err(|_| SetupError::Key { provider: PROVIDER })?;
    key.set_sensitive(true);
    let headers = HeaderMap::from_iter([(reqwest::header::HeaderName::from_static("x-goog-api-key"), key)]);
    let model = config.model.strip_prefix("models/").unwrap_or(&config.model);
    let url = endpoint(&config.base_url, &["v1beta", "models", &format!("{model}:{method}")], PROVIDER)?;
    Ok((headers, url))
}

impl fmt::Debug for Gemini {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gemini").field("config", &self.config).finish_non_exhaustive()
    }
}

impl Gemini {
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
impl ModelProvider for Gemini {
    fn name(&self) -> &str {
        &self.config.name
    }

    fn model(&self) -> &str {
        &self.config.model
    }

    async fn generate(&self, request: &Request) -> Result<Answer, ModelError> {
        let body = self.send(&self.generate_url, request).await?.body().await?;
        Self::read(&body, request.tool_calls_so_far())
    }

    async fn stream(&self, request: &Request) -> Result<EventStream, ModelError> {
        let mut pieces = self.send(&self.stream_url, request).await?.into_pieces();
        let mut reading = Reading::new(request.tool_calls_so_far());
        let events = async_stream::try_stream! {
            let mut decoder = Decoder::default();
            let mut open = true;
            while open && !reading.finished() {
                let payloads = match pieces.next().await {
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
            yield last;
        };
        Ok(events.boxed())
    }
}
