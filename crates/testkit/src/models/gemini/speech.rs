//! Speech: 24 kHz, 16 bit, mono, raw PCM, as Google's speech models answer it. A tone that is longer the longer the text.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::super::behaviour::tokens;
use super::fields::texts;
use super::models::Model;

const SAMPLES_PER_SECOND: usize = 24_000;
/// About as fast as people speak.
const SAMPLES_PER_LETTER: usize = SAMPLES_PER_SECOND / 15;
const LONGEST: usize = SAMPLES_PER_SECOND * 60;

/// The whole answer.
pub(super) fn answer(model: &Model, body: &Value) -> Value {
    let text = texts(body).join(" ");
    let samples = text.chars().count().saturating_mul(SAMPLES_PER_LETTER).clamp(SAMPLES_PER_LETTER, LONGEST);
    let (prompt, spoken) = (tokens(&text), samples.div_ceil(SAMPLES_PER_SECOND / 25));
    json!({
        "candidates": [{
            "content": {
                "parts": [{
                    "inlineData": { "mimeType": "audio/L16;codec=pcm;rate=24000", "data": STANDARD.encode(tone(samples)) },
                }],
                "role": "model",
            },
            "finishReason": "STOP",
            "index": 0,
        }],
        "usageMetadata": {
            "promptTokenCount": prompt,
            "candidatesTokenCount": spoken,
            "totalTokenCount": prompt + spoken as u64,
            "candidatesTokensDetails": [{ "modality": "AUDIO", "tokenCount": spoken }],
        },
        "modelVersion": model.name,
        "responseId": "testkit",
    })
}

/// 440 Hz at a quarter of full volume.
fn tone(samples: usize) -> Vec<u8> {
    let step = 440.0 * std::f32::consts::TAU / SAMPLES_PER_SECOND as f32;
    let sample = |index: usize| ((index as f32 * step).sin() * 8192.0) as i16;
    (0..samples).flat_map(|index| sample(index).to_le_bytes()).collect()
}
