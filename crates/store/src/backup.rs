//! What a backup says of the database that it is a copy of, so that a restore can be compared with it: the rows of each
//! table, and a checksum over them.
//!
//! All is read in one snapshot, which `pg_dump --snapshot` reads too: people go on writing meanwhile, and the numbers are
//! those of the copy nevertheless. The checksum of a table is the sum of a hash of each row: it needs no order, so no sort
//! and no index, and one pass with the memory of one row. It finds what broke, not what somebody forged.
//!
//! Whole tables are read, the one place in the store where that is meant.

use std::{collections::BTreeMap, str::FromStr as _};

use serde::{Deserialize, Serialize};
use sqlx::{AssertSqlSafe, Connection as _, FromRow, PgConnection, postgres::PgConnectOptions};

use crate::{StoreError, pool};

/// Removes everything from the schema `public`; for the transaction that puts a copy there.
pub const WIPE: &str = include_str!("backup/wipe.sql");

/// The text of a row depends on these; and what is read lasts as long as it lasts. A newer Postgres can end transactions by
/// their age, which an older one does not know how to be told.
const SESSION: &str = "
    SET TimeZone = 'UTC'; SET DateStyle = 'ISO, MDY'; SET IntervalStyle = 'postgres'; SET bytea_output = 'hex';
    SET extra_float_digits = 1; SET search_path = pg_catalog; SET row_security = off;
    SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0; SET lock_timeout = '60s';
    SELECT set_config(name, '0', false) FROM pg_settings WHERE name = 'transaction_timeout';";

/// Postgres itself writes the statement of each table, so that a name is quoted as it must be. A partitioned table is
/// counted by its partitions.
const STATEMENTS: &str = "
    SELECT format('%I.%I', n.nspname, c.relname) AS name,
        format($$SELECT count(*) AS rows,
            coalesce(sum(('x' || left(encode(sha256(convert_to(evolve_row::text, 'UTF8')), 'hex'), 15))::bit(60)::bigint), 0)::text AS checksum
            FROM ONLY %I.%I AS evolve_row$$, n.nspname, c.relname) AS statement
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND c.relkind = 'r' AND c.relpersistence = 'p'
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
    ORDER BY 1";

/// As `STATEMENTS`, with what else would be in the way of a copy.
const OBJECTS: &str = "
    SELECT format('%I.%I', n.nspname, c.relname) AS name
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND NOT c.relispartition
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('e', 'i', 'a') AND d.refobjid <> c.oid)
    ORDER BY 1";

/// What those of other roles are is shown to few; that they are there, to everybody. Never what they ask.
const OTHERS: &str = "
    SELECT format('pid %s, %s, from %s, since %s', pid, coalesce(nullif(application_name, ''), 'without a name'),
        coalesce(host(client_addr), 'this machine'), date_trunc('second', backend_start))
    FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND usesysid IS NOT NULL
        AND coalesce(backend_type, 'client backend') = 'client backend'
    ORDER BY backend_start";

/// The content of one table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// How many rows it has.
    pub rows: i64,
    /// The sum of a hash of each.
    pub checksum: String,
}

/// The content of every table, by its name with its schema.
pub type Census = BTreeMap<String, Table>;

/// What the database is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// The whole version of Postgres, as it says it.
    pub version: String,
    /// Its major version.
    pub major: u32,
    /// The newest migration that is applied; none where none was.
    pub schema: Option<i64>,
}

/// The database as it was at one time. It lasts until it is dropped or released, and keeps tables from being changed or
/// removed as long, though not rows.
#[derive(Debug)]
pub struct Snapshot {
    connection: PgConnection,
    id: String,
}

impl Snapshot {
    /// Takes one.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn take(database_url: &str) -> Result<Self, StoreError> {
        let mut connection = connect(database_url).await?;
        sqlx::raw_sql("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").execute(&mut connection).await?;
        let (id,): (String,) = sqlx::query_as("SELECT pg_export_snapshot()").fetch_one(&mut connection).await?;
        Ok(Self { connection, id })
    }

    /// What `pg_dump --snapshot` calls it.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What the database is.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn server(&mut self) -> Result<Server, StoreError> {
        let (version, major, is_migrated): (String, i32, bool) = sqlx::query_as(
            "SELECT current_setting('server_version'), current_setting('server_version_num')::int4 / 10000,
                to_regclass('public._sqlx_migrations') IS NOT NULL",
        )
        .fetch_one(&mut self.connection)
        .await?;
        let schema = if is_migrated {
            let newest = sqlx::query_as("SELECT max(version) FROM public._sqlx_migrations WHERE success");
            let (newest,): (Option<i64>,) = newest.fetch_one(&mut self.connection).await?;
            newest
        } else {
            None
        };
        Ok(Server { version, major: u32::try_from(major).unwrap_or_default(), schema })
    }

    /// Counts the rows of every table, and sums them up.
    ///
    /// # Errors
    /// [`StoreError`]; also when a table was removed after the snapshot was taken and before its turn came.
    pub async fn census(&mut self) -> Result<Census, StoreError> {
        #[derive(FromRow)]
        struct Content {
            rows: i64,
            checksum: String,
        }
        let statements: Vec<(String, String)> = sqlx::query_as(STATEMENTS).fetch_all(&mut self.connection).await?;
        let mut census = Census::new();
        for (name, statement) in statements {
            let content = sqlx::query_as(AssertSqlSafe(statement));
            let Content { rows, checksum } = content.fetch_one(&mut self.connection).await?;
            census.insert(name, Table { rows, checksum });
        }
        Ok(census)
    }

    /// Lets it go.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn release(self) -> Result<(), StoreError> {
        Ok(self.connection.close().await?)
    }
}

/// What is in the schema `public` and would be in the way of a copy: the names of tables, views, and sequences.
///
/// # Errors
/// [`StoreError`]
pub async fn objects(database_url: &str) -> Result<Vec<String>, StoreError> {
    column(database_url, OBJECTS).await
}

/// Who else is connected to the database: a line for each, for people.
///
/// # Errors
/// [`StoreError`]
pub async fn others(database_url: &str) -> Result<Vec<String>, StoreError> {
    column(database_url, OTHERS).await
}

/// In what `found` differs from `expected`: a sentence for each table.
#[must_use]
pub fn differences(expected: &Census, found: &Census) -> Vec<String> {
    let compare = |(name, was): (&String, &Table)| match found.get(name) {
        None => Some(format!("{name} is missing: it had {} rows", was.rows)),
        Some(is) if is.rows != was.rows => Some(format!("{name} has {} rows and had {}", is.rows, was.rows)),
        Some(is) if is.checksum != was.checksum => {
            Some(format!("{name} has its {} rows, but not with the same content", was.rows))
        }
        Some(_) => None,
    };
    let fresh = found.iter().filter(|(name, _)| !expected.contains_key(*name));
    let fresh = fresh.map(|(name, is)| format!("{name} was not in the copy, and has {} rows", is.rows));
    expected.iter().filter_map(compare).chain(fresh).collect()
}

async fn column(database_url: &str, statement: &'static str) -> Result<Vec<String>, StoreError> {
    let mut connection = connect(database_url).await?;
    let rows: Vec<(String,)> = sqlx::query_as(statement).fetch_all(&mut connection).await?;
    connection.close().await?;
    Ok(rows.into_iter().map(|(value,)| value).collect())
}

async fn connect(database_url: &str) -> Result<PgConnection, StoreError> {
    let options = PgConnectOptions::from_str(database_url)?.application_name("evolve-backup");
    let mut connection = pool::connect(&options).await?;
    sqlx::raw_sql(SESSION).execute(&mut connection).await?;
    Ok(connection)
}
