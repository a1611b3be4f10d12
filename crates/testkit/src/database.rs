//! Databases for tests. One throwaway Postgres per test process, one template in it that is migrated once, and a copy
//! of the template for each test: a test gets an empty, migrated database of its own in some 30 ms.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, PgPool};

use crate::account::Account;
use crate::error::ServerError;
use crate::postgres::{Durability, PostgresOptions, PostgresServer};
use crate::process::free_port;

const TEMPLATE: &str = "evolve_template";

/// The migrations of this workspace.
#[must_use]
pub fn migrations_directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations")
}

/// The throwaway Postgres that all tests of this process share, started on first use. Blocks while it starts.
///
/// # Errors
/// Why it cannot be started; remembered, so that every test of the process says so without trying again.
pub fn shared() -> Result<&'static PostgresServer, ServerError> {
    static SHARED: OnceLock<Result<PostgresServer, String>> = OnceLock::new();
    SHARED
        .get_or_init(|| start_throwaway(None).map_err(|error| error.to_string()))
        .as_ref()
        .map_err(|error| ServerError::Remembered(error.clone()))
}

/// Starts the shared one, or with a directory and a port one that may be killed and started again.
fn start_throwaway(again: Option<(&Path, u16)>) -> Result<PostgresServer, ServerError> {
    let root = match again {
        Some((root, _)) => root.to_owned(),
        None => Account::for_servers()?.temporary_directory("evolve-postgres-")?,
    };
    PostgresServer::start(&PostgresOptions {
        data: root.join("data"),
        log: root.join("postgres.log"),
        password: None,
        port: again.map(|(_, port)| port),
        durability: if again.is_some() { Durability::Kill } else { Durability::Nothing },
        tls: None,
        remove: Some(root),
    })
}

/// A database of [`shared`] for one test alone. It goes when the test process goes.
#[derive(Debug, Clone)]
pub struct TestDatabase {
    name: String,
    url: String,
}

impl TestDatabase {
    /// A database with all migrations of the workspace applied, and no data.
    ///
    /// # Panics
    /// When Postgres cannot be started or the migrations fail, with the reason.
    pub async fn migrated() -> Self {
        Self::create(|| Some(template())).await
    }

    /// A database without anything in it: for tests of the migrations themselves.
    ///
    /// # Panics
    /// When Postgres cannot be started, with the reason.
    pub async fn empty() -> Self {
        Self::create(|| None).await
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A small pool of connections to it, for what a test itself looks at.
    ///
    /// # Panics
    /// When the URL does not parse, which it does.
    #[must_use]
    #[expect(clippy::expect_used, reason = "for tests, and the URL is our own")]
    pub fn pool(&self) -> PgPool {
        PgPoolOptions::new().max_connections(5).connect_lazy(&self.url).expect("our own URL parses")
    }

    #[expect(clippy::panic, reason = "for tests, whose failure this is")]
    async fn create(template: fn() -> Option<Result<(), ServerError>>) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let made = {
            let name = name.clone();
            // Away from the test's runtime, whose clock may be paused.
            tokio::task::spawn_blocking(move || {
                let server = shared()?;
                let from = template().transpose()?.map_or("template0", |()| TEMPLATE);
                administer(server, format!("CREATE DATABASE {name} TEMPLATE {from}"))?;
                Ok::<_, ServerError>(server.url_of(&name))
            })
        };
        match made.await {
            Ok(Ok(url)) => Self { name, url },
            Ok(Err(error)) => panic!("{error}"),
            Err(error) => panic!("making a database panicked: {error}"),
        }
    }
}

/// Makes the migrated template once per process.
fn template() -> Result<(), ServerError> {
    static MADE: OnceLock<Result<(), String>> = OnceLock::new();
    MADE.get_or_init(|| make_template().map_err(|error| error.to_string())).clone().map_err(ServerError::Remembered)
}

fn make_template() -> Result<(), ServerError> {
    let server = shared()?;
    administer(server, format!("CREATE DATABASE {TEMPLATE} TEMPLATE template0"))?;
    block_on(migrate(server.url_of(TEMPLATE)))
}

/// Applies all migrations of the workspace to a database.
///
/// # Errors
/// [`ServerError::Migrations`], [`ServerError::Sql`].
pub async fn migrate(url: String) -> Result<(), ServerError> {
    let path = migrations_directory();
    let mut connection = connect(&url).await?;
    let failed = |source| ServerError::Migrations { path: path.clone(), source };
    sqlx::migrate::Migrator::new(path.as_path()).await.map_err(failed)?.run(&mut connection).await.map_err(failed)?;
    connection.close().await.map_err(|source| ServerError::Sql { statement: "close".to_owned(), source })
}

fn administer(server: &PostgresServer, statement: String) -> Result<(), ServerError> {
    let url = server.url_of("postgres");
    block_on(async move {
        let mut connection = connect(&url).await?;
        let done = connection.execute(AssertSqlSafe(statement.clone())).await;
        done.map_err(|source| ServerError::Sql { statement, source })?;
        connection.close().await.map_err(|source| ServerError::Sql { statement: "close".to_owned(), source })
    })
}

async fn connect(url: &str) -> Result<PgConnection, ServerError> {
    PgConnection::connect(url).await.map_err(|source| ServerError::Sql { statement: "connect".to_owned(), source })
}

/// Runs a future to its end on a runtime of its own. Only for threads that have none.
fn block_on<T>(future: impl Future<Output = Result<T, ServerError>>) -> Result<T, ServerError> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|source| ServerError::File { action: "make", path: "a runtime".into(), source })?
        .block_on(future)
}

/// A Postgres for one test alone, which may stop it, kill it, freeze it and start it again on the same port and data.
pub struct OwnPostgres {
    server: Option<PostgresServer>,
    root: PathBuf,
    port: u16,
}

impl OwnPostgres {
    /// Starts one with an empty database. Blocks for about a second.
    ///
    /// # Errors
    /// [`ServerError`].
    pub fn start() -> Result<Self, ServerError> {
        let root = Account::for_servers()?.temporary_directory("evolve-postgres-")?;
        let port = free_port()?;
        let server = start_throwaway(Some((&root, port)))?;
        Ok(Self { server: Some(server), root, port })
    }

    /// Starts one and applies all migrations of the workspace.
    ///
    /// # Errors
    /// [`ServerError`].
    pub async fn migrated() -> Result<Self, ServerError> {
        let own = tokio::task::spawn_blocking(Self::start)
            .await
            .map_err(|error| ServerError::Remembered(error.to_string()))??;
        migrate(own.url()).await?;
        Ok(own)
    }

    /// Where its database is, running or not.
    #[must_use]
    pub fn url(&self) -> String {
        format!("postgres://evolve@127.0.0.1:{}/evolve", self.port)
    }

    /// The port on loopback, running or not.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The directory that holds its data and its log.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.root
    }

    /// Stops it cleanly: sessions are ended, and connections are refused from then on.
    ///
    /// # Errors
    /// [`ServerError`].
    pub fn stop(&mut self) -> Result<(), ServerError> {
        self.server.take().map_or(Ok(()), |mut server| server.process_mut().stop(true))
    }

    /// Kills it and its sessions with SIGKILL. What was committed is there after [`Self::start_again`], since the
    /// machine itself did not die.
    ///
    /// # Errors
    /// [`ServerError`].
    pub fn kill(&mut self) -> Result<(), ServerError> {
        self.server.take().map_or(Ok(()), |mut server| server.process_mut().kill())
    }

    /// Freezes it: connections are taken by the kernel, and nothing answers.
    pub fn freeze(&mut self) {
        if let Some(server) = &mut self.server {
            server.process_mut().freeze();
        }
    }

    /// Ends [`Self::freeze`].
    pub fn thaw(&mut self) {
        if let Some(server) = &mut self.server {
            server.process_mut().thaw();
        }
    }

    /// Starts it again on the same port and data; nothing to do while it runs.
    ///
    /// # Errors
    /// [`ServerError`].
    pub fn start_again(&mut self) -> Result<(), ServerError> {
        if self.server.is_none() {
            self.server = Some(start_throwaway(Some((&self.root, self.port)))?);
        }
        Ok(())
    }
}

impl Drop for OwnPostgres {
    fn drop(&mut self) {
        if self.server.take().is_none() {
            // No watchdog is left that would remove it.
            let _ = std::fs::remove_dir_all(&self.root);
        }
    }
}
