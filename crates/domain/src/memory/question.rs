//! What is asked: the words to look for, whose words are wanted, and when it was.

use std::{collections::HashSet, sync::LazyLock};

use chrono::{Datelike as _, NaiveDate};

use super::{Side, terms};
use crate::words;

/// Most terms of a question, as many as a set of bits holds; a person may paste a whole letter.
pub const MAX_TERMS: usize = 32;

/// The months of the seasons, winter first.
const SEASONS: [[u32; 3]; 4] = [[12, 1, 2], [3, 4, 5], [6, 7, 8], [9, 10, 11]];
/// What may follow the beginning of a month's name: "сентябр|ём".
const ENDING: usize = 3;

static FIRST: LazyLock<HashSet<&str>> = LazyLock::new(|| words::RECALL_FIRST_PERSON.iter().copied().collect());
static SECOND: LazyLock<HashSet<&str>> = LazyLock::new(|| words::RECALL_SECOND_PERSON.iter().copied().collect());

/// Whom a question may name.
#[derive(Clone, Copy, Debug, Default)]
pub struct Names<'a> {
    /// The person's name, where it is known.
    pub person: Option<&'a str>,
    /// The companion's.
    pub companion: &'a str,
}

/// A question, or any message whose past is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Question {
    /// The terms to look for, each once, at most [`MAX_TERMS`].
    pub terms: Vec<String>,
    /// Terms that stand side by side in it.
    pub pairs: Vec<(String, String)>,
    /// Whose words are wanted more.
    pub by: Option<Side>,
    /// The months that it names.
    pub months: Vec<u32>,
    /// The year that it names.
    pub year: Option<i32>,
    /// Whether it asks when something was.
    pub asks_time: bool,
    /// Whether it asks how many.
    pub asks_number: bool,
}

impl Question {
    /// Reads a question that the person wrote, or that the model asks for them.
    #[must_use]
    pub fn read(text: &str, names: Names<'_>) -> Self {
        let words = terms::words(text);
        let person = names.person.map(name_terms).unwrap_or_default();
        let companion = name_terms(names.companion);
        let terms: Vec<_> = words.iter().filter_map(|word| terms::term(word)).collect();
        let named = |name: &[String]| terms.iter().any(|term| name.contains(term));
        let by = match (named(&person), named(&companion)) {
            (true, false) => Some(Side::Person),
            (false, true) => Some(Side::Companion),
            (true, true) => None,
            (false, false) => by_pronoun(&words),
        };
        let is_no_name = |term: &String| !person.contains(term) && !companion.contains(term);
        let in_order: Vec<_> = terms.into_iter().filter(is_no_name).collect();
        let pairs = in_order.windows(2).filter_map(|pair| match pair {
            [a, b] => Some((a.clone(), b.clone())),
            _ => None,
        });
        let pairs = pairs.take(MAX_TERMS).collect();
        let mut known = HashSet::new();
        let mut distinct: Vec<_> = in_order.iter().filter(|term| known.insert(term.as_str())).cloned().collect();
        distinct.truncate(MAX_TERMS);
        Self {
            terms: distinct,
            pairs,
            by,
            months: months(&words),
            year: words.iter().find_map(|word| year(word)),
            asks_time: asks_time(&words),
            asks_number: asks_number(&words),
        }
    }

    /// How well a day fits the time that the question names, from 0 to 1. People tell of things for some weeks, so the
    /// month after counts for half.
    #[must_use]
    pub fn fits(&self, day: NaiveDate) -> f32 {
        let of = |day: NaiveDate| {
            let year_fits = self.year.is_none_or(|year| year == day.year());
            year_fits && self.months.contains(&day.month())
        };
        let month_before = || day.checked_sub_months(chrono::Months::new(1));
        match (self.months.is_empty(), self.year) {
            (true, None) => 0.0,
            (true, Some(year)) => f32::from(u8::from(year == day.year())) / 2.0,
            (false, _) if of(day) => 1.0,
            (false, _) if month_before().is_some_and(of) => 0.5,
            (false, _) => 0.0,
        }
    }
}

/// A name's terms: a person who is called Anna Maria is asked about by either.
fn name_terms(name: &str) -> Vec<String> {
    terms::terms(name)
}

/// Whoever is mentioned first is who speaks: "did I tell you", "did you tell me".
fn by_pronoun(words: &[String]) -> Option<Side> {
    words.iter().find_map(|word| match word.as_str() {
        w if FIRST.contains(w) => Some(Side::Person),
        w if SECOND.contains(w) => Some(Side::Companion),
        _ => None,
    })
}

fn months(words: &[String]) -> Vec<u32> {
    let mut months = Vec::new();
    for (place, word) in words.iter().enumerate() {
        let is_doubtful = words::RECALL_DOUBTFUL_MONTHS.contains(&word.as_str());
        for (number, names) in (1..).zip(words::RECALL_MONTHS) {
            if names.iter().any(|name| is_named(name, word)) && (!is_doubtful || is_month(words, place)) {
                months.push(number);
            }
        }
        for (of, names) in SEASONS.into_iter().zip(words::RECALL_SEASONS) {
            if names.iter().any(|name| is_named(name, word)) {
                months.extend(of);
            }
        }
    }
    months
}

/// Whether a word is a name, or begins with one that ends with `*` and hardly goes on: "сентябр*", and not "май*", which
/// would be mayonnaise too.
pub(crate) fn is_named(name: &str, word: &str) -> bool {
    name.strip_suffix('*').map_or(word == name, |beginning| {
        word.strip_prefix(beginning).is_some_and(|ending| ending.chars().count() <= ENDING)
    })
}

/// "May" as a month: after "in", "of" and the like, or beside a number.
fn is_month(words: &[String], place: usize) -> bool {
    let before = place.checked_sub(1).and_then(|at| words.get(at)).map(String::as_str);
    let number = |word: Option<&str>| word.is_some_and(|w| w.starts_with(|c: char| c.is_ascii_digit()));
    before.is_some_and(|before| words::RECALL_BEFORE_MONTHS.contains(&before))
        || number(before)
        || number(words.get(place + 1).map(String::as_str))
}

fn year(word: &str) -> Option<i32> {
    word.parse().ok().filter(|year| (1990..2100).contains(year))
}

fn asks_time(words: &[String]) -> bool {
    let is_when = |word: &String| words::RECALL_WHEN.contains(&word.as_str());
    words.first().is_some_and(|first| words::RECALL_WHEN_FIRST.contains(&first.as_str()))
        || words.iter().any(is_when)
        || asks_for(words, words::RECALL_WHICH_TIME)
}

fn asks_number(words: &[String]) -> bool {
    let is_how_many = |word: &String| words::RECALL_HOW_MANY.contains(&word.as_str());
    words.iter().any(is_how_many) || asks_for(words, words::RECALL_WHICH_NUMBER)
}

/// Whether one of the words follows "how", "what", "which" and the like.
fn asks_for(words: &[String], wanted: &[&str]) -> bool {
    let asks = |word: &String| words::RECALL_ASKING.contains(&word.as_str());
    words.windows(2).any(|pair| matches!(pair, [a, b] if asks(a) && wanted.contains(&b.as_str())))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    const NAMES: Names<'_> = Names { person: Some("Иван"), companion: "Mary" };

    #[rstest]
    #[case("What did I tell you about the trip?", Some(Side::Person))]
    #[case("Что ты мне советовала почитать?", Some(Side::Companion))]
    #[case("Куда ездил Иван?", Some(Side::Person))]
    #[case("What does Mary think of Ивана?", None)]
    #[case("Which film was it?", None)]
    fn it_is_known_whose_words_are_wanted(#[case] asked: &str, #[case] by: Option<Side>) {
        assert_eq!(Question::read(asked, NAMES).by, by);
    }

    #[rstest]
    #[case("What did I buy in May 2023?", &[5], Some(2023))]
    #[case("May I ask what it was?", &[], None)]
    #[case("Что я говорил об отпуске весной?", &[3, 4, 5], None)]
    #[case("Где мы были в сентябре и в мае?", &[9, 5], None)]
    #[case("Что было в июне, и что в конце июля?", &[6, 7], None)]
    #[case("Кто читал «Анну Каренину» зимой?", &[12, 1, 2], None)]
    #[case("Какой у меня майонез и март?", &[3], None)]
    fn the_time_that_is_asked_about_is_known(#[case] asked: &str, #[case] months: &[u32], #[case] year: Option<i32>) {
        let question = Question::read(asked, NAMES);
        assert_eq!((question.months.as_slice(), question.year), (months, year));
    }

    #[rstest]
    #[case("When did I move?", true, false)]
    #[case("Сколько у меня кошек?", false, true)]
    #[case("How long have I played?", true, true)]
    #[case("В каком году я родился?", true, false)]
    #[case("What is the day like?", false, false)]
    fn questions_for_a_time_or_a_number_are_known(#[case] asked: &str, #[case] time: bool, #[case] number: bool) {
        let question = Question::read(asked, NAMES);
        assert_eq!((question.asks_time, question.asks_number), (time, number));
    }

    #[test]
    fn what_was_told_a_month_later_still_fits_half() {
        let question = Question::read("What did I do in December 2022?", NAMES);
        let fits = |day: &str| question.fits(day.parse().unwrap());
        assert_eq!(
            [fits("2022-12-31"), fits("2023-01-15"), fits("2023-12-01"), fits("2022-11-30")],
            [1.0, 0.5, 0.0, 0.0]
        );
    }

    proptest! {
        #[test]
        fn any_text_is_a_question_of_bounded_size(text in any::<String>()) {
            let question = Question::read(&text, NAMES);
            prop_assert!(question.terms.len() <= MAX_TERMS && question.pairs.len() <= MAX_TERMS);
            let distinct: HashSet<_> = question.terms.iter().collect();
            prop_assert_eq!(distinct.len(), question.terms.len());
        }
    }
}
