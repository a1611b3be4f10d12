//! An engine on a database of its own, with a model that does what the test tells it.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use evolve_domain::{plan::Plans, relationship::Relationship};
use evolve_engine::{
    Engine, EngineConfig, EngineMetrics,
    meaning::Meanings,
    model::{Chain, ChainConfig, ModelProvider, Request, Script, Step},
    prompt::Persona,
    speech::{Providers, Speech},
    turn::{TurnError, TurnReply, TurnRequest},
};
use evolve_runtime::{clock::Clock, metrics::Metrics, shutdown::Tasks};
use evolve_store::{Store, StoreConfig, wakeups::Wakeups};
use evolve_testkit::database::TestDatabase;
use sqlx::PgPool;

pub(crate) const IVAN: i64 = 42;

pub(crate) struct World {
    pub(crate) engine: Engine,
    pub(crate) script: Script,
    pub(crate) clock: Clock,
    pub(crate) sql: PgPool,
    pub(crate) url: String,
    key: String,
    // Its tasks end when the test does.
    _tasks: Tasks,
}

pub(crate) async fn world(steps: impl IntoIterator<Item = Step>) -> World {
    world_of(Script::new(steps)).await
}

pub(crate) async fn world_of(script: Script) -> World {
    world_with(script, Providers::default()).await
}

/// A world in which something hears and speaks.
pub(crate) async fn world_with(script: Script, speech: Providers) -> World {
    world_that_understands(script, speech, &Meanings::default()).await
}

/// A world in which something tells what messages mean.
pub(crate) async fn world_that_understands(script: Script, speech: Providers, meanings: &Meanings) -> World {
    world_as(script, speech, meanings, Persona::default()).await
}

/// A world whose companion may speak of adult matters.
pub(crate) async fn adult_world(script: Script) -> World {
    let persona = Persona { adult: true, ..Persona::default() };
    world_as(script, Providers::default(), &Meanings::default(), persona).await
}

async fn world_as(script: Script, speech: Providers, meanings: &Meanings, persona: Persona) -> World {
    let database = TestDatabase::migrated().await;
    let clock = Clock::fixed("2026-11-21T12:00:00Z".parse::<DateTime<Utc>>().unwrap());
    let key = fernet::Fernet::generate_key();
    let chain = chain_of(vec![Arc::new(script.clone())]);
    let (engine, tasks) = engine(database.url(), &key, chain, (speech, meanings), &clock, persona);
    let sql = PgPool::connect(database.url()).await.unwrap();
    World { engine, script, clock, sql, url: database.url().to_owned(), key, _tasks: tasks }
}

pub(crate) fn chain_of(providers: Vec<Arc<dyn ModelProvider>>) -> Chain {
    Chain::new(providers, ChainConfig { patience: std::time::Duration::ZERO, ..ChainConfig::default() })
}

fn engine(
    url: &str,
    key: &str,
    chain: Chain,
    (speech, meanings): (Providers, &Meanings),
    clock: &Clock,
    persona: Persona,
) -> (Engine, Tasks) {
    let (metrics, tasks) = (Metrics::new(), Tasks::new());
    let config = StoreConfig { database_url: url.into(), pool_size: 24, encryption_key: key.into() };
    let store = Store::connect(&config, &metrics).unwrap();
    let wakeups = Wakeups::start(&store, &tasks);
    let config = EngineConfig {
        store,
        wakeups,
        chain,
        speech: Speech::new(speech, &metrics),
        meanings: meanings.clone(),
        persona,
        plans: Plans::default(),
        relationship: Relationship::default(),
        max_iterations: 3,
        thinking_budget: 0,
        silence: chrono::TimeDelta::hours(8),
        metrics: EngineMetrics::register(&metrics),
        clock: clock.clone(),
        handing_back: tasks.handing_back(),
    };
    (Engine::new(config).unwrap(), tasks)
}

impl World {
    /// Another replica over the same database, which may be reached by another way.
    pub(crate) fn replica(&self, url: &str, script: &Script) -> (Engine, Tasks) {
        let nothing = (Providers::default(), &Meanings::default());
        engine(url, &self.key, chain_of(vec![Arc::new(script.clone())]), nothing, &self.clock, Persona::default())
    }

    /// Another replica, which asks another model.
    pub(crate) fn replica_of(&self, model: Arc<dyn ModelProvider>) -> (Engine, Tasks) {
        let nothing = (Providers::default(), &Meanings::default());
        engine(&self.url, &self.key, chain_of(vec![model]), nothing, &self.clock, Persona::default())
    }

    /// The store, as another use case over the same database has it.
    pub(crate) fn store(&self) -> Store {
        let config = StoreConfig {
            database_url: self.url.as_str().into(),
            pool_size: 4,
            encryption_key: self.key.as_str().into(),
        };
        Store::connect(&config, &Metrics::new()).unwrap()
    }

    /// Where in the database a piece of text stands, in any column of any table, encrypted or not.
    pub(crate) async fn where_it_stands(&self, piece: &str) -> Vec<String> {
        let columns: Vec<(String, String)> = sqlx::query_as(
            "SELECT table_name::text, column_name::text FROM information_schema.columns
             WHERE table_schema = 'public' AND data_type IN ('text', 'jsonb', 'bytea', 'character varying')",
        )
        .fetch_all(&self.sql)
        .await
        .unwrap();
        let fernet = fernet::Fernet::new(&self.key).unwrap();
        let mut found = Vec::new();
        for (table, column) in columns {
            let query = format!("SELECT \"{column}\"::text FROM \"{table}\" WHERE \"{column}\" IS NOT NULL");
            let values: Vec<(String,)> = sqlx::query_as(sqlx::AssertSqlSafe(query)).fetch_all(&self.sql).await.unwrap();
            for (value,) in values {
                let value = fernet.decrypt(&value).map_or(value, |bytes| String::from_utf8_lossy(&bytes).into_owned());
                // Postgres shows bytes as hexadecimal numbers.
                let bytes: String = piece.bytes().map(|byte| format!("{byte:02x}")).collect();
                if value.to_lowercase().contains(piece) || value.contains(&bytes) {
                    found.push(format!("{table}.{column}: {value}"));
                }
            }
        }
        found
    }

    pub(crate) async fn say(&self, text: &str) -> Result<TurnReply, TurnError> {
        self.engine.chat(message(text), None).await
    }

    pub(crate) async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_as::<_, (i64,)>(sql).fetch_one(&self.sql).await.unwrap().0
    }

    pub(crate) async fn used_today(&self) -> i64 {
        self.count("SELECT COALESCE(sum(messages), 0)::bigint FROM usage_days").await
    }

    pub(crate) async fn make_premium(&self) {
        sqlx::query("UPDATE users SET plan = 'premium'").execute(&self.sql).await.unwrap();
    }

    /// What the model was asked last.
    pub(crate) fn last_request(&self) -> Request {
        self.script.requests().last().unwrap().clone()
    }

    /// The system instruction of the newest request.
    pub(crate) fn last_system(&self) -> String {
        self.last_request().system
    }
}

pub(crate) fn message(text: &str) -> TurnRequest {
    TurnRequest { user_id: IVAN, text: text.to_owned(), ..TurnRequest::default() }
}

pub(crate) fn keyed(text: &str, key: &str) -> TurnRequest {
    TurnRequest { key: Some(key.to_owned()), ..message(text) }
}
