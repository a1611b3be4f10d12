//! The second pass: what the texts of the candidates tell.

use std::{collections::HashSet, sync::LazyLock};

use chrono::NaiveDate;

use super::{
    Side,
    candidates::{Candidate, Signs, by},
    question::Question,
    terms, weights, words,
};

static TIME: LazyLock<HashSet<&str>> = LazyLock::new(|| words::TELL_TIME.iter().flat_map(|l| l.split(' ')).collect());
static NUMBER: LazyLock<HashSet<&str>> =
    LazyLock::new(|| words::TELL_NUMBER.iter().flat_map(|l| l.split(' ')).collect());

/// A candidate's message.
#[derive(Clone, Copy, Debug)]
pub struct Text<'a> {
    /// Its number.
    pub number: u32,
    /// Whose words these are.
    pub side: Side,
    /// The words.
    pub text: &'a str,
    /// The day on which they were said.
    pub day: NaiveDate,
    /// Whether a conversation began with them: that is where people tell their news.
    pub opens: bool,
}

/// What a text tells of a message.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Told {
    /// What postings tell.
    pub signs: Signs,
    /// Whether it asks something.
    pub asks: f32,
    /// Whether it ends with a question.
    pub ends_asking: f32,
    /// The logarithm of how many terms it has.
    pub length: f32,
    /// Whether it opened a conversation.
    pub opens: f32,
    /// Whether it tells a time, where one is asked for.
    pub tells_time: f32,
    /// Whether it tells a number, where one is asked for.
    pub tells_number: f32,
    /// The share of the question's neighbouring words that stand side by side in it too.
    pub pairs: f32,
}

impl Told {
    /// What both passes know of a candidate.
    #[must_use]
    pub fn of(question: &Question, candidate: &Candidate, text: &Text<'_>) -> Self {
        let words = terms::words(text.text);
        let terms: Vec<_> = words.iter().filter_map(|word| terms::term(word)).collect();
        let flag = |is: bool| f32::from(u8::from(is));
        let tells = |of: &HashSet<&str>| words.iter().any(|word| of.contains(word.as_str()));
        let has_digit = || words.iter().any(|word| word.starts_with(|c: char| c.is_ascii_digit()));
        let beside: HashSet<_> = terms.windows(2).filter_map(|pair| Some((pair.first()?, pair.get(1)?))).collect();
        let held = question.pairs.iter().filter(|(a, b)| beside.contains(&(a, b))).count();
        Self {
            signs: Signs { by: by(question, Some(text.side)), date: question.fits(text.day), ..candidate.signs },
            asks: flag(text.text.contains('?')),
            ends_asking: flag(text.text.trim_end().ends_with('?')),
            length: small(terms.len()).ln_1p(),
            opens: flag(text.opens),
            tells_time: flag(question.asks_time && (tells(&TIME) || terms_of_month(&words))),
            tells_number: flag(question.asks_number && (tells(&NUMBER) || has_digit())),
            pairs: small(held) / small(question.pairs.len()).max(1.0),
        }
    }

    fn weigh(&self) -> f32 {
        let w = &weights::SECOND;
        self.signs.weigh(&w.first)
            + self.asks * w.asks
            + self.ends_asking * w.ends_asking
            + self.length * w.length
            + self.opens * w.opens
            + self.tells_time * w.tells_time
            + self.tells_number * w.tells_number
            + self.pairs * w.pairs
    }
}

/// The numbers of the messages that hold the answer, most likely first. A candidate without a text (it was forgotten) is
/// left out.
#[must_use]
pub fn rank(question: &Question, candidates: &[Candidate], texts: &[Text<'_>]) -> Vec<u32> {
    let mut scored: Vec<_> = candidates
        .iter()
        .filter_map(|candidate| {
            let text = texts.iter().find(|text| text.number == candidate.number)?;
            Some((Told::of(question, candidate, text).weigh(), candidate.number))
        })
        .collect();
    scored.sort_unstable_by(|(a, n), (b, m)| b.total_cmp(a).then(m.cmp(n)));
    scored.into_iter().map(|(_, number)| number).collect()
}

fn terms_of_month(words: &[String]) -> bool {
    words.iter().any(|word| {
        words::MONTHS
            .iter()
            .flat_map(|names| *names)
            .any(|name| *name != "may" && word.starts_with(name) && name.chars().count() > 3)
    })
}

fn small(count: usize) -> f32 {
    f32::from(u16::try_from(count).unwrap_or(u16::MAX))
}
