//! Gives messages and facts their vectors, in the background: a batch of one person at a time, so that somebody with a long
//! past does not hold up everybody else. Who is owed vectors is not kept: it is known anew with the next summary.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use evolve_runtime::shutdown::Tasks;
use evolve_store::{Store, StoreError, facts::UnplacedFact, vectors::Unplaced};
use tokio::sync::Notify;

use super::{
    Inner, Meanings, Purpose,
    asking::{MAX_CHARS, NOTHING, shown},
};
use crate::{Engine, model::ModelError};

/// Texts in one request: what every server takes, unless it says otherwise.
const BATCH: u32 = 32;
/// What is left of a text that the model refused, in characters: few enough for models that read little.
const SHORT: usize = 1000;
/// Pause after a failure, and until the database is asked again whether it compares vectors.
const PAUSE: Duration = Duration::from_secs(60);
/// Most people who wait for their turn. Who does not fit comes with their next summary.
const MOST: usize = 10_000;

/// Who is owed vectors, first come, first served.
#[derive(Debug, Default)]
pub(super) struct Owed {
    people: Mutex<VecDeque<i64>>,
    came: Notify,
}

impl Owed {
    fn add(&self, user_id: i64) {
        let mut people = self.people();
        if people.len() < MOST && !people.contains(&user_id) {
            people.push_back(user_id);
        }
    }

    fn next(&self) -> Option<i64> {
        self.people().pop_front()
    }

    fn people(&self) -> MutexGuard<'_, VecDeque<i64>> {
        self.people.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How a batch went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Batch {
    /// It was placed, and there may be more.
    Placed,
    /// There is nothing to place.
    Nothing,
    /// The model does not place it now.
    Stuck,
}

/// Starts the work, as a task of `tasks`.
pub fn start(engine: Engine, tasks: &Tasks) {
    let Some(inner) = engine.meanings.0.clone() else { return };
    let soft = tasks.soft();
    tasks.spawn("meanings", async move {
        loop {
            let round = async {
                engine.meanings.enable(&engine.store, engine.clock.now()).await;
                while engine.meanings.place_one(&engine.store).await {}
                // Whichever it is, the next round finds out.
                let _ = tokio::time::timeout(PAUSE, inner.owed.came.notified()).await;
            };
            tokio::select! {
                () = round => {}
                // What is under way is paid for, but nothing is lost by it.
                () = soft.cancelled() => return Ok(()),
            }
        }
    });
}

impl Meanings {
    /// A person's messages and facts are to get their vectors, when there is time.
    pub(crate) fn owe(&self, user_id: i64) {
        if let Some(inner) = &self.0 {
            inner.owed.add(user_id);
            inner.owed.came.notify_one();
        }
    }

    /// Places a batch of the person whose turn it is. False when nobody is owed anything, or when it did not work and is
    /// better left for a while.
    pub async fn place_one(&self, store: &Store) -> bool {
        let Some(inner) = self.ready() else { return false };
        let Some(user_id) = inner.owed.next() else { return false };
        match inner.place(store, user_id).await {
            Ok(Batch::Placed) => {
                inner.owed.add(user_id);
                true
            }
            Ok(Batch::Nothing) => true,
            Ok(Batch::Stuck) => {
                inner.owed.add(user_id);
                false
            }
            Err(error) => {
                tracing::warn!(%error, "messages or facts could not be given vectors; trying again later");
                if error.is_unavailable() {
                    inner.owed.add(user_id);
                }
                false
            }
        }
    }
}

impl Inner {
    /// The next messages of a person; once all of them are placed, their facts.
    async fn place(&self, store: &Store, user_id: i64) -> Result<Batch, StoreError> {
        let Some(space) = self.model.space_now().await else { return Ok(Batch::Stuck) };
        let mut messages: Vec<Unplaced> = store.vectors().unplaced(user_id, &space, BATCH).await?;
        if messages.is_empty() {
            return self.place_facts(store, user_id, &space).await;
        }
        let texts: Vec<&str> = messages.iter().map(|message| message.text.as_str()).collect();
        let Some(vectors) = self.first(&texts, &space).await else { return Ok(Batch::Stuck) };
        messages.truncate(vectors.len());
        let dimensions = vectors.first().map(Vec::len).unwrap_or_default();
        store.vectors().place(user_id, &space, &messages, (&vectors.concat(), dimensions)).await?;
        Ok(Batch::Placed)
    }

    async fn place_facts(&self, store: &Store, user_id: i64, space: &str) -> Result<Batch, StoreError> {
        let mut facts: Vec<UnplacedFact> = store.facts().unplaced(user_id, space, BATCH).await?;
        if facts.is_empty() {
            return Ok(Batch::Nothing);
        }
        let texts: Vec<&str> = facts.iter().map(|fact| fact.content.as_str()).collect();
        let Some(vectors) = self.first(&texts, space).await else { return Ok(Batch::Stuck) };
        facts.truncate(vectors.len());
        store.facts().place(user_id, space, &facts, &vectors).await?;
        Ok(Batch::Placed)
    }

    /// Vectors of the first of some texts, as many as the model takes at once; nothing while it takes none. Of a batch that it
    /// refuses, the first half is tried; of a single text, a shorter piece; and where it takes nothing of it, the text stands
    /// where those stand that say nothing, since one text must not keep all that come after it from being found.
    async fn first(&self, texts: &[&str], space: &str) -> Option<Vec<Vec<f32>>> {
        let (mut count, mut most) = (texts.len(), MAX_CHARS);
        loop {
            let batch: Vec<&str> = texts.iter().take(count).map(|text| shown(text, most).unwrap_or(NOTHING)).collect();
            let error = match self.model.ask(&batch, Purpose::Message).await? {
                Ok(vectors) => {
                    let dimensions = vectors.first().map(Vec::len).unwrap_or_default();
                    // Its weights were changed meanwhile: what is owed is not what was read.
                    return (self.model.space(dimensions) == space).then_some(vectors);
                }
                Err(error) if may_be_the_text(&error) => error,
                Err(_) => return None,
            };
            match count {
                0 | 1 if most == 0 => {
                    self.model.refuses_all();
                    return None;
                }
                0 | 1 => most = shorter(texts, most),
                // A breaker takes few answers that cannot be read.
                _ if matches!(error, ModelError::Malformed { .. }) => count = 1,
                several => count = several / 2,
            }
        }
    }
}

/// How much of the first text is tried after so much of it was refused.
fn shorter(texts: &[&str], most: usize) -> usize {
    let is_long = texts.first().is_some_and(|text| text.trim().chars().nth(SHORT).is_some());
    if most > SHORT && is_long { SHORT } else { 0 }
}

/// Whether an error may be about what was asked, too many texts, or too much of one, and not about who asks.
fn may_be_the_text(error: &ModelError) -> bool {
    match error {
        ModelError::Blocked { .. } | ModelError::Malformed { .. } => true,
        ModelError::Rejected { status, .. } => matches!(status, 400 | 413 | 422),
        _ => false,
    }
}
