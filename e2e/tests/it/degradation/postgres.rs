//! Postgres takes no changes, no connections, has no room, or dies.

use std::sync::Arc;

use evolve_engine::model::{Script, Step};
use evolve_testkit::{OwnPostgres, eventually};
use rstest::rstest;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, PgPool};
use tokio::sync::Notify;

use super::{IVAN, Recovery, is_ready};
use crate::system::{Ground, Mode, ground, parrot};

/// What is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    /// As after a fail-over, on what was the primary. Sessions that were begun meanwhile stay so when it is over.
    ReadOnly,
    /// All that there may be are taken.
    NoConnections,
    /// Said by a trigger, with the code and in the words of Postgres: a disk that is really full would be everybody's here.
    DiskFull,
}

/// Prepared while nobody is there: afterwards it would wait for locks that others hold.
const DISK: &str = "
    CREATE TABLE disk (is_full boolean NOT NULL);
    INSERT INTO disk VALUES (false);
    CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF (SELECT is_full FROM disk) THEN
        RAISE 'could not extend file: No space left on device' USING ERRCODE = '53100';
      END IF;
      RETURN NULL;
    END $$;
    CREATE TRIGGER full_disk BEFORE INSERT ON inbox FOR EACH STATEMENT EXECUTE FUNCTION full_disk();
    CREATE TRIGGER full_disk BEFORE INSERT ON outbox FOR EACH STATEMENT EXECUTE FUNCTION full_disk();
    CREATE TRIGGER full_disk BEFORE INSERT ON turns FOR EACH STATEMENT EXECUTE FUNCTION full_disk();
    CREATE TRIGGER full_disk BEFORE INSERT ON messages FOR EACH STATEMENT EXECUTE FUNCTION full_disk();";

/// Who may change the database, by one session that was begun while all was well.
struct Administrator {
    session: PgConnection,
    database: String,
}

impl Administrator {
    async fn of(ground: &Ground) -> Self {
        let mut session = PgConnection::connect(&ground.database_url).await.unwrap();
        let (database,): (String,) =
            sqlx::query_as("SELECT current_database()::text").fetch_one(&mut session).await.unwrap();
        Self { session, database }
    }

    /// An account of which connections can be refused: of the tests' own, which is a superuser's, they cannot.
    async fn account(&mut self, url: &str) -> String {
        let role = self.role();
        self.does(DISK.to_owned()).await;
        self.does(format!("CREATE ROLE {role} LOGIN IN ROLE evolve")).await;
        url.replacen("postgres://evolve@", &format!("postgres://{role}@"), 1)
    }

    fn role(&self) -> String {
        format!("{}_few", self.database)
    }

    async fn does(&mut self, sql: String) {
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut self.session).await.unwrap();
    }

    async fn begin(&mut self, trouble: Trouble) {
        match trouble {
            Trouble::ReadOnly => {
                self.does(format!("ALTER DATABASE {} SET default_transaction_read_only = on", self.database)).await;
            }
            Trouble::NoConnections => self.does(format!("ALTER ROLE {} CONNECTION LIMIT 0", self.role())).await,
            Trouble::DiskFull => return self.does("UPDATE disk SET is_full = true".to_owned()).await,
        }
        let sessions = format!("usename = '{}' AND pid <> pg_backend_pid()", self.role());
        self.does(format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {sessions}")).await;
    }

    async fn end(&mut self, trouble: Trouble) {
        let sql = match trouble {
            Trouble::ReadOnly => format!("ALTER DATABASE {} RESET default_transaction_read_only", self.database),
            Trouble::NoConnections => format!("ALTER ROLE {} CONNECTION LIMIT -1", self.role()),
            Trouble::DiskFull => "UPDATE disk SET is_full = false".to_owned(),
        };
        self.does(sql).await;
    }
}

#[rstest]
#[case::read_only(Trouble::ReadOnly)]
#[case::no_connections(Trouble::NoConnections)]
#[case::disk_full(Trouble::DiskFull)]
#[tokio::test]
async fn while_postgres_cannot_serve_messages_wait_and_each_is_answered_once_when_it_can(#[case] trouble: Trouble) {
    let mut ground = ground().await;
    let mut administrator = Administrator::of(&ground).await;
    ground.database_url = administrator.account(&ground.database_url).await;
    let api = ground.api(parrot()).await;
    let bot = ground.bot(&api.url, Mode::Polling).await;
    ground.telegram.send_text(IVAN, "one");
    ground.wait_for_last(IVAN, |text| text == "you said one").await;
    let (client, token) = ground.client(&api, IVAN).await;

    administrator.begin(trouble).await;
    if trouble != Trouble::DiskFull {
        // A full disk is still read from.
        eventually("both say so", async || !is_ready(&api).await && !is_ready(&bot).await).await;
    }
    ground.telegram.send_text(IVAN, "two");
    ground.telegram.send_text(IVAN, "three");
    let asked = evolve_contract::chat::ChatRequest { message: "four".to_owned(), ..Default::default() };
    let refused = client.chat(&token, None, &asked).await.unwrap_err();
    assert_eq!(refused.code(), Some(evolve_contract::Code::DatabaseUnavailable), "{refused}");
    assert_eq!(ground.telegram.messages(IVAN).len(), 1, "somebody was told of it");
    assert_eq!(ground.telegram.pending_updates().len(), 2, "an update was confirmed that nobody has");

    administrator.end(trouble).await;
    let recovery = Recovery::begins();
    let sent = ground.telegram.wait_for(IVAN, |sent| sent.len() == 3).await;
    eventually("both are ready", async || is_ready(&api).await && is_ready(&bot).await).await;
    recovery.took_at_most(45);
    let texts: Vec<_> = sent.iter().map(|sent| sent.text.as_str()).collect();
    assert_eq!(texts, ["you said one", "you said two", "you said three"]);
    assert_eq!(ground.count("SELECT sum(messages)::bigint FROM usage_days").await, 3);
}

#[tokio::test]
async fn a_postgres_that_dies_while_the_model_thinks_costs_no_answer_and_no_message() {
    let mut own = OwnPostgres::migrated().await.unwrap();
    let mut ground = ground().await;
    ground.database_url = own.url();
    ground.sql = PgPool::connect_lazy(&own.url()).unwrap();
    let gate = Arc::new(Notify::new());
    let thinks = Step::After(gate.clone(), Box::new(Step::say("worth the wait")));
    // Should the turn be made anew, it ends alike.
    let script = Script::new([thinks, Step::say("worth the wait"), Step::say("worth the wait")]);
    let api = ground.api(Arc::new(script.clone())).await;
    let _bot = ground.bot(&api.url, Mode::Polling).await;
    ground.telegram.send_text(IVAN, "think hard");
    script.asked(1).await;
    own.kill().unwrap();
    gate.notify_one();
    let own = tokio::task::spawn_blocking(move || own.start_again().map(|()| own)).await.unwrap().unwrap();
    let recovery = Recovery::begins();
    ground.wait_for_last(IVAN, |text| text == "worth the wait").await;
    recovery.took_at_most(45);
    // The answer is shown while it is made.
    let ended = "SELECT count(*) FROM inbox WHERE state = 'done'";
    eventually("the message is answered for good", async || ground.count(ended).await == 1).await;
    assert_eq!(ground.telegram.messages(IVAN).len(), 1);
    assert_eq!(ground.count("SELECT sum(messages)::bigint FROM usage_days").await, 1);
    assert_eq!(ground.count("SELECT count(*) FROM messages").await, 2);
    drop((api, own));
}
