//! What the companion remembers. A turn reads its facts in [`crate::messages::Messages::recall`] and writes them in
//! [`crate::turns`], each in the one statement of its stage; here is what others do with them.
//!
//! A fact holds until `ended_at`; what took its place has the same `chain`, so that a chain is the history of one matter.
//! What becomes of a new fact is decided in process, from facts that were read before (they are encrypted, so that no
//! constraint can tell a duplicate): whoever writes says which `users.facts_version` they read, and writes nothing if it
//! has changed.

mod vectors;

use chrono::{DateTime, NaiveDate, Utc};
use evolve_domain::fact::{Category, MOST, USUAL_CONFIDENCE};
use serde::Deserialize;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use crate::{Keyring, Store, StoreError, messages::legible, users::parse};
pub use vectors::UnplacedFact;
pub(crate) use vectors::nearest;

/// Something that a person told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// Its id.
    pub id: Uuid,
    /// What it is about.
    pub category: Category,
    /// Its text.
    pub content: String,
    /// The matter that it is a state of.
    pub chain: Uuid,
    /// How sure it is, of 100.
    pub confidence: u8,
    /// The day that it is about, where it is about one.
    pub day: Option<NaiveDate>,
    /// When it was told.
    pub created_at: DateTime<Utc>,
    /// When it was told last.
    pub last_said_at: DateTime<Utc>,
    /// How often it was told.
    pub times_said: u32,
    /// When it ceased to hold; nothing while it holds.
    pub ended_at: Option<DateTime<Utc>>,
}

impl Fact {
    /// Whether the person put it right, as far as that can be told: nothing else makes it newer without telling it once more.
    #[must_use]
    pub fn is_put_right(&self) -> bool {
        self.last_said_at > self.created_at && (self.times_said == 1 || self.confidence == 100)
    }
}

/// All facts of a person that hold, newest first, and what they are at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FactBook {
    /// To be given back with [`FactChanges`].
    pub version: i32,
    /// The facts.
    pub facts: Vec<Fact>,
}

/// A message of the person in which a fact was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    /// The message.
    pub message_id: Uuid,
    /// When it was said.
    pub said_at: DateTime<Utc>,
}

/// A fact to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewFact {
    /// Id for it.
    pub id: Uuid,
    /// What it is about.
    pub category: Category,
    /// Its text.
    pub content: String,
    /// The matter that it is a state of; its own id where it is a new one.
    pub chain: Uuid,
    /// How sure it is, of 100.
    pub confidence: u8,
    /// The day that it is about, where it is about one.
    pub day: Option<NaiveDate>,
    /// Where it was told; nothing for the message of the turn that writes it.
    pub source: Option<Source>,
}

impl NewFact {
    /// A fact that replaces none and was told by the message of this turn.
    #[must_use]
    pub fn new(id: Uuid, category: Category, content: impl Into<String>) -> Self {
        let content = content.into();
        Self { id, category, content, chain: id, confidence: USUAL_CONFIDENCE, day: None, source: None }
    }
}

/// A fact that was told once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Confirmed {
    /// The fact.
    pub id: Uuid,
    /// When it was told; nothing for the message of the turn that writes it.
    pub said_at: Option<DateTime<Utc>>,
}

/// What is to become of a person's facts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FactChanges {
    /// The version of the facts from which this was worked out.
    pub version: i32,
    /// Facts learnt. One whose chain is to be forgotten as well is never shown: it says what is to be looked for and removed
    /// though it was no fact, such as what stood in the profile.
    pub learnt: Vec<NewFact>,
    /// Facts that were told once more.
    pub confirmed: Vec<Confirmed>,
    /// Chains whose fact holds no longer, and the chain whose history they are from now on.
    pub lapsed: Vec<(Uuid, Uuid)>,
    /// Chains to be forgotten: they are not shown from now on, and removed together with all that holds them
    /// ([`crate::forgetting`]).
    pub forgotten: Vec<Uuid>,
    /// Facts to be forgotten each by itself, in the same way: what is over, of which the matter may hold still.
    pub forgotten_alone: Vec<Uuid>,
}

impl FactChanges {
    /// Nothing.
    pub const NONE: &Self = &Self {
        version: 0,
        learnt: Vec::new(),
        confirmed: Vec::new(),
        lapsed: Vec::new(),
        forgotten: Vec::new(),
        forgotten_alone: Vec::new(),
    };

    /// Whether nothing changes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let is_forgotten = !self.forgotten.is_empty() || !self.forgotten_alone.is_empty();
        self.learnt.is_empty() && self.confirmed.is_empty() && self.lapsed.is_empty() && !is_forgotten
    }

    /// How many facts there are to be known from now on that were not.
    #[must_use]
    pub fn news(&self) -> usize {
        self.learnt.iter().filter(|fact| !self.forgotten.contains(&fact.chain)).count()
    }

    /// The columns that statements take.
    pub(crate) fn columns(&self, keys: &Keyring) -> Columns {
        let learnt = &self.learnt;
        Columns {
            ids: learnt.iter().map(|fact| fact.id).collect(),
            categories: learnt.iter().map(|fact| fact.category.as_str()).collect(),
            contents: learnt.iter().map(|fact| keys.encrypt(&fact.content)).collect(),
            confidences: learnt.iter().map(|fact| fact.confidence.into()).collect(),
            days: learnt.iter().map(|fact| fact.day).collect(),
            chains: learnt.iter().map(|fact| fact.chain).collect(),
            lapsed: self.lapsed.iter().map(|(chain, _)| *chain).collect(),
            part_of: self.lapsed.iter().map(|(_, chain)| *chain).collect(),
            confirmed: self.confirmed.iter().map(|confirmed| confirmed.id).collect(),
        }
    }
}

/// [`FactChanges`] as arrays.
pub(crate) struct Columns {
    pub(crate) ids: Vec<Uuid>,
    pub(crate) categories: Vec<&'static str>,
    pub(crate) contents: Vec<String>,
    pub(crate) confidences: Vec<i16>,
    pub(crate) days: Vec<Option<NaiveDate>>,
    pub(crate) chains: Vec<Uuid>,
    pub(crate) lapsed: Vec<Uuid>,
    pub(crate) part_of: Vec<Uuid>,
    pub(crate) confirmed: Vec<Uuid>,
}

/// A row of `facts`.
#[derive(Deserialize, FromRow)]
pub(crate) struct FactRow {
    id: Uuid,
    category: String,
    content: String,
    chain: Uuid,
    confidence: i16,
    day: Option<NaiveDate>,
    created_at: DateTime<Utc>,
    last_said_at: DateTime<Utc>,
    times_said: i32,
    ended_at: Option<DateTime<Utc>>,
    /// Where it is asked for.
    #[sqlx(default)]
    meaning: Option<String>,
}

impl FactRow {
    pub(crate) fn open(self, keys: &Keyring) -> Result<Fact, StoreError> {
        Ok(Fact {
            id: self.id,
            category: parse("facts.category", &self.category, Category::Other),
            content: keys.decrypt(&self.content, "facts.content")?,
            chain: self.chain,
            confidence: u8::try_from(self.confidence).unwrap_or(USUAL_CONFIDENCE),
            day: self.day,
            created_at: self.created_at,
            last_said_at: self.last_said_at,
            times_said: u32::try_from(self.times_said).unwrap_or(1),
            ended_at: self.ended_at,
        })
    }
}

/// Facts. Borrowed from [`Store::facts`].
#[derive(Debug)]
pub struct Facts<'a>(pub(crate) &'a Store);

impl Store {
    /// Facts.
    #[must_use]
    pub fn facts(&self) -> Facts<'_> {
        Facts(self)
    }
}

/// History kept and shown; more than that of one person is too much to look through.
const MOST_ENDED: u32 = 2000;

const VERSION: &str = "SELECT facts_version FROM users WHERE id = $1";

/// $1 person, $2 how many.
const HOLDING: &str = "
    SELECT id, category, content, chain, confidence, day, created_at, last_said_at, times_said, ended_at FROM facts
    WHERE user_id = $1 AND ended_at IS NULL AND forgotten_at IS NULL ORDER BY last_said_at DESC, id DESC LIMIT $2";

/// $1 person, $2 how many.
const ENDED: &str = "
    SELECT id, category, content, chain, confidence, day, created_at, last_said_at, times_said, ended_at FROM facts
    WHERE user_id = $1 AND ended_at IS NOT NULL AND forgotten_at IS NULL ORDER BY ended_at DESC, id DESC LIMIT $2";

/// $1 person, $2 version as read, $3 now, $4–$9 facts learnt, $10/$11 the message of each and its time, $12 chains that
/// lapse, $13 what they are part of, $14 facts told again, $15 chains to forget, $16 when those of $14 were told, $17 facts to
/// forget by themselves.
const WRITE: &str = "
    WITH person AS (
        UPDATE users SET facts_version = facts_version + 1 WHERE id = $1 AND facts_version = $2 RETURNING id
    ), learnt AS (
        INSERT INTO facts (id, user_id, category, content, confidence, day, chain, message_id, created_at, last_said_at,
                           forgotten_at)
        SELECT f.id, person.id, f.category, f.content, f.confidence, f.day, f.chain, f.message_id, f.said_at, f.said_at,
               CASE WHEN f.chain = ANY ($15::uuid[]) THEN $3::timestamptz END
        FROM person, unnest($4::uuid[], $5::text[], $6::text[], $7::smallint[], $8::date[], $9::uuid[], $10::uuid[],
                            $11::timestamptz[])
             AS f (id, category, content, confidence, day, chain, message_id, said_at)
    ), changed AS (
        UPDATE facts f SET
            ended_at = CASE WHEN f.chain = ANY ($12) THEN COALESCE(f.ended_at, $3) ELSE f.ended_at END,
            chain = COALESCE((SELECT l.part_of FROM unnest($12::uuid[], $13::uuid[]) AS l (chain, part_of)
                              WHERE l.chain = f.chain LIMIT 1), f.chain),
            times_said = f.times_said + (f.id = ANY ($14))::integer,
            last_said_at = GREATEST(f.last_said_at, (SELECT max(c.said_at) FROM unnest($14::uuid[], $16::timestamptz[]) AS c (id, said_at)
                                                     WHERE c.id = f.id)),
            forgotten_at = CASE WHEN f.chain = ANY ($15) OR f.id = ANY ($17::uuid[]) THEN COALESCE(f.forgotten_at, $3)
                                ELSE f.forgotten_at END
        FROM person
        WHERE f.user_id = person.id AND (f.chain = ANY ($12) OR f.id = ANY ($14) OR f.chain = ANY ($15) OR f.id = ANY ($17))
    )
    SELECT count(*) FROM person";

impl Facts<'_> {
    /// A person's facts that hold; without those that no key opens.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn book(&self, user_id: i64) -> Result<FactBook, StoreError> {
        // The version is read first: facts that are newer than it make a write that depends on them fail, not pass.
        let version: Option<(i32,)> = sqlx::query_as(VERSION).bind(user_id).fetch_optional(&self.0.pool).await?;
        let facts = self.read(HOLDING, user_id, MOST).await?;
        Ok(FactBook { version: version.map_or(0, |(version,)| version), facts })
    }

    /// What held once, latest first; without what no key opens.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn history(&self, user_id: i64) -> Result<Vec<Fact>, StoreError> {
        self.read(ENDED, user_id, MOST_ENDED).await
    }

    async fn read(&self, statement: &'static str, user_id: i64, limit: u32) -> Result<Vec<Fact>, StoreError> {
        let rows: Vec<FactRow> =
            sqlx::query_as(statement).bind(user_id).bind(i64::from(limit)).fetch_all(&self.0.pool).await?;
        // One that no key opens must not take the others with it.
        Ok(rows.into_iter().filter_map(|row| legible(row.open(&self.0.keys))).collect())
    }

    /// Changes a person's facts. False when they have changed since they were read, or the person is gone; then nothing
    /// was written.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn write(&self, user_id: i64, changes: &FactChanges, now: DateTime<Utc>) -> Result<bool, StoreError> {
        self.0
            .pool
            .within(async {
                let mut connection = self.0.pool.acquire().await?;
                write(&mut connection, &self.0.keys, user_id, changes, now).await
            })
            .await
    }
}

/// [`Facts::write`], within whatever else is being done.
pub(crate) async fn write(
    connection: &mut PgConnection,
    keys: &Keyring,
    user_id: i64,
    changes: &FactChanges,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let columns = changes.columns(keys);
    let sources = changes.learnt.iter().map(|fact| fact.source);
    let (written,): (i64,) = sqlx::query_as(WRITE)
        .bind(user_id)
        .bind(changes.version)
        .bind(now)
        .bind(columns.ids)
        .bind(columns.categories)
        .bind(columns.contents)
        .bind(columns.confidences)
        .bind(columns.days)
        .bind(columns.chains)
        .bind(sources.clone().map(|source| source.map(|s| s.message_id)).collect::<Vec<_>>())
        .bind(sources.map(|source| source.map_or(now, |s| s.said_at)).collect::<Vec<_>>())
        .bind(columns.lapsed)
        .bind(columns.part_of)
        .bind(columns.confirmed)
        .bind(&changes.forgotten)
        .bind(changes.confirmed.iter().map(|confirmed| confirmed.said_at.unwrap_or(now)).collect::<Vec<_>>())
        .bind(&changes.forgotten_alone)
        .fetch_one(connection)
        .await?;
    Ok(written > 0)
}
