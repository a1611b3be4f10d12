//! Recall: what the turn knows of the past, in one query; in two, where the person spoke.

use evolve_domain::{
    fact::MOST,
    flags::Flag,
    memory::question::{Names, Question},
    plan::Plan,
};
use evolve_store::messages::{Recall, RecallLimits};

use super::{Running, TurnError};
use crate::meaning::Meanings;

/// Most messages looked at where the plan has no limit of its own; the token budget is reached long before.
const MOST_MESSAGES: u32 = 400;
/// Most messages of the talk before a silence that go on with it, for whom the plan does not promise the whole history.
const CARRIED: u32 = 10;
/// Summaries of earlier conversations.
const EARLIER: u32 = 3;
/// Weeks before them, free and premium.
const WEEKS: (u32, u32) = (4, 12);

impl Running<'_> {
    pub(super) async fn recall(&self) -> Result<Recall, TurnError> {
        let plan = self.engine.plans.limits(self.person.plan);
        let messages = plan.history_messages.unwrap_or(MOST_MESSAGES);
        let (carried, weeks) = match self.person.plan {
            Plan::Free => (CARRIED, WEEKS.0),
            Plan::Premium => (messages, WEEKS.1),
        };
        let limits =
            RecallLimits { messages, carried, earlier: EARLIER, weeks, facts: plan.facts.unwrap_or(MOST).min(MOST) };
        let (store, user_id, question) = (&self.engine.store, self.lease.user_id, self.question());
        let spoken = match self.heard.get() {
            // Admit could not know the words of a recording: a statement more, for those who speak.
            Some(_) => Some(store.memory().postings(user_id, question).await?),
            None => None,
        };
        let postings = spoken.as_ref().unwrap_or(&self.person.postings);
        let mut turns = vec![self.lease.turn_id];
        turns.extend(self.anew.as_ref().map(|anew| anew.last.turn_id));
        let (messages, meaning) = (store.messages(), self.meanings().of(&self.said()).await);
        match messages.recall(user_id, &turns, limits, question, postings, meaning.as_ref()).await {
            // Whatever is wrong with vectors must not cost anybody an answer.
            Err(error) if meaning.is_some() && !error.is_unavailable() => {
                tracing::warn!(%error, "vectors could not be compared; words alone are looked for");
                self.engine.meanings.disable(self.engine.clock.now());
                Ok(messages.recall(user_id, &turns, limits, question, postings, None).await?)
            }
            done => Ok(done?),
        }
    }

    /// What tells what a question means, where anything has a meaning that it could be compared with: nobody waits for, or pays
    /// for, what finds nothing.
    pub(super) fn meanings(&self) -> &Meanings {
        let is_on = || self.engine.is_on(Flag::Meaning, self.lease.user_id, Some(self.person.plan));
        if self.person.has_vectors && is_on() { &self.engine.meanings } else { Meanings::NONE }
    }

    /// The message, as a question to the past. A recording was heard before anybody asks for it.
    pub(super) fn question(&self) -> &Question {
        self.question.get_or_init(|| {
            let names = Names { person: self.person.profile.name.as_deref(), companion: &self.engine.persona.name };
            Question::read(&self.said(), names)
        })
    }
}
