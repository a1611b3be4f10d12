//! When answers are spoken, in which voice, and how much of a long one.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// When a person wants answers spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VoiceMode {
    /// Never.
    Never,
    /// When they have spoken themselves.
    #[default]
    OnVoice,
    /// Always.
    Always,
}

impl VoiceMode {
    /// Every mode.
    pub const ALL: [Self; 3] = [Self::Never, Self::OnVoice, Self::Always];

    /// Its name in the database and the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::OnVoice => "on_voice",
            Self::Always => "always",
        }
    }

    /// Whether to speak the answer to a message that was itself `spoken`, or not.
    #[must_use]
    pub const fn wants(self, spoken: bool) -> bool {
        match self {
            Self::Never => false,
            Self::OnVoice => spoken,
            Self::Always => true,
        }
    }
}

/// A voice to choose, in words that mean the same whoever speaks: each provider has its own voices for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Voice {
    /// A woman's, warm.
    Warm,
    /// A woman's, bright and lively.
    Bright,
    /// A woman's, soft and quiet.
    Soft,
    /// A man's, calm.
    Calm,
    /// A man's, deep.
    Deep,
    /// A man's, cheerful.
    Cheerful,
}

impl Voice {
    /// Every voice.
    pub const ALL: [Self; 6] = [Self::Warm, Self::Bright, Self::Soft, Self::Calm, Self::Deep, Self::Cheerful];

    /// Its name in the database and the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Warm => "warm",
            Self::Bright => "bright",
            Self::Soft => "soft",
            Self::Calm => "calm",
            Self::Deep => "deep",
            Self::Cheerful => "cheerful",
        }
    }
}

impl FromStr for VoiceMode {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|mode| mode.as_str() == name);
        found.ok_or_else(|| format!("{name:?} is not never, on_voice or always"))
    }
}

impl FromStr for Voice {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|voice| voice.as_str() == name);
        found.ok_or_else(|| format!("{name:?} is not a voice"))
    }
}

/// How a person wants answers spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VoiceSettings {
    /// When.
    pub mode: VoiceMode,
    /// In which voice; nothing for the bot's own.
    pub voice: Option<Voice>,
}

/// The part of a text that is spoken, of at most `most` characters: whole sentences, or whole words where the first sentence
/// is longer than that.
#[must_use]
pub fn spoken_part(text: &str, most: usize) -> &str {
    let text = text.trim();
    let Some((limit, _)) = text.char_indices().nth(most) else { return text };
    // The character after the limit says whether the word, or the sentence, ends at it.
    let window = &text[..limit];
    let next_is_space = text[limit..].starts_with(char::is_whitespace);
    let sentence = ends(window, next_is_space).filter(|end| *end > 0).last();
    let word = if next_is_space { Some(limit) } else { window.rfind(char::is_whitespace) };
    text[..sentence.or(word).unwrap_or(limit)].trim_end()
}

/// Where sentences end: behind their last mark, before white space.
fn ends(window: &str, next_is_space: bool) -> impl Iterator<Item = usize> + '_ {
    let marks = window.char_indices().filter(|(_, c)| matches!(c, '.' | '!' | '?' | '…' | '\n'));
    marks.filter_map(move |(at, mark)| {
        let end = at + mark.len_utf8();
        let is_end = match window[end..].chars().next() {
            Some(next) => next.is_whitespace() || mark == '\n',
            None => next_is_space,
        };
        is_end.then_some(end)
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::short_is_whole("  Hello there. ", 50, "Hello there.")]
    #[case::sentences_stay_whole("One two. Three four! Five six?", 22, "One two. Three four!")]
    #[case::a_sentence_that_ends_at_the_limit("One two. Three", 8, "One two.")]
    #[case::a_dot_within_a_word_ends_nothing("Version 3.14 is here now", 12, "Version 3.14")]
    #[case::a_long_sentence_is_cut_between_words("одно длинное предложение без конца", 15, "одно длинное")]
    #[case::a_long_word_is_cut_anywhere("Donaudampfschifffahrt", 5, "Donau")]
    #[case::a_line_is_a_sentence("Первая строка\nвторая строка", 20, "Первая строка")]
    #[case::nothing_of_nothing("", 10, "")]
    fn what_is_spoken_ends_where_a_sentence_does(#[case] text: &str, #[case] most: usize, #[case] expected: &str) {
        assert_eq!(spoken_part(text, most), expected);
    }

    #[test]
    fn a_person_is_answered_by_voice_as_they_like() {
        let wants = VoiceMode::ALL.map(|mode| (mode.wants(false), mode.wants(true)));
        assert_eq!(wants, [(false, false), (false, true), (true, true)]);
    }
}
