//! What is around the processes, and what they are told of it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use evolve_contract::Client;
use evolve_testkit::telegram::TelegramServer;
use evolve_testkit::{OwnPostgres, OwnRedis};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use secrecy::SecretString;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;

use crate::chat;
use crate::plan::{Part, Plan};
use crate::process::{Environment, Process};

const JWT_SECRET: &str = "bench-jwt-secret-bench-jwt-secret-bench";
const SERVICE_KEY: &str = "bench-service-key-bench-service-key-bench";
/// A key of no data but these.
const ENCRYPTION_KEY: &str = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";
/// As much as a limit may be.
const MANY: &str = "10000/minute";
const PLANS: &str = r#"{
    "free": {"messagesPerDay": 100000, "historyMessages": 10, "facts": 50, "images": false},
    "premium": {"messagesPerDay": 200000, "historyMessages": 50, "facts": 500, "images": true}
}"#;
/// More calls than a run makes: each is looked at.
const KEPT_CALLS: usize = 1_000_000;
/// No answer here takes longer.
const PATIENCE: Duration = Duration::from_secs(30);
/// How many people have talked before anything is measured, and for how long they do.
const FIRST_PEOPLE: u32 = 2000;
const FIRST_TALKS: Duration = Duration::from_secs(5);
/// How many tokens are asked for at the same time.
const AT_THE_DOOR: usize = 16;

/// What is around the processes.
pub(crate) struct World {
    pub(crate) telegram: Arc<TelegramServer>,
    pub(crate) pool: PgPool,
    pub(crate) postgres: OwnPostgres,
    redis: OwnRedis,
    binaries: PathBuf,
    logs: tempfile::TempDir,
    next_person: AtomicI64,
    is_lived_in: AtomicBool,
}

/// People who may talk to an API.
#[derive(Clone)]
pub(crate) struct Crowd {
    client: Client,
    tokens: Arc<Vec<String>>,
}

impl World {
    /// Starts Postgres with all migrations applied, Redis, and Telegram.
    ///
    /// # Errors
    /// When one cannot be started, or a program is not there.
    pub(crate) async fn start(plan: &Plan) -> anyhow::Result<Self> {
        let binaries = match &plan.binaries {
            Some(directory) => directory.canonicalize().with_context(|| format!("{}", directory.display()))?,
            None => std::env::current_exe()?.parent().context("this program is nowhere")?.to_owned(),
        };
        // Now, and not in a quarter of an hour.
        let of_operator: &[&str] = if plan.wants(Part::Operator) { &["evolve-operator", "operator"] } else { &[] };
        for name in ["evolve-api", "evolve-bot"].iter().chain(of_operator) {
            let program = binaries.join(name);
            anyhow::ensure!(program.is_file(), "{} is not there: `make bench` builds it", program.display());
        }
        let redis = tokio::task::spawn_blocking(OwnRedis::start);
        let postgres = OwnPostgres::migrated().await?;
        let pool = PgPoolOptions::new().max_connections(2).connect_lazy(&postgres.url())?;
        Ok(Self {
            telegram: Arc::new(TelegramServer::builder().kept_calls(KEPT_CALLS).try_start().await?),
            pool,
            postgres,
            redis: redis.await??,
            binaries,
            logs: tempfile::Builder::new().prefix("evolve-bench-").tempdir()?,
            next_person: AtomicI64::new(1_000_001),
            is_lived_in: AtomicBool::new(false),
        })
    }

    /// Where Redis is.
    pub(crate) fn redis_url(&self) -> String {
        self.redis.url()
    }

    /// Where programs of ours are.
    pub(crate) fn binaries(&self) -> &Path {
        &self.binaries
    }

    /// A program of ours.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.binaries.join(name)
    }

    /// Where processes write what they say.
    pub(crate) fn logs(&self) -> &Path {
        self.logs.path()
    }

    /// An API, with more variables, which may be those that it has anyway.
    ///
    /// # Errors
    /// When it does not become ready.
    pub(crate) async fn api(&self, more: &[(&str, &str)]) -> anyhow::Result<Process> {
        let mut environment = self.common();
        environment.extend(owned(&[
            ("JWT_SECRET", JWT_SECRET),
            ("PROVIDERS", r#"[{"kind":"scripted"}]"#),
            ("PERSONA", r#"{"language":"en"}"#),
            ("PLANS", PLANS),
            ("AUTH_RATE_LIMIT", MANY),
            ("CHAT_RATE_LIMIT", MANY),
            ("PROFILE_RATE_LIMIT", MANY),
        ]));
        environment.retain(|(name, _)| more.iter().all(|(other, _)| name != other));
        environment.extend(owned(more));
        Process::start("evolve-api", self.program("evolve-api"), environment, self.logs().join("api.log")).await
    }

    /// A bot that asks this API.
    ///
    /// # Errors
    /// When it does not become ready.
    pub(crate) async fn bot(&self, api: &Process) -> anyhow::Result<Process> {
        let mut environment = self.common();
        environment.extend(owned(&[
            ("API_URL", api.url().as_str()),
            ("TELEGRAM_API_URL", self.telegram.url().as_str()),
            ("TELEGRAM_MODE", "polling"),
            ("TELEGRAM_MESSAGES_PER_SECOND", "10000"),
        ]));
        Process::start("evolve-bot", self.program("evolve-bot"), environment, self.logs().join("bot.log")).await
    }

    /// People have talked, and Postgres has looked over its tables, as it does by itself every minute where it runs for long. Without, its
    /// plans are those of empty tables, and that it makes them again and again is most of what a turn takes.
    ///
    /// # Errors
    /// When the API does not start.
    pub(crate) async fn lived_in(&self, plan: &Plan) -> anyhow::Result<()> {
        if !self.is_lived_in.swap(true, Ordering::Relaxed) {
            let api = self.api(&[]).await?;
            let crowd = self.crowd(&api, FIRST_PEOPLE).await?;
            chat::as_many_as_can_be(&crowd, plan.clients, FIRST_TALKS).await;
            api.stop().await?;
        }
        sqlx::raw_sql("VACUUM (ANALYZE)").execute(&self.pool).await?;
        Ok(())
    }

    fn common(&self) -> Environment {
        owned(&[
            ("DATABASE_URL", self.postgres.url().as_str()),
            ("REDIS_URL", self.redis_url().as_str()),
            // A Redis that is slow is to be seen in the numbers, and not to be gone on without.
            ("REDIS_TIMEOUT_MS", "10000"),
            ("ENCRYPTION_KEY", ENCRYPTION_KEY),
            ("SERVICE_KEY", SERVICE_KEY),
            ("TELEGRAM_BOT_TOKEN", self.telegram.token()),
            ("LOG_LEVEL", "INFO"),
        ])
    }

    /// The id of somebody whom nobody knows, and of as many after them.
    pub(crate) fn somebody_new(&self, count: u32) -> i64 {
        self.next_person.fetch_add(i64::from(count), Ordering::Relaxed)
    }

    /// So many people of whom the API has not heard.
    ///
    /// # Errors
    /// When one is not let in.
    pub(crate) async fn crowd(&self, api: &Process, count: u32) -> anyhow::Result<Crowd> {
        let first = self.somebody_new(count);
        self.crowd_of(api, first, count).await
    }

    /// People of these ids.
    ///
    /// # Errors
    /// When one is not let in.
    pub(crate) async fn crowd_of(&self, api: &Process, first: i64, count: u32) -> anyhow::Result<Crowd> {
        // Whoever is behind a proxy measures no proxy.
        let http = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build()?;
        let client = Client::new(http, api.url().parse()?);
        let key = &SecretString::from(SERVICE_KEY);
        let tokens = stream::iter((first..).take(count as usize))
            .map(|id| {
                let client = client.clone();
                async move { anyhow::Ok(client.auth_as_service(key, id).await?.access_token) }
            })
            .buffered(AT_THE_DOOR)
            .try_collect()
            .await?;
        Ok(Crowd { client, tokens: Arc::new(tokens) })
    }
}

impl Crowd {
    /// One of them says something, in turn; what became of it.
    ///
    /// # Errors
    /// What went wrong, in words.
    pub(crate) async fn say(&self, place: usize) -> Result<(), String> {
        let token = self.tokens.get(place % self.tokens.len().max(1)).map(String::as_str).unwrap_or_default();
        let body = evolve_contract::chat::ChatRequest {
            message: "How was your day?".to_owned(),
            ..evolve_contract::chat::ChatRequest::default()
        };
        self.client.chat(token, None, &body).await.map(drop).map_err(|error| error.to_string())
    }
}

fn owned(variables: &[(&str, &str)]) -> Environment {
    variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}
