//! What the companion says first: who may be written to, and the write of what was said.
//!
//! Whoever allows it has a time at which they are looked at (`settings.proactive_at`); a look moves it, so that one replica
//! looks at a time. What is said is written in one statement with the row that makes it the only one of its day
//! (`proactive_messages`), so that a process that dies has either said it or not. What turns out never to be sent was never
//! said: its words go, and what it asked after may be asked after again.

mod unsaid;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use evolve_domain::{
    plan::Plan,
    profile::{Profile, Settings},
    quiet::QuietHours,
    relationship::Bond,
};
use serde_json::Value;
use sqlx::{FromRow, types::Json};
use uuid::Uuid;

pub(crate) use unsaid::unsay;

use crate::{
    Store, StoreError,
    memory::entries,
    messages::{Message, Role},
    preferences::hours,
    relationships::BondRow,
    turns::Usage,
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

/// A plan that is asked after.
#[derive(Clone, Copy, Debug)]
pub struct About {
    /// The fact.
    pub fact_id: Uuid,
    /// Its matter.
    pub chain: Uuid,
    /// Its day, where it has one.
    pub day: Option<NaiveDate>,
}

/// Something that is said first.
#[derive(Clone, Debug)]
pub struct First<'a> {
    /// The person's day.
    pub day: NaiveDate,
    /// The plan that it asks after; nothing for a good morning.
    pub about: Option<About>,
    /// What is said.
    pub text: &'a str,
    /// When it is too late to send it.
    pub until: DateTime<Utc>,
    /// Id for the message.
    pub message_id: Uuid,
    /// Id for the turn, of which it is the only message.
    pub turn_id: Uuid,
    /// Id for the conversation, if none is open.
    pub conversation_id: Uuid,
    /// Tokens used.
    pub usage: Usage,
    /// When.
    pub now: DateTime<Utc>,
}

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

/// $1 person, $2 day, $3 whether it asks after a plan, $4 fact, $5 now, $6 messages as read, $7 text, $8–$10 ids of message,
/// conversation and turn, $11/$12 terms of the index and what follows the number, $13 what is owed, $14/$15 input and output
/// tokens, $16 lease, $17 version of the facts as read, $18/$19 matter and day of the fact. Whoever changes what they allow, or
/// their zone, takes the lease away. The look that comes next says when the one after it is due.
const SAY: &str = "
    WITH person AS (
        SELECT u.id, u.messages FROM users u JOIN settings s ON s.user_id = u.id
        WHERE u.id = $1 AND u.blocked_at IS NULL AND (u.banned_until IS NULL OR u.banned_until <= $5) AND u.messages = $6 AND u.facts_version = $17 AND s.proactive_at = $16
          AND NOT EXISTS (SELECT FROM deletions d WHERE d.user_id = u.id)
          AND NOT EXISTS (SELECT FROM turns t WHERE t.user_id = u.id AND t.state = 'running' AND t.leased_until > $5
                                                AND t.started_at > $5 - interval '1 day')
          AND CASE WHEN $3 THEN s.follow_ups ELSE s.good_morning END
        FOR NO KEY UPDATE OF u, s
    ), first AS (
        INSERT INTO proactive_messages (user_id, day, kind, fact_id, created_at, message_id, chain, about)
        SELECT id, $2, CASE WHEN $3 THEN 'follow_up' ELSE 'good_morning' END, $4, $5, $8, $18, $19 FROM person
        ON CONFLICT DO NOTHING RETURNING user_id
    ), held AS (
        SELECT p.id, p.messages FROM person p JOIN first f ON f.user_id = p.id
    ), conversation AS (
        INSERT INTO conversations AS c (id, user_id, started_at, last_message_at, messages)
        SELECT $9, id, $5, $5, 1 FROM held
        ON CONFLICT (user_id) WHERE ended_at IS NULL
        DO UPDATE SET last_message_at = excluded.last_message_at, messages = c.messages + 1
        RETURNING id, messages
    ), said AS (
        INSERT INTO messages (id, created_at, user_id, conversation_id, turn_id, place, role, text, number)
        SELECT $8, $5, held.id, c.id, $10, c.messages, 'assistant', $7, held.messages + 1 FROM held, conversation c
        RETURNING user_id, created_at, number
    ), indexed AS (
        INSERT INTO message_terms AS t (user_id, term, month, postings)
        SELECT s.user_id, e.term, date_trunc('month', s.created_at AT TIME ZONE 'UTC')::date, int4send(s.number) || e.posting
        FROM said s, unnest($11::text[], $12::bytea[]) AS e (term, posting)
        ON CONFLICT (user_id, term, month) DO UPDATE SET postings = t.postings || excluded.postings
    ), counted AS (
        UPDATE users SET messages = users.messages + 1 FROM held WHERE users.id = held.id
    ), used AS (
        INSERT INTO usage_days AS d (user_id, day, input_tokens, output_tokens) SELECT id, $2, $14, $15 FROM held
        ON CONFLICT (user_id, day) DO UPDATE
        SET input_tokens = d.input_tokens + excluded.input_tokens, output_tokens = d.output_tokens + excluded.output_tokens
    ), owed AS (
        INSERT INTO outbox (chat_id, user_id, key, method, params, priority, ready_at, created_at)
        SELECT id, id, 'first-' || id || '-' || $2, 'first', $13, 1, $5, $5 FROM held
        ON CONFLICT (key) DO NOTHING RETURNING id
    )
    SELECT count(*), (SELECT pg_notify('outbox', '') FROM owed LIMIT 1)::text FROM held";

/// What a look cost that led to nothing. Somebody who is gone has no row any more. $1 person, $2 day, $3/$4 tokens.
const USED: &str = "
    INSERT INTO usage_days AS d (user_id, day, input_tokens, output_tokens) SELECT id, $2, $3, $4 FROM users WHERE id = $1
    ON CONFLICT (user_id, day) DO UPDATE
    SET input_tokens = d.input_tokens + excluded.input_tokens, output_tokens = d.output_tokens + excluded.output_tokens";

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

    /// Books what a look cost that led to nothing.
    ///
    /// # Errors
    /// [`StoreError`]; then it is not booked.
    pub async fn used(&self, user_id: i64, day: NaiveDate, usage: Usage) -> Result<(), StoreError> {
        let query = sqlx::query(USED).bind(user_id).bind(day);
        query.bind(tokens(usage.input_tokens)).bind(tokens(usage.output_tokens)).execute(&self.0.pool).await?;
        Ok(())
    }

    /// Says something first: it becomes a message of the conversation, and is owed. False, and nothing is written, where
    /// something was said or asked meanwhile, or was said first on that day already, or they do not want it any more, or have
    /// changed when they want it or what is known of them.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was written.
    pub async fn say(&self, candidate: &Candidate, first: &First<'_>) -> Result<bool, StoreError> {
        let (_, terms, postings) = entries(&[(Role::Assistant, first.text)]);
        let (said, _): (i64, Option<String>) = sqlx::query_as(SAY)
            .bind(candidate.user_id)
            .bind(first.day)
            .bind(first.about.is_some())
            .bind(first.about.map(|about| about.fact_id))
            .bind(first.now)
            .bind(candidate.messages)
            .bind(first.text)
            .bind(first.message_id)
            .bind(first.conversation_id)
            .bind(first.turn_id)
            .bind(terms)
            .bind(postings)
            .bind(Json(owed(candidate, first)))
            .bind(tokens(first.usage.input_tokens))
            .bind(tokens(first.usage.output_tokens))
            .bind(candidate.leased_until)
            .bind(candidate.facts_version)
            .bind(first.about.map(|about| about.chain))
            .bind(first.about.and_then(|about| about.day))
            .fetch_one(&self.0.pool)
            .await?;
        Ok(said > 0)
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

fn tokens(tokens: u64) -> i64 {
    i64::try_from(tokens).unwrap_or(i64::MAX)
}

/// The row of the outbox, which the bot puts into Telegram's form as it sends it.
fn owed(candidate: &Candidate, first: &First<'_>) -> Value {
    serde_json::json!({
        "chat_id": candidate.user_id,
        "text": first.text,
        "until": first.until,
        "language": candidate.settings.language.as_str(),
    })
}
