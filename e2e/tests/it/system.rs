//! A whole system on loopback: real Postgres and Redis, API, bot, and a Telegram server.

use std::{sync::Arc, time::Duration};

use evolve_contract::Client;
use evolve_engine::model::{ModelProvider, Script, Scripted, Step};
use evolve_runtime::{
    clock::Clock,
    config::Reader,
    http::{self, ClientConfig},
    metrics::Metrics,
    shutdown::Tasks,
};
use evolve_testkit::{
    database::TestDatabase,
    redis::TestRedis,
    telegram::{Sent, TelegramServer},
};
use sqlx::PgPool;
use tokio::net::TcpListener;

pub(crate) const SERVICE_KEY: &str = "e2e-service-key-e2e-service-key-e2e";
/// Of a provider who takes money. Nobody but the bot may know it.
pub(crate) const PROVIDER_TOKEN: &str = "284685063:TEST:e2e-provider";
const JWT_SECRET: &str = "e2e-jwt-secret-e2e-jwt-secret-e2e-jwt";

/// How updates reach the bot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Polling,
    Webhook,
}

/// What outlives a restart: the data, and Telegram.
pub(crate) struct Ground {
    pub(crate) telegram: TelegramServer,
    pub(crate) database_url: String,
    pub(crate) redis_url: String,
    pub(crate) sql: PgPool,
    pub(crate) key: String,
    pub(crate) clock: Clock,
    /// Who the companion is.
    pub(crate) persona: &'static str,
}

pub(crate) async fn ground() -> Ground {
    let database = TestDatabase::migrated().await;
    let builder = TelegramServer::builder().patience(Duration::from_secs(90)).webhook_retry(Duration::from_millis(50));
    Ground {
        telegram: builder.start().await,
        database_url: database.url().to_owned(),
        redis_url: TestRedis::create().await.url().to_owned(),
        sql: PgPool::connect(database.url()).await.unwrap(),
        key: fernet::Fernet::generate_key(),
        clock: Clock::system(),
        persona: r#"{"language":"en"}"#,
    }
}

/// A process: its tasks end when it is dropped, as by SIGKILL.
pub(crate) struct Process {
    tasks: Tasks,
    pub(crate) url: String,
}

impl Process {
    /// Stops it as SIGTERM does.
    pub(crate) async fn stop(self) {
        self.tasks.clone().stop(std::future::pending()).await.unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.tasks.hard().cancel();
    }
}

/// A model that repeats what it was told: the answer to "x" is "you said x".
pub(crate) fn parrot() -> Arc<dyn ModelProvider> {
    Arc::new(Script::with(|request| {
        let said = request.context.last().map(|message| message.text()).unwrap_or_default();
        Step::say(format!("you said {said}"))
    }))
}

/// The stand-in that people without a key talk to.
pub(crate) fn stand_in() -> Arc<dyn ModelProvider> {
    Arc::new(Scripted)
}

impl Ground {
    /// Starts an API on this ground.
    pub(crate) async fn api(&self, provider: Arc<dyn ModelProvider>) -> Process {
        self.api_of(vec![provider]).await
    }

    /// Starts an API with a chain of models on this ground.
    pub(crate) async fn api_of(&self, providers: Vec<Arc<dyn ModelProvider>>) -> Process {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        self.api_over(listener, &self.database_url, &self.redis_url, providers).await
    }

    /// Starts an API where another one was.
    pub(crate) async fn api_at(&self, url: &str, provider: Arc<dyn ModelProvider>) -> Process {
        let address = url.strip_prefix("http://").unwrap();
        let listener =
            evolve_testkit::eventually("the port is free", async || TcpListener::bind(address).await.ok()).await;
        self.api_over(listener, &self.database_url, &self.redis_url, vec![provider]).await
    }

    /// Starts an API that reaches Postgres and Redis by these ways.
    pub(crate) async fn api_over(
        &self,
        listener: TcpListener,
        database: &str,
        redis: &str,
        providers: Vec<Arc<dyn ModelProvider>>,
    ) -> Process {
        let limits = [("CHAT_RATE_LIMIT", "100/minute"), ("PROFILE_RATE_LIMIT", "100/minute")];
        self.api_within(listener, database, redis, providers, &limits).await
    }

    /// Starts an API that lets one person ask as much as can be set.
    pub(crate) async fn unlimited_api(&self, provider: Arc<dyn ModelProvider>) -> Process {
        let rules = ["AUTH", "CHAT", "ASIDE", "PROFILE", "MEMORY"].map(|rule| format!("{rule}_RATE_LIMIT"));
        let limits = rules.each_ref().map(|rule| (rule.as_str(), "10000/minute"));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        self.api_within(listener, &self.database_url, &self.redis_url, vec![provider], &limits).await
    }

    async fn api_within(
        &self,
        listener: TcpListener,
        database: &str,
        redis: &str,
        providers: Vec<Arc<dyn ModelProvider>>,
        limits: &[(&str, &str)],
    ) -> Process {
        let values = [
            ("DATABASE_URL", database),
            ("DATABASE_POOL_SIZE", "24"),
            ("REDIS_URL", redis),
            ("ENCRYPTION_KEY", &self.key),
            ("JWT_SECRET", JWT_SECRET),
            ("SERVICE_KEY", SERVICE_KEY),
            ("PROVIDERS", r#"[{"kind":"scripted"}]"#),
            ("PERSONA", self.persona),
            ("PREMIUM_PRICE", r#"{"stars":250,"amount":29900,"currency":"RUB"}"#),
            ("PAYMENT_PROVIDER_TOKEN", PROVIDER_TOKEN),
        ];
        let mut env = Reader::from_values(values.into_iter().chain(limits.iter().copied()));
        let config = evolve_api::Config::read(&mut env);
        let mut config = env.finish(config).unwrap();
        config.providers = providers;
        let url = format!("http://{}", listener.local_addr().unwrap());
        let tasks = Tasks::new();
        evolve_api::serve(config, listener, self.clock.clone(), &tasks, &Metrics::new()).unwrap();
        Process { tasks, url }
    }

    /// Starts a bot that asks this API.
    pub(crate) async fn bot(&self, api_url: &str, mode: Mode) -> Process {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let webhook_url = format!("{url}/telegram/webhook");
        let mut values = vec![
            ("DATABASE_URL", self.database_url.as_str()),
            ("ENCRYPTION_KEY", &self.key),
            ("SERVICE_KEY", SERVICE_KEY),
            ("API_URL", api_url),
            ("TELEGRAM_BOT_TOKEN", self.telegram.token()),
            ("TELEGRAM_MESSAGES_PER_SECOND", "10000"),
            ("PAYMENT_PROVIDER_TOKEN", PROVIDER_TOKEN),
        ];
        let telegram_url = self.telegram.url();
        values.push(("TELEGRAM_API_URL", &telegram_url));
        if mode == Mode::Webhook {
            values.extend([
                ("TELEGRAM_MODE", "webhook"),
                ("WEBHOOK_URL", webhook_url.as_str()),
                ("WEBHOOK_SECRET", "e2e-secret"),
            ]);
        }
        let mut env = Reader::from_values(values);
        let config = evolve_bot::config::Config::read(&mut env);
        let mut config = env.finish(config).unwrap();
        // Stories say much in a second, and of some the clock stands still.
        config.paces_chats = false;
        let tasks = Tasks::new();
        evolve_bot::start(&config, listener, self.clock.clone(), &tasks, &Metrics::new()).unwrap();
        Process { tasks, url }
    }

    /// A client of the API, and a token for a person.
    pub(crate) async fn client(&self, api: &Process, user_id: i64) -> (Client, String) {
        let client = Client::new(http::client(ClientConfig::default()).unwrap(), api.url.parse().unwrap());
        let token = client.auth_as_service(&SERVICE_KEY.into(), user_id).await.unwrap().access_token;
        (client, token)
    }

    /// The keys of Redis that look so, with their values, as far as these are texts.
    pub(crate) async fn in_redis(&self, pattern: &str) -> Vec<(String, Option<String>)> {
        let server = redis::Client::open(self.redis_url.as_str()).unwrap();
        let mut connection = server.get_multiplexed_async_connection().await.unwrap();
        let keys: Vec<String> = redis::cmd("KEYS").arg(pattern).query_async(&mut connection).await.unwrap();
        let mut found = Vec::new();
        for key in keys {
            let value: redis::RedisResult<Option<String>> =
                redis::cmd("GET").arg(&key).query_async(&mut connection).await;
            found.push((key, value.unwrap_or_default()));
        }
        found
    }

    pub(crate) async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_as::<_, (i64,)>(sql).fetch_one(&self.sql).await.unwrap().0
    }

    /// Waits until the bot's newest message to this person is of this kind.
    pub(crate) async fn wait_for_last(&self, user_id: i64, is_it: impl Fn(&str) -> bool) -> Vec<Sent> {
        self.telegram.wait_for(user_id, |sent| sent.last().is_some_and(|last| is_it(&last.text))).await
    }
}
