//! The scripts of backup and restore, run as their containers run them, on a real Postgres.

mod remote;
mod store;

use std::collections::BTreeMap;
use std::process::{Command, Output};
use std::time::Duration;

use evolve_operator::EvolveBot;
use evolve_operator::build::backup::{CONNECTION, DUMP, PRUNE, RECORD};
use evolve_operator::build::restore::{self, RESTORE, RestoreError};
use evolve_operator::build::{Inputs, build};
use evolve_testkit::binaries;
use evolve_testkit::database::TestDatabase;
use evolve_testkit::within;
use rstest::rstest;

/// The folders and the environment of a container.
struct Machine {
    url: String,
    place: tempfile::TempDir,
}

impl Machine {
    fn new(database: &TestDatabase) -> Self {
        let place = tempfile::tempdir().unwrap();
        std::fs::create_dir(place.path().join("work")).unwrap();
        Self { url: database.url().to_owned(), place }
    }

    fn folder(&self) -> std::path::PathBuf {
        self.place.path().join("backups/default/eva")
    }

    fn run(&self, scripts: &[&str], more: &[(&str, &str)]) -> Output {
        self.command(scripts, more).output().unwrap()
    }

    fn command(&self, scripts: &[&str], more: &[(&str, &str)]) -> Command {
        let mut command = shell(scripts);
        command.env("DATABASE_URL", &self.url).env("FOLDER", self.folder()).env("WORK", self.place.path().join("work"));
        command.env("KEEP_DAYS", "14").envs(more.iter().copied());
        command
    }

    fn back_up(&self) -> String {
        let output = self.run(&[CONNECTION, DUMP, PRUNE], &[]);
        assert!(output.status.success(), "{}", text(&output));
        self.copies().pop().unwrap()
    }

    fn restore(&self, copy: &str) -> Output {
        self.run(&[CONNECTION, RESTORE], &[("COPY", copy)])
    }

    fn copies(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder()).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// Everything in the database, as text.
    fn content(&self) -> String {
        let output = self.run(&[CONNECTION, "pg_dump --inserts --no-owner --no-privileges"], &[]);
        assert!(output.status.success(), "{}", text(&output));
        let dump = String::from_utf8(output.stdout).unwrap();
        // Random, so that a dump cannot be tricked into running commands.
        dump.lines()
            .filter(|line| !line.starts_with("\\restrict") && !line.starts_with("\\unrestrict"))
            .collect::<Vec<_>>()
            .join("\n")
    }

    fn sql(&self, statements: &str) {
        let output =
            self.run(&[CONNECTION, "psql -Xq --set=ON_ERROR_STOP=1 --command=\"$SQL\""], &[("SQL", statements)]);
        assert!(output.status.success(), "{}", text(&output));
    }
}

/// A container's command, with the programs of its image.
fn shell(scripts: &[&str]) -> Command {
    let programs = binaries::postgres(None).unwrap().bin;
    let rclone = store::rclone().and_then(|program| Some(program.parent()?.to_owned()));
    let images = [Some(programs), rclone, Some("/usr/bin".into()), Some("/bin".into())];
    let path = std::env::join_paths(images.into_iter().flatten()).unwrap();
    let mut command = Command::new("sh");
    command.env_clear().env("PATH", path).arg("-euc").arg(scripts.join("\n"));
    command
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

const PEOPLE: &str = "
    CREATE TABLE people (id bigint PRIMARY KEY, name text NOT NULL, born date);
    COMMENT ON COLUMN people.name IS 'What they are called.';
    CREATE TYPE mood AS ENUM ('well', 'unwell');
    CREATE TABLE letters (id bigint GENERATED ALWAYS AS IDENTITY, person bigint REFERENCES people, at timestamptz NOT NULL, mood mood) PARTITION BY RANGE (at);
    CREATE TABLE letters_2026 PARTITION OF letters FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
    CREATE FUNCTION greeting(name text) RETURNS text LANGUAGE sql AS $$ SELECT 'Hello, ' || name $$;
    CREATE VIEW greetings AS SELECT greeting(name) FROM people;
    INSERT INTO people VALUES (1, 'Ева'), (2, E'CREATE SCHEMA public;\\nSET transaction_timeout = 0;');
    INSERT INTO letters (person, at, mood) VALUES (1, '2026-03-01', 'well');";

#[tokio::test]
async fn a_restore_brings_back_exactly_what_was_copied() {
    let machine = Machine::new(&TestDatabase::migrated().await);
    machine.sql(PEOPLE);
    let before = machine.content();
    let copy = machine.back_up();
    machine.sql("DELETE FROM letters; DROP VIEW greetings; UPDATE people SET name = 'Nobody'; CREATE TABLE newer (id int); CREATE TYPE newer_mood AS ENUM ('a')");
    assert_ne!(machine.content(), before);
    let output = machine.restore(&copy);
    assert!(output.status.success(), "{}", text(&output));
    assert!(text(&output).contains(&format!("restored {copy}")));
    let unsaid = "not compared: this image has no evolve, so nothing was counted";
    assert!(text(&output).contains(unsaid), "{}", text(&output));
    similar(&machine.content(), &before);
    let output = machine.restore("latest");
    assert!(output.status.success(), "a second time: {}", text(&output));
    similar(&machine.content(), &before);
}

/// To drop a table drops its view, and what comes later in a list must not name what is gone.
#[tokio::test]
async fn a_database_with_many_views_is_restored_too() {
    let machine = Machine::new(&TestDatabase::empty().await);
    let tables = (0..30).map(|n| {
        format!("CREATE TABLE t{n} (id int); CREATE VIEW v{n} AS SELECT * FROM t{n}; CREATE FUNCTION f{n}() RETURNS SETOF t{n} LANGUAGE sql AS 'SELECT * FROM t{n}';")
    });
    machine.sql(&tables.collect::<String>());
    let before = machine.content();
    let copy = machine.back_up();
    let output = machine.restore(&copy);
    assert!(output.status.success(), "{}", text(&output));
    similar(&machine.content(), &before);
}

fn similar(left: &str, right: &str) {
    let differing = left.lines().zip(right.lines()).find(|(left, right)| left != right);
    assert!(left == right, "first difference: {differing:?}");
}

#[tokio::test]
async fn a_copy_that_cannot_be_restored_leaves_the_database_as_it_was() {
    let machine = Machine::new(&TestDatabase::empty().await);
    machine.sql(PEOPLE);
    let copy = machine.back_up();
    let path = machine.folder().join(&copy);
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() - 200]).unwrap();
    machine.sql("INSERT INTO people VALUES (3, 'New')");
    let before = machine.content();
    assert!(!machine.restore(&copy).status.success());
    similar(&machine.content(), &before);
}

#[tokio::test]
async fn nothing_is_restored_under_the_feet_of_a_running_bot_and_it_is_said_who_is_there() {
    let database = TestDatabase::migrated().await;
    let machine = Machine::new(&database);
    let copy = machine.back_up();
    let before = machine.content();
    let pool = database.pool();
    let mut connection = pool.acquire().await.unwrap();
    let query = "SELECT set_config('application_name', 'eva-api', false), 's3cret-word', pg_backend_pid()";
    let (_, _, pid): (String, String, i32) = sqlx::query_as(query).fetch_one(&mut *connection).await.unwrap();
    let output = machine.run(&[CONNECTION, RESTORE], &[("COPY", &copy), ("PATIENCE", "0")]);
    assert!(!output.status.success());
    let said = text(&output);
    assert!(said.contains("1 other connections use the database after 0 seconds, so nothing was changed"), "{said}");
    assert!(said.contains(&format!("pid {pid}, eva-api, from ")), "{said}");
    assert!(said.trim_end().ends_with("end what else is connected, and restore again"), "{said}");
    assert!(!said.contains("s3cret-word"), "what somebody asks is theirs: {said}");
    similar(&machine.content(), &before);
}

#[tokio::test]
async fn a_restore_waits_for_those_who_are_just_going() {
    let database = TestDatabase::migrated().await;
    let machine = Machine::new(&database);
    machine.back_up();
    let connection = database.pool().acquire().await.unwrap().detach();
    let log = machine.place.path().join("log");
    let mut command = machine.command(&[CONNECTION, RESTORE], &[("COPY", "latest")]);
    let mut restore = command.stdout(std::fs::File::create(&log).unwrap()).spawn().unwrap();
    let said = || std::fs::read_to_string(&log).unwrap();
    within(Duration::from_secs(60), "it waits", async || {
        said().contains("waiting for other connections to end:").then_some(()).ok_or_else(said)
    })
    .await;
    drop(connection);
    let ended = tokio::task::spawn_blocking(move || restore.wait().unwrap()).await.unwrap();
    assert!(ended.success() && said().contains("restored "), "{}", said());
}

#[tokio::test]
async fn a_copy_that_is_not_there_is_answered_with_those_that_are() {
    let machine = Machine::new(&TestDatabase::empty().await);
    let copy = machine.back_up();
    let output = machine.restore("2020-01-01T00-00-00Z.dump");
    assert!(!output.status.success());
    assert!(text(&output).contains("there is no copy '2020-01-01T00-00-00Z.dump'; there are:"), "{}", text(&output));
    assert!(text(&output).contains(&copy), "{}", text(&output));
}

#[tokio::test]
async fn old_copies_go_only_once_there_is_a_new_one() {
    let database = TestDatabase::empty().await;
    let mut machine = Machine::new(&database);
    machine.back_up();
    let old = machine.folder().join("2020-01-01T00-00-00Z.dump");
    std::fs::write(&old, "old").unwrap();
    let long_ago = std::time::SystemTime::now() - Duration::from_secs(16 * 86_400);
    std::fs::File::options().write(true).open(&old).unwrap().set_modified(long_ago).unwrap();
    let url = std::mem::replace(&mut machine.url, "postgres://nobody@127.0.0.1:1/nothing".to_owned());
    assert!(!machine.run(&[CONNECTION, DUMP, PRUNE], &[]).status.success());
    assert!(old.exists());
    machine.url = url;
    machine.back_up();
    assert!(!old.exists());
    assert!(machine.copies().iter().all(|name| name.ends_with(".dump")), "{:?}", machine.copies());
}

/// In an image that has no `evolve`; a database that does not know copies is copied all the same.
#[tokio::test]
async fn a_copy_of_a_plain_image_is_written_down_too_and_is_good_where_that_fails() {
    let database = TestDatabase::migrated().await;
    let machine = Machine::new(&database);
    for _ in 0..2 {
        let output = machine.run(&[CONNECTION, DUMP, RECORD, PRUNE], &[]);
        assert!(output.status.success() && output.stderr.is_empty(), "{}", text(&output));
        std::fs::remove_dir_all(machine.folder()).unwrap_or_default();
    }
    let copy = machine.back_up();
    let output = machine.run(&[CONNECTION, RECORD], &[]);
    assert!(text(&output).is_empty(), "{}", text(&output));
    let sql = database.pool();
    let query = "SELECT name, to_char(taken_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24-MI-SS\"Z.dump\"'), bytes, length(sha256), verdict
                 FROM backups ORDER BY taken_at DESC LIMIT 1";
    let (name, taken, bytes, digits, verdict): (String, String, i64, i32, String) =
        sqlx::query_as(query).fetch_one(&sql).await.unwrap();
    sql.close().await;
    let size = machine.folder().join(&copy).metadata().unwrap().len();
    assert_eq!((name, taken, bytes.unsigned_abs()), (copy.clone(), copy, size));
    assert_eq!((digits, verdict.as_str()), (64, "readable"));

    let elsewhere = Machine::new(&TestDatabase::empty().await);
    let output = elsewhere.run(&[CONNECTION, DUMP, RECORD, PRUNE], &[]);
    assert!(output.status.success(), "{}", text(&output));
    assert!(text(&output).contains("could not be written down in the database"), "{}", text(&output));
    assert_eq!(elsewhere.copies().len(), 1);
}

#[rstest]
#[case(
    "postgres://eva:secret@db.example.org:5433/evolve",
    "PGDATABASE=evolve PGHOST=db.example.org PGPASSWORD=secret PGPORT=5433 PGUSER=eva"
)]
#[case(
    "postgresql://eva@db/evolve?sslmode=verify-full&sslrootcert=/tls/ca.crt&statement-cache-capacity=0",
    "PGDATABASE=evolve PGHOST=db PGSSLMODE=verify-full PGSSLROOTCERT=/tls/ca.crt PGUSER=eva"
)]
#[case(
    "postgres://o%27brien:p%40ss%2Fw%3Ard%25%3F%26%5C%22%24x@[fd00::1]:5432/my%20db",
    "PGDATABASE=my db PGHOST=fd00::1 PGPASSWORD=p@ss/w:rd%?&\\\"$x PGPORT=5432 PGUSER=o'brien"
)]
#[case(
    "postgres://eva:%D0%BA%D0%BB%D1%8E%D1%87@[::1]/evolve",
    "PGDATABASE=evolve PGHOST=::1 PGPASSWORD=ключ PGUSER=eva"
)]
#[case(
    "postgres:///evolve?host=/run/postgresql&user=eva&password=a%3Db",
    "PGDATABASE=evolve PGHOST=/run/postgresql PGPASSWORD=a=b PGUSER=eva"
)]
fn every_part_of_a_url_reaches_libpq_in_its_own_variable(#[case] url: &str, #[case] expected: &str) {
    let output = shell(&[CONNECTION, "env"]).env("DATABASE_URL", url).output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    let printed = String::from_utf8(output.stdout).unwrap();
    let variables: BTreeMap<_, _> = printed.lines().filter_map(|line| line.split_once('=')).collect();
    let ours = variables.iter().filter(|(name, _)| name.starts_with("PG") && **name != "PGAPPNAME");
    let ours: Vec<_> = ours.map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(ours.join(" "), expected);
}

#[test]
fn a_ca_that_is_given_as_text_is_a_file_for_libpq() {
    let directory = tempfile::tempdir().unwrap();
    let ca = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----";
    let look = |ca: &str| {
        let mut command = shell(&[CONNECTION, "cat \"$PGSSLROOTCERT\""]);
        let command = command.env("DATABASE_URL", "postgres://db/evolve?sslmode=verify-full").env("PGSSLROOTCERT", ca);
        let output = command.env("TMPDIR", directory.path()).output().unwrap();
        assert!(output.status.success(), "{}", text(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(look(ca), format!("{ca}\n"));
    let file = directory.path().join("named.crt");
    std::fs::write(&file, "as it is").unwrap();
    assert_eq!(look(file.to_str().unwrap()), "as it is");
}

#[test]
fn a_restore_is_asked_for_by_the_name_of_a_copy_and_of_a_bot_that_has_backups() {
    let bot = EvolveBot::parse(include_str!("../../../../examples/full.yaml")).unwrap();
    let inputs = Inputs::default();
    let job = restore::job(&bot, &inputs, "2026-03-01T03-30-00Z.dump", "a1").unwrap();
    assert_eq!(job.metadata.name.as_deref(), Some("full-restore-a1"));
    insta::assert_snapshot!("restore", serde_yaml_ng::to_string(&job).unwrap());
    for bad in ["", "../other/2026.dump", "$(reboot).dump", "latest.sql", ".dump"] {
        let refused = restore::job(&bot, &inputs, bad, "a1");
        assert_eq!(refused.unwrap_err(), RestoreError::Name(bad.to_owned()));
    }
    let without = EvolveBot::parse(include_str!("../../../../examples/smallest.yaml")).unwrap();
    assert_eq!(restore::job(&without, &inputs, "latest", "a1").unwrap_err(), RestoreError::NoBackup);
}

#[test]
fn a_backup_out_of_turn_is_the_one_of_the_schedule() {
    let bot = EvolveBot::parse(include_str!("../../../../examples/polling.yaml")).unwrap();
    let cluster = evolve_operator::build::Cluster {
        image: "evolve".to_owned(),
        version: "0.1.0".to_owned(),
        has_prometheus: false,
        has_gateway: false,
        operator_namespace: "evolve-system".to_owned(),
    };
    let schedule = build(&bot, &Inputs::default(), &cluster).backup.unwrap();
    let job = evolve_operator::build::backup::now(&bot, &schedule, "k3v9").unwrap();
    assert_eq!(job.metadata.name.as_deref(), Some("maria-backup-k3v9"));
    assert_eq!(job.spec, schedule.spec.unwrap().job_template.spec);
}
