//! Four weeks of Anna's life with her companion: she meets it, tells it things, comes back, pays, speaks and is spoken to,
//! asks what she said in the first week, changes jobs, is asked how her exam went, takes a copy of everything, cancels and
//! leaves; and then nothing of her is in any table.

use std::{io::Read as _, sync::Arc};

use chrono::{NaiveDate, TimeDelta};
use evolve_domain::{plan::Plans, relationship::Relationship};
use evolve_engine::{
    Engine, EngineConfig, EngineMetrics, conversations, first,
    meaning::Meanings,
    model::{Chain, ChainConfig, ModelProvider, Request, Script, Step},
    payments::see_to_endings,
    prompt::Persona,
    speech::{self, Speech},
    summary,
};
use evolve_runtime::{clock::Clock, metrics::Metrics, shutdown::Tasks};
use evolve_store::{Store, StoreConfig, wakeups::Wakeups};
use evolve_testkit::telegram::{Sent, SentKind, TelegramServer, User};
use serde_json::json;

use crate::{
    speaks::recording,
    system::{Ground, Mode, ground},
};

const ANNA: i64 = 734_002_117;

/// What a good companion does with what Anna says: keeps what matters, and answers from what it was given and nothing else.
fn companion(request: &Request) -> Step {
    let said = request.context.last().map(|message| message.text()).unwrap_or_default();
    if request.system.contains("# Writing first") {
        let plan = said.lines().find_map(|line| line.split_once("] ")).map_or("your day", |(_, plan)| plan);
        return Step::say(format!("How did it go? I mean: {plan}"));
    }
    if request.tools.is_empty() {
        let first = said.lines().find_map(|line| line.split_once("Person: ")).map_or("this and that", |(_, said)| said);
        return Step::say(json!({"title": first, "summary": format!("They spoke of this: {first}")}).to_string());
    }
    let remember = |fact: &str, replaces: Option<&str>| {
        Step::call("remember", json!({"fact": fact, "category": "work", "replaces": replaces}))
    };
    match said.lines().last().unwrap_or_default() {
        "" => Step::say("I will remember that."),
        "I work as a nurse in a children's hospital" => remember("Works as a nurse", None),
        "News: I teach biology now!" => remember("Teaches biology at a school", Some("Works as a nurse")),
        plan if plan.starts_with("My driving exam is on ") => {
            let day = plan.trim_start_matches("My driving exam is on ");
            Step::call("remember", json!({"fact": "Has a driving exam", "category": "plans", "date": day}))
        }
        "What is my job?" => {
            let facts = request.system.lines().filter(|line| line.starts_with("- [work"));
            Step::say(format!("What I know: {}", facts.collect::<Vec<_>>().join(" ")))
        }
        "Where did my sister Vera move with her cats?" => {
            let is_in_history = request.context.iter().rev().skip(1).any(|message| message.text().contains("Lisbon"));
            let recalled =
                said.split_once("# Said before\n").and_then(|(_, lines)| lines.split_once("Person: My sister"));
            match recalled.and_then(|(_, told)| told.lines().next()) {
                _ if is_in_history => Step::say("You told me just now."),
                Some(told) => Step::say(format!("As I recall, your sister{told}")),
                None => Step::say("You never told me."),
            }
        }
        _ => Step::say("I see."),
    }
}

struct Story {
    ground: Ground,
    engine: Engine,
    store: Store,
    _tasks: Tasks,
}

impl Story {
    async fn begin() -> Self {
        let ground = Ground { clock: Clock::ahead(), ..ground().await };
        ground.telegram.user(User::new(ANNA).first_name("Anna").language("en"));
        let (metrics, tasks) = (Metrics::new(), Tasks::new());
        let config = StoreConfig {
            database_url: ground.database_url.as_str().into(),
            pool_size: 4,
            encryption_key: ground.key.as_str().into(),
        };
        let store = Store::connect(&config, &metrics).unwrap();
        let engine = Engine::new(EngineConfig {
            wakeups: Wakeups::start(&store, &tasks),
            store: store.clone(),
            chain: Chain::new(vec![model()], ChainConfig::default()),
            speech: Speech::new(speech::Providers::default(), &metrics),
            meanings: Meanings::default(),
            persona: Persona::default(),
            plans: Plans::default(),
            relationship: Relationship::default(),
            max_iterations: 3,
            thinking_budget: 0,
            silence: TimeDelta::hours(8),
            metrics: EngineMetrics::register(&metrics),
            clock: ground.clock.clone(),
            handing_back: tasks.handing_back(),
        })
        .unwrap();
        Self { ground, engine, store, _tasks: tasks }
    }

    /// Anna says it, and waits for an answer with `part` in it.
    async fn says(&self, text: &str, part: &str) -> String {
        let before = self.ground.telegram.messages(ANNA).last().map_or(0, |sent| sent.message_id);
        self.ground.telegram.send_text(ANNA, text);
        self.hears(before, part).await
    }

    /// Anna presses the newest button with `label` in it, and waits for what has `part` in it.
    async fn presses(&self, label: &str, part: &str) -> String {
        let messages = self.ground.telegram.messages(ANNA);
        let button = |sent: &Sent| {
            let button = sent.buttons.iter().flatten().find(|button| button.text.contains(label))?;
            Some((sent.message_id, button.callback_data.clone()?))
        };
        let (message, data) =
            messages.iter().rev().find_map(button).unwrap_or_else(|| panic!("no button {label:?}: {messages:#?}"));
        self.ground.telegram.press(ANNA, message, &data);
        self.hears(message - 1, part).await
    }

    async fn hears(&self, after: i64, part: &str) -> String {
        let is_it = |sent: &Sent| sent.message_id > after && sent.text.contains(part);
        let sent = self.ground.telegram.wait_for(ANNA, |sent| sent.iter().any(is_it)).await;
        sent.into_iter().rev().find(is_it).unwrap().text
    }

    /// Waits until nothing is under way: when the time moves, that would count as lost, and be done again.
    async fn all_is_done(&self) {
        let quiet = "SELECT (SELECT count(*) FROM inbox WHERE state = 'pending') + (SELECT count(*) FROM outbox WHERE state = 'pending')
                          + (SELECT count(*) FROM turns WHERE state = 'running')";
        evolve_testkit::eventually("all is done", async || (self.ground.count(quiet).await == 0).then_some(())).await;
    }

    /// Time passes, and the hourly jobs do what they do.
    async fn days_pass(&self, days: i64) {
        self.all_is_done().await;
        for _ in 0..days {
            self.ground.clock.advance(TimeDelta::days(1));
            while conversations::end_some(&self.engine).await.unwrap() > 0 {}
            while summary::sum_up_one(&self.engine).await {}
            while summary::sum_up_week(&self.engine).await {}
            see_to_endings(&self.store, &self.ground.clock, "en").await.unwrap();
        }
    }

    /// Hours pass until the companion writes first, of itself.
    async fn until_written_to(&self, part: &str) -> String {
        let before = self.ground.telegram.messages(ANNA).last().map_or(0, |sent| sent.message_id);
        for _ in 0..96 {
            self.all_is_done().await;
            if self.ground.count("SELECT count(*) FROM proactive_messages").await > 0 {
                return self.hears(before, part).await;
            }
            self.ground.clock.advance(TimeDelta::hours(1));
            while first::write_to_some(&self.engine).await {}
        }
        panic!("she was not written to within four days")
    }

    /// The newest document that she was sent: a file of the zip that it is.
    async fn file_of_copy(&self, name: &str) -> String {
        let is_it = |sent: &Sent| sent.kind == SentKind::Document;
        let sent = self.ground.telegram.wait_for(ANNA, |sent| sent.iter().any(is_it)).await;
        let document = sent.into_iter().rev().find(is_it).unwrap().file.unwrap();
        let bytes = self.ground.telegram.file(&document.file_id).unwrap();
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes.to_vec())).unwrap();
        let mut text = String::new();
        archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
        text
    }

    /// Where in the database a piece of text stands, encrypted or not.
    async fn where_it_stands(&self, piece: &str) -> Vec<String> {
        let columns: Vec<(String, String)> = sqlx::query_as(
            "SELECT table_name::text, column_name::text FROM information_schema.columns
             WHERE table_schema = 'public' AND table_name NOT LIKE '\\_sqlx%'",
        )
        .fetch_all(&self.ground.sql)
        .await
        .unwrap();
        let fernet = fernet::Fernet::new(&self.ground.key).unwrap();
        let mut found = Vec::new();
        for (table, column) in columns {
            let query = format!("SELECT \"{column}\"::text FROM \"{table}\" WHERE \"{column}\" IS NOT NULL");
            let values: Vec<(String,)> =
                sqlx::query_as(sqlx::AssertSqlSafe(query)).fetch_all(&self.ground.sql).await.unwrap();
            for (value,) in values {
                let value = fernet.decrypt(&value).map_or(value, |bytes| String::from_utf8(bytes).unwrap());
                if value.contains(piece) {
                    found.push(format!("{table}.{column}: {value}"));
                }
            }
        }
        found
    }
}

fn model() -> Arc<dyn ModelProvider> {
    Arc::new(Script::with(companion))
}

#[tokio::test]
async fn four_weeks_of_a_life_and_nothing_of_it_is_left_when_it_is_to_be_forgotten() {
    let story = Story::begin().await;
    let api = story.ground.api(model()).await;
    let bot = story.ground.bot(&api.url, Mode::Polling).await;

    // The first week: they meet, and Anna tells of herself.
    story.says("/start", "language").await;
    story.presses("English", "call you").await;
    story.presses("Anna", "Lovely to meet you").await;
    story.says("I work as a nurse in a children's hospital", "remember that").await;
    story.says("My sister Vera moved to Lisbon with her two cats", "I see").await;
    assert!(story.says("/relationship", "level 1 of 5").await.contains("Stranger"));
    for day in 2..=6 {
        story.days_pass(1).await;
        story.says(&format!("Day {day} was much like any other"), "I see").await;
    }
    let week = story.says("/relationship", "level").await;
    assert!(week.contains("6 days in a row"), "{week}");

    // The second: she is away, comes back, and pays.
    story.days_pass(8).await;
    story.says("I am back from the mountains", "I see").await;
    let back = story.says("/relationship", "level").await;
    assert!(back.contains("you came back"), "{back}");
    story.says("/premium", "30 days").await;
    story.presses("every 30 days", "opens the bill").await;
    let link = story.ground.telegram.messages(ANNA).pop().unwrap().buttons[0][0].url.clone().unwrap();
    assert!(story.ground.telegram.pay_link(ANNA, &link) > 0);
    story.hears(0, "is charged again on").await;

    story.days_pass(6).await;

    // The third: she speaks, and is answered aloud, with the same in writing first.
    story.ground.telegram.send_voice(ANNA, recording(5), 5);
    let heard =
        story.ground.telegram.wait_for(ANNA, |sent| sent.last().is_some_and(|sent| sent.kind == SentKind::Voice));
    let [.., written, _] = &heard.await[..] else { panic!("the answer came only aloud") };
    assert_eq!(written.text, "I see.");

    // What was said in the first is not lost, though so much was said since that no history holds it: it is recalled.
    for number in 0..27 {
        let on = "It went on and on. ".repeat(200);
        story.says(&format!("This is thought number {number} of the morning. {on}"), "I see").await;
    }
    let told = story.says("Where did my sister Vera move with her cats?", "recall").await;
    assert!(told.contains("Lisbon with her two cats"), "{told}");
    assert!(story.says("What is my job?", "What I know").await.contains("Works as a nurse"));

    // The fourth: a new job takes the old one's place, which stays as history.
    story.days_pass(7).await;
    story.says("News: I teach biology now!", "remember that").await;
    let job = story.says("What is my job?", "What I know").await;
    assert!(job.contains("Teaches biology") && !job.contains("nurse"), "{job}");
    story.says("/memory", "1 fact").await;
    story.presses("Work and study", "Teaches biology").await;
    assert_eq!(story.ground.count("SELECT count(*) FROM facts WHERE ended_at IS NOT NULL").await, 1);
    assert!(story.ground.count("SELECT count(*) FROM weeks WHERE content IS NOT NULL").await >= 2);

    // She allows to be written to first, and is asked how her exam went: once, and she answers.
    story.says("/settings", "Settings").await;
    story.presses("Writing first", "Now and then I can write first").await;
    story.presses("Ask how my plans went", "First tell me where you live").await;
    story.presses("Europe", "Where do you live?").await;
    story.presses("London", "Europe/London").await;
    story.presses("Writing first", "Now and then I can write first").await;
    story.presses("Ask how my plans went", "A tick means").await;
    let allowed =
        async || (story.ground.count("SELECT count(*) FROM settings WHERE follow_ups").await == 1).then_some(());
    evolve_testkit::eventually("she has allowed it", allowed).await;
    let exam: NaiveDate = (story.ground.clock.now() + TimeDelta::days(2)).date_naive();
    story.says(&format!("My driving exam is on {exam}"), "remember that").await;
    let asked = story.until_written_to("How did it go?").await;
    assert!(asked.contains("Has a driving exam"), "{asked}");
    story.says("I passed, at the first try!", "I see").await;
    story.says("/stats", "Our last 30 days").await;

    // She takes a copy of everything along.
    story.says("/export", "putting it together").await;
    let page = story.file_of_copy("index.html").await;
    for piece in ["Teaches biology", "Works as a nurse", "moved to Lisbon", "How did it go?", "I passed", "250 ⭐"] {
        assert!(page.contains(piece), "{piece}: {page}");
    }

    // She cancels what she pays for, and wants to be forgotten.
    story.says("/premium", "renews itself on").await;
    story.presses("Cancel the subscription", "Premium stays yours").await;
    let canceled =
        |telegram: &TelegramServer| telegram.charges(ANNA).iter().any(|(.., canceled)| *canceled).then_some(());
    story.ground.telegram.wait_until("Telegram knows that it is cancelled", canceled).await;
    story.says("/delete", "forget you altogether").await;
    story.presses("At once", "are you sure?").await;
    story.presses("Yes, delete everything", "I have deleted everything").await;
    bot.stop().await;
    api.stop().await;
    // In Redis there is, for half a minute, the mark that keeps an old copy of her profile out, and nothing else.
    for (key, value) in story.ground.in_redis("*734002117*").await {
        assert_eq!((key.as_str(), value.as_deref()), ("evolve:profile:2:734002117", Some("-")));
    }
    for piece in ["734002117", "Anna", "nurse", "biology", "Lisbon", "thought number", "mountains", "exam", "passed"] {
        assert_eq!(story.where_it_stands(piece).await, [""; 0], "{piece}");
    }
}
