//! What stands in columns of a person, read and written.

use evolve_domain::profile::{Profile, Settings};
use sqlx::FromRow;

use crate::{Keyring, StoreError};

/// [`Settings`] as the columns of `settings` hold them; NULL where a person has none yet.
#[derive(FromRow)]
pub(crate) struct SettingsRow {
    pub(super) language: Option<String>,
    time_zone: Option<String>,
    onboarding: Option<String>,
}

impl SettingsRow {
    /// What they chose, and the defaults for what they did not.
    pub(crate) fn or(&self, defaults: Settings) -> Settings {
        settings(self.language.as_deref(), self.time_zone.as_deref(), self.onboarding.as_deref(), defaults)
    }
}

pub(crate) fn settings(
    language: Option<&str>,
    time_zone: Option<&str>,
    onboarding: Option<&str>,
    defaults: Settings,
) -> Settings {
    Settings {
        language: language.map_or(defaults.language, |l| parse("settings.language", l, defaults.language)),
        time_zone: time_zone.map_or(defaults.time_zone, |z| parse("settings.time_zone", z, defaults.time_zone)),
        onboarding: onboarding.map_or(defaults.onboarding, |o| parse("settings.onboarding", o, defaults.onboarding)),
    }
}

/// Parses a stored word. One that only a newer version knows gives `fallback`, counted in the logs: after a roll-back the
/// person is still answered.
pub(crate) fn parse<T: std::str::FromStr<Err: std::fmt::Display>>(what: &'static str, text: &str, fallback: T) -> T {
    text.parse().unwrap_or_else(|error| {
        tracing::warn!(what, %error, "a stored value is not known to this version; using the default");
        fallback
    })
}

pub(crate) fn encrypt_profile(profile: &Profile, keys: &Keyring) -> Result<Option<String>, StoreError> {
    if *profile == Profile::default() {
        return Ok(None);
    }
    let json = serde_json::to_string(profile)
        .map_err(|e| StoreError::Corrupt { what: "a profile to be stored", reason: e.to_string() })?;
    Ok(Some(keys.encrypt(&json)))
}

pub(crate) fn decrypt_profile(token: Option<&str>, keys: &Keyring) -> Result<Profile, StoreError> {
    let Some(token) = token else { return Ok(Profile::default()) };
    let json = keys.decrypt(token, "users.profile")?;
    // What serde says of it may quote it.
    serde_json::from_str(&json).map_err(|e| StoreError::Corrupt {
        what: "users.profile",
        reason: format!("{:?} error at column {}", e.classify(), e.column()),
    })
}

#[cfg(test)]
mod tests {
    use fernet::Fernet;

    use super::*;

    #[test]
    fn what_is_wrong_with_a_stored_profile_is_said_without_a_word_of_it() {
        let keys = Keyring::parse(&Fernet::generate_key().into()).unwrap();
        let stored = keys.encrypt(r#"{"name": "Anna", "wishes": "Buttercupling"}"#);
        let error = decrypt_profile(Some(&stored), &keys).unwrap_err();
        let said = format!("{error} {error:?}");
        assert!(said.contains("users.profile") && !said.contains("Buttercupling"), "{said}");
    }
}
