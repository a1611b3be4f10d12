//! Keys that are made once and kept: losing `ENCRYPTION_KEY` would lose what people told the bot about themselves. One
//! file each in `.evolve/keys`, mode 0600, named like the variable that overrides it.

use std::path::Path;

use anyhow::{Context, bail};

use crate::home::write_private;

/// Signs the API's tokens.
pub(crate) const JWT_SECRET: &str = "JWT_SECRET";
/// Fernet keys, comma-separated, newest first.
pub(crate) const ENCRYPTION_KEY: &str = "ENCRYPTION_KEY";
/// How the bot proves itself to the API.
pub(crate) const SERVICE_KEY: &str = "SERVICE_KEY";
/// How Telegram proves itself to the bot.
pub(crate) const WEBHOOK_SECRET: &str = "WEBHOOK_SECRET";
/// Of the private Postgres.
pub(crate) const POSTGRES_PASSWORD: &str = "POSTGRES_PASSWORD";
/// Of the private Redis.
pub(crate) const REDIS_PASSWORD: &str = "REDIS_PASSWORD";
/// The token of the bot in the simulated Telegram.
pub(crate) const SIMULATOR_TOKEN: &str = "SIMULATOR_TOKEN";

fn set(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// A variable that is set and not empty, or what the file holds that `NAME_FILE` names, as every process of ours reads it. What is
/// named and cannot be read is never taken for nothing: work would be done on another database than the one that was meant.
///
/// # Errors
/// When that file cannot be read, or is empty.
pub(crate) fn variable(name: &str) -> anyhow::Result<Option<String>> {
    if let Some(value) = set(name) {
        return Ok(Some(value));
    }
    let file = format!("{name}_FILE");
    let Some(path) = set(&file) else { return Ok(None) };
    let advice = || format!("{file} names {path}, which cannot be read: let this account read it, or unset {file}");
    let text = std::fs::read_to_string(&path).with_context(advice)?;
    if text.trim().is_empty() {
        bail!("{file} names {path}, which is empty: write {name} into it, or unset {file}");
    }
    Ok(Some(text.trim().to_owned()))
}

/// The key of this name: the one that is kept in `directory`, or a new one that is kept from now on.
pub(crate) fn key(directory: &Path, name: &str) -> anyhow::Result<String> {
    let path = directory.join(name);
    match std::fs::read_to_string(&path) {
        Ok(text) if !text.trim().is_empty() => Ok(text.trim().to_owned()),
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot read the key {}", path.display()))
        }
        _ => {
            let made = make(name);
            keep(directory, name, &made)?;
            Ok(made)
        }
    }
}

/// Fails when there is data, but not the keys that belong to it: new ones would make it unreadable, silently.
pub(crate) fn check_belong(directory: &Path, data: &Path) -> anyhow::Result<()> {
    if !data.join("PG_VERSION").exists() {
        return Ok(());
    }
    for name in [ENCRYPTION_KEY, POSTGRES_PASSWORD] {
        let is_given = name == ENCRYPTION_KEY && (set(name).is_some() || set(&format!("{name}_FILE")).is_some());
        let path = directory.join(name);
        if !is_given && !path.exists() {
            bail!(
                "{} is missing, and the data in {} cannot be read without it: put it back from a backup, or forget the \
                 data with `make clean-data`",
                path.display(),
                data.display(),
            );
        }
    }
    Ok(())
}

/// Keeps `value` as the key of this name.
pub(crate) fn keep(directory: &Path, name: &str, value: &str) -> anyhow::Result<()> {
    write_private(&directory.join(name), format!("{value}\n").as_bytes())
}

fn make(name: &str) -> String {
    match name {
        ENCRYPTION_KEY => fernet::Fernet::generate_key(),
        // The shape that Telegram gives its tokens: a bot's id, and 35 characters.
        SIMULATOR_TOKEN => format!("7000000001:SIM{}", hex(16)),
        _ => hex(32),
    }
}

/// Random bytes as hexadecimal digits, two each.
fn hex(bytes: usize) -> String {
    let random: [u8; 32] = rand::random();
    random.iter().take(bytes).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn data_without_its_keys_is_not_given_new_ones() {
        let directory = tempfile::tempdir().unwrap();
        check_belong(directory.path(), directory.path()).unwrap();
        std::fs::write(directory.path().join("PG_VERSION"), "17").unwrap();
        let message = check_belong(directory.path(), directory.path()).unwrap_err().to_string();
        assert!(message.contains("ENCRYPTION_KEY is missing"), "{message}");
        key(directory.path(), ENCRYPTION_KEY).unwrap();
        key(directory.path(), POSTGRES_PASSWORD).unwrap();
        check_belong(directory.path(), directory.path()).unwrap();
    }

    #[test]
    fn a_key_is_made_once_and_nobody_else_may_read_it() {
        let directory = tempfile::tempdir().unwrap();
        let made = key(directory.path(), JWT_SECRET).unwrap();
        assert_eq!(made.len(), 64);
        assert_eq!(key(directory.path(), JWT_SECRET).unwrap(), made);
        let mode = std::fs::metadata(directory.path().join(JWT_SECRET)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_ne!(key(directory.path(), SERVICE_KEY).unwrap(), made);
        assert!(fernet::Fernet::new(&key(directory.path(), ENCRYPTION_KEY).unwrap()).is_some());
        assert_eq!(key(directory.path(), SIMULATOR_TOKEN).unwrap().split_once(':').unwrap().1.len(), 35);
    }
}
