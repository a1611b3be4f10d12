//! Real processes that are told to stop in the middle of an answer: what runs is finished or handed back, nothing is lost, and
//! nobody is answered twice.

use std::path::Path;
use std::time::Duration;

use evolve_testkit::models::{Behaviour, End, GeminiServer, Recorded};
use evolve_testkit::process::{ServerProcess, Spec, free_port};
use evolve_testkit::telegram::TelegramServer;
use evolve_testkit::{TestDatabase, TestRedis, eventually, within};
use tokio::process::Command;
use tokio::time::{Instant, timeout};

use crate::short::binaries;

const ANNA: i64 = 42;
const SERVICE_KEY: &str = "stopping-service-key-stopping-service-key";
const JWT_SECRET: &str = "stopping-jwt-secret-stopping-jwt-secret";
/// A key of no data but these.
const ENCRYPTION_KEY: &str = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";
/// What Kubernetes gives a process, and what a process gives itself.
const GRACE: Duration = Duration::from_secs(30);
/// Of these, what is left for handing back: whoever does not hear the second signal waits for all the rest.
const UNHURRIED: Duration = Duration::from_secs(25);

/// What the model says to one of two things.
fn answer(request: &Recorded) -> &'static str {
    if request.prompt.contains("second") { "about second" } else { "about first" }
}

/// What outlives a process.
struct World {
    binaries: &'static Path,
    telegram: TelegramServer,
    gemini: GeminiServer,
    database: TestDatabase,
    redis: TestRedis,
    logs: tempfile::TempDir,
}

/// A replica.
struct Replica {
    process: ServerProcess,
    url: String,
}

impl World {
    /// Nothing where the programs are not built.
    async fn new() -> Option<Self> {
        let (binaries, gemini) = (binaries("processes that are told to stop")?, GeminiServer::start().await.unwrap());
        gemini.answer_with(|request| Some(Behaviour::say(answer(request))));
        Some(Self {
            binaries,
            gemini,
            telegram: TelegramServer::builder().patience(Duration::from_secs(90)).start().await,
            database: TestDatabase::migrated().await,
            redis: TestRedis::create().await,
            logs: tempfile::Builder::new().prefix("evolve-stopping-").tempdir().unwrap(),
        })
    }

    async fn api(&self, port: u16) -> Replica {
        let providers = format!(r#"[{{"kind": "gemini", "baseUrl": "{}"}}]"#, self.gemini.url());
        let own = [
            ("JWT_SECRET", JWT_SECRET),
            ("PROVIDERS", &providers),
            ("GOOGLE_API_KEY", "key"),
            ("PERSONA", r#"{"language": "en"}"#),
        ];
        self.start("evolve-api", port, &own).await
    }

    async fn bot(&self, api: &Replica) -> Replica {
        let telegram = self.telegram.url();
        // An answer is one message, and so they can be counted.
        let own = [("API_URL", api.url.as_str()), ("TELEGRAM_API_URL", &telegram), ("TELEGRAM_STREAMING", "off")];
        self.start("evolve-bot", free_port().unwrap(), &own).await
    }

    async fn start(&self, name: &'static str, port: u16, own: &[(&str, &str)]) -> Replica {
        let address = format!("127.0.0.1:{port}");
        let common = [
            ("HTTP_ADDR", address.as_str()),
            ("DATABASE_URL", self.database.url()),
            ("REDIS_URL", self.redis.url()),
            ("ENCRYPTION_KEY", ENCRYPTION_KEY),
            ("SERVICE_KEY", SERVICE_KEY),
            ("TELEGRAM_BOT_TOKEN", self.telegram.token()),
        ];
        let variables = common.iter().chain(own).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let (program, log) = (self.binaries.join(name), self.logs.path().join(format!("{name}-{port}.log")));
        let process = ServerProcess::spawn(&Spec {
            name,
            program: &program,
            arguments: Vec::new(),
            environment: variables.collect(),
            directory: self.logs.path(),
            log: &log,
            account: None,
            stop_signal: "TERM",
            stop_limit: Duration::from_secs(10),
            remove: None,
        });
        let replica = Replica { process: process.unwrap(), url: format!("http://{address}") };
        eventually("it is ready", async || {
            let log = std::fs::read_to_string(replica.process.log()).unwrap_or_default();
            if replica.is_ready().await { Ok(()) } else { Err(log) }
        })
        .await;
        replica
    }

    /// Anna says something, and the model is in the middle of its answer until it is released.
    async fn somebody_waits(&self) {
        self.gemini.next(Behaviour::chunks_then(["about first"], End::Silence));
        self.telegram.send_text(ANNA, "first");
        self.gemini.wait_for_requests(1).await;
    }

    /// The model goes on, and Anna is answered. Again and again, since what has not fallen silent yet does not hear it.
    async fn goes_on(&self) {
        within(Duration::from_secs(60), "she is answered", async || {
            self.gemini.release();
            !self.telegram.messages(ANNA).is_empty()
        })
        .await;
    }

    /// So many answers, each to one of these and in this order.
    async fn answered(&self, said: &[&str]) {
        let sent = self.telegram.wait_for(ANNA, |sent| sent.len() >= said.len()).await;
        let texts: Vec<&str> = sent.iter().map(|sent| sent.text.as_str()).collect();
        assert_eq!(texts.len(), said.len(), "{texts:?}");
        assert!(texts.iter().zip(said).all(|(text, said)| text.contains(said)), "{texts:?}");
    }
}

impl Replica {
    async fn is_ready(&self) -> bool {
        let answer = reqwest::get(format!("{}/ready", self.url)).await;
        answer.is_ok_and(|answer| answer.status().is_success())
    }

    /// Tells it to stop; it is not ready any more when this returns, and nothing has ended.
    async fn tell_to_stop(&self) {
        self.signal().await;
        eventually("it is not ready any more", async || !self.is_ready().await).await;
        assert_eq!(*self.process.exit().borrow(), None, "it did not wait for what runs");
    }

    async fn signal(&self) {
        let told = Command::new("kill").args(["-TERM", &self.process.pid().to_string()]).status().await.unwrap();
        assert!(told.success());
    }

    /// Its status, once it has ended by itself.
    async fn ended(&self) -> i32 {
        let mut exit = self.process.exit();
        let status = *timeout(GRACE, exit.wait_for(Option::is_some)).await.expect("it ends in time").unwrap();
        status.unwrap()
    }
}

#[tokio::test]
async fn a_bot_that_is_told_to_stop_finishes_what_it_answers_and_takes_nothing_new() {
    let Some(world) = World::new().await else { return };
    let api = world.api(free_port().unwrap()).await;
    let bot = world.bot(&api).await;
    world.somebody_waits().await;
    bot.tell_to_stop().await;
    world.telegram.send_text(ANNA, "second");
    world.goes_on().await;
    world.answered(&["first"]).await;
    assert_eq!(bot.ended().await, 0);
    assert_eq!(world.gemini.requests().len(), 1, "it took something new");
    let _heir = world.bot(&api).await;
    world.answered(&["first", "second"]).await;
    assert_eq!(world.gemini.requests().len(), 2, "something was thought about twice");
}

#[tokio::test]
async fn an_api_that_is_told_to_stop_finishes_the_answer_that_somebody_waits_for() {
    let Some(world) = World::new().await else { return };
    let api = world.api(free_port().unwrap()).await;
    let _bot = world.bot(&api).await;
    world.somebody_waits().await;
    api.tell_to_stop().await;
    world.goes_on().await;
    assert_eq!(api.ended().await, 0);
    world.answered(&["first"]).await;
    assert_eq!(world.gemini.requests().len(), 1);
}

#[tokio::test]
async fn a_bot_that_is_told_twice_hands_back_what_it_has_no_time_for_and_another_goes_on_at_once() {
    let Some(world) = World::new().await else { return };
    let api = world.api(free_port().unwrap()).await;
    let bot = world.bot(&api).await;
    world.somebody_waits().await;
    bot.tell_to_stop().await;
    let told = Instant::now();
    bot.signal().await;
    bot.ended().await;
    assert!(told.elapsed() < UNHURRIED, "it took {:?}", told.elapsed());
    let _heir = world.bot(&api).await;
    world.goes_on().await;
    world.answered(&["first"]).await;
    assert_eq!(world.gemini.requests().len(), 1, "the turn went on in the API, and is not made anew");
}

#[tokio::test]
async fn an_api_that_is_told_twice_hands_its_turn_back_and_the_next_one_answers() {
    let Some(world) = World::new().await else { return };
    let port = free_port().unwrap();
    let api = world.api(port).await;
    let _bot = world.bot(&api).await;
    world.somebody_waits().await;
    api.tell_to_stop().await;
    let told = Instant::now();
    api.signal().await;
    api.ended().await;
    assert!(told.elapsed() < UNHURRIED, "it took {:?}", told.elapsed());
    // Where the bot looks for it.
    let _heir = world.api(port).await;
    world.answered(&["first"]).await;
    assert_eq!(world.gemini.requests().len(), 2, "the model was asked once by each");
}
