//! Each role can do what it is for, and nothing else.

use std::collections::BTreeSet;

use evolve_store::roles::{self, Roles};
use evolve_testkit::database::TestDatabase;
use sqlx::{AssertSqlSafe, PgPool};

use crate::support::store;

/// A database with its roles, and a member of each.
struct Accounts {
    database: TestDatabase,
    owner: PgPool,
    roles: Roles,
}

/// Roles belong to the server, which all tests share, so they are called as the database is.
async fn accounts() -> Accounts {
    let database = TestDatabase::migrated().await;
    let roles = Roles::named(database.name()).unwrap();
    roles::grant(database.url(), &roles).await.unwrap();
    // After each migration it is done again.
    roles::grant(database.url(), &roles).await.unwrap();
    let owner = PgPool::connect(database.url()).await.unwrap();
    for role in [&roles.app, &roles.jobs, &roles.analytics] {
        let account = format!("CREATE ROLE {role}_account LOGIN IN ROLE {role}");
        sqlx::query(AssertSqlSafe(account)).execute(&owner).await.unwrap();
    }
    Accounts { database, owner, roles }
}

impl Accounts {
    fn url(&self, role: &str) -> String {
        self.database.url().replacen("postgres://evolve@", &format!("postgres://{role}_account@"), 1)
    }

    async fn code(&self, role: &str, statement: &'static str) -> Option<String> {
        let pool = PgPool::connect(&self.url(role)).await.unwrap();
        let done = sqlx::query(statement).execute(&pool).await;
        done.err().map(|error| error.as_database_error().unwrap().code().unwrap().into_owned())
    }
}

const NOT_ALLOWED: Option<&str> = Some("42501");

#[tokio::test]
async fn the_bot_and_the_api_own_nothing_and_correct_no_books() {
    let accounts = accounts().await;
    let Roles { app, jobs, .. } = &accounts.roles;
    for role in [app, jobs] {
        for refused in [
            "CREATE TABLE mine (a int)",
            "CREATE TEMPORARY TABLE mine (a int)",
            "ALTER TABLE users ADD COLUMN mine int",
            "DROP TABLE users",
            "TRUNCATE outbox",
            "UPDATE ledger SET amount = 0",
            "DELETE FROM ledger",
            "DELETE FROM audit_log",
            "UPDATE prompts SET content = ''",
            "DELETE FROM flag_changes",
            "SELECT forget_audit_log('2000-01-01')",
            "UPDATE _sqlx_migrations SET success = false",
        ] {
            assert_eq!(accounts.code(role, refused).await.as_deref(), NOT_ALLOWED, "{role}: {refused}");
        }
        assert_eq!(accounts.code(role, "DELETE FROM users").await, None);
    }
    let admins = "SELECT FROM admins, admin_sessions, admin_links, admin_recovery_codes, api_keys, api_users";
    assert_eq!(accounts.code(app, admins).await.as_deref(), NOT_ALLOWED);
    assert_eq!(accounts.code(jobs, admins).await, None);
    let partitions = "SELECT ensure_message_partitions('2031-01-01', 2)";
    assert_eq!(accounts.code(app, partitions).await.as_deref(), NOT_ALLOWED);
    let key = fernet::Fernet::generate_key();
    let store = store(&accounts.url(jobs), &key);
    let january = "2031-01-15T12:00:00Z".parse().unwrap();
    assert_eq!(store.messages().ensure_partitions(january, 2).await.unwrap(), 2);
    assert!(store.retention().drop_month("2031-01-01".parse().unwrap()).await.unwrap());
    assert!(!store.retention().drop_month("2031-01-01".parse().unwrap()).await.unwrap());
    // What a later migration makes is theirs too, without anybody granting it.
    sqlx::query("CREATE TABLE later (a int)").execute(&accounts.owner).await.unwrap();
    assert_eq!(accounts.code(app, "INSERT INTO later VALUES (1)").await, None);
}

#[tokio::test]
async fn a_restored_database_lets_everybody_run_what_runs_as_the_owner_until_the_roles_are_made() {
    let accounts = accounts().await;
    // As a copy without rights leaves them: Postgres gives every new function to everybody.
    let functions = [
        "ensure_message_partitions(timestamptz, integer)",
        "drop_message_partition(date)",
        "enable_message_vectors()",
        "forget_audit_log(timestamptz)",
    ];
    for function in functions {
        let grant = format!("GRANT EXECUTE ON FUNCTION {function} TO PUBLIC");
        sqlx::query(AssertSqlSafe(grant)).execute(&accounts.owner).await.unwrap();
    }
    let Roles { app, jobs, analytics } = &accounts.roles;
    let may = async |role: &str, function: &str| {
        let question = "SELECT has_function_privilege($1::name, $2::text, 'EXECUTE')";
        let asked = sqlx::query_scalar::<_, bool>(question).bind(role).bind(function);
        asked.fetch_one(&accounts.owner).await.unwrap()
    };
    for role in [app, jobs, analytics] {
        assert!(may(role, functions[0]).await, "the story begins with rights");
    }
    roles::grant(accounts.database.url(), &accounts.roles).await.unwrap();
    for function in functions {
        let is_a_job = !function.starts_with("forget");
        let who = [may(app, function).await, may(jobs, function).await, may(analytics, function).await];
        assert_eq!(who, [false, is_a_job, false], "{function}");
    }
}

#[tokio::test]
async fn who_reads_numbers_reads_no_words() {
    let accounts = accounts().await;
    let analytics = &accounts.roles.analytics;
    for allowed in [
        "SELECT count(id), count(*) FROM users",
        "SELECT date_trunc('day', created_at), role, count(id) FROM messages GROUP BY 1, 2",
        "SELECT currency, sum(amount) FROM ledger GROUP BY currency",
    ] {
        assert_eq!(accounts.code(analytics, allowed).await, None, "{allowed}");
    }
    for refused in [
        "SELECT text FROM messages",
        "SELECT * FROM messages_default",
        "SELECT content FROM facts",
        "SELECT profile FROM users",
        "SELECT payload FROM inbox",
        "SELECT params FROM outbox",
        "SELECT reply FROM turns",
        "SELECT count(*) FROM audit_log",
        "UPDATE users SET plan = 'premium'",
        "SELECT ensure_message_partitions(now(), 1)",
    ] {
        assert_eq!(accounts.code(analytics, refused).await.as_deref(), NOT_ALLOWED, "{refused}");
    }
    // Whatever holds words, by the name of its column or since anything may be in it.
    let readable: Vec<(String,)> = sqlx::query_as(
        "SELECT c.relname::text || '.' || a.attname::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
           AND has_column_privilege($1::name, c.oid, a.attnum, 'SELECT')
           AND (a.atttypid IN ('jsonb'::regtype, 'bytea'::regtype, 'real[]'::regtype) OR a.attname IN
                ('text', 'content', 'title', 'profile', 'search', 'term', 'postings', 'key', 'also_key', 'quoted', 'reply',
                 'said', 'image_ref', 'reply_picture', 'payload', 'params', 'error', 'note', 'offer', 'charge_id', 'file_ref'))",
    )
    .bind(analytics)
    .fetch_all(&accounts.owner)
    .await
    .unwrap();
    assert_eq!(readable.into_iter().map(|(column,)| column).collect::<BTreeSet<_>>(), BTreeSet::new());
}

/// A copy holds no rights, so functions that run as the owner are everybody's after a restore.
#[tokio::test]
async fn what_a_restore_opened_to_everybody_is_shut_again() {
    let accounts = accounts().await;
    let Roles { app, analytics, .. } = &accounts.roles;
    let open =
        "GRANT EXECUTE ON FUNCTION ensure_message_partitions(timestamptz, integer), drop_message_partition(date),
                enable_message_vectors(), forget_audit_log(timestamptz) TO PUBLIC";
    sqlx::query(open).execute(&accounts.owner).await.unwrap();
    let partitions = "SELECT ensure_message_partitions('2031-01-01', 1)";
    assert_eq!(accounts.code(analytics, partitions).await, None);
    roles::grant(accounts.database.url(), &accounts.roles).await.unwrap();
    for (role, refused) in [(analytics, partitions), (app, partitions), (app, "SELECT forget_audit_log('2000-01-01')")]
    {
        assert_eq!(accounts.code(role, refused).await.as_deref(), NOT_ALLOWED, "{role}: {refused}");
    }
}
