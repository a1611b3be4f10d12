//! Groups: how each wants the companion, and what was said with it there lately.
//!
//! A group has no memory but [`KEPT`]: what was said *to* the companion there, and its answers, each topic for itself. Each row is
//! its speaker's and goes with them; none of it enters their own memory, and nothing of that enters a group. Where it goes, the
//! answer that is kept for whoever asks again goes too.

use std::{fmt, str::FromStr};

use chrono::{DateTime, TimeDelta, Utc};
use evolve_domain::language::Language;
use sqlx::FromRow;

use crate::{Store, StoreError};

/// For so long what was said in a group is context of what is said next.
pub const KEPT: TimeDelta = TimeDelta::days(1);

/// What the companion answers in a group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Answers {
    /// Nothing.
    Off,
    /// Who mentions it, or gives it a command.
    Mentions,
    /// Who replies to it, too.
    #[default]
    Replies,
}

impl Answers {
    /// Every value.
    pub const ALL: [Self; 3] = [Self::Replies, Self::Mentions, Self::Off];

    /// As it is stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Mentions => "mentions",
            Self::Replies => "replies",
        }
    }
}

impl fmt::Display for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Answers {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|answers| answers.as_str() == text).ok_or(())
    }
}

/// How a group wants the companion.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Room {
    /// Its language; nothing for that of whoever speaks.
    pub language: Option<Language>,
    /// What is answered.
    pub answers: Answers,
    /// Whether the companion was removed from it.
    pub left: bool,
}

/// One thing that was said to the companion in a group, and its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spoken {
    /// Who spoke, by their Telegram id.
    pub user_id: i64,
    /// Who spoke, as the others see their name.
    pub name: String,
    /// What they said.
    pub said: String,
    /// The answer.
    pub reply: String,
}

/// Groups. Borrowed from [`Store::rooms`].
#[derive(Debug)]
pub struct Rooms<'a>(&'a Store);

impl Store {
    /// Groups.
    #[must_use]
    pub fn rooms(&self) -> Rooms<'_> {
        Rooms(self)
    }
}

const GET: &str = "SELECT language, answers, left_at IS NOT NULL AS left_it FROM rooms WHERE id = $1";

const JOIN: &str = "
    INSERT INTO rooms (id, joined_at) VALUES ($1, $2)
    ON CONFLICT (id) DO UPDATE SET joined_at = excluded.joined_at, left_at = NULL WHERE rooms.left_at IS NOT NULL";

/// What waits to be sent there is not owed any more; what is being sent is let be, since Telegram refuses it. As everywhere, the
/// rows of people are locked before what is theirs. $1 group, $2 now.
const LEAVE: &str = "
    WITH people AS (
        SELECT id FROM users WHERE id IN (SELECT user_id FROM room_turns WHERE room_id = $1) ORDER BY id FOR NO KEY UPDATE
    ), gone AS (
        INSERT INTO rooms (id, joined_at, left_at) VALUES ($1, $2, $2)
        ON CONFLICT (id) DO UPDATE SET left_at = COALESCE(rooms.left_at, excluded.left_at)
    ), forgotten AS (
        DELETE FROM room_turns r USING people WHERE r.user_id = people.id AND r.room_id = $1 RETURNING r.turn_id
    ), unsaid AS (
        UPDATE turns t SET reply = NULL FROM forgotten WHERE t.id = forgotten.turn_id
    )
    UPDATE outbox SET state = 'dead', error = 'removed from the group', finished_at = $2, params = NULL
    WHERE chat_id = $1 AND state = 'pending' AND (leased_until IS NULL OR leased_until <= $2)";

/// $1 group, $2 language, $3 whether that changes, $4 answers, $5 now.
const SET: &str = "
    INSERT INTO rooms AS r (id, language, answers, joined_at) VALUES ($1, $2, COALESCE($4, 'replies'), $5)
    ON CONFLICT (id) DO UPDATE
    SET language = CASE WHEN $3 THEN excluded.language ELSE r.language END, answers = COALESCE($4, r.answers)";

/// The group's own settings go with it; those that the new one may have been given already stay. It may be known that the companion
/// is in the new one before it is known which that was. What is owed to the old one is owed to the new one. $1 old, $2 new.
const MIGRATE: &str = "
    WITH old AS (
        DELETE FROM rooms WHERE id = $1 RETURNING language, answers, joined_at
    ), new AS (
        INSERT INTO rooms AS r (id, language, answers, joined_at) SELECT $2, language, answers, joined_at FROM old
        ON CONFLICT (id) DO UPDATE SET language = excluded.language, answers = excluded.answers
        WHERE r.language IS NULL AND r.answers = 'replies'
    ), talk AS (
        UPDATE room_turns SET room_id = $2 WHERE room_id = $1
    )
    UPDATE outbox SET chat_id = $2, params = jsonb_set(params, '{chat_id}', to_jsonb($2::bigint))
    WHERE chat_id = $1 AND state = 'pending'";

/// $1 group, $2 topic, $3 not before, $4 how many.
const RECALL: &str = "
    SELECT user_id, name, said, reply FROM room_turns
    WHERE room_id = $1 AND thread_id IS NOT DISTINCT FROM $2 AND said_at > $3 ORDER BY said_at DESC LIMIT $4";

const FORGET: &str = "
    WITH people AS (
        SELECT id FROM users WHERE id IN (SELECT user_id FROM room_turns WHERE room_id = $1) ORDER BY id FOR NO KEY UPDATE
    ), forgotten AS (
        DELETE FROM room_turns r USING people WHERE r.user_id = people.id AND r.room_id = $1 RETURNING r.turn_id
    )
    UPDATE turns t SET reply = NULL FROM forgotten WHERE t.id = forgotten.turn_id";

const SWEEP: &str = "
    WITH people AS (
        SELECT id FROM users WHERE id IN (SELECT user_id FROM room_turns WHERE said_at <= $1) ORDER BY id FOR NO KEY UPDATE
    ), forgotten AS (
        DELETE FROM room_turns r USING people WHERE r.user_id = people.id AND r.said_at <= $1 RETURNING r.turn_id
    )
    UPDATE turns t SET reply = NULL FROM forgotten WHERE t.id = forgotten.turn_id";

impl Rooms<'_> {
    /// How a group wants the companion; the defaults where nothing is known of it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn get(&self, room_id: i64) -> Result<Room, StoreError> {
        #[derive(FromRow)]
        struct Row {
            language: Option<String>,
            answers: String,
            left_it: bool,
        }
        let row: Option<Row> = sqlx::query_as(GET).bind(room_id).fetch_optional(&self.0.pool).await?;
        Ok(row.map_or_else(Room::default, |row| Room {
            language: row.language.and_then(|code| code.parse().ok()),
            answers: row.answers.parse().unwrap_or_default(),
            left: row.left_it,
        }))
    }

    /// The companion was added to a group. False where it was known to be in it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn join(&self, room_id: i64, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let done = sqlx::query(JOIN).bind(room_id).bind(now).execute(&self.0.pool).await?;
        Ok(done.rows_affected() > 0)
    }

    /// The companion was removed from a group: nothing is owed there any more, and what was said there is forgotten.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn leave(&self, room_id: i64, now: DateTime<Utc>) -> Result<(), StoreError> {
        sqlx::query(LEAVE).bind(room_id).bind(now).execute(&self.0.pool).await?;
        Ok(())
    }

    /// A group's administrator wants another language (nothing inside: that of whoever speaks), or other answers.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn set(
        &self,
        room_id: i64,
        language: Option<Option<Language>>,
        answers: Option<Answers>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        sqlx::query(SET)
            .bind(room_id)
            .bind(language.flatten().map(Language::as_str))
            .bind(language.is_some())
            .bind(answers.map(Answers::as_str))
            .bind(now)
            .execute(&self.0.pool)
            .await?;
        Ok(())
    }

    /// A group has become a supergroup: everything goes on there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn migrate(&self, from: i64, to: i64) -> Result<(), StoreError> {
        sqlx::query(MIGRATE).bind(from).bind(to).execute(&self.0.pool).await?;
        Ok(())
    }

    /// What was said to the companion in a group lately, in one topic of it or outside of any, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn recall(
        &self,
        room_id: i64,
        thread_id: Option<i64>,
        most: u32,
        now: DateTime<Utc>,
    ) -> Result<Vec<Spoken>, StoreError> {
        type Row = (i64, String, String, String);
        let rows: Vec<Row> = sqlx::query_as(RECALL)
            .bind(room_id)
            .bind(thread_id)
            .bind(now - KEPT)
            .bind(i64::from(most))
            .fetch_all(&self.0.pool)
            .await?;
        let open = |(user_id, name, said, reply): Row| {
            Ok(Spoken { user_id, name: self.0.keys.decrypt(&name, "room_turns.name")?, said, reply })
        };
        rows.into_iter().rev().map(open).collect()
    }

    /// Forgets what was said in a group.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn forget(&self, room_id: i64) -> Result<(), StoreError> {
        sqlx::query(FORGET).bind(room_id).execute(&self.0.pool).await?;
        Ok(())
    }

    /// Forgets what is no context any more, in all groups; of how many turns that was.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn sweep(&self, now: DateTime<Utc>) -> Result<u64, StoreError> {
        Ok(sqlx::query(SWEEP).bind(now - KEPT).execute(&self.0.pool).await?.rows_affected())
    }
}
