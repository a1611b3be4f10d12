//! What messages mean, by an embedding model, beside the words that they are found by.
//!
//! It is an extra that nothing waits for: where no model is configured, where the database has no pgvector, or where the
//! model does not answer within a second, words alone find. Messages get their vectors after their conversation was summed
//! up: that is when they begin to leave the history that a turn shows.

mod config;
mod gemini;
mod openai;

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use evolve_runtime::breaker::{BreakerConfig, SharedBreaker};
use evolve_store::{
    Store,
    vectors::{Meaning, Unplaced},
};

use crate::model::ModelError;
pub use config::read;
pub use gemini::GeminiEmbedder;
pub use openai::OpenAiEmbedder;

/// How long a turn waits for what its message means.
const PATIENCE: Duration = Duration::from_secs(1);
/// Messages in one request; what servers take differs, and this all of them take.
const BATCH: u32 = 50;
/// Requests for one person in one go, so that somebody with a long past does not hold up everybody else.
const BATCHES: usize = 20;
/// Longest text that is shown to the model, in characters: about half of what the smallest model reads.
const MAX_CHARS: usize = 4000;
/// Most numbers of a vector: what pgvector compares.
const MAX_DIMENSIONS: usize = 16_000;

/// What a text is embedded for: models place questions beside their answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To look for something.
    Question,
    /// To be found.
    Message,
}

/// A model that places texts in a space.
#[async_trait]
pub trait Embedder: fmt::Debug + Send + Sync {
    /// The model and its dimensions: vectors of another one cannot be compared.
    fn id(&self) -> &str;

    /// A vector for each text, in their order.
    ///
    /// # Errors
    /// [`ModelError`].
    async fn embed(&self, texts: &[&str], purpose: Purpose) -> Result<Vec<Vec<f32>>, ModelError>;
}

/// An embedder in use.
#[derive(Clone, Debug, Default)]
pub struct Meanings(Option<Arc<Inner>>);

#[derive(Debug)]
struct Inner {
    embedder: Arc<dyn Embedder>,
    breaker: SharedBreaker,
    /// Whether the database compares vectors.
    enabled: AtomicBool,
}

impl Meanings {
    /// With this embedder, if any.
    #[must_use]
    pub fn new(embedder: Option<Arc<dyn Embedder>>) -> Self {
        Self(embedder.map(|embedder| {
            let breaker = SharedBreaker::new(BreakerConfig::MODEL);
            Arc::new(Inner { embedder, breaker, enabled: AtomicBool::new(false) })
        }))
    }

    /// The model that is asked, by its name; nothing where none is.
    #[must_use]
    pub fn model(&self) -> Option<&str> {
        let id = self.0.as_ref()?.embedder.id();
        // Its dimensions are nobody's business.
        Some(id.rsplit_once('/').map_or(id, |(model, _)| model))
    }

    /// Makes sure that the database can compare vectors. Until it can, nothing is asked of the model.
    pub async fn enable(&self, store: &Store) {
        let Some(inner) = self.0.as_ref().filter(|inner| !inner.enabled.load(Ordering::Relaxed)) else { return };
        match store.vectors().enable().await {
            Ok(()) => inner.enabled.store(true, Ordering::Relaxed),
            Err(error) if error.is_unavailable() => {}
            Err(error) => tracing::warn!(
                %error,
                "EMBEDDINGS is set, but the database has no pgvector 0.7 or newer: install it on the server, run `CREATE EXTENSION vector` \
                 in this database, or leave EMBEDDINGS out; until then, what was said is found by its words alone"
            ),
        }
    }

    /// What a question means, if that is known in time.
    pub(crate) async fn of(&self, question: &str) -> Option<Meaning> {
        let inner = self.0.as_ref().filter(|inner| inner.enabled.load(Ordering::Relaxed))?;
        let text = shown(question)?;
        let vectors = tokio::time::timeout(PATIENCE, inner.ask(&[text], Purpose::Question)).await;
        let vector = vectors.ok().flatten()?.pop()?;
        Some(Meaning { model: inner.embedder.id().to_owned(), vector })
    }

    /// The database refused to compare vectors: it is not asked to again before [`Self::enable`] has seen to it.
    pub(crate) fn disable(&self) {
        if let Some(inner) = &self.0 {
            inner.enabled.store(false, Ordering::Relaxed);
        }
    }

    /// Gives a person's messages their vectors. What fails is made up for the next time.
    pub(crate) async fn place(&self, store: &Store, user_id: i64) {
        let Some(inner) = self.0.as_ref().filter(|inner| inner.enabled.load(Ordering::Relaxed)) else { return };
        for _ in 0..BATCHES {
            match inner.place_some(store, user_id).await {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => {
                    tracing::warn!(%error, "messages could not be given vectors; trying again later");
                    return;
                }
            }
        }
    }
}

impl Inner {
    /// False when there is nothing to do, or the model does not answer.
    async fn place_some(&self, store: &Store, user_id: i64) -> Result<bool, evolve_store::StoreError> {
        let model = self.embedder.id();
        let messages: Vec<Unplaced> = store.vectors().unplaced(user_id, model, BATCH).await?;
        // Of a message that is a picture, or only spaces, there is nothing to show; it is passed over like any other.
        let texts: Vec<&str> = messages.iter().map(|message| shown(&message.text).unwrap_or("…")).collect();
        if texts.is_empty() {
            return Ok(false);
        }
        let Some(vectors) = self.ask(&texts, Purpose::Message).await else { return Ok(false) };
        let dimensions = vectors.first().map(Vec::len).unwrap_or_default();
        store.vectors().place(user_id, model, &messages, (&vectors.concat(), dimensions)).await?;
        Ok(true)
    }

    /// A vector for each text, all as long as the first.
    async fn ask(&self, texts: &[&str], purpose: Purpose) -> Option<Vec<Vec<f32>>> {
        let permit = self.breaker.admit().ok()?;
        let answer = self.embedder.embed(texts, purpose).await.and_then(|vectors| checked(vectors, texts.len()));
        match answer {
            Ok(vectors) => {
                permit.succeeded();
                Some(vectors)
            }
            Err(error) => {
                if error.counts_as_failure() {
                    permit.failed()
                } else {
                    permit.succeeded()
                }
                tracing::warn!(%error, "the embedding model failed");
                None
            }
        }
    }
}

/// What a model is shown of a text.
fn shown(text: &str) -> Option<&str> {
    let text = text.trim();
    let end = text.char_indices().nth(MAX_CHARS).map_or(text.len(), |(end, _)| end);
    text.get(..end).filter(|text| !text.is_empty())
}

/// Of unit length, since no server is believed a number that Postgres could not hold or compare.
fn checked(vectors: Vec<Vec<f32>>, wanted: usize) -> Result<Vec<Vec<f32>>, ModelError> {
    let dimensions = vectors.first().map(Vec::len).unwrap_or_default();
    if vectors.len() != wanted || !(1..=MAX_DIMENSIONS).contains(&dimensions) {
        let what = format!("{} vectors of {dimensions} numbers for {wanted} texts", vectors.len());
        return Err(ModelError::malformed(what));
    }
    let unit = |vector: Vec<f32>| {
        let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
        let has_direction = vector.len() == dimensions && length.is_normal();
        has_direction.then(|| vector.into_iter().map(|x| x / length).collect())
    };
    let units: Option<Vec<Vec<f32>>> = vectors.into_iter().map(unit).collect();
    units.ok_or_else(|| ModelError::malformed("vectors of different lengths, or of no direction"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_that_cannot_be_compared_are_refused() {
        assert!(checked(vec![vec![1.0, 0.0], vec![0.5, 0.5]], 2).is_ok());
        for bad in [
            vec![vec![1.0]],
            vec![vec![], vec![]],
            vec![vec![1.0], vec![1.0, 2.0]],
            vec![vec![f32::NAN], vec![1.0]],
            vec![vec![f32::INFINITY], vec![1.0]],
            vec![vec![0.0, 0.0], vec![1.0, 0.0]],
            vec![vec![f32::MAX], vec![1.0]],
        ] {
            assert!(checked(bad.clone(), 2).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let text = "щ".repeat(MAX_CHARS + 10);
        assert_eq!(shown(&text).unwrap().chars().count(), MAX_CHARS);
        assert_eq!(shown(" \n "), None);
    }
}
