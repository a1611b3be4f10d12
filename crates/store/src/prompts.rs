//! Prompts that somebody wrote while everything runs: every version of each, and which of them is used.

use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgConnection};

use crate::{
    Store, StoreError,
    audit::{self, Entry},
    flags::NOTIFY,
};

/// A version of a prompt.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Version {
    /// Which, from 1.
    pub version: i32,
    /// What it says.
    pub content: String,
    /// Why.
    pub note: String,
    /// Who wrote it.
    pub author: String,
    /// When.
    pub created_at: DateTime<Utc>,
}

/// The version of a prompt that is used.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct InUse {
    /// Which prompt: perhaps one that only another version of ours knows.
    pub name: String,
    /// Which version of it.
    pub version: i32,
    /// What it says.
    pub content: String,
}

/// A version to be.
#[derive(Clone, Copy, Debug)]
pub struct NewVersion<'a> {
    /// Of which prompt.
    pub name: &'a str,
    /// What it says.
    pub content: &'a str,
    /// Why.
    pub note: &'a str,
    /// Who wrote it.
    pub author: &'a str,
}

/// Prompts. Borrowed from [`Store::prompts`].
#[derive(Debug)]
pub struct Prompts<'a>(&'a Store);

impl Store {
    /// Prompts that somebody wrote.
    #[must_use]
    pub fn prompts(&self) -> Prompts<'_> {
        Prompts(self)
    }
}

const IN_USE: &str = "
    SELECT p.name, p.version, p.content FROM prompt_choices c JOIN prompts p ON p.name = c.name AND p.version = c.version";

const VERSIONS: &str = "
    SELECT version, content, note, author, created_at FROM prompts WHERE name = $1 AND version < $2
    ORDER BY version DESC LIMIT $3";

/// Two who write at once get one version each, one after the other.
const LOCK: &str = "SELECT pg_advisory_xact_lock(hashtextextended('prompt:' || $1, 0))";

/// $1 name, $2 content, $3 note, $4 author, $5 now.
const WRITE: &str = "
    INSERT INTO prompts (name, version, content, note, author, created_at)
    SELECT $1, COALESCE(max(version), 0) + 1, $2, $3, $4, $5 FROM prompts WHERE name = $1
    RETURNING version";

/// $1 name, $2 version, $3 now, $4 by whom.
const CHOOSE: &str = "
    INSERT INTO prompt_choices (name, version, chosen_at, chosen_by) VALUES ($1, $2, $3, $4)
    ON CONFLICT (name) DO UPDATE
    SET version = excluded.version, chosen_at = excluded.chosen_at, chosen_by = excluded.chosen_by";

const IS_THERE: &str = "SELECT EXISTS (SELECT FROM prompts WHERE name = $1 AND version = $2)";

impl Prompts<'_> {
    /// Every prompt for which a version is used.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn in_use(&self) -> Result<Vec<InUse>, StoreError> {
        Ok(sqlx::query_as(IN_USE).fetch_all(&self.0.pool).await?)
    }

    /// Versions of a prompt below `before`, newest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn versions(&self, name: &str, before: Option<i32>, limit: u32) -> Result<Vec<Version>, StoreError> {
        let query = sqlx::query_as(VERSIONS).bind(name).bind(before.unwrap_or(i32::MAX)).bind(i64::from(limit));
        Ok(query.fetch_all(&self.0.pool).await?)
    }

    /// Writes a version and has it used, with the entry of the log; which it is.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was written.
    pub async fn write(
        &self,
        new: &NewVersion<'_>,
        entry: Option<&Entry>,
        now: DateTime<Utc>,
    ) -> Result<i32, StoreError> {
        let mut transaction = self.0.pool.begin().await?;
        sqlx::query(LOCK).bind(new.name).execute(&mut *transaction).await?;
        let (version,): (i32,) = sqlx::query_as(WRITE)
            .bind(new.name)
            .bind(new.content)
            .bind(new.note)
            .bind(new.author)
            .bind(now)
            .fetch_one(&mut *transaction)
            .await?;
        choose(&mut transaction, new.name, Some(version), new.author, now).await?;
        audit::done(&mut transaction, entry).await?;
        transaction.commit().await?;
        Ok(version)
    }

    /// Has a version used that was written before, or what is configured where there is none, with the entry of the log. False
    /// where there is no such version.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was written.
    pub async fn choose(
        &self,
        name: &str,
        version: Option<i32>,
        by: &str,
        entry: Option<&Entry>,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.0.pool.begin().await?;
        if let Some(version) = version {
            let (is_there,): (bool,) =
                sqlx::query_as(IS_THERE).bind(name).bind(version).fetch_one(&mut *transaction).await?;
            if !is_there {
                return Ok(false);
            }
        }
        choose(&mut transaction, name, version, by, now).await?;
        audit::done(&mut transaction, entry).await?;
        transaction.commit().await?;
        Ok(true)
    }
}

async fn choose(
    connection: &mut PgConnection,
    name: &str,
    version: Option<i32>,
    by: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query(CHOOSE).bind(name).bind(version).bind(now).bind(by).execute(&mut *connection).await?;
    sqlx::query(NOTIFY).execute(&mut *connection).await?;
    Ok(())
}
