//! `set_profile`.

use evolve_domain::profile::{MAX_FIELD_CHARS, MAX_NAME_CHARS, ProfilePatch};
use serde_json::{Value, json};

use super::{Effects, text};

pub(super) fn set_profile(args: &Value, effects: &mut Effects) -> Result<Value, String> {
    let given = |name: &str| args.get(name).is_some_and(|value| !value.is_null());
    let field = |name: &str, max: usize| given(name).then(|| text(args, name, max)).transpose();
    let mut patch = ProfilePatch::default();
    if let Some(name) = field("name", MAX_NAME_CHARS)? {
        patch.name = Some(Some(name));
    }
    if let Some(gender) = field("gender", MAX_FIELD_CHARS)? {
        patch.gender = Some(Some(gender));
    }
    if let Some(occupation) = field("occupation", MAX_FIELD_CHARS)? {
        patch.occupation = Some(Some(occupation));
    }
    if let Some(city) = field("city", MAX_FIELD_CHARS)? {
        patch.city = Some(Some(city));
    }
    if let Some(date) = field("birthday", 32)? {
        patch.birthday =
            Some(Some(date.parse().map_err(|_| "`birthday` must be a date such as 1990-12-31".to_owned())?));
    }
    if let Some(zone) = field("time_zone", 64)? {
        let zone = zone.parse().map_err(|_| "`time_zone` must be an IANA name such as Europe/Moscow".to_owned())?;
        patch.time_zone = Some(zone);
    }
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
