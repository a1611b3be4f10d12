//! Admit: one statement that knows the person, recognises a repeated key, takes the quota and makes the turn.
//!
//! Two requests with one key at the same moment: both see no turn, the second waits for the first's row of `users`, then
//! fails on the unique key, which undoes all that it did, quota included. It is then asked again and sees the first's. If
//! the first took the last message of the day, the second finds no quota instead: so it looks twice before it says so.
//!
//! Every statement that writes for a person locks their row of `users` before any other, [`Users::delete`] too: whoever
//! takes them in another order could be waiting for somebody who waits for them.
//!
//! [`Users::delete`]: crate::users::Users::delete

use chrono::{DateTime, NaiveDate, Utc};
use evolve_domain::plan::Plan;
use sqlx::FromRow;
use uuid::Uuid;

use super::{Admission, Admit, Person, Replay, Reply, TurnLease, Turns};
use crate::{
    StoreError, bans,
    consents::consent,
    memory::Postings,
    relationships::BondRow,
    users::{decrypt_profile, parse, settings},
    voice::settings as settings_of_voice,
};

const KEY_CONSTRAINT: &str = "turns_user_id_key_key";

/// $1 person, $2 key, $3 turn, $4 request hash, $5 now, $6 lease end, $7/$8 daily limits of free and premium, $9 default zone,
/// $10 terms of the message, whose postings come along ([`crate::memory`]), $11 what it answers, $12 where its picture is, $13
/// whether it is said outside the private chat: who writes in it does not have the bot blocked; $14 what the person is called where bans
/// are kept, $15 the hash of their @name, empty where they have none, NULL where it is not known. Of wishes to stop that nobody ever had a use for, nothing is kept for long.
const ADMIT: &str = "
    WITH person AS (
        INSERT INTO users AS u (id, created_at, last_seen_at, handle, banned_until)
        VALUES ($1, $5, $5, NULLIF($15::text, ''), (SELECT max(until) FROM bans WHERE person = ANY ($14) AND until > $5))
        ON CONFLICT (id) DO UPDATE SET last_seen_at = GREATEST(u.last_seen_at, excluded.last_seen_at),
                                       blocked_at = CASE WHEN $13 THEN u.blocked_at END,
                                       banned_until = COALESCE(u.banned_until, excluded.banned_until),
                                       handle = CASE WHEN $15::text IS NULL THEN u.handle ELSE NULLIF($15::text, '') END
        RETURNING id, banned_until, plan, premium_until, points, last_day, points_today, streak, best_level, profile, messages
    ), who AS (
        SELECT p.*, s.language, s.time_zone, s.onboarding, s.voice_mode, s.voice, c.words, c.agreed, c.decided_at, c.minor_said_at,
               day_in(COALESCE(s.time_zone, $9), $5) AS day,
               CASE WHEN p.plan = 'premium' AND (p.premium_until IS NULL OR p.premium_until > $5)
                    THEN $8::integer ELSE $7::integer END AS daily_limit
        FROM person p LEFT JOIN settings s ON s.user_id = p.id
                      LEFT JOIN consents c ON c.user_id = p.id AND c.what = 'adult'
    ), known AS (
        SELECT id, key, state, failure, attempt, request_hash, started_at, leased_until, reply, reply_picture, level_up,
               level_up_name
        FROM turns WHERE user_id = $1 AND (key = $2 OR also_key = $2)
        ORDER BY key = $2 DESC, started_at DESC LIMIT 1
    ), quota AS (
        INSERT INTO usage_days AS d (user_id, day, messages)
        SELECT id, day, 1 FROM who WHERE NOT EXISTS (SELECT FROM known) AND COALESCE(daily_limit, 1) > 0
                                       AND (banned_until IS NULL OR banned_until <= $5)
        ON CONFLICT (user_id, day) DO UPDATE SET messages = d.messages + 1
        WHERE d.messages < COALESCE((SELECT daily_limit FROM who), 2147483647)
        RETURNING day
    ), stopped AS (
        DELETE FROM stops s USING quota
        WHERE s.user_id = $1 AND (s.key = $2 OR s.asked_at < $5 - interval '1 day') RETURNING s.key, s.asked_at
    ), turn AS (
        INSERT INTO turns (id, user_id, key, request_hash, state, day, started_at, leased_until, quoted, image_ref, stop_asked_at)
        SELECT $3, $1, $2, $4, 'running', day, $5, $6, $11, $12, (SELECT asked_at FROM stopped WHERE key = $2) FROM quota
        RETURNING id, stop_asked_at
    )
    SELECT who.banned_until, who.plan, who.premium_until, who.points, who.last_day, who.points_today, who.streak, who.best_level,
           who.profile, who.language, who.time_zone, who.onboarding, who.voice_mode, who.voice, who.day, who.daily_limit,
           who.words, who.agreed, who.decided_at, who.minor_said_at,
           (SELECT id FROM turn) IS NOT NULL AS taken, (SELECT stop_asked_at FROM turn) IS NOT NULL AS stop_asked,
           known.id AS known_id, known.key <> $2 AS known_also, known.state AS known_state, known.failure AS known_failure,
           known.attempt AS known_attempt, known.request_hash AS known_hash, known.started_at AS known_started_at,
           known.leased_until AS known_leased_until, known.reply AS known_reply,
           known.reply_picture AS known_picture, known.level_up AS known_level_up, known.level_up_name AS known_level_up_name,
           who.messages, found.terms, found.months, found.postings,
           EXISTS (SELECT FROM vector_progress WHERE user_id = $1) AS has_vectors
    FROM who LEFT JOIN known ON true CROSS JOIN (
        SELECT array_agg(term) AS terms, array_agg(month) AS months, array_agg(postings) AS postings
        FROM message_terms WHERE user_id = $1 AND term = ANY ($10)) AS found";

/// Takes over a turn that failed (its quota was given back, so it is taken anew) or whose process died (it still holds
/// its quota). It counts on the day of its newest attempt; a message that was kept by one before stays counted with that. The wish to stop it
/// outlives the process that heard of it. $1 turn, $2 attempt seen, $3 now, $4 lease end,
/// $5 daily limit, $6 the person's day, $7 person, $8 its second key.
const RETAKE: &str = "
    WITH person AS (
        SELECT id FROM users WHERE id = $7 FOR NO KEY UPDATE
    ), old AS (
        SELECT t.id, t.user_id, t.key, t.state, t.day FROM turns t JOIN person ON person.id = t.user_id
        WHERE t.id = $1 AND t.attempt = $2 AND (t.state = 'failed' OR (t.state = 'running' AND t.leased_until <= $3))
        FOR UPDATE OF t
    ), quota AS (
        INSERT INTO usage_days AS d (user_id, day, messages)
        SELECT user_id, $6, 1 FROM old WHERE state = 'failed' AND COALESCE($5::integer, 1) > 0
        ON CONFLICT (user_id, day) DO UPDATE SET messages = d.messages + 1
        WHERE d.messages < COALESCE($5::integer, 2147483647)
        RETURNING day
    ), stopped AS (
        DELETE FROM stops s USING old WHERE s.user_id = old.user_id AND s.key = old.key RETURNING s.asked_at
    ), taken AS (
        UPDATE turns t SET state = 'running', attempt = t.attempt + 1, leased_until = $4, failure = NULL, counted_at = $3,
                           said_at = CASE WHEN t.message_stored THEN COALESCE(t.said_at, t.counted_at, t.started_at) END,
                           stop_asked_at = COALESCE(CASE WHEN old.state = 'running' THEN t.stop_asked_at END,
                                                    (SELECT asked_at FROM stopped)),
                           also_key = COALESCE($8, t.also_key), day = COALESCE((SELECT day FROM quota), old.day)
        FROM old WHERE t.id = old.id AND (old.state = 'running' OR EXISTS (SELECT FROM quota))
        RETURNING t.attempt, t.stop_asked_at IS NOT NULL AS stop_asked
    )
    SELECT (SELECT attempt FROM taken), EXISTS (SELECT FROM old), COALESCE((SELECT stop_asked FROM taken), false)";

#[derive(FromRow)]
struct Row {
    banned_until: Option<DateTime<Utc>>,
    plan: String,
    premium_until: Option<DateTime<Utc>>,
    #[sqlx(flatten)]
    bond: BondRow,
    profile: Option<String>,
    language: Option<String>,
    time_zone: Option<String>,
    onboarding: Option<String>,
    voice_mode: Option<String>,
    voice: Option<String>,
    words: Option<i16>,
    agreed: Option<bool>,
    decided_at: Option<DateTime<Utc>>,
    minor_said_at: Option<DateTime<Utc>>,
    day: NaiveDate,
    daily_limit: Option<i32>,
    taken: bool,
    stop_asked: bool,
    known_id: Option<Uuid>,
    known_also: Option<bool>,
    known_state: Option<String>,
    known_failure: Option<String>,
    known_attempt: Option<i32>,
    known_hash: Option<Vec<u8>>,
    known_started_at: Option<DateTime<Utc>>,
    known_leased_until: Option<DateTime<Utc>>,
    known_reply: Option<String>,
    known_picture: Option<Vec<u8>>,
    known_level_up: Option<i16>,
    known_level_up_name: Option<String>,
    messages: i32,
    terms: Option<Vec<String>>,
    months: Option<Vec<NaiveDate>>,
    postings: Option<Vec<Vec<u8>>>,
    has_vectors: bool,
}

struct Known {
    id: Uuid,
    state: String,
    failure: Option<String>,
    attempt: i32,
    hash: Vec<u8>,
    is_also: bool,
    started_at: DateTime<Utc>,
    leased_until: DateTime<Utc>,
    reply: Reply,
}

impl Turns<'_> {
    /// Begins a turn: makes the person where new, recognises a key that was used before, takes the day's quota and the
    /// turn. One round trip, but for a key that was used before by a turn that failed or whose process died, and for who has
    /// no message left.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was taken.
    pub async fn admit(&self, admit: &Admit<'_>) -> Result<Admission, StoreError> {
        let mut looked_again = false;
        loop {
            let mut row = match self.admit_once(admit).await {
                Ok(row) => row,
                Err(error) if StoreError::is_conflict_on(&error, KEY_CONSTRAINT) => continue,
                Err(error) => return Err(error.into()),
            };
            if let Some(until) = row.banned_until.filter(|until| *until > admit.now) {
                return Ok(Admission::Banned { until: bans::ends(until) });
            }
            let Some(known) = row.known() else {
                if row.taken {
                    let turn = TurnLease {
                        turn_id: admit.turn_id,
                        user_id: admit.user_id,
                        attempt: 1,
                        started_at: admit.now,
                        stop_asked: row.stop_asked,
                    };
                    return self.admitted(admit, turn, row).await;
                }
                if std::mem::replace(&mut looked_again, true) {
                    return Ok(exhausted(admit, &row));
                }
                continue;
            };
            if known.hash != admit.request_hash && !known.is_also {
                return Ok(Admission::KeyReused);
            }
            if known.state == "done" {
                let plan = parse("users.plan", &row.plan, Plan::default()).in_force(row.premium_until, admit.now);
                let voice = settings_of_voice(row.voice_mode.as_deref(), row.voice.as_deref());
                let (turn_id, started_at, language) = (known.id, known.started_at, row.settings(admit).language);
                let replay = Replay { turn_id, started_at, reply: known.reply, plan, voice, language };
                return Ok(Admission::Replay(replay));
            }
            if known.state == "running" && known.leased_until > admit.now {
                return Ok(Admission::Running { turn_id: known.id, leased_until: known.leased_until });
            }
            if let Some(failure) = known.failure.as_deref().filter(|failure| admit.lasting.contains(failure)) {
                let failure = failure.to_owned();
                return Ok(Admission::Failed { turn_id: known.id, started_at: known.started_at, failure });
            }
            match self.retake(admit, &known, &row).await? {
                Retaken::Yes(turn) => return self.admitted(admit, turn, row).await,
                Retaken::Exhausted => return Ok(exhausted(admit, &row)),
                Retaken::Lost => {}
            }
        }
    }

    async fn admit_once(&self, admit: &Admit<'_>) -> Result<Row, sqlx::Error> {
        let limit = |limit: Option<u32>| limit.map(|l| i32::try_from(l).unwrap_or(i32::MAX));
        sqlx::query_as(ADMIT)
            .bind(admit.user_id)
            .bind(admit.key)
            .bind(admit.turn_id)
            .bind(admit.request_hash.as_slice())
            .bind(admit.now)
            .bind(admit.now + admit.lease)
            .bind(limit(admit.plans.free.messages_per_day))
            .bind(limit(admit.plans.premium.messages_per_day))
            .bind(admit.defaults.time_zone.name())
            .bind(admit.terms)
            .bind(admit.quoted)
            .bind(admit.image_ref)
            .bind(admit.is_aside)
            .bind(self.0.audit().names(bans::KIND, admit.user_id))
            .bind(admit.handle)
            .fetch_one(&self.0.pool)
            .await
    }

    async fn retake(&self, admit: &Admit<'_>, known: &Known, row: &Row) -> Result<Retaken, StoreError> {
        let (attempt, was_free, stop_asked): (Option<i32>, bool, bool) = sqlx::query_as(RETAKE)
            .bind(known.id)
            .bind(known.attempt)
            .bind(admit.now)
            .bind(admit.now + admit.lease)
            .bind(row.daily_limit)
            .bind(row.day)
            .bind(admit.user_id)
            .bind(admit.also_key)
            .fetch_one(&self.0.pool)
            .await?;
        Ok(match attempt {
            Some(attempt) => Retaken::Yes(TurnLease {
                turn_id: known.id,
                user_id: admit.user_id,
                attempt,
                started_at: known.started_at,
                stop_asked,
            }),
            None if was_free => Retaken::Exhausted,
            None => Retaken::Lost,
        })
    }

    /// A person who cannot be read (a key is missing) must not pay for that.
    async fn admitted(&self, admit: &Admit<'_>, turn: TurnLease, row: Row) -> Result<Admission, StoreError> {
        match self.person(admit, row) {
            Ok(person) => Ok(Admission::Admitted(turn, Box::new(person))),
            Err(error) => {
                self.fail(&turn, "internal", None, admit.now).await?;
                Err(error)
            }
        }
    }

    fn person(&self, admit: &Admit<'_>, row: Row) -> Result<Person, StoreError> {
        let settings = row.settings(admit);
        Ok(Person {
            user_id: admit.user_id,
            plan: parse("users.plan", &row.plan, Plan::default()).in_force(row.premium_until, admit.now),
            bond: row.bond.into(),
            profile: decrypt_profile(row.profile.as_deref(), &self.0.keys)?,
            settings,
            voice: settings_of_voice(row.voice_mode.as_deref(), row.voice.as_deref()),
            consent: consent(row.words, row.agreed, row.decided_at, row.minor_said_at),
            profile_token: row.profile,
            day: row.day,
            postings: Postings::of(row.messages, row.terms, row.months, row.postings),
            has_vectors: row.has_vectors,
        })
    }
}

enum Retaken {
    Yes(TurnLease),
    Exhausted,
    /// Somebody else was faster; look again.
    Lost,
}

fn exhausted(admit: &Admit<'_>, row: &Row) -> Admission {
    let limit = row.daily_limit.and_then(|l| u32::try_from(l).ok()).unwrap_or_default();
    Admission::Exhausted { limit, settings: row.settings(admit) }
}

impl Row {
    fn settings(&self, admit: &Admit<'_>) -> evolve_domain::profile::Settings {
        let (language, zone) = (self.language.as_deref(), self.time_zone.as_deref());
        settings(language, zone, self.onboarding.as_deref(), admit.defaults)
    }

    fn known(&mut self) -> Option<Known> {
        Some(Known {
            id: self.known_id?,
            state: self.known_state.take()?,
            failure: self.known_failure.take(),
            attempt: self.known_attempt?,
            hash: self.known_hash.take()?,
            is_also: self.known_also?,
            started_at: self.known_started_at?,
            leased_until: self.known_leased_until?,
            reply: Reply::of(
                self.known_reply.take(),
                self.known_picture.take(),
                self.known_level_up,
                self.known_level_up_name.take(),
            ),
        })
    }
}
