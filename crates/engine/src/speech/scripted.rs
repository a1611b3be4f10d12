//! Speech without a model, for trying things out: it hears that something was said, and hums.

use async_trait::async_trait;
use evolve_domain::{language::Language, speech::Voice};

use super::{Audio, Speaker, Transcriber, pcm::Pcm};
use crate::model::ModelError;

/// The stand-in.
#[derive(Clone, Copy, Debug)]
pub struct ScriptedSpeech;

#[async_trait]
impl Transcriber for ScriptedSpeech {
    fn name(&self) -> &str {
        "scripted"
    }

    fn model(&self) -> &str {
        "scripted"
    }

    async fn transcribe(&self, audio: &Audio, hint: Language) -> Result<String, ModelError> {
        let seconds = audio.duration_ms.div_ceil(1000);
        Ok(match hint {
            Language::Ru => format!("(голосовое сообщение, {seconds} с)"),
            _ => format!("(a voice message of {seconds} s)"),
        })
    }
}

#[async_trait]
impl Speaker for ScriptedSpeech {
    fn name(&self) -> &str {
        "scripted"
    }

    fn model(&self) -> &str {
        "scripted"
    }

    /// A tone as long as the text, higher or lower by the voice.
    async fn speak(&self, text: &str, voice: Option<Voice>, _language: Language) -> Result<Pcm, ModelError> {
        const RATE: u32 = 24_000;
        let pitch = match voice.unwrap_or(Voice::Warm) {
            Voice::Warm => 220.0,
            Voice::Bright => 330.0,
            Voice::Soft => 262.0,
            Voice::Calm => 131.0,
            Voice::Deep => 98.0,
            Voice::Cheerful => 165.0,
        };
        let count = (text.chars().count() as u32).clamp(4, 900) * RATE / 15;
        let step = pitch * std::f32::consts::TAU / RATE as f32;
        let samples = (0..count).map(|index| ((index as f32 * step).sin() * 6000.0) as i16).collect();
        Ok(Pcm { rate: RATE, samples })
    }
}
