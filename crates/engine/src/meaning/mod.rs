//! What messages and facts mean, by an embedding model, beside the words that they are found by.
//!
//! It is an extra that nothing waits for: where no model is configured, where the database has no pgvector, or where the
//! model does not answer within a second, words alone find. Messages get their vectors in the background (`place`), after
//! their conversation was summed up: that is when they begin to leave the history that a turn shows. Facts get theirs after
//! the messages, encrypted as facts are: they help to choose where there are more facts than a turn can show.

mod asking;
mod config;
mod gemini;
mod openai;
mod place;

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use evolve_runtime::metrics::Metrics;
use evolve_store::{Store, vectors::Meaning};

use crate::{metrics::MeaningMetrics, model::ModelError};
use asking::{Asking, MAX_CHARS, shown};
pub use config::read;
pub use gemini::GeminiEmbedder;
pub use openai::OpenAiEmbedder;
use place::Owed;
pub use place::start;

/// How long a database that cannot compare vectors is not asked again whether it can.
const AGAIN: TimeDelta = TimeDelta::minutes(10);

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
    /// The model, and its dimensions where they are configured: vectors of another one cannot be compared.
    fn id(&self) -> &str;

    /// How many numbers a vector must have; nothing where that is the model's own choice.
    fn dimensions(&self) -> Option<usize>;

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
    model: Asking,
    comparing: Mutex<Comparing>,
    owed: Owed,
}

/// Whether the database compares vectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparing {
    /// Nobody has looked.
    Unknown,
    /// It does.
    Yes,
    /// It does not, and is not asked before.
    NotBefore(DateTime<Utc>),
}

impl Meanings {
    /// Where nothing has a meaning.
    pub(crate) const NONE: &Self = &Self(None);

    /// With this embedder, if any.
    #[must_use]
    pub fn new(embedder: Option<Arc<dyn Embedder>>, metrics: &Metrics) -> Self {
        // Also where none is asked: which metrics there are does not depend on what is configured.
        let counted = MeaningMetrics::register(metrics);
        Self(embedder.map(|embedder| {
            let model = Asking::new(embedder, counted);
            model.show(metrics);
            Arc::new(Inner { model, comparing: Mutex::new(Comparing::Unknown), owed: Owed::default() })
        }))
    }

    /// The model that is asked, by its name; nothing where none is.
    #[must_use]
    pub fn model(&self) -> Option<&str> {
        self.0.as_ref().map(|inner| inner.model.name())
    }

    /// Makes sure that the database can compare vectors. Until it can, nothing is asked of the model.
    pub async fn enable(&self, store: &Store, now: DateTime<Utc>) {
        let Some(inner) = self.0.as_ref().filter(|inner| inner.is_to_be_enabled(now)) else { return };
        let comparing = match store.vectors().enable().await {
            Ok(()) => Comparing::Yes,
            Err(error) if error.is_unavailable() => return,
            Err(error) => {
                tracing::warn!(
                    %error,
                    "EMBEDDINGS is set, but the database has no pgvector 0.7 or newer: install it on the server, run `CREATE EXTENSION vector` \
                     in this database, or leave EMBEDDINGS out; until then, what was said is found by its words alone"
                );
                Comparing::NotBefore(now + AGAIN)
            }
        };
        *inner.comparing() = comparing;
    }

    /// What a question means, if that is known in time.
    pub(crate) async fn of(&self, question: &str) -> Option<Meaning> {
        let inner = self.ready()?;
        let text = shown(question, MAX_CHARS)?;
        let vector = inner.model.ask(&[text], Purpose::Question).await?.ok()?.pop()?;
        Some(Meaning { model: inner.model.space(vector.len()), vector })
    }

    /// The database refused to compare vectors: for a while it is not asked to.
    pub(crate) fn disable(&self, now: DateTime<Utc>) {
        if let Some(inner) = &self.0 {
            *inner.comparing() = Comparing::NotBefore(now + AGAIN);
        }
    }

    /// The embedder, while its vectors can be compared.
    fn ready(&self) -> Option<&Inner> {
        self.0.as_deref().filter(|inner| *inner.comparing() == Comparing::Yes)
    }
}

impl Inner {
    fn is_to_be_enabled(&self, now: DateTime<Utc>) -> bool {
        match *self.comparing() {
            Comparing::Unknown => true,
            Comparing::Yes => false,
            Comparing::NotBefore(time) => now >= time,
        }
    }

    fn comparing(&self) -> MutexGuard<'_, Comparing> {
        self.comparing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
