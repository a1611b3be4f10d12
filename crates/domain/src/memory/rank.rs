//! The second pass: what the texts of the candidates tell.

use std::{collections::HashSet, sync::LazyLock};

use chrono::NaiveDate;

use super::{
    Side,
    candidates::{Candidate, Signs, by},
    question::Question,
    terms, weights,
};
use crate::words;

static TIME: LazyLock<HashSet<&str>> = LazyLock::new(|| words::RECALL_TELL_TIME.iter().copied().collect());
static NUMBER: LazyLock<HashSet<&str>> = LazyLock::new(|| words::RECALL_TELL_NUMBER.iter().copied().collect());

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

/// How likely a candidate holds the answer, by all that both passes know of it.
fn weigh(question: &Question, candidate: &Candidate, text: &Text<'_>) -> f32 {
    let words = terms::words(text.text);
    let tells = |of: &HashSet<&str>| words.iter().any(|word| of.contains(word.as_str()));
    let held = held(question, &words);
    let signs = Signs { by: by(question, Some(text.side)), date: question.fits(text.day), ..candidate.signs };
    let sign = |is: bool, weight: f32| if is { weight } else { 0.0 };
    signs.weigh()
        + sign(text.text.contains(words::QUESTION_MARKS), weights::ASKS)
        + sign(text.text.trim_end().ends_with(words::QUESTION_MARKS), weights::ENDS_ASKING)
        + sign(text.opens, weights::OPENS)
        + sign(question.asks_time && (tells(&TIME) || tells_month(&words)), weights::TELLS_TIME)
        + sign(question.asks_number && (tells(&NUMBER) || tells_digits(&words)), weights::TELLS_NUMBER)
        + small(held) / small(question.pairs.len()).max(1.0) * weights::PAIRS
}

/// The numbers of the messages that hold the answer, most likely first. A candidate without a text (it was forgotten) is
/// left out.
#[must_use]
pub fn rank(question: &Question, candidates: &[Candidate], texts: &[Text<'_>]) -> Vec<u32> {
    let mut scored: Vec<_> = candidates
        .iter()
        .filter_map(|candidate| {
            let text = texts.iter().find(|text| text.number == candidate.number)?;
            Some((weigh(question, candidate, text), candidate.number))
        })
        .collect();
    scored.sort_unstable_by(|(a, n), (b, m)| b.total_cmp(a).then(m.cmp(n)));
    scored.into_iter().map(|(_, number)| number).collect()
}

/// How many of the question's neighbouring words stand side by side here too.
fn held(question: &Question, words: &[String]) -> usize {
    if question.pairs.is_empty() {
        return 0;
    }
    let terms: Vec<_> = words.iter().filter_map(|word| terms::term(word)).collect();
    let stand = |a: &String, b: &String| terms.windows(2).any(|pair| matches!(pair, [c, d] if a == c && b == d));
    question.pairs.iter().filter(|(a, b)| stand(a, b)).count()
}

/// Whether a month is named; short names are other words too often.
fn tells_month(words: &[String]) -> bool {
    let mut names = words::RECALL_MONTHS.into_iter().flatten().filter_map(|name| name.strip_suffix('*'));
    names.any(|name| words.iter().any(|word| word.starts_with(name)))
}

fn tells_digits(words: &[String]) -> bool {
    words.iter().any(|word| word.starts_with(|c: char| c.is_ascii_digit()))
}

fn small(count: usize) -> f32 {
    f32::from(u16::try_from(count).unwrap_or(u16::MAX))
}
