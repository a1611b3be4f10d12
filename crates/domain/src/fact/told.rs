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
    let named = told.replaces.map(normalized).unwrap_or_default();
    let is_replaced = |fact: &&Held<'_, Id>| of(fact) == Likeness::Update || is_named(fact.text, &named);
    let replaces: Vec<Id> = held.iter().filter(is_replaced).map(|fact| fact.id).collect();
    if replaces.is_empty() && room == 0 { Placed::Full } else { Placed::New { replaces } }
}

/// Whether a fact is meant by words of it, normalized: all of them stand in it, in this order and without gaps.
#[must_use]
pub fn is_named(text: &str, words: &str) -> bool {
    !words.is_empty() && format!(" {} ", normalized(text)).contains(&format!(" {words} "))
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
