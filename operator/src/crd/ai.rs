//! Who answers: model providers and voices.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::reference::SecretKeyRef;
use super::rules::{URL, all, http_url, one_line, one_word, rules, rules_at};

const NO_MODEL: &str =
    "must be the name of a model as its provider writes it, without spaces, such as gemini-3.8-flash";

/// Who answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Ai {
    /// Model providers in the order in which they are asked: the next answers when one fails. Gemini alone when absent.
    #[schemars(length(max = 8), extend("x-kubernetes-validations" = rules(&[
        ("size(self) > 0", "needs at least one; `- kind: scripted` works without any key"),
        ("self.all(a, !has(a.name) || self.exists_one(b, has(b.name) && b.name == a.name))",
         "two providers have one name, and metrics could not tell them apart: give each a name of its own"),
    ])))]
    pub providers: Vec<Provider>,
    /// How many tokens a Gemini 2.5 model may think; 0 for none, -1 for as many as it likes.
    #[schemars(range(min = -1, max = 32768))]
    pub thinking_budget: i32,
    /// Most rounds of tool use in one turn.
    #[schemars(range(min = 0, max = 20))]
    pub max_iterations: u32,
    /// What hears voice messages, asked in this order; an empty list for nothing. The Gemini among `providers` when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 4))]
    pub transcribers: Option<Vec<Provider>>,
    /// Longest recording of a person that is heard, seconds; 600 when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 3600))]
    pub max_recording_seconds: Option<u32>,
    /// What tells what messages mean, so that they are also found in other words. Needs pgvector 0.7 or newer in the database.
    /// They are found by their words alone when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub embeddings: Option<Embeddings>,
    /// Spoken answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub voice: Option<Voice>,
}

impl Default for Ai {
    fn default() -> Self {
        Self {
            providers: vec![Provider::default()],
            thinking_budget: 0,
            max_iterations: 3,
            transcribers: None,
            max_recording_seconds: None,
            embeddings: None,
            voice: None,
        }
    }
}

/// A model provider.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = all([
    rules_at(".kind", &[
        ("self.kind != 'openai' || has(self.model)", "an OpenAI-compatible server has no default model: set model"),
        ("self.kind != 'openai' || has(self.baseUrl)",
         "where is the OpenAI-compatible server? Set baseUrl, for example https://openrouter.ai/api/v1, or http://ollama:11434/v1"),
    ]),
    rules(&[
        ("self.kind != 'scripted' || !(has(self.model) || has(self.baseUrl) || has(self.apiKeySecretRef))",
         "kind: scripted answers without any model: remove model, baseUrl and apiKeySecretRef, or choose another kind"),
    ]),
])))]
pub struct Provider {
    /// Which protocol it speaks.
    pub kind: ProviderKind,
    /// The model; Gemini has a default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 200), extend("x-kubernetes-validations" = one_word(NO_MODEL)))]
    pub model: Option<String>,
    /// Where it is, version included (`https://openrouter.ai/api/v1`). Gemini's own address when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = URL), extend("x-kubernetes-validations" = http_url()))]
    pub base_url: Option<String>,
    /// Its key. When absent: for Gemini, the entry `GOOGLE_API_KEY` of the Secret that is named like the bot; for
    /// others, no key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_key_secret_ref: Option<SecretKeyRef>,
    /// Its name in metrics and `/ready`; its kind when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64), extend("x-kubernetes-validations" = rules(&[
        (r"self.matches('^[-a-zA-Z0-9._]+$')", "must be letters, digits, dashes, dots and underscores: it becomes a metric's label"),
    ])))]
    pub name: Option<String>,
}

/// Which protocol a provider speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ProviderKind {
    /// Google's Gemini API.
    #[default]
    Gemini,
    /// Any server that speaks OpenAI's chat completions: OpenRouter, Ollama, vLLM, and others.
    Openai,
    /// No model at all: a stand-in with prepared answers, for trying things out.
    Scripted,
}

impl ProviderKind {
    /// As the API's configuration says it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gemini => "gemini",
            Self::Openai => "openai",
            Self::Scripted => "scripted",
        }
    }

    /// The variable that holds the key of a provider of this kind.
    #[must_use]
    pub const fn key_variable(self) -> &'static str {
        match self {
            Self::Gemini => "GOOGLE_API_KEY",
            Self::Openai => "OPENAI_API_KEY",
            Self::Scripted => "SCRIPTED_API_KEY",
        }
    }
}

/// An embedding model.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = rules_at(".provider", &[
    ("!has(self.provider) || !has(self.provider.kind) || self.provider.kind != 'scripted'",
     "kind: scripted knows no meaning: choose gemini or openai, or remove embeddings"),
])))]
pub struct Embeddings {
    /// Where the model is; Gemini's own when absent.
    pub provider: Provider,
    /// Numbers of a vector, for models that can be told; 768 of Gemini's when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 4096))]
    pub dimensions: Option<u32>,
}

/// Spoken answers, for people whose plan has them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = rules_at(".speakers", &[
    ("!has(self.speakers) || !has(self.model)", "each speaker has a model of its own: remove voice.model, or speakers"),
])))]
pub struct Voice {
    /// Whether answers may be spoken.
    pub enabled: bool,
    /// What speaks, asked in this order. The Gemini among `ai.providers` when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 4), extend("x-kubernetes-validations" = rules(&[
        ("size(self) > 0", "needs at least one; enabled: false if nothing is to speak"),
    ])))]
    pub speakers: Option<Vec<Provider>>,
    /// The Gemini model that speaks; the API's default when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 200), extend("x-kubernetes-validations" = one_word(NO_MODEL)))]
    pub model: Option<String>,
    /// The voice of people who have not chosen one, as the first speaker calls it; its default when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64), extend("x-kubernetes-validations" = one_line("must be the name of a voice, such as Kore")))]
    pub name: Option<String>,
}

impl Default for Voice {
    fn default() -> Self {
        Self { enabled: true, speakers: None, model: None, name: None }
    }
}
