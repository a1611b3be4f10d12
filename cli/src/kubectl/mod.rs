//! `kubectl evolve`: what an engineer wants at hand when a bot in a cluster needs a look or a hand. One file per command.
//! The same binary is it: called as `kubectl-evolve` (a symlink in the PATH), kubectl runs it for `kubectl evolve …`.
//!
//! It reads bots leniently ([`bot`]), so that it works beside an operator of another version, and changes nothing but what
//! the operator watches: fields of the spec, annotations, Jobs. What a cluster says is untrusted: it is printed without
//! control characters ([`paint::clean`]).

mod age;
mod ask;
mod backup;
mod backups;
mod bot;
mod cluster;
mod hibernate;
mod job;
mod logs;
mod paint;
mod restore;
mod retry;
mod rollback;
mod status;
mod trouble;
mod wait;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use self::cluster::{Cluster, Connection};

/// The file name under which kubectl finds a plugin called `evolve`.
const PLUGIN: &str = "kubectl-evolve";

/// Look after the companion bots of a cluster.
#[derive(Debug, Parser)]
#[command(name = "kubectl evolve", bin_name = "kubectl evolve", version)]
struct Plugin {
    #[command(flatten)]
    arguments: Arguments,
}

/// What may follow `kubectl evolve`, or `evolve kubectl`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// What runs, what does not and why: of one bot as a tree, of all bots as a table.
    ///
    /// Ends with 0 if the bot (without one, every bot) is Ready, with 1 if not, and with 2 if that cannot be found out.
    Status(status::Arguments),
    /// What a bot's pods have logged, or go on to log.
    Logs(logs::Arguments),
    /// Stop all pods of a bot, and keep everything else. Telegram keeps messages for a day meanwhile.
    Hibernate(hibernate::Arguments),
    /// Start the pods of a hibernated bot again.
    Wake(hibernate::Arguments),
    /// Go back to what ran well before, and stay there until the spec changes.
    Rollback(rollback::Arguments),
    /// Try a failed migration, or a rollout that went back, once more.
    Retry(retry::Arguments),
    /// Make a copy of a bot's database now.
    Backup(backup::Arguments),
    /// List the backups that were made lately.
    Backups(backups::Arguments),
    /// Put a copy in place of a bot's database.
    Restore(restore::Arguments),
}

/// The arguments of this process, if it was called as a plugin of kubectl.
pub(crate) fn called_as_plugin() -> Option<Arguments> {
    let program = std::env::args_os().next()?;
    let name = std::path::Path::new(&program).file_stem()?;
    (name == PLUGIN).then(|| Plugin::parse().arguments)
}

/// Does what was asked for.
///
/// # Errors
/// Why it could not be done, and how to mend that.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let Arguments { connection, command } = arguments;
    if let Command::Status(arguments) = command {
        return Ok(status::run(&connection, &arguments).await);
    }
    let cluster = Cluster::connect(&connection).await?;
    match command {
        Command::Status(_) => {}
        Command::Logs(arguments) => logs::run(&cluster, &arguments).await?,
        Command::Hibernate(arguments) => hibernate::hibernate(&cluster, &arguments).await?,
        Command::Wake(arguments) => hibernate::wake(&cluster, &arguments).await?,
        Command::Rollback(arguments) => rollback::run(&cluster, &arguments).await?,
        Command::Retry(arguments) => retry::run(&cluster, &arguments).await?,
        Command::Backup(arguments) => backup::run(&cluster, &arguments).await?,
        Command::Backups(arguments) => backups::run(&cluster, &arguments).await?,
        Command::Restore(arguments) => restore::run(&cluster, &arguments).await?,
    }
    Ok(ExitCode::SUCCESS)
}
