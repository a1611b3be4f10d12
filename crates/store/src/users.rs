//! People: profile, settings, status, and their removal.

mod removal;
mod status;
mod stored;

use chrono::{DateTime, Utc};
use evolve_domain::{
    plan::Plan,
    profile::{Profile, ProfilePatch, Settings},
};
use sqlx::{FromRow, PgConnection, Postgres, postgres::PgArguments, query::Query};

pub use removal::Deleted;
pub use status::Status;
pub(crate) use stored::{SettingsRow, decrypt_profile, encrypt_profile, parse, settings};

use crate::{Keyring, Store, StoreError};

/// A person as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserRecord {
    /// Telegram id.
    pub user_id: i64,
    /// What they told of themselves.
    pub profile: Profile,
    /// How they want things.
    pub settings: Settings,
    /// Whether these settings are theirs. Whoever has none, and is told the defaults, has never come themselves: they have only
    /// spoken in a group.
    pub has_settings: bool,
    /// The plan as recorded; see [`Plan::in_force`].
    pub plan: Plan,
    /// When premium ends.
    pub premium_until: Option<DateTime<Utc>>,
    /// When they first came.
    pub created_at: DateTime<Utc>,
}

/// People. Borrowed from [`Store::users`].
#[derive(Debug)]
pub struct Users<'a>(&'a Store);

impl Store {
    /// People.
    #[must_use]
    pub fn users(&self) -> Users<'_> {
        Users(self)
    }
}

#[derive(FromRow)]
struct Row {
    id: i64,
    plan: String,
    premium_until: Option<DateTime<Utc>>,
    profile: Option<String>,
    created_at: DateTime<Utc>,
    #[sqlx(flatten)]
    settings: SettingsRow,
}

const HOLD: &str = "SELECT messages FROM users WHERE id = $1 FOR NO KEY UPDATE";

const SELECT: &str = "
    SELECT u.id, u.plan, u.premium_until, u.profile, u.created_at, s.language, s.time_zone, s.onboarding
    FROM users u LEFT JOIN settings s ON s.user_id = u.id
    WHERE u.id = $1";

/// As [`SELECT`], holding the person's row so that a change of an encrypted profile cannot overwrite another.
const SELECT_FOR_UPDATE: &str = "
    SELECT u.id, u.plan, u.premium_until, u.profile, u.created_at, s.language, s.time_zone, s.onboarding
    FROM users u LEFT JOIN settings s ON s.user_id = u.id
    WHERE u.id = $1
    FOR UPDATE OF u";

/// Who comes anew and is banned is marked at once: broadcasts ask nobody but this row. $1 person, $2 now, $3 what the person is called
/// where bans are kept.
pub(crate) const INSERT: &str = "
    INSERT INTO users (id, created_at, last_seen_at, banned_until)
    VALUES ($1, $2, $2, (SELECT max(until) FROM bans WHERE person = ANY ($3) AND until > $2))
    ON CONFLICT (id) DO NOTHING";

/// What is set already stays; whoever is gone stays gone. $1 person, $2 now, $3–$5 settings.
const MEET: &str = "
    WITH person AS (
        UPDATE users SET last_seen_at = GREATEST(last_seen_at, $2) WHERE id = $1 RETURNING id
    )
    INSERT INTO settings (user_id, language, time_zone, onboarding, updated_at)
    SELECT id, $3, $4, $5, $2 FROM person
    ON CONFLICT (user_id) DO NOTHING";

/// As [`MEET`], but whoever is new is made, as by [`INSERT`]. $6 what they are called where bans are kept.
const WELCOME: &str = "
    WITH person AS (
        INSERT INTO users AS u (id, created_at, last_seen_at, banned_until)
        VALUES ($1, $2, $2, (SELECT max(until) FROM bans WHERE person = ANY ($6) AND until > $2))
        ON CONFLICT (id) DO UPDATE SET last_seen_at = GREATEST(u.last_seen_at, excluded.last_seen_at),
                                       banned_until = COALESCE(u.banned_until, excluded.banned_until)
        RETURNING id
    )
    INSERT INTO settings (user_id, language, time_zone, onboarding, updated_at)
    SELECT id, $3, $4, $5, $2 FROM person
    ON CONFLICT (user_id) DO NOTHING";

/// Whoever moves to another zone is looked at anew, where they are looked at: it may be another hour there.
const WRITE: &str = "
    WITH person AS (
        UPDATE users SET profile = $2 WHERE id = $1 RETURNING id
    )
    INSERT INTO settings (user_id, language, time_zone, onboarding, updated_at, zone_is_chosen)
    SELECT id, $3, $4, $5, $6, $7 FROM person
    ON CONFLICT (user_id) DO UPDATE
    SET language = excluded.language, time_zone = excluded.time_zone, onboarding = excluded.onboarding,
        zone_is_chosen = settings.zone_is_chosen OR excluded.zone_is_chosen,
        proactive_at = CASE WHEN settings.proactive_at IS NOT NULL AND settings.time_zone <> excluded.time_zone
                            THEN excluded.updated_at ELSE settings.proactive_at END,
        updated_at = excluded.updated_at";

/// The last one that silence ended is ended by the person now: the next would go on with it. $1 person, $2 now.
const END_CONVERSATION: &str = "
    UPDATE conversations SET ended_at = COALESCE(ended_at, $2), silent = false
    WHERE user_id = $1 AND (ended_at IS NULL OR silent AND id = (
        SELECT id FROM conversations WHERE user_id = $1 AND ended_at IS NOT NULL ORDER BY started_at DESC LIMIT 1))";

impl Users<'_> {
    /// A person, or nothing when they never came.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn profile(&self, user_id: i64, defaults: Settings) -> Result<Option<UserRecord>, StoreError> {
        let row: Option<Row> = sqlx::query_as(SELECT).bind(user_id).fetch_optional(&self.0.pool).await?;
        row.map(|row| record(row, &self.0.keys, defaults)).transpose()
    }

    /// Gives a person these settings, unless they have some. Of somebody who is not known nothing is written: whoever was
    /// removed comes back by what they say, and not by being seen.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn meet(&self, user_id: i64, settings: Settings, now: DateTime<Utc>) -> Result<(), StoreError> {
        given(MEET, user_id, settings, now).execute(&self.0.pool).await?;
        Ok(())
    }

    /// As [`Users::meet`], but makes the person where they are new.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn welcome(&self, user_id: i64, settings: Settings, now: DateTime<Utc>) -> Result<(), StoreError> {
        let welcome = given(WELCOME, user_id, settings, now).bind(self.0.bans().names(user_id));
        welcome.execute(&self.0.pool).await?;
        Ok(())
    }

    /// Changes a person's profile and settings, making the person where they are new; `defaults` are the settings of
    /// somebody who has none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn update(
        &self,
        user_id: i64,
        patch: &ProfilePatch,
        defaults: Settings,
        now: DateTime<Utc>,
    ) -> Result<UserRecord, StoreError> {
        loop {
            // Nothing, where the person was removed between the two; then they are made anew.
            if let Some(record) = self.change(user_id, patch, defaults, now, true).await? {
                return Ok(record);
            }
        }
    }

    /// As [`Users::update`], but for a person who is gone does nothing: what a turn learnt must not bring them back.
    ///
    /// # Errors
    /// As [`Users::update`].
    pub async fn update_existing(
        &self,
        user_id: i64,
        patch: &ProfilePatch,
        defaults: Settings,
        now: DateTime<Utc>,
    ) -> Result<Option<UserRecord>, StoreError> {
        self.change(user_id, patch, defaults, now, false).await
    }

    async fn change(
        &self,
        user_id: i64,
        patch: &ProfilePatch,
        defaults: Settings,
        now: DateTime<Utc>,
        make: bool,
    ) -> Result<Option<UserRecord>, StoreError> {
        let mut transaction = self.0.pool.begin().await?;
        if make {
            let names = self.0.bans().names(user_id);
            sqlx::query(INSERT).bind(user_id).bind(now).bind(names).execute(&mut *transaction).await?;
        }
        let record = change(&mut transaction, &self.0.keys, user_id, patch, defaults, now).await?;
        transaction.commit().await?;
        Ok(record)
    }

    /// Ends the open conversation, and those before it with which it goes on; whether there was one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn end_conversation(&self, user_id: i64, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let done = sqlx::query(END_CONVERSATION).bind(user_id).bind(now).execute(&self.0.pool).await?;
        Ok(done.rows_affected() > 0)
    }
}

/// Changes the profile and settings of a person, within whatever else is being done. Nothing where they are gone.
pub(crate) async fn change(
    connection: &mut PgConnection,
    keys: &Keyring,
    user_id: i64,
    patch: &ProfilePatch,
    defaults: Settings,
    now: DateTime<Utc>,
) -> Result<Option<UserRecord>, StoreError> {
    let row: Option<Row> = sqlx::query_as(SELECT_FOR_UPDATE).bind(user_id).fetch_optional(&mut *connection).await?;
    let Some(row) = row else { return Ok(None) };
    let mut record = record(row, keys, defaults)?;
    patch.apply_to(&mut record.profile);
    record.settings.language = patch.language.unwrap_or(record.settings.language);
    record.settings.time_zone = patch.time_zone.unwrap_or(record.settings.time_zone);
    record.settings.onboarding = patch.onboarding.unwrap_or(record.settings.onboarding);
    sqlx::query(WRITE)
        .bind(user_id)
        .bind(encrypt_profile(&record.profile, keys)?)
        .bind(record.settings.language.as_str())
        .bind(record.settings.time_zone.name())
        .bind(record.settings.onboarding.as_str())
        .bind(now)
        .bind(patch.time_zone.is_some())
        .execute(&mut *connection)
        .await?;
    record.has_settings = true;
    Ok(Some(record))
}

/// The values that [`MEET`] and [`WELCOME`] begin with.
fn given(
    statement: &'static str,
    user_id: i64,
    settings: Settings,
    now: DateTime<Utc>,
) -> Query<'static, Postgres, PgArguments> {
    sqlx::query(statement)
        .bind(user_id)
        .bind(now)
        .bind(settings.language.as_str())
        .bind(settings.time_zone.name())
        .bind(settings.onboarding.as_str())
}

fn record(row: Row, keys: &Keyring, defaults: Settings) -> Result<UserRecord, StoreError> {
    Ok(UserRecord {
        user_id: row.id,
        profile: decrypt_profile(row.profile.as_deref(), keys)?,
        settings: row.settings.or(defaults),
        has_settings: row.settings.language.is_some(),
        plan: parse("users.plan", &row.plan, Plan::default()),
        premium_until: row.premium_until,
        created_at: row.created_at,
    })
}

/// Holds a person until the transaction ends, and says how many numbers of messages were given out to them; nothing where
/// there is no such person. Locks are taken users first, so this comes before any other.
pub(crate) async fn hold(connection: &mut PgConnection, user_id: i64) -> Result<Option<i32>, StoreError> {
    let held: Option<(i32,)> = sqlx::query_as(HOLD).bind(user_id).fetch_optional(connection).await?;
    Ok(held.map(|(messages,)| messages))
}
