//! Gives messages their vectors, in the background: a batch of one person at a time, so that somebody with a long past does not
//! hold up everybody else. Who is owed vectors is not kept: it is known anew with the next summary.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use evolve_runtime::shutdown::Tasks;
use evolve_store::{Store, StoreError, vectors::Unplaced};
use tokio::sync::Notify;

use super::{
    Inner, Meanings, Purpose,
    asking::{MAX_CHARS, NOTHING, shown},
};
use crate::{Engine, model::ModelError};

/// Messages in one request: what every server takes, unless it says otherwise.
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
    /// A person's messages are to get their vectors, when there is time.
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
                tracing::warn!(%error, "messages could not be given vectors; trying again later");
                if error.is_unavailable() {
                    inner.owed.add(user_id);
                }
                false
            }
        }
    }
}

impl Inner {
    /// The next messages of a person. Of a batch that the model refuses, the first half is tried; of a single message, a
    /// shorter piece; and where it takes nothing of it, the message stands where those stand that say nothing, since one text
    /// must not keep all that come after it from being found.
    async fn place(&self, store: &Store, user_id: i64) -> Result<Batch, StoreError> {
        let Some(space) = self.model.space_now().await else { return Ok(Batch::Stuck) };
        let mut messages: Vec<Unplaced> = store.vectors().unplaced(user_id, &space, BATCH).await?;
        let mut most = MAX_CHARS;
        while !messages.is_empty() {
            let texts: Vec<&str> =
                messages.iter().map(|message| shown(&message.text, most).unwrap_or(NOTHING)).collect();
            let answer = self.model.ask(&texts, Purpose::Message).await;
            let error = match answer {
                Some(Ok(vectors)) => {
                    let dimensions = vectors.first().map(Vec::len).unwrap_or_default();
                    // Its weights were changed meanwhile: what is owed is not what was read.
                    if self.model.space(dimensions) != space {
                        return Ok(Batch::Stuck);
                    }
                    store.vectors().place(user_id, &space, &messages, (&vectors.concat(), dimensions)).await?;
                    return Ok(Batch::Placed);
                }
                Some(Err(error)) if may_be_the_text(&error) => error,
                Some(Err(_)) | None => return Ok(Batch::Stuck),
            };
            match messages.len() {
                1 if most == 0 => {
                    self.model.refuses_all();
                    return Ok(Batch::Stuck);
                }
                1 => most = shorter(&messages, most),
                // A breaker takes few answers that cannot be read.
                _ if matches!(error, ModelError::Malformed { .. }) => messages.truncate(1),
                several => messages.truncate(several / 2),
            }
        }
        Ok(Batch::Nothing)
    }
}

/// How much of a message is tried after so much of it was refused.
fn shorter(messages: &[Unplaced], most: usize) -> usize {
    let is_long = messages.iter().any(|message| message.text.trim().chars().nth(SHORT).is_some());
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
