//! Whether two facts state the same thing, or one brings the other up to date.
//!
//! A model says what a new fact replaces, but not always. What can be told from the words alone is told here: the same words
//! in another order or with other endings are the same fact, and the same words with another number, denied or in the past,
//! are the same matter as it stands now. Anything less certain is another fact: a duplicate can be mended, a loss cannot.
//!
//! Recall compares by words that tell what a text is about, and so leaves out what turns it ("without", "was", "from"). Here
//! these matter: each together with the word that it is said of; where that word is said more than once, together with the next as
//! well: who likes tea and does not like coffee is not who does not like tea.

use std::collections::BTreeSet;

use super::{Category, normalized};
use crate::{
    memory::terms::{term, words},
    words::{RECALL_DENIALS, RECALL_DIRECTIONS, RECALL_PAST, RECALL_PAST_ENDINGS},
};

/// How a new fact stands to an older one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Likeness {
    /// It says the same.
    Same,
    /// It says of the same matter what holds now.
    Update,
    /// It is about something else, as far as can be told.
    Different,
}

/// How `new` stands to `old`.
#[must_use]
pub fn likeness(old: (Category, &str), new: (Category, &str)) -> Likeness {
    if normalized(old.1) == normalized(new.1) {
        return Likeness::Same;
    }
    let (was, is) = (Essence::of(old.1), Essence::of(new.1));
    // From Paris to London and from London to Paris: both have been.
    if was.terms.is_empty() || was.terms != is.terms || was.leads_elsewhere(&is) {
        return Likeness::Different;
    }
    if (&was.numbers, &was.denied, &was.past) == (&is.numbers, &is.denied, &is.past) {
        return Likeness::Same;
    }
    // Two events may differ by their number alone, and both have happened; so may two daughters.
    let one_matter = old.0 == new.0 && new.0 != Category::Events;
    let other_number = match new.0 {
        Category::Family => was.numbers == is.numbers,
        _ => was.numbers.len() == is.numbers.len(),
    };
    if one_matter && other_number { Likeness::Update } else { Likeness::Different }
}

/// What a fact says, whatever the order and the endings of its words.
#[derive(Debug)]
struct Essence {
    terms: BTreeSet<String>,
    numbers: BTreeSet<String>,
    /// What is denied, in its order; of a denial that ends the text, nothing.
    denied: BTreeSet<Vec<String>>,
    /// What is told of the past; of a word that tells nothing else ("was"), nothing.
    past: BTreeSet<Option<String>>,
    /// Directions, and what each is of.
    directed: BTreeSet<(String, String)>,
}

impl Essence {
    fn of(text: &str) -> Self {
        let words = words(text);
        let stated = || words.iter().filter(|word| !is_one_of(RECALL_DENIALS, word));
        let all: Vec<String> = stated().filter_map(|word| term(word)).collect();
        let is_repeated = |term: &String| all.iter().filter(|other| *other == term).count() > 1;
        let denied = after(&words, RECALL_DENIALS).map(|(_, mut of)| match of.next() {
            Some(first) if is_repeated(&first) => [first].into_iter().chain(of.next()).collect(),
            first => first.into_iter().collect(),
        });
        let denied = denied.collect();
        let directed = after(&words, RECALL_DIRECTIONS).filter_map(|(word, mut of)| Some((word.clone(), of.next()?)));
        Self {
            denied,
            past: stated().filter(|word| is_past(word)).map(|word| term(word)).collect(),
            // From nine to five is a matter of numbers.
            directed: directed.filter(|(_, of)| !is_number(of)).collect(),
            numbers: all.iter().filter(|term| is_number(term)).cloned().collect(),
            terms: all.into_iter().filter(|term| !is_number(term)).collect(),
        }
    }

    /// Whether a direction is another one. One that only one of the two has may be a particle: who likes to read likes reading.
    fn leads_elsewhere(&self, other: &Self) -> bool {
        let has = |directed: &BTreeSet<(String, String)>, word: &str| directed.iter().any(|(of, _)| of == word);
        let apart = |one: &Self, two: &Self| one.directed.iter().any(|(word, _)| !has(&two.directed, word));
        let shared = |one: &Self, two: &Self| {
            let of = one.directed.iter().filter(|(word, _)| has(&two.directed, word));
            of.cloned().collect::<Vec<_>>()
        };
        (apart(self, other) && apart(other, self)) || shared(self, other) != shared(other, self)
    }
}

fn is_one_of(list: &[&str], word: &str) -> bool {
    list.contains(&word)
}

fn is_number(term: &str) -> bool {
    term.starts_with(|c: char| c.is_ascii_digit())
}

fn is_past(word: &str) -> bool {
    let ends = |ending: &&str| word.strip_suffix(*ending).is_some_and(|rest| !rest.is_empty());
    is_one_of(RECALL_PAST, word) || RECALL_PAST_ENDINGS.iter().any(ends)
}

/// The words that are of a list, each with the terms that come after it.
fn after<'a>(
    words: &'a [String],
    list: &'static [&'static str],
) -> impl Iterator<Item = (&'a String, impl Iterator<Item = String> + 'a)> {
    let found = words.iter().enumerate().filter(move |(_, word)| is_one_of(list, word));
    found.map(move |(at, word)| {
        let next = words.iter().skip(at + 1).filter(move |word| !is_one_of(list, word)).filter_map(|word| term(word));
        (word, next)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("Любит чёрный чай", "Чёрный чай любит.", Likeness::Same)]
    #[case("Likes to read", "Likes reading", Likeness::Same)]
    #[case("Likes to read before sleep", "Likes reading before sleep", Likeness::Same)]
    #[case("Не ест мясо", "Мясо не ест", Likeness::Same)]
    #[case("Не курит, живёт в Перми", "Живёт в Перми, не курит", Likeness::Same)]
    #[case("Has a cat called Plum", "has cats called Plum", Likeness::Same)]
    #[case("Ей 35 лет", "ей уже 36 лет", Likeness::Update)]
    #[case("Is 30 years old", "is 31 years old", Likeness::Update)]
    #[case("Экзамен 12 мая", "Экзамен 15 мая", Likeness::Update)]
    #[case("Курит", "Больше не курит", Likeness::Update)]
    #[case("Eats meat", "Doesn't eat meat", Likeness::Update)]
    #[case("Любит кофе", "Не любит кофе", Likeness::Update)]
    #[case("Пьёт кофе с сахаром", "Пьёт кофе без сахара", Likeness::Update)]
    #[case("Живёт с родителями", "Живёт без родителей", Likeness::Update)]
    #[case("Курит", "Перестал курить", Likeness::Update)]
    #[case("Живёт в Перми", "Жила в Перми", Likeness::Update)]
    #[case("Жил в Перми", "Жила в Перми", Likeness::Same)]
    #[case("Drinks coffee with sugar", "Drinks coffee without sugar", Likeness::Update)]
    #[case("Has a dog", "Had a dog", Likeness::Update)]
    #[case("Is married", "Was married", Likeness::Update)]
    #[case("Переехал из Москвы в Казань", "Переехал из Казани в Москву", Likeness::Different)]
    #[case("Переехал из Москвы в Казань", "В Казань переехал из Москвы", Likeness::Same)]
    #[case("Moved from Paris to London", "Moved from London to Paris", Likeness::Different)]
    #[case("Prefers tea to coffee", "Prefers coffee to tea", Likeness::Different)]
    #[case("Likes tea more than coffee", "Likes coffee more than tea", Likeness::Different)]
    #[case("Любит чай больше, чем кофе", "Любит кофе больше, чем чай", Likeness::Different)]
    #[case("Любит чай больше, чем кофе", "Больше, чем кофе, любит чай", Likeness::Same)]
    #[case("Любит чай, не любит кофе", "Любит кофе, не любит чай", Likeness::Update)]
    #[case("Likes tea, doesn't like coffee", "Likes coffee, doesn't like tea", Likeness::Update)]
    #[case("Любит чай, не любит кофе", "Не любит кофе, любит чай", Likeness::Same)]
    #[case("Работает до 18", "Работает до 19", Likeness::Update)]
    #[case("Has a cat called Plum", "Has a cat called Tom", Likeness::Different)]
    #[case("Любит чай", "Сестра любит чай", Likeness::Different)]
    fn the_words_alone_tell_whether_it_is_one_matter(#[case] old: &str, #[case] new: &str, #[case] is: Likeness) {
        assert_eq!(likeness((Category::Plans, old), (Category::Plans, new)), is);
    }

    #[test]
    fn two_events_that_differ_by_a_number_have_both_happened() {
        let of = |text| (Category::Events, text);
        assert_eq!(likeness(of("Ran 5 km"), of("Ran 10 km")), Likeness::Different);
        assert_eq!(likeness((Category::Work, "Works 5 days"), (Category::Plans, "Works 4 days")), Likeness::Different);
    }

    #[test]
    fn two_daughters_differ_by_their_age_alone_and_both_are_there() {
        let of = |text| (Category::Family, text);
        assert_eq!(likeness(of("Дочери 5 лет"), of("Дочери 7 лет")), Likeness::Different);
        assert_eq!(likeness(of("Сестра курит"), of("Сестра больше не курит")), Likeness::Update);
    }

    proptest! {
        #[test]
        fn a_fact_says_the_same_as_itself_and_likeness_has_no_direction(a in "\\PC{0,40}", b in "\\PC{0,40}") {
            let (a, b) = ((Category::Other, a.as_str()), (Category::Other, b.as_str()));
            prop_assert_eq!(likeness(a, a), Likeness::Same);
            prop_assert_eq!(likeness(a, b), likeness(b, a));
        }
    }
}
