//! Turns: one message to answer, once.
//!
//! [`Turns::admit`] takes the turn and the day's quota in one statement; [`Turns::persist`] or [`Turns::fail`] ends it in one. In
//! between, the [`TurnLease`] is the proof that both were taken; whoever holds it must end it.

mod admit;
mod again;
mod aside;
mod expire;
mod fail;
mod persist;
mod stop;
pub(crate) mod words;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use evolve_domain::{
    consent::Consent,
    language::Language,
    plan::{Plan, Plans},
    profile::{Profile, Settings},
    relationship::{Bond, LevelUp},
    speech::VoiceSettings,
};
use sqlx::FromRow;
use uuid::Uuid;

pub use again::{Last, LastAnswer, Replace, Replaced, Said, Unanswered};
pub use aside::Aside;
pub use fail::FailedMessage;
pub use persist::{Persist, Persisted, ProfileChange, ToolCall, Usage};
pub use stop::Extended;

use crate::{Store, StoreError, memory::Postings};

/// Turns. Borrowed from [`Store::turns`].
#[derive(Debug)]
pub struct Turns<'a>(&'a Store);

impl Store {
    /// Turns.
    #[must_use]
    pub fn turns(&self) -> Turns<'_> {
        Turns(self)
    }
}

/// What is asked of [`Turns::admit`].
#[derive(Clone, Debug)]
pub struct Admit<'a> {
    /// The person's Telegram id.
    pub user_id: i64,
    /// The Idempotency-Key.
    pub key: &'a str,
    /// SHA-256 of the request.
    pub request_hash: [u8; 32],
    /// Id for the turn, if it is new.
    pub turn_id: Uuid,
    /// When.
    pub now: DateTime<Utc>,
    /// How long the turn may run before another may take it over.
    pub lease: TimeDelta,
    /// The limits of each plan.
    pub plans: &'a Plans,
    /// Settings of somebody who has none.
    pub defaults: Settings,
    /// The terms of the message, to remember what was said of them.
    pub terms: &'a [String],
    /// The key of the wish that it be tried again, where it has failed before.
    pub also_key: Option<&'a str>,
    /// Failures that the same request meets again however often it is made: it is told of them, and nothing is run or taken.
    pub lasting: &'a [&'a str],
    /// What the message answers, for when it is answered once more.
    pub quoted: Option<&'a str>,
    /// How the caller can have its picture again.
    pub image_ref: Option<&'a str>,
    /// Whether it is said outside the private chat: who speaks in a group may have the bot blocked.
    pub is_aside: bool,
    /// The hash of the person's @name ([`People::handle`](crate::people::People::handle)), empty where they have none; nothing where that
    /// is not known.
    pub handle: Option<&'a str>,
}

/// The right, and the duty, to end a turn whose quota has been taken.
#[derive(Debug)]
#[must_use = "a turn that is not ended blocks its key until its lease runs out, and its quota stays taken"]
pub struct TurnLease {
    /// The turn.
    pub turn_id: Uuid,
    /// The person.
    pub user_id: i64,
    pub(crate) attempt: i32,
    pub(crate) started_at: DateTime<Utc>,
    pub(crate) stop_asked: bool,
}

impl TurnLease {
    /// When the person's message was first admitted: the time it is stored under.
    #[must_use]
    pub const fn started_at(&self) -> DateTime<Utc> {
        self.started_at
    }

    /// Whether another attempt came before this one.
    #[must_use]
    pub const fn is_retaken(&self) -> bool {
        self.attempt > 1
    }

    /// Whether the person wanted to hear no more of it before it had begun.
    #[must_use]
    pub const fn stop_asked(&self) -> bool {
        self.stop_asked
    }
}

/// What admit reads of the person on the way.
#[derive(Clone, Debug)]
pub struct Person {
    /// Telegram id.
    pub user_id: i64,
    /// The plan in force.
    pub plan: Plan,
    /// How close they have become.
    pub bond: Bond,
    /// What they told of themselves.
    pub profile: Profile,
    /// The profile's token as stored, to notice a change made meanwhile.
    pub(crate) profile_token: Option<String>,
    /// How they want things.
    pub settings: Settings,
    /// How they want answers spoken.
    pub voice: VoiceSettings,
    /// What they decided about adult matters.
    pub consent: Option<Consent>,
    /// Their day, whose quota counts.
    pub day: NaiveDate,
    /// Where the terms of the message were said before.
    pub postings: Postings,
    /// Whether any of their messages were ever given vectors ([`crate::vectors`]): facts get theirs after them, and nothing else
    /// has a meaning to compare.
    pub has_vectors: bool,
}

/// An answer as it is kept with its turn: what whoever asks again under its key is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The answer.
    pub text: String,
    /// A picture that belongs to it.
    pub picture: Option<Vec<u8>>,
    /// The level that was reached with it.
    pub level_up: Option<LevelUp>,
    /// Whether it was stopped before its first word.
    pub stopped: bool,
}

impl Reply {
    fn of(text: Option<String>, picture: Option<Vec<u8>>, level: Option<i16>, name: Option<String>) -> Self {
        let level_up = level.zip(name).map(|(level, name)| LevelUp { level: u8::try_from(level).unwrap_or(1), name });
        // An answer that was to be forgotten is none at all; one that was stopped before its first word is kept as empty.
        let stopped = text.as_deref() == Some("") && picture.is_none();
        Self { text: text.unwrap_or_default(), picture, level_up, stopped }
    }
}

/// An answer that was given before, and what is needed to speak it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replay {
    /// The turn that was answered.
    pub turn_id: Uuid,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// The answer.
    pub reply: Reply,
    /// The plan in force.
    pub plan: Plan,
    /// How the person wants answers spoken.
    pub voice: VoiceSettings,
    /// The language they are spoken to in.
    pub language: Language,
}

/// How admit ended.
#[derive(Debug)]
pub enum Admission {
    /// The turn is the caller's to run.
    Admitted(TurnLease, Box<Person>),
    /// It was answered before.
    Replay(Replay),
    /// Somebody is running it.
    Running {
        /// The turn, as `turn_done` notifications name it.
        turn_id: Uuid,
        /// When its lease runs out, if its process died.
        leased_until: DateTime<Utc>,
    },
    /// It failed before, and for a reason that lasts ([`Admit::lasting`]).
    Failed {
        /// The turn.
        turn_id: Uuid,
        /// When it began.
        started_at: DateTime<Utc>,
        /// The reason.
        failure: String,
    },
    /// The key was used with another request.
    KeyReused,
    /// They are not talked with.
    Banned {
        /// Until then; nothing for good.
        until: Option<DateTime<Utc>>,
    },
    /// No message is left for today.
    Exhausted {
        /// Messages a day.
        limit: u32,
        /// The person's settings, for when their day ends.
        settings: Settings,
    },
}

/// How a turn ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// With this answer.
    Done(Reply),
    /// Without one, for this reason.
    Failed(String),
}

const ENDED: &str = "SELECT state, failure, reply, reply_picture, level_up, level_up_name FROM turns WHERE id = $1";

/// $1 person, $2 turn, $3 when it began: messages are found by their time.
const SAID: &str = "
    SELECT text FROM messages WHERE user_id = $1 AND created_at = $3 AND turn_id = $2 AND role = 'user' LIMIT 1";

/// $1 turn, $2 attempt, $3 what the message answers.
const QUOTE: &str = "UPDATE turns SET quoted = $3 WHERE id = $1 AND attempt = $2 AND state = 'running'";

const QUOTED: &str = "SELECT quoted FROM turns WHERE id = $1";

/// $1 person, $2 key.
const ANSWERED: &str = "SELECT reply FROM turns WHERE user_id = $1 AND key = $2";

impl Turns<'_> {
    /// The answer to what was asked under a key; nothing where there is none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn answered(&self, user_id: i64, key: &str) -> Result<Option<String>, StoreError> {
        let reply: Option<(Option<String>,)> =
            sqlx::query_as(ANSWERED).bind(user_id).bind(key).fetch_optional(&self.0.pool).await?;
        Ok(reply.and_then(|(reply,)| reply))
    }

    /// How a turn ended; nothing while it runs, or when it is gone.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn ended(&self, turn_id: Uuid) -> Result<Option<Ended>, StoreError> {
        #[derive(FromRow)]
        struct Row {
            state: String,
            failure: Option<String>,
            reply: Option<String>,
            reply_picture: Option<Vec<u8>>,
            level_up: Option<i16>,
            level_up_name: Option<String>,
        }
        let row: Option<Row> = sqlx::query_as(ENDED).bind(turn_id).fetch_optional(&self.0.pool).await?;
        Ok(row.and_then(|row| match row.state.as_str() {
            "done" => Some(Ended::Done(Reply::of(row.reply, row.reply_picture, row.level_up, row.level_up_name))),
            "failed" => Some(Ended::Failed(row.failure.unwrap_or_default())),
            _ => None,
        }))
    }

    /// What the person said in a turn that began at `started_at`; nothing where it is forgotten.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn said(
        &self,
        user_id: i64,
        turn_id: Uuid,
        started_at: DateTime<Utc>,
    ) -> Result<Option<String>, StoreError> {
        let text = sqlx::query_scalar(SAID).bind(user_id).bind(turn_id).bind(started_at);
        Ok(text.fetch_optional(&self.0.pool).await?)
    }

    /// Keeps what the message of a turn answers, where that is only known since it was admitted.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn quote(&self, turn: &TurnLease, quoted: &str) -> Result<(), StoreError> {
        sqlx::query(QUOTE).bind(turn.turn_id).bind(turn.attempt).bind(quoted).execute(&self.0.pool).await?;
        Ok(())
    }

    /// What the message of a turn answers; nothing where it answers nothing, or that is forgotten.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn quoted(&self, turn_id: Uuid) -> Result<Option<String>, StoreError> {
        let quoted: Option<(Option<String>,)> =
            sqlx::query_as(QUOTED).bind(turn_id).fetch_optional(&self.0.pool).await?;
        Ok(quoted.and_then(|(quoted,)| quoted))
    }
}
