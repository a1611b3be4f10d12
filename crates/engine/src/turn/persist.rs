//! Persist: everything that the turn changed, in one statement; or, where it failed, the message kept and the quota back.

use std::time::Duration;

use evolve_domain::relationship::{Growth, LevelUp};
use evolve_store::{
    StoreError,
    turns::{Ended, FailedMessage, Persist, Persisted, ProfileChange},
};
use uuid::Uuid;

use super::{Outcome, Running, TurnError, TurnReply};
use crate::{facts::settle, model::Picture};

/// Pauses between attempts to write how a turn ended: an answer was paid for, a failure owes a message of quota.
const PAUSES: [Duration; 3] = [Duration::from_millis(200), Duration::from_secs(1), Duration::from_secs(3)];

impl Running<'_> {
    pub(super) async fn persist(&self, outcome: &Outcome) -> Result<TurnReply, TurnError> {
        if let Some(aside) = &self.request.aside {
            return self.persist_aside(outcome, aside).await;
        }
        if let Some(anew) = &self.anew {
            return self.replace(outcome, anew).await;
        }
        let patch = &outcome.effects.patch;
        let profile = (!patch.is_empty()).then(|| {
            let mut after = self.person.profile.clone();
            patch.apply_to(&mut after);
            ProfileChange { patch: patch.clone(), after }
        });
        let said = self.said();
        let (message_id, reply_id, conversation_id) = (Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7());
        let mut person = self.person.clone();
        let mut facts = outcome.effects.facts.clone();
        loop {
            let growth = person.bond.grow(&self.engine.relationship, person.day, facts.news());
            let level_up = self.celebrated(outcome, &growth);
            let work = Persist {
                message: &said,
                has_image: self.request.image.is_some(),
                message_id,
                reply: &outcome.text,
                picture: outcome.picture.as_ref().map(Picture::bytes),
                reply_id,
                conversation_id,
                facts: &facts,
                profile: profile.as_ref(),
                growth: Some(&growth),
                level_up: level_up.as_ref(),
                usage: outcome.usage,
                tools: &outcome.effects.calls,
                model: &outcome.model,
                first_ms: self.first_ms(),
                now: self.engine.clock.now(),
            };
            let turns = self.engine.store.turns();
            match insist(|| turns.persist(&self.lease, &person, &work)).await? {
                Persisted::Written => {
                    let reply = TurnReply::of(outcome, level_up, profile.is_some());
                    return Ok(TurnReply { heard: self.heard(), sound: self.sound(), ..reply });
                }
                // Another turn of the same person came first, or a change of their facts. Each time one of them ends, so this
                // ends too.
                Persisted::Outpaced(bond) => {
                    person.bond = bond;
                    if !outcome.effects.wishes.is_empty() {
                        let known = self.engine.store.facts();
                        let book = insist(|| known.book(self.lease.user_id)).await?;
                        let max = self.engine.plans.limits(person.plan).facts;
                        facts = settle(&outcome.effects.wishes, &book.facts, book.version, max).0;
                    }
                }
                Persisted::Lost => return self.ended_before(profile.is_some()).await,
            }
        }
    }

    /// The level that was reached, as it is called in the language that the person has from this turn on.
    fn celebrated(&self, outcome: &Outcome, growth: &Growth) -> Option<LevelUp> {
        let level = growth.level_up()?;
        let language = outcome.effects.patch.language.unwrap_or(self.settings().language);
        let name = self.engine.relationship.levels.name(level, language).to_owned();
        Some(LevelUp { level: level.number(), name })
    }

    /// Somebody else may have answered it, or it was we ourselves: the connection broke before Postgres could say so.
    pub(super) async fn ended_before(&self, profile_changed: bool) -> Result<TurnReply, TurnError> {
        match self.engine.store.turns().ended(self.lease.turn_id).await? {
            Some(Ended::Done(reply)) => {
                Ok(TurnReply { profile_changed, heard: self.heard(), sound: self.sound(), ..TurnReply::replay(reply) })
            }
            _ => Err(TurnError::Superseded),
        }
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
        // What nobody has heard is not half a message: it is heard when it is tried again.
        let is_whole = self.request.audio.is_none() || self.heard.get().is_some();
        // What is answered anew is in the history already, and what was said elsewhere is none of it.
        let is_new = !self.is_kept && self.request.aside.is_none() && (has_image || !said.is_empty());
        // What the sticker says that nobody may look at comes as a message of its own.
        let is_sticker = || self.request.key.as_deref().is_some_and(|key| key.ends_with("-sticker"));
        let is_new = is_new && !(matches!(error, TurnError::PremiumRequired) && is_sticker());
        let keep = (is_new && is_whole).then_some(&work);
        let ended = if self.was_listened_to(error) {
            insist(|| turns.fail_charged(&self.lease, error.stored(), keep, now)).await
        } else {
            insist(|| turns.fail(&self.lease, error.stored(), keep, now)).await
        };
        if let Err(error) = ended {
            tracing::error!(%error, turn = %self.lease.turn_id, "a failed turn could not be ended; its lease will");
        }
    }
}

impl Running<'_> {
    /// Whether listening was paid for, and the recording itself is why there is no answer. What the models failed at is tried
    /// again, and counts then.
    fn was_listened_to(&self, error: &TurnError) -> bool {
        self.request.audio.is_some() && TurnError::CHARGED.contains(&error.stored())
    }
}

/// Does it again, with pauses, while Postgres cannot serve.
pub(super) async fn insist<T, F>(write: impl Fn() -> F) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, StoreError>>,
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
