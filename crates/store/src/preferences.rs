//! What people set in `/settings`. Wishes are typed words and encrypted with the profile; hours and switches are columns,
//! since jobs look for people by them.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use evolve_domain::{
    profile::Settings,
    quiet::QuietHours,
    wishes::{Detail, Wishes},
};
use sqlx::FromRow;

use crate::{
    Store, StoreError,
    first::unsay,
    users::{SettingsRow, decrypt_profile, encrypt_profile},
};

/// How a person wants things.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preferences {
    /// Language, zone.
    pub settings: Settings,
    /// Whether they said where they live; otherwise the zone is the default one.
    pub zone_is_chosen: bool,
    /// How they wish to be answered.
    pub wishes: Wishes,
    /// When the companion does not write first.
    pub quiet: Option<QuietHours>,
    /// Whether it may say good morning.
    pub good_morning: bool,
    /// Whether it may ask how a plan went.
    pub follow_ups: bool,
    /// Whether they are shown the main commands below the field in which they type.
    pub menu_buttons: bool,
    /// How many days they want their messages kept; nothing for as long as everybody's are.
    pub keep_days: Option<u16>,
}

/// A change: what is `None` stays, an inner `None` clears.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PreferencesPatch {
    /// See [`Wishes::detail`].
    pub detail: Option<Detail>,
    /// See [`Wishes::instructions`].
    pub instructions: Option<Vec<String>>,
    /// See [`Wishes::talk_of`].
    pub talk_of: Option<Vec<String>>,
    /// See [`Wishes::avoid`].
    pub avoid: Option<Vec<String>>,
    /// See [`Preferences::quiet`].
    pub quiet: Option<Option<QuietHours>>,
    /// See [`Preferences::good_morning`].
    pub good_morning: Option<bool>,
    /// See [`Preferences::follow_ups`].
    pub follow_ups: Option<bool>,
    /// See [`Preferences::menu_buttons`].
    pub menu_buttons: Option<bool>,
    /// Where they say that they live.
    pub time_zone: Option<Tz>,
    /// See [`Preferences::keep_days`].
    pub keep_days: Option<Option<u16>>,
}

impl PreferencesPatch {
    /// Whether it changes when, or whether, the companion may write first.
    const fn is_of_first(&self) -> bool {
        self.quiet.is_some() || self.good_morning.is_some() || self.follow_ups.is_some() || self.time_zone.is_some()
    }

    fn apply_to(&self, preferences: &mut Preferences) {
        fn set<T: Clone>(target: &mut T, change: &Option<T>) {
            if let Some(value) = change {
                target.clone_from(value);
            }
        }
        let wishes = &mut preferences.wishes;
        set(&mut wishes.detail, &self.detail);
        set(&mut wishes.instructions, &self.instructions);
        set(&mut wishes.talk_of, &self.talk_of);
        set(&mut wishes.avoid, &self.avoid);
        set(&mut preferences.quiet, &self.quiet);
        set(&mut preferences.good_morning, &self.good_morning);
        set(&mut preferences.follow_ups, &self.follow_ups);
        set(&mut preferences.menu_buttons, &self.menu_buttons);
        set(&mut preferences.settings.time_zone, &self.time_zone);
        preferences.zone_is_chosen |= self.time_zone.is_some();
        set(&mut preferences.keep_days, &self.keep_days);
    }
}

#[derive(FromRow)]
struct Row {
    profile: Option<String>,
    #[sqlx(flatten)]
    settings: SettingsRow,
    zone_is_chosen: bool,
    quiet_from: Option<i16>,
    quiet_until: Option<i16>,
    good_morning: bool,
    follow_ups: bool,
    menu_buttons: bool,
    keep_days: Option<i16>,
}

const SELECT: &str = "
    SELECT u.profile, s.language, s.time_zone, s.onboarding, s.quiet_from, s.quiet_until,
           COALESCE(s.good_morning, false) AS good_morning, COALESCE(s.follow_ups, false) AS follow_ups,
           COALESCE(s.menu_buttons, false) AS menu_buttons,
           COALESCE(s.zone_is_chosen, false) AS zone_is_chosen, s.keep_days
    FROM users u LEFT JOIN settings s ON s.user_id = u.id
    WHERE u.id = $1";

/// As [`SELECT`], holding the person's row, as every statement that writes for them does first.
const SELECT_FOR_UPDATE: &str = "
    SELECT u.profile, s.language, s.time_zone, s.onboarding, s.quiet_from, s.quiet_until,
           COALESCE(s.good_morning, false) AS good_morning, COALESCE(s.follow_ups, false) AS follow_ups,
           COALESCE(s.menu_buttons, false) AS menu_buttons,
           COALESCE(s.zone_is_chosen, false) AS zone_is_chosen, s.keep_days
    FROM users u LEFT JOIN settings s ON s.user_id = u.id
    WHERE u.id = $1
    FOR UPDATE OF u";

/// $1 person, $2 profile, $3–$5 settings where there are none yet, $6/$7 quiet hours, $8/$9 switches, $10 now, $11 the keys, $12 whether
/// $4 is where they say that they live, $13 for how long messages are kept. Whoever allows something is looked at soon; the look
/// itself says when the next one is due.
const WRITE: &str = "
    WITH person AS (
        UPDATE users SET profile = $2 WHERE id = $1 RETURNING id
    )
    INSERT INTO settings AS s (user_id, language, time_zone, onboarding, quiet_from, quiet_until, good_morning, follow_ups,
                               proactive_at, updated_at, menu_buttons, zone_is_chosen, keep_days)
    SELECT id, $3, $4, $5, $6, $7, $8, $9, CASE WHEN $8 OR $9 THEN $10 END, $10, $11, $12, $13 FROM person
    ON CONFLICT (user_id) DO UPDATE
    SET quiet_from = excluded.quiet_from, quiet_until = excluded.quiet_until, good_morning = excluded.good_morning,
        follow_ups = excluded.follow_ups, proactive_at = excluded.proactive_at, updated_at = excluded.updated_at,
        menu_buttons = excluded.menu_buttons, zone_is_chosen = s.zone_is_chosen OR excluded.zone_is_chosen,
        time_zone = CASE WHEN excluded.zone_is_chosen THEN excluded.time_zone ELSE s.time_zone END,
         keep_days = excluded.keep_days";

/// What waits to be said first was decided under what they wanted before. What is being sent is let be. $1 person, $2 now.
const TAKE_BACK: &str = "
    UPDATE outbox SET state = 'dead', error = 'not wanted any more', finished_at = $2, params = NULL
    WHERE user_id = $1 AND method = 'first' AND state = 'pending' AND (leased_until IS NULL OR leased_until <= $2)";

/// Preferences. Borrowed from [`Store::preferences`].
#[derive(Debug)]
pub struct PreferencesOf<'a>(&'a Store);

impl Store {
    /// What people set in `/settings`.
    #[must_use]
    pub fn preferences(&self) -> PreferencesOf<'_> {
        PreferencesOf(self)
    }
}

impl PreferencesOf<'_> {
    /// How a person wants things; nothing when they never came.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn read(&self, user_id: i64, defaults: Settings) -> Result<Option<Preferences>, StoreError> {
        let row: Option<Row> = sqlx::query_as(SELECT).bind(user_id).fetch_optional(&self.0.pool).await?;
        row.map(|row| self.preferences(&row, defaults)).transpose()
    }

    /// Changes how a person wants things; nothing when they never came.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was changed.
    pub async fn change(
        &self,
        user_id: i64,
        patch: &PreferencesPatch,
        defaults: Settings,
        now: DateTime<Utc>,
    ) -> Result<Option<Preferences>, StoreError> {
        let mut transaction = self.0.pool.begin().await?;
        let row: Option<Row> =
            sqlx::query_as(SELECT_FOR_UPDATE).bind(user_id).fetch_optional(&mut *transaction).await?;
        let Some(row) = row else { return Ok(None) };
        let mut preferences = self.preferences(&row, defaults)?;
        patch.apply_to(&mut preferences);
        let mut profile = decrypt_profile(row.profile.as_deref(), &self.0.keys)?;
        profile.wishes = preferences.wishes.clone();
        sqlx::query(WRITE)
            .bind(user_id)
            .bind(encrypt_profile(&profile, &self.0.keys)?)
            .bind(preferences.settings.language.as_str())
            .bind(preferences.settings.time_zone.name())
            .bind(preferences.settings.onboarding.as_str())
            .bind(preferences.quiet.map(|quiet| i16::from(quiet.from())))
            .bind(preferences.quiet.map(|quiet| i16::from(quiet.until())))
            .bind(preferences.good_morning)
            .bind(preferences.follow_ups)
            .bind(now)
            .bind(preferences.menu_buttons)
            .bind(patch.time_zone.is_some())
            .bind(preferences.keep_days.map(|days| i16::try_from(days).unwrap_or(i16::MAX)))
            .execute(&mut *transaction)
            .await?;
        if patch.is_of_first() {
            sqlx::query(TAKE_BACK).bind(user_id).bind(now).execute(&mut *transaction).await?;
            unsay(&mut transaction, user_id).await?;
        }
        transaction.commit().await?;
        Ok(Some(preferences))
    }

    fn preferences(&self, row: &Row, defaults: Settings) -> Result<Preferences, StoreError> {
        Ok(Preferences {
            settings: row.settings.or(defaults),
            zone_is_chosen: row.zone_is_chosen,
            wishes: decrypt_profile(row.profile.as_deref(), &self.0.keys)?.wishes,
            quiet: hours(row.quiet_from, row.quiet_until),
            good_morning: row.good_morning,
            follow_ups: row.follow_ups,
            menu_buttons: row.menu_buttons,
            keep_days: row.keep_days.and_then(|days| u16::try_from(days).ok()),
        })
    }
}

/// Quiet hours as the columns hold them.
pub(crate) fn hours(from: Option<i16>, until: Option<i16>) -> Option<QuietHours> {
    let hour = |hour: Option<i16>| hour.and_then(|hour| u8::try_from(hour).ok());
    hour(from).zip(hour(until)).and_then(|(from, until)| QuietHours::new(from, until))
}
