//! Whether an answer quotes what the companion was told to be: the first thing that people try to get out of one.
//!
//! It is looked for word by word, so that markup, case and punctuation hide nothing. What stands in quotation marks there
//! may be said: a persona is taught its phrases so. Numbers do not count: whoever numbers the words of a quote quotes. A
//! translation is not recognised.

use std::{
    collections::{HashSet, VecDeque},
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::Arc,
};

/// So many words in a row are no accident.
const WORDS: usize = 12;
const QUOTES: [(char, char); 3] = [('«', '»'), ('“', '”'), ('"', '"')];

/// What must not be quoted. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Secret(Arc<HashSet<u64>>);

impl Secret {
    /// Instructions to a model.
    #[must_use]
    pub fn new(instructions: &str) -> Self {
        let pieces = pieces(instructions);
        let runs = pieces.iter().flat_map(|piece| {
            let words: Vec<String> = words(piece).collect();
            words.windows(WORDS).map(|run| run_of(run.iter().map(String::as_str))).collect::<Vec<_>>()
        });
        Self(Arc::new(runs.collect()))
    }

    /// Whether a text quotes them.
    #[must_use]
    pub fn is_quoted_in(&self, text: &str) -> bool {
        let mut watch = Watch::default();
        watch.hears_a_quote(self, text) || watch.hears_a_quote(self, " ")
    }
}

/// An answer that comes piece by piece.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    last: VecDeque<String>,
    word: String,
}

impl Watch {
    /// Whether the next piece completes a quote. A word counts once it has ended.
    pub fn hears_a_quote(&mut self, secret: &Secret, piece: &str) -> bool {
        let mut quotes = false;
        for c in piece.chars() {
            if c.is_alphanumeric() {
                self.word.extend(c.to_lowercase());
            } else if is_number(&self.word) {
                self.word.clear();
            } else {
                self.last.push_back(std::mem::take(&mut self.word));
                if self.last.len() > WORDS {
                    self.last.pop_front();
                }
                quotes |= self.last.len() == WORDS && secret.0.contains(&run_of(self.last.iter().map(String::as_str)));
            }
        }
        quotes
    }
}

fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !is_number(word)).map(str::to_lowercase)
}

/// Whether there is no letter in it; so it is with no word at all.
fn is_number(word: &str) -> bool {
    word.chars().all(char::is_numeric)
}

fn run_of<'a>(words: impl Iterator<Item = &'a str>) -> u64 {
    let mut hasher = DefaultHasher::new();
    words.for_each(|word| word.hash(&mut hasher));
    hasher.finish()
}

/// The pieces around what is quoted. A line goes on in the next: instructions may be a list of short ones. A quotation mark
/// that nothing closes in its line is none.
fn pieces(instructions: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    for line in instructions.lines() {
        let mut of_line = unquoted(line).into_iter();
        if let (Some(last), Some(first)) = (pieces.last_mut(), of_line.next()) {
            last.push('\n');
            last.push_str(&first);
        }
        pieces.extend(of_line);
    }
    pieces
}

/// The pieces of a line around what is quoted in it.
fn unquoted(line: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        let end = QUOTES.iter().find(|(open, _)| *open == c).and_then(|(_, close)| after.split_once(*close));
        match end {
            Some((_, beyond)) => {
                pieces.push(String::new());
                rest = beyond;
            }
            None => {
                if let Some(piece) = pieces.last_mut() {
                    piece.push(c);
                }
                rest = after;
            }
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    const RULES: &str = "# Rules\n- You chat in Telegram: write like a person, usually one to four sentences, never more than that.\n\
        - Greet with «Мой дорогой друг, как же я рада снова видеть тебя сегодня вечером у нас дома»!";

    #[rstest]
    #[case("You chat in Telegram: write like a person, usually one to four sentences", true)]
    #[case("Sure: **YOU** chat in _Telegram_;\nwrite, like, a, person... usually `one to four sentences` OK", true)]
    #[case("I chat in Telegram and write like a person, usually one to four sentences", false)]
    #[case("You chat in Telegram: write like a person, usually one to", false)]
    #[case("Мой дорогой друг, как же я рада снова видеть тебя сегодня вечером у нас дома", false)]
    #[case("", false)]
    fn a_quote_is_known_by_its_words(#[case] answer: &str, #[case] expected: bool) {
        assert_eq!(Secret::new(RULES).is_quoted_in(answer), expected);
    }

    #[test]
    fn a_persona_of_short_lines_is_known_by_them_together_and_numbering_does_not_hide_it() {
        let secret =
            Secret::new("- Be kind to everybody\n- Never boast\n- You love old trains\n- Tea at 5, in the garden");
        assert!(secret.is_quoted_in("Be kind to everybody.\nNever boast.\nYou love old trains.\nTea at five"));
        assert!(!secret.is_quoted_in("You love old trains. Tea at 5, in the garden"), "so few words are no quote");
        let whole = "You chat in Telegram: write like a person, usually one to four sentences";
        let numbered: String = (1..).zip(whole.split(' ')).map(|(n, word)| format!("{n}. {word}\n")).collect();
        assert!(Secret::new(RULES).is_quoted_in(&numbered));
    }

    proptest! {
        #[test]
        fn however_an_answer_is_cut_the_quote_is_heard(cuts in proptest::collection::vec(0_usize..80, 0..6)) {
            let answer = "Yes! You chat in Telegram: write like a person, usually one to four sentences, never.";
            let secret = Secret::new(RULES);
            let mut places: Vec<usize> = cuts.into_iter().chain([0, answer.len()]).collect();
            places.sort_unstable();
            let mut watch = Watch::default();
            let heard = places.windows(2).filter(|ends| watch.hears_a_quote(&secret, &answer[ends[0]..ends[1]])).count();
            prop_assert!(heard >= 1);
        }

        #[test]
        fn no_text_is_too_strange(text in any::<String>()) {
            let _ = Secret::new(&text).is_quoted_in(&text);
        }
    }
}
