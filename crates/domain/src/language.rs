//! The languages that the product speaks: those that have a file in `locales/`, of which `build.rs` makes [`Language`].

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

include!(concat!(env!("OUT_DIR"), "/language.rs"));

impl Language {
    /// The best guess from Telegram's `language_code` (an IETF tag such as `ru` or `en-GB`): English is the better guess
    /// for somebody whose language we do not speak.
    #[must_use]
    pub fn from_telegram(code: Option<&str>) -> Self {
        let primary = code.unwrap_or_default().split(['-', '_']).next().unwrap_or_default();
        primary.parse().unwrap_or(Self::En)
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A language code that we do not speak.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a language we speak; use {known}", known = Language::ALL.map(Language::as_str).join(" or "))]
pub struct UnknownLanguage(pub String);

impl FromStr for Language {
    type Err = UnknownLanguage;

    fn from_str(code: &str) -> Result<Self, UnknownLanguage> {
        Self::ALL
            .into_iter()
            .find(|language| language.as_str().eq_ignore_ascii_case(code))
            .ok_or_else(|| UnknownLanguage(code.chars().take(16).collect()))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(Some("ru"), Language::Ru)]
    #[case(Some("ru-RU"), Language::Ru)]
    #[case(Some("en_US"), Language::En)]
    #[case(Some("de"), Language::En)]
    #[case(None, Language::En)]
    fn telegrams_code_becomes_the_nearest_language(#[case] code: Option<&str>, #[case] expected: Language) {
        assert_eq!(Language::from_telegram(code), expected);
    }
}
