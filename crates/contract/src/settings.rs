//! `/settings`: how a person wants to be spoken to, and whether the companion may write first.
//!
//! Language and time zone are part of [`crate::profile`]; the zone can be set here too, since writing first takes it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How long answers are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Detail {
    /// A sentence or two.
    Short,
    /// As the companion sees fit.
    #[default]
    Normal,
    /// With reasons and examples.
    Long,
}

/// What can be set. A field that is left out stays as it is; an empty one clears.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SettingsData {
    /// How long answers are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<Detail>,
    /// What the companion should keep in mind: at most 10 lines of 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 10)]
    pub instructions: Option<Vec<String>>,
    /// What they like to talk of: at most 10 topics of 60 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 10)]
    pub talk_of: Option<Vec<String>>,
    /// What they do not want to talk of: at most 10 topics of 60 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 10)]
    pub avoid: Option<Vec<String>>,
    /// Hours of their own time zone in which the companion does not write first; an empty string for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "22-8")]
    pub quiet_hours: Option<String>,
    /// Whether the companion may say good morning. Off, unless the person switches it on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub good_morning: Option<bool>,
    /// Whether the companion may ask how a plan went. Off, unless the person switches it on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follow_ups: Option<bool>,
    /// Whether the bot shows its main commands as keys below the field in which the person types. Off, unless they switch it
    /// on; an answer leaves it out while it is off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub menu_buttons: Option<bool>,
    /// Where they live, as an IANA time zone: nobody is written to first who has not said so. An answer leaves it out: the
    /// profile tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "Europe/London")]
    pub time_zone: Option<String>,
    /// How many days what was said is kept, from 30 to 3650, where the person wants it kept for less than everybody's is; 0 for
    /// as long as that. Summaries and facts stay. An answer leaves it out where nothing was chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = 90)]
    pub keep_messages_days: Option<u16>,
}

/// `POST /settings`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SettingsUpdate {
    /// Whose settings; must be the token's own person.
    pub user_id: i64,
    /// What to set.
    #[serde(deserialize_with = "crate::object::only")]
    pub data: SettingsData,
}

/// `GET /settings/{user_id}` and the answer of `POST /settings`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SettingsResponse {
    /// The person's Telegram id.
    pub user_id: i64,
    /// Everything that can be set, as it is now.
    #[serde(deserialize_with = "Lenient::deserialize")]
    pub data: SettingsData,
    /// Whether the person said where they live; otherwise their time zone is the default one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone_is_chosen: Option<bool>,
}

/// What can be set, as it is read in an answer: an API of the version after may tell more.
#[derive(Deserialize)]
#[serde(remote = "SettingsData")]
struct Lenient {
    #[serde(default)]
    detail: Option<Detail>,
    #[serde(default)]
    instructions: Option<Vec<String>>,
    #[serde(default)]
    talk_of: Option<Vec<String>>,
    #[serde(default)]
    avoid: Option<Vec<String>>,
    #[serde(default)]
    quiet_hours: Option<String>,
    #[serde(default)]
    good_morning: Option<bool>,
    #[serde(default)]
    follow_ups: Option<bool>,
    #[serde(default)]
    menu_buttons: Option<bool>,
    #[serde(default)]
    time_zone: Option<String>,
    keep_messages_days: Option<u16>,
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json};

    use super::*;

    #[test]
    fn an_answer_of_the_version_after_is_read_and_a_request_of_it_is_not() {
        let data = json!({"detail": "long", "moon": true});
        let answer: SettingsResponse = from_value(json!({"user_id": 1, "data": data.clone()})).unwrap();
        assert_eq!(answer.data, SettingsData { detail: Some(Detail::Long), ..SettingsData::default() });
        assert!(from_value::<SettingsUpdate>(json!({"user_id": 1, "data": data})).is_err());
    }
}
