//! Broadcasts: what was asked for, how far each has come, and what may be done to it. How people are written to is `work`'s.
//!
//! What a broadcast owes is in the outbox, with its id (`outbox.broadcast_id`) until its end was counted here. So its progress is
//! what was counted and the few thousand rows that were not, however many people there are. Locks are taken in one order: the
//! broadcast, then people, then rows of the outbox, of which those that somebody holds are left alone.

mod halt;
mod reach;
mod work;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use evolve_domain::{broadcast::Audience, language::Language};
use sqlx::{FromRow, types::Json};
use uuid::Uuid;

pub use reach::Reach;
pub use work::{Chosen, Tally};

use crate::{Store, StoreError};

/// What a broadcast is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It waits for its time.
    Scheduled,
    /// People are being written to.
    Running,
    /// Somebody has it rest.
    Paused,
    /// It rests by itself: too many failed.
    Stopped,
    /// Somebody has ended it.
    Cancelled,
    /// Everybody was written to.
    Done,
}

impl State {
    const ALL: [Self; 6] = [Self::Scheduled, Self::Running, Self::Paused, Self::Stopped, Self::Cancelled, Self::Done];

    /// As it is stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Stopped => "stopped",
            Self::Cancelled => "cancelled",
            Self::Done => "done",
        }
    }
}

/// A broadcast that is asked for.
#[derive(Clone, Debug)]
pub struct NewBroadcast {
    /// Its id.
    pub id: Uuid,
    /// Chosen by whoever asks; the second of the same key is not made.
    pub key: String,
    /// What is said, in Telegram's HTML.
    pub text: String,
    /// What is said to people of a language instead.
    pub translations: BTreeMap<Language, String>,
    /// To whom.
    pub audience: Audience,
    /// When.
    pub send_at: DateTime<Utc>,
}

/// A broadcast, as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broadcast {
    /// Its id.
    pub id: Uuid,
    /// The key under which it was asked for.
    pub key: String,
    /// What is said, in Telegram's HTML.
    pub text: String,
    /// What is said to people of a language instead.
    pub translations: BTreeMap<Language, String>,
    /// To whom.
    pub audience: Audience,
    /// What it is at.
    pub state: State,
    /// When it is to begin.
    pub send_at: DateTime<Utc>,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// When it began.
    pub began_at: Option<DateTime<Utc>>,
    /// When it was paused or stopped last.
    pub halted_at: Option<DateTime<Utc>>,
    /// When it was over.
    pub ended_at: Option<DateTime<Utc>>,
    /// Whether everybody was looked at.
    pub all_chosen: bool,
    /// People to whom it was owed, whatever became of it.
    pub chosen: u64,
    /// Of those: Telegram took it.
    pub sent: u64,
    /// Of those: who has blocked the bot, or is gone.
    pub blocked: u64,
    /// Of those: it came to nothing for another reason.
    pub failed: u64,
    /// Of those: it waits, or is on its way. Who was removed since is in none of the last four.
    pub waiting: u64,
}

#[derive(FromRow)]
struct Row {
    id: Uuid,
    key: String,
    text: String,
    translations: Json<BTreeMap<Language, String>>,
    audience: Json<Audience>,
    state: String,
    send_at: DateTime<Utc>,
    created_at: DateTime<Utc>,
    began_at: Option<DateTime<Utc>>,
    halted_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    all_chosen: bool,
    chosen: i64,
    sent: i64,
    blocked: i64,
    failed: i64,
    waiting: i64,
}

impl TryFrom<Row> for Broadcast {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let state = State::ALL.into_iter().find(|state| state.as_str() == row.state);
        let state = state.ok_or_else(|| StoreError::Corrupt {
            what: "broadcasts.state",
            reason: "this version does not know it".to_owned(),
        })?;
        let count = |number: i64| u64::try_from(number).unwrap_or_default();
        Ok(Self {
            id: row.id,
            key: row.key,
            text: row.text,
            translations: row.translations.0,
            audience: row.audience.0,
            state,
            send_at: row.send_at,
            created_at: row.created_at,
            began_at: row.began_at,
            halted_at: row.halted_at,
            ended_at: row.ended_at,
            all_chosen: row.all_chosen,
            chosen: count(row.chosen),
            sent: count(row.sent),
            blocked: count(row.blocked),
            failed: count(row.failed),
            waiting: count(row.waiting),
        })
    }
}

/// Broadcasts. Borrowed from [`Store::broadcasts`].
#[derive(Debug)]
pub struct Broadcasts<'a>(&'a Store);

impl Store {
    /// Broadcasts.
    #[must_use]
    pub fn broadcasts(&self) -> Broadcasts<'_> {
        Broadcasts(self)
    }
}

/// Whether a row of the outbox came to nothing because the person does not want it, or is gone.
macro_rules! unwanted {
    () => {
        "COALESCE(o.error IN ('blocked', 'forbidden', 'chat_not_found'), false)"
    };
}
use unwanted;

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT b.id, b.key, b.text, b.translations, b.audience, b.state, b.send_at, b.created_at, b.began_at, b.halted_at,
                    b.ended_at, b.all_chosen, b.chosen, b.sent + w.sent AS sent, b.blocked + w.blocked AS blocked,
                    b.failed + w.failed AS failed, w.waiting
             FROM broadcasts b CROSS JOIN LATERAL (
                 SELECT count(*) FILTER (WHERE o.state = 'pending') AS waiting,
                        count(*) FILTER (WHERE o.state = 'sent') AS sent,
                        count(*) FILTER (WHERE o.state = 'dead' AND ",
            unwanted!(),
            ") AS blocked,
                        count(*) FILTER (WHERE o.state = 'dead' AND NOT ",
            unwanted!(),
            ") AS failed
                 FROM outbox o WHERE o.broadcast_id = b.id) w ",
            $rest
        )
    };
}

const INSERT: &str = "
    INSERT INTO broadcasts (id, key, text, translations, audience, state, send_at, created_at)
    VALUES ($1, $2, $3, $4, $5, 'scheduled', $6, $7)
    ON CONFLICT (key) DO NOTHING";

const OF_KEY: &str = select!("WHERE b.key = $1");

const FIND: &str = select!("WHERE b.id = $1");

/// $1 the one after them, $2 how many.
const NEWEST: &str = select!("WHERE $1::uuid IS NULL OR b.id < $1 ORDER BY b.id DESC LIMIT $2");

/// What rests and owes nothing needs nobody's care. $1 how many.
const AT_WORK: &str = select!(
    "WHERE NOT b.settled AND (b.state IN ('running', 'cancelled')
                              OR (b.state <> 'scheduled' AND w.waiting + w.sent + w.blocked + w.failed > 0))
     ORDER BY b.send_at, b.id LIMIT $1"
);

impl Broadcasts<'_> {
    /// Makes a broadcast; where its key is known, the one of that key, and false.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn create(&self, new: &NewBroadcast, now: DateTime<Utc>) -> Result<(Broadcast, bool), StoreError> {
        let done = sqlx::query(INSERT)
            .bind(new.id)
            .bind(&new.key)
            .bind(&new.text)
            .bind(Json(&new.translations))
            .bind(Json(&new.audience))
            .bind(new.send_at)
            .bind(now)
            .execute(&self.0.pool)
            .await?;
        let row: Row = sqlx::query_as(OF_KEY).bind(&new.key).fetch_one(&self.0.pool).await?;
        Ok((row.try_into()?, done.rows_affected() > 0))
    }

    /// A broadcast; nothing where there is none of this id.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find(&self, id: Uuid) -> Result<Option<Broadcast>, StoreError> {
        let row: Option<Row> = sqlx::query_as(FIND).bind(id).fetch_optional(&self.0.pool).await?;
        row.map(TryInto::try_into).transpose()
    }

    /// The newest, newest first, at most `limit`; with `before`, of those that were asked for before that one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn newest(&self, before: Option<Uuid>, limit: u32) -> Result<Vec<Broadcast>, StoreError> {
        let query = sqlx::query_as(NEWEST).bind(before).bind(i64::from(limit));
        let rows: Vec<Row> = query.fetch_all(&self.0.pool).await?;
        rows.into_iter().map(TryInto::try_into).collect()
    }

    /// Those of which somebody is to be written to, or something to be counted, oldest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn at_work(&self, limit: u32) -> Result<Vec<Broadcast>, StoreError> {
        let rows: Vec<Row> = sqlx::query_as(AT_WORK).bind(i64::from(limit)).fetch_all(&self.0.pool).await?;
        rows.into_iter().map(TryInto::try_into).collect()
    }
}
