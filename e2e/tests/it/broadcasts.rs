//! A broadcast to some hundred people, while whoever sends it is killed again and again.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs::File,
    path::PathBuf,
    time::Duration,
};

use evolve_contract::broadcast::{BroadcastRequest, BroadcastState};
use evolve_testkit::{
    process::free_port,
    telegram::{CallOutcome, RecordedCall, TelegramServer, User},
    within,
};
use tokio::{process::Child, time::Instant};

use crate::{
    processes::{binaries, common, start},
    system::{Ground, SERVICE_KEY, ground, parrot},
};

const PEOPLE: std::ops::Range<i64> = 1001..1301;
/// After how many more people the next bot is killed. What the dead ones had in their hands waits for the end of its lease.
const KILLED_EVERY: usize = 25;
const KILLS: usize = 5;
/// Within this a process writes down that Telegram has taken a message; who is killed later has no excuse.
const WRITTEN_WITHIN: Duration = Duration::from_secs(2);

/// The calls that put a message before somebody.
fn written(telegram: &TelegramServer) -> Vec<RecordedCall> {
    let calls = telegram.calls_of("sendMessage");
    calls.into_iter().filter(|call| call.message_id.is_some()).collect()
}

async fn reached(telegram: &TelegramServer, people: usize) {
    let look = |telegram: &TelegramServer| {
        let chats: BTreeSet<_> = written(telegram).iter().filter_map(RecordedCall::chat_id).collect();
        (chats.len() >= people).then_some(())
    };
    telegram.wait_until("more people to be written to", look).await;
}

/// Bots, of which each comes to Telegram under a name of its own.
struct Bots<'a> {
    ground: &'a Ground,
    program: PathBuf,
    api_url: String,
    log: File,
    alive: Vec<(String, Child)>,
    killed: HashMap<String, Instant>,
}

impl Bots<'_> {
    fn raise(&mut self) {
        let name = format!("bot-{}", self.alive.len() + self.killed.len() + 1);
        let telegram_url = format!("{}/via/{name}", self.ground.telegram.url());
        let mut variables = common(self.ground, &self.ground.database_url);
        variables.extend([("API_URL", self.api_url.as_str()), ("TELEGRAM_API_URL", telegram_url.as_str())]);
        // Four fifths of it are a broadcast's.
        variables.extend([("TELEGRAM_MESSAGES_PER_SECOND", "50"), ("LOG_LEVEL", "INFO")]);
        let bot = start(&self.program, &self.log, free_port().unwrap(), &variables);
        self.alive.push((name, bot));
    }

    /// Kills the one that was started first.
    async fn kill(&mut self) {
        let (name, mut bot) = self.alive.remove(0);
        self.killed.insert(name, Instant::now());
        // By SIGKILL.
        bot.kill().await.unwrap();
    }

    /// Whether whoever made this call was killed before they could write down what came of it.
    fn excuses(&self, call: &RecordedCall) -> bool {
        let killed = call.via.as_ref().and_then(|name| self.killed.get(name));
        killed.is_some_and(|killed| *killed <= call.at + WRITTEN_WITHIN)
    }
}

async fn inhabited(ground: &Ground) {
    for id in PEOPLE {
        ground.telegram.open_chat(User::new(id));
    }
    let people: Vec<_> = PEOPLE.collect();
    for statement in [
        "INSERT INTO users (id, created_at, last_seen_at)
         SELECT id, timestamptz '2020-01-01', timestamptz '2020-01-02' FROM unnest($1::bigint[]) id",
        "INSERT INTO settings (user_id, language, time_zone, onboarding, updated_at)
         SELECT id, 'en', 'Europe/London', 'done', timestamptz '2020-01-01' FROM unnest($1::bigint[]) id",
    ] {
        sqlx::query(statement).bind(&people).execute(&ground.sql).await.unwrap();
    }
}

#[tokio::test]
async fn a_broadcast_whose_bots_are_killed_reaches_everybody_and_nobody_twice_but_in_the_one_window() {
    let Some(binaries) = binaries("a broadcast whose bots are killed") else { return };
    let ground = ground().await;
    inhabited(&ground).await;
    let api = ground.api(parrot()).await;
    let log = tempfile::tempfile().unwrap();
    let (program, api_url) = (binaries.join("evolve-bot"), api.url.clone());
    let mut bots = Bots { ground: &ground, program, api_url, log, alive: Vec::new(), killed: HashMap::new() };
    bots.raise();
    bots.raise();
    let (client, _) = ground.client(&api, PEOPLE.start).await;
    let wish = BroadcastRequest { key: "news".to_owned(), text: "News".to_owned(), ..BroadcastRequest::default() };
    let id = client.broadcast(&SERVICE_KEY.into(), &wish).await.unwrap().id;

    for kill in 1..=KILLS {
        reached(&ground.telegram, kill * KILLED_EVERY).await;
        bots.kill().await;
        bots.raise();
    }
    // The last ones go as well, so that what the dead ones hold can be freed without waiting for the end of their leases.
    bots.kill().await;
    bots.kill().await;
    sqlx::query("UPDATE outbox SET leased_until = now() WHERE state = 'pending'").execute(&ground.sql).await.unwrap();
    bots.raise();
    bots.raise();

    let done = within(Duration::from_secs(60), "it is done", async || {
        let broadcast = client.broadcast_status(&SERVICE_KEY.into(), &id).await.unwrap();
        (broadcast.state == BroadcastState::Done).then_some(broadcast)
    })
    .await;
    let everybody = u64::try_from(PEOPLE.count()).unwrap();
    assert_eq!((done.progress.chosen, done.progress.sent, done.progress.failed), (everybody, everybody, 0));
    let mut calls: BTreeMap<i64, Vec<RecordedCall>> = BTreeMap::new();
    for call in written(&ground.telegram) {
        calls.entry(call.chat_id().unwrap()).or_default().push(call);
    }
    assert!(calls.keys().copied().eq(PEOPLE), "somebody was not written to");
    let mut doubled = 0;
    for (person, calls) in &calls {
        assert_eq!(ground.telegram.messages(*person).len(), calls.len());
        // Whoever wrote before the last did not live to say so.
        for call in &calls[..calls.len() - 1] {
            assert!(bots.excuses(call), "{person} was written to twice: {calls:?}");
            assert!(matches!(call.outcome, CallOutcome::Ok | CallOutcome::Pending));
            doubled += 1;
        }
    }
    println!("{doubled} of {everybody} were written to twice, {} bots killed", bots.killed.len());
    // In the hands of a bot are twenty at most.
    assert!(doubled <= bots.killed.len() * 20);
}
