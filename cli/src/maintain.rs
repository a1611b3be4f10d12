//! `evolve migrate` and `evolve rotate-keys`: what is done to a database by hand. The database is the one in
//! `DATABASE_URL` or `DATABASE_URL_FILE`, else the private one: of the running `evolve up`, or started for as long as it takes.

use anyhow::{Context, bail};
use evolve_runtime::metrics::Metrics;
use evolve_store::{
    Store, StoreConfig, migrate as migrations,
    roles::{self, Roles},
    rotate,
};
use evolve_testkit::postgres::PostgresServer;

use crate::MigrateStep;
use crate::home::{Home, HomeLock};
use crate::keys::{ENCRYPTION_KEY, keep, key, variable};
use crate::say::{command, say};
use crate::servers::{self, blocking};
use crate::state::State;

/// The private database of a home in which nothing else runs.
struct Private {
    server: PostgresServer,
    _lock: HomeLock,
}

impl Private {
    async fn start(home: &Home) -> anyhow::Result<Self> {
        let lock = home.lock()?;
        Ok(Self { server: servers::postgres(home).await?.server, _lock: lock })
    }

    async fn stop(self) -> anyhow::Result<()> {
        let Self { server, _lock } = self;
        blocking(move || server.stop()).await
    }
}

/// A database to work on.
#[derive(Debug)]
pub(crate) struct Database {
    /// Where it is, with its password.
    pub(crate) url: String,
    /// `ENCRYPTION_KEY`, where it is known.
    pub(crate) keys: Option<String>,
}

/// Does `work` on the database. With `alone`, nothing of ours may run on it meanwhile.
///
/// # Errors
/// When the private database cannot be started, or is in use; and what `work` fails with.
pub(crate) async fn on_database<T>(
    alone: bool,
    work: impl AsyncFnOnce(Database) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    if let Some(url) = variable("DATABASE_URL")? {
        return work(Database { url, keys: variable(ENCRYPTION_KEY)? }).await;
    }
    let home = Home::open()?;
    let keys = || anyhow::Ok(Some(variable(ENCRYPTION_KEY)?.map_or_else(|| key(&home.keys(), ENCRYPTION_KEY), Ok)?));
    if home.holder()?.is_some() {
        if alone {
            bail!("the running bot uses its database: stop it with `{}` first", command("down"));
        }
        return work(Database { url: State::read(&home)?.database_url, keys: keys()? }).await;
    }
    let private = Private::start(&home).await?;
    let result = match keys() {
        Ok(keys) => work(Database { url: private.server.url(), keys }).await,
        Err(error) => Err(error),
    };
    private.stop().await?;
    result
}

/// Migrates.
///
/// # Errors
/// When the database cannot be reached, or a migration fails.
pub(crate) async fn migrate(step: MigrateStep) -> anyhow::Result<()> {
    if let Some(url) = variable("DATABASE_URL")? {
        return migrate_at(&url, step).await;
    }
    let home = Home::open()?;
    if home.holder()?.is_some() {
        if let MigrateStep::Down { .. } = step {
            bail!("the running bot needs its tables: stop it with `{}` first", command("down"));
        }
        return migrate_at(&State::read(&home)?.database_url, step).await;
    }
    let private = Private::start(&home).await?;
    let result = migrate_at(&private.server.url(), step).await;
    private.stop().await?;
    result
}

async fn migrate_at(url: &str, step: MigrateStep) -> anyhow::Result<()> {
    match step {
        MigrateStep::Up { roles: None } => migrations::up(url).await?,
        MigrateStep::Up { roles: Some(prefix) } => {
            let roles = named(&prefix)?;
            migrations::up(url).await?;
            grant(url, &roles).await.context("the migrations are applied")?;
        }
        MigrateStep::Down { version } if version < 0 => bail!("there is no migration {version}; 0 reverts all"),
        MigrateStep::Down { version } => migrations::down(url, version).await?,
        MigrateStep::Status => {}
        MigrateStep::Roles { prefix } => return roles_at(url, &prefix).await,
    }
    for migration in migrations::status(url).await? {
        let mark = if migration.applied { "applied" } else { "missing" };
        say(format!("{mark}  {:04} {}", migration.version, migration.name));
    }
    Ok(())
}

fn named(prefix: &str) -> anyhow::Result<Roles> {
    Roles::named(prefix).context(
        "a prefix is 1 to 40 small Latin letters, digits and underscores, and begins with a letter: `evolve` or `eva_2`",
    )
}

async fn grant(url: &str, roles: &Roles) -> anyhow::Result<()> {
    roles::grant(url, roles).await.context(
        "the roles were not made: the account must own the tables and have CREATEROLE, and every migration must be applied",
    )
}

async fn roles_at(url: &str, prefix: &str) -> anyhow::Result<()> {
    let roles = named(prefix)?;
    grant(url, &roles).await.context("nothing was changed")?;
    let Roles { app, jobs, analytics } = roles;
    say(format!(
        "The roles are there and cannot log in by themselves. Make accounts that are members of them:\n  \
         CREATE ROLE my_bot LOGIN PASSWORD '…' IN ROLE {app};            -- DATABASE_URL of the bot\n  \
         CREATE ROLE my_api LOGIN PASSWORD '…' IN ROLE {jobs};           -- DATABASE_URL of the API\n  \
         CREATE ROLE my_analyst LOGIN PASSWORD '…' IN ROLE {analytics};"
    ));
    Ok(())
}

/// Brings everything that is encrypted under a new key.
///
/// For a database of `DATABASE_URL`, the key is the first one of `ENCRYPTION_KEY`, which the processes that use the
/// database must have too, so that it can be done while they run. For the private one, a key is made here, with nothing
/// running that would not know it; unless `ENCRYPTION_KEY` is set, which then is what `evolve up` uses as well.
///
/// # Errors
/// When the database cannot be reached, or holds what none of the keys decrypts; everything else is re-encrypted then.
pub(crate) async fn rotate_keys() -> anyhow::Result<()> {
    if let Some(url) = variable("DATABASE_URL")? {
        let list = variable(ENCRYPTION_KEY)?.context(
            "ENCRYPTION_KEY is not set: the keys, comma-separated, the new one first. Give the same list to every process \
             that uses this database before you run this. `evolve up` keeps the ones that it made in .evolve/keys",
        )?;
        return rotate_at(url, list).await;
    }
    let home = Home::open()?;
    if home.holder()?.is_some() {
        bail!("the running bot would not know the new key: stop it with `{}` first", command("down"));
    }
    if let Some(list) = variable(ENCRYPTION_KEY)? {
        let private = Private::start(&home).await?;
        let result = rotate_at(private.server.url(), list).await;
        private.stop().await?;
        return result;
    }
    let private = Private::start(&home).await?;
    let list = format!("{},{}", fernet::Fernet::generate_key(), key(&home.keys(), ENCRYPTION_KEY)?);
    // Kept before it is used: what is encrypted under a lost key is lost.
    keep(&home.keys(), ENCRYPTION_KEY, &list)?;
    let result = rotate_at(private.server.url(), list).await;
    private.stop().await?;
    result?;
    say(format!(
        "The keys are in {}, the new one first. The others are needed for older backups only",
        home.keys().join(ENCRYPTION_KEY).display()
    ));
    Ok(())
}

async fn rotate_at(url: String, list: String) -> anyhow::Result<()> {
    let config = StoreConfig { database_url: url.into(), pool_size: 2, encryption_key: list.into() };
    let store = Store::connect(&config, &Metrics::new())?;
    let rotated = rotate::rotate(&store).await.context("not everything was re-encrypted; running it again goes on")?;
    store.close().await;
    say(format!("{} of {} encrypted values were brought under the new key", rotated.changed, rotated.seen));
    if rotated.unreadable > 0 {
        bail!(
            "{} encrypted values cannot be decrypted with any key of the list, and were left as they are: add the key that \
             they were encrypted with to its end and run this again, or give them up. The first of them: {}",
            rotated.unreadable,
            rotated.where_unreadable.join(", ")
        );
    }
    Ok(())
}
