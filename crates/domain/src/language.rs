//! The languages that the product speaks: those that have a file in `locales/`, of which `build.rs` makes [`Language`].

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

include!(concat!(env!("OUT_DIR"), "/language.rs"));

impl Language {
    /// The best guess from Telegram's `language_code` (an IETF tag such as `ru` or `en-GB`): English is the better guess
    /// for somebody whose language we do not speak.
    #[must_use]
    pub fn from_telegram(code: Option<&str>) -> Self {
        code.and_then(Self::nearest).unwrap_or(Self::En)
    }

    /// The codes of all, as a sentence names them.
    #[must_use]
    pub fn codes() -> String {
        Self::ALL.map(Self::as_str).join(" or ")
    }

    /// The language that is nearest to an IETF tag; nothing where none is near.
    #[must_use]
    pub fn nearest(tag: &str) -> Option<Self> {
        let place = nearest(&Self::ALL.map(Self::as_str), tag)?;
        Self::ALL.get(place).copied()
    }
}

/// Which of these codes is nearest to a tag: the whole tag, then the tag with ever fewer of its last parts (RFC 4647, 3.4),
/// and after that the same language as others speak it, which is nearer than any other language.
fn nearest(codes: &[&str], tag: &str) -> Option<usize> {
    let tag = tag.trim().replace('_', "-").to_ascii_lowercase();
    let mut range = tag.as_str();
    loop {
        if let Some(place) = codes.iter().position(|code| *code == range) {
            return Some(place);
        }
        let Some((shorter, _)) = range.rsplit_once('-') else { break };
        range = shorter;
    }
    codes.iter().position(|code| code.split('-').next() == Some(range))
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A language code that we do not speak.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a language we speak; use {known}", known = Language::codes())]
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
    #[case(Some("zxx"), Language::En)]
    #[case(Some(""), Language::En)]
    #[case(None, Language::En)]
    fn telegrams_code_becomes_the_nearest_language(#[case] code: Option<&str>, #[case] expected: Language) {
        assert_eq!(Language::from_telegram(code), expected);
    }

    #[test]
    fn a_language_has_one_code_wherever_it_is_written() {
        for language in Language::ALL {
            assert_eq!(serde_json::to_value(language).unwrap(), language.as_str());
            assert_eq!(language.as_str().parse(), Ok(language));
        }
    }

    #[rstest]
    #[case("es-MX", Some("es-419"))]
    #[case("pt-BR", Some("pt-br"))]
    #[case("pt_br", Some("pt-br"))]
    #[case("pt-br-x-rio", Some("pt-br"))]
    #[case("pt", Some("pt-br"))]
    #[case("pt-PT", Some("pt-br"))]
    #[case("en-GB", Some("en"))]
    #[case("e", None)]
    #[case("", None)]
    fn a_region_that_has_a_file_of_its_own_is_heard(#[case] tag: &str, #[case] expected: Option<&str>) {
        let codes = ["ru", "en", "pt-br", "es-419"];
        assert_eq!(nearest(&codes, tag).map(|place| codes[place]), expected);
    }
}
