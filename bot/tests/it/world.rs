//! One story's surroundings, and bots to start in them.

use std::time::Duration;

use evolve_bot::config::Config;
use evolve_runtime::{
    clock::Clock,
    config::Reader,
    metrics::Metrics,
    shutdown::{Signals, Tasks},
};
use evolve_testkit::{
    TestDatabase,
    telegram::{BotEvent, CallOutcome, Doing, Sent, TelegramServer, User},
};
use sqlx::AssertSqlSafe;
use tokio::net::TcpListener;

use crate::api::{FakeApi, SERVICE_KEY};

pub(crate) const ENCRYPTION_KEY: &str = "RFRfZ2V0X3RoaXNfaXNfYV90ZXN0X2tleV8xMjM0NTY=";
pub(crate) const WEBHOOK_SECRET: &str = "a_secret-for-tests";

pub(crate) struct World {
    pub(crate) telegram: TelegramServer,
    pub(crate) api: FakeApi,
    pub(crate) database: TestDatabase,
    pub(crate) clock: Clock,
    /// Where bots believe Telegram to be, if not where it is.
    pub(crate) telegram_url: Option<String>,
    /// How answers are shown while they are made.
    pub(crate) streaming: &'static str,
    /// The Redis that bots share, if they do.
    pub(crate) redis_url: Option<String>,
    /// What they believe that Telegram allows.
    pub(crate) messages_per_second: &'static str,
    /// Whether they keep to what it allows for one chat. Where a story is not about that, much is said in a second.
    pub(crate) paces_chats: bool,
    /// How many updates may wait.
    pub(crate) inbox_limit: &'static str,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self {
            telegram: TelegramServer::start().await,
            api: FakeApi::start().await,
            database: TestDatabase::migrated().await,
            clock: Clock::system(),
            telegram_url: None,
            streaming: "edits",
            redis_url: None,
            messages_per_second: "1000",
            paces_chats: false,
            inbox_limit: "100000",
        }
    }

    /// A bot that polls.
    pub(crate) async fn bot(&self) -> RunningBot {
        self.bot_with(self.database.url(), Mode::Polling).await
    }

    /// A bot with a webhook, which Telegram knows of when this returns.
    pub(crate) async fn webhook_bot(&self) -> RunningBot {
        let bot = self.bot_with(self.database.url(), Mode::Webhook).await;
        self.telegram.wait_until("a webhook", |telegram| telegram.webhook_url()).await;
        bot
    }

    pub(crate) async fn bot_with(&self, database_url: &str, mode: Mode) -> RunningBot {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (mode, webhook_url) = match mode {
            Mode::Polling => ("polling", String::new()),
            Mode::Webhook => ("webhook", format!("{url}/telegram/webhook/main")),
        };
        let telegram_url = self.telegram_url.clone().unwrap_or_else(|| self.telegram.url());
        let mut env = Reader::from_values([
            ("API_URL", self.api.url()),
            ("SERVICE_KEY", SERVICE_KEY),
            ("TELEGRAM_BOT_TOKEN", self.telegram.token()),
            ("TELEGRAM_API_URL", &telegram_url),
            ("TELEGRAM_STREAMING", self.streaming),
            ("TELEGRAM_MODE", mode),
            ("WEBHOOK_URL", &webhook_url),
            ("WEBHOOK_SECRET", WEBHOOK_SECRET),
            ("TELEGRAM_MESSAGES_PER_SECOND", self.messages_per_second),
            ("INBOX_LIMIT", self.inbox_limit),
            ("DATABASE_URL", database_url),
            ("ENCRYPTION_KEY", ENCRYPTION_KEY),
            ("REDIS_URL", self.redis_url.as_deref().unwrap_or_default()),
            // A busy machine is not a Redis that is away.
            ("REDIS_TIMEOUT_MS", "2000"),
        ]);
        let config = Config::read(&mut env);
        let config = Config { paces_chats: self.paces_chats, ..env.finish(config).unwrap() };
        let (tasks, metrics) = (Tasks::new(), Metrics::new());
        evolve_bot::start(&config, listener, self.clock.clone(), &tasks, &metrics).unwrap();
        RunningBot { tasks, metrics, url }
    }

    /// What the person in a private chat has seen so far, as a page to read.
    pub(crate) fn transcript(&self, chat_id: i64) -> String {
        self.telegram.events(chat_id).iter().filter_map(line).collect::<Vec<_>>().join("\n\n")
    }

    /// How long after the last call of a method that went wrong the next one went well.
    pub(crate) fn recovery(&self, method: &str) -> Duration {
        let calls = self.telegram.calls_of(method);
        let bad =
            calls.iter().rposition(|call| matches!(call.outcome, CallOutcome::Refused { .. } | CallOutcome::CutBefore));
        let [bad, next, ..] = &calls[bad.unwrap()..] else { panic!("it was not tried again: {calls:#?}") };
        next.at - bad.at
    }

    /// Waits for the last message that the bot sent to have this in it.
    pub(crate) async fn wait_for_last(&self, chat_id: i64, part: &str) -> Sent {
        let has = |sent: &[Sent]| sent.last().is_some_and(|last| last.text.contains(part));
        self.telegram.wait_for(chat_id, has).await.pop().unwrap()
    }

    /// The texts that the bot sent to a chat.
    pub(crate) fn texts(&self, chat_id: i64) -> Vec<String> {
        self.telegram.messages(chat_id).into_iter().map(|sent| sent.text).collect()
    }

    /// Waits until the bot has handled this update to its end.
    pub(crate) async fn wait_until_done(&self, update_id: i64) {
        self.wait_until_update(update_id, "state <> 'pending'").await;
    }

    /// Waits until nothing is owed to anybody: what is being sent when the clock is moved counts as lost, and is sent again.
    pub(crate) async fn wait_until_nothing_is_owed(&self) {
        evolve_testkit::eventually("nothing is owed", async || {
            let owed = "SELECT count(*) FROM outbox WHERE state = 'pending'";
            let (owed,): (i64,) = sqlx::query_as(owed).fetch_one(&self.database.pool()).await.unwrap();
            owed == 0
        })
        .await;
    }

    /// Waits until no worker has this update, whether it is done or put back.
    pub(crate) async fn wait_until_let_go(&self, update_id: i64) {
        self.wait_until_update(update_id, "leased_until IS NULL").await;
    }

    /// Waits until this update was put back, to be worked later.
    pub(crate) async fn wait_until_postponed(&self, update_id: i64) {
        self.wait_until_update(update_id, "error IS NOT NULL AND leased_until IS NULL").await;
    }

    /// Waits until the message in which the answer is shown is remembered with this update.
    pub(crate) async fn wait_until_drafted(&self, update_id: i64) {
        self.wait_until_update(update_id, "draft_id IS NOT NULL").await;
    }

    async fn wait_until_update(&self, update_id: i64, condition: &'static str) {
        let pool = self.database.pool();
        let query = format!("SELECT {condition} FROM inbox WHERE update_id = $1");
        evolve_testkit::eventually(condition, async || {
            let found: Option<(bool,)> =
                sqlx::query_as(AssertSqlSafe(query.clone())).bind(update_id).fetch_optional(&pool).await.unwrap();
            found == Some((true,))
        })
        .await;
    }
}

#[derive(Clone, Copy)]
pub(crate) enum Mode {
    Polling,
    Webhook,
}

pub(crate) struct RunningBot {
    tasks: Tasks,
    pub(crate) metrics: Metrics,
    pub(crate) url: String,
}

impl RunningBot {
    /// Dies on the spot: whatever ran is dropped where it stood.
    pub(crate) async fn kill(self) {
        self.tasks.hard().cancel();
        // Waits until everything is dropped.
        drop(self.tasks.clone().stop(std::future::pending()).await);
    }

    /// Stops as on SIGTERM, and waits for it.
    pub(crate) async fn stop(self) {
        self.tasks.clone().stop(std::future::pending()).await.unwrap();
    }

    /// Stops as on a second SIGTERM: there is no time left for what runs.
    pub(crate) async fn hurry(self) {
        self.tasks.clone().stop(std::future::ready(())).await.unwrap();
    }

    /// Runs until something fails, and says what.
    pub(crate) async fn failure(self) -> String {
        let failed = tokio::time::timeout(
            Duration::from_secs(20),
            self.tasks.clone().run_until_stopped(Signals::listen().unwrap()),
        )
        .await;
        format!("{:#}", failed.expect("the bot goes on").expect_err("the bot ended well"))
    }

    /// The value of one line of the metrics; 0 if there is none.
    pub(crate) fn metric(&self, line: &str) -> f64 {
        let text = self.metrics.encode();
        let value = text.lines().find_map(|l| l.strip_prefix(line)?.trim().parse().ok());
        value.unwrap_or(0.0)
    }

    pub(crate) async fn get(&self, path: &str) -> reqwest::Response {
        reqwest::get(format!("{}{path}", self.url)).await.unwrap()
    }
}

impl Drop for RunningBot {
    fn drop(&mut self) {
        self.tasks.hard().cancel();
        self.tasks.soft().cancel();
    }
}

pub(crate) fn anna() -> User {
    User::new(42).first_name("Анна").language("ru")
}

pub(crate) fn john() -> User {
    User::new(7).first_name("John").language("en-GB")
}

fn line(event: &BotEvent) -> Option<String> {
    let page = |mark: &str, sent: &Sent| {
        let buttons = sent.buttons.iter().map(|row| row.iter().map(|b| format!("[{}]", b.text)).collect::<String>());
        let lines = std::iter::once(sent.text.clone()).chain(buttons).collect::<Vec<_>>().join("\n");
        format!("{mark} {lines}")
    };
    match &event.doing {
        Doing::Message { message } => Some(page("sent:", message)),
        Doing::Edited { message } => Some(page("edited:", message)),
        Doing::CallbackAnswered { .. } => Some("button answered".to_owned()),
        _ => None,
    }
}
