//! From configuration to the chain of model providers.

use std::sync::Arc;

use evolve_runtime::{config::Reader, http::ClientConfig};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::model::{
    Chain, ChainConfig, Gemini, GeminiConfig, HttpLimits, ModelProvider, Observer, OpenAi, OpenAiConfig, Scripted,
    SetupError,
};

/// Which wire format a provider speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProviderKind {
    /// Google's Gemini API.
    Gemini,
    /// Anything compatible with OpenAI's chat completions: OpenRouter, Ollama, vLLM.
    OpenAi,
    /// No model at all: a stand-in for trying things out.
    Scripted,
}

/// One provider of the chain, as `PROVIDERS` lists them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProviderConfig {
    /// Its wire format.
    pub kind: ProviderKind,
    /// Its model; Gemini has a default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Where its API is; Gemini has a default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_url: Option<Url>,
    /// The name of the variable that holds its key; `GOOGLE_API_KEY` for Gemini where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_key_env: Option<String>,
    /// Its name in `/ready`, metrics and `/privacy`; its kind where nothing is said, and always of `scripted`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl ProviderConfig {
    /// The chain of somebody who configured nothing.
    #[must_use]
    pub fn default_chain() -> Vec<Self> {
        vec![Self::gemini()]
    }

    /// Gemini, with everything at its default.
    #[must_use]
    pub const fn gemini() -> Self {
        Self { kind: ProviderKind::Gemini, model: None, base_url: None, api_key_env: None, name: None }
    }

    /// How to reach the Gemini that it says, for whatever it is asked; `Err` says what is missing.
    pub(crate) fn gemini_config(
        &self,
        env: &mut Reader,
        default_model: &str,
        limits: HttpLimits,
    ) -> Result<GeminiConfig, String> {
        let default_url = || Url::parse(GeminiConfig::DEFAULT_BASE_URL).map_err(|e| e.to_string());
        Ok(GeminiConfig {
            name: self.name.clone().unwrap_or_else(|| GeminiConfig::DEFAULT_NAME.to_owned()),
            api_key: self.key(env)?.ok_or("it needs a key")?,
            model: self.model.clone().unwrap_or_else(|| default_model.to_owned()),
            base_url: self.base_url.clone().map_or_else(default_url, Ok)?,
            safety: Default::default(),
            limits,
        })
    }

    /// How to reach the server that it says, for whatever it is asked; `Err` says what is missing.
    pub(crate) fn openai_config(&self, env: &mut Reader, limits: HttpLimits) -> Result<OpenAiConfig, String> {
        Ok(OpenAiConfig {
            name: self.name.clone().unwrap_or_else(|| "openai".to_owned()),
            api_key: self.key(env)?,
            model: self.model.clone().ok_or("an openai provider needs a `model`")?,
            base_url: self.base_url.clone().ok_or("an openai provider needs a `baseUrl`, version included")?,
            reasoning_effort: false,
            limits,
        })
    }

    fn key(&self, env: &mut Reader) -> Result<Option<SecretString>, String> {
        let Some(name) = self.key_variable() else { return Ok(None) };
        let key = env.named_secret(name);
        key.map(Some).ok_or_else(|| {
            format!("its key is not set: put it into {name}, or choose another provider (`scripted` needs none)")
        })
    }

    fn key_variable(&self) -> Option<&str> {
        match (&self.api_key_env, self.kind) {
            (Some(name), _) => Some(name),
            (None, ProviderKind::Gemini) => Some("GOOGLE_API_KEY"),
            (None, ProviderKind::OpenAi | ProviderKind::Scripted) => None,
        }
    }
}

/// Reads `PROVIDERS` and the keys that it names, and makes the providers. What is wrong is noted in `env`; the list is
/// then shorter than configured. Their configuration comes along, since what hears and speaks may follow from it.
pub fn read(
    env: &mut Reader,
    client: &reqwest::Client,
    http: ClientConfig,
) -> (Vec<Arc<dyn ModelProvider>>, Vec<ProviderConfig>) {
    // In the reference although it is read by name below.
    let _: Option<SecretString> =
        env.optional_secret("GOOGLE_API_KEY", 1, "Key of the Gemini API, from Google AI Studio.");
    let configs = env.json_or(
        "PROVIDERS",
        ProviderConfig::default_chain(),
        "Model providers, asked in this order until one answers: a JSON list of `{kind, model, baseUrl, apiKeyEnv, name}`, kind `gemini`, `openai` (any compatible server) or `scripted` (a stand-in without a model).",
    );
    if configs.is_empty() {
        env.problem("PROVIDERS is an empty list; leave it out, or name one provider".to_owned());
    }
    let limits = HttpLimits { total: http.total, ..HttpLimits::default() };
    let build = |env: &mut Reader, (place, config): (usize, &ProviderConfig)| {
        build(env, config, client, limits).map_err(|problem| format!("PROVIDERS: entry {}: {problem}", place + 1))
    };
    let mut providers = Vec::new();
    for entry in configs.iter().enumerate() {
        match build(env, entry) {
            Ok(provider) => providers.push(provider),
            Err(problem) => env.problem(problem),
        }
    }
    (providers, configs)
}

fn build(
    env: &mut Reader,
    config: &ProviderConfig,
    client: &reqwest::Client,
    limits: HttpLimits,
) -> Result<Arc<dyn ModelProvider>, String> {
    let setup = |error: SetupError| error.to_string();
    Ok(match config.kind {
        ProviderKind::Scripted => Arc::new(Scripted),
        ProviderKind::Gemini => {
            let config = config.gemini_config(env, GeminiConfig::DEFAULT_MODEL, limits)?;
            Arc::new(Gemini::new(client.clone(), config).map_err(setup)?)
        }
        ProviderKind::OpenAi => {
            Arc::new(OpenAi::new(client.clone(), config.openai_config(env, limits)?).map_err(setup)?)
        }
    })
}

/// The chain of these providers.
#[must_use]
pub fn chain(providers: Vec<Arc<dyn ModelProvider>>, observer: Arc<dyn Observer>) -> Chain {
    Chain::observed(providers, ChainConfig::default(), observer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_is_called_what_its_entry_says_or_else_by_its_kind() {
        let list = r#"[{"kind": "gemini", "name": "fast"}, {"kind": "gemini", "model": "gemini-3-pro-preview"},
            {"kind": "openai", "name": "ollama", "model": "m", "baseUrl": "http://127.0.0.1:1/v1"}]"#;
        let mut env = Reader::from_values([("PROVIDERS", list), ("GOOGLE_API_KEY", "key")]);
        let (providers, entries) = read(&mut env, &reqwest::Client::new(), ClientConfig::default());
        let names: Vec<_> = providers.iter().map(|provider| provider.name()).collect();
        assert_eq!(names, ["fast", "gemini", "ollama"]);
        // What hears and speaks follows from the chain, and is one with it to whoever reads `/privacy`.
        let speech = crate::speech::config::read(&mut env, &reqwest::Client::new(), ClientConfig::default(), &entries);
        let ears: Vec<_> = speech.transcribers.iter().map(|ear| ear.name()).collect();
        let mouths: Vec<_> = speech.speakers.iter().map(|mouth| mouth.name()).collect();
        assert_eq!((ears, mouths), (vec!["fast", "gemini"], vec!["fast", "gemini"]));
    }
}
