//! How a person wants answers spoken, as use cases.

use evolve_domain::speech::{Voice, VoiceMode, VoiceSettings};

use crate::{Engine, profiles::ProfileError};

/// How a person wants answers spoken, and whether they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VoiceChoice {
    /// What they chose.
    pub settings: VoiceSettings,
    /// Whether anything here speaks.
    pub available: bool,
    /// Whether their plan has it.
    pub allowed: bool,
}

impl Engine {
    /// How a person wants answers spoken.
    ///
    /// # Errors
    /// [`ProfileError::NotFound`], [`ProfileError::Store`].
    pub async fn voice(&self, user_id: i64) -> Result<VoiceChoice, ProfileError> {
        let record = self.store.voice().get(user_id, self.clock.now()).await?.ok_or(ProfileError::NotFound)?;
        Ok(VoiceChoice {
            settings: record.settings,
            available: self.speech.speaks(),
            allowed: self.plans.speaks(record.plan),
        })
    }

    /// Changes it; what is `None` stays. Anybody may choose: it counts once their plan has it.
    ///
    /// # Errors
    /// [`ProfileError::NotFound`], [`ProfileError::Store`].
    pub async fn choose_voice(
        &self,
        user_id: i64,
        mode: Option<VoiceMode>,
        voice: Option<Voice>,
    ) -> Result<VoiceChoice, ProfileError> {
        let before = self.voice(user_id).await?;
        let now = self.clock.now();
        let settings = self.store.voice().set(user_id, mode, voice, now).await?.ok_or(ProfileError::NotFound)?;
        Ok(VoiceChoice { settings, ..before })
    }
}
