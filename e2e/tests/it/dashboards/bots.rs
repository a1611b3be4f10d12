//! The built API and bot, and people and troubles that touch everything that dashboards draw.

use std::{fs::File, path::Path, time::Duration};

use evolve_contract::{Client, chat::ChatRequest, dialog_stats::StatsPeriod};
use evolve_engine::model::GeminiConfig;
use evolve_runtime::http::{self, ClientConfig};
use evolve_testkit::{
    eventually,
    models::{Behaviour, GeminiServer, OpenAiServer},
    process::free_port,
    telegram::{Fault, SentKind},
    within,
};
use secrecy::SecretString;
use serde_json::json;
use tokio::process::Child;

use super::prometheus::Target;
use crate::{
    processes::{common, start},
    speaks::recording,
    system::{Ground, SERVICE_KEY, ground},
};

/// The bot's name, and its namespace.
pub(super) const BOT: &str = "eva";
pub(super) const NAMESPACE: &str = "companions";

/// On premium, in Telegram.
const ANNA: i64 = 1001;
/// On the free plan, in Telegram.
const IVAN: i64 = 1002;
/// Somebody who goes to the API herself.
const OLGA: i64 = 1003;
/// The same, and nobody can answer her.
const VERA: i64 = 1004;
const JWT_SECRET: &str = "dashboards-jwt-secret-dashboards-jwt";
const PATIENCE: Duration = Duration::from_secs(60);
/// What the first model cannot answer, and what no model can.
const HARD: &str = "hardquestion";
const HARDEST: &str = "hardestquestion";
const PLANS: &str = r#"{
    "free": {"messagesPerDay": 100000, "historyMessages": 10, "facts": 50, "images": false},
    "premium": {"messagesPerDay": 200000, "historyMessages": 50, "facts": 500, "images": true}
}"#;
/// How often somebody comes with a wrong key: more often, and the API would no longer look at keys from here.
const WRONG_KEYS: u32 = 3;

/// The processes, and what is around them.
pub(super) struct Bots {
    ground: Ground,
    client: Client,
    olga: String,
    vera: String,
    api_port: u16,
    bot_port: u16,
    _processes: [Child; 2],
    _models: (GeminiServer, OpenAiServer),
    _logs: tempfile::TempDir,
}

impl Bots {
    /// Starts them, has premium bought, and one of the API's jobs fail.
    pub(super) async fn start(binaries: &Path) -> Self {
        let (ground, models) = (ground().await, models().await);
        // Its age is looked at when the API begins.
        let copy = "INSERT INTO backups (name, taken_at, bytes, sha256, verdict, checked_at)
                    VALUES ('eva-1', now() - interval '1 hour', 1, repeat('a', 64), 'counted', now())";
        sqlx::query(copy).execute(&ground.sql).await.unwrap();
        let (api_port, bot_port) = (free_port().unwrap(), free_port().unwrap());
        let (api_url, telegram_url) = (format!("http://127.0.0.1:{api_port}"), ground.telegram.url());
        let logs = tempfile::tempdir().unwrap();
        let log = |name: &str| File::create(logs.path().join(name)).unwrap();

        let providers = json!([
            { "kind": "gemini", "baseUrl": models.0.url() },
            { "kind": "openai", "baseUrl": models.1.base_url(), "model": "local", "name": "second" },
        ]);
        let price = json!({ "input": 0.3, "output": 2.5 });
        let prices = json!({ (GeminiConfig::DEFAULT_MODEL): price, "local": price }).to_string();
        let (providers, speech) = (providers.to_string(), r#"[{"kind":"scripted"}]"#);
        let mut variables = common(&ground, &ground.database_url);
        variables.extend([
            ("JWT_SECRET", JWT_SECRET),
            ("GOOGLE_API_KEY", "AIzaSyOfDashboards"),
            ("PROVIDERS", providers.as_str()),
            ("SPEAKERS", speech),
            ("TRANSCRIBERS", speech),
            ("PERSONA", ground.persona),
            ("PLANS", PLANS),
            ("MODEL_PRICES", prices.as_str()),
            ("PREMIUM_PRICE", r#"{"stars":250,"amount":29900,"currency":"RUB"}"#),
            ("CHAT_RATE_LIMIT", "10000/minute"),
            ("PROFILE_RATE_LIMIT", "10000/minute"),
        ]);
        let api = start(&binaries.join("evolve-api"), &log("api"), api_port, &variables);
        let mut variables = common(&ground, &ground.database_url);
        variables.extend([("API_URL", api_url.as_str()), ("TELEGRAM_API_URL", telegram_url.as_str())]);
        let bot = start(&binaries.join("evolve-bot"), &log("bot"), bot_port, &variables);
        // As a kubelet would, which alerts go by.
        for port in [api_port, bot_port] {
            let ready = format!("http://127.0.0.1:{port}/ready");
            eventually("a process is ready", async || {
                reqwest::get(&ready).await.and_then(reqwest::Response::error_for_status)
            })
            .await;
        }
        let client = Client::new(http::client(ClientConfig::default()).unwrap(), api_url.parse().unwrap());
        let token = async |person| client.auth_as_service(&SERVICE_KEY.into(), person).await.unwrap().access_token;
        let (olga, vera) = (token(OLGA).await, token(VERA).await);
        let this = Self {
            ground,
            client,
            olga,
            vera,
            api_port,
            bot_port,
            _processes: [api, bot],
            _models: models,
            _logs: logs,
        };
        this.premium_is_bought().await;
        this.a_job_fails().await;
        this
    }

    /// Where Prometheus finds them.
    pub(super) fn targets(&self) -> [Target; 2] {
        let target = |service, part, port| Target { namespace: NAMESPACE, service, part: Some((BOT, part)), port };
        [target("eva-api", "api", self.api_port), target("eva-bot", "bot", self.bot_port)]
    }

    /// People chat, send voice and go wrong, and Telegram and the models have their troubles.
    pub(super) async fn under_load(&self, round: u32) {
        let telegram = &self.ground.telegram;
        for (method, status) in [("sendMessage", 502), ("sendChatAction", 502), ("getUpdates", 502)] {
            telegram.fault(Fault::refuse(method, status, "Bad Gateway"));
        }
        // A word of a tool's name, by which the model knows that it is to be called.
        self.answered(IVAN, || telegram.send_text(IVAN, "what time is it?")).await;
        self.answered(IVAN, || telegram.send_text(IVAN, "/status")).await;
        self.answered(ANNA, || telegram.send_voice(ANNA, recording(2), 2)).await;
        // Failures of each model are never so many in a row that it is left alone.
        for (person, words) in [
            (&self.olga, "hello"),
            (&self.olga, HARD),
            (&self.olga, "hello again"),
            (&self.vera, HARDEST),
            (&self.olga, "and once more"),
        ] {
            let body = ChatRequest { message: words.to_owned(), ..ChatRequest::default() };
            let answer = self.client.chat(person, None, &body).await;
            assert_eq!(answer.is_ok(), words != HARDEST, "{words}: {answer:?}");
            self.client.profile(&self.olga, OLGA).await.unwrap();
        }
        self.client.dialog_stats(&SERVICE_KEY.into(), StatsPeriod::Day).await.unwrap();
        if round < WRONG_KEYS {
            let wrong = SecretString::from("a-key-of-nobody-a-key-of-nobody-a-key");
            assert!(self.client.auth_as_service(&wrong, OLGA).await.is_err());
        }
        let again = "UPDATE jobs SET due_at = now() WHERE name IN ('roll_up', 'cache_metrics')";
        sqlx::query(again).execute(&self.ground.sql).await.unwrap();
    }

    /// Waits until the bot has written once more to somebody who did this.
    async fn answered(&self, person: i64, act: impl FnOnce() -> i64) {
        let before = self.ground.telegram.messages(person).len();
        act();
        self.ground.telegram.wait_for(person, |sent| sent.len() > before).await;
    }

    async fn premium_is_bought(&self) {
        let telegram = &self.ground.telegram;
        telegram.send_text(ANNA, "/premium");
        let offered = |label: &str| label.contains("250 ⭐ for 30 days");
        let (message, data) = telegram
            .wait_until("the offer of premium", |telegram| {
                telegram.messages(ANNA).iter().find_map(|sent| {
                    let button = sent.buttons.iter().flatten().find(|button| offered(&button.text))?;
                    Some((sent.message_id, button.callback_data.clone()?))
                })
            })
            .await;
        telegram.press(ANNA, message, &data);
        let billed = telegram.wait_for(ANNA, |sent| sent.last().is_some_and(|last| last.kind == SentKind::Invoice));
        let invoice = billed.await.pop().unwrap().message_id;
        assert!(telegram.pay(ANNA, invoice) > 0);
        self.ground.wait_for_last(ANNA, |text| text.contains("Thank you!")).await;
    }

    /// One that did well fails once: what it reads is away for a moment.
    async fn a_job_fails(&self) {
        let is = async |outcome: &'static str| self.ground.count(outcome).await == 1;
        let done = "SELECT count(*) FROM jobs WHERE name = 'backups_checked' AND outcome = 'done'";
        let failed = "SELECT count(*) FROM jobs WHERE name = 'backups_checked' AND outcome = 'failed'";
        within(PATIENCE, "the age of copies is looked at", async || is(done).await).await;
        for statement in [
            "ALTER TABLE backups RENAME TO backups_away",
            "UPDATE jobs SET due_at = now() WHERE name = 'backups_checked'",
        ] {
            sqlx::query(statement).execute(&self.ground.sql).await.unwrap();
        }
        within(PATIENCE, "a job fails", async || is(failed).await).await;
        sqlx::query("ALTER TABLE backups_away RENAME TO backups").execute(&self.ground.sql).await.unwrap();
    }
}

/// A first model that some questions are too hard for, and a second that others are too hard for.
async fn models() -> (GeminiServer, OpenAiServer) {
    let (first, second) = (GeminiServer::start().await.unwrap(), OpenAiServer::start().await.unwrap());
    let refused =
        |prompt: &str, words: &[&str]| words.iter().any(|words| prompt.contains(words)).then(|| Behaviour::refuse(503));
    first.answer_with(move |asked| refused(&asked.prompt, &[HARD, HARDEST]));
    second.answer_with(move |asked| refused(&asked.prompt, &[HARDEST]));
    (first, second)
}
