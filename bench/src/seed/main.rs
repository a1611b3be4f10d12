//! Reports, measured: a made-up life of any size in the tables of the store, and how long each report takes on it, and whatever else those
//! ask who run the bot.
//!
//! `seed` fills a Postgres by COPY, day by day as a life comes, with people who come, talk, pay and leave. `--roll-up` has the job make
//! all days of it, and forgets the turns that a real life would have forgotten; `--measure` asks each twenty times. One that
//! takes longer than is promised makes the run fail, after all was printed. Without `--database-url` it has a Postgres of its own,
//! which is gone at the end.

#![expect(clippy::print_stdout, reason = "its output is its purpose")]

mod life;
mod measure;
mod rows;
mod terms;

use std::time::Instant;

use anyhow::Context as _;
use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;
use clap::Parser;
use evolve_domain::report::ModelPrices;
use evolve_engine::reports::{ReportConfig, Reports};
use evolve_runtime::{clock::Clock, metrics::Metrics};
use evolve_store::{Store, StoreConfig, migrate, purge::Finished};
use evolve_testkit::database::TestDatabase;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use life::{Life, Plan};
use measure::Asked;

/// What the models of the made-up life cost; one of them has no price.
const PRICES: &str = r#"{
    "gemini-2.5-flash": {"input": 0.3, "output": 2.5},
    "gemini-2.5-flash-lite": {"input": 0.1, "output": 0.4}
}"#;

#[derive(Parser)]
#[command(about = "A made-up life of any size, and how long reports take on it")]
struct Args {
    /// How many people come.
    #[arg(long, default_value_t = 1000)]
    people: u32,
    /// About how many messages are said, of both sides.
    #[arg(long, default_value_t = 100_000)]
    messages: u64,
    /// In how many days, of which the last is yesterday.
    #[arg(long, default_value_t = 90)]
    days: u16,
    /// The same life for the same number.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// An empty database of its own account; it is migrated.
    #[arg(long)]
    database_url: Option<String>,
    /// Of how many people in a hundred words are indexed, to be searched for.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u8).range(0..=100))]
    indexed: u8,
    /// Whose days are made.
    #[arg(long, default_value = "UTC")]
    zone: Tz,
    /// Fills nothing: the life is there.
    #[arg(long)]
    filled: bool,
    /// Makes all days.
    #[arg(long)]
    roll_up: bool,
    /// Asks each report, and for people, payments and what was said, twenty times.
    #[arg(long)]
    measure: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let url = match &args.database_url {
        Some(url) => {
            migrate::up(url).await?;
            url.clone()
        }
        None => TestDatabase::migrated().await.url().to_owned(),
    };
    let config = StoreConfig {
        database_url: url.as_str().into(),
        pool_size: 4,
        encryption_key: fernet::Fernet::generate_key().into(),
    };
    let store = Store::connect(&config, &Metrics::new())?;
    let sql = PgPool::connect(&url).await?;
    let now = Utc::now();
    if !args.filled {
        fill(&args, &store, &sql, now).await?;
    }
    let clock = Clock::fixed(now);
    let prices: ModelPrices = serde_json::from_str(PRICES)?;
    let reports =
        Reports::new(store.clone(), clock, ReportConfig { zone: args.zone, prices, ..ReportConfig::default() });
    if args.roll_up {
        roll_up(&store, &reports, &sql, now).await?;
    }
    if args.measure {
        let missed = measure::all(&Asked::new(&store, &reports, Clock::fixed(now))).await?;
        anyhow::ensure!(missed.is_empty(), "longer than is promised: {}", missed.join(", "));
    }
    Ok(())
}

async fn fill(args: &Args, store: &Store, sql: &PgPool, now: DateTime<Utc>) -> anyhow::Result<()> {
    let began = Instant::now();
    let end = now.date_naive().and_time(NaiveTime::MIN).and_utc();
    let plan = Plan {
        people: args.people,
        messages: args.messages,
        days: args.days.max(1),
        seed: args.seed,
        indexed: args.indexed,
        end,
    };
    let begins = end - TimeDelta::days(plan.days.into());
    let months = i32::from(plan.days) / 28 + 2;
    store.messages().ensure_partitions(begins, months).await?;
    let mut life = Life::new(plan);
    let mut connection = sql.acquire().await?;
    for day in 0..plan.days {
        let tables = life.day(day);
        for (statement, rows) in tables.rows() {
            let mut copy = connection.copy_in_raw(statement).await?;
            copy.send(rows.as_bytes()).await?;
            copy.finish().await.with_context(|| statement.to_owned())?;
        }
        if day % 30 == 29 {
            println!("{} days, {} messages, {} s", day + 1, life.said(), began.elapsed().as_secs());
        }
    }
    life.settle(&mut connection).await?;
    sqlx::query("VACUUM ANALYZE").execute(sql).await?;
    println!("{} people, {} messages, {} s", plan.people, life.said(), began.elapsed().as_secs());
    Ok(())
}

async fn roll_up(store: &Store, reports: &Reports, sql: &PgPool, now: DateTime<Utc>) -> anyhow::Result<()> {
    let began = Instant::now();
    let done = reports.roll_up(&CancellationToken::new()).await?;
    println!("{} days made, {} closed, {} s", done.made, done.closed, began.elapsed().as_secs());
    let began = Instant::now();
    reports.roll_up(&CancellationToken::new()).await?;
    println!("the days that are open: {} ms", began.elapsed().as_millis());
    // As the job does it at night, after the days were closed.
    let before = now - Finished::Turns.kept_for(None);
    while store.purge(Finished::Turns, before, 10_000).await? > 0 {}
    sqlx::query("VACUUM ANALYZE").execute(sql).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_small_life_is_filled_made_into_days_and_told_of() {
        let args = Args::parse_from([
            "seed",
            "--people",
            "60",
            "--messages",
            "3000",
            "--days",
            "40",
            "--seed",
            "7",
            "--indexed",
            "50",
        ]);
        let database = TestDatabase::migrated().await;
        let config = StoreConfig {
            database_url: database.url().into(),
            pool_size: 4,
            encryption_key: fernet::Fernet::generate_key().into(),
        };
        let store = Store::connect(&config, &Metrics::new()).unwrap();
        let (sql, now) = (database.pool(), Utc::now());
        fill(&args, &store, &sql, now).await.unwrap();
        let count = async |table: &'static str| -> i64 {
            let query = format!("SELECT count(*) FROM {table}");
            sqlx::query_scalar(sqlx::AssertSqlSafe(query)).fetch_one(&sql).await.unwrap()
        };
        let (people, messages) = (count("users").await, count("messages").await);
        assert_eq!(people, 60);
        assert!((1500..6000).contains(&messages), "{messages}");
        assert_eq!(count("messages_default").await, 0, "a month has no partition");
        let clock = Clock::fixed(now);
        let reports = Reports::new(store.clone(), clock, ReportConfig::default());
        roll_up(&store, &reports, &sql, now).await.unwrap();
        let told = reports.overview(60).await.unwrap();
        let said: i64 =
            sqlx::query_scalar("SELECT count(*) FROM messages WHERE role = 'user'").fetch_one(&sql).await.unwrap();
        assert_eq!(told.sum(|day| day.messages), said);
        assert_eq!(told.sum(|day| day.new_people), people);
        assert_eq!(told.newest().map(|day| day.people), Some(people));
        let indexed = "SELECT count(DISTINCT user_id) FROM message_terms";
        let indexed: i64 = sqlx::query_scalar(indexed).fetch_one(&sql).await.unwrap();
        assert!((1..=people).contains(&indexed), "{indexed}");
        let hits = store.search().find("гречка", None, None).await.unwrap().hits;
        assert!(
            !hits.is_empty() && hits.iter().all(|hit| hit.message.text.to_lowercase().contains("греч")),
            "{hits:?}"
        );
        measure::all(&Asked::new(&store, &reports, Clock::fixed(now))).await.unwrap();
    }
}
