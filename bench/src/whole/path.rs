//! The whole path: a person writes at Telegram, and reads the answer there.

use std::collections::HashMap;
use std::time::Duration;

use evolve_bench::arrivals::{Stretch, moments};
use evolve_bench::times::Outcome;
use evolve_testkit::telegram::CallOutcome;
use tokio::time::{Instant, sleep, sleep_until};

use crate::plan::Plan;
use crate::processes::{self, UnderLoad};
use crate::report::{Report, Section};
use crate::world::World;

/// What is not finished.
const WAITING: &str = "
    SELECT (SELECT count(*) FROM inbox WHERE state = 'pending') + (SELECT count(*) FROM outbox WHERE state = 'pending')
         + (SELECT count(*) FROM turns WHERE state = 'running')";
/// How often it is looked whether all is.
const GLANCE: Duration = Duration::from_millis(200);
/// What is not finished by then never will be.
const LIMIT: Duration = Duration::from_secs(120);
/// Longer than the second in which a chat is sent one message.
const PAUSE: Duration = Duration::from_secs(2);

/// Measures it with each number of replicas; what memory the processes took with the first of them.
///
/// # Errors
/// When a process does not start.
pub(crate) async fn measure(world: &World, plan: &Plan, report: &mut Report) -> anyhow::Result<UnderLoad> {
    let mut rows = Vec::new();
    let (mut under_load, mut unanswered) = (None, 0);
    for &replicas in &plan.replicas {
        world.lived_in(plan).await?;
        let (mut apis, mut bots) = (Vec::new(), Vec::new());
        for _ in 0..replicas {
            let api = world.api(&[]).await?;
            bots.push(world.bot(&api).await?);
            apis.push(api);
        }
        let people: Vec<i64> = (world.somebody_new(plan.people)..).take(plan.people as usize).collect();
        // Everybody becomes known, and every connection is made.
        let first = write(world, &people, &vec![Duration::ZERO; people.len()]).await?;
        sleep(PAUSE).await;
        unanswered = first.failed();
        // Here and below: an answer that is late would count as one of what is measured next.
        if unanswered > 0 {
            break;
        }
        let rush = write(world, &people, &vec![Duration::ZERO; people.len()]).await?;
        sleep(PAUSE).await;
        unanswered = rush.failed();
        if unanswered > 0 {
            break;
        }
        let time = Duration::from_secs(plan.seconds);
        let mut evenly = moments(&[Stretch::steady(plan.messages_per_second, time)]);
        evenly.truncate(people.len());
        let calm = write(world, &people, &evenly).await?;
        unanswered = calm.failed();
        rows.push(vec![
            replicas.to_string(),
            format!("{:.1}", rush.per_second()),
            format!("{:.0}", calm.percentile_ms(50)),
            format!("{:.0}", calm.percentile_ms(99)),
            unanswered.to_string(),
        ]);
        let memory = UnderLoad {
            api: apis.first().and_then(crate::process::Process::memory),
            bot: bots.first().and_then(crate::process::Process::memory),
        };
        under_load.get_or_insert(memory);
        for (bot, api) in bots.into_iter().zip(apis) {
            processes::stop(bot, api).await?;
        }
        if unanswered > 0 {
            break;
        }
    }
    report.goal("messages of the whole path without an answer", "none", unanswered.to_string(), unanswered == 0);
    report.sections.push(Section {
        title: "The whole path",
        method: format!(
            "From a person's message at Telegram's server to the last call by which the answer came to stand there whole: inbox, API, the \
             scripted model, outbox. Each replica is a bot and an API of its own; one bot polls, all work. Messages a second: {} people who \
             are known write at once, until the last is answered. Latency: they write at {} messages a second.",
            plan.people, plan.messages_per_second
        ),
        head: vec!["replicas", "messages a second", "p50, ms", "p99, ms", "not answered"],
        rows,
    });
    Ok(under_load.unwrap_or_default())
}

/// Each writes once, at their moment; how long each waited for their answer.
async fn write(world: &World, people: &[i64], moments: &[Duration]) -> anyhow::Result<Outcome> {
    let telegram = &world.telegram;
    let began = Instant::now();
    let mut wrote = HashMap::with_capacity(people.len());
    for (person, moment) in people.iter().zip(moments) {
        let due = began + *moment;
        sleep_until(due).await;
        // Who waits since they should have written: were we late ourselves, they would look fast.
        wrote.insert(*person, due);
        telegram.send_text(*person, "How was your day?");
    }
    loop {
        // What Telegram still has was not yet written down by the bot.
        if telegram.pending_updates().is_empty() {
            let (waiting,): (i64,) = sqlx::query_as(WAITING).fetch_one(&world.pool).await?;
            if waiting == 0 {
                break;
            }
        }
        // Whoever has none by then counts as somebody without an answer.
        if began.elapsed() >= LIMIT {
            break;
        }
        sleep(GLANCE).await;
    }
    let mut read: HashMap<i64, Instant> = HashMap::new();
    for method in ["sendMessage", "editMessageText"] {
        for call in telegram.calls_of(method) {
            let person = call.chat_id().filter(|_| call.at >= began && call.outcome == CallOutcome::Ok);
            let Some(person) = person else { continue };
            let last = read.entry(person).or_insert(call.at);
            *last = (*last).max(call.at);
        }
    }
    let took = read.values().max().map(|last| last.duration_since(began)).unwrap_or_default();
    let waited = wrote.into_iter().map(|(person, at)| {
        let answer = read.get(&person).ok_or_else(|| "not answered".to_owned())?;
        Ok(answer.duration_since(at))
    });
    Ok(Outcome::of(waited, took))
}
