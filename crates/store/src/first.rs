//! What the companion says first: who may be written to, and the write of what was said.
//!
//! Whoever allows it has a time at which they are looked at (`settings.proactive_at`); a look moves it, so that one replica
//! looks at a time. What is said is written in one statement with the row that makes it the only one of its day
//! (`proactive_messages`), so that a process that dies has either said it or not. What turns out never to be sent was never
//! said: its words go, and what it asked after may be asked after again.

mod say;
mod unsaid;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use evolve_domain::{
    plan::Plan,
    profile::{Profile, Settings},
    quiet::QuietHours,
    relationship::Bond,
};
use sqlx::{FromRow, types::Json};
use uuid::Uuid;

pub use say::{About, First};
pub(crate) use unsaid::unsay;

use crate::{
    Store, StoreError,
    messages::Message,
    preferences::hours,
    relationships::BondRow,
    users::{decrypt_profile, parse, settings},
};

/// The method under which it is owed; the bot makes a call of Telegram's of it.
pub const METHOD: &str = "first";
/// Until somebody is looked at again who could not be read.
const UNREADABLE_FOR: TimeDelta = TimeDelta::days(1);

/// Somebody who is to be looked at, leased to the caller.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The person.
    pub user_id: i64,
    /// Language, zone.
    pub settings: Settings,
    /// When nothing may be said first.
    pub quiet: Option<QuietHours>,
    /// Whether they said where they live; otherwise nobody knows when it is morning there.
    pub zone_is_chosen: bool,
    /// Whether a good morning is allowed.
    pub good_morning: bool,
    /// Whether it is allowed to ask how plans went.
    pub follow_ups: bool,
    /// The plan in force.
    pub plan: Plan,
    /// How close they have become.
    pub bond: Bond,
    /// What they told of themselves.
    pub profile: Profile,
    /// Whether they have blocked the bot, are banned, or asked to be removed.
    pub is_leaving: bool,
    /// The last day on which something was said first.
    pub wrote_first_on: Option<NaiveDate>,
    /// What was asked after: matters, and the days that they were about.
    pub asked: Vec<Asked>,
    /// What was said last, newest first.
    pub newest: Vec<Message>,
    /// How many messages there are: if there is one more, the conversation has gone on meanwhile.
    messages: i32,
    /// What their facts are at: if one has changed meanwhile, it may be the one that is asked after.
    facts_version: i32,
    leased_until: DateTime<Utc>,
}

/// What was asked after: a matter, by the first of its facts, and the day that it was about.
pub type Asked = (Uuid, Option<NaiveDate>);

/// What is said first. Borrowed from [`Store::first`].
#[derive(Debug)]
pub struct Firsts<'a>(&'a Store);

impl Store {
    /// What is said first.
    #[must_use]
    pub fn first(&self) -> Firsts<'_> {
        Firsts(self)
    }
}

/// Both rows are held: a row that another has just moved is read anew, and is not due any more. $1 now, $2 lease end, $3 how
/// many people, $4 how many messages of each; what was taken back is none.
const CLAIM: &str = "
    WITH due AS (
        SELECT s.user_id FROM settings s JOIN users u ON u.id = s.user_id
        WHERE s.proactive_at <= $1 ORDER BY s.proactive_at LIMIT $3 FOR NO KEY UPDATE OF u, s SKIP LOCKED
    ), leased AS (
        UPDATE settings s SET proactive_at = $2 FROM due WHERE s.user_id = due.user_id
        RETURNING s.user_id, s.language, s.time_zone, s.onboarding, s.quiet_from, s.quiet_until, s.good_morning, s.follow_ups,
                  s.zone_is_chosen
    )
    SELECT l.*, u.plan, u.premium_until, u.points, u.last_day, u.points_today, u.streak, u.best_level, u.profile, u.messages,
           u.facts_version,
           u.blocked_at IS NOT NULL OR COALESCE(u.banned_until > $1, false) OR EXISTS (SELECT FROM deletions d WHERE d.user_id = l.user_id) AS is_leaving,
           (SELECT max(p.day) FROM proactive_messages p WHERE p.user_id = l.user_id) AS wrote_first_on,
           (SELECT json_agg(json_build_array(p.chain, p.about)) FROM proactive_messages p
            WHERE p.user_id = l.user_id AND p.chain IS NOT NULL) AS asked,
           (SELECT json_agg(m ORDER BY m.number DESC) FROM (
                SELECT number, role, text, has_image, created_at FROM messages
                WHERE user_id = l.user_id AND number IS NOT NULL AND (role = 'user' OR text <> '')
                ORDER BY number DESC LIMIT $4) m) AS newest
    FROM leased l JOIN users u ON u.id = l.user_id";

/// The index of a person's messages by their time serves it. $1 person, $2 since when, $3 how many.
const OWN: &str = "
    SELECT text FROM messages WHERE user_id = $1 AND created_at > $2 AND role = 'user' ORDER BY created_at DESC LIMIT $3";

/// $1 person, $2 lease, $3 when to look next. Whoever changes what they allow is looked at anew anyway.
const POSTPONE: &str = "UPDATE settings SET proactive_at = $3 WHERE user_id = $1 AND proactive_at = $2";

#[derive(FromRow)]
struct Row {
    user_id: i64,
    language: String,
    time_zone: String,
    onboarding: String,
    quiet_from: Option<i16>,
    quiet_until: Option<i16>,
    zone_is_chosen: bool,
    good_morning: bool,
    follow_ups: bool,
    plan: String,
    premium_until: Option<DateTime<Utc>>,
    #[sqlx(flatten)]
    bond: BondRow,
    profile: Option<String>,
    messages: i32,
    facts_version: i32,
    is_leaving: bool,
    wrote_first_on: Option<NaiveDate>,
    asked: Option<Json<Vec<Asked>>>,
    newest: Option<Json<Vec<Message>>>,
}

impl Firsts<'_> {
    /// Leases people who are to be looked at, at most `limit`, with the newest `messages` of each. Whoever cannot be read is
    /// looked at again a day later, and keeps nobody else waiting.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn claim(
        &self,
        limit: u32,
        messages: u32,
        defaults: Settings,
        now: DateTime<Utc>,
        lease: TimeDelta,
    ) -> Result<Vec<Candidate>, StoreError> {
        let rows: Vec<Row> = sqlx::query_as(CLAIM)
            .bind(now)
            .bind(now + lease)
            .bind(i64::from(limit))
            .bind(i64::from(messages))
            .fetch_all(&self.0.pool)
            .await?;
        let mut candidates = Vec::with_capacity(rows.len());
        for row in rows {
            let user_id = row.user_id;
            match self.candidate(row, defaults, now, now + lease) {
                Ok(candidate) => candidates.push(candidate),
                Err(error) => {
                    tracing::error!(%error, "somebody cannot be read, and is not written to first");
                    let query = sqlx::query(POSTPONE).bind(user_id).bind(now + lease).bind(now + UNREADABLE_FOR);
                    query.execute(&self.0.pool).await?;
                }
            }
        }
        Ok(candidates)
    }

    /// What a person said themselves since then, newest first, at most `limit` of it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn own_words(&self, user_id: i64, since: DateTime<Utc>, limit: u32) -> Result<Vec<String>, StoreError> {
        let query = sqlx::query_scalar(OWN).bind(user_id).bind(since).bind(i64::from(limit));
        Ok(query.fetch_all(&self.0.pool).await?)
    }

    /// Says when to look at somebody next.
    ///
    /// # Errors
    /// [`StoreError`]; then it is when the lease has run out.
    pub async fn postpone(&self, candidate: &Candidate, next: DateTime<Utc>) -> Result<(), StoreError> {
        let query = sqlx::query(POSTPONE).bind(candidate.user_id).bind(candidate.leased_until).bind(next);
        query.execute(&self.0.pool).await?;
        Ok(())
    }

    fn candidate(
        &self,
        row: Row,
        defaults: Settings,
        now: DateTime<Utc>,
        leased_until: DateTime<Utc>,
    ) -> Result<Candidate, StoreError> {
        let (language, zone, onboarding) = (row.language.as_str(), row.time_zone.as_str(), row.onboarding.as_str());
        Ok(Candidate {
            user_id: row.user_id,
            settings: settings(Some(language), Some(zone), Some(onboarding), defaults),
            quiet: hours(row.quiet_from, row.quiet_until),
            zone_is_chosen: row.zone_is_chosen,
            good_morning: row.good_morning,
            follow_ups: row.follow_ups,
            plan: parse("users.plan", &row.plan, Plan::default()).in_force(row.premium_until, now),
            bond: row.bond.into(),
            profile: decrypt_profile(row.profile.as_deref(), &self.0.keys)?,
            is_leaving: row.is_leaving,
            wrote_first_on: row.wrote_first_on,
            asked: row.asked.map(|json| json.0).unwrap_or_default(),
            newest: row.newest.map(|json| json.0).unwrap_or_default(),
            messages: row.messages,
            facts_version: row.facts_version,
            leased_until,
        })
    }
}
