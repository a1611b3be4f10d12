//! In which language somebody is spoken to in a group that has chosen none: the one that they chose in private, or else that of
//! their app.

use std::{fmt::Display, sync::Arc, time::Duration};

use evolve_contract::profile::ProfileData;
use evolve_domain::language::Language;
use serde_json::Value;

use crate::bot::Bot;

/// How long is waited to learn it: somebody may be in danger.
const PATIENCE: Duration = Duration::from_secs(3);

/// The language of a person, as Telegram describes them.
pub(super) async fn of(bot: &Bot, from: &Value) -> Language {
    let person = from["id"].as_i64().filter(|_| from["is_bot"] != true);
    let profile = match person {
        Some(person) => profile(bot, person).await,
        None => None,
    };
    let chosen = profile.and_then(|profile| profile.language.as_deref()?.parse().ok());
    chosen.unwrap_or_else(|| Language::from_telegram(from["language_code"].as_str()))
}

async fn profile(bot: &Bot, person: i64) -> Option<Arc<ProfileData>> {
    if let Some(profile) = bot.api.settled_profile(person).await {
        return Some(profile);
    }
    let went_on = |error: &dyn Display| bot.metrics.swallow("language_unknown", error);
    match tokio::time::timeout(PATIENCE, bot.api.profile(person)).await {
        Ok(Ok(profile)) => return profile,
        Ok(Err(error)) => went_on(&error),
        Err(error) => went_on(&error),
    }
    None
}
