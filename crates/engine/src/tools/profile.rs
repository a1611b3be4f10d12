//! `set_profile`.

use chrono::{DateTime, Utc};
use evolve_domain::profile::{MAX_FIELD_CHARS, MAX_NAME_CHARS, ProfilePatch};
use serde_json::{Value, json};

use super::{Effects, text};
use crate::profiles::Changes;

/// What the model says of the person is checked as what they say themselves.
pub(super) fn set_profile(args: &Value, now: DateTime<Utc>, effects: &mut Effects) -> Result<Value, String> {
    let given = |name: &str| args.get(name).is_some_and(|value| !value.is_null());
    let field = |name: &str, max: usize| given(name).then(|| text(args, name, max)).transpose();
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
