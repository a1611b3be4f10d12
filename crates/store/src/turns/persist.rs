//! The good end of a turn: everything that it changed, in one statement.

use chrono::{DateTime, Utc};
use evolve_domain::{
    language::Language,
    profile::{Profile, ProfilePatch},
    relationship::{Bond, Growth, Level, LevelUp},
};
use sqlx::FromRow;
use uuid::Uuid;

use super::{Person, TurnLease, Turns};
use crate::{
    StoreError, facts::FactChanges, memory::entries, messages::Role, relationships::BondRow, users::encrypt_profile,
};

/// A tool that the model used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolCall {
    /// The tool's name.
    pub name: &'static str,
    /// Whether it did what was asked.
    pub ok: bool,
}

/// Tokens, as the provider counted them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Of the prompt.
    pub input_tokens: u64,
    /// Of the answer, thinking included.
    pub output_tokens: u64,
}

/// A change that the turn made to the profile.
#[derive(Clone, Debug)]
pub struct ProfileChange {
    /// What changes.
    pub patch: ProfilePatch,
    /// The profile after it.
    pub after: Profile,
}

/// Everything that a turn leaves behind.
#[derive(Clone, Debug)]
pub struct Persist<'a> {
    /// What the person wrote.
    pub message: &'a str,
    /// Whether a picture came with it.
    pub has_image: bool,
    /// Id for the person's message.
    pub message_id: Uuid,
    /// The answer.
    pub reply: &'a str,
    /// A picture that belongs to it.
    pub picture: Option<&'a [u8]>,
    /// Id for the answer.
    pub reply_id: Uuid,
    /// Id for the conversation, if none is open.
    pub conversation_id: Uuid,
    /// What becomes of the facts.
    pub facts: &'a FactChanges,
    /// The profile, where it changed.
    pub profile: Option<&'a ProfileChange>,
    /// What it makes of the person's bond.
    pub growth: Option<&'a Growth>,
    /// The level that was reached, as it is called.
    pub level_up: Option<&'a LevelUp>,
    /// Tokens used.
    pub usage: Usage,
    /// Tools used.
    pub tools: &'a [ToolCall],
    /// Which model answered.
    pub model: &'a str,
    /// Milliseconds from the turn's beginning until the first words were there.
    pub first_ms: Option<u32>,
    /// When.
    pub now: DateTime<Utc>,
}

/// How [`Turns::persist`] went.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "what was not written has to be written again, or is lost"]
pub enum Persisted {
    /// Everything was written.
    Written,
    /// Nothing was: another turn of the person ended meanwhile, or their facts changed, and this is their bond now. What
    /// this turn makes of both has to be worked out anew.
    Outpaced(Bond),
    /// Nothing was: the turn was taken over, or its person removed.
    Lost,
}

impl Persisted {
    /// Whether it was written.
    #[must_use]
    pub fn is_written(&self) -> bool {
        *self == Self::Written
    }
}

/// Nothing is held, and so nothing written, unless the bond is as it was read: what the rules give depends on it. So it is
/// with the facts where the turn changes any. A row that was waited for is read anew once it is locked.
///
/// $1 turn, $2 attempt, $3 now, $4 reply, $5 model, $6 message, $7 has image, $8 message id, $9 reply id,
/// $10 conversation id, $11–$13 facts, $14 chains to forget, $15 profile before, $16 profile after, $17 whether it changed,
/// $18 points after, $19 input and $20 output tokens, $21–$22 tools, $23/$24 language and zone where they changed, $25–$27
/// the person's settings as they were, $28 person, $29–$33 the bond as it was read, $34–$37 the rest of the bond after,
/// $38–$41 relationship events, $42/$43 the level reached, $44–$46 the entries of the index: whose message, term, posting,
/// $47–$49 the rest of the facts: confidence, day, chain, $50 chains that lapse, $51 what they are part of, $52 facts told
/// again, $53 the version of the facts as read, where any changes, $54 the picture of the reply, $55 facts to
/// forget by themselves, $56 how long the first words took.
const PERSIST: &str = "
    WITH locked AS (
        SELECT id, points, last_day, points_today, streak, best_level, messages,
               (points, last_day, points_today, streak, best_level) IS NOT DISTINCT FROM
               ($29::bigint, $30::date, $31::integer, $32::integer, $33::smallint)
               AND facts_version = COALESCE($53::integer, facts_version) AS as_read
        FROM users WHERE id = $28 FOR NO KEY UPDATE
    ), held AS (
        SELECT t.id, t.user_id, t.day, t.started_at, t.message_stored, locked.messages AS numbered,
               CASE WHEN t.message_stored THEN 1 ELSE 2 END AS fresh FROM turns t JOIN locked ON locked.id = t.user_id
        WHERE t.id = $1 AND t.attempt = $2 AND t.state = 'running' AND locked.as_read FOR UPDATE OF t
    ), ended AS (
        UPDATE turns t SET state = 'done', reply = $4, model = $5, finished_at = $3, message_stored = true,
                           level_up = $42, level_up_name = $43, reply_picture = $54, drew = $54::bytea IS NOT NULL,
                           has_image = t.has_image OR $7, input_tokens = $19, output_tokens = $20,
                           first_ms = $56
        FROM held WHERE t.id = held.id
    ), conversation AS (
        INSERT INTO conversations AS c (id, user_id, started_at, last_message_at, messages)
        SELECT $10, user_id, started_at, $3, fresh FROM held
        ON CONFLICT (user_id) WHERE ended_at IS NULL
        DO UPDATE SET last_message_at = excluded.last_message_at, messages = c.messages + excluded.messages
        RETURNING id, messages
    ), said AS (
        INSERT INTO messages (id, created_at, user_id, conversation_id, turn_id, place, role, text, has_image, number)
        SELECT $8, held.started_at, held.user_id, c.id, held.id, c.messages - 1, 'user', $6, $7, numbered + 1
        FROM held, conversation c WHERE NOT held.message_stored
        UNION ALL
        SELECT $9, $3, held.user_id, c.id, held.id, c.messages, 'assistant', $4, $54::bytea IS NOT NULL, numbered + fresh
        FROM held, conversation c
        RETURNING user_id, created_at, role, number
    ), recorded AS (
        UPDATE audio_files a SET message_id = $8 FROM held
        WHERE a.turn_id = held.id AND a.kind = 'in' AND NOT held.message_stored
    ), indexed AS (
        INSERT INTO message_terms AS t (user_id, term, month, postings)
        SELECT s.user_id, e.term, date_trunc('month', s.created_at AT TIME ZONE 'UTC')::date,
               string_agg(int4send(s.number) || e.posting, '' ORDER BY s.number)
        FROM said s JOIN unnest($44::text[], $45::text[], $46::bytea[]) AS e (role, term, posting) ON e.role = s.role
        GROUP BY 1, 2, 3
        ON CONFLICT (user_id, term, month) DO UPDATE SET postings = t.postings || excluded.postings
    ), learnt AS (
        INSERT INTO facts (id, user_id, category, content, turn_id, created_at, last_said_at, confidence, day, chain,
                           forgotten_at, message_id)
        SELECT f.id, held.user_id, f.category, f.content, held.id, held.started_at, held.started_at, f.confidence, f.day, f.chain,
               CASE WHEN f.chain = ANY ($14::uuid[]) THEN $3::timestamptz END,
               CASE WHEN f.chain = ANY ($14) THEN NULL
                    WHEN held.message_stored
                    THEN (SELECT m.id FROM messages m WHERE m.user_id = held.user_id AND m.created_at = held.started_at
                          AND m.turn_id = held.id AND m.role = 'user' LIMIT 1)
                    ELSE $8 END
        FROM held, unnest($11::uuid[], $12::text[], $13::text[], $47::smallint[], $48::date[], $49::uuid[])
                   AS f (id, category, content, confidence, day, chain)
    ), changed AS (
        UPDATE facts f SET
            ended_at = CASE WHEN f.chain = ANY ($50) THEN COALESCE(f.ended_at, $3) ELSE f.ended_at END,
            chain = COALESCE((SELECT l.part_of FROM unnest($50::uuid[], $51::uuid[]) AS l (chain, part_of)
                              WHERE l.chain = f.chain LIMIT 1), f.chain),
            times_said = f.times_said + (f.id = ANY ($52))::integer,
            last_said_at = CASE WHEN f.id = ANY ($52) THEN GREATEST(f.last_said_at, $3) ELSE f.last_said_at END,
            forgotten_at = CASE WHEN f.chain = ANY ($14) OR f.id = ANY ($55::uuid[]) THEN COALESCE(f.forgotten_at, $3)
                                ELSE f.forgotten_at END
        FROM held
        WHERE f.user_id = held.user_id AND (f.chain = ANY ($50) OR f.id = ANY ($52::uuid[]) OR f.chain = ANY ($14::uuid[])
                                            OR f.id = ANY ($55))
    ), person AS (
        UPDATE users SET points = $18, last_day = $34, points_today = $35, streak = $36, best_level = $37,
                         messages = messages + fresh, facts_version = facts_version + ($53::integer IS NOT NULL)::integer,
                         profile = CASE WHEN $17 AND profile IS NOT DISTINCT FROM $15 THEN $16 ELSE profile END
        FROM held WHERE users.id = held.user_id
        RETURNING NOT $17 OR profile IS NOT DISTINCT FROM $16 AS profile_written
    ), happened AS (
        INSERT INTO relationship_events (turn_id, kind, user_id, day, points, level_before, level_after, created_at)
        SELECT held.id, e.kind, held.user_id, $34, e.points, e.level_before, e.level_after, $3
        FROM held, unnest($38::text[], $39::bigint[], $40::smallint[], $41::smallint[])
             WITH ORDINALITY AS e (kind, points, level_before, level_after, place)
        ORDER BY e.place
    ), used AS (
        UPDATE usage_days d SET input_tokens = d.input_tokens + $19, output_tokens = d.output_tokens + $20
        FROM held WHERE d.user_id = held.user_id AND d.day = held.day
    ), called AS (
        INSERT INTO tool_calls (turn_id, user_id, name, ok, created_at)
        SELECT held.id, held.user_id, t.name, t.ok, $3 FROM held, unnest($21::text[], $22::boolean[]) AS t (name, ok)
    ), prefs AS (
        INSERT INTO settings AS s (user_id, language, time_zone, onboarding, updated_at, zone_is_chosen)
        SELECT user_id, COALESCE($23, $25), COALESCE($24, $26), $27, $3, $24::text IS NOT NULL FROM held
        WHERE $23::text IS NOT NULL OR $24::text IS NOT NULL
        ON CONFLICT (user_id) DO UPDATE
        SET language = COALESCE($23, s.language), time_zone = COALESCE($24, s.time_zone), updated_at = $3,
            zone_is_chosen = s.zone_is_chosen OR excluded.zone_is_chosen,
            proactive_at = CASE WHEN s.proactive_at IS NOT NULL AND s.time_zone <> COALESCE($24, s.time_zone)
                                THEN $3 ELSE s.proactive_at END
    ), told AS (
        SELECT pg_notify('turn_done', id::text) FROM held
    )
    SELECT l.as_read, l.points, l.last_day, l.points_today, l.streak, l.best_level, p.profile_written,
           (SELECT count(*) FROM told) AS told
    FROM locked l LEFT JOIN person p ON true";

#[derive(FromRow)]
struct Written {
    as_read: bool,
    #[sqlx(flatten)]
    bond: BondRow,
    profile_written: Option<bool>,
}

/// As it is stored: what takes longer than three weeks takes three weeks.
pub(super) fn milliseconds(number: Option<u32>) -> Option<i32> {
    number.map(|number| i32::try_from(number).unwrap_or(i32::MAX))
}

impl Turns<'_> {
    /// Ends a turn well: message, answer, facts, points, usage and tools, all or nothing.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was written, and the lease is given back so that the caller may try again.
    pub async fn persist(
        &self,
        turn: &TurnLease,
        person: &Person,
        work: &Persist<'_>,
    ) -> Result<Persisted, StoreError> {
        let written = self.write(turn, person, work).await?;
        let Some(Written { as_read, bond, profile_written }) = written else { return Ok(Persisted::Lost) };
        if !as_read {
            return Ok(Persisted::Outpaced(bond.into()));
        }
        let Some(profile_written) = profile_written else { return Ok(Persisted::Lost) };
        if let (false, Some(change)) = (profile_written, work.profile) {
            // Somebody changed the profile while the model was thinking: the turn's change goes on top of theirs,
            // unless the person is gone by now.
            self.0.users().update_existing(turn.user_id, &change.patch, person.settings, work.now).await?;
        }
        Ok(Persisted::Written)
    }

    async fn write(
        &self,
        turn: &TurnLease,
        person: &Person,
        work: &Persist<'_>,
    ) -> Result<Option<Written>, StoreError> {
        let (before, after) =
            (BondRow::from(&person.bond), BondRow::from(work.growth.map_or(&person.bond, |growth| &growth.after)));
        let events = work.growth.map(|growth| growth.events.as_slice()).unwrap_or_default();
        let number = |level: Level| i16::from(level.number());
        let keys = &self.0.keys;
        let facts = work.facts.columns(keys);
        let profile_after = work.profile.map(|change| encrypt_profile(&change.after, keys)).transpose()?.flatten();
        let (roles, terms, postings) = entries(&[(Role::User, work.message), (Role::Assistant, work.reply)]);
        Ok(sqlx::query_as(PERSIST)
            .bind(turn.turn_id)
            .bind(turn.attempt)
            .bind(work.now)
            .bind(work.reply)
            .bind(work.model)
            .bind(work.message)
            .bind(work.has_image)
            .bind(work.message_id)
            .bind(work.reply_id)
            .bind(work.conversation_id)
            .bind(facts.ids)
            .bind(facts.categories)
            .bind(facts.contents)
            .bind(&work.facts.forgotten)
            .bind(person.profile_token.as_deref())
            .bind(profile_after)
            .bind(work.profile.is_some())
            .bind(after.points)
            .bind(i64::try_from(work.usage.input_tokens).unwrap_or(i64::MAX))
            .bind(i64::try_from(work.usage.output_tokens).unwrap_or(i64::MAX))
            .bind(work.tools.iter().map(|tool| tool.name).collect::<Vec<_>>())
            .bind(work.tools.iter().map(|tool| tool.ok).collect::<Vec<_>>())
            .bind(work.profile.and_then(|change| change.patch.language).map(Language::as_str))
            .bind(work.profile.and_then(|change| change.patch.time_zone).map(|zone| zone.name()))
            .bind(person.settings.language.as_str())
            .bind(person.settings.time_zone.name())
            .bind(person.settings.onboarding.as_str())
            .bind(turn.user_id)
            .bind(before.points)
            .bind(before.last_day)
            .bind(before.points_today)
            .bind(before.streak)
            .bind(before.best_level)
            .bind(after.last_day)
            .bind(after.points_today)
            .bind(after.streak)
            .bind(after.best_level)
            .bind(events.iter().map(|event| event.kind.as_str()).collect::<Vec<_>>())
            .bind(events.iter().map(|event| event.points).collect::<Vec<_>>())
            .bind(events.iter().map(|event| event.levels.map(|(before, _)| number(before))).collect::<Vec<_>>())
            .bind(events.iter().map(|event| event.levels.map(|(_, after)| number(after))).collect::<Vec<_>>())
            .bind(work.level_up.map(|reached| i16::from(reached.level)))
            .bind(work.level_up.map(|reached| reached.name.as_str()))
            .bind(roles)
            .bind(terms)
            .bind(postings)
            .bind(facts.confidences)
            .bind(facts.days)
            .bind(facts.chains)
            .bind(facts.lapsed)
            .bind(facts.part_of)
            .bind(facts.confirmed)
            .bind((!work.facts.is_empty()).then_some(work.facts.version))
            .bind(work.picture)
            .bind(&work.facts.forgotten_alone)
            .bind(milliseconds(work.first_ms))
            .fetch_optional(&self.0.pool)
            .await?)
    }
}
