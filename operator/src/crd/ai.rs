//! `spec.ai`: the chain of model providers, and what a turn may cost.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::SecretKeyRef;

/// Who answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Ai {
    /// Model providers in the order in which they are asked: the next answers when one fails.
    pub providers: Vec<Provider>,
    /// How many tokens a Gemini 2.5 model may think; 0 for none, -1 for as many as it likes.
    pub thinking_budget: i32,
    /// Most rounds of tool use in one turn.
    pub max_iterations: u32,
}

impl Default for Ai {
    fn default() -> Self {
        Self { providers: vec![Provider::default()], thinking_budget: 0, max_iterations: 3 }
    }
}

/// A model provider.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Provider {
    /// Which protocol it speaks.
    pub kind: ProviderKind,
    /// The model; Gemini has a default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Where it is, version included (`https://openrouter.ai/api/v1`). Gemini's own address when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    /// Its key. For Gemini, `GOOGLE_API_KEY` when absent; for others, no key then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_key_secret_ref: Option<SecretKeyRef>,
    /// Its name in metrics and `/ready`; its kind when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
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
