//! Which messages hold a fact that is to be forgotten.
//!
//! A fact is not in one message alone: it is repeated, and the companion takes it up. A message holds it when it says most of
//! what tells the fact apart from anything else the person talks about (rare words count more), in at least two words: one
//! word of several is a topic and not a fact, and forgetting one thing must not take others along. A fact that is one word
//! ("Has diabetes") is wherever that word is: what a person wants forgotten must not stay because it is short. So is one of
//! which a single word was ever said, if it was told with that word.
//!
//! What is no fact but a field of the profile is told apart ([`unsaid`]): one of a single word ("Doctor") is what the person said
//! of it in that very word, and what was answered to that. Otherwise whatever they ever said of any doctor would go.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{
    candidates::Block,
    index::postings,
    terms::{stems, terms},
};

/// The share of a fact's weight that a message says.
const MOST_OF_IT: f32 = 0.7;
/// The share at which a text that is known to be about it (the answer to its message, a summary) takes it up.
const ITS_TOPIC: f32 = 0.3;

/// Begins what is to be forgotten and is no fact: no fact holds such a character.
const NO_FACT: char = '\u{1}';

/// What is to be forgotten wherever it was said though it is no fact, as it is kept until then.
#[must_use]
pub fn unsaid(words: &str) -> String {
    format!("{NO_FACT}{words}")
}

/// A fact to be forgotten, as texts are compared with it.
#[derive(Clone, Debug)]
pub struct Trace {
    /// The only word of what is no fact.
    word: Option<BTreeSet<String>>,
    /// Words that were said.
    said: Weights,
    /// All of its words.
    all: Weights,
}

/// Words, and what each counts.
#[derive(Clone, Debug, Default)]
struct Weights {
    of: HashMap<String, f32>,
    whole: f32,
}

impl Weights {
    fn new(of: HashMap<String, f32>) -> Self {
        Self { whole: of.values().sum(), of }
    }

    /// Whether a text with these terms says its topic.
    fn are_taken_up(&self, terms: &BTreeSet<String>) -> bool {
        let said: f32 = terms.iter().filter_map(|term| self.of.get(term)).sum();
        self.whole > 0.0 && said >= self.whole * ITS_TOPIC
    }
}

impl Trace {
    /// Reads a fact. `blocks` are the postings of its terms (and perhaps of others), `messages` how many messages there are.
    #[must_use]
    pub fn of(fact: &str, blocks: &[Block<'_>], messages: u32) -> Self {
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for block in blocks {
            *counts.entry(block.term).or_default() += postings(block.postings).count();
        }
        let (fact, is_fact) = fact.strip_prefix(NO_FACT).map_or((fact, true), |words| (words, false));
        let small = |count: usize| f32::from(u16::try_from(count).unwrap_or(u16::MAX));
        let all = small(messages as usize);
        let weight = |term: &str| {
            let count = small(counts.get(term).copied().unwrap_or_default()).min(all);
            (1.0 + (all - count + 0.5) / (count + 0.5)).ln()
        };
        let all: HashMap<_, _> =
            terms(fact).into_iter().map(|term| (weight(&term), term)).map(|(w, t)| (t, w)).collect();
        // A word that was never said cannot tell where the fact was: it is the model's, who put the fact in words.
        let said = all.iter().filter(|(term, _)| counts.contains_key(term.as_str()));
        let word = (!is_fact && all.len() == 1).then(|| stems(fact).into_iter().collect());
        Self {
            word,
            said: Weights::new(said.map(|(term, weight)| (term.clone(), *weight)).collect()),
            all: Weights::new(all),
        }
    }

    /// Whether it is what the person said in one word, and no more.
    #[must_use]
    pub fn is_of_one_word(&self) -> bool {
        self.word.is_some()
    }

    /// Whether a text has that very word in it.
    #[must_use]
    pub fn is_said_by(&self, text: &str) -> bool {
        self.word.as_ref().is_some_and(|word| stems(text).iter().any(|stem| word.contains(stem)))
    }

    /// Whether none of its words was ever said: it was put in other words, or in another language.
    #[must_use]
    pub fn is_unsaid(&self) -> bool {
        self.said.of.is_empty()
    }

    /// The numbers of the messages that hold the fact, which was told in the one numbered `told_in`.
    #[must_use]
    pub fn holding(&self, blocks: &[Block<'_>], told_in: Option<u32>) -> BTreeSet<u32> {
        let mut said: BTreeMap<u32, (f32, u32)> = BTreeMap::new();
        for block in blocks {
            let Some(weight) = self.said.of.get(block.term) else { continue };
            for posting in postings(block.postings) {
                let (sum, words) = said.entry(posting.number).or_default();
                *sum += weight;
                *words += 1;
            }
        }
        let told_by_one_word = self.said.of.len() == 1 && told_in.is_some_and(|number| said.contains_key(&number));
        let enough = if self.all.of.len() == 1 || told_by_one_word { 1 } else { 2 };
        let holds = |(sum, words): (f32, u32)| words >= enough && sum >= self.said.whole * MOST_OF_IT;
        said.into_iter().filter(|(_, said)| holds(*said)).map(|(number, _)| number).collect()
    }

    /// Whether a text that is about the fact's message takes the fact up: in words that were said, or, where a model put the
    /// text as it put the fact, in any of the fact's.
    #[must_use]
    pub fn is_taken_up(&self, text: &str) -> bool {
        let distinct: BTreeSet<String> = terms(text).into_iter().collect();
        self.said.are_taken_up(&distinct) || self.all.are_taken_up(&distinct)
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use proptest::prelude::*;

    use super::*;
    use crate::memory::{
        Side,
        index::{index, without},
    };

    /// The postings of messages, numbered from 1.
    fn indexed(texts: &[&str]) -> Vec<(String, Vec<u8>)> {
        let mut blocks: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        for (number, text) in (1_u32..).zip(texts) {
            for entry in index(text, Side::Person) {
                let block = blocks.entry(entry.term).or_default();
                block.extend(number.to_be_bytes());
                block.extend(entry.payload);
            }
        }
        blocks.into_iter().collect()
    }

    fn holding(fact: &str, texts: &[&str]) -> Vec<u32> {
        let blocks = indexed(texts);
        let month = NaiveDate::default();
        let blocks: Vec<_> = blocks.iter().map(|(term, postings)| Block { term, month, postings }).collect();
        // It was told by the first of them.
        let trace = Trace::of(fact, &blocks, u32::try_from(texts.len()).unwrap());
        trace.holding(&blocks, Some(1)).into_iter().collect()
    }

    #[test]
    fn what_says_the_fact_holds_it_and_what_only_shares_its_topic_does_not() {
        let texts = [
            "Я очень боюсь пауков",
            "Сегодня дождь",
            "Снова паук в ванной, а я их боюсь",
            "Боюсь опоздать на поезд",
            "Видел фильм про пауков",
            "Купил хлеб",
        ];
        assert_eq!(holding("Боится пауков", &texts), [1, 3]);
        let others = [&["Сегодня дождь"][..], &texts].concat();
        assert_eq!(holding("Пауки и жуки", &others), [0; 0], "one word of several is a topic");
        assert_eq!(holding("", &texts), [0; 0]);
    }

    #[test]
    fn a_fact_of_one_word_is_wherever_that_word_was_said() {
        let texts = ["У меня диабет", "Сегодня дождь", "Мне с диабетом нельзя сладкого", "Купил хлеб"];
        assert_eq!(holding("Диабет", &texts), [1, 3]);
        // The other word is the model's.
        assert_eq!(holding("Болеет диабетом", &texts), [1, 3]);
    }

    #[test]
    fn a_field_of_one_word_is_in_that_very_word_whatever_its_ending_and_a_fact_is_not() {
        let trace = Trace::of(&unsaid("Врач"), &[], 1);
        assert!(trace.is_of_one_word() && trace.is_said_by("Работаю врачом") && !trace.is_said_by("Ходил к доктору"));
        for other in [unsaid("Главный врач"), "Врач".to_owned()] {
            assert!(!Trace::of(&other, &[], 1).is_of_one_word(), "{other}");
        }
    }

    #[test]
    fn a_fact_in_another_language_is_known_by_its_own_words_where_a_model_used_them() {
        let blocks = indexed(&["У меня аллергия на орехи", "Сегодня дождь, Anna"]);
        let month = NaiveDate::default();
        let blocks: Vec<_> = blocks.iter().map(|(term, postings)| Block { term, month, postings }).collect();
        let trace = Trace::of("Is allergic to nuts", &blocks, 2);
        assert!(trace.is_unsaid() && trace.is_taken_up("They spoke of nuts, to which the person is allergic."));
        assert!(!trace.is_taken_up("They spoke of rain."));
        let partly = Trace::of("Anna is allergic to nuts", &blocks, 2);
        assert!(!partly.is_unsaid() && partly.is_taken_up("An allergy to nuts: allergic, it seems."));
    }

    #[test]
    fn words_that_only_the_model_used_do_not_hide_where_it_was_said() {
        let texts = ["My cat Plum ate my homework", "I like plum jam", "The cat sleeps"];
        assert_eq!(holding("Owns a feline, a cat called Plum", &texts), [1]);
    }

    #[test]
    fn an_answer_that_takes_the_fact_up_is_known_by_less() {
        let texts = ["У меня аллергия на орехи", "Сегодня дождь", "Завтра солнце"];
        let blocks = indexed(&texts);
        let month = NaiveDate::default();
        let blocks: Vec<_> = blocks.iter().map(|(term, postings)| Block { term, month, postings }).collect();
        let trace = Trace::of("Аллергия на орехи", &blocks, 3);
        assert!(trace.is_taken_up("Запомню про аллергию!") && !trace.is_taken_up("Какая погода?"));
    }

    proptest! {
        #[test]
        fn nothing_is_left_of_a_message_that_was_taken_out_of_the_index(
            texts in proptest::collection::vec("[a-zа-я ]{0,30}", 1..12),
            gone in proptest::collection::btree_set(1_u32..12, 0..6),
        ) {
            let texts: Vec<_> = texts.iter().map(String::as_str).collect();
            for (_, block) in indexed(&texts) {
                let left: Vec<_> = postings(&without(&block, &gone)).collect();
                prop_assert!(left.iter().all(|posting| !gone.contains(&posting.number)));
                let kept = postings(&block).filter(|posting| !gone.contains(&posting.number)).collect::<Vec<_>>();
                prop_assert_eq!(left, kept);
            }
        }
    }
}
