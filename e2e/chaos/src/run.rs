//! The run: everything starts, people write while everything breaks, all is well again, and then it is looked what became of
//! every message.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use evolve_testkit::telegram::TelegramServer;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::books::{self, Books};
use crate::evidence::Evidence;
use crate::fleet::{Fleet, Programs};
use crate::people::{self, Said};
use crate::plan::{Delivery, Neighbour, Plan};
use crate::report::{Damage, Report};
use crate::tag::Tag;
use crate::verdict;
use crate::world::{Outage, Servers, World};

/// How often it is looked whether all is done.
const GLANCE: Duration = Duration::from_millis(500);
/// For a bot to tell Telegram where it is.
const START_LIMIT: Duration = Duration::from_secs(30);
/// Of so many lost messages it is told why.
const REASONS: usize = 20;

/// What people have done, and what became of it in time.
struct Told {
    said: Vec<Said>,
    purchases: (usize, Vec<String>),
    settled: Option<Duration>,
}

/// Runs it.
///
/// # Errors
/// When something could not be started, broken or looked at; a broken promise is no error.
pub(crate) async fn run(plan: &Plan) -> anyhow::Result<Report> {
    plan.check()?;
    let programs = Programs::find(plan)?;
    let logs = logs_directory(plan)?;
    say(&format!("Logs of all processes: {}", logs.display()))?;
    let servers = Servers::start().await?;
    let world = World::start(plan, &servers).await?;
    let mut fleet = Fleet::start(plan, programs, &world.around, (&world.bots, &world.apis), &logs).await?;
    fleet.until_ready().await?;
    world.subscriber.subscribe(world.apis.url()).await?;
    until_reachable(plan, &world.telegram).await?;

    let (kills, outages, over) = (plan.kills(), plan.outages(), CancellationToken::new());
    say(&format!("{} people write for {} s, and everything breaks (seed {})", plan.people, plan.seconds, plan.seed))?;
    let began = Instant::now();
    world.rage(plan);
    let story = async {
        tokio::try_join!(
            tell(plan, &world, began, &over),
            fleet.endure(&kills, began, &over),
            servers.fall(&outages, began),
        )
    };
    let (told, (), (servers, fallen)) = tokio::select! {
        story = story => story?,
        never = world.models.go_on() => match never {},
    };
    servers.keep_logs(&logs);
    let report = conclude(&world, &fleet, told, fallen).await?;
    fleet.end().await?;
    Ok(report)
}

fn logs_directory(plan: &Plan) -> anyhow::Result<PathBuf> {
    let Some(path) = &plan.logs else { return Ok(tempfile::Builder::new().prefix("evolve-chaos-").tempdir()?.keep()) };
    std::fs::create_dir_all(path).with_context(|| format!("cannot make {}", path.display()))?;
    // Processes are started in it, so that it must be the same from everywhere.
    Path::canonicalize(path).with_context(|| format!("cannot look at {}", path.display()))
}

/// Nobody writes before Telegram knows where to deliver.
async fn until_reachable(plan: &Plan, telegram: &TelegramServer) -> anyhow::Result<()> {
    let limit = Instant::now() + START_LIMIT;
    while plan.delivery == Delivery::Webhook && telegram.webhook_url().is_none() {
        anyhow::ensure!(Instant::now() < limit, "no bot has told Telegram where it is");
        sleep(GLANCE).await;
    }
    Ok(())
}

/// People write and buy; then all is well again, and what waits is waited for.
async fn tell(plan: &Plan, world: &World, began: Instant, over: &CancellationToken) -> anyhow::Result<Told> {
    let scripts = plan.scripts();
    let end = began + plan.length();
    let limit = end + plan.patience();
    let writing = async {
        let said = people::write(&world.telegram, &scripts, began).await;
        sleep_until(end).await;
        world.calm();
        say("All is well again; waiting for the last answers")?;
        anyhow::Ok(said)
    };
    let (said, purchases) = tokio::join!(writing, people::buy(&world.telegram, &scripts, began, limit));
    let settled = until_settled(world, limit).await.then(|| end.elapsed());
    over.cancel();
    Ok(Told { said: said?, purchases, settled })
}

/// Waits until nothing waits any more, at Telegram or in the database: not for the answers alone, since one that Telegram has
/// and nobody knows of is sent once more when its lease has run out. False where that takes longer than until `limit`.
async fn until_settled(world: &World, limit: Instant) -> bool {
    let is_empty = || world.telegram.pending_updates().is_empty();
    loop {
        // An update goes from Telegram to the database, and what becomes of it there may be a new one at Telegram.
        if is_empty() && matches!(books::waiting(&world.pool).await, Ok(0)) && is_empty() {
            return true;
        }
        if Instant::now() >= limit {
            return false;
        }
        sleep(GLANCE).await;
    }
}

async fn conclude(world: &World, fleet: &Fleet<'_>, told: Told, outages: Vec<Outage>) -> anyhow::Result<Report> {
    let Told { said, purchases, settled } = told;
    let people: BTreeSet<i64> = said.iter().map(|said| said.tag.person).collect();
    let telegram = &world.telegram;
    let without_postgres = outages.iter().filter(|outage| outage.of == Neighbour::Postgres);
    let evidence = Evidence {
        chats: people.iter().map(|person| (*person, telegram.messages(*person))).collect(),
        calls: telegram.calls(),
        lives: fleet.lives.clone(),
        without_postgres: without_postgres.map(|outage| (outage.from, outage.until)).collect(),
        said,
    };
    let verdict = verdict::judge(&evidence);
    let mut answered: BTreeMap<i64, i64> = people.iter().map(|person| (*person, 0)).collect();
    for tag in &verdict.answered {
        *answered.entry(tag.person).or_default() += 1;
    }
    let mut charged = Vec::new();
    for person in people {
        charged.extend(telegram.charges(person).into_iter().map(|(charge, ..)| (person, charge)));
    }
    let books = Books::read(&world.pool).await.context("cannot read the database")?;
    let events = world.subscriber.heard().judged(&books.ids(), &books.queue);
    let damage = Damage::of(fleet, outages, evidence.failures(), world.models.counts());
    Ok(Report {
        reasons: reasons(world, &verdict.lost).await?,
        mistakes: books.mistakes(&answered, &charged),
        charges: charged.len(),
        verdict,
        settled,
        purchases,
        events,
        damage,
    })
}

/// Why messages were lost, as far as the rows tell that they left.
async fn reasons(world: &World, lost: &[Said]) -> anyhow::Result<Vec<String>> {
    let mut reasons = Vec::new();
    for said in lost.iter().take(REASONS) {
        let person = said.tag.person;
        let message = world.telegram.person_messages(person).into_iter().find(|message| {
            let raw = world.telegram.raw_message(person, *message);
            raw.and_then(|raw| Tag::said_in(raw.get("text")?.as_str()?)) == Some(said.tag)
        });
        reasons.push(books::why(&world.pool, said, message).await.context("cannot read the database")?);
    }
    Ok(reasons)
}

/// Says how far it is, apart from what it ends with.
fn say(text: &str) -> anyhow::Result<()> {
    Ok(writeln!(std::io::stderr(), "{text}")?)
}
