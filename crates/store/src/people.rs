//! People, as those who run the bot look for them: by Telegram id, by @name, by a payment, or whoever was here last.
//!
//! An @name is kept as a keyed hash of its small letters alone ([`People::handle`]): found by whoever is told the name, read by
//! nobody. A name wanders at Telegram from one person to another, so that several may be found by it.

use chrono::{DateTime, Utc};
use evolve_domain::{language::Language, plan::Plan, profile::Settings, relationship::Bond};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    Store, StoreError,
    audit::{end_of_time, keyed},
    bans::ends,
    relationships::BondRow,
    users::{parse, settings},
};

/// What keys of hashes are derived for.
const KEY_PURPOSE: &str = "person-handle";

/// Somebody in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Their Telegram id.
    pub user_id: i64,
    /// The plan in force.
    pub plan: Plan,
    /// How close they have become.
    pub bond: Bond,
    /// When they first came.
    pub created_at: DateTime<Utc>,
    /// When they were here last.
    pub seen_at: DateTime<Utc>,
    /// Messages of theirs since they came.
    pub messages: i64,
    /// Whether they have blocked the bot.
    pub blocked: bool,
    /// Whether they are not talked with.
    pub banned: bool,
    /// The language they are spoken to in.
    pub language: Option<Language>,
}

/// Somebody, and how much there is of them. Nothing that anybody said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Somebody {
    /// As in a list.
    pub listed: Listed,
    /// When premium ends; nothing on premium for never.
    pub premium_until: Option<DateTime<Utc>>,
    /// Since when they have the bot blocked.
    pub blocked_at: Option<DateTime<Utc>>,
    /// Until when they are not talked with, as it is kept with them; nothing inside for good.
    pub banned_until: Option<Option<DateTime<Utc>>>,
    /// How they want things.
    pub settings: Settings,
    /// Whether these settings are theirs.
    pub has_settings: bool,
    /// When they are to be removed, if they asked for it.
    pub removal_due: Option<DateTime<Utc>>,
    /// Conversations.
    pub conversations: i64,
    /// Facts that hold.
    pub facts: i64,
    /// Payments.
    pub payments: i64,
    /// People who came by their link.
    pub brought: i64,
}

/// Where a list goes on: after somebody who was seen (or came) at this time and has this id.
pub type Place = (DateTime<Utc>, i64);

/// By what people are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum By {
    /// When they were here last.
    #[default]
    Seen,
    /// When they came.
    Came,
}

/// Which people are listed, and in which order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Order {
    /// By what.
    pub by: By,
    /// Whether the earliest comes first.
    pub is_ascending: bool,
    /// Those on whom this plan is in force; all of them where there is none.
    pub plan: Option<Plan>,
}

/// People. Borrowed from [`Store::people`].
#[derive(Debug)]
pub struct People<'a>(&'a Store);

impl Store {
    /// People, for those who run the bot.
    #[must_use]
    pub fn people(&self) -> People<'_> {
        People(self)
    }
}

#[derive(FromRow)]
struct Row {
    id: i64,
    plan: String,
    premium_until: Option<DateTime<Utc>>,
    #[sqlx(flatten)]
    bond: BondRow,
    created_at: DateTime<Utc>,
    last_seen_at: DateTime<Utc>,
    messages: i64,
    blocked_at: Option<DateTime<Utc>>,
    banned_until: Option<DateTime<Utc>>,
    language: Option<String>,
}

#[derive(FromRow)]
struct SomebodyRow {
    #[sqlx(flatten)]
    row: Row,
    time_zone: Option<String>,
    onboarding: Option<String>,
    removal_due: Option<DateTime<Utc>>,
    conversations: i64,
    facts: i64,
    payments: i64,
    brought: i64,
}

/// How many messages somebody has written: as many as [`crate::stats`] tells of them.
macro_rules! written {
    () => {
        "(SELECT COALESCE(sum(d.messages), 0)::bigint FROM usage_days d WHERE d.user_id = u.id) AS messages"
    };
}

/// What stands elsewhere is asked for in place, not joined: so it is looked up of those on a page alone, once they are sorted.
macro_rules! people {
    ($which:literal) => {
        concat!(
            "SELECT u.id, u.plan, u.premium_until, u.points, u.last_day, u.points_today, u.streak, u.best_level, u.created_at,
                    u.last_seen_at, ",
            written!(),
            ", u.blocked_at, u.banned_until, (SELECT s.language FROM settings s WHERE s.user_id = u.id) AS language
             FROM users u WHERE ",
            $which
        )
    };
}

/// The day's index gives the order, and what is left to sort is of one day. $1/$2 when they were seen and the id, after which;
/// $3 how many, $4 of which plan alone, $5 now.
const LATEST: &str = people!(
    "u.seen_on <= ($1::timestamptz AT TIME ZONE 'UTC')::date AND (u.last_seen_at, u.id) < ($1, $2)
     AND ($4::text IS NULL OR ($4 = 'premium') = (u.plan = 'premium' AND (u.premium_until IS NULL OR u.premium_until > $5)))
     ORDER BY u.seen_on DESC, u.last_seen_at DESC, u.id DESC LIMIT $3"
);

/// As [`LATEST`], the other way round.
const SILENT: &str = people!(
    "u.seen_on >= ($1::timestamptz AT TIME ZONE 'UTC')::date AND (u.last_seen_at, u.id) > ($1, $2)
     AND ($4::text IS NULL OR ($4 = 'premium') = (u.plan = 'premium' AND (u.premium_until IS NULL OR u.premium_until > $5)))
     ORDER BY u.seen_on, u.last_seen_at, u.id LIMIT $3"
);

/// As [`LATEST`], by when they came.
const NEWEST: &str = people!(
    "u.created_at <= $1 AND (u.created_at, u.id) < ($1, $2)
     AND ($4::text IS NULL OR ($4 = 'premium') = (u.plan = 'premium' AND (u.premium_until IS NULL OR u.premium_until > $5)))
     ORDER BY u.created_at DESC, u.id DESC LIMIT $3"
);

/// As [`NEWEST`], the other way round.
const OLDEST: &str = people!(
    "u.created_at >= $1 AND (u.created_at, u.id) > ($1, $2)
     AND ($4::text IS NULL OR ($4 = 'premium') = (u.plan = 'premium' AND (u.premium_until IS NULL OR u.premium_until > $5)))
     ORDER BY u.created_at, u.id LIMIT $3"
);

const BY_ID: &str = people!("u.id = $1");

/// $1 hashes, $2 how many.
const BY_HANDLE: &str =
    people!("u.handle = ANY ($1) AND u.handle IS NOT NULL ORDER BY u.last_seen_at DESC, u.id DESC LIMIT $2");

/// $1 charge, $2 our id of a payment.
const BY_PAYMENT: &str = people!("u.id IN (SELECT user_id FROM payments WHERE charge_id = $1 OR id = $2)");

/// $1 person.
const ONE: &str = concat!(
    "
    SELECT u.id, u.plan, u.premium_until, u.points, u.last_day, u.points_today, u.streak, u.best_level, u.created_at,
           u.last_seen_at, ",
    written!(),
    ", u.blocked_at, u.banned_until, s.language, s.time_zone, s.onboarding,
           (SELECT d.due_at FROM deletions d WHERE d.user_id = u.id) AS removal_due,
           (SELECT count(*) FROM conversations c WHERE c.user_id = u.id) AS conversations,
           (SELECT count(*) FROM facts f WHERE f.user_id = u.id AND f.ended_at IS NULL AND f.forgotten_at IS NULL) AS facts,
           (SELECT count(*) FROM payments p WHERE p.user_id = u.id) AS payments,
           (SELECT count(*) FROM referrals r WHERE r.referrer_id = u.id) AS brought
    FROM users u LEFT JOIN settings s ON s.user_id = u.id WHERE u.id = $1"
);

/// Every statement of this file, and values to ask it with, for the test that none reads what was said.
#[cfg(test)]
pub(crate) const ASKED: [(&str, &str); 8] = [
    (LATEST, "'2026-11-20', 7, 50, NULL, '2026-11-21'"),
    (SILENT, "'2026-11-10', 7, 50, 'free', '2026-11-21'"),
    (NEWEST, "'2026-11-20', 7, 50, NULL, '2026-11-21'"),
    (OLDEST, "'2026-11-10', 7, 50, 'free', '2026-11-21'"),
    (BY_ID, "7"),
    (BY_HANDLE, "'{one,two}', 20"),
    (BY_PAYMENT, "'charge', NULL"),
    (ONE, "7"),
];

impl People<'_> {
    /// The hash of an @name, with or without its `@`: what is kept with its person.
    #[must_use]
    pub fn handle(&self, name: &str) -> Option<String> {
        self.handles(name).into_iter().next()
    }

    /// At most `limit` people, whoever was here last first, after `after`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn latest(
        &self,
        after: Option<Place>,
        limit: u32,
        now: DateTime<Utc>,
    ) -> Result<Vec<Listed>, StoreError> {
        self.ordered(Order::default(), after, limit, now).await
    }

    /// At most `limit` people in this order, after `after`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn ordered(
        &self,
        order: Order,
        after: Option<Place>,
        limit: u32,
        now: DateTime<Utc>,
    ) -> Result<Vec<Listed>, StoreError> {
        let first = if order.is_ascending { (DateTime::UNIX_EPOCH, i64::MIN) } else { (end_of_time(), i64::MAX) };
        let (at, id) = after.unwrap_or(first);
        let statement = match (order.by, order.is_ascending) {
            (By::Seen, false) => LATEST,
            (By::Seen, true) => SILENT,
            (By::Came, false) => NEWEST,
            (By::Came, true) => OLDEST,
        };
        let query = sqlx::query_as(statement).bind(at).bind(id).bind(i64::from(limit));
        let rows: Vec<Row> = query.bind(order.plan.map(Plan::as_str)).bind(now).fetch_all(&self.0.pool).await?;
        Ok(rows.into_iter().map(|row| listed(row, now)).collect())
    }

    /// Somebody by their Telegram id.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn by_id(&self, user_id: i64, now: DateTime<Utc>) -> Result<Option<Listed>, StoreError> {
        let row: Option<Row> = sqlx::query_as(BY_ID).bind(user_id).fetch_optional(&self.0.pool).await?;
        Ok(row.map(|row| listed(row, now)))
    }

    /// At most `limit` people who have, or had, this @name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn by_handle(&self, name: &str, limit: u32, now: DateTime<Utc>) -> Result<Vec<Listed>, StoreError> {
        let query = sqlx::query_as(BY_HANDLE).bind(self.handles(name)).bind(i64::from(limit));
        let rows: Vec<Row> = query.fetch_all(&self.0.pool).await?;
        Ok(rows.into_iter().map(|row| listed(row, now)).collect())
    }

    /// Who made a payment, by Telegram's id of it or by ours.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn by_payment(
        &self,
        charge: &str,
        id: Option<Uuid>,
        now: DateTime<Utc>,
    ) -> Result<Option<Listed>, StoreError> {
        let query = sqlx::query_as(BY_PAYMENT).bind(charge).bind(id);
        let row: Option<Row> = query.fetch_optional(&self.0.pool).await?;
        Ok(row.map(|row| listed(row, now)))
    }

    /// Somebody, and how much there is of them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn one(
        &self,
        user_id: i64,
        defaults: Settings,
        now: DateTime<Utc>,
    ) -> Result<Option<Somebody>, StoreError> {
        let row: Option<SomebodyRow> = sqlx::query_as(ONE).bind(user_id).fetch_optional(&self.0.pool).await?;
        Ok(row.map(|row| somebody(row, defaults, now)))
    }

    fn handles(&self, name: &str) -> Vec<String> {
        let name = name.trim_start_matches('@').to_lowercase();
        let keys = self.0.keys.signing_keys(KEY_PURPOSE);
        keys.iter().filter_map(|key| keyed(key, name.as_bytes())).collect()
    }
}

fn listed(row: Row, now: DateTime<Utc>) -> Listed {
    Listed {
        user_id: row.id,
        plan: parse("users.plan", &row.plan, Plan::default()).in_force(row.premium_until, now),
        bond: row.bond.into(),
        created_at: row.created_at,
        seen_at: row.last_seen_at,
        messages: row.messages,
        blocked: row.blocked_at.is_some(),
        banned: row.banned_until.is_some_and(|until| until > now),
        language: row.language.map(|code| parse("settings.language", &code, Language::default())),
    }
}

fn somebody(row: SomebodyRow, defaults: Settings, now: DateTime<Utc>) -> Somebody {
    let SomebodyRow { row, time_zone, onboarding, removal_due, conversations, facts, payments, brought } = row;
    Somebody {
        premium_until: row.premium_until,
        blocked_at: row.blocked_at,
        banned_until: row.banned_until.filter(|until| *until > now).map(ends),
        settings: settings(row.language.as_deref(), time_zone.as_deref(), onboarding.as_deref(), defaults),
        has_settings: row.language.is_some(),
        removal_due,
        conversations,
        facts,
        payments,
        brought,
        listed: listed(row, now),
    }
}
