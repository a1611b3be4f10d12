//! The embedding model behind what keeps it from costing anybody anything: a time-out, a breaker, and the rest that it asks
//! for.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use evolve_runtime::{
    breaker::{BreakerConfig, SharedBreaker},
    metrics::Metrics,
};
use tokio::time::Instant;

use super::{Embedder, Purpose, config::LIMIT};
use crate::{
    metrics::MeaningMetrics,
    model::{ModelError, Waited},
};

/// How long a turn waits for what its message means.
const PATIENCE: Duration = Duration::from_secs(1);
/// Longest text that is shown to the model, in characters: about half of what most models read.
pub(super) const MAX_CHARS: usize = 4000;
/// Most numbers of a vector: what pgvector compares.
const MAX_DIMENSIONS: usize = 16_000;
/// How long a model is left alone that refuses whatever it is asked: somebody has to mend what is configured first.
const REST: Duration = Duration::from_secs(600);
/// The longest rest that a server's `Retry-After` is believed.
const LONGEST_REST: Duration = Duration::from_secs(3600);
/// Stands for a text of which there is nothing to show.
pub(super) const NOTHING: &str = "…";

/// A model that may be asked.
#[derive(Debug)]
pub(super) struct Asking {
    embedder: Arc<dyn Embedder>,
    breaker: SharedBreaker,
    rests_until: Mutex<Option<Instant>>,
    /// How many numbers its newest vector had; 0 before the first.
    seen: AtomicUsize,
    metrics: MeaningMetrics,
}

impl Asking {
    pub(super) fn new(embedder: Arc<dyn Embedder>, metrics: MeaningMetrics) -> Self {
        let (breaker, rests_until) = (SharedBreaker::new(BreakerConfig::MODEL), Mutex::new(None));
        Self { embedder, breaker, rests_until, seen: AtomicUsize::new(0), metrics }
    }

    /// Shows the state of its breaker.
    pub(super) fn show(&self, metrics: &Metrics) {
        metrics.show_breakers("embedding", [(self.name(), &self.breaker)]);
    }

    /// The model's name: where its dimensions were chosen, they stand behind it in its id.
    pub(super) fn name(&self) -> &str {
        let id = self.embedder.id();
        match self.embedder.dimensions() {
            Some(_) => id.rsplit_once('/').map_or(id, |(name, _)| name),
            None => id,
        }
    }

    /// Where a vector of so many numbers stands: it is compared with others of there alone. Weights that were changed under
    /// the same name make another space, as far as their vectors' length tells.
    pub(super) fn space(&self, dimensions: usize) -> String {
        let id = self.embedder.id();
        if self.embedder.dimensions().is_some() { id.to_owned() } else { format!("{id}/{dimensions}") }
    }

    /// Where vectors stand now. Where nobody configured how long they are, the model is asked once.
    pub(super) async fn space_now(&self) -> Option<String> {
        if self.embedder.dimensions().is_none() && self.seen.load(Ordering::Relaxed) == 0 {
            self.ask(&[NOTHING], Purpose::Message).await?.ok()?;
        }
        Some(self.space(self.seen.load(Ordering::Relaxed)))
    }

    /// A vector for each text, all of one length. Nothing while the model is left alone.
    pub(super) async fn ask(&self, texts: &[&str], purpose: Purpose) -> Option<Result<Vec<Vec<f32>>, ModelError>> {
        if self.is_resting() {
            return None;
        }
        let permit = self.breaker.admit().ok()?;
        let limit = match purpose {
            Purpose::Question => PATIENCE,
            Purpose::Message => LIMIT,
        };
        let answer = tokio::time::timeout(limit, self.embedder.embed(texts, purpose))
            .await
            .unwrap_or(Err(ModelError::TimedOut { waited: Waited::Answer, limit }))
            .and_then(|vectors| checked(vectors, texts.len(), self.embedder.dimensions()));
        match &answer {
            Ok(vectors) => {
                permit.succeeded();
                self.seen.store(vectors.first().map_or(0, Vec::len), Ordering::Relaxed);
                self.metrics.asked(purpose, "success");
            }
            Err(error) => {
                // A server that blocks or refuses what we sent is alive, and that is all a breaker wants to know.
                if error.counts_as_failure() {
                    permit.failed()
                } else {
                    permit.succeeded()
                }
                if let Some(rest) = rest_after(error) {
                    self.rest_for(rest);
                }
                self.metrics.asked(purpose, error.kind());
                tracing::warn!(%error, texts = texts.len(), "the embedding model failed");
            }
        }
        Some(answer)
    }

    /// It refuses whatever it is asked.
    pub(super) fn refuses_all(&self) {
        self.rest_for(REST);
    }

    fn is_resting(&self) -> bool {
        let until = *self.rests_until.lock().unwrap_or_else(PoisonError::into_inner);
        until.is_some_and(|until| until > Instant::now())
    }

    fn rest_for(&self, duration: Duration) {
        let mut until = self.rests_until.lock().unwrap_or_else(PoisonError::into_inner);
        // Of many that were refused at once, the longest rest counts.
        *until = (*until).max(Some(Instant::now() + duration));
    }
}

/// How long the model is left alone after an error: as long as it says, or until somebody may have mended key, credit or name.
fn rest_after(error: &ModelError) -> Option<Duration> {
    match error {
        ModelError::Rejected { status: 401..=404, .. } => Some(REST),
        error => error.retry_after().map(|rest| rest.min(LONGEST_REST)),
    }
}

/// What a model is shown of a text: at most so many characters.
pub(super) fn shown(text: &str, most: usize) -> Option<&str> {
    let text = text.trim();
    let end = text.char_indices().nth(most).map_or(text.len(), |(end, _)| end);
    text.get(..end).filter(|text| !text.is_empty())
}

/// Of unit length, since no server is believed a number that Postgres could not hold or compare.
fn checked(vectors: Vec<Vec<f32>>, texts: usize, wanted: Option<usize>) -> Result<Vec<Vec<f32>>, ModelError> {
    let dimensions = vectors.first().map(Vec::len).unwrap_or_default();
    if vectors.len() != texts || !(1..=MAX_DIMENSIONS).contains(&dimensions) {
        let what = format!("{} vectors of {dimensions} numbers for {texts} texts", vectors.len());
        return Err(ModelError::malformed(what));
    }
    if let Some(wanted) = wanted.filter(|wanted| *wanted != dimensions) {
        let what = format!("vectors of {dimensions} numbers; `dimensions` of EMBEDDINGS says {wanted}");
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
    use async_trait::async_trait;

    use super::*;

    /// Fails, or hangs where there is no error.
    #[derive(Debug, Default)]
    struct Ill {
        asked: AtomicUsize,
        error: Option<ModelError>,
    }

    #[async_trait]
    impl Embedder for Ill {
        fn id(&self) -> &str {
            "ill"
        }

        fn dimensions(&self) -> Option<usize> {
            None
        }

        async fn embed(&self, _: &[&str], _: Purpose) -> Result<Vec<Vec<f32>>, ModelError> {
            self.asked.fetch_add(1, Ordering::Relaxed);
            match &self.error {
                Some(error) => Err(error.clone()),
                None => std::future::pending().await,
            }
        }
    }

    /// How often it was asked by so many turns, each a second after the other.
    async fn asked_by(turns: usize, error: Option<ModelError>) -> usize {
        let ill = Arc::new(Ill { error, ..Ill::default() });
        let model = Asking::new(Arc::clone(&ill) as Arc<dyn Embedder>, MeaningMetrics::register(&Metrics::new()));
        for _ in 0..turns {
            assert!(!matches!(model.ask(&["Привет"], Purpose::Question).await, Some(Ok(_))));
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        ill.asked.load(Ordering::Relaxed)
    }

    #[tokio::test(start_paused = true)]
    async fn a_model_that_hangs_is_soon_waited_for_no_longer() {
        assert_eq!(asked_by(20, None).await, 5);
    }

    #[tokio::test(start_paused = true)]
    async fn a_model_is_left_alone_for_as_long_as_it_says_and_for_minutes_where_the_key_is_wrong() {
        let limited = ModelError::RateLimited { retry_after: Some(Duration::from_secs(30)) };
        assert_eq!(asked_by(40, Some(limited)).await, 2);
        let rejected =
            |status| Some(ModelError::Rejected { status, code: "NO".to_owned(), hint: "the key".to_owned() });
        assert_eq!(asked_by(100, rejected(401)).await, 1);
        assert_eq!(asked_by(100, rejected(422)).await, 100, "that is about what it was asked");
    }

    #[test]
    fn weights_that_make_vectors_of_another_length_make_another_space() {
        let model = Asking::new(Arc::new(Ill::default()), MeaningMetrics::register(&Metrics::new()));
        assert_eq!((model.space(3), model.space(4)), ("ill/3".to_owned(), "ill/4".to_owned()));
    }

    #[test]
    fn vectors_that_cannot_be_compared_are_refused() {
        assert!(checked(vec![vec![1.0, 0.0], vec![0.5, 0.5]], 2, None).is_ok());
        assert!(checked(vec![vec![1.0, 0.0]], 1, Some(2)).is_ok());
        assert!(checked(vec![vec![1.0, 0.0]], 1, Some(3)).is_err());
        for bad in [
            vec![vec![1.0]],
            vec![vec![], vec![]],
            vec![vec![1.0], vec![1.0, 2.0]],
            vec![vec![f32::NAN], vec![1.0]],
            vec![vec![f32::INFINITY], vec![1.0]],
            vec![vec![0.0, 0.0], vec![1.0, 0.0]],
            vec![vec![f32::MAX], vec![1.0]],
        ] {
            assert!(checked(bad.clone(), 2, None).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let text = "щ".repeat(MAX_CHARS + 10);
        assert_eq!(shown(&text, MAX_CHARS).unwrap().chars().count(), MAX_CHARS);
        assert_eq!(shown(" \n ", MAX_CHARS), None);
        assert_eq!(shown("щи", 0), None);
    }
}
