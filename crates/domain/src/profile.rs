//! What a person told of themselves, and how they want things.

use chrono::NaiveDate;
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::{language::Language, wishes::Wishes};

/// Longest name, in characters.
pub const MAX_NAME_CHARS: usize = 64;
/// Longest other field, in characters.
pub const MAX_FIELD_CHARS: usize = 200;

/// What is known of a person. Stored encrypted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// What the companion calls them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// As they say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gender: Option<String>,
    /// Date of birth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birthday: Option<NaiveDate>,
    /// What they do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occupation: Option<String>,
    /// Where they live.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    /// How they wish to be answered.
    #[serde(default, skip_serializing_if = "Wishes::is_default")]
    pub wishes: Wishes,
}

/// How far the first conversation has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Onboarding {
    /// Nothing was asked yet.
    #[default]
    New,
    /// The language was asked.
    Language,
    /// The name was asked.
    Name,
    /// Everything was asked, once.
    Done,
}

impl Onboarding {
    /// Its name in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Language => "language",
            Self::Name => "name",
            Self::Done => "done",
        }
    }
}

impl std::str::FromStr for Onboarding {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        [Self::New, Self::Language, Self::Name, Self::Done]
            .into_iter()
            .find(|step| step.as_str() == name)
            .ok_or_else(|| format!("{name:?} is not a step of the first conversation"))
    }
}

/// How a person wants things. Not encrypted: the database computes with the zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The language they are spoken to in.
    pub language: Language,
    /// Where their day begins and ends.
    pub time_zone: Tz,
    /// How far the first conversation has come.
    pub onboarding: Onboarding,
}

/// A change of profile or settings: what is `None` stays, an inner `None` clears.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProfilePatch {
    /// See [`Profile::name`].
    pub name: Option<Option<String>>,
    /// See [`Profile::gender`].
    pub gender: Option<Option<String>>,
    /// See [`Profile::birthday`].
    pub birthday: Option<Option<NaiveDate>>,
    /// See [`Profile::occupation`].
    pub occupation: Option<Option<String>>,
    /// See [`Profile::city`].
    pub city: Option<Option<String>>,
    /// See [`Settings::language`].
    pub language: Option<Language>,
    /// See [`Settings::time_zone`].
    pub time_zone: Option<Tz>,
    /// See [`Settings::onboarding`].
    pub onboarding: Option<Onboarding>,
}

impl ProfilePatch {
    /// Applies the change to what is known.
    pub fn apply_to(&self, profile: &mut Profile) {
        fn set<T: Clone>(target: &mut Option<T>, change: &Option<Option<T>>) {
            if let Some(value) = change {
                target.clone_from(value);
            }
        }
        set(&mut profile.name, &self.name);
        set(&mut profile.gender, &self.gender);
        set(&mut profile.birthday, &self.birthday);
        set(&mut profile.occupation, &self.occupation);
        set(&mut profile.city, &self.city);
    }

    /// Whether nothing would change.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
