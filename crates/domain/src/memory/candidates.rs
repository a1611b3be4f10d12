//! The first pass: every message that holds a term of the question, and its neighbours, from postings alone.
//!
//! BM25, with what was learnt by measuring: a message is also scored by the terms of the messages before and after it, by
//! how much of the question it and they cover together, by whose words are wanted, and by the month.

use chrono::NaiveDate;

use super::{
    Side,
    index::{POSTING, postings},
    question::{MAX_TERMS, Question},
    weights,
};

/// BM25's saturation of repeated terms; messages are short, so that a second mention tells little.
const K1: f32 = 0.9;
/// BM25's share of the length.
const B: f32 = 0.4;
/// Terms of a usual message. A constant: knowing it better would cost a statement, and changes no order that matters.
const USUAL_LENGTH: f32 = 12.0;
/// Candidates that go on to the second pass.
pub const CANDIDATES: usize = 64;
/// Most messages of a person that are scored; what is older is not found. Bounds the memory that a question takes.
const MOST_MESSAGES: u32 = 4_000_000;

/// The postings of one term of the question in one month.
#[derive(Clone, Copy, Debug)]
pub struct Block<'a> {
    /// The term.
    pub term: &'a str,
    /// The first day of the month.
    pub month: NaiveDate,
    /// See [`super::index`].
    pub postings: &'a [u8],
}

/// A message that may hold the answer, and what the postings tell of it: shares of all that the question's terms
/// weigh together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candidate {
    /// The message's number.
    pub number: u32,
    /// The month that it, or the neighbour which brought it, is of.
    pub month: NaiveDate,
    pub(super) signs: Signs,
    score: f32,
}

/// What postings tell of a message. Each is explained with its weight.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Signs {
    pub(super) own: f32,
    pub(super) before_asks: f32,
    pub(super) second_before: f32,
    pub(super) covered: f32,
    pub(super) around: f32,
    /// 1, -1, or 0 for not known.
    pub(super) by: f32,
    pub(super) date: f32,
}

impl Signs {
    pub(super) fn weigh(&self) -> f32 {
        self.own * weights::OWN
            + self.before_asks * weights::BEFORE_ASKS
            + self.second_before * weights::SECOND_BEFORE
            + self.covered * weights::COVERED
            + self.around * weights::AROUND
            + self.by * weights::BY
            + self.by.max(0.0) * self.own * weights::BY_OWN
            + self.date * weights::DATE
    }
}

#[derive(Clone, Copy, Default)]
struct Message {
    own: f32,
    /// Which terms it holds, a bit for each.
    terms: u32,
    side: Option<Side>,
    asks: bool,
    /// Which month it is of, from 1; 0 where it holds no term.
    month: u16,
}

/// The most promising messages, best first, at most [`CANDIDATES`]. `messages` is how many the person and the companion
/// have exchanged; the order of `blocks` does not matter.
#[must_use]
pub fn candidates(question: &Question, blocks: &[Block<'_>], messages: u32) -> Vec<Candidate> {
    if blocks.is_empty() {
        return Vec::new();
    }
    let table = Table::read(question, blocks, messages);
    let mut found: Vec<_> = (0..table.messages.len()).filter_map(|place| table.candidate(question, place)).collect();
    let order = |a: &Candidate, b: &Candidate| b.score.total_cmp(&a.score).then(b.number.cmp(&a.number));
    if found.len() > CANDIDATES {
        found.select_nth_unstable_by(CANDIDATES, order);
        found.truncate(CANDIDATES);
    }
    found.sort_unstable_by(order);
    found
}

/// All messages by number, from `first` on.
struct Table {
    first: u32,
    messages: Vec<Message>,
    /// Each month that has postings, and how well it fits the time that is asked about.
    months: Vec<(NaiveDate, f32)>,
    /// What terms weigh: their inverse document frequencies.
    idf: Sums,
    /// What all of them weigh together.
    whole: f32,
}

impl Table {
    fn read(question: &Question, blocks: &[Block<'_>], messages: u32) -> Self {
        let first = messages.saturating_sub(MOST_MESSAGES) + 1;
        let size = messages.min(MOST_MESSAGES) as usize;
        let mut months: Vec<_> = blocks.iter().map(|block| block.month).collect();
        months.sort_unstable();
        months.dedup();
        let months = months.into_iter().map(|month| (month, question.fits(month))).collect();
        let mut table =
            Self { first, messages: vec![Message::default(); size], months, idf: Sums::new(&[]), whole: 0.0 };
        let mut weights = Vec::new();
        for (bit, term) in question.terms.iter().take(MAX_TERMS).enumerate() {
            let own: Vec<_> = blocks.iter().filter(|block| block.term == term).collect();
            let holding = own.iter().map(|block| block.postings.len() / POSTING).sum::<usize>();
            let idf = if holding == 0 { 0.0 } else { idf(messages, holding) };
            weights.push(idf);
            for block in own {
                table.add(block, bit, idf);
            }
        }
        table.idf = Sums::new(&weights);
        table.whole = weights.iter().sum::<f32>().max(f32::MIN_POSITIVE);
        table
    }

    fn add(&mut self, block: &Block<'_>, bit: usize, idf: f32) {
        let month = self
            .months
            .binary_search_by_key(&block.month, |(month, _)| *month)
            .map_or(0, |at| u16::try_from(at + 1).unwrap_or(u16::MAX));
        for posting in postings(block.postings) {
            let place = posting.number.checked_sub(self.first).map(|place| place as usize);
            // A number that was not given out: the index is torn, and nobody gains by stopping.
            let Some(message) = place.and_then(|place| self.messages.get_mut(place)) else { continue };
            let (count, length) = (f32::from(posting.count), f32::from(posting.length));
            message.own += idf * count * (K1 + 1.0) / (count + K1 * (1.0 - B + B * length / USUAL_LENGTH));
            message.terms |= 1 << bit;
            message.side = Some(posting.side);
            message.asks = posting.asks;
            message.month = month;
        }
    }

    /// A message that holds a term, or stands at most two beside one that does.
    fn candidate(&self, question: &Question, place: usize) -> Option<Candidate> {
        let none = Message::default();
        let at = |distance: isize| {
            place.checked_add_signed(distance).and_then(|place| self.messages.get(place)).unwrap_or(&none)
        };
        let [second_before, before, own, after, second_after] = [at(-2), at(-1), at(0), at(1), at(2)];
        let around = second_before.terms | before.terms | own.terms | after.terms | second_after.terms;
        if around == 0 {
            return None;
        }
        // A neighbour's month is the message's own, but for the turn of a month.
        let nearest = [own, before, after, second_before, second_after].map(|message| message.month);
        let month = nearest.into_iter().find(|month| *month > 0)?;
        let (month, date) = *self.months.get(usize::from(month) - 1)?;
        let before_asks = if before.asks { before.own } else { 0.0 };
        let signs = Signs {
            own: own.own / self.whole,
            before_asks: before_asks / self.whole,
            second_before: second_before.own / self.whole,
            covered: self.idf.of(own.terms) / self.whole,
            around: self.idf.of(around) / self.whole,
            by: by(question, own.side),
            date,
        };
        let number = self.first + u32::try_from(place).ok()?;
        Some(Candidate { number, month, signs, score: signs.weigh() })
    }
}

/// What terms weigh together, for any set of them: sums for each byte of the set, since a common word stands in thousands
/// of messages.
struct Sums([[f32; 256]; 4]);

impl Sums {
    fn new(idf: &[f32]) -> Self {
        let sum = |byte: usize, set: usize| {
            let terms = idf.iter().skip(byte * 8).take(8).enumerate();
            terms.filter(|(bit, _)| set >> bit & 1 == 1).map(|(_, idf)| idf).sum()
        };
        Self(std::array::from_fn(|byte| std::array::from_fn(|set| sum(byte, set))))
    }

    fn of(&self, terms: u32) -> f32 {
        self.0.iter().zip(terms.to_le_bytes()).map(|(sums, byte)| sums[usize::from(byte)]).sum()
    }
}

/// Whether these are the words of whose are wanted.
pub(super) fn by(question: &Question, side: Option<Side>) -> f32 {
    match (question.by, side) {
        (Some(wanted), Some(side)) if wanted == side => 1.0,
        (Some(_), Some(_)) => -1.0,
        _ => 0.0,
    }
}

fn idf(messages: u32, holding: usize) -> f32 {
    #[expect(clippy::cast_precision_loss, reason = "a weight needs no more than seven digits")]
    let (all, holding) = (messages as f32, (holding as f32).min(messages as f32));
    (1.0 + (all - holding + 0.5) / (holding + 0.5)).ln()
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashSet};

    use proptest::prelude::*;

    use super::*;
    use crate::memory::{index::index, question::Names};

    const MONTH: &str = "2026-04-01";

    fn best(said: &[(Side, &str)], asked: &str) -> Vec<usize> {
        let mut postings = BTreeMap::<String, Vec<u8>>::new();
        for (number, (side, text)) in (1_u32..).zip(said) {
            for entry in index(text, *side) {
                let bytes = postings.entry(entry.term).or_default();
                bytes.extend(number.to_be_bytes());
                bytes.extend(entry.payload);
            }
        }
        let month = MONTH.parse().unwrap();
        let blocks: Vec<_> = postings.iter().map(|(term, postings)| Block { term, month, postings }).collect();
        let question = Question::read(asked, Names::default());
        let found = candidates(&question, &blocks, u32::try_from(said.len()).unwrap());
        found.iter().map(|candidate| candidate.number as usize - 1).collect()
    }

    #[test]
    fn an_answer_is_found_by_the_words_of_the_question_that_it_follows() {
        use Side::{Companion, Person};
        let said = [
            (Companion, "Породы скал бывают разные"),
            (Person, "Понятно"),
            (Companion, "А что ещё нового?"),
            (Person, "Пса завели!"),
            (Companion, "Ого! И какой он породы?"),
            (Person, "Корги"),
            (Companion, "Прелесть"),
            (Person, "Ещё бы"),
        ];
        let found = best(&said, "Какой породы мой пёс?");
        assert_eq!(found.get(..2), Some(&[3, 5][..]), "{found:?}");
        assert_eq!(best(&said, "Что у тебя на обед?"), [0_usize; 0]);
    }

    proptest! {
        #[test]
        fn a_torn_index_gives_no_number_that_was_not_given_out(bytes: Vec<u8>, messages in 0_u32..200) {
            let month = MONTH.parse().unwrap();
            let question = Question::read("tea", Names::default());
            let found = candidates(&question, &[Block { term: "tea", month, postings: &bytes }], messages);
            let numbers: HashSet<_> = found.iter().map(|candidate| candidate.number).collect();
            prop_assert!(found.len() <= CANDIDATES && numbers.len() == found.len());
            prop_assert!(numbers.iter().all(|number| (1..=messages).contains(number)));
        }
    }
}
