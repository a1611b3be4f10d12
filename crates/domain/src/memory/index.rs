//! What of a message goes into the index, and how postings are written.
//!
//! The postings of a term are the messages of one person and one month that hold it, 7 bytes each: the message's number
//! (big-endian, given out by the statement that stores the message), how often the term is in it, how many terms it has,
//! and flags. Bytes can be appended to by SQL, and 10,000 of them are read in less than a millisecond.

use std::collections::{BTreeMap, BTreeSet};

use super::{Side, terms::terms};
use crate::words::QUESTION_MARKS;

/// Bytes of one posting.
pub const POSTING: usize = 7;
/// Bytes of a posting after the message's number.
pub const PAYLOAD: usize = POSTING - NUMBER;
const NUMBER: usize = 4;
const COMPANION: u8 = 1;
const ASKS: u8 = 2;

/// A term of a message, and its posting but for the message's number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The term.
    pub term: String,
    /// What follows the number.
    pub payload: [u8; PAYLOAD],
}

/// The entries of a message, each term once.
#[must_use]
pub fn index(text: &str, side: Side) -> Vec<Entry> {
    let terms = terms(text);
    let length = byte(terms.len());
    let flags =
        if side == Side::Companion { COMPANION } else { 0 } | if text.contains(QUESTION_MARKS) { ASKS } else { 0 };
    let mut counts = BTreeMap::<String, usize>::new();
    for term in terms {
        *counts.entry(term).or_default() += 1;
    }
    counts.into_iter().map(|(term, count)| Entry { term, payload: [byte(count), length, flags] }).collect()
}

/// A posting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Posting {
    /// The message's number.
    pub number: u32,
    /// How often it holds the term; 255 is as many or more.
    pub count: u8,
    /// How many terms it has; 255 is as many or more.
    pub length: u8,
    /// Whose words they are.
    pub side: Side,
    /// Whether it asks something.
    pub asks: bool,
}

/// Reads postings; a torn last one is left out.
pub fn postings(bytes: &[u8]) -> impl Iterator<Item = Posting> {
    bytes.as_chunks::<POSTING>().0.iter().map(|&[a, b, c, d, count, length, flags]| Posting {
        number: u32::from_be_bytes([a, b, c, d]),
        count,
        length,
        side: if flags & COMPANION == 0 { Side::Person } else { Side::Companion },
        asks: flags & ASKS != 0,
    })
}

/// Postings without those of some messages.
#[must_use]
pub fn without(bytes: &[u8], numbers: &BTreeSet<u32>) -> Vec<u8> {
    let kept = bytes.as_chunks::<POSTING>().0.iter().filter(|posting| {
        let &&[a, b, c, d, ..] = posting;
        !numbers.contains(&u32::from_be_bytes([a, b, c, d]))
    });
    kept.flatten().copied().collect()
}

fn byte(count: usize) -> u8 {
    u8::try_from(count).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_message_is_indexed_by_each_of_its_words_once() {
        let entries = index("Tea, more tea? Чай!", Side::Companion);
        let terms: Vec<_> = entries.iter().map(|e| (e.term.as_str(), e.payload)).collect();
        assert_eq!(terms, [("tea", [2, 3, 3]), ("ча", [1, 3, 3])]);
    }

    proptest! {
        #[test]
        fn postings_are_read_as_they_were_written(number: u32, text in "\\PC{0,80}", companion: bool) {
            let side = if companion { Side::Companion } else { Side::Person };
            for entry in index(&text, side) {
                let bytes = [&number.to_be_bytes()[..], &entry.payload, &[0]].concat();
                let read: Vec<_> = postings(&bytes).collect();
                let [count, length, _] = entry.payload;
                prop_assert_eq!(read, vec![Posting { number, count, length, side, asks: text.contains('?') }]);
            }
        }
    }
}
