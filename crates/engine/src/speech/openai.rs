//! Speech through any server that speaks OpenAI's `audio/transcriptions` and `audio/speech`: OpenAI itself, whisper.cpp,
//! faster-whisper, Kokoro and others.

use async_trait::async_trait;
use evolve_domain::{language::Language, speech::Voice};
use reqwest::{
    Client, Url,
    header::{CONTENT_TYPE, HeaderMap},
    multipart,
};
use serde::Deserialize;
use serde_json::json;

use super::{Audio, Speaker, Transcriber, pcm::Pcm};
use crate::model::{ModelError, OpenAiConfig, SetupError, http::Exchange, openai};

/// A server that hears.
pub struct OpenAiTranscriber {
    client: Client,
    config: OpenAiConfig,
    headers: HeaderMap,
    url: Url,
}

impl OpenAiTranscriber {
    /// Hears with the model of this configuration.
    ///
    /// # Errors
    /// [`SetupError`].
    pub fn new(client: Client, config: OpenAiConfig) -> Result<Self, SetupError> {
        let (headers, url) = openai::call(&config, &["audio", "transcriptions"])?;
        Ok(Self { client, config, headers, url })
    }
}

#[derive(Deserialize)]
struct Transcript {
    text: String,
}

#[async_trait]
impl Transcriber for OpenAiTranscriber {
    fn name(&self) -> &str {
        &self.config.name
    }

    fn model(&self) -> &str {
        &self.config.model
    }

    /// The hint is not passed on: these servers take it for an order, and would write Russian words for English sounds.
    async fn transcribe(&self, audio: &Audio, _: Language) -> Result<String, ModelError> {
        let file = multipart::Part::bytes(audio.bytes.to_vec()).file_name(audio.file_name());
        let file = file.mime_str(audio.mime).map_err(|_| ModelError::malformed("the media type is none"))?;
        let form = multipart::Form::new()
            .text("model", self.config.model.clone())
            .text("response_format", "json")
            .part("file", file);
        let call = self.client.post(self.url.clone()).headers(self.headers.clone()).multipart(form);
        let exchange = Exchange::send(call, self.config.limits).await?.accepted(openai::refusal::from_http).await?;
        let transcript: Transcript = serde_json::from_slice(&exchange.body().await?)
            .map_err(|_| ModelError::malformed("it is not the JSON of a transcript"))?;
        Ok(transcript.text)
    }
}

/// A server that speaks.
pub struct OpenAiSpeaker {
    client: Client,
    config: OpenAiConfig,
    voice: Option<String>,
    headers: HeaderMap,
    url: Url,
}

impl OpenAiSpeaker {
    /// Speaks with the model of this configuration. `voice` is the voice of who has chosen none; with a server of one's own, which
    /// rarely has OpenAI's, it is everybody's.
    ///
    /// # Errors
    /// [`SetupError`].
    pub fn new(client: Client, config: OpenAiConfig, voice: Option<String>) -> Result<Self, SetupError> {
        let (headers, url) = openai::call(&config, &["audio", "speech"])?;
        Ok(Self { client, config, voice, headers, url })
    }
}

#[async_trait]
impl Speaker for OpenAiSpeaker {
    fn name(&self) -> &str {
        &self.config.name
    }

    fn model(&self) -> &str {
        &self.config.model
    }

    async fn speak(&self, text: &str, voice: Option<Voice>, _language: Language) -> Result<Pcm, ModelError> {
        let is_openai = self.url.host_str().is_some_and(|host| host == "api.openai.com");
        let voice = match (voice, self.voice.as_deref()) {
            (Some(chosen), None) => voice_name(chosen),
            (Some(chosen), Some(_)) if is_openai => voice_name(chosen),
            (_, usual) => usual.unwrap_or_else(|| voice_name(Voice::Warm)),
        };
        let body = json!({ "model": self.config.model, "input": text, "voice": voice, "response_format": "wav" });
        let call = self.client.post(self.url.clone()).headers(self.headers.clone()).json(&body);
        let exchange = Exchange::send(call, self.config.limits).await?.accepted(openai::refusal::from_http).await?;
        let mime =
            exchange.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        Pcm::read(&mime, &exchange.body().await?)
    }
}

/// The voice of OpenAI's that comes nearest.
const fn voice_name(voice: Voice) -> &'static str {
    match voice {
        Voice::Warm => "coral",
        Voice::Bright => "nova",
        Voice::Soft => "shimmer",
        Voice::Calm => "echo",
        Voice::Deep => "onyx",
        Voice::Cheerful => "ash",
    }
}
