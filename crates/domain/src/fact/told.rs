//! What becomes of a fact that was told: known already, new, or the newer state of older ones.

use super::{
    Category,
    likeness::{Likeness, likeness},
    normalized,
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
}

/// What was told.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    /// What it is about.
    pub category: Category,
    /// Its text.
    pub text: &'a str,
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
}

/// Finds a fact's place among those that hold. `room` is how many more there may be; what replaces another needs none.
#[must_use]
pub fn place<Id: Copy>(told: &Told<'_>, held: &[Held<'_, Id>], room: usize) -> Placed<Id> {
    let of = |fact: &Held<'_, Id>| likeness((fact.category, fact.text), (told.category, told.text));
    if let Some(known) = held.iter().find(|fact| of(fact) == Likeness::Same) {
        return Placed::Known(known.id);
    }
    let texts: Vec<&str> = held.iter().map(|fact| fact.text).collect();
    let named = match named(told.replaces.unwrap_or_default(), &texts) {
        Named::These(these) => these,
        // Which of them it replaces is not known, and a loss cannot be mended.
        Named::Unclear(_) => Vec::new(),
    };
    let is_replaced = |(at, fact): &(usize, &Held<'_, Id>)| of(fact) == Likeness::Update || named.contains(at);
    let replaces: Vec<Id> = held.iter().enumerate().filter(is_replaced).map(|(_, fact)| fact.id).collect();
    if replaces.is_empty() && room == 0 { Placed::Full } else { Placed::New { replaces } }
}

/// Which facts are meant by words, by their places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// These; perhaps none.
    These(Vec<usize>),
    /// One of these, and nobody can tell which.
    Unclear(Vec<usize>),
}

/// Finds the facts that are meant by words of them: those that say just this, or else the only one in which all of the words
/// stand, in this order and without gaps.
#[must_use]
pub fn named(words: &str, texts: &[&str]) -> Named {
    let words = normalized(words);
    let texts: Vec<String> = texts.iter().map(|text| normalized(text)).collect();
    let which = |is: &dyn Fn(&str) -> bool| (0..texts.len()).filter(|at| is(&texts[*at])).collect::<Vec<_>>();
    if words.is_empty() {
        return Named::These(Vec::new());
    }
    let exactly = which(&|text| text == words);
    if !exactly.is_empty() {
        return Named::These(exactly);
    }
    let nearly = which(&|text| format!(" {text} ").contains(&format!(" {words} ")));
    if nearly.len() > 1 { Named::Unclear(nearly) } else { Named::These(nearly) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told<'a>(text: &'a str, replaces: Option<&'a str>) -> Told<'a> {
        Told { category: Category::Work, text, replaces }
    }

    const HELD: [Held<'_, u8>; 2] = [
        Held { id: 1, category: Category::Work, text: "Работает в библиотеке" },
        Held { id: 2, category: Category::Family, text: "Есть сестра Анна" },
    ];

    #[test]
    fn a_newer_fact_replaces_what_it_is_said_to_replace_even_when_the_memory_is_full() {
        let moved = told("Работает в музее", Some("работает в библиотеке"));
        assert_eq!(place(&moved, &HELD, 0), Placed::New { replaces: vec![1] });
    }

    #[test]
    fn words_mean_what_says_just_this_or_the_only_fact_that_holds_them() {
        let facts = ["Любит чай", "Сестра любит чай", "Боится пауков"];
        assert_eq!(named("любит чай.", &facts), Named::These(vec![0]), "the sister's is another fact");
        assert_eq!(named("пауков", &facts), Named::These(vec![2]));
        assert_eq!(named("чай", &facts), Named::Unclear(vec![0, 1]));
        assert_eq!(named("кофе", &facts), Named::These(Vec::new()));
        assert_eq!(named(" ", &facts), Named::These(Vec::new()));
    }

    #[test]
    fn a_replacement_that_could_be_of_several_facts_takes_none_of_them() {
        let held = [
            Held { id: 1, category: Category::Work, text: "Работает в библиотеке" },
            Held {
                id: 2, category: Category::Work, text: "Работает в библиотеке по средам"
            },
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
