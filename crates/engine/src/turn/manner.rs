//! How the person is to be spoken to: decently, or as an adult who wants it.
//!
//! What they decided comes with admit, which reads the person anyway. Their own word that they are too young counts for more: in
//! the message, in what is shown of the past, in a fact, as a date of birth. Nobody is asked who has said so.

use evolve_domain::{
    consent::{self, Manner},
    safety::age,
};
use evolve_store::messages::{Message, Recall, Role};

use super::{Running, TurnError};

impl Running<'_> {
    pub(super) fn manner(&self, recall: &Recall) -> Manner {
        if !self.engine.persona.adult {
            return Manner::Decent;
        }
        match Manner::of(self.person.consent) {
            Manner::Decent => Manner::Decent,
            _ if self.says_minor() || self.is_known_minor(recall) => Manner::Decent,
            decided => decided,
        }
    }

    /// Whoever says that they are too young has said no: a yes of theirs counts no more, and they are not asked. That costs
    /// a statement more, for those who say so.
    pub(super) async fn believe(&self) -> Result<(), TurnError> {
        let is_no = Manner::of(self.person.consent) == Manner::Decent;
        if self.engine.persona.adult && !is_no && self.says_minor() {
            let (consents, now) = (self.engine.store.consents(), self.engine.clock.now());
            consents.decide(self.lease.user_id, consent::WORDS, false, now).await?;
        }
        Ok(())
    }

    fn says_minor(&self) -> bool {
        age::says_minor(&self.said())
    }

    fn is_known_minor(&self, recall: &Recall) -> bool {
        let today = self.person.day;
        let said = |message: &Message| message.role == Role::User && age::says_minor(&message.text);
        let years = |told: chrono::DateTime<chrono::Utc>| today.years_since(told.date_naive()).unwrap_or_default();
        self.person.profile.birthday.is_some_and(|birthday| consent::is_minor(birthday, today))
            || recall.messages.iter().chain(&recall.remembered).any(said)
            || recall.facts.iter().any(|fact| age::tells_minor(fact.category, &fact.content, years(fact.last_said_at)))
    }
}
