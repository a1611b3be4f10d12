//! An empty installation of the built binaries, and the month of life that it may have.

use std::{fs::File, io::Write as _, path::PathBuf, process::Stdio, time::Duration};

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Timelike as _, Utc};
use chrono_tz::Tz;
use evolve_api::panel::words::Words;
use evolve_domain::{day, language::Language};
use evolve_runtime::clock::Clock;
use evolve_testkit::{
    TestDatabase, TestRedis, eventually, life,
    process::free_port,
    telegram::{TelegramServer, User},
    within,
};
use sqlx::PgPool;
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::{
    processes::{binaries, common, start},
    system::Ground,
};

const JWT_SECRET: &str = "panel-jwt-secret-panel-jwt-secret-panel";
/// Of the models of the made-up life.
const PRICES: &str = r#"{"large": {"input": 0.3, "output": 2.5}, "small": {"input": 0.1, "output": 0.4}}"#;

/// A database with all migrations and nobody in it, a Telegram server, and what the binaries are told.
pub(super) struct Installation {
    pub(super) ground: Ground,
    /// Where the panel is.
    pub(super) url: String,
    /// Whose days are counted.
    pub(super) zone: Tz,
    binaries: PathBuf,
    port: u16,
    logs: TempDir,
}

impl Installation {
    /// One; nothing where a binary is missing, and what is `untold` then is said.
    pub(super) async fn empty(untold: &str) -> Option<Self> {
        let binaries = binaries(untold)?;
        if !binaries.join("evolve").is_file() {
            // Not `eprintln!`, which the test runner keeps to itself while all is well.
            writeln!(std::io::stderr(), "\nSKIPPED: {untold}. Run `make build` for evolve.\n").unwrap();
            return None;
        }
        let database_url = TestDatabase::empty().await.url().to_owned();
        let port = free_port().unwrap();
        let ground = Ground {
            telegram: TelegramServer::builder().patience(Duration::from_secs(60)).start().await,
            redis_url: TestRedis::create().await.url().to_owned(),
            sql: PgPool::connect(&database_url).await.unwrap(),
            key: fernet::Fernet::generate_key(),
            clock: Clock::system(),
            persona: r#"{"language":"en"}"#,
            database_url,
        };
        let installation = Self {
            ground,
            url: format!("http://127.0.0.1:{port}"),
            zone: where_it_is_noon(Utc::now()),
            binaries,
            port,
            logs: tempfile::tempdir().unwrap(),
        };
        installation.evolve(&["migrate"]).await;
        Some(installation)
    }

    /// `evolve …`, with the database and nothing else: what it said.
    pub(super) async fn evolve(&self, arguments: &[&str]) -> String {
        let done = Command::new(self.binaries.join("evolve"))
            .env_clear()
            .env("DATABASE_URL", &self.ground.database_url)
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .await
            .unwrap();
        let said = String::from_utf8_lossy(&done.stdout).into_owned();
        assert!(done.status.success(), "{arguments:?}: {said}{}", String::from_utf8_lossy(&done.stderr));
        said
    }

    /// Starts the API, and waits until it is ready.
    pub(super) async fn api(&self) -> Child {
        let log = File::create(self.logs.path().join("api")).unwrap();
        let mut variables = common(&self.ground, &self.ground.database_url);
        variables.extend([
            ("JWT_SECRET", JWT_SECRET),
            ("PROVIDERS", r#"[{"kind":"scripted"}]"#),
            ("PERSONA", self.ground.persona),
            ("REPORT_TIME_ZONE", self.zone.name()),
            ("MODEL_PRICES", PRICES),
            ("PANEL_RATE_LIMIT", "1000/minute"),
        ]);
        let api = start(&self.binaries.join("evolve-api"), &log, self.port, &variables);
        let ready = format!("{}/ready", self.url);
        eventually("the API is ready", async || reqwest::get(&ready).await.is_ok_and(|it| it.status() == 200)).await;
        api
    }

    /// Starts the bot.
    pub(super) fn bot(&self) -> Child {
        let log = File::create(self.logs.path().join("bot")).unwrap();
        let telegram = self.ground.telegram.url();
        let mut variables = common(&self.ground, &self.ground.database_url);
        variables.extend([
            ("API_URL", self.url.as_str()),
            ("TELEGRAM_API_URL", telegram.as_str()),
            ("TELEGRAM_MESSAGES_PER_SECOND", "100"),
        ]);
        start(&self.binaries.join("evolve-bot"), &log, free_port().unwrap(), &variables)
    }

    /// The life of a month happens, up to today; nobody has counted it yet.
    pub(super) async fn lives_a_month(&self) -> Month {
        let today = day::date_in(self.zone, Utc::now());
        let first = day::begins(self.zone, today).unwrap() - TimeDelta::days((life::DAYS - 1).into());
        life::a_month(&self.ground.sql, first).await;
        Month { first, today }
    }

    /// Waits until every day of the month is counted, today as well.
    pub(super) async fn is_counted(&self) {
        let query =
            "SELECT count(*) FROM report_days d JOIN jobs j ON j.name = 'roll_up' WHERE j.succeeded_at >= d.made_at";
        within(Duration::from_secs(60), "the month is counted", async || {
            self.ground.count(query).await == i64::from(life::DAYS)
        })
        .await;
    }

    /// Everybody of that life has come to the bot themselves, and can be written to.
    pub(super) async fn can_be_written_to(&self) {
        for id in 1..=life::PEOPLE {
            self.ground.telegram.open_chat(User::new(id));
        }
        let settled = "INSERT INTO settings (user_id, language, time_zone, onboarding, updated_at)
                       SELECT id, 'en', 'Europe/London', 'done', created_at FROM users";
        sqlx::query(settled).execute(&self.ground.sql).await.unwrap();
    }

    /// How the panel writes numbers and days.
    pub(super) fn words(&self) -> Words {
        Words { language: Language::En, zone: self.zone }
    }
}

/// The days of the life.
#[derive(Clone, Copy, Debug)]
pub(super) struct Month {
    first: DateTime<Utc>,
    pub(super) today: NaiveDate,
}

impl Month {
    /// When the last so many days began, today included.
    pub(super) fn since(&self, days: i32) -> DateTime<Utc> {
        self.first + TimeDelta::days((life::DAYS - days).into())
    }

    /// The last so many days, today included, oldest first.
    pub(super) fn last(&self, days: i32) -> Vec<NaiveDate> {
        let ago = |days: i32| self.today - Days::new(u64::try_from(days).unwrap());
        (0..days).rev().map(ago).collect()
    }
}

/// A zone in which it is about noon: no day ends while somebody looks, and whatever happens in a day's morning has happened. Its clocks
/// never change. The names have their signs the other way round, as in POSIX.
fn where_it_is_noon(now: DateTime<Utc>) -> Tz {
    let east = 12 - i64::from(now.hour());
    let name = if east == 0 { "Etc/GMT".to_owned() } else { format!("Etc/GMT{:+}", -east) };
    name.parse().unwrap()
}

#[test]
fn somewhere_it_is_always_noon() {
    for hour in 0..24 {
        let now: DateTime<Utc> = format!("2026-11-22T{hour:02}:59:59Z").parse().unwrap();
        assert_eq!(now.with_timezone(&where_it_is_noon(now)).hour(), 12);
    }
}
