//! Consent to adult matters, as use cases.

use evolve_domain::{
    consent::{Consent, WORDS, is_minor},
    day,
};

use crate::{Engine, profiles::ProfileError};

/// What a person decided, and whether there is anything to decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConsentChoice {
    /// Whether this companion may speak of adult matters at all.
    pub available: bool,
    /// What they decided, if they did.
    pub decided: Option<Consent>,
}

impl Engine {
    /// What a person decided.
    ///
    /// # Errors
    /// [`ProfileError::NotFound`], [`ProfileError::Store`].
    pub async fn consent(&self, user_id: i64) -> Result<ConsentChoice, ProfileError> {
        let decided = self.store.consents().adult(user_id).await?.ok_or(ProfileError::NotFound)?;
        Ok(ConsentChoice { available: self.persona.adult, decided })
    }

    /// Writes down what a person decided, having been asked with version `words` of the words. A no is taken always, a yes
    /// only where there is something to agree to, only to the words as they are now, and not of somebody who told that they are
    /// too young: within a year, or with their birthday.
    ///
    /// # Errors
    /// [`ProfileError`].
    pub async fn decide(&self, user_id: i64, words: u16, agreed: bool) -> Result<ConsentChoice, ProfileError> {
        let refuse = |field, reason: String| Err(ProfileError::Invalid { field, reason });
        if agreed && !self.persona.adult {
            return refuse(
                "agreed",
                "this companion is decent with everybody: there is nothing to agree to".to_owned(),
            );
        }
        if words == 0 || words > WORDS || agreed && words != WORDS {
            return refuse(
                "words",
                format!("people are asked with version {WORDS} now; ask with that one, and send it"),
            );
        }
        if agreed && self.is_born_minor(user_id).await? {
            return Err(ProfileError::Underage);
        }
        let consents = self.store.consents();
        match consents.decide(user_id, words, agreed, self.clock.now()).await? {
            Some(decided) => Ok(ConsentChoice { available: self.persona.adult, decided: Some(decided) }),
            None if consents.adult(user_id).await?.is_some() => Err(ProfileError::Underage),
            None => Err(ProfileError::NotFound),
        }
    }

    /// Whether a person is too young by the birthday that is known of them.
    async fn is_born_minor(&self, user_id: i64) -> Result<bool, ProfileError> {
        let record = self.store.users().profile(user_id, self.persona.default_settings()).await?;
        let record = record.ok_or(ProfileError::NotFound)?;
        let today = day::date_in(record.settings.time_zone, self.clock.now());
        Ok(record.profile.birthday.is_some_and(|birthday| is_minor(birthday, today)))
    }
}
