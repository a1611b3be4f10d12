//! Speech: what a person said becomes words, and the answer becomes sound.
//!
//! Two seams, [`Transcriber`] and [`Speaker`], each with providers for Gemini ([`gemini`]), for any OpenAI-compatible server
//! ([`openai`]) and without a network at all ([`scripted`]). They are asked in order, each behind a breaker, as models are
//! ([`line`]). What people hear is always OGG/Opus, made in process ([`opus`]) of whatever a provider gives ([`pcm`]).
//!
//! A message that cannot be heard is a turn without an answer. An answer that cannot be spoken is still an answer: nothing
//! here can cost the written one.

pub mod audio;
pub mod choice;
pub mod config;
pub mod gemini;
mod line;
mod measure;
pub mod openai;
pub mod opus;
pub mod pcm;
pub mod scripted;
mod words;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use evolve_domain::{
    language::Language,
    speech::{Voice, spoken_part},
};
use evolve_runtime::metrics::Metrics;
use tokio::time::Instant;

pub use self::audio::{Audio, AudioError};
use self::{line::Line, pcm::Pcm};
use crate::{
    metrics::SpeechMetrics,
    model::{ChainError, ModelError},
};

/// Longest part of an answer that is spoken, in characters: about 45 seconds.
pub const MAX_SPOKEN_CHARS: usize = 600;
/// Longest transcript, in characters: what may be written, may be said.
const MAX_HEARD_CHARS: usize = 16_384;
/// A recording that is longer may take longer than a provider has, without a fault of the provider's.
const LONG_MS: u64 = 60_000;
/// Longest time that the written answer waits for the spoken one.
const PATIENCE: Duration = Duration::from_secs(45);

/// Something that hears.
#[async_trait]
pub trait Transcriber: Send + Sync {
    /// A short, stable name for metrics and logs.
    fn name(&self) -> &str;

    /// The model that is asked.
    fn model(&self) -> &str;

    /// The words in a sound; empty where nobody speaks. `hint` is the person's language, which they need not be speaking.
    ///
    /// # Errors
    /// [`ModelError`].
    async fn transcribe(&self, audio: &Audio, hint: Language) -> Result<String, ModelError>;
}

/// Something that speaks.
#[async_trait]
pub trait Speaker: Send + Sync {
    /// A short, stable name for metrics and logs.
    fn name(&self) -> &str;

    /// The model that is asked.
    fn model(&self) -> &str;

    /// The text, spoken in this voice, or in the provider's own. What the provider is told besides is in the language.
    ///
    /// # Errors
    /// [`ModelError`].
    async fn speak(&self, text: &str, voice: Option<Voice>, language: Language) -> Result<Pcm, ModelError>;
}

/// Words that were heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// The words; empty where nobody spoke.
    pub text: String,
    /// Which model heard them.
    pub model: String,
}

/// A spoken answer.
#[derive(Clone, PartialEq, Eq)]
pub struct Spoken {
    /// OGG with Opus.
    pub ogg: Vec<u8>,
    /// How long it is, in milliseconds.
    pub duration_ms: u64,
    /// Which model spoke it.
    pub model: String,
}

impl std::fmt::Debug for Spoken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Spoken({} bytes, {} ms)", self.ogg.len(), self.duration_ms)
    }
}

/// What hears and speaks, in the order in which it is asked. Either list may be empty: then that is not to be had.
#[derive(Clone, Default)]
pub struct Providers {
    /// What hears.
    pub transcribers: Vec<Arc<dyn Transcriber>>,
    /// What speaks.
    pub speakers: Vec<Arc<dyn Speaker>>,
}

impl std::fmt::Debug for Providers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let heard = self.transcribers.iter().map(|it| it.model());
        let spoken = self.speakers.iter().map(|it| it.model());
        f.debug_tuple("Providers").field(&heard.collect::<Vec<_>>()).field(&spoken.collect::<Vec<_>>()).finish()
    }
}

/// Hears and speaks.
#[derive(Debug)]
pub struct Speech {
    ears: Line<dyn Transcriber>,
    mouths: Line<dyn Speaker>,
    metrics: SpeechMetrics,
}

impl Speech {
    /// Puts it together, and registers what it counts.
    #[must_use]
    pub fn new(providers: Providers, metrics: &Metrics) -> Self {
        let (ears, mouths) = (Line::new(providers.transcribers), Line::new(providers.speakers));
        ears.show("transcriber", metrics);
        mouths.show("speaker", metrics);
        Self { ears, mouths, metrics: SpeechMetrics::register(metrics) }
    }

    /// Whether anything hears.
    #[must_use]
    pub fn hears(&self) -> bool {
        !self.ears.is_empty()
    }

    /// What hears and what speaks, by their names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.ears.names().chain(self.mouths.names())
    }

    /// Whether anything speaks.
    #[must_use]
    pub fn speaks(&self) -> bool {
        !self.mouths.is_empty()
    }

    /// The words in a sound.
    ///
    /// # Errors
    /// [`ChainError`], when no provider could hear it.
    pub async fn hear(&self, audio: &Audio, hint: Language) -> Result<Heard, ChainError> {
        // Whoever sends what takes for ever to hear must not close everybody's ears.
        let is_long = audio.duration_ms > LONG_MS;
        let is_blamed = move |error: &ModelError| !(is_long && matches!(error, ModelError::TimedOut { .. }));
        let heard = self
            .ears
            .ask(is_blamed, |provider| {
                let audio = audio.clone();
                Box::pin(async move {
                    let text = provider.transcribe(&audio, hint).await?;
                    Ok(Heard { text: bounded(&text), model: provider.model().to_owned() })
                })
            })
            .await;
        self.metrics.heard(match &heard {
            Ok(heard) if heard.text.is_empty() => "silence",
            Ok(_) => "ok",
            Err(_) => "error",
        });
        heard
    }

    /// An answer, in Markdown, spoken; in part, where it is long. Nothing where it cannot be: that is logged and counted, and
    /// the person has the words.
    pub async fn say(&self, markdown: &str, voice: Option<Voice>, language: Language) -> Option<Spoken> {
        let plain = words::plain(markdown);
        let text = spoken_part(&plain, MAX_SPOKEN_CHARS).to_owned();
        if text.is_empty() || !self.speaks() {
            return None;
        }
        let began = Instant::now();
        let made = tokio::time::timeout(PATIENCE, self.make(text, voice, language)).await;
        let spoken = made.unwrap_or_else(|_| Err(format!("it took longer than {} s", PATIENCE.as_secs())));
        self.metrics.spoke(spoken.is_ok(), began.elapsed());
        spoken.inspect_err(|error| tracing::warn!(error, "an answer could not be spoken")).ok()
    }

    async fn make(&self, text: String, voice: Option<Voice>, language: Language) -> Result<Spoken, String> {
        let text: Arc<str> = text.into();
        let (pcm, model) = self
            .mouths
            .ask(
                |_| true,
                |provider| {
                    let text = text.clone();
                    Box::pin(async move {
                        let pcm = provider.speak(&text, voice, language).await?;
                        Ok((pcm, provider.model().to_owned()))
                    })
                },
            )
            .await
            .map_err(|error| error.to_string())?;
        let duration_ms = pcm.duration_ms();
        // Seconds of sound take a tenth of a second of computing: other people's requests must not wait for that.
        let encoded = tokio::task::spawn_blocking(move || opus::encode(&pcm)).await;
        let ogg = encoded.map_err(|_| "the encoder panicked".to_owned())?.map_err(|error| error.to_string())?;
        Ok(Spoken { ogg, duration_ms, model })
    }
}

/// A transcript as it may be stored: no control characters but line breaks, bounded.
fn bounded(text: &str) -> String {
    let kept = text.chars().filter(|c| !c.is_control() || *c == '\n').take(MAX_HEARD_CHARS);
    kept.collect::<String>().trim().to_owned()
}
