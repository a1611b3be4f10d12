//! Persist: everything that the turn changed, in one statement; or, where it failed, the message kept and the quota back.

use std::time::Duration;

use evolve_domain::relationship;
use evolve_store::{
    StoreError,
    turns::{Ended, FailedMessage, Persist, ProfileChange},
};
use uuid::Uuid;

use super::{Outcome, Running, TurnError, TurnReply};

/// Pauses between attempts to write how a turn ended: an answer was paid for, a failure owes a message of quota.
const PAUSES: [Duration; 3] = [Duration::from_millis(200), Duration::from_secs(1), Duration::from_secs(3)];

impl Running<'_> {
    pub(super) async fn persist(&self, outcome: &Outcome) -> Result<TurnReply, TurnError> {
        let patch = &outcome.effects.patch;
        let profile = (!patch.is_empty()).then(|| {
            let mut after = self.person.profile.clone();
            patch.apply_to(&mut after);
            ProfileChange { patch: patch.clone(), after }
        });
        let said = self.said();
        let work = Persist {
            message: &said,
            has_image: self.request.image.is_some(),
            message_id: Uuid::now_v7(),
            reply: &outcome.text,
            reply_id: Uuid::now_v7(),
            conversation_id: Uuid::now_v7(),
            learnt: &outcome.effects.learnt,
            forgotten: &outcome.effects.forgotten,
            profile: profile.as_ref(),
            points: relationship::points_for_turn(outcome.effects.learnt.len()),
            usage: outcome.usage,
            tools: &outcome.effects.calls,
            model: &outcome.model,
            now: self.engine.clock.now(),
        };
        if self.write(&work).await? {
            let profile_changed = profile.is_some();
            let (text, sound) = (outcome.text.clone(), self.sound());
            return Ok(TurnReply { text, replayed: false, profile_changed, sound });
        }
        // Somebody else may have answered it, or it was we ourselves: the connection broke before Postgres could say so.
        match self.engine.store.turns().ended(self.lease.turn_id).await? {
            Some(Ended::Done(text)) => {
                let (profile_changed, sound) = (profile.is_some(), self.sound());
                Ok(TurnReply { text, replayed: true, profile_changed, sound })
            }
            _ => Err(TurnError::Superseded),
        }
    }

    async fn write(&self, work: &Persist<'_>) -> Result<bool, StoreError> {
        let turns = self.engine.store.turns();
        insist(|| turns.persist(&self.lease, &self.person, work)).await
    }

    pub(super) async fn fail(&self, error: &TurnError) {
        if matches!(error, TurnError::Superseded) {
            return;
        }
        // A picture that nobody was allowed to look at has not been part of the conversation.
        let has_image = self.request.image.is_some() && !matches!(error, TurnError::PremiumRequired);
        let said = self.said();
        let work =
            FailedMessage { message: &said, has_image, message_id: Uuid::now_v7(), conversation_id: Uuid::now_v7() };
        let (turns, now) = (self.engine.store.turns(), self.engine.clock.now());
        let keep = (has_image || !said.is_empty()).then_some(&work);
        if let Err(error) = insist(|| turns.fail(&self.lease, error.stored(), keep, now)).await {
            tracing::error!(%error, turn = %self.lease.turn_id, "a failed turn could not be ended; its lease will");
        }
    }
}

/// Does it again, with pauses, while Postgres cannot serve.
async fn insist<F>(write: impl Fn() -> F) -> Result<bool, StoreError>
where
    F: Future<Output = Result<bool, StoreError>>,
{
    for pause in PAUSES {
        match write().await {
            Err(error) if error.is_unavailable() => {
                tracing::warn!(%error, "the end of a turn could not be written; trying again");
                tokio::time::sleep(pause).await;
            }
            done => return done,
        }
    }
    write().await
}
