//! From configuration to what embeds.

use std::{sync::Arc, time::Duration};

use evolve_runtime::{config::Reader, http::ClientConfig};
use reqwest::Client;
use serde::{Deserialize, Serialize};
use url::Url;

use super::{
    Embedder,
    gemini::{DEFAULT_DIMENSIONS, DEFAULT_MODEL, GeminiEmbedder},
    openai::OpenAiEmbedder,
};
use crate::{
    model::HttpLimits,
    providers::{ProviderConfig, ProviderKind},
};

/// Longest time for one batch.
pub(super) const LIMIT: Duration = Duration::from_secs(30);
/// Dimensions that can be asked for: the largest models have 4096.
const MOST_DIMENSIONS: u32 = 4096;

/// What embeds, as `EMBEDDINGS` says it.
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
    dimensions: Option<u32>,
}

/// Reads `EMBEDDINGS`. What is wrong is noted in `env`.
pub fn read(env: &mut Reader, client: &Client, http: ClientConfig) -> Option<Arc<dyn Embedder>> {
    let entry: Entry = env.optional_json(
        "EMBEDDINGS",
        "The model that tells what messages mean, so that they are also found in other words: JSON of `{kind, model, baseUrl, apiKeyEnv, dimensions}`, kind `gemini` or `openai` (any server with `/embeddings`). The database needs pgvector 0.7 or newer. By words alone where it is not set.",
    )?;
    match build(env, entry, client, http) {
        Ok(embedder) => Some(embedder),
        Err(problem) => {
            env.problem(format!("EMBEDDINGS: {problem}"));
            None
        }
    }
}

fn build(env: &mut Reader, entry: Entry, client: &Client, http: ClientConfig) -> Result<Arc<dyn Embedder>, String> {
    let Entry { kind, model, base_url, api_key_env, dimensions } = entry;
    if dimensions.is_some_and(|dimensions| !(1..=MOST_DIMENSIONS).contains(&dimensions)) {
        return Err(format!("dimensions must be 1 to {MOST_DIMENSIONS}"));
    }
    let limits = HttpLimits { total: LIMIT.min(http.total), ..HttpLimits::default() };
    let provider = ProviderConfig { kind, model, base_url, api_key_env, name: None };
    match kind {
        ProviderKind::Scripted => Err("kind scripted has no meaning: use gemini or openai, or leave it out".to_owned()),
        ProviderKind::Gemini => {
            let config = provider.gemini_config(env, DEFAULT_MODEL, limits)?;
            let dimensions = dimensions.unwrap_or(DEFAULT_DIMENSIONS);
            Ok(Arc::new(GeminiEmbedder::new(client.clone(), &config, dimensions).map_err(|error| error.to_string())?))
        }
        ProviderKind::OpenAi => {
            let config = provider.openai_config(env, limits)?;
            Ok(Arc::new(OpenAiEmbedder::new(client.clone(), &config, dimensions).map_err(|error| error.to_string())?))
        }
    }
}
