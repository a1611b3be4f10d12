//! What can go wrong while a private server is found, started or stopped. Every message ends in what to do about it,
//! since the reader is often a newcomer at their first `make up`.

use std::path::PathBuf;

/// Why a private Postgres or Redis is not there.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// No usable PostgreSQL on this machine.
    #[error(
        "PostgreSQL {wanted} is not installed{found}. Run `make setup`, or install it yourself: `apt install \
         postgresql` (Debian, Ubuntu), `brew install postgresql@17` (macOS). To use a server that you already run, \
         set DATABASE_URL"
    )]
    PostgresMissing {
        /// The versions that would do, in words.
        wanted: String,
        /// What was found instead, in words, with its leading space; empty when nothing was.
        found: String,
    },
    /// No redis-server on this machine.
    #[error(
        "redis-server is not installed. Run `make setup`, or install it yourself: `apt install redis-server` (Debian, \
         Ubuntu), `brew install redis` (macOS). To use a server that you already run, set REDIS_URL"
    )]
    RedisMissing,
    /// Started as root, and there is no account to drop to.
    #[error(
        "servers never run as root, and this machine has neither a `postgres` nor a `nobody` account to run them as: \
         create one (`useradd --system postgres`), or start this as an ordinary user"
    )]
    NoAccount,
    /// The data directory belongs to somebody else.
    #[error(
        "{path} belongs to user id {owner}, but the server would run as user id {wanted}. Start this as the user who \
         made it, or move the directory away to begin with an empty one"
    )]
    ForeignData {
        /// The data directory.
        path: PathBuf,
        /// Who owns it.
        owner: u32,
        /// Who would have to.
        wanted: u32,
    },
    /// A file operation failed.
    #[error("cannot {action} {path}: {source}")]
    File {
        /// What was attempted, as a verb.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A helper program of the server failed.
    #[error("{program} failed:\n{output}")]
    Tool {
        /// Its name.
        program: &'static str,
        /// The last lines that it printed.
        output: String,
    },
    /// The server ended during start-up.
    #[error("{name} ended during start-up (status {status}). Its last lines, from {log}:\n{tail}")]
    Ended {
        /// Which server.
        name: &'static str,
        /// Its exit status, as a shell counts.
        status: i32,
        /// Its log file.
        log: PathBuf,
        /// The end of that log.
        tail: String,
    },
    /// The server did not become ready, or did not stop, in time.
    #[error("{name} did not {verb} within {seconds} s. Its last lines, from {log}:\n{tail}")]
    TooSlow {
        /// Which server.
        name: &'static str,
        /// "become ready" or "stop".
        verb: &'static str,
        /// The limit.
        seconds: u64,
        /// Its log file.
        log: PathBuf,
        /// The end of that log.
        tail: String,
    },
    /// A statement on a private database failed.
    #[error("the private database refused `{statement}`: {source}")]
    Sql {
        /// What was asked; never with data in it.
        statement: String,
        /// The answer.
        source: sqlx::Error,
    },
    /// The migrations of the workspace did not apply.
    #[error("the migrations in {path} failed: {source}")]
    Migrations {
        /// Their directory.
        path: PathBuf,
        /// The failure.
        source: sqlx::migrate::MigrateError,
    },
    /// A failure that was remembered, since what failed is tried only once per process.
    #[error("{0}")]
    Remembered(String),
}

/// The last `lines` lines of a file, or why it cannot be read: for error messages.
pub fn log_tail(path: &std::path::Path, lines: usize) -> String {
    match std::fs::read(path) {
        Ok(bytes) => {
            let text = String::from_utf8_lossy(&bytes);
            let all: Vec<&str> = text.lines().collect();
            all[all.len().saturating_sub(lines)..].iter().map(|line| format!("    {line}\n")).collect()
        }
        Err(error) => format!("    ({error})\n"),
    }
}
