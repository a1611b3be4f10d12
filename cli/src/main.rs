//! `evolve`: run an `EvolveBot` on this machine, talk to it, migrate its database, copy it and put a copy back, rotate its
//! keys, and find out what is wrong with a machine. One file per command; `up` is the big one. Called as `kubectl-evolve`, it looks after the bots
//! of a cluster.

mod admin;
mod backup;
mod chat;
mod children;
mod detach;
mod doctor;
mod down;
mod extra;
mod home;
mod keys;
mod kubectl;
mod maintain;
mod plan;
mod probe;
mod ready;
mod running;
mod say;
mod servers;
mod simulator;
mod state;
mod up;

use std::path::PathBuf;
use std::process::ExitCode;

use chrono::Utc;
use clap::{Parser, Subcommand};
use evolve_domain::access::Role;
use url::Url;

/// Run a companion bot here, talk to it, and look after it.
#[derive(Debug, Parser)]
#[command(name = "evolve", version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start everything an EvolveBot needs on this machine, and the bot.
    Up(UpArguments),
    /// Stop what `evolve up` started here.
    Down,
    /// Talk to the bot in the terminal, as a person of the simulated Telegram.
    Chat(ChatArguments),
    /// Bring the database up to date, or back: the one in `DATABASE_URL`, else the private one.
    Migrate {
        #[command(subcommand)]
        step: Option<MigrateStep>,
    },
    /// Look at this machine and say what is missing, and what to do about it.
    Doctor(FileArgument),
    /// Make a new encryption key, and bring everything that is encrypted under it.
    RotateKeys,
    /// Copy the database into a directory: the one in `DATABASE_URL`, else the private one.
    Backup(backup::BackupArguments),
    /// List the copies in a directory.
    Backups(backup::ListArguments),
    /// Put a copy into the database, and compare what is there with what was copied.
    Restore(backup::RestoreArguments),
    /// Make accounts of those who run the bot, in the database in `DATABASE_URL`, else the private one.
    Admin {
        #[command(subcommand)]
        step: AdminStep,
    },
    /// Print the definition of the EvolveBot resource, for `kubectl apply -f -`.
    Crd {
        /// The JSON Schema of an EvolveBot instead, for editors.
        #[arg(long)]
        json_schema: bool,
    },
    /// Ask a process of ours whether it is well, and fail if it is not: for health checks of containers.
    Probe {
        /// What to ask: `http://127.0.0.1:8000/ready`.
        url: Url,
    },
    /// Look after the bots of a cluster: the same as `kubectl evolve`, where this program is in the PATH as kubectl-evolve.
    Kubectl(kubectl::Arguments),
    /// The simulated Telegram that `evolve up` starts.
    #[command(hide = true)]
    TelegramSimulator {
        /// Where to listen.
        #[arg(long)]
        address: std::net::SocketAddr,
        /// What the bot is called.
        #[arg(long)]
        name: String,
    },
}

/// Which bot.
#[derive(Debug, clap::Args)]
pub(crate) struct FileArgument {
    /// The EvolveBot file. Without it: examples/quickstart.yaml, or the same as it was compiled in.
    #[arg(short, long)]
    file: Option<PathBuf>,
}

/// `evolve up`.
#[derive(Debug, clap::Args)]
pub(crate) struct UpArguments {
    #[command(flatten)]
    file: FileArgument,
    /// Return as soon as it is ready, and leave it running in the background.
    #[arg(long)]
    detach: bool,
    /// This is the background process of `--detach`.
    #[arg(long, hide = true)]
    background: bool,
}

/// `evolve chat`.
#[derive(Debug, clap::Args)]
pub(crate) struct ChatArguments {
    /// The id of the person who talks. Any number; the bot remembers each of them.
    #[arg(long = "as", value_name = "ID", value_parser = clap::value_parser!(i64).range(1..))]
    person: i64,
    /// Say this, print the answer, and end.
    #[arg(long, short)]
    message: Option<String>,
    /// Longest time to wait for an answer, seconds.
    #[arg(long, default_value_t = 120, value_parser = clap::value_parser!(u64).range(1..))]
    timeout: u64,
}

/// `evolve migrate`.
#[derive(Debug, Subcommand)]
pub(crate) enum MigrateStep {
    /// Apply every migration that is missing (the default).
    Up {
        /// Then do what `roles` does, with this prefix.
        #[arg(long, value_name = "PREFIX")]
        roles: Option<String>,
    },
    /// Revert every migration above VERSION; 0 reverts all of them, and deletes all data.
    Down {
        /// The last migration to keep.
        version: i64,
    },
    /// List every migration, and whether it is applied.
    Status,
    /// Make database roles with the least that each needs, and grant it: PREFIX_app for the bot, PREFIX_jobs for the API,
    /// PREFIX_analytics for reading numbers. To be run after `up`, as the owner of the database, each time.
    Roles {
        /// What their names begin with. Bots that share a server need prefixes of their own.
        #[arg(long, default_value = evolve_store::roles::PREFIX)]
        prefix: String,
    },
}

/// `evolve admin`.
#[derive(Debug, Subcommand)]
pub(crate) enum AdminStep {
    /// Make an account, and print the link, good for an hour, by which its password and second factor are chosen.
    Create {
        /// What they sign in with.
        name: String,
        /// What they may do: owner, admin, analyst or support.
        #[arg(long, default_value = "owner")]
        role: Role,
        /// Where people find the API: https://bot.example.org. Without it: `PANEL_URL`, or the running `evolve up`.
        #[arg(long)]
        url: Option<Url>,
    },
    /// List the accounts.
    List,
    /// Let somebody in again who lost their password or second factor: with a new link. Nothing of before holds any more.
    Reset {
        /// What they sign in with.
        name: String,
        /// Where people find the API.
        #[arg(long)]
        url: Option<Url>,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    let command = match kubectl::called_as_plugin() {
        Some(arguments) => Command::Kubectl(arguments),
        None => Arguments::parse().command,
    };
    let done = match command {
        Command::Kubectl(arguments) => kubectl::run(arguments).await,
        command => run(command).await.map(|()| ExitCode::SUCCESS),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            say::complain(&error);
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Up(arguments) if arguments.detach => detach::run(&arguments).await,
        Command::Up(arguments) => up::run(&arguments).await,
        Command::Down => down::run().await,
        Command::Chat(arguments) => chat::run(&arguments).await,
        Command::Migrate { step } => maintain::migrate(step.unwrap_or(MigrateStep::Up { roles: None })).await,
        Command::Doctor(file) => doctor::run(&file).await,
        Command::RotateKeys => maintain::rotate_keys().await,
        Command::Admin { step } => admin::run(step, Utc::now()).await,
        Command::Backup(arguments) => backup::backup(arguments, Utc::now()).await,
        Command::Backups(arguments) => backup::list(&arguments),
        Command::Restore(arguments) => backup::restore(&arguments).await,
        Command::Crd { json_schema } => {
            let text = if json_schema {
                serde_json::to_string_pretty(&evolve_operator::crd::schema())?
            } else {
                evolve_operator::crd::definition_yaml()?
            };
            say::say(text.trim_end());
            Ok(())
        }
        Command::Probe { url } => probe::run(url).await,
        Command::TelegramSimulator { address, name } => simulator::run(address, name).await,
        Command::Kubectl(arguments) => kubectl::run(arguments).await.map(drop),
    }
}
