//! What a person told of themselves, and how they want things.

use chrono::{Datelike as _, NaiveDate};
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

/// A field of [`Profile`] that a person may want forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// See [`Profile::name`].
    Name,
    /// See [`Profile::gender`].
    Gender,
    /// See [`Profile::birthday`].
    Birthday,
    /// See [`Profile::occupation`].
    Occupation,
    /// See [`Profile::city`].
    City,
}

impl Field {
    /// Each.
    pub const ALL: [Self; 5] = [Self::Name, Self::Gender, Self::Birthday, Self::Occupation, Self::City];

    /// Its name, as models and clients say it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Gender => "gender",
            Self::Birthday => "birthday",
            Self::Occupation => "occupation",
            Self::City => "city",
        }
    }
}

impl Profile {
    /// Whether a field holds anything.
    #[must_use]
    pub fn has(&self, field: Field) -> bool {
        match field {
            Field::Name => self.name.is_some(),
            Field::Gender => self.gender.is_some(),
            Field::Birthday => self.birthday.is_some(),
            Field::Occupation => self.occupation.is_some(),
            Field::City => self.city.is_some(),
        }
    }

    /// In which words a field may have been said. For a gender these are none: people show it with every word, and hardly
    /// ever say it. For a name neither: it is said of others too, and whatever was ever said of a namesake would go with it.
    #[must_use]
    pub fn said(&self, field: Field) -> Vec<String> {
        match field {
            Field::Name | Field::Gender => Vec::new(),
            Field::Birthday => self.birthday.map(dates).unwrap_or_default(),
            Field::Occupation => self.occupation.iter().cloned().collect(),
            Field::City => self.city.iter().cloned().collect(),
        }
    }
}

/// A date as people write it, whichever language they write in.
fn dates(date: NaiveDate) -> Vec<String> {
    let in_words = |language: Language| {
        let month = language.months().get(date.month0() as usize).copied()?;
        Some(format!("{} {month} {}", date.day(), date.year()))
    };
    let digits = date.format("%d.%m.%Y").to_string();
    std::iter::once(digits).chain(Language::ALL.into_iter().filter_map(in_words)).collect()
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

    /// Has a field cleared.
    pub fn clear(&mut self, field: Field) {
        match field {
            Field::Name => self.name = Some(None),
            Field::Gender => self.gender = Some(None),
            Field::Birthday => self.birthday = Some(None),
            Field::Occupation => self.occupation = Some(None),
            Field::City => self.city = Some(None),
        }
    }

    /// Whether nothing would change.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_that_is_cleared_holds_nothing_and_a_birthday_is_known_as_people_write_it() {
        let text = || Some("Казань".to_owned());
        let mut profile = Profile {
            name: text(),
            gender: text(),
            birthday: NaiveDate::from_ymd_opt(1990, 3, 8),
            occupation: text(),
            city: text(),
            wishes: Wishes::default(),
        };
        let birthday = profile.said(Field::Birthday);
        assert_eq!(birthday.len(), 1 + Language::ALL.len());
        for written in ["08.03.1990", "8 March 1990", "8 марта 1990"] {
            assert!(birthday.iter().any(|date| date == written), "{birthday:?}");
        }
        assert_eq!((profile.said(Field::City).len(), profile.said(Field::Gender).len()), (1, 0));
        for field in Field::ALL {
            assert!(profile.has(field));
            let mut patch = ProfilePatch::default();
            patch.clear(field);
            patch.apply_to(&mut profile);
            assert!(!profile.has(field) && profile.said(field).is_empty(), "{field:?}");
        }
        assert_eq!(profile, Profile::default());
    }
}
