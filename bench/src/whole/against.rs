//! Turns as a ratio to pgbench that asks Postgres for the same: what our own part of a turn costs.

use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use evolve_testkit::binaries;
use evolve_testkit::proxy::CountingProxy;
use sqlx::postgres::types::Oid;
use tokio::process::Command;

use crate::capture::{self, MARK, Ran};
use crate::chat::{self, MOST_TURNS};
use crate::plan::Plan;
use crate::report::{Report, Section};
use crate::script::{FIRST_OF_SCRIPT, Script, Typed, script};
use crate::world::World;

/// At least so many turns of ours for one of pgbench.
const PROMISED: f64 = 0.7;
/// What a turn asks; anything else that was found is not only a turn.
const STATEMENTS: usize = 3;
/// More than connections, so that each has prepared its statements.
const WARM_UP: u32 = 20;
/// Until Postgres has read its settings anew, or written down what it was asked.
const PATIENCE: Duration = Duration::from_secs(10);
const GLANCE: Duration = Duration::from_millis(20);

/// Measures it; says what is missing where pgbench is.
///
/// # Errors
/// When the API does not start, or pgbench fails.
pub(crate) async fn measure(world: &World, plan: &Plan, report: &mut Report) -> anyhow::Result<()> {
    let Some(program) = find() else {
        report.skipped.push("turns as a ratio to pgbench: there is no pgbench (Debian: postgresql)".to_owned());
        return Ok(());
    };
    let script = watch(world).await?;
    let file = world.logs().join("turn.pgbench");
    std::fs::write(&file, &script.text)?;
    let (mut rows, mut ours, mut theirs) = (Vec::new(), 0.0, 0.0);
    for round in 1..=plan.rounds {
        world.lived_in(plan).await?;
        // In turn the first: the database grows, and who comes second always meets more of it.
        let (turns, transactions) = if round % 2 == 1 {
            let turns = turns(world, plan).await?;
            (turns, run(&program, world, plan, &script, &file).await?)
        } else {
            let transactions = run(&program, world, plan, &script, &file).await?;
            (turns(world, plan).await?, transactions)
        };
        rows.push(vec![
            round.to_string(),
            format!("{turns:.0}"),
            format!("{transactions:.0}"),
            format!("{:.3}", turns / transactions),
        ]);
        ours += turns;
        theirs += transactions;
    }
    let ratio = ours / theirs;
    rows.push(vec!["all".to_owned(), String::new(), String::new(), format!("{ratio:.3}")]);
    report.goal("turns as a ratio to pgbench", "at least 0.7", format!("{ratio:.3}"), ratio >= PROMISED);
    report.sections.push(Section {
        title: "Turns as a ratio to pgbench",
        method: format!(
            "{} clients ask one thing after the other, for {} s: `POST /chat` of one API, and pgbench (prepared, one thread) with the \
             statements of such a turn, taken from Postgres' log with values and types; which of them is first changes. Each turn is the \
             first of somebody new, on both sides, which have as many connections. Postgres, its database and its settings are the same; it does not wait for the disk.",
            plan.clients, plan.seconds
        ),
        head: vec!["round", "turns a second", "pgbench, transactions a second", "ratio"],
        rows,
    });
    Ok(())
}

/// Turns of an API in a second.
async fn turns(world: &World, plan: &Plan) -> anyhow::Result<f64> {
    // As many as pgbench has.
    let connections = plan.clients.to_string();
    let api = world.api(&[("DATABASE_POOL_SIZE", connections.as_str())]).await?;
    chat::warm_up(world, &api, plan.clients).await?;
    // Each is the first of somebody new, as in the script.
    let count = u32::try_from(plan.seconds).unwrap_or(u32::MAX).saturating_mul(MOST_TURNS).min(MOST_TURNS * 60);
    let crowd = world.crowd(&api, count).await?;
    let outcome = chat::as_many_as_can_be(&crowd, plan.clients, Duration::from_secs(plan.seconds)).await;
    api.stop().await?;
    anyhow::ensure!(outcome.failed() == 0, "turns failed: {}", outcome.failures_in_words());
    let made = outcome.succeeded();
    // A second turn of somebody is another one than the script's.
    anyhow::ensure!(made <= count as usize, "{made} turns of {count} people: use fewer --seconds");
    Ok(outcome.per_second())
}

/// Has Postgres write down one turn, and makes a script of it.
async fn watch(world: &World) -> anyhow::Result<Script> {
    let proxy = CountingProxy::postgres(&world.postgres.url()).await?;
    let api = world.api(&[("DATABASE_URL", proxy.url()), ("DATABASE_POOL_SIZE", "4")]).await?;
    let warm = world.crowd(&api, WARM_UP).await?;
    for place in 0..WARM_UP as usize {
        warm.say(place).await.map_err(anyhow::Error::msg)?;
    }
    let person = world.somebody_new(1);
    let crowd = world.crowd_of(&api, person, 1).await?;
    let log = world.postgres.directory().join("postgres.log");
    set(world, &[("log_line_prefix", MARK), ("log_statement", "all")]).await?;
    let begins = std::fs::metadata(&log)?.len();
    crowd.say(0).await.map_err(anyhow::Error::msg)?;
    let found = found(&log, begins, person).await;
    set(world, &[("log_line_prefix", ""), ("log_statement", "none")]).await?;
    api.stop().await?;
    let mut typed = Vec::with_capacity(STATEMENTS);
    for ran in found? {
        let oids = proxy.types_of(&ran.sql).context("a statement of the turn was not prepared through the proxy")?;
        let mut types = Vec::with_capacity(oids.len());
        for oid in oids {
            let name = "SELECT CASE WHEN $1 = 0 THEN '' ELSE format_type($1, NULL) END";
            let (name,): (String,) = sqlx::query_as(name).bind(Oid(oid)).fetch_one(&world.pool).await?;
            types.push(name);
        }
        typed.push(Typed { ran, types });
    }
    Ok(script(&typed, person))
}

/// The statements about this person, once the log has them all.
async fn found(log: &Path, begins: u64, person: i64) -> anyhow::Result<Vec<Ran>> {
    let (began, person) = (Instant::now(), Some(person.to_string()));
    loop {
        let mut file = std::fs::File::open(log)?;
        file.seek(SeekFrom::Start(begins))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let mut ran = capture::statements(&String::from_utf8_lossy(&bytes));
        ran.retain(|ran| ran.values.contains(&person));
        if ran.len() == STATEMENTS {
            return Ok(ran);
        }
        let heads: Vec<_> = ran.iter().map(|ran| ran.sql.trim().lines().next().unwrap_or_default()).collect();
        anyhow::ensure!(
            began.elapsed() < PATIENCE,
            "a turn asked {} things instead of {STATEMENTS}: {heads:?}",
            ran.len()
        );
        tokio::time::sleep(GLANCE).await;
    }
}

/// Changes settings of the whole server, and waits until they are in force.
async fn set(world: &World, settings: &[(&str, &str)]) -> anyhow::Result<()> {
    for (name, value) in settings {
        // The server takes no parameters here; both are ours.
        let statement = format!("ALTER SYSTEM SET {name} = '{value}'");
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&world.pool).await?;
    }
    sqlx::query("SELECT pg_reload_conf()").execute(&world.pool).await?;
    let began = Instant::now();
    for (name, value) in settings {
        loop {
            let (is,): (String,) =
                sqlx::query_as("SELECT current_setting($1)").bind(*name).fetch_one(&world.pool).await?;
            if is == *value {
                break;
            }
            anyhow::ensure!(began.elapsed() < PATIENCE, "{name} does not become `{value}`");
            tokio::time::sleep(GLANCE).await;
        }
    }
    Ok(())
}

/// Transactions of pgbench in a second. Each must have ended a turn, or it did not do what a turn does.
async fn run(program: &Path, world: &World, plan: &Plan, script: &Script, file: &Path) -> anyhow::Result<f64> {
    let ended = "SELECT count(*) FROM turns WHERE user_id >= $1 AND state = 'done'";
    let count = async || sqlx::query_as::<_, (i64,)>(ended).bind(FIRST_OF_SCRIPT).fetch_one(&world.pool).await;
    let (before,) = count().await?;
    let mut command = Command::new(program);
    command.args(["--no-vacuum", "--protocol=prepared", "--jobs=1", "--host=127.0.0.1", "--username=evolve"]);
    command.arg(format!("--client={}", plan.clients)).arg(format!("--time={}", plan.seconds));
    command.arg(format!("--port={}", world.postgres.port())).arg("--file").arg(file);
    for (name, value) in &script.values {
        command.arg("--define").arg(format!("{name}={value}"));
    }
    let output = command.arg("evolve").kill_on_drop(true).output().await.context("pgbench")?;
    let told = String::from_utf8_lossy(&output.stdout);
    anyhow::ensure!(output.status.success(), "pgbench: {told}{}", String::from_utf8_lossy(&output.stderr));
    let number = |name: &str| told.lines().find_map(|line| leading_number(line.strip_prefix(name)?));
    let made = number("number of transactions actually processed: ").context("pgbench does not say how many")?;
    let (after,) = count().await?;
    anyhow::ensure!((after - before) as f64 >= made, "{made} transactions of pgbench ended {} turns", after - before);
    number("tps = ").context("pgbench does not say how fast")
}

/// `1234.5 (without initial connection time)`, `1234`.
fn leading_number(text: &str) -> Option<f64> {
    text.split([' ', '/']).next()?.parse().ok()
}

/// Beside the server that we run, or in the way.
fn find() -> Option<PathBuf> {
    let beside = binaries::postgres(None).ok().map(|postgres| postgres.bin.join("pgbench"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let in_path = std::env::split_paths(&path).map(|directory| directory.join("pgbench"));
    beside.into_iter().chain(in_path).find(|program| program.is_file())
}
