//! How the person is to be spoken to: decently, or as an adult who wants it.
//!
//! What they decided comes with admit, which reads the person anyway. Their own word that they are too young counts for more: in
//! the message, in what is shown of the past, in a fact, as a date of birth. Nobody is asked who has said so.

use chrono::NaiveDate;
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

    /// Whoever says that they are too young has said no, and for a year: a yes of theirs counts no more, none is taken, and
    /// they are not asked. Their birthday says it too, so that clearing it undoes nothing. That costs a statement more, for those
    /// who say so. Whether it took a yes back, which they are then told.
    pub(super) async fn believe(&self) -> Result<bool, TurnError> {
        if !self.engine.persona.adult {
            return Ok(false);
        }
        let (consents, now) = (self.engine.store.consents(), self.engine.clock.now());
        let decided = self.person.consent;
        let is_kept = decided.is_some_and(|decided| decided.is_of_minor(now));
        let says = self.says_minor() || !is_kept && self.is_born(consent::is_minors);
        if !says {
            return Ok(false);
        }
        consents.believe(self.lease.user_id, consent::WORDS, now).await?;
        // The turn failed after that was written down, and is tried again.
        let said_at = decided.and_then(|decided| decided.minor_said_at);
        let is_again = said_at.is_some_and(|said| said > self.lease.started_at());
        Ok(is_again || Manner::of(decided) == Manner::Adult)
    }

    fn says_minor(&self) -> bool {
        age::says_minor(&self.said())
    }

    /// What their birthday says, where it is known.
    fn is_born(&self, says: fn(NaiveDate, NaiveDate) -> bool) -> bool {
        self.person.profile.birthday.is_some_and(|birthday| says(birthday, self.person.day))
    }

    fn is_known_minor(&self, recall: &Recall) -> bool {
        let today = self.person.day;
        let said = |message: &Message| message.role == Role::User && age::says_minor(&message.text);
        let years = |told: chrono::DateTime<chrono::Utc>| today.years_since(told.date_naive()).unwrap_or_default();
        self.is_born(consent::is_minor)
            || self.person.consent.is_some_and(|decided| decided.is_of_minor(self.engine.clock.now()))
            || recall.messages.iter().chain(&recall.remembered).any(said)
            || recall.facts.iter().any(|fact| age::tells_minor(fact.category, &fact.content, years(fact.last_said_at)))
    }
}
