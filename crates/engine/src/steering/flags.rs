//! Flags, as a use case of those who run the bot.

use evolve_domain::{
    flags::{Flag, Rollout},
    plan::Plan,
};
use evolve_store::{
    audit,
    flags::{Change, Turn, Turned},
};

use super::{SteeringError, check_note};
use crate::Engine;

/// Changes that are shown of a flag.
const SHOWN: u32 = 100;
/// Most people who are named for a flag.
const MOST_PEOPLE: usize = 1000;

/// How a flag stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlagState {
    /// Which.
    pub flag: Flag,
    /// How it was turned; nothing where it never was, and is on for everybody.
    pub turned: Option<Turned>,
}

/// How a flag is to be turned.
#[derive(Clone, Copy, Debug)]
pub struct Turning<'a> {
    /// Of a hundred people so many have it.
    pub percent: u8,
    /// Only those on this plan.
    pub plan: Option<Plan>,
    /// Who has it besides, in place of whoever had it; nothing to leave them.
    pub people: Option<&'a [i64]>,
    /// Why.
    pub note: &'a str,
    /// Who does it.
    pub by: &'a str,
}

impl Engine {
    /// Every flag, as it is kept, which may be newer than what is in force here.
    ///
    /// # Errors
    /// [`SteeringError::Store`].
    pub async fn flags(&self) -> Result<Vec<FlagState>, SteeringError> {
        let mut kept = self.store.flags().all().await?;
        let state = |flag: &Flag| {
            let at = kept.iter().position(|turned| turned.name == flag.as_str());
            FlagState { flag: *flag, turned: at.map(|at| kept.swap_remove(at)) }
        };
        Ok(Flag::ALL.iter().map(state).collect())
    }

    /// Whether somebody has a flag that stands so, who is on this plan.
    #[must_use]
    pub fn has_flag(&self, state: &FlagState, person: i64, plan: Option<Plan>) -> bool {
        state.turned.as_ref().is_none_or(|turned| self.includes(state.flag, turned, person, plan))
    }

    /// Turns a flag, with the entry of the log. It is in force here at once, and elsewhere in a moment.
    ///
    /// # Errors
    /// [`SteeringError`].
    pub async fn turn_flag(
        &self,
        name: &str,
        turning: Turning<'_>,
        entry: &audit::Entry,
    ) -> Result<FlagState, SteeringError> {
        let flag: Flag = name.parse().map_err(|_| SteeringError::NoSuchFlag)?;
        let Turning { percent, plan, people, note, by } = turning;
        if percent > 100 {
            return Err(SteeringError::invalid("percent", "must be 0 to 100"));
        }
        if plan.is_some() && !flag.knows_plan() {
            return Err(SteeringError::invalid("plan", "is not known where this flag is asked for"));
        }
        if people.is_some_and(|people| people.len() > MOST_PEOPLE) {
            return Err(SteeringError::invalid("people", "must be at most 1000"));
        }
        let turn = Turn { flag, rollout: Rollout { percent, plan }, people, note: check_note(note)?, by };
        let turned = self.store.flags().turn(&turn, Some(entry), self.clock.now()).await?;
        // It is kept: where it cannot be read now, the task that follows reads it.
        if let Err(error) = self.follow_administrators().await {
            tracing::warn!(%error, "a flag that was turned is not in force here yet");
        }
        Ok(FlagState { flag, turned: Some(turned) })
    }

    /// How a flag was turned, newest first.
    ///
    /// # Errors
    /// [`SteeringError::NoSuchFlag`], [`SteeringError::Store`].
    pub async fn flag_history(&self, name: &str) -> Result<Vec<Change>, SteeringError> {
        let flag: Flag = name.parse().map_err(|_| SteeringError::NoSuchFlag)?;
        Ok(self.store.flags().history(flag, SHOWN).await?)
    }
}
