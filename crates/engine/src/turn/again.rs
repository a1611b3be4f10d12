//! An answer that is made anew: because the person asks for another, or because they have edited their message.
//!
//! It is a turn like any other, with a key and a message of the day's quota of its own. But its message is in the history
//! already, and its answer takes the place of the old one there; the model sees neither the old answer nor, in the history,
//! the message. The message was counted when it was first answered: it earns no points again. What was told in it was
//! remembered then; only what an edit adds is new.

use evolve_store::{
    facts::{FactChanges, Source},
    turns::{LastAnswer, Replace, Replaced},
};

use super::{Again, Outcome, Running, TurnError, TurnReply, TurnRequest, persist::insist};
use crate::{Engine, facts::settle, model::Picture};

/// The answer that is made anew.
pub(super) struct Anew {
    pub(super) last: LastAnswer,
    /// Whether its message may say something else now.
    edited: bool,
}

/// Finds out what a request is about: an ordinary message, or one that is answered anew. Nothing where a message was
/// corrected, which is all there was to do.
pub(super) async fn prepare(
    engine: &Engine,
    request: TurnRequest,
) -> Result<Option<(TurnRequest, Option<Anew>)>, TurnError> {
    let Some(again) = &request.again else { return Ok(Some((request, None))) };
    let (turns, user_id) = (engine.store.turns(), request.user_id);
    let last = turns.last_answer(user_id).await?;
    let key = match again {
        Again::Last => {
            let last = last.ok_or(TurnError::NothingToRepeat)?;
            let text = last.said.text.clone();
            return Ok(Some((TurnRequest { text, ..request }, Some(Anew { last, edited: false }))));
        }
        Again::Edited(key) => key,
    };
    let said = turns.said_under(user_id, key).await?.ok_or(TurnError::MessageNotFound)?;
    if let Some(last) = last.filter(|last| last.said.id == said.id) {
        // A turn under this key has begun before, and corrected the message then.
        let has_begun = match &request.key {
            Some(own) => turns.is_known(user_id, own).await?,
            None => false,
        };
        if has_begun || said.text != request.text {
            return Ok(Some((request, Some(Anew { last, edited: true }))));
        }
    }
    turns.correct(user_id, &said, &request.text).await?;
    Ok(None)
}

/// What is told of a message that was corrected and nothing more.
pub(super) fn corrected() -> TurnReply {
    TurnReply { corrected: true, ..TurnReply::default() }
}

impl Running<'_> {
    /// Gives an edited message its new words, before it is answered: they are what the person says, whatever comes of it.
    pub(super) async fn correct(&self, anew: &Anew) -> Result<(), TurnError> {
        if anew.edited {
            self.engine.store.turns().correct(self.lease.user_id, &anew.last.said, &self.request.text).await?;
        }
        Ok(())
    }

    /// Ends the turn: its answer takes the place of the old one.
    pub(super) async fn replace(&self, outcome: &Outcome, anew: &Anew) -> Result<TurnReply, TurnError> {
        let (turns, user_id) = (self.engine.store.turns(), self.lease.user_id);
        let mut facts = anew.facts(&outcome.effects.facts);
        loop {
            let work = Replace {
                last: &anew.last,
                reply: &outcome.text,
                picture: outcome.picture.as_ref().map(Picture::bytes),
                facts: &facts,
                usage: outcome.usage,
                tools: &outcome.effects.calls,
                model: &outcome.model,
                now: self.engine.clock.now(),
            };
            match insist(|| turns.replace(&self.lease, &work)).await? {
                Replaced::Written => break,
                Replaced::Outpaced => {
                    let known = self.engine.store.facts();
                    let book = insist(|| known.book(user_id)).await?;
                    let max = self.engine.plans.limits(self.person.plan).facts;
                    facts = anew.facts(&settle(&outcome.effects.wishes, &book.facts, book.version, max).0);
                }
                Replaced::NotLast => {
                    self.fail(&TurnError::NothingToRepeat).await;
                    return Err(TurnError::NothingToRepeat);
                }
                Replaced::Lost => return self.ended_before(false).await,
            }
        }
        let patch = &outcome.effects.patch;
        let profile_changed = anew.edited && !patch.is_empty();
        if profile_changed {
            let (users, now) = (self.engine.store.users(), self.engine.clock.now());
            users.update_existing(user_id, patch, self.person.settings, now).await?;
        }
        Ok(TurnReply { sound: self.sound(), ..TurnReply::of(outcome, None, profile_changed) })
    }
}

impl Anew {
    /// What becomes of the facts: of the same message nothing new, and of an edited one nothing a second time.
    fn facts(&self, changes: &FactChanges) -> FactChanges {
        if !self.edited {
            return FactChanges::default();
        }
        let mut changes = FactChanges { confirmed: Vec::new(), ..changes.clone() };
        let said = &self.last.said;
        for fact in &mut changes.learnt {
            fact.source.get_or_insert(Source { message_id: said.id, said_at: said.created_at });
        }
        changes
    }
}
