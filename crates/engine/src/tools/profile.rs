//! `set_profile`, and `forget` where it is of the profile.

use chrono::{DateTime, Utc};
use evolve_domain::profile::{Field, MAX_FIELD_CHARS, MAX_NAME_CHARS, ProfilePatch};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Context, Effects, text};
use crate::{facts::Wish, profiles::Changes};

/// What the model says of the person is checked as what they say themselves.
pub(super) fn set_profile(args: &Value, now: DateTime<Utc>, effects: &mut Effects) -> Result<Value, String> {
    let given = |name: &str| args.get(name).is_some_and(|value| !value.is_null());
    let field = |name: &str, max: usize| {
        let value = given(name).then(|| text(args, name, max)).transpose();
        value.map_err(|problem| format!("{problem}; to have it forgotten, give `{name}` to `forget`"))
    };
    let birthday = field("birthday", 32)?.map(|date| date.parse());
    let changes = Changes {
        name: field("name", MAX_NAME_CHARS)?,
        gender: field("gender", MAX_FIELD_CHARS)?,
        birthday: birthday.transpose().map_err(|_| "`birthday` must be a date such as 1990-12-31".to_owned())?,
        occupation: field("occupation", MAX_FIELD_CHARS)?,
        city: field("city", MAX_FIELD_CHARS)?,
        language: None,
        time_zone: field("time_zone", 64)?,
        onboarding: None,
    };
    let patch = changes.check(now).map_err(|error| error.to_string())?;
    if patch.is_empty() {
        return Err("nothing was given to set".to_owned());
    }
    merge(&mut effects.patch, patch);
    Ok(json!({"ok": true}))
}

/// Forgets the field of the profile that is named, and what was said of it; what is only outdated is cleared alone. Nothing,
/// if no field that holds anything is named.
pub(super) fn forget(
    words: &str,
    is_outdated: bool,
    context: &Context<'_>,
    effects: &mut Effects,
) -> Option<Result<Value, String>> {
    let mut known = context.profile.clone();
    effects.patch.apply_to(&mut known);
    // As it stands in the section Profile, its value follows.
    let name = words.split(':').next().unwrap_or_default().trim().to_lowercase();
    let field = Field::ALL.into_iter().find(|field| field.as_str() == name && known.has(*field))?;
    let said = if is_outdated { Vec::new() } else { known.said(field) };
    if !said.is_empty() {
        let unsay = Wish::Unsay(said.into_iter().map(|words| (Uuid::now_v7(), words)).collect());
        if let Err(problem) = effects.wish(unsay, context) {
            return Some(Err(problem));
        }
    }
    effects.patch.clear(field);
    Some(Ok(
        json!({"ok": true, "forgotten": 1, "note": "facts that say it as well are forgotten each by a call of its own"}),
    ))
}

fn merge(into: &mut ProfilePatch, patch: ProfilePatch) {
    fn newer<T>(into: &mut Option<T>, value: Option<T>) {
        if value.is_some() {
            *into = value;
        }
    }
    let ProfilePatch { name, gender, birthday, occupation, city, language, time_zone, onboarding } = patch;
    newer(&mut into.name, name);
    newer(&mut into.gender, gender);
    newer(&mut into.birthday, birthday);
    newer(&mut into.occupation, occupation);
    newer(&mut into.city, city);
    newer(&mut into.language, language);
    newer(&mut into.time_zone, time_zone);
    newer(&mut into.onboarding, onboarding);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_birthday_that_nobody_can_have_is_refused_in_words_and_nothing_is_set() {
        let now = "2026-03-01T12:00:00Z".parse().unwrap();
        let mut effects = Effects::default();
        let refused = set_profile(&json!({"birthday": "3026-05-01", "name": "Анна"}), now, &mut effects);
        assert_eq!(refused, Err("birthday: must be a date from 1900-01-01 to today".to_owned()));
        assert!(effects.patch.is_empty());
        set_profile(&json!({"birthday": "1990-05-01"}), now, &mut effects).unwrap();
        assert!(effects.patch.birthday.is_some());
    }
}
