//! Whether two facts state the same thing, or one brings the other up to date.
//!
//! A model says what a new fact replaces, but not always. What can be told from the words alone is told here: the same words
//! in another order or with other endings are the same fact, and the same words with another number, or denied, are the
//! same matter as it stands now. Anything less certain is another fact: a duplicate can be mended, a loss cannot.

use std::collections::BTreeSet;

use super::{Category, normalized};
use crate::{
    memory::terms::{terms, words},
    words::RECALL_DENIALS,
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
    if was.terms.is_empty() || was.terms != is.terms {
        return Likeness::Different;
    }
    if was == is {
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
#[derive(Debug, PartialEq, Eq)]
struct Essence {
    terms: BTreeSet<String>,
    numbers: BTreeSet<String>,
    denied: bool,
}

impl Essence {
    fn of(text: &str) -> Self {
        let is_number = |term: &String| term.starts_with(|c: char| c.is_ascii_digit());
        let (numbers, terms) = terms(text).into_iter().partition(is_number);
        Self { terms, numbers, denied: words(text).iter().any(|word| RECALL_DENIALS.contains(&word.as_str())) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("Любит чёрный чай", "Чёрный чай любит.", Likeness::Same)]
    #[case("Has a cat called Plum", "has cats called Plum", Likeness::Same)]
    #[case("Ей 35 лет", "ей уже 36 лет", Likeness::Update)]
    #[case("Is 30 years old", "is 31 years old", Likeness::Update)]
    #[case("Экзамен 12 мая", "Экзамен 15 мая", Likeness::Update)]
    #[case("Курит", "Больше не курит", Likeness::Update)]
    #[case("Eats meat", "Doesn't eat meat", Likeness::Update)]
    #[case("Любит кофе", "Не любит кофе", Likeness::Update)]
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
