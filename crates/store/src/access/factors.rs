//! What an account is known by: one-time links, passwords, second factors and recovery codes.

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret as _, SecretString};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Access, sessions};
use crate::StoreError;

/// A second factor to be.
#[derive(Clone, Debug)]
pub struct NewFactor {
    /// Its secret, in base32.
    pub secret: SecretString,
    /// The step of the code by which it was shown to work: it is not taken again.
    pub step: i64,
    /// Hashes of the recovery codes that go with it: see [`super::hash_of`].
    pub recovery_codes: Vec<Vec<u8>>,
}

/// What somebody chose who came by a one-time link.
#[derive(Clone, Debug)]
pub struct Chosen<'a> {
    /// The hash of their password.
    pub password_hash: &'a str,
    /// Their second factor, where they want one.
    pub factor: Option<NewFactor>,
}

/// The ones before are of no use any more. $1 account, $2 hash, $3 until when.
const FORGET_LINKS: &str = "DELETE FROM admin_links WHERE admin_id = $1";
const LINK: &str = "INSERT INTO admin_links (token_hash, admin_id, expires_at) VALUES ($1, $2, $3)";

/// Holds the account, if it may come in, and its password is the one that was compared, where one was ($2). Whoever gives it something
/// else to be known by holds it too, and forgets its links.
const HOLD: &str = "
    SELECT id FROM admins
    WHERE id = $1 AND disabled_at IS NULL AND ($2::bytea IS NULL OR sha256(convert_to(password_hash, 'UTF8')) = $2)
    FOR NO KEY UPDATE";

/// The person's bearer tokens are a way in too. $2 whether who is shut out is let in again. Who comes from an issuer is known there, and a
/// password would be a way around it.
const RESET: &str = "
    UPDATE admins
    SET password_hash = NULL, totp_secret = NULL, telegram_id = NULL,
        disabled_at = CASE WHEN $2 THEN NULL ELSE disabled_at END
    WHERE id = $1 AND (disabled_at IS NULL OR $2) AND oidc_subject IS NULL";
const FORGET_ALL: &str = "UPDATE admins SET password_hash = NULL, totp_secret = NULL, telegram_id = NULL WHERE id = $1";
const FORGET_CODES: &str = "DELETE FROM admin_recovery_codes WHERE admin_id = $1";

const LINKED: &str = "
    SELECT l.admin_id FROM admin_links l JOIN admins a ON a.id = l.admin_id
    WHERE l.token_hash = $1 AND l.expires_at > $2 AND a.disabled_at IS NULL";

const HOLD_LINKED: &str = "
    SELECT a.id FROM admins a JOIN admin_links l ON l.admin_id = a.id
    WHERE l.token_hash = $1 AND l.expires_at > $2 AND a.disabled_at IS NULL
    FOR NO KEY UPDATE OF a";

/// Once: whoever comes second finds none.
const USE_LINK: &str = "
    DELETE FROM admin_links l USING admins a
    WHERE l.token_hash = $1 AND l.expires_at > $2 AND a.id = l.admin_id AND a.disabled_at IS NULL
    RETURNING l.admin_id";

const SET_PASSWORD: &str = "UPDATE admins SET password_hash = $2 WHERE id = $1";
/// Unless it was changed meanwhile.
const UPGRADE_PASSWORD: &str = "UPDATE admins SET password_hash = $3 WHERE id = $1 AND password_hash = $2";
const SET_FACTOR: &str = "UPDATE admins SET totp_secret = $2, totp_step = $3 WHERE id = $1";
const ADD_CODES: &str = "INSERT INTO admin_recovery_codes (admin_id, code_hash) SELECT $1, unnest($2::bytea[])";
/// No step is taken twice, whoever asks at once.
const TAKE_STEP: &str = "UPDATE admins SET totp_step = $2 WHERE id = $1 AND totp_step < $2";
const TAKE_CODE: &str = "DELETE FROM admin_recovery_codes WHERE admin_id = $1 AND code_hash = $2";
const COUNT_CODES: &str = "SELECT count(*) FROM admin_recovery_codes WHERE admin_id = $1";
const FORGET_OLD_LINKS: &str = "DELETE FROM admin_links WHERE expires_at < $1";

impl Access<'_> {
    /// Gives an account a one-time link, in place of any other. False where there is no such account, it is disabled, or its password is
    /// another than the one of whose hash [`super::hash_of`] is `compared`.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was changed.
    pub async fn give_link(
        &self,
        account: Uuid,
        hash: &[u8],
        compared: Option<&[u8]>,
        expires_at: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        self.0
            .pool
            .within(async {
                let mut transaction = self.0.pool.begin().await?;
                let held: Option<(Uuid,)> =
                    sqlx::query_as(HOLD).bind(account).bind(compared).fetch_optional(&mut *transaction).await?;
                if held.is_none() {
                    return Ok(false);
                }
                link(&mut transaction, account, hash, expires_at).await?;
                transaction.commit().await?;
                Ok(true)
            })
            .await
    }

    /// The same, and nothing that they were known by before holds any more: password, second factor, recovery codes, sessions, and the
    /// person whose bearer tokens were theirs. Who is disabled is let in again, if `enables` says so. False where there is no such
    /// account, it is disabled, or it is one of an issuer.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was changed.
    pub async fn reset_account(
        &self,
        account: Uuid,
        (hash, expires_at): (&[u8], DateTime<Utc>),
        enables: bool,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        self.0
            .pool
            .within(async {
                let mut transaction = self.0.pool.begin().await?;
                let done = sqlx::query(RESET).bind(account).bind(enables).execute(&mut *transaction).await?;
                if done.rows_affected() == 0 {
                    return Ok(false);
                }
                sqlx::query(FORGET_CODES).bind(account).execute(&mut *transaction).await?;
                sessions::end_all(&mut transaction, account, None, now).await?;
                link(&mut transaction, account, hash, expires_at).await?;
                transaction.commit().await?;
                Ok(true)
            })
            .await
    }

    /// Takes everything from an account by which somebody could come in, but who they are at an issuer.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was changed.
    pub async fn forget_factors(&self, account: Uuid, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.0
            .pool
            .within(async {
                let mut transaction = self.0.pool.begin().await?;
                sqlx::query(FORGET_ALL).bind(account).execute(&mut *transaction).await?;
                sqlx::query(FORGET_CODES).bind(account).execute(&mut *transaction).await?;
                sqlx::query(FORGET_LINKS).bind(account).execute(&mut *transaction).await?;
                sessions::end_all(&mut transaction, account, None, now).await?;
                Ok(transaction.commit().await?)
            })
            .await
    }

    /// Whose a link is, if it still holds. It is not used up by that.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn linked(&self, hash: &[u8], now: DateTime<Utc>) -> Result<Option<Uuid>, StoreError> {
        let row: Option<(Uuid,)> = sqlx::query_as(LINKED).bind(hash).bind(now).fetch_optional(&self.0.pool).await?;
        Ok(row.map(|(id,)| id))
    }

    /// Uses a link up, and keeps what was chosen in place of what was; every session of the account ends, and any other link. Whose it
    /// was; nothing where it does not hold.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was changed, and the link holds as before.
    pub async fn use_link(
        &self,
        hash: &[u8],
        chosen: &Chosen<'_>,
        now: DateTime<Utc>,
    ) -> Result<Option<Uuid>, StoreError> {
        self.0
            .pool
            .within(async {
                let mut transaction = self.0.pool.begin().await?;
                // First, as everywhere: in another order two would wait for each other.
                let held: Option<(Uuid,)> =
                    sqlx::query_as(HOLD_LINKED).bind(hash).bind(now).fetch_optional(&mut *transaction).await?;
                if held.is_none() {
                    return Ok(None);
                }
                let row: Option<(Uuid,)> =
                    sqlx::query_as(USE_LINK).bind(hash).bind(now).fetch_optional(&mut *transaction).await?;
                let Some((account,)) = row else { return Ok(None) };
                sqlx::query(SET_PASSWORD).bind(account).bind(chosen.password_hash).execute(&mut *transaction).await?;
                if let Some(factor) = &chosen.factor {
                    let token = self.0.keys.encrypt(factor.secret.expose_secret());
                    put_factor(&mut transaction, account, &token, factor).await?;
                }
                sqlx::query(FORGET_LINKS).bind(account).execute(&mut *transaction).await?;
                sessions::end_all(&mut transaction, account, None, now).await?;
                sqlx::query(FORGET_OLD_LINKS).bind(now).execute(&mut *transaction).await?;
                transaction.commit().await?;
                Ok(Some(account))
            })
            .await
    }

    /// Gives an account another second factor, with recovery codes of its own; its links hold no more. Its sessions stay: it is somebody
    /// signed in who asks.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was changed.
    pub async fn set_factor(&self, account: Uuid, factor: &NewFactor) -> Result<(), StoreError> {
        let token = self.0.keys.encrypt(factor.secret.expose_secret());
        self.0
            .pool
            .within(async {
                let mut transaction = self.0.pool.begin().await?;
                put_factor(&mut transaction, account, &token, factor).await?;
                sqlx::query(FORGET_LINKS).bind(account).execute(&mut *transaction).await?;
                Ok(transaction.commit().await?)
            })
            .await
    }

    /// Gives an account other recovery codes, by their hashes; the ones before hold no more.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was changed.
    pub async fn set_recovery_codes(&self, account: Uuid, hashes: &[Vec<u8>]) -> Result<(), StoreError> {
        self.0
            .pool
            .within(async {
                let mut transaction = self.0.pool.begin().await?;
                put_codes(&mut transaction, account, hashes).await?;
                Ok(transaction.commit().await?)
            })
            .await
    }

    /// Gives an account another password; every session of it but one ends, and its links hold no more.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was changed.
    pub async fn set_password(
        &self,
        account: Uuid,
        hash: &str,
        except: Option<Uuid>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.0
            .pool
            .within(async {
                let mut transaction = self.0.pool.begin().await?;
                sqlx::query(SET_PASSWORD).bind(account).bind(hash).execute(&mut *transaction).await?;
                sqlx::query(FORGET_LINKS).bind(account).execute(&mut *transaction).await?;
                sessions::end_all(&mut transaction, account, except, now).await?;
                Ok(transaction.commit().await?)
            })
            .await
    }

    /// Keeps the same password by another hash. False where another hash is kept than `before`: of the same password, which somebody
    /// else has upgraded, or of another one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn upgrade_password(&self, account: Uuid, before: &str, after: &str) -> Result<bool, StoreError> {
        let query = sqlx::query(UPGRADE_PASSWORD).bind(account).bind(before).bind(after);
        Ok(query.execute(&self.0.pool).await?.rows_affected() > 0)
    }

    /// Takes a step of the second factor. False where it, or a later one, was taken before.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn take_step(&self, account: Uuid, step: i64) -> Result<bool, StoreError> {
        let done = sqlx::query(TAKE_STEP).bind(account).bind(step).execute(&self.0.pool).await?;
        Ok(done.rows_affected() > 0)
    }

    /// Takes a recovery code. False where there is none such, or none any more.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn take_recovery_code(&self, account: Uuid, hash: &[u8]) -> Result<bool, StoreError> {
        let done = sqlx::query(TAKE_CODE).bind(account).bind(hash).execute(&self.0.pool).await?;
        Ok(done.rows_affected() > 0)
    }

    /// How many recovery codes an account has left.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn recovery_codes(&self, account: Uuid) -> Result<u64, StoreError> {
        let (count,): (i64,) = sqlx::query_as(COUNT_CODES).bind(account).fetch_one(&self.0.pool).await?;
        Ok(u64::try_from(count).unwrap_or_default())
    }
}

async fn link(
    connection: &mut PgConnection,
    account: Uuid,
    hash: &[u8],
    expires_at: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query(FORGET_LINKS).bind(account).execute(&mut *connection).await?;
    sqlx::query(LINK).bind(hash).bind(account).bind(expires_at).execute(&mut *connection).await?;
    Ok(())
}

async fn put_factor(
    connection: &mut PgConnection,
    account: Uuid,
    token: &str,
    factor: &NewFactor,
) -> Result<(), StoreError> {
    sqlx::query(SET_FACTOR).bind(account).bind(token).bind(factor.step).execute(&mut *connection).await?;
    put_codes(connection, account, &factor.recovery_codes).await
}

async fn put_codes(connection: &mut PgConnection, account: Uuid, hashes: &[Vec<u8>]) -> Result<(), StoreError> {
    sqlx::query(FORGET_CODES).bind(account).execute(&mut *connection).await?;
    sqlx::query(ADD_CODES).bind(account).bind(hashes).execute(&mut *connection).await?;
    Ok(())
}
