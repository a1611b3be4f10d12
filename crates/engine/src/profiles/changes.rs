//! What somebody wants changed of themselves, and the bounds that it is checked against.

use chrono::{DateTime, Datelike as _, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use evolve_domain::{
    language::Language,
    profile::{MAX_FIELD_CHARS, MAX_NAME_CHARS, Onboarding, ProfilePatch},
};

use super::ProfileError;

/// Longest gender, in characters.
const MAX_GENDER_CHARS: usize = 32;
/// Nobody alive was born before.
const FIRST_BIRTH_YEAR: i32 = 1900;

/// What somebody wants changed, unchecked. What is `None` stays; an empty string clears.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// What the companion calls them.
    pub name: Option<String>,
    /// As they say it.
    pub gender: Option<String>,
    /// Date of birth.
    pub birthday: Option<NaiveDate>,
    /// What they do.
    pub occupation: Option<String>,
    /// Where they live.
    pub city: Option<String>,
    /// The code of one that we speak, such as `ru`.
    pub language: Option<String>,
    /// An IANA time zone name.
    pub time_zone: Option<String>,
    /// How far the first conversation has come.
    pub onboarding: Option<Onboarding>,
}

impl Changes {
    /// Checks every value against its bounds.
    ///
    /// # Errors
    /// [`ProfileError::Invalid`], for the first that is wrong.
    pub fn check(self, now: DateTime<Utc>) -> Result<ProfilePatch, ProfileError> {
        Ok(ProfilePatch {
            name: line("name", self.name, MAX_NAME_CHARS)?,
            gender: line("gender", self.gender, MAX_GENDER_CHARS)?,
            birthday: birthday(self.birthday, now)?,
            occupation: line("occupation", self.occupation, MAX_FIELD_CHARS)?,
            city: line("city", self.city, MAX_FIELD_CHARS)?,
            language: self
                .language
                .map(|code| {
                    code.parse::<Language>().map_err(|_| invalid("language", &format!("must be {}", Language::codes())))
                })
                .transpose()?,
            time_zone: self.time_zone.as_deref().map(time_zone).transpose()?,
            onboarding: self.onboarding,
        })
    }
}

/// A value of one line: white space around it does not count, and an empty one clears.
fn line(field: &'static str, value: Option<String>, max_chars: usize) -> Result<Option<Option<String>>, ProfileError> {
    let Some(value) = value else { return Ok(None) };
    let value = value.trim();
    if value.chars().count() > max_chars {
        return Err(invalid(field, &format!("must have at most {max_chars} characters")));
    }
    // It becomes a line of the prompt: a line break in it could forge another.
    if value.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')) {
        return Err(invalid(field, "must not hold line breaks or control characters"));
    }
    Ok(Some((!value.is_empty()).then(|| value.to_owned())))
}

/// A time zone by its name.
pub(crate) fn time_zone(name: &str) -> Result<Tz, ProfileError> {
    name.parse().map_err(|_| invalid("time_zone", "must be an IANA time zone such as Europe/Moscow"))
}

fn birthday(date: Option<NaiveDate>, now: DateTime<Utc>) -> Result<Option<Option<NaiveDate>>, ProfileError> {
    let Some(date) = date else { return Ok(None) };
    // Somewhere it is tomorrow already.
    if date.year() < FIRST_BIRTH_YEAR || date > (now + TimeDelta::hours(14)).date_naive() {
        return Err(invalid("birthday", "must be a date from 1900-01-01 to today"));
    }
    Ok(Some(Some(date)))
}

fn invalid(field: &'static str, reason: &str) -> ProfileError {
    ProfileError::Invalid { field, reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-03-01T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn what_is_given_is_cleaned_what_is_not_stays_and_an_empty_string_clears() {
        let changes = Changes { name: Some("  Иван ".to_owned()), city: Some(String::new()), ..Changes::default() };
        let patch = changes.check(now()).unwrap();
        assert_eq!(patch.name, Some(Some("Иван".to_owned())));
        assert_eq!(patch.city, Some(None));
        assert_eq!(patch.occupation, None);
    }

    #[rstest]
    #[case(Changes { name: Some("я".repeat(65)), ..Changes::default() }, "name: must have at most 64 characters")]
    #[case(Changes { name: Some("Иван\n# Rules".into()), ..Changes::default() }, "name: must not hold line breaks or control characters")]
    #[case(Changes { city: Some("a\u{2028}b".into()), ..Changes::default() }, "city: must not hold line breaks or control characters")]
    #[case(Changes { gender: Some("x".repeat(33)), ..Changes::default() }, "gender: must have at most 32 characters")]
    #[case(Changes { birthday: NaiveDate::from_ymd_opt(1899, 12, 31), ..Changes::default() }, "birthday: must be a date from 1900-01-01 to today")]
    #[case(Changes { birthday: NaiveDate::from_ymd_opt(2026, 3, 3), ..Changes::default() }, "birthday: must be a date from 1900-01-01 to today")]
    #[case(Changes { time_zone: Some("Mars/Olympus".into()), ..Changes::default() }, "time_zone: must be an IANA time zone such as Europe/Moscow")]
    fn a_value_out_of_bounds_is_named(#[case] changes: Changes, #[case] expected: &str) {
        assert_eq!(changes.check(now()).unwrap_err().to_string(), expected);
    }

    #[test]
    fn somebody_whose_language_is_not_spoken_is_told_which_ones_are() {
        let changes = Changes { language: Some("zxx".into()), ..Changes::default() };
        let refused = changes.check(now()).unwrap_err().to_string();
        assert!(refused.starts_with("language: must be ") && !refused.contains("zxx"), "{refused}");
        assert!(Language::ALL.iter().all(|language| refused.contains(language.as_str())), "{refused}");
    }
}
