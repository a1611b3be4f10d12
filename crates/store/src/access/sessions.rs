//! Sessions of the panel.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::{Access, accounts};
use crate::StoreError;
use evolve_domain::{access::Role, language::Language};

/// How long a session that is over is kept: from where somebody came in that time they are no stranger.
const KEPT: TimeDelta = TimeDelta::days(30);

/// A session to be.
#[derive(Clone, Debug)]
pub struct NewSession<'a> {
    /// Its id.
    pub id: Uuid,
    /// Whose.
    pub account: Uuid,
    /// The hash of what the cookie holds: see [`super::hash_of`].
    pub token_hash: &'a [u8],
    /// How they signed in: `password`, `link` or `oidc`.
    pub way: &'static str,
    /// [`hash_of`](super::hash_of) the hash of the password by which they came, where they came by one: it must still be theirs.
    pub compared: Option<&'a [u8]>,
    /// From where.
    pub address: Option<&'a str>,
    /// What the browser calls itself.
    pub agent: Option<&'a str>,
    /// When it ends, however much it is used.
    pub expires_at: DateTime<Utc>,
}

/// A session that is used now, with whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Live {
    /// Its id.
    pub id: Uuid,
    /// Whose.
    pub account: Uuid,
    /// What they are called.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// In which language they read, where they have chosen one that this version speaks.
    pub language: Option<Language>,
    /// When it was used last.
    pub seen_at: DateTime<Utc>,
}

/// A session, as it is listed.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Session {
    /// Its id.
    pub id: Uuid,
    /// Whose.
    pub account: Uuid,
    /// What they are called.
    pub name: String,
    /// How they signed in.
    pub way: String,
    /// From where.
    pub address: Option<String>,
    /// What the browser calls itself.
    pub agent: Option<String>,
    /// When they signed in.
    pub created_at: DateTime<Utc>,
    /// When it was used last.
    pub seen_at: DateTime<Utc>,
    /// When it ends, however much it is used.
    pub expires_at: DateTime<Utc>,
}

/// $9 what was compared. The account is held: who changes its password ends its sessions then, and finds this one or has it refused.
const OPEN: &str = "
    INSERT INTO admin_sessions (id, admin_id, token_hash, way, address, agent, created_at, seen_at, expires_at)
    SELECT $1, a.id, $3, $4, $5, $6, $7, $7, $8 FROM admins a
    WHERE a.id = $2 AND a.disabled_at IS NULL
      AND ($9::bytea IS NULL OR sha256(convert_to(a.password_hash, 'UTF8')) = $9)
    FOR SHARE OF a";

/// $2 now, $3 since when it must have been used.
const FIND: &str = "
    SELECT s.id, s.admin_id AS account, a.name, a.role, a.language, s.seen_at
    FROM admin_sessions s JOIN admins a ON a.id = s.admin_id
    WHERE s.token_hash = $1 AND s.ended_at IS NULL AND s.expires_at > $2 AND s.seen_at > $3 AND a.disabled_at IS NULL";

const SEEN: &str = "UPDATE admin_sessions SET seen_at = $2 WHERE id = $1 AND seen_at < $2";

/// $1 whose, or anybody's; $2 now, $3 since when it must have been used. There are few accounts, and few sessions of each.
const LIST: &str = "
    SELECT s.id, s.admin_id AS account, a.name, s.way, s.address, s.agent, s.created_at, s.seen_at, s.expires_at
    FROM admins a JOIN admin_sessions s ON s.admin_id = a.id
    WHERE ($1::uuid IS NULL OR a.id = $1) AND s.ended_at IS NULL AND s.expires_at > $2 AND s.seen_at > $3
      AND a.disabled_at IS NULL
    ORDER BY s.seen_at DESC, s.id LIMIT 500";

const END: &str = "
    UPDATE admin_sessions SET ended_at = $3
    WHERE id = $1 AND ($2::uuid IS NULL OR admin_id = $2) AND ended_at IS NULL AND expires_at > $3";

const END_ALL: &str = "
    UPDATE admin_sessions SET ended_at = $3
    WHERE admin_id = $1 AND id IS DISTINCT FROM $2 AND ended_at IS NULL AND expires_at > $3";

const CAME_FROM: &str = "SELECT EXISTS (SELECT FROM admin_sessions WHERE admin_id = $1 AND address = $2)";

const AT_HOME: &str = "
    SELECT a.id FROM admins a
    WHERE a.name = $1 AND a.disabled_at IS NULL
      AND EXISTS (SELECT FROM admin_sessions s WHERE s.admin_id = a.id AND s.address = $2)";

const FORGET: &str = "DELETE FROM admin_sessions WHERE expires_at < $1";

#[derive(FromRow)]
struct Row {
    id: Uuid,
    account: Uuid,
    name: String,
    role: String,
    language: Option<String>,
    seen_at: DateTime<Utc>,
}

impl Access<'_> {
    /// Begins a session; what is long over is forgotten with it. False where the account is gone or disabled, or its password another.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn open_session(&self, new: &NewSession<'_>, now: DateTime<Utc>) -> Result<bool, StoreError> {
        sqlx::query(FORGET).bind(now - KEPT).execute(&self.0.pool).await?;
        let done = sqlx::query(OPEN)
            .bind(new.id)
            .bind(new.account)
            .bind(new.token_hash)
            .bind(new.way)
            .bind(new.address)
            .bind(new.agent)
            .bind(now)
            .bind(new.expires_at)
            .bind(new.compared)
            .execute(&self.0.pool)
            .await?;
        Ok(done.rows_affected() > 0)
    }

    /// The session of a cookie, if it holds: neither ended nor over, used since `used_since`, and of an account that may come in.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn session(
        &self,
        token_hash: &[u8],
        now: DateTime<Utc>,
        used_since: DateTime<Utc>,
    ) -> Result<Option<Live>, StoreError> {
        let query = sqlx::query_as(FIND).bind(token_hash).bind(now).bind(used_since);
        let row: Option<Row> = query.fetch_optional(&self.0.pool).await?;
        row.map(|Row { id, account, name, role, language, seen_at }| {
            let language = language.and_then(|code| code.parse().ok());
            Ok(Live { id, account, name, role: accounts::role(&role)?, language, seen_at })
        })
        .transpose()
    }

    /// Writes down that a session is used now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn session_seen(&self, id: Uuid, now: DateTime<Utc>) -> Result<(), StoreError> {
        sqlx::query(SEEN).bind(id).bind(now).execute(&self.0.pool).await?;
        Ok(())
    }

    /// The sessions that hold, of one account or of all, the one that was used last first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn sessions(
        &self,
        account: Option<Uuid>,
        now: DateTime<Utc>,
        used_since: DateTime<Utc>,
    ) -> Result<Vec<Session>, StoreError> {
        let query = sqlx::query_as(LIST).bind(account).bind(now).bind(used_since);
        Ok(query.fetch_all(&self.0.pool).await?)
    }

    /// Ends a session, of this account where one is given. False where there is none that holds.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn end_session(&self, id: Uuid, account: Option<Uuid>, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let done = sqlx::query(END).bind(id).bind(account).bind(now).execute(&self.0.pool).await?;
        Ok(done.rows_affected() > 0)
    }

    /// Whether somebody has signed in to an account from this address, in about the last month.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn came_from(&self, account: Uuid, address: &str) -> Result<bool, StoreError> {
        let (came,): (bool,) = sqlx::query_as(CAME_FROM).bind(account).bind(address).fetch_one(&self.0.pool).await?;
        Ok(came)
    }

    /// The account of this name that may come in, if somebody has signed in to it from this address, in about the last month.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn at_home(&self, name: &str, address: &str) -> Result<Option<Uuid>, StoreError> {
        let row: Option<(Uuid,)> =
            sqlx::query_as(AT_HOME).bind(name).bind(address).fetch_optional(&self.0.pool).await?;
        Ok(row.map(|(id,)| id))
    }
}

pub(super) async fn end_all(
    connection: &mut PgConnection,
    account: Uuid,
    except: Option<Uuid>,
    now: DateTime<Utc>,
) -> Result<u64, StoreError> {
    let done = sqlx::query(END_ALL).bind(account).bind(except).bind(now).execute(connection).await?;
    Ok(done.rows_affected())
}
