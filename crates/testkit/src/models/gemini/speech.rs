//! Speech: 24 kHz, 16 bit, mono: raw samples, as Google's older speech models answer it, or a WAV file, as newer ones do. A
//! tone that is longer the longer the text.

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
    let raw = tone(samples);
    let (mime, data) = if model.name.starts_with("gemini-2.") {
        ("audio/L16;codec=pcm;rate=24000", raw)
    } else {
        ("audio/wav", wav(&raw))
    };
    let (prompt, spoken) = (tokens(&text), samples.div_ceil(SAMPLES_PER_SECOND / 25));
    json!({
        "candidates": [{
            "content": {
                "parts": [{
                    "inlineData": { "mimeType": mime, "data": STANDARD.encode(data) },
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

/// A WAV file of these samples.
pub(in super::super) fn wav(samples: &[u8]) -> Vec<u8> {
    const RATE: u32 = SAMPLES_PER_SECOND as u32;
    let size = u32::try_from(samples.len()).unwrap_or(u32::MAX);
    let mut file = b"RIFF".to_vec();
    file.extend((size.saturating_add(36)).to_le_bytes());
    file.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    file.extend(RATE.to_le_bytes());
    file.extend((RATE * 2).to_le_bytes());
    file.extend(b"\x02\0\x10\0data");
    file.extend(size.to_le_bytes());
    file.extend_from_slice(samples);
    file
}

/// 440 Hz at a quarter of full volume.
pub(in super::super) fn tone(samples: usize) -> Vec<u8> {
    let step = 440.0 * std::f32::consts::TAU / SAMPLES_PER_SECOND as f32;
    let sample = |index: usize| ((index as f32 * step).sin() * 8192.0) as i16;
    (0..samples).flat_map(|index| sample(index).to_le_bytes()).collect()
}
