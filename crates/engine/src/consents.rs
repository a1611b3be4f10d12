//! Consent to adult matters, as use cases.

use evolve_domain::consent::{Consent, WORDS};

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
    /// only where there is something to agree to, and only to the words as they are now.
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
        let decided = self.store.consents().decide(user_id, words, agreed, self.clock.now()).await?;
        Ok(ConsentChoice { available: self.persona.adult, decided: Some(decided.ok_or(ProfileError::NotFound)?) })
    }
}
