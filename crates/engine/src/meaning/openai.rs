//! Embeddings by any server with OpenAI's `/embeddings`: OpenAI itself, Ollama, vLLM, text-embeddings-inference.

use async_trait::async_trait;
use reqwest::{Client, Url, header::HeaderMap};
use serde::Deserialize;
use serde_json::json;

use super::{Embedder, Purpose};
use crate::model::{HttpLimits, ModelError, OpenAiConfig, SetupError, http::Exchange, openai};

/// A model that embeds, behind an OpenAI-compatible server.
#[derive(Debug)]
pub struct OpenAiEmbedder {
    client: Client,
    headers: HeaderMap,
    url: Url,
    limits: HttpLimits,
    model: String,
    dimensions: Option<u32>,
    id: String,
}

#[derive(Deserialize)]
struct Answer {
    data: Vec<Embedding>,
}

#[derive(Deserialize)]
struct Embedding {
    index: usize,
    embedding: Vec<f32>,
}

impl OpenAiEmbedder {
    /// Vectors by this model: of so many numbers, where the model can be told; not all can.
    ///
    /// # Errors
    /// [`SetupError`] if the key or the base URL cannot be used.
    pub fn new(client: Client, config: &OpenAiConfig, dimensions: Option<u32>) -> Result<Self, SetupError> {
        let model = config.model.clone();
        let id = dimensions.map_or_else(|| model.clone(), |dimensions| format!("{model}/{dimensions}"));
        let (headers, url) = openai::call(config, &["embeddings"])?;
        Ok(Self { client, headers, url, limits: config.limits, model, dimensions, id })
    }
}

#[async_trait]
impl Embedder for OpenAiEmbedder {
    fn id(&self) -> &str {
        &self.id
    }

    fn dimensions(&self) -> Option<usize> {
        usize::try_from(self.dimensions?).ok()
    }

    async fn embed(&self, texts: &[&str], _: Purpose) -> Result<Vec<Vec<f32>>, ModelError> {
        let mut body = json!({ "model": self.model, "input": texts, "encoding_format": "float" });
        if let Some(dimensions) = self.dimensions {
            body["dimensions"] = dimensions.into();
        }
        let call = self.client.post(self.url.clone()).headers(self.headers.clone()).json(&body);
        let exchange = Exchange::send(call, self.limits).await?.accepted(openai::refusal::from_http).await?;
        let mut answer: Answer = serde_json::from_slice(&exchange.body().await?)
            .map_err(|_| ModelError::malformed("it is not the JSON of embeddings"))?;
        answer.data.sort_unstable_by_key(|embedding| embedding.index);
        Ok(answer.data.into_iter().map(|embedding| embedding.embedding).collect())
    }
}
