//! What administrators set while everything runs: flags, and prompts in place of what is configured.
//!
//! Each process keeps it, so that nothing that a person waits for asks the database for it. Who changes it notifies all
//! (`NOTIFY configured`, in the transaction of the change), and each reads it anew, which takes milliseconds; whoever has lost
//! their connection reads it when they have another; and all look by themselves now and then. Until a process has read it for the
//! first time, and while Postgres is away, what it knew last is in force: of flags, that they are on.

mod flags;
mod prompts;

use std::{collections::BTreeMap, sync::PoisonError, time::Duration};

use evolve_domain::{flags::Flag, plan::Plan};
use evolve_runtime::shutdown::Tasks;
use evolve_store::{StoreError, flags::Turned};

pub use flags::{FlagState, Turning};
pub use prompts::{Preview, PromptState, Sample, Shown};

use crate::{Engine, prompt::overrides::Overrides, turn::TurnError};

/// How often it is read without a word from anybody.
const LOOK_EVERY: Duration = Duration::from_secs(30);
/// And after Postgres could not be asked.
const AGAIN: Duration = Duration::from_secs(2);

/// The flags that somebody has turned, and that this version knows.
pub(crate) type Flags = BTreeMap<Flag, Turned>;

/// Why what administrators want was not done.
#[derive(Debug, thiserror::Error)]
pub enum SteeringError {
    /// There is no such flag.
    #[error("there is no such flag")]
    NoSuchFlag,
    /// There is no such prompt, or not this version of it.
    #[error("there is no such prompt, or no such version of it")]
    NoSuchPrompt,
    /// A value is out of its bounds.
    #[error("{field}: {reason}")]
    Invalid {
        /// Which.
        field: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The model that was to answer a sample did not.
    #[error(transparent)]
    Model(TurnError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl SteeringError {
    fn invalid(field: &'static str, reason: &str) -> Self {
        Self::Invalid { field, reason: reason.to_owned() }
    }
}

/// Longest note of a change, in characters.
const MAX_NOTE_CHARS: usize = 500;

fn check_note(note: &str) -> Result<&str, SteeringError> {
    if note.chars().count() > MAX_NOTE_CHARS || note.contains('\0') {
        return Err(SteeringError::invalid("note", "must have at most 500 characters"));
    }
    Ok(note.trim())
}

/// Follows what administrators set, as a task of `tasks`.
pub fn start(engine: Engine, tasks: &Tasks) {
    let soft = tasks.soft();
    tasks.spawn("steering", async move {
        let mut changed = engine.wakeups.configured();
        let mut is_said = false;
        loop {
            let pause = match engine.follow_administrators().await {
                Ok(()) => {
                    is_said = false;
                    LOOK_EVERY
                }
                Err(error) => {
                    if !std::mem::replace(&mut is_said, true) {
                        tracing::warn!(%error, "flags and prompts cannot be read; what was known last is in force");
                    }
                    AGAIN
                }
            };
            tokio::select! {
                () = changed.wait() => {}
                () = tokio::time::sleep(pause.mul_f64(rand::random_range(1.0..1.5))) => {}
                () = soft.cancelled() => return Ok(()),
            }
        }
    });
}

impl Engine {
    /// Reads what administrators set, and has it in force here.
    ///
    /// # Errors
    /// [`StoreError`]; then what was known last stays in force.
    pub async fn follow_administrators(&self) -> Result<(), StoreError> {
        let flags = self.store.flags().all().await?;
        let prompts = self.store.prompts().in_use().await?;
        let known = flags.into_iter().filter_map(|turned| Some((turned.name.parse::<Flag>().ok()?, turned)));
        *self.flags.write().unwrap_or_else(PoisonError::into_inner) = known.collect();
        self.prompts.replace(Overrides::new(prompts.into_iter().map(|prompt| (prompt.name, prompt.content))));
        Ok(())
    }

    /// Whether somebody has a flag. It costs no round trip.
    #[must_use]
    pub fn is_on(&self, flag: Flag, person: i64, plan: Option<Plan>) -> bool {
        let flags = self.flags.read().unwrap_or_else(PoisonError::into_inner);
        flags.get(&flag).is_none_or(|turned| self.includes(flag, turned, person, plan))
    }

    fn includes(&self, flag: Flag, turned: &Turned, person: i64, plan: Option<Plan>) -> bool {
        // Hashes are only made where somebody is named.
        let is_named = || self.store.flags().names(person).iter().any(|name| turned.people.contains(name));
        turned.rollout.includes(flag, person, plan) || (!turned.people.is_empty() && is_named())
    }
}
