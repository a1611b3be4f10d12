//! How people want answers spoken: two columns of `settings`.

use chrono::{DateTime, Utc};
use evolve_domain::speech::{Voice, VoiceMode, VoiceSettings};

use crate::{Store, StoreError, users::parse};

/// How people want answers spoken. Borrowed from [`Store::voice`].
#[derive(Debug)]
pub struct Voices<'a>(&'a Store);

impl Store {
    /// How people want answers spoken.
    #[must_use]
    pub fn voice(&self) -> Voices<'_> {
        Voices(self)
    }
}

const SELECT: &str = "
    SELECT s.voice_mode, s.voice, u.plan, u.premium_until
    FROM users u LEFT JOIN settings s ON s.user_id = u.id WHERE u.id = $1";

const SET: &str = "
    WITH person AS (
        SELECT id FROM users WHERE id = $1 FOR NO KEY UPDATE
    )
    UPDATE settings SET voice_mode = COALESCE($2, voice_mode), voice = COALESCE($3, voice), updated_at = $4
    FROM person WHERE user_id = person.id
    RETURNING voice_mode, voice";

/// How one person wants answers spoken, and what they pay for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VoiceRecord {
    /// What they chose.
    pub settings: VoiceSettings,
    /// The plan in force.
    pub plan: evolve_domain::plan::Plan,
}

impl Voices<'_> {
    /// What a person chose; nothing for somebody who never came.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn get(&self, user_id: i64, now: DateTime<Utc>) -> Result<Option<VoiceRecord>, StoreError> {
        type Row = (Option<String>, Option<String>, String, Option<DateTime<Utc>>);
        let row: Option<Row> = sqlx::query_as(SELECT).bind(user_id).fetch_optional(&self.0.pool).await?;
        Ok(row.map(|(mode, voice, plan, until)| VoiceRecord {
            settings: settings(mode.as_deref(), voice.as_deref()),
            plan: parse("users.plan", &plan, evolve_domain::plan::Plan::default()).in_force(until, now),
        }))
    }

    /// Keeps what a person chose; what is `None` stays. What holds then; nothing for somebody who has no settings: they have
    /// never come.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn set(
        &self,
        user_id: i64,
        mode: Option<VoiceMode>,
        voice: Option<Voice>,
        now: DateTime<Utc>,
    ) -> Result<Option<VoiceSettings>, StoreError> {
        let row: Option<(String, Option<String>)> = sqlx::query_as(SET)
            .bind(user_id)
            .bind(mode.map(VoiceMode::as_str))
            .bind(voice.map(Voice::as_str))
            .bind(now)
            .fetch_optional(&self.0.pool)
            .await?;
        Ok(row.map(|(mode, voice)| settings(Some(&mode), voice.as_deref())))
    }
}

/// Reads the two columns; NULL where the person has no settings yet.
pub(crate) fn settings(mode: Option<&str>, voice: Option<&str>) -> VoiceSettings {
    VoiceSettings {
        mode: mode.map_or_else(VoiceMode::default, |m| parse("settings.voice_mode", m, VoiceMode::default())),
        voice: voice.and_then(|v| v.parse().ok()),
    }
}
