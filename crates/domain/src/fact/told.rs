//! What becomes of a fact that was told: known already, new, or the newer state of older ones.

use chrono::NaiveDate;

use super::{
    Category,
    likeness::{Likeness, likeness},
    normalized, same,
};

/// A fact that holds, to compare with.
#[derive(Clone, Copy, Debug)]
pub struct Held<'a, Id> {
    /// Its id.
    pub id: Id,
    /// What it is about.
    pub category: Category,
    /// Its text.
    pub text: &'a str,
    /// The day that it is about.
    pub day: Option<NaiveDate>,
    /// Whether it was told, or put right, after what is told now.
    pub is_later: bool,
}

/// What was told.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    /// What it is about.
    pub category: Category,
    /// Its text.
    pub text: &'a str,
    /// The day that it is about; nothing where none was named.
    pub day: Option<NaiveDate>,
    /// The text of the fact that it replaces, where the teller said so.
    pub replaces: Option<&'a str>,
}

/// What becomes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Placed<Id> {
    /// It was known: it has been told once more.
    Known(Id),
    /// It is new, and these hold no longer.
    New {
        /// What it replaces; often nothing.
        replaces: Vec<Id>,
    },
    /// It is new, and there is no room for it.
    Full,
    /// It would replace what was told after it.
    Outdated,
}

/// Finds a fact's place among those that hold. `room` is how many more there may be; what replaces another needs none.
#[must_use]
pub fn place<Id: Copy>(told: &Told<'_>, held: &[Held<'_, Id>], room: usize) -> Placed<Id> {
    let of = |fact: &Held<'_, Id>| likeness((fact.category, fact.text), (told.category, told.text));
    let shown: Vec<Shown<'_>> = held.iter().map(|fact| (fact.text, fact.day)).collect();
    let named = match named(told.replaces.unwrap_or_default(), &shown) {
        Named::These(these) => these,
        // Which of them it replaces is not known, and a loss cannot be mended.
        Named::Unclear(_) => Vec::new(),
    };
    // What is told instead of something in other words is no repetition of it, however alike they are.
    let is_reworded = named.iter().any(|at| held.get(*at).is_some_and(|fact| !same(fact.text, told.text)));
    let says_all =
        |fact: &&Held<'_, Id>| of(fact) == Likeness::Same && told.day.is_none_or(|day| fact.day == Some(day));
    if let Some(known) = held.iter().find(says_all).filter(|_| !is_reworded) {
        return Placed::Known(known.id);
    }
    let is_replaced = |(at, fact): &(usize, &Held<'_, Id>)| {
        named.contains(at)
            || match of(fact) {
                Likeness::Update => true,
                // A plan was moved, or has a day now; what happened on another day has happened twice, or is planned again.
                Likeness::Same => {
                    let of_events = [told.category, fact.category].contains(&Category::Events);
                    !of_events || fact.day.is_none_or(|day| told.day == Some(day))
                }
                Likeness::Different => false,
            }
    };
    let replaced: Vec<_> = held.iter().enumerate().filter(is_replaced).map(|(_, fact)| fact).collect();
    if replaced.iter().any(|fact| fact.is_later) {
        return Placed::Outdated;
    }
    let replaces: Vec<Id> = replaced.iter().map(|fact| fact.id).collect();
    if replaces.is_empty() && room == 0 { Placed::Full } else { Placed::New { replaces } }
}

/// A fact as it can be named: its text, and the day that stands before it.
pub type Shown<'a> = (&'a str, Option<NaiveDate>);

/// Which facts are meant by words, by their places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// These; perhaps none.
    These(Vec<usize>),
    /// One of these, and nobody can tell which.
    Unclear(Vec<usize>),
}

/// Finds the facts that are meant by words of them: those that say just this (of these, the one whose day is among the words),
/// or else the only one in which all of the words stand, in this order and without gaps. What stands before a fact where it is
/// shown (`- [work] `) may stand before the words, too.
#[must_use]
pub fn named(words: &str, facts: &[Shown<'_>]) -> Named {
    match (named_by(words, words, facts), bare(words)) {
        (Named::These(these), Some(bare)) if these.is_empty() => named_by(bare, words, facts),
        (found, _) => found,
    }
}

/// As [`named`], by `words` as they are; the day may stand in `all`.
fn named_by(words: &str, all: &str, facts: &[Shown<'_>]) -> Named {
    let words = normalized(words);
    let texts: Vec<String> = facts.iter().map(|(text, _)| normalized(text)).collect();
    let which = |is: &dyn Fn(&str) -> bool| (0..texts.len()).filter(|at| is(&texts[*at])).collect::<Vec<_>>();
    if words.is_empty() {
        return Named::These(Vec::new());
    }
    let exactly = which(&|text| text == words);
    if !exactly.is_empty() {
        let named = day_in(all);
        let is_of_day = |at: &&usize| facts[**at].1.is_some_and(|day| named == Some(day));
        let of_day: Vec<usize> = exactly.iter().filter(is_of_day).copied().collect();
        return Named::These(if of_day.is_empty() { exactly } else { of_day });
    }
    let nearly = which(&|text| format!(" {text} ").contains(&format!(" {words} ")));
    if nearly.len() > 1 { Named::Unclear(nearly) } else { Named::These(nearly) }
}

/// Words without what stands before a fact where it is shown; nothing where nothing stands there.
fn bare(words: &str) -> Option<&str> {
    let words = words.trim_start();
    let item = words.strip_prefix("- ").map(str::trim_start);
    labelled(words).map(|(_, text)| text).or(item)
}

/// The label before a fact where it is shown, and the fact.
fn labelled(words: &str) -> Option<(&str, &str)> {
    let words = words.trim_start();
    let text = words.strip_prefix("- ").map_or(words, str::trim_start);
    text.strip_prefix('[')?.split_once(']')
}

/// The day by which words name a fact: the last of its label, for what may stand before it there is when the fact was told; or
/// else the last of the words.
fn day_in(words: &str) -> Option<NaiveDate> {
    let last = |text: &str| text.rsplit(|c: char| !c.is_ascii_digit() && c != '-').find_map(|word| word.parse().ok());
    labelled(words).and_then(|(label, _)| last(label)).or_else(|| last(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told<'a>(text: &'a str, replaces: Option<&'a str>) -> Told<'a> {
        Told { category: Category::Work, text, day: None, replaces }
    }

    const fn held(id: u8, category: Category, text: &str) -> Held<'_, u8> {
        Held { id, category, text, day: None, is_later: false }
    }

    const HELD: [Held<'_, u8>; 2] =
        [held(1, Category::Work, "Работает в библиотеке"), held(2, Category::Family, "Есть сестра Анна")];

    fn may(day: u32) -> Option<NaiveDate> {
        NaiveDate::from_ymd_opt(2026, 5, day)
    }

    fn replaced(ids: &[u8]) -> Placed<u8> {
        Placed::New { replaces: ids.to_vec() }
    }

    #[test]
    fn a_plan_that_is_moved_is_its_newer_state_and_an_event_of_another_day_another_event() {
        let exam = |category, day| Held { day, ..held(1, category, "Сдаёт экзамен") };
        let of = |category, day, replaces| Told { category, text: "сдаёт экзамен", day, replaces };
        let plans = [exam(Category::Plans, may(12))];
        assert_eq!(place(&of(Category::Plans, may(20), Some("Сдаёт экзамен")), &plans, 0), replaced(&[1]));
        assert_eq!(place(&of(Category::Plans, may(20), None), &plans, 0), replaced(&[1]));
        for known in [may(12), None] {
            assert_eq!(place(&of(Category::Plans, known, None), &plans, 0), Placed::Known(1));
        }
        assert_eq!(place(&of(Category::Plans, may(20), None), &[exam(Category::Plans, None)], 0), replaced(&[1]));
        let events = [exam(Category::Events, may(12)), Held { id: 2, ..exam(Category::Events, may(20)) }];
        assert_eq!(place(&of(Category::Events, may(20), None), &events, 0), Placed::Known(2));
        assert_eq!(place(&of(Category::Events, may(25), None), &events, 1), replaced(&[]));
        assert_eq!(place(&of(Category::Plans, may(25), None), &events, 1), replaced(&[]), "it is planned once more");
        assert_eq!(place(&of(Category::Events, may(25), None), &plans, 1), replaced(&[]));
        assert_eq!(
            place(&of(Category::Events, may(25), Some("[events, 2026-05-20] Сдаёт экзамен")), &events, 0),
            replaced(&[2])
        );
    }

    #[test]
    fn what_was_told_before_overturns_nothing_that_was_told_since() {
        let held = [Held { is_later: true, ..held(1, Category::Identity, "Ей 36 лет") }];
        let of = |text, replaces| place(&Told { category: Category::Identity, ..told(text, replaces) }, &held, 1);
        assert_eq!(of("Ей 35 лет", None), Placed::Outdated);
        assert_eq!(of("Выглядит молодо", Some("Ей 36 лет")), Placed::Outdated);
        assert_eq!(of("Ей 36 лет", None), Placed::Known(1));
        assert_eq!(of("Поёт", None), replaced(&[]));
    }

    #[test]
    fn what_is_told_instead_of_other_words_is_no_repetition_of_them() {
        let held = [held(1, Category::Work, "Работает с Анной")];
        let instead = told("С Анной работает", Some("Работает с Анной"));
        assert_eq!(place(&instead, &held, 0), replaced(&[1]));
        let same = told("работает с Анной!", Some("Работает с Анной"));
        assert_eq!(place(&same, &held, 0), Placed::Known(1));
    }

    #[test]
    fn a_fact_may_be_named_as_it_is_shown() {
        let facts = [("Работает в музее", None), ("Едет в Рим", may(20)), ("Едет в Рим", may(12))];
        for words in ["- [work] работает в музее", "[work] Работает в музее", "- работает в музее", "Работает в музее"]
        {
            assert_eq!(named(words, &facts), Named::These(vec![0]), "{words}");
        }
        assert_eq!(named("[plans, 2026-05-12] Едет в Рим", &facts), Named::These(vec![2]));
        let shown = "- [2026-05-20 10:00, about 2026-05-12] Едет в Рим";
        assert_eq!(named(shown, &facts), Named::These(vec![2]), "it was told on the day of the other");
        assert_eq!(named("Едет в Рим", &facts), Named::These(vec![1, 2]));
        assert_eq!(named("[plans]", &facts), Named::These(Vec::new()));
    }

    #[test]
    fn a_newer_fact_replaces_what_it_is_said_to_replace_even_when_the_memory_is_full() {
        let moved = told("Работает в музее", Some("работает в библиотеке"));
        assert_eq!(place(&moved, &HELD, 0), Placed::New { replaces: vec![1] });
    }

    #[test]
    fn words_mean_what_says_just_this_or_the_only_fact_that_holds_them() {
        let facts = ["Любит чай", "Сестра любит чай", "Боится пауков"].map(|text| (text, None));
        assert_eq!(named("любит чай.", &facts), Named::These(vec![0]), "the sister's is another fact");
        assert_eq!(named("пауков", &facts), Named::These(vec![2]));
        assert_eq!(named("чай", &facts), Named::Unclear(vec![0, 1]));
        assert_eq!(named("кофе", &facts), Named::These(Vec::new()));
        assert_eq!(named(" ", &facts), Named::These(Vec::new()));
    }

    #[test]
    fn a_replacement_that_could_be_of_several_facts_takes_none_of_them() {
        let held = [
            held(1, Category::Work, "Работает в библиотеке"),
            held(2, Category::Work, "Работает в библиотеке по средам"),
        ];
        let retired = |replaces| told("На пенсии", Some(replaces));
        assert_eq!(place(&retired("в библиотеке"), &held, 1), Placed::New { replaces: Vec::new() });
        assert_eq!(place(&retired("работает в библиотеке"), &held, 1), Placed::New { replaces: vec![1] });
    }

    #[test]
    fn what_is_known_is_not_stored_twice_and_what_is_new_needs_room() {
        assert_eq!(place(&told("В библиотеке работает!", None), &HELD, 0), Placed::Known(1));
        assert_eq!(place(&told("Учится водить", None), &HELD, 1), Placed::New { replaces: Vec::new() });
        assert_eq!(place(&told("Учится водить", None), &HELD, 0), Placed::Full);
    }

    #[test]
    fn a_replacement_that_names_nothing_known_is_simply_new() {
        assert_eq!(place(&told("Учится водить", Some("учится петь")), &HELD, 1), Placed::New { replaces: Vec::new() });
        assert_eq!(place(&told("Учится водить", Some(" ")), &HELD, 1), Placed::New { replaces: Vec::new() });
    }
}
