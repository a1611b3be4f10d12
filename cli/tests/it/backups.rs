//! Copies of a database, as an administrator makes them and puts them back, on real Postgres.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use evolve_domain::language::Language;
use evolve_domain::profile::{Onboarding, ProfilePatch, Settings};
use evolve_operator::build::backup::{CONNECTION, DUMP, PRUNE, RECORD};
use evolve_operator::build::restore::RESTORE;
use evolve_runtime::metrics::Metrics;
use evolve_store::{Store, StoreConfig};
use evolve_testkit::{TestDatabase, binaries};
use sqlx::AssertSqlSafe;

use crate::world::{Ran, World};

const IVAN: i64 = 42;

/// A database with a person in it, the key that reads them, and a directory for copies.
struct Site {
    world: World,
    database: TestDatabase,
    key: String,
}

impl Site {
    async fn new() -> Self {
        let site =
            Self { world: World::new(), database: TestDatabase::migrated().await, key: fernet::Fernet::generate_key() };
        let config = StoreConfig {
            database_url: site.database.url().into(),
            pool_size: 1,
            encryption_key: site.key.clone().into(),
        };
        let store = Store::connect(&config, &Metrics::new()).unwrap();
        let patch = ProfilePatch { name: Some(Some("Иван".to_owned())), ..ProfilePatch::default() };
        let defaults =
            Settings { language: Language::Ru, time_zone: chrono_tz::Europe::Moscow, onboarding: Onboarding::New };
        store.users().update(IVAN, &patch, defaults, "2026-11-21T12:00:00Z".parse().unwrap()).await.unwrap();
        store.close().await;
        site
    }

    fn place(&self) -> PathBuf {
        self.world.home().with_file_name("copies")
    }

    fn on(&self, database: &TestDatabase, key: &str, arguments: &[&str]) -> Ran {
        let mut command = self.world.command(arguments);
        command.env("DATABASE_URL", database.url()).env("ENCRYPTION_KEY", key);
        Ran::from(command.output().unwrap())
    }

    #[track_caller]
    fn back_up(&self, more: &[&str]) -> String {
        let place = self.place();
        let arguments = [&["backup", "--to", place.to_str().unwrap()][..], more].concat();
        let ran = self.on(&self.database, &self.key, &arguments);
        assert!(ran.succeeded, "{}", ran.said);
        ran.said
    }

    fn restore(&self, to: &TestDatabase, more: &[&str]) -> Ran {
        let latest = self.place().join("latest");
        self.on(to, &self.key, &[&["restore", "--from", latest.to_str().unwrap()][..], more].concat())
    }

    /// The newest copy.
    fn dump(&self) -> PathBuf {
        files(&self.place()).into_iter().rfind(|path| path.extension().unwrap() == "dump").unwrap()
    }

    fn manifest(&self) -> PathBuf {
        self.dump().with_extension("dump.json")
    }
}

fn files(place: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(place).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

async fn run(database: &TestDatabase, statement: &'static str) {
    let sql = database.pool();
    sqlx::raw_sql(statement).execute(&sql).await.unwrap();
    sql.close().await;
}

async fn count(database: &TestDatabase, table: &str) -> i64 {
    let sql = database.pool();
    let query = format!("SELECT count(*) FROM {table}");
    let (count,): (i64,) = sqlx::query_as(AssertSqlSafe(query)).fetch_one(&sql).await.unwrap();
    sql.close().await;
    count
}

#[tokio::test]
async fn a_copy_comes_back_elsewhere_and_every_table_is_compared() {
    let site = Site::new().await;
    let said = site.back_up(&[]);
    let name = site.dump().file_name().unwrap().to_str().unwrap().to_owned();
    assert!(said.starts_with(&format!("made {name}, ")), "{said}");
    let manifest = std::fs::read_to_string(site.manifest()).unwrap();
    assert!(!manifest.contains(&site.key) && manifest.contains("\"public.users\""), "{manifest}");
    run(&site.database, "INSERT INTO users (id, created_at, last_seen_at) VALUES (7, now(), now())").await;

    let elsewhere = TestDatabase::empty().await;
    let ran = site.restore(&elsewhere, &[]);
    assert!(ran.succeeded, "{}", ran.said);
    assert!(ran.said.contains(&format!("restored {name}")), "{}", ran.said);
    assert!(ran.said.contains("all as they were copied"), "{}", ran.said);
    assert!(ran.said.contains("ENCRYPTION_KEY fits what is encrypted"), "{}", ran.said);
    assert_eq!(count(&elsewhere, "users").await, 1, "who came later is not in the copy");

    let listed = site.world.must(&["backups", "--in", site.place().to_str().unwrap()]);
    assert!(listed.contains(&name) && listed.contains(" rows in "), "{listed}");
    let checked = site.world.must(&["backup", "verify", site.dump().to_str().unwrap()]);
    assert!(checked.contains(&format!("{name} is whole")), "{checked}");
}

/// Of the newest copy that was written down: name, size, sha256, verdict.
async fn newest(database: &TestDatabase) -> (String, i64, String, String) {
    let sql = database.pool();
    let query = "SELECT name, bytes, sha256, verdict FROM backups ORDER BY taken_at DESC LIMIT 1";
    let row = sqlx::query_as(query).fetch_one(&sql).await.unwrap();
    sql.close().await;
    row
}

#[tokio::test]
async fn a_copy_is_written_down_where_it_was_made_of_and_is_good_where_that_fails() {
    let site = Site::new().await;
    site.back_up(&[]);
    let name = site.dump().file_name().unwrap().to_str().unwrap().to_owned();
    let (written, bytes, sha256, verdict) = newest(&site.database).await;
    let size = i64::try_from(site.dump().metadata().unwrap().len()).unwrap();
    assert_eq!((written, bytes, sha256.len(), verdict.as_str()), (name, size, 64, "counted"));

    // The copy does not know of itself, and is compared all the same.
    let elsewhere = TestDatabase::empty().await;
    let ran = site.restore(&elsewhere, &[]);
    assert!(ran.succeeded && ran.said.contains("all as they were copied"), "{}", ran.said);
    assert_eq!(count(&elsewhere, "backups").await, 0);

    std::fs::remove_dir_all(site.place()).unwrap();
    run(&site.database, "DELETE FROM backups").await;
    site.back_up(&["--unrecorded"]);
    assert_eq!(count(&site.database, "backups").await, 0);

    std::fs::remove_dir_all(site.place()).unwrap();
    run(&site.database, "DROP TABLE backups").await;
    let said = site.back_up(&[]);
    assert!(said.contains("the copy is good, but could not be written down"), "{said}");
    assert!(site.manifest().exists());
}

#[tokio::test]
async fn a_database_that_is_not_empty_is_left_alone_until_it_is_to_be_replaced() {
    let site = Site::new().await;
    site.back_up(&[]);
    run(&site.database, "TRUNCATE users CASCADE; CREATE TABLE newer (id int)").await;
    let refused = site.restore(&site.database, &[]);
    assert!(!refused.succeeded && refused.said.contains("--replace"), "{}", refused.said);
    assert_eq!(count(&site.database, "users").await, 0);
    let ran = site.restore(&site.database, &["--replace"]);
    assert!(ran.succeeded, "{}", ran.said);
    assert_eq!(count(&site.database, "users").await, 1);
}

#[tokio::test]
async fn a_copy_of_which_one_bit_turned_is_refused_before_anything_changes() {
    let site = Site::new().await;
    site.back_up(&[]);
    let mut bytes = std::fs::read(site.dump()).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(site.dump(), &bytes).unwrap();
    let elsewhere = TestDatabase::empty().await;
    let ran = site.restore(&elsewhere, &[]);
    assert!(!ran.succeeded && ran.said.contains("is damaged: its sha256"), "{}", ran.said);
    std::fs::write(site.dump(), &bytes[..middle]).unwrap();
    let verified = site.world.evolve(&["backup", "verify", site.dump().to_str().unwrap()]);
    assert!(!verified.succeeded && verified.said.contains("is damaged: it has"), "{}", verified.said);
    assert!(evolve_store::backup::objects(elsewhere.url()).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_table_that_is_not_what_was_copied_is_named() {
    let site = Site::new().await;
    site.back_up(&[]);
    let mut manifest: serde_json::Value = serde_json::from_slice(&std::fs::read(site.manifest()).unwrap()).unwrap();
    manifest["tables"]["public.users"]["checksum"] = "1".into();
    std::fs::write(site.manifest(), manifest.to_string()).unwrap();
    let ran = site.restore(&TestDatabase::empty().await, &[]);
    assert!(!ran.succeeded, "{}", ran.said);
    assert!(ran.said.contains("public.users has its 1 rows, but not with the same content"), "{}", ran.said);
}

#[tokio::test]
async fn a_key_that_does_not_fit_is_told_before_anything_changes() {
    let site = Site::new().await;
    site.back_up(&[]);
    let (elsewhere, other) = (TestDatabase::empty().await, fernet::Fernet::generate_key());
    let latest = site.place().join("latest");
    let ran = site.on(&elsewhere, &other, &["restore", "--from", latest.to_str().unwrap()]);
    assert!(!ran.succeeded && ran.said.contains("what is encrypted in the copy needs the keys"), "{}", ran.said);
    assert!(!ran.said.contains(&other) && !ran.said.contains(&site.key), "{}", ran.said);
    assert!(evolve_store::backup::objects(elsewhere.url()).await.unwrap().is_empty());
    // A copy that does not know its keys is told of afterwards.
    let mut manifest: serde_json::Value = serde_json::from_slice(&std::fs::read(site.manifest()).unwrap()).unwrap();
    manifest["keys"] = serde_json::json!([]);
    std::fs::write(site.manifest(), manifest.to_string()).unwrap();
    let ran = site.on(&elsewhere, &other, &["restore", "--from", latest.to_str().unwrap()]);
    assert!(!ran.succeeded && ran.said.contains("the keys do not fit it"), "{}", ran.said);
}

#[tokio::test]
async fn people_may_write_while_a_copy_is_made() {
    let site = Site::new().await;
    run(&site.database, "CREATE TABLE letters (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, line text)").await;
    let (sql, is_made) = (site.database.pool(), AtomicBool::new(false));
    let write = async {
        let mut written = 0;
        while !is_made.load(Ordering::Relaxed) {
            let statement = "INSERT INTO letters (line) SELECT md5(i::text) FROM generate_series(1, 20) i";
            sqlx::query(statement).execute(&sql).await.unwrap();
            written += 20;
        }
        written
    };
    let copy = async {
        let is_begun = async || count(&site.database, "letters").await > 0;
        evolve_testkit::eventually("somebody writes", is_begun).await;
        let mut command = site.world.command(&["backup", "--to", site.place().to_str().unwrap()]);
        command.env("DATABASE_URL", site.database.url()).env("ENCRYPTION_KEY", &site.key);
        let ran = Ran::from(tokio::process::Command::from(command).output().await.unwrap());
        assert!(ran.succeeded, "{}", ran.said);
        is_made.store(true, Ordering::Relaxed);
    };
    let (written, ()) = tokio::join!(write, copy);
    let elsewhere = TestDatabase::empty().await;
    let ran = site.restore(&elsewhere, &[]);
    assert!(ran.succeeded && ran.said.contains("all as they were copied"), "{}", ran.said);
    let copied = count(&elsewhere, "letters").await;
    assert!(copied > 0 && copied <= written && copied % 20 == 0, "{copied} of {written}");
}

#[tokio::test]
async fn old_copies_go_once_there_is_a_new_one_and_their_manifests_with_them() {
    let site = Site::new().await;
    site.back_up(&[]);
    let [dump, manifest] = [site.dump(), site.manifest()];
    let mut text: serde_json::Value = serde_json::from_slice(&std::fs::read(&manifest).unwrap()).unwrap();
    text["created_at"] = "2020-01-01T00:00:00Z".into();
    let old = site.place().join("2020-01-01T00-00-00Z.dump");
    std::fs::write(old.with_extension("dump.json"), text.to_string()).unwrap();
    std::fs::rename(&dump, &old).unwrap();
    std::fs::remove_file(&manifest).unwrap();
    let foreign = site.place().join("2020-01-02T00-00-00Z.dump");
    std::fs::write(&foreign, "of another program").unwrap();
    let long_ago = SystemTime::now() - Duration::from_secs(16 * 86_400);
    std::fs::File::options().write(true).open(&foreign).unwrap().set_modified(long_ago).unwrap();
    std::fs::write(site.place().join("notes.txt"), "stay").unwrap();
    let said = site.back_up(&["--keep-days", "14"]);
    assert!(said.contains("removed 2020-01-01T00-00-00Z.dump") && said.contains("removed 2020-01-02"), "{said}");
    let mut left = vec![site.dump(), site.manifest(), site.place().join("notes.txt")];
    left.sort();
    assert_eq!(files(&site.place()), left);
}

#[tokio::test]
async fn what_cannot_be_done_is_told_with_what_can() {
    let site = Site::new().await;
    let ran = site.world.evolve(&["backup", "--to", "s3://bucket/copies"]);
    assert!(!ran.succeeded && ran.said.contains("rclone"), "{}", ran.said);
    site.back_up(&[]);
    let wanted = site.place().join("2020-01-01T00-00-00Z.dump");
    let ran = site.on(&site.database, &site.key, &["restore", "--from", wanted.to_str().unwrap()]);
    let name = site.dump().file_name().unwrap().to_str().unwrap().to_owned();
    assert!(!ran.succeeded && ran.said.contains(&format!("there are {name}")), "{}", ran.said);
    std::fs::remove_file(site.manifest()).unwrap();
    let elsewhere = TestDatabase::empty().await;
    let ran = site.restore(&elsewhere, &[]);
    assert!(!ran.succeeded && ran.said.contains("--unchecked"), "{}", ran.said);
    let ran = site.restore(&elsewhere, &["--unchecked"]);
    assert!(ran.succeeded, "{}", ran.said);
    assert_eq!(count(&elsewhere, "users").await, 1);
}

/// The scripts of the operator's jobs, in an image that has `evolve`.
#[tokio::test]
async fn the_jobs_of_a_cluster_make_the_same_copies_and_compare_what_they_put_back() {
    let site = Site::new().await;
    let work = tempfile::tempdir().unwrap();
    let evolve = Path::new(env!("CARGO_BIN_EXE_evolve")).parent().unwrap().to_owned();
    let programs = [evolve, binaries::postgres(None).unwrap().bin, "/usr/bin".into(), "/bin".into()];
    let path = std::env::join_paths(programs).unwrap();
    let script = |scripts: &[&str]| {
        let mut command = std::process::Command::new("sh");
        command.env_clear().env("PATH", &path).env("DATABASE_URL", site.database.url()).env("COPY", "latest");
        command.env("FOLDER", site.place()).env("WORK", work.path()).env("KEEP_DAYS", "14");
        Ran::from(command.arg("-euc").arg(scripts.join("\n")).output().unwrap())
    };
    let made = script(&[CONNECTION, DUMP]);
    assert!(made.succeeded, "{}", made.said);
    assert_eq!(count(&site.database, "backups").await, 0, "it is not yet where it stays");
    std::fs::remove_dir_all(site.place()).unwrap();
    let made = script(&[CONNECTION, DUMP, RECORD, PRUNE]);
    assert!(made.succeeded && made.said.starts_with("made ") && made.said.contains(" rows in "), "{}", made.said);
    let manifest: serde_json::Value = serde_json::from_slice(&std::fs::read(site.manifest()).unwrap()).unwrap();
    let (_, bytes, sha256, verdict) = newest(&site.database).await;
    assert_eq!((Some(bytes), verdict.as_str()), (manifest["bytes"].as_i64(), "counted"));
    assert_eq!(Some(sha256.as_str()), manifest["sha256"].as_str());
    run(&site.database, "TRUNCATE users CASCADE").await;
    let restored = script(&[CONNECTION, RESTORE]);
    assert!(restored.succeeded && restored.said.contains("all as they were copied"), "{}", restored.said);
    assert_eq!(count(&site.database, "users").await, 1);
}

#[tokio::test]
async fn the_private_database_is_copied_with_its_own_keys_and_put_back() {
    let world = World::new();
    world.must(&["migrate"]);
    let place = world.home().with_file_name("copies");
    world.must(&["backup", "--to", place.to_str().unwrap()]);
    let said = world.must(&["restore", "--replace", "--from", place.join("latest").to_str().unwrap()]);
    assert!(said.contains("ENCRYPTION_KEY fits what is encrypted"), "{said}");
}

/// As Kubernetes, Docker and Vault's agent give secrets.
#[tokio::test]
async fn a_database_and_a_key_that_are_named_by_files_are_those_that_are_worked_on() {
    let site = Site::new().await;
    let secrets = tempfile::tempdir().unwrap();
    let (url, key) = (secrets.path().join("url"), secrets.path().join("key"));
    std::fs::write(&url, format!("{}\n", site.database.url())).unwrap();
    std::fs::write(&key, format!("{}\n", site.key)).unwrap();
    let place = site.place();
    let evolve = |arguments: &[&str]| {
        let mut command = site.world.command(arguments);
        command.env("DATABASE_URL_FILE", &url).env("ENCRYPTION_KEY_FILE", &key);
        Ran::from(command.output().unwrap())
    };
    let made = evolve(&["backup", "--to", place.to_str().unwrap()]);
    assert!(made.succeeded, "{}", made.said);
    run(&site.database, "TRUNCATE users CASCADE").await;
    let latest = place.join("latest");
    let restore = ["restore", "--replace", "--from", latest.to_str().unwrap()];
    let restored = evolve(&restore);
    assert!(restored.succeeded && restored.said.contains("ENCRYPTION_KEY fits what is encrypted"), "{}", restored.said);
    assert_eq!(count(&site.database, "users").await, 1);
    for (content, expected) in [(Some(" \n"), "which is empty"), (None, "which cannot be read")] {
        std::fs::remove_file(&url).unwrap();
        if let Some(content) = content {
            std::fs::write(&url, content).unwrap();
        }
        for arguments in [&restore[..], &["migrate"], &["rotate-keys"]] {
            let refused = evolve(arguments);
            let says = refused.said.contains("DATABASE_URL_FILE names") && refused.said.contains(expected);
            assert!(!refused.succeeded && says, "{arguments:?}: {}", refused.said);
        }
    }
    assert!(!site.world.home().exists(), "a private database was made instead");
}

/// As the operator's migration does it.
#[tokio::test]
async fn roles_are_made_with_the_migrations_and_a_prefix_that_is_none_changes_nothing() {
    let (world, database) = (World::new(), TestDatabase::empty().await);
    let migrate = |prefix: &str| {
        let mut command = world.command(&["migrate", "up", "--roles", prefix]);
        Ran::from(command.env("DATABASE_URL", database.url()).output().unwrap())
    };
    let ran = migrate("eva-bot");
    assert!(!ran.succeeded && ran.said.contains("a prefix is 1 to 40 small Latin letters"), "{}", ran.said);
    assert_eq!(count(&database, "pg_tables WHERE schemaname = 'public'").await, 0);
    // Roles belong to the server, which all tests of this process share.
    let prefix = database.name().to_owned();
    for time in ["first", "second"] {
        let ran = migrate(&prefix);
        assert!(ran.succeeded, "{time}: {}", ran.said);
    }
    let granted = format!("pg_roles WHERE rolname = '{prefix}_app' AND has_table_privilege(oid, 'users', 'UPDATE')");
    assert_eq!(count(&database, &granted).await, 1);
}
