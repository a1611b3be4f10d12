//! The names of everything made for a bot. They begin with the bot's, which is 40 characters at most, so that all of them
//! fit into the 63 of a label.

use crate::crd::EvolveBot;

/// The API's Deployment, Service, HPA, PDB, and its host name in the namespace.
#[must_use]
pub fn api(bot: &EvolveBot) -> String {
    format!("{}-api", bot.name())
}

/// The bot's Deployment, Service, HPA, PDB.
#[must_use]
pub fn bot(bot: &EvolveBot) -> String {
    format!("{}-bot", bot.name())
}

/// The ServiceAccount of all pods. Not the bot's own name: a namespace has ServiceAccounts of its own, such as `default`.
#[must_use]
pub fn pods(bot: &EvolveBot) -> String {
    format!("{}-pods", bot.name())
}

/// The ConfigMap by which somebody may change the lines that its pods log while they run. Nobody makes it but they.
#[must_use]
pub fn log_level(bot: &EvolveBot) -> String {
    format!("{}-log-level", bot.name())
}

/// The Secret with the keys that nobody gave.
#[must_use]
pub fn keys(bot: &EvolveBot) -> String {
    format!("{}-keys", bot.name())
}

/// The Secret with the encryption key, where it was made: it has no owner, and outlives the bot as the database does.
#[must_use]
pub fn kept_key(bot: &EvolveBot) -> String {
    format!("{}-encryption-key", bot.name())
}

/// The migration with this hash.
#[must_use]
pub fn migration(bot: &EvolveBot, hash: &str) -> String {
    format!("{}-migrate-{hash}", bot.name())
}

/// What makes backups, and where they are kept.
#[must_use]
pub fn backup(bot: &EvolveBot) -> String {
    format!("{}-backup", bot.name())
}

/// A restore, told apart by `suffix` (10 characters at most).
#[must_use]
pub fn restore(bot: &EvolveBot, suffix: &str) -> String {
    format!("{}-restore-{suffix}", bot.name())
}

/// The ConfigMap with the pod templates of a good version.
#[must_use]
pub fn good(bot: &EvolveBot, hash: &str) -> String {
    format!("{}-good-{hash}", bot.name())
}

/// The NetworkPolicy of migrations, backups and restores.
#[must_use]
pub fn jobs(bot: &EvolveBot) -> String {
    format!("{}-jobs", bot.name())
}
