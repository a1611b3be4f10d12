//! What the stories begin with.

use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use evolve_domain::{
    language::Language,
    plan::Plans,
    profile::{Onboarding, Settings},
};
use evolve_runtime::metrics::Metrics;
use evolve_store::{
    Store, StoreConfig,
    facts::{FactChanges, NewFact},
    turns::{Admission, Admit, Persist, Person, TurnLease, Usage},
};
use evolve_testkit::database::TestDatabase;
use sqlx::PgPool;
use uuid::Uuid;

pub(crate) const IVAN: i64 = 42;

/// A store on a database of its own, and a way around it for what the store does not offer.
pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) sql: PgPool,
    pub(crate) url: String,
    pub(crate) key: String,
    pub(crate) plans: Plans,
    pub(crate) now: DateTime<Utc>,
}

pub(crate) async fn world() -> World {
    let database = TestDatabase::migrated().await;
    let key = fernet::Fernet::generate_key();
    World {
        store: store(database.url(), &key),
        sql: PgPool::connect(database.url()).await.unwrap(),
        url: database.url().to_owned(),
        key,
        plans: Plans::default(),
        now: "2026-11-21T12:00:00Z".parse().unwrap(),
    }
}

pub(crate) fn store(url: &str, keys: &str) -> Store {
    let config = StoreConfig { database_url: url.into(), pool_size: 24, encryption_key: keys.into() };
    Store::connect(&config, &Metrics::new()).unwrap()
}

pub(crate) fn defaults() -> Settings {
    Settings { language: Language::Ru, time_zone: chrono_tz::Europe::Moscow, onboarding: Onboarding::New }
}

pub(crate) const LEASE: TimeDelta = TimeDelta::seconds(60);

impl World {
    pub(crate) async fn admit(&self, key: &str) -> Admission {
        self.admit_at(key, self.now).await
    }

    pub(crate) async fn admit_at(&self, key: &str, now: DateTime<Utc>) -> Admission {
        self.admit_in(key, now, false).await
    }

    /// A message that may be said outside the private chat.
    pub(crate) async fn admit_as(&self, key: &str, is_aside: bool) -> Admission {
        self.admit_in(key, self.now, is_aside).await
    }

    async fn admit_in(&self, key: &str, now: DateTime<Utc>, is_aside: bool) -> Admission {
        let admit = Admit {
            user_id: IVAN,
            key,
            request_hash: [7; 32],
            turn_id: Uuid::now_v7(),
            now,
            lease: LEASE,
            plans: &self.plans,
            defaults: defaults(),
            terms: &[],
            also_key: None,
            lasting: &[],
            quoted: None,
            image_ref: None,
            is_aside,
            handle: None,
        };
        self.store.turns().admit(&admit).await.unwrap()
    }

    pub(crate) async fn admitted(&self, key: &str) -> (TurnLease, Box<Person>) {
        match self.admit(key).await {
            Admission::Admitted(turn, person) => (turn, person),
            other => panic!("not admitted: {other:?}"),
        }
    }

    /// A whole turn: `message` is answered with `reply`. Its id.
    pub(crate) async fn say(&self, message: &str, reply: &str) -> Uuid {
        self.say_at(message, reply, self.now).await
    }

    /// A whole turn at some other time.
    pub(crate) async fn say_at(&self, message: &str, reply: &str, now: DateTime<Utc>) -> Uuid {
        static KEYS: AtomicI64 = AtomicI64::new(0);
        let key = format!("say-{}", KEYS.fetch_add(1, Ordering::Relaxed));
        let Admission::Admitted(turn, person) = self.admit_at(&key, now).await else { panic!("not admitted") };
        assert!(self.store.turns().persist(&turn, &person, &work(message, reply, now)).await.unwrap().is_written());
        turn.turn_id
    }

    pub(crate) async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_as::<_, (i64,)>(sql).fetch_one(&self.sql).await.unwrap().0
    }

    pub(crate) async fn used_today(&self) -> i64 {
        self.count("SELECT COALESCE(sum(messages), 0)::bigint FROM usage_days").await
    }
}

pub(crate) fn work<'a>(message: &'a str, reply: &'a str, now: DateTime<Utc>) -> Persist<'a> {
    Persist {
        message,
        has_image: false,
        message_id: Uuid::now_v7(),
        reply,
        picture: None,
        reply_id: Uuid::now_v7(),
        conversation_id: Uuid::now_v7(),
        facts: FactChanges::NONE,
        profile: None,
        growth: None,
        level_up: None,
        usage: Usage { input_tokens: 10, output_tokens: 5 },
        tools: &[],
        model: "scripted",
        first_ms: Some(700),
        now,
    }
}

/// A fact that replaces none.
pub(crate) fn learning(fact: &str) -> FactChanges {
    FactChanges { learnt: vec![NewFact::new(Uuid::now_v7(), Default::default(), fact)], ..FactChanges::default() }
}
