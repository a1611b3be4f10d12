//! Embeddings by Gemini: `batchEmbedContents`.

use async_trait::async_trait;
use reqwest::{Client, Url, header::HeaderMap};
use serde::Deserialize;
use serde_json::json;

use super::{Embedder, Purpose};
use crate::model::{GeminiConfig, HttpLimits, ModelError, SetupError, gemini, http::Exchange};

/// The model that is asked unless another one is configured.
pub(super) const DEFAULT_MODEL: &str = "gemini-embedding-001";
/// Numbers of a vector unless configured: what Google recommends where space counts, of 3072.
pub(super) const DEFAULT_DIMENSIONS: u32 = 768;

/// A Gemini model that embeds.
#[derive(Debug)]
pub struct GeminiEmbedder {
    client: Client,
    headers: HeaderMap,
    url: Url,
    limits: HttpLimits,
    model: String,
    dimensions: u32,
    id: String,
}

#[derive(Deserialize)]
struct Answer {
    embeddings: Vec<Embedding>,
}

#[derive(Deserialize)]
struct Embedding {
    values: Vec<f32>,
}

impl GeminiEmbedder {
    /// Vectors of so many numbers by this model.
    ///
    /// # Errors
    /// [`SetupError`] if the key or the base URL cannot be used.
    pub fn new(client: Client, config: &GeminiConfig, dimensions: u32) -> Result<Self, SetupError> {
        let model = config.model.strip_prefix("models/").unwrap_or(&config.model).to_owned();
        let id = format!("{model}/{dimensions}");
        let (headers, url) = gemini::call(config, "batchEmbedContents")?;
        Ok(Self { client, headers, url, limits: config.limits, model, dimensions, id })
    }
}

#[async_trait]
impl Embedder for GeminiEmbedder {
    fn id(&self) -> &str {
        &self.id
    }

    fn dimensions(&self) -> Option<usize> {
        usize::try_from(self.dimensions).ok()
    }

    async fn embed(&self, texts: &[&str], purpose: Purpose) -> Result<Vec<Vec<f32>>, ModelError> {
        let task = match purpose {
            Purpose::Question => "RETRIEVAL_QUERY",
            Purpose::Message => "RETRIEVAL_DOCUMENT",
        };
        let request = |text: &&str| {
            json!({
                "model": format!("models/{}", self.model),
                "content": { "parts": [{ "text": text }] },
                "taskType": task,
                "outputDimensionality": self.dimensions,
            })
        };
        let body = json!({ "requests": texts.iter().map(request).collect::<Vec<_>>() });
        let call = self.client.post(self.url.clone()).headers(self.headers.clone()).json(&body);
        let exchange = Exchange::send(call, self.limits).await?.accepted(gemini::refusal::from_http).await?;
        let answer: Answer = serde_json::from_slice(&exchange.body().await?)
            .map_err(|_| ModelError::malformed("it is not the JSON of embeddings"))?;
        Ok(answer.embeddings.into_iter().map(|embedding| embedding.values).collect())
    }
}
