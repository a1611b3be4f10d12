//! `.evolve/state.json`: what an `evolve up` tells the other commands. Mode 0600, since the database's URL has its
//! password. It is written once everything is ready and removed at the end; whether its writer still runs is for the
//! lock to say.

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};

use crate::home::{Home, write_private};
use crate::say::command;

/// What runs where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct State {
    /// The process id of `evolve up`.
    pub(crate) pid: u32,
    /// The bot's name in its file.
    pub(crate) bot: String,
    /// The process ids of what it started, by name.
    pub(crate) pids: std::collections::BTreeMap<String, i32>,
    /// The API.
    pub(crate) api_url: String,
    /// The bot's own HTTP server.
    pub(crate) bot_url: String,
    /// Postgres, with its password.
    pub(crate) database_url: String,
    /// Telegram.
    pub(crate) telegram: Telegram,
}

/// Which Telegram the bot is at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Telegram {
    /// The simulator, at this URL.
    Simulated(String),
    /// The real one; the bot's name there, where it could be asked.
    Real(Option<String>),
}

impl State {
    /// Tells the other commands.
    pub(crate) fn write(&self, home: &Home) -> anyhow::Result<()> {
        write_private(&home.state(), &serde_json::to_vec_pretty(self)?)
    }

    /// Nothing runs any more.
    pub(crate) fn remove(home: &Home) {
        // It may never have been written.
        let _ = std::fs::remove_file(home.state());
    }

    /// What runs, if it does and is ready.
    pub(crate) fn read(home: &Home) -> anyhow::Result<Self> {
        let Some(holder) = home.holder()? else {
            bail!("nothing runs in {}: start it with `{}`", home.path().display(), command("up"));
        };
        let text = match std::fs::read(home.state()) {
            Ok(text) => text,
            Err(_) => bail!("`evolve up` (process {holder}) is not ready yet: look at {}", home.logs().display()),
        };
        serde_json::from_slice(&text).with_context(|| {
            format!("{} cannot be read: stop it with `{}` and start it again", home.state().display(), command("down"))
        })
    }
}
