//! How letters are compared: the same in what people write and in the lists of `locales/`. `build.rs` has this file too, so
//! that the two cannot differ.
//!
//! Keyboards and systems write the same word in several ways: й in one character or in two, with an accent for stress, with
//! an invisible joiner. Compared is the composed form (NFC). The compatible one (NFKC) would part letters of Thai, and make
//! three points of one sign and numbers of superscripts. Cases are folded by way of the capital, which is the same for ς and σ,
//! and for ß and ss.

use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};

/// The text as it is compared: in small letters, without what stands above letters as a sign of its own, and with one
/// apostrophe and one hyphen for all.
pub(crate) fn plain(text: &str) -> impl Iterator<Item = char> + '_ {
    let is_simple = text.chars().all(is_simple);
    let simple = is_simple.then(|| text.chars().flat_map(char::to_lowercase));
    let other = (!is_simple).then(|| composed(text));
    let small = simple.into_iter().flatten().chain(other.into_iter().flatten());
    small.map(|c| match c {
        'ё' => 'е',
        '’' | '‘' | 'ʼ' | '`' => '\'',
        '\u{2010}' | '\u{2011}' => '-',
        c => c,
    })
}

/// Small letters, composed, without signs above them.
fn composed(text: &str) -> impl Iterator<Item = char> + '_ {
    let small = text.chars().filter(|c| !is_unseen(*c)).flat_map(folded);
    small.nfc().filter(|c| !is_sign_above(*c))
}

/// Whether it has one small letter and one form, whatever stands beside it. Most texts are of nothing else, and a turn
/// compares many: to compose them took longer than all that looks at their words.
const fn is_simple(c: char) -> bool {
    matches!(c, '\0'..='\u{7f}' | 'А'..='я' | 'Ё' | 'ё' | '«' | '»' | '–' | '—' | '…')
}

/// The same for what must not be missed, however it is typed: without apostrophes, and with one i for both of Turkish, whose
/// capitals are told apart by who knows the language alone.
pub(crate) fn bare(text: &str) -> impl Iterator<Item = char> + '_ {
    plain(text).filter(|c| *c != '\'').map(|c| if c == 'ı' { 'i' } else { c })
}

/// Whether it is part of a word. Signs of vowels and tones are (Hindi, Thai), and none of them is a letter by itself.
pub(crate) fn is_of_a_word(c: char) -> bool {
    c.is_alphanumeric() || is_combining_mark(c)
}

/// Whether a word goes on with it, or begins where there is none yet: a mark begins no word.
pub(crate) fn goes_on(word: &str, c: char) -> bool {
    if is_combining_mark(c) { !word.is_empty() } else { c.is_alphanumeric() }
}

fn folded(c: char) -> impl Iterator<Item = char> {
    // The capital of ı is that of i as well, and they are two letters to a stemmer.
    let capital = (c != 'ı').then(|| c.to_uppercase());
    let kept = (c == 'ı').then_some(c);
    capital.into_iter().flatten().flat_map(char::to_lowercase).chain(kept)
}

/// What nobody sees: soft hyphens, joiners, and forms of the character before.
const fn is_unseen(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2060}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{e0100}'..='\u{e01ef}'
    )
}

/// Marks of Latin, Cyrillic and Greek letters, and of symbols, that are left where the two make no letter: stress, mostly.
const fn is_sign_above(c: char) -> bool {
    matches!(
        c,
        '\u{300}'..='\u{36f}'
            | '\u{483}'..='\u{489}'
            | '\u{1ab0}'..='\u{1aff}'
            | '\u{1dc0}'..='\u{1dff}'
            | '\u{20d0}'..='\u{20ff}'
            | '\u{fe20}'..='\u{fe2f}'
    )
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("и\u{306} Е\u{308}ж", "й еж")]
    #[case("ЁЖ", "еж")]
    #[case("умере\u{301}ть", "умереть")]
    #[case("cafe\u{301} CAFÉ", "café café")]
    #[case("İNTİHAR", "intihar")]
    #[case("kapı", "kapı")]
    #[case("Straße STRASSE", "strasse strasse")]
    #[case("ΘΑΝΑΤΟΣ θανατος", "θανατοσ θανατοσ")]
    #[case("ї і\u{308}", "ї ї")]
    #[case("пʼять п’ять", "п'ять п'ять")]
    #[case("self\u{2011}harm", "self-harm")]
    #[case("su\u{200b}i\u{ad}cide ❤\u{fe0f} 1\u{fe0f}\u{20e3}", "suicide ❤ 1")]
    #[case("आत्महत्या", "आत्महत्या")]
    #[case("\u{958}", "\u{915}\u{93c}")]
    fn what_is_written_in_several_ways_is_compared_as_one(#[case] written: &str, #[case] compared: &str) {
        assert_eq!(plain(written).collect::<String>(), compared);
    }

    #[test]
    fn what_is_simple_is_compared_as_all_else_is() {
        let all: String = ('\0'..='\u{ffff}').filter(|c| is_simple(*c)).collect();
        assert!(all.chars().count() > 190);
        for text in [all.clone(), all.chars().rev().collect(), all.chars().flat_map(|c| [c, c]).collect()] {
            let compared: String = composed(&text).map(|c| if c == 'ё' { 'е' } else { c }).collect();
            assert_eq!(plain(&text).collect::<String>(), compared.replace('`', "'"));
        }
    }

    #[rstest]
    #[case("Don’t", "dont")]
    #[case("SIKILDIM sıkıldım", "sikildim sikildim")]
    fn what_must_not_be_missed_is_compared_more_loosely(#[case] written: &str, #[case] compared: &str) {
        assert_eq!(bare(written).collect::<String>(), compared);
    }

    #[test]
    fn marks_are_parts_of_words_and_begin_none() {
        assert!("आत्महत्या".chars().all(is_of_a_word), "a virama joins letters");
        assert!("ฆ่าตัวตาย".chars().all(is_of_a_word), "a tone stands above a letter");
        assert!(goes_on("क", '\u{94d}') && !goes_on("", '\u{94d}'));
        assert!(goes_on("", 'a') && !goes_on("a", ' '));
    }
}
