//! From configuration to what hears and speaks.
//!
//! Whoever configures nothing gets it from the models: Gemini hears and speaks with the key that it has, the stand-in hums,
//! and other servers do neither, since most that complete chats cannot.

use std::{sync::Arc, time::Duration};

use evolve_runtime::{config::Reader, http::ClientConfig};
use reqwest::Client;
use serde::{Deserialize, Serialize};
use url::Url;

use super::{
    Providers, Speaker, Transcriber,
    gemini::{DEFAULT_SPEECH_MODEL, GeminiSpeaker, GeminiTranscriber},
    openai::{OpenAiSpeaker, OpenAiTranscriber},
    scripted::ScriptedSpeech,
};
use crate::{
    model::{Gemini, GeminiConfig, HttpLimits},
    providers::{ProviderConfig, ProviderKind},
};

/// Longest time for one recording to be heard, and for one answer to be spoken.
const LIMIT: Duration = Duration::from_secs(40);
/// Largest answer, in bytes: five minutes of raw samples in base64.
const MAX_BODY: usize = 24 * 1024 * 1024;

/// One provider, as `TRANSCRIBERS` and `SPEAKERS` list them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Entry {
    kind: ProviderKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    base_url: Option<Url>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    api_key_env: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    voice: Option<String>,
}

impl Entry {
    fn provider(&self) -> ProviderConfig {
        let Self { kind, model, base_url, api_key_env, name, voice: _ } = self.clone();
        ProviderConfig { kind, model, base_url, api_key_env, name }
    }
}

/// Reads `TRANSCRIBERS`, `SPEAKERS`, `VOICE_ENABLED`, `TTS_MODEL` and `TTS_VOICE`. `models` is the chain of models, which
/// says what there is where these say nothing.
pub fn read(env: &mut Reader, client: &Client, http: ClientConfig, models: &[ProviderConfig]) -> Providers {
    let ears: Option<Vec<Entry>> = env.optional_json(
        "TRANSCRIBERS",
        "What hears voice messages, asked in this order: a JSON list of `{kind, model, baseUrl, apiKeyEnv, name}`, kind `gemini`, `openai` (any server with `/audio/transcriptions`) or `scripted`; `[]` for nothing. The gemini and scripted entries of PROVIDERS where it is not set.",
    );
    let mouths: Option<Vec<Entry>> = env.optional_json(
        "SPEAKERS",
        "What speaks answers: as TRANSCRIBERS, with a `voice` each; kind `openai` needs `/audio/speech`.",
    );
    let enabled: bool =
        env.or("VOICE_ENABLED", "true", "Whether answers may be spoken, to people whose plan has that.");
    let model: String = env.or("TTS_MODEL", DEFAULT_SPEECH_MODEL, "The Gemini model that speaks.");
    let voice: Option<String> = env.optional(
        "TTS_VOICE",
        "The voice of people who have chosen none, by its provider's name; the provider's default where it is not set.",
    );
    // Whoever waits for an answer waits as long as we wait for others, and hears nothing of one that is spoken for longer.
    let limits = HttpLimits { total: LIMIT.min(http.total / 3), max_body: MAX_BODY, ..HttpLimits::default() };
    let mut build = Build { env, client, limits };
    let inherited = |entry: &ProviderConfig| Entry {
        kind: entry.kind,
        model: None,
        base_url: entry.base_url.clone(),
        api_key_env: entry.api_key_env.clone(),
        name: entry.name.clone(),
        voice: None,
    };
    let usable = models.iter().filter(|entry| entry.kind != ProviderKind::OpenAi);
    let transcribers = match ears {
        Some(entries) => build.all("TRANSCRIBERS", &entries, Build::transcriber),
        // What is wrong with these, PROVIDERS has said already.
        None => usable
            .clone()
            .filter_map(|entry| build.transcriber(&Entry { model: entry.model.clone(), ..inherited(entry) }).ok())
            .collect(),
    };
    let speakers = match mouths {
        _ if !enabled => Vec::new(),
        Some(entries) => build.all("SPEAKERS", &entries, Build::speaker),
        None => {
            let entry = |entry| Entry { model: Some(model.clone()), voice: voice.clone(), ..inherited(entry) };
            usable.filter_map(|config| build.speaker(&entry(config)).ok()).collect()
        }
    };
    Providers { transcribers, speakers }
}

struct Build<'a> {
    env: &'a mut Reader,
    client: &'a Client,
    limits: HttpLimits,
}

impl Build<'_> {
    fn all<T: ?Sized>(
        &mut self,
        variable: &str,
        entries: &[Entry],
        one: fn(&mut Self, &Entry) -> Result<Arc<T>, String>,
    ) -> Vec<Arc<T>> {
        let mut built = Vec::new();
        for (place, entry) in entries.iter().enumerate() {
            match one(self, entry) {
                Ok(provider) => built.push(provider),
                Err(problem) => self.env.problem(format!("{variable}: entry {}: {problem}", place + 1)),
            }
        }
        built
    }

    fn transcriber(&mut self, entry: &Entry) -> Result<Arc<dyn Transcriber>, String> {
        Ok(match entry.kind {
            ProviderKind::Scripted => Arc::new(ScriptedSpeech),
            ProviderKind::Gemini => {
                let config = entry.provider().gemini_config(self.env, GeminiConfig::DEFAULT_MODEL, self.limits)?;
                let model = Gemini::new(self.client.clone(), config).map_err(|e| e.to_string())?;
                Arc::new(GeminiTranscriber::new(Arc::new(model)))
            }
            ProviderKind::OpenAi => {
                let config = entry.provider().openai_config(self.env, self.limits)?;
                Arc::new(OpenAiTranscriber::new(self.client.clone(), config).map_err(|e| e.to_string())?)
            }
        })
    }

    fn speaker(&mut self, entry: &Entry) -> Result<Arc<dyn Speaker>, String> {
        let voice = entry.voice.clone();
        Ok(match entry.kind {
            ProviderKind::Scripted => Arc::new(ScriptedSpeech),
            ProviderKind::Gemini => {
                let config = entry.provider().gemini_config(self.env, DEFAULT_SPEECH_MODEL, self.limits)?;
                Arc::new(GeminiSpeaker::new(self.client.clone(), config, voice).map_err(|e| e.to_string())?)
            }
            ProviderKind::OpenAi => {
                let config = entry.provider().openai_config(self.env, self.limits)?;
                Arc::new(OpenAiSpeaker::new(self.client.clone(), config, voice).map_err(|e| e.to_string())?)
            }
        })
    }
}
