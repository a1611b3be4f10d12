//! Words as they are compared: without endings, whichever language they are of.
//!
//! What a stemmer cannot know is in the languages' files: words that tell nothing, irregular forms, and words that mean the
//! same in everyday talk. General language only; nothing there may come from anybody's messages. A word's stemmer is that of
//! the first language (in the order of [`Language::ALL`](crate::language::Language::ALL)) in whose alphabet a letter of it is.
//!
//! Changing what a text's terms are makes every stored index stale: such a change needs a migration that empties
//! `message_terms` and the numbers of messages, which are then given anew in the background.

use std::{
    collections::{HashMap, HashSet},
    ops::RangeInclusive,
    sync::LazyLock,
};

use rust_stemmers::Stemmer;

use crate::{letters, words};

/// Longest term, in characters: longer "words" are links or noise, and their beginnings tell them apart.
const MAX_CHARS: usize = 24;

/// Each with the letters of its alphabet.
static STEMMERS: LazyLock<Vec<(RangeInclusive<char>, Stemmer)>> = LazyLock::new(|| {
    words::STEMMERS.iter().map(|(algorithm, letters)| (letters.clone(), Stemmer::create(*algorithm))).collect()
});
static STOP: LazyLock<HashSet<&str>> = LazyLock::new(|| words::RECALL_STOP.iter().copied().collect());
static SAME: LazyLock<HashMap<String, String>> = LazyLock::new(|| {
    let mut same = HashMap::new();
    for group in words::RECALL_SAME {
        let mut forms = group.split(' ');
        let Some(head) = forms.next() else { continue };
        let term = stem(head);
        for form in forms.chain([head]) {
            // A form that belongs to two words stays with the first.
            same.entry(form.to_owned()).or_insert_with(|| term.clone());
            same.entry(stem(form)).or_insert_with(|| term.clone());
        }
    }
    same
});

/// The words of a text as they are compared, without what an apostrophe adds.
pub(crate) fn words(text: &str) -> Vec<String> {
    let plain: String = letters::plain(text).collect();
    let mut words = Vec::new();
    for chunk in plain.split(|c: char| !letters::is_of_a_word(c) && c != '\'') {
        let chunk = chunk.trim_matches('\'');
        let chunk = chunk.strip_suffix("'s").unwrap_or(chunk);
        // A mark that stands for itself, as after an emoji, begins no word.
        let bare = chunk.split('\'').map(|word| word.trim_start_matches(|c: char| !letters::goes_on("", c)));
        words.extend(bare.filter(|word| !word.is_empty()).map(cut));
    }
    words
}

/// The term of a word; nothing for a word that tells nothing ("the", "что").
#[must_use]
pub(crate) fn term(word: &str) -> Option<String> {
    if STOP.contains(word) {
        return None;
    }
    if let Some(known) = SAME.get(word) {
        return Some(known.clone());
    }
    let stem = stem(word);
    Some(SAME.get(&stem).cloned().unwrap_or(stem))
}

/// The terms of a text, in its order.
#[must_use]
pub fn terms(text: &str) -> Vec<String> {
    words(text).iter().filter_map(|word| term(word)).collect()
}

/// The words of a text that tell something, without endings, each by itself: another word of the same meaning is another.
pub(crate) fn stems(text: &str) -> Vec<String> {
    words(text).iter().filter(|word| !STOP.contains(word.as_str())).map(|word| stem(word)).collect()
}

fn stem(word: &str) -> String {
    let stemmer = STEMMERS.iter().find(|(letters, _)| word.chars().any(|c| letters.contains(&c)));
    stemmer.map_or_else(|| word.to_owned(), |(_, stemmer)| stemmer.stem(word).into_owned())
}

fn cut(word: &str) -> String {
    word.chars().take(MAX_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("Вчера ходили с собаками на озёра", "Ходить с собакой на озеро")]
    #[case("Мы поехали к бабушке", "едем к бабушкам")]
    #[case("She went running along the rivers", "she goes: run by a river!")]
    #[case("My mom's dog", "mother dogs")]
    #[case("дети купили щенка", "ребёнок покупает щенков")]
    fn the_same_words_have_the_same_terms_whatever_their_endings(#[case] said: &str, #[case] asked: &str) {
        let (said, asked) = (terms(said), terms(asked));
        assert!(asked.iter().all(|term| said.contains(term)), "{asked:?} is not in {said:?}");
    }

    #[rstest]
    #[case("чаи\u{306} с е\u{308}жиком", &["чай", "с", "ежиком"])]
    #[case("क्या हुआ", &["क्या", "हुआ"])]
    #[case("ฆ่า", &["ฆ่า"])]
    #[case("İstanbul’da kapı", &["istanbul", "da", "kapı"])]
    #[case("❤\u{fe0f} ok \u{94d} '\u{94d}", &["ok"])]
    fn a_word_is_whole_however_its_letters_are_written(#[case] text: &str, #[case] expected: &[&str]) {
        assert_eq!(words(text), expected);
    }

    #[test]
    fn words_that_tell_nothing_are_left_out() {
        assert_eq!(terms("What did you do to the, и что это было? I'm, don't"), [""; 0]);
    }

    proptest! {
        #[test]
        fn any_text_has_short_terms_and_no_more_than_it_has_letters(text in any::<String>()) {
            let terms = terms(&text);
            prop_assert!(terms.iter().all(|term| !term.is_empty() && term.chars().count() <= MAX_CHARS));
            prop_assert!(terms.len() <= text.chars().count());
        }
    }
}
