//! One API of one test: its own database, its own Redis database, a clock that stands still, a model that follows a
//! script. Every answer is compared with the OpenAPI document ([`crate::contract`]): what is not documented fails the test.

use std::{sync::Arc, time::Duration};

use chrono::Utc;
use evolve_api::Config;
use evolve_contract::{
    Client, Code, Problem,
    chat::{ChatRequest, ChatResponse},
};
use evolve_engine::model::{Script, Step};
use evolve_runtime::{clock::Clock, config::Reader, metrics::Metrics, shutdown::Tasks};
use evolve_testkit::{TestDatabase, TestRedis};
use reqwest::{Method, StatusCode, header::HeaderMap};
use secrecy::SecretString;
use serde_json::Value;
use sqlx::PgPool;
use tokio::net::TcpListener;
use url::Url;

use crate::contract::{Contract, Watched};

pub(crate) const JWT_SECRET: &str = "a test's own secret of 32 letters";
pub(crate) const SERVICE_KEY: &str = "a test's own service key, 32 long";
pub(crate) const BOT_TOKEN: &str = "7342037359:AAHI25ES9xCOMPokpYoz-p8XVrZUdygo2J4";
/// The person of most stories.
pub(crate) const IVAN: i64 = 42;

/// A running API.
pub(crate) struct Api {
    pub(crate) base: Url,
    pub(crate) client: Client,
    pub(crate) http: reqwest::Client,
    pub(crate) script: Script,
    pub(crate) clock: Clock,
    pub(crate) tasks: Tasks,
    /// What it shows at `/metrics`.
    pub(crate) metrics: Metrics,
    /// What was seen of its answers.
    pub(crate) contract: Watched,
}

/// What an API is made of.
pub(crate) struct Setup {
    pub(crate) database_url: String,
    pub(crate) redis_url: Option<String>,
    pub(crate) clock: Clock,
    pub(crate) script: Script,
    /// More models, asked after the script.
    pub(crate) fallbacks: Vec<Script>,
    /// More variables.
    pub(crate) variables: Vec<(&'static str, String)>,
}

impl Setup {
    pub(crate) async fn new() -> Self {
        Self {
            database_url: TestDatabase::migrated().await.url().to_owned(),
            redis_url: Some(TestRedis::create().await.url().to_owned()),
            clock: Clock::fixed(Utc::now()),
            script: Script::always(Step::say("Привет! Как дела?")),
            fallbacks: Vec::new(),
            variables: Vec::new(),
        }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.variables.push((name, value.to_string()));
        self
    }

    pub(crate) fn script(mut self, script: Script) -> Self {
        self.script = script;
        self
    }

    pub(crate) fn pool(&self) -> PgPool {
        PgPool::connect_lazy(&self.database_url).unwrap()
    }

    /// Starts one API; may be called again for a second replica.
    pub(crate) async fn start(&self) -> Api {
        let mut config = self.config();
        config.providers = vec![Arc::new(self.script.clone())];
        config.providers.extend(self.fallbacks.iter().cloned().map(|script| Arc::new(script) as _));
        let (tasks, metrics) = (Tasks::new(), Metrics::new());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        let contract = Contract::default();
        let judged = |router| contract.around(router);
        evolve_api::serve_behind(config, listener, self.clock.clone(), &tasks, &metrics, judged).unwrap();
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let client = Client::new(http.clone(), base.clone());
        let (script, clock, contract) = (self.script.clone(), self.clock.clone(), Watched(contract));
        Api { base, client, http, script, clock, tasks, metrics, contract }
    }

    fn config(&self) -> Config {
        let key = fernet_key();
        let mut variables: Vec<(&str, String)> = [
            ("JWT_SECRET", JWT_SECRET),
            ("SERVICE_KEY", SERVICE_KEY),
            ("TELEGRAM_BOT_TOKEN", BOT_TOKEN),
            ("DATABASE_URL", &self.database_url),
            ("DATABASE_POOL_SIZE", "5"),
            ("ENCRYPTION_KEY", &key),
            ("PROVIDERS", r#"[{"kind": "scripted"}]"#),
            // A busy machine is not a Redis that is away.
            ("REDIS_TIMEOUT_MS", "10000"),
        ]
        .map(|(name, value)| (name, value.to_owned()))
        .to_vec();
        variables.extend(self.redis_url.clone().map(|url| ("REDIS_URL", url)));
        variables.extend(self.variables.iter().cloned());
        let mut env = Reader::from_values(variables);
        let config = Config::read(&mut env);
        env.finish(config).unwrap_or_else(|error| panic!("{error}"))
    }
}

/// The same for all replicas of a test.
pub(crate) fn fernet_key() -> String {
    "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=".to_owned()
}

/// An answer, as it came.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    #[track_caller]
    pub(crate) fn problem(&self) -> Problem {
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self:?}");
        let problem: Problem =
            serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text));
        assert_eq!(problem.status, self.status.as_u16());
        assert_eq!(problem.retry_after.map(|s| s.to_string()).as_deref(), self.header("retry-after"));
        assert_eq!(problem.request_id.as_deref(), self.header("x-request-id"));
        problem
    }

    #[track_caller]
    pub(crate) fn code(&self) -> Code {
        self.problem().code
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

impl Api {
    pub(crate) async fn start() -> Self {
        Setup::new().await.start().await
    }

    /// A token, as our bot gets it.
    pub(crate) async fn token(&self, user_id: i64) -> String {
        self.client.auth_as_service(&SecretString::from(SERVICE_KEY), user_id).await.unwrap().access_token
    }

    /// One message of `IVAN`, whole answer.
    pub(crate) async fn say(
        &self,
        token: &str,
        text: &str,
        key: Option<&str>,
    ) -> Result<ChatResponse, evolve_contract::ClientError> {
        self.client.chat(token, key, &ChatRequest { message: text.to_owned(), ..ChatRequest::default() }).await
    }

    pub(crate) fn url(&self, path: &str) -> Url {
        self.base.join(path.trim_start_matches('/')).unwrap()
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, self.url(path))
    }

    pub(crate) async fn get(&self, path: &str, token: Option<&str>) -> Answer {
        let request = self.request(Method::GET, path);
        self.send(token.map_or_else(|| self.request(Method::GET, path), |token| request.bearer_auth(token))).await
    }

    pub(crate) async fn post(&self, path: &str, token: Option<&str>, body: &Value) -> Answer {
        let request = self.request(Method::POST, path).json(body);
        self.send(match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        })
        .await
    }

    /// Sends, and reads the whole answer.
    pub(crate) async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        let response = self.http.execute(request.build().unwrap()).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await.unwrap();
        Answer { status, headers, text }
    }

    /// The value of a metric's line, 0 where it is not there.
    pub(crate) async fn metric(&self, line: &str) -> f64 {
        let text = self.get("/metrics", None).await.text;
        let found = text.lines().find_map(|l| l.strip_prefix(line)?.strip_prefix(' ')?.parse().ok());
        found.unwrap_or_default()
    }

    /// Stops it, waiting for what runs.
    pub(crate) async fn stop(self) {
        tokio::time::timeout(Duration::from_secs(20), self.tasks.stop(std::future::pending())).await.unwrap().unwrap();
    }
}
