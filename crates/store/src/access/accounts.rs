//! Accounts of those who run the bot.

use chrono::{DateTime, Utc};
use evolve_domain::{access::Role, language::Language};
use secrecy::SecretString;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::Access;
use crate::StoreError;

/// An account to be.
#[derive(Clone, Debug)]
pub struct NewAccount<'a> {
    /// Its id.
    pub id: Uuid,
    /// What they sign in with: see [`evolve_domain::access::account_name`].
    pub name: &'a str,
    /// What they may do.
    pub role: Role,
    /// Who they are at an issuer, where they come from one.
    pub oidc_subject: Option<&'a str>,
}

/// An account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: Uuid,
    /// What they sign in with.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Whether they have chosen a password.
    pub has_password: bool,
    /// Whether they have a second factor.
    pub has_second_factor: bool,
    /// Whether they come from an issuer.
    pub is_external: bool,
    /// The person whose bearer tokens are theirs, by Telegram id.
    pub telegram_id: Option<i64>,
    /// Since when they cannot come in.
    pub disabled_at: Option<DateTime<Utc>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When a session of theirs was used last, as far as that is kept.
    pub seen_at: Option<DateTime<Utc>>,
}

/// An account with what it is known by.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The account.
    pub account: Account,
    /// The hash of the password, where one was chosen.
    pub password_hash: Option<SecretString>,
    /// The secret of the second factor, in base32, where there is one.
    pub totp_secret: Option<SecretString>,
}

/// What is to change about one; what is absent stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// What they may do.
    pub role: Option<Role>,
    /// Whether they can come in.
    pub enabled: Option<bool>,
    /// The person whose bearer tokens are theirs; nobody, where that is inside.
    pub telegram_id: Option<Option<i64>>,
}

/// How a change went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed {
    /// It was made; whether sessions of theirs were ended by it.
    Done {
        /// How many.
        sessions: u64,
    },
    /// There is no such account.
    NotFound,
    /// Nobody would be left who may say who may what.
    LastOwner,
    /// The person is linked to another account.
    LinkTaken,
    /// Nobody of this Telegram id has written to the bot.
    NobodyThere,
}

const CREATE: &str = "
    INSERT INTO admins (id, name, role, oidc_subject, created_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";

/// The last session that was used, of each; its index is by account and time of making, so that few rows are read.
macro_rules! select {
    ($which:literal) => {
        concat!(
            "SELECT a.id, a.name, a.role, a.password_hash, a.totp_secret, a.oidc_subject IS NOT NULL AS is_external, a.telegram_id,
                    a.disabled_at, a.created_at,
                    (SELECT max(s.seen_at) FROM admin_sessions s WHERE s.admin_id = a.id) AS seen_at
             FROM admins a ",
            $which
        )
    };
}

const ALL: &str = select!("ORDER BY a.name");
const BY_ID: &str = select!("WHERE a.id = $1");
const BY_NAME: &str = select!("WHERE a.name = $1");
const BY_TELEGRAM: &str = select!("WHERE a.telegram_id = $1 AND a.disabled_at IS NULL");
const BY_SUBJECT: &str = select!("WHERE a.oidc_subject = $1");

/// There are few. Held, so that of two who go at once one stays. Who has neither was let in by a link that they have not used yet.
const OWNERS: &str = "
    SELECT id, password_hash IS NOT NULL OR oidc_subject IS NOT NULL FROM admins
    WHERE role = 'owner' AND disabled_at IS NULL ORDER BY id FOR UPDATE";

/// $1 id, $2 role, $3 enabled, $4 whether the link changes, $5 the link, $6 now.
const CHANGE: &str = "
    UPDATE admins
    SET role = COALESCE($2, role),
        disabled_at = CASE WHEN $3::boolean IS NULL THEN disabled_at WHEN $3 THEN NULL ELSE COALESCE(disabled_at, $6) END,
        telegram_id = CASE WHEN $4 THEN $5::bigint ELSE telegram_id END
    WHERE id = $1";

/// As everywhere, the person is held, so that they are not removed meanwhile.
const PERSON: &str = "SELECT id FROM users WHERE id = $1 FOR KEY SHARE";

const SET_LANGUAGE: &str = "UPDATE admins SET language = $2 WHERE id = $1";

const ROLE: &str = "SELECT role FROM admins WHERE id = $1 FOR UPDATE";

#[derive(FromRow)]
pub(super) struct Row {
    id: Uuid,
    name: String,
    role: String,
    password_hash: Option<String>,
    totp_secret: Option<String>,
    is_external: bool,
    telegram_id: Option<i64>,
    disabled_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    seen_at: Option<DateTime<Utc>>,
}

impl Row {
    fn account(&self) -> Result<Account, StoreError> {
        Ok(Account {
            id: self.id,
            name: self.name.clone(),
            role: role(&self.role)?,
            has_password: self.password_hash.is_some(),
            has_second_factor: self.totp_secret.is_some(),
            is_external: self.is_external,
            telegram_id: self.telegram_id,
            disabled_at: self.disabled_at,
            created_at: self.created_at,
            seen_at: self.seen_at,
        })
    }
}

pub(super) fn role(stored: &str) -> Result<Role, StoreError> {
    stored.parse().map_err(|reason| StoreError::Corrupt { what: "admins.role", reason })
}

impl Access<'_> {
    /// Makes an account. False where its name, or who they are at an issuer, is taken.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn create_account(&self, new: &NewAccount<'_>, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let done = sqlx::query(CREATE)
            .bind(new.id)
            .bind(new.name)
            .bind(new.role.as_str())
            .bind(new.oidc_subject)
            .bind(now)
            .execute(&self.0.pool)
            .await?;
        Ok(done.rows_affected() > 0)
    }

    /// All of them, by name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn accounts(&self) -> Result<Vec<Account>, StoreError> {
        let rows: Vec<Row> = sqlx::query_as(ALL).fetch_all(&self.0.pool).await?;
        rows.iter().map(Row::account).collect()
    }

    /// One of them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn account(&self, id: Uuid) -> Result<Option<Account>, StoreError> {
        let row: Option<Row> = sqlx::query_as(BY_ID).bind(id).fetch_optional(&self.0.pool).await?;
        row.map(|row| row.account()).transpose()
    }

    /// The account that a person is linked to, by Telegram id; none that is disabled.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn account_of_person(&self, telegram_id: i64) -> Result<Option<Account>, StoreError> {
        let row: Option<Row> = sqlx::query_as(BY_TELEGRAM).bind(telegram_id).fetch_optional(&self.0.pool).await?;
        row.map(|row| row.account()).transpose()
    }

    /// The account of somebody at an issuer, disabled or not.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn account_of_subject(&self, subject: &str) -> Result<Option<Account>, StoreError> {
        let row: Option<Row> = sqlx::query_as(BY_SUBJECT).bind(subject).fetch_optional(&self.0.pool).await?;
        row.map(|row| row.account()).transpose()
    }

    /// An account with what it is known by, by its name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn credentials(&self, name: &str) -> Result<Option<Credentials>, StoreError> {
        let row: Option<Row> = sqlx::query_as(BY_NAME).bind(name).fetch_optional(&self.0.pool).await?;
        row.map(|row| self.opened(row)).transpose()
    }

    /// The same by its id.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn credentials_of(&self, id: Uuid) -> Result<Option<Credentials>, StoreError> {
        let row: Option<Row> = sqlx::query_as(BY_ID).bind(id).fetch_optional(&self.0.pool).await?;
        row.map(|row| self.opened(row)).transpose()
    }

    fn opened(&self, row: Row) -> Result<Credentials, StoreError> {
        let account = row.account()?;
        let secret = row.totp_secret.map(|token| self.0.keys.decrypt(&token, "admins.totp_secret")).transpose()?;
        Ok(Credentials {
            account,
            password_hash: row.password_hash.map(Into::into),
            totp_secret: secret.map(Into::into),
        })
    }

    /// In which language an account reads; that of the browser, where there is none. False where there is no such account.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn set_language(&self, id: Uuid, language: Option<Language>) -> Result<bool, StoreError> {
        let query = sqlx::query(SET_LANGUAGE).bind(id).bind(language.map(Language::as_str));
        Ok(query.execute(&self.0.pool).await?.rows_affected() > 0)
    }

    /// Changes one. Another role, or being shut out, ends every session of theirs.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was changed.
    pub async fn change_account(&self, id: Uuid, change: Change, now: DateTime<Utc>) -> Result<Changed, StoreError> {
        self.0
            .pool
            .within(async {
                let mut transaction = self.0.pool.begin().await?;
                let changed = apply(&mut transaction, id, change, now).await?;
                // Of anything else, dropping it undoes what was begun.
                if let Changed::Done { .. } = changed {
                    transaction.commit().await?;
                }
                Ok(changed)
            })
            .await
    }
}

/// Whether nobody would be left without this owner who may say who may what. `owners` are all of them, and whether each can come in:
/// who cannot yet takes nobody's place who can, but that of another who cannot either.
fn is_last(owners: &[(Uuid, bool)], id: Uuid) -> bool {
    let mut others = owners.iter().filter(|(owner, _)| *owner != id);
    match owners.iter().find(|(owner, _)| *owner == id) {
        Some((_, true)) => !others.any(|(_, comes_in)| *comes_in),
        Some((_, false)) => others.next().is_none(),
        None => false,
    }
}

async fn apply(
    connection: &mut PgConnection,
    id: Uuid,
    change: Change,
    now: DateTime<Utc>,
) -> Result<Changed, StoreError> {
    let owners: Vec<(Uuid, bool)> = sqlx::query_as(OWNERS).fetch_all(&mut *connection).await?;
    let Some((before,)) = sqlx::query_as::<_, (String,)>(ROLE).bind(id).fetch_optional(&mut *connection).await? else {
        return Ok(Changed::NotFound);
    };
    if let Some(Some(person)) = change.telegram_id {
        let there: Option<(i64,)> = sqlx::query_as(PERSON).bind(person).fetch_optional(&mut *connection).await?;
        if there.is_none() {
            return Ok(Changed::NobodyThere);
        }
    }
    let goes = change.enabled == Some(false) || change.role.is_some_and(|role| role != Role::Owner);
    if goes && is_last(&owners, id) {
        return Ok(Changed::LastOwner);
    }
    let done = sqlx::query(CHANGE)
        .bind(id)
        .bind(change.role.map(Role::as_str))
        .bind(change.enabled)
        .bind(change.telegram_id.is_some())
        .bind(change.telegram_id.flatten())
        .bind(now)
        .execute(&mut *connection)
        .await;
    match done {
        Err(error) if StoreError::is_conflict_on(&error, "admins_telegram_id") => return Ok(Changed::LinkTaken),
        done => done?,
    };
    let is_other = change.role.is_some_and(|role| role.as_str() != before);
    let sessions = if is_other || change.enabled == Some(false) {
        super::sessions::end_all(connection, id, None, now).await?
    } else {
        0
    };
    Ok(Changed::Done { sessions })
}
