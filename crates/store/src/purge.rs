//! Rows that are finished and of no more use, and how long each kind is kept first.
//!
//! They are removed in small batches, of rows that nobody holds just now: a purge waits for nobody, and nobody waits for long.
//! That is why it may pass by the rule that a person's row is locked first.

use chrono::{DateTime, TimeDelta, Utc};

use crate::{Store, StoreError};

/// A kind of finished rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finished {
    /// Numbers of updates that were worked.
    Updates,
    /// Updates that were not, with all that they carry: set aside, or kept to be tried again by a button.
    KeptUpdates,
    /// What was sent, or given up.
    Sent,
    /// What those calls say that were given up and might be replayed; that they were is kept on.
    Unsent,
    /// Turns, with the answers that are kept for whoever asks again.
    Turns,
    /// Wishes to stop an answer that was never begun.
    Stops,
    /// What other systems were told, or could not be, with how that went.
    Events,
    /// That copies of the database were made.
    Backups,
    /// What people did on which day, in numbers.
    PersonDays,
}

impl Finished {
    /// Every kind.
    pub const ALL: [Self; 9] = [
        Self::Updates,
        Self::KeptUpdates,
        Self::Sent,
        Self::Unsent,
        Self::Turns,
        Self::Stops,
        Self::Events,
        Self::Backups,
        Self::PersonDays,
    ];

    /// How long it is kept. The only place where that is decided.
    ///
    /// - [`Self::Updates`], three days: the number is there against repetition, and Telegram repeats an update for a day. Not
    ///   for much longer, since after a week of silence Telegram begins with another number, which must not be known by then.
    /// - [`Self::KeptUpdates`], thirty days: so long somebody may press the button under an excuse, or have what was set aside
    ///   replayed. Not longer than their turns: an update that is worked again after its turn is forgotten would be answered
    ///   twice. Reports of money are kept for ever.
    /// - [`Self::Sent`], ninety days, as [`Self::Turns`]: its row tells to which answer a reaction or a quotation belongs.
    /// - [`Self::Unsent`], a week: so long it is likely that an answer that comes late is still wanted.
    /// - [`Self::Turns`], ninety days: an answer may be repeated, quoted, reacted to, made anew and edited (which Telegram
    ///   allows for two days). The longest of it is a conversation, which may be silent for thirty days and go on with
    ///   `/regenerate`. What was drawn goes with it.
    /// - [`Self::Stops`], a day, as when the next turn of its person begins.
    /// - [`Self::Events`], thirty days: so long they can be replayed. What somebody has not taken by then goes too.
    /// - [`Self::Backups`], four hundred days: a year of them can be compared, sizes above all. The copies themselves are not ours.
    /// - [`Self::PersonDays`], 400 days: a year can be compared with the one before. Days that name nobody stay.
    ///
    /// What holds words of somebody is kept no longer than messages are, where these are kept for so many days.
    #[must_use]
    pub fn kept_for(self, message_days: Option<u32>) -> TimeDelta {
        let (kept, tells_what_was_said) = match self {
            Self::Updates => (TimeDelta::days(3), false),
            Self::KeptUpdates => (TimeDelta::days(30), true),
            Self::Sent => (TimeDelta::days(90), false),
            Self::Unsent => (TimeDelta::days(7), true),
            Self::Turns => (TimeDelta::days(90), true),
            Self::Stops => (TimeDelta::days(1), false),
            Self::Events => (TimeDelta::days(30), false),
            Self::Backups => (TimeDelta::days(400), false),
            Self::PersonDays => (TimeDelta::days(400), false),
        };
        match message_days {
            Some(days) if tells_what_was_said => kept.min(TimeDelta::days(days.into())),
            _ => kept,
        }
    }

    /// What it is called in logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Updates => "updates",
            Self::KeptUpdates => "kept updates",
            Self::Sent => "sent",
            Self::Unsent => "unsent",
            Self::Turns => "turns",
            Self::Stops => "stops",
            Self::Events => "events",
            Self::Backups => "backups",
            Self::PersonDays => "days of people",
        }
    }

    /// The rows are chosen once, before any is removed: as a plain subquery it might be asked again for each. $1 before when,
    /// $2 how many.
    const fn statement(self) -> &'static str {
        match self {
            Self::Updates => {
                "DELETE FROM inbox WHERE update_id = ANY (ARRAY(
                     SELECT update_id FROM inbox WHERE state <> 'pending' AND finished_at < $1 AND payload IS NULL
                     ORDER BY finished_at LIMIT $2 FOR UPDATE SKIP LOCKED))"
            }
            Self::KeptUpdates => {
                "DELETE FROM inbox WHERE update_id = ANY (ARRAY(
                     SELECT update_id FROM inbox
                     WHERE state <> 'pending' AND finished_at < $1 AND payload IS NOT NULL
                       AND NOT COALESCE(payload -> 'message' ?| array['successful_payment', 'refunded_payment'], false)
                     ORDER BY finished_at LIMIT $2 FOR UPDATE SKIP LOCKED))"
            }
            Self::Sent => {
                "DELETE FROM outbox WHERE id = ANY (ARRAY(
                     SELECT id FROM outbox WHERE state <> 'pending' AND key NOT LIKE 'consent-%' AND finished_at < $1
                     ORDER BY finished_at LIMIT $2 FOR UPDATE SKIP LOCKED))"
            }
            Self::Unsent => {
                "UPDATE outbox SET params = NULL WHERE id = ANY (ARRAY(
                     SELECT id FROM outbox WHERE state = 'dead' AND finished_at < $1 AND params IS NOT NULL
                     ORDER BY finished_at LIMIT $2 FOR UPDATE SKIP LOCKED))"
            }
            Self::Turns => {
                "DELETE FROM turns WHERE id = ANY (ARRAY(
                     SELECT id FROM turns WHERE COALESCE(counted_at, started_at) < $1 AND state <> 'running'
                     ORDER BY COALESCE(counted_at, started_at) LIMIT $2 FOR UPDATE SKIP LOCKED))"
            }
            Self::Stops => {
                "WITH old AS (
                     SELECT user_id, key FROM stops WHERE asked_at < $1
                     ORDER BY asked_at LIMIT $2 FOR UPDATE SKIP LOCKED
                 )
                 DELETE FROM stops s USING old WHERE s.user_id = old.user_id AND s.key = old.key"
            }
            Self::PersonDays => {
                "WITH old AS (
                     SELECT day, user_id FROM report_person_days WHERE day < ($1 AT TIME ZONE 'UTC')::date
                     ORDER BY day LIMIT $2 FOR UPDATE SKIP LOCKED
                 )
                 DELETE FROM report_person_days d USING old WHERE d.day = old.day AND d.user_id = old.user_id"
            }
            Self::Events => {
                "DELETE FROM events WHERE place = ANY (ARRAY(
                     SELECT place FROM events WHERE at < $1 ORDER BY at LIMIT $2 FOR UPDATE SKIP LOCKED))"
            }
            Self::Backups => {
                "DELETE FROM backups WHERE name = ANY (ARRAY(
                     SELECT name FROM backups WHERE taken_at < $1 ORDER BY taken_at LIMIT $2 FOR UPDATE SKIP LOCKED))"
            }
        }
    }
}

impl Store {
    /// Removes rows of a kind (of [`Finished::Unsent`], what they say) that ended before a time, oldest first, at most `limit`; how
    /// many there were.
    ///
    /// # Errors
    /// [`StoreError`]; then none was removed.
    pub async fn purge(&self, finished: Finished, before: DateTime<Utc>, limit: u32) -> Result<u64, StoreError> {
        let query = sqlx::query(finished.statement()).bind(before).bind(i64::from(limit));
        Ok(query.execute(&self.pool).await?.rows_affected())
    }
}
