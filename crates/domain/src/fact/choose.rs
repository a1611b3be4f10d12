//! Which facts a turn is shown, where not all of them fit: by what the message is about, what they are about, how sure and
//! how often told they are, and how long ago; and by what the message means, where that is known.
//!
//! Facts are encrypted, so that Postgres cannot rank them; a person has few, so that it need not. While all of them fit,
//! all are shown, and the same ones in the same order each time: providers cache what does not change.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;

use super::Category;
use crate::{
    memory::{fuse::fuse, question::Question, terms::terms},
    tokens, words,
};

/// Weight of the share of the message's words that a fact holds, rare words counting more.
const WORDS: f32 = 3.0;
/// Weight of a word of the message that is about the fact's category: "job" for work.
const CUE: f32 = 0.6;
/// Weight of how recently it was told.
const RECENCY: f32 = 1.0;
/// Weight of how much facts of its category matter in any talk, times how sure it is.
const IMPORTANCE: f32 = 1.0;
/// Weight of having been told more than once.
const REPEATED: f32 = 0.3;
/// Weight of a plan's day being near.
const NEAR: f32 = 1.0;
/// Days around today that are near.
const NEAR_DAYS: i64 = 7;
/// Tokens of a fact's line beside its text.
const LINE_TOKENS: u32 = 8;

/// A fact, as it is ranked.
#[derive(Clone, Copy, Debug)]
pub struct Ranked<'a> {
    /// What it is about.
    pub category: Category,
    /// Its text.
    pub text: &'a str,
    /// How sure it is, of 100.
    pub confidence: u8,
    /// How often it was told.
    pub times: u32,
    /// When it was told last.
    pub told: NaiveDate,
    /// The day that it is about.
    pub day: Option<NaiveDate>,
}

/// The places of the facts to show, in the order in which they were given, within `budget` tokens. `near` are the places of
/// those whose meaning is nearest to that of the message, nearest first.
#[must_use]
pub fn choose(question: &Question, facts: &[Ranked<'_>], near: &[usize], today: NaiveDate, budget: u32) -> Vec<usize> {
    let cost = |fact: &Ranked<'_>| tokens::estimate(fact.text).saturating_add(LINE_TOKENS);
    if facts.iter().map(cost).fold(0_u32, u32::saturating_add) <= budget {
        return (0..facts.len()).collect();
    }
    let rarity = Rarity::of(question, facts);
    let mut order: Vec<_> = facts.iter().map(|fact| rarity.score(fact, today)).enumerate().collect();
    order.sort_by(|(a, left), (b, right)| right.total_cmp(left).then(b.cmp(a)));
    let order: Vec<usize> = order.into_iter().map(|(place, _)| place).collect();
    let mut left = budget;
    let mut chosen = Vec::new();
    for place in fuse(&order, near) {
        let Some(rest) = facts.get(place).and_then(|fact| left.checked_sub(cost(fact))) else { continue };
        left = rest;
        chosen.push(place);
    }
    chosen.sort_unstable();
    chosen
}

/// How much each word of the message weighs, by how few facts hold it, and what the message is about.
struct Rarity<'a> {
    weights: HashMap<&'a str, f32>,
    whole: f32,
    cues: HashSet<Category>,
}

impl<'a> Rarity<'a> {
    fn of(question: &'a Question, facts: &[Ranked<'_>]) -> Self {
        let mut counts: HashMap<&str, u16> = question.terms.iter().map(|term| (term.as_str(), 0)).collect();
        for fact in facts {
            let held: HashSet<String> = terms(fact.text).into_iter().collect();
            for term in &held {
                if let Some(count) = counts.get_mut(term.as_str()) {
                    *count += 1;
                }
            }
        }
        let all = f32::from(u16::try_from(facts.len()).unwrap_or(u16::MAX));
        let weight = |count: u16| (1.0 + (all - f32::from(count) + 0.5) / (f32::from(count) + 0.5)).ln();
        let weights: HashMap<_, _> =
            counts.into_iter().filter(|(_, count)| *count > 0).map(|(term, count)| (term, weight(count))).collect();
        let cues = Category::ALL.into_iter().filter(|category| {
            let cues: HashSet<String> = cues(*category).iter().flat_map(|word| terms(word)).collect();
            question.terms.iter().any(|term| cues.contains(term))
        });
        Self { whole: weights.values().sum(), cues: cues.collect(), weights }
    }

    fn score(&self, fact: &Ranked<'_>, today: NaiveDate) -> f32 {
        let held: HashSet<String> = terms(fact.text).into_iter().collect();
        let matched: f32 = held.iter().filter_map(|term| self.weights.get(term.as_str())).sum();
        let words = if self.whole > 0.0 { matched / self.whole } else { 0.0 };
        let cue = f32::from(u8::from(self.cues.contains(&fact.category)));
        let times = f32::from(u16::try_from(fact.times).unwrap_or(u16::MAX)).max(1.0);
        WORDS * words
            + CUE * cue
            + RECENCY * recency(fact, today)
            + IMPORTANCE * importance(fact.category) * f32::from(fact.confidence) / 100.0
            + REPEATED * times.ln().min(2.0)
            + NEAR * f32::from(u8::from(fact.day.is_some_and(|day| (day - today).num_days().abs() <= NEAR_DAYS)))
    }
}

/// From 1 on the day on which it was told down to 0; a plan's time begins anew with its day.
fn recency(fact: &Ranked<'_>, today: NaiveDate) -> f32 {
    let since = fact.day.filter(|day| *day <= today).map_or(fact.told, |day| day.max(fact.told));
    let days = u16::try_from((today - since).num_days().max(0)).unwrap_or(u16::MAX);
    0.5_f32.powf(f32::from(days) / half_life(fact.category))
}

/// Days after which a fact of a category matters half as much.
fn half_life(category: Category) -> f32 {
    match category {
        Category::Identity | Category::Family => 730.0,
        Category::Work | Category::Preferences => 365.0,
        Category::Health => 120.0,
        Category::Plans => 14.0,
        Category::Events => 60.0,
        Category::Other => 90.0,
    }
}

/// How much facts of a category matter, whatever the talk is about.
fn importance(category: Category) -> f32 {
    match category {
        Category::Identity | Category::Family => 1.0,
        Category::Health => 0.9,
        Category::Work => 0.8,
        Category::Plans => 0.7,
        Category::Preferences => 0.6,
        Category::Events => 0.4,
        Category::Other => 0.2,
    }
}

/// Everyday words that are about a category.
const fn cues(category: Category) -> &'static [&'static str] {
    match category {
        Category::Identity => words::RECALL_IDENTITY,
        Category::Family => words::RECALL_FAMILY,
        Category::Work => words::RECALL_WORK,
        Category::Preferences => words::RECALL_PREFERENCES,
        Category::Health => words::RECALL_HEALTH,
        Category::Plans => words::RECALL_PLANS,
        Category::Events => words::RECALL_EVENTS,
        Category::Other => &[],
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;
    use crate::memory::question::Names;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn fact(category: Category, text: &str) -> Ranked<'_> {
        Ranked { category, text, confidence: 90, times: 1, told: day("2026-01-01"), day: None }
    }

    fn chosen<'a>(asked: &str, facts: &[Ranked<'a>], budget: u32) -> Vec<&'a str> {
        let question = Question::read(asked, Names::default());
        choose(&question, facts, &[], day("2026-06-01"), budget).into_iter().map(|place| facts[place].text).collect()
    }

    #[rstest]
    #[case("Что подарить сестре?", "Сестра Анна собирает марки")]
    #[case("How is Plum, is the cat eating?", "Has a cat called Plum")]
    #[case("Опять спина болит", "Болит спина после аварии")]
    fn what_the_message_is_about_comes_first(#[case] asked: &str, #[case] wanted: &str) {
        let facts = [
            fact(Category::Family, "Сестра Анна собирает марки"),
            fact(Category::Family, "Has a cat called Plum"),
            fact(Category::Health, "Болит спина после аварии"),
            fact(Category::Identity, "Родом из Перми, вырос у моря"),
        ];
        assert_eq!(chosen(asked, &facts, 30), [wanted]);
    }

    #[test]
    fn without_words_in_common_what_is_lasting_sure_and_near_comes_first() {
        let exam =
            Ranked { day: Some(day("2026-06-03")), ..fact(Category::Plans, "Экзамен по вождению") };
        let guess = Ranked { confidence: 20, ..fact(Category::Work, "Возможно, сменит работу") };
        let old =
            Ranked { told: day("2024-01-01"), ..fact(Category::Events, "Ходил в кино на комедию") };
        let facts = [old, guess, exam, fact(Category::Identity, "Его зовут Иван, он левша")];
        assert_eq!(chosen("Привет!", &facts, 45), ["Экзамен по вождению", "Его зовут Иван, он левша"]);
    }

    #[test]
    fn what_the_message_means_brings_up_a_fact_of_other_words_and_leaves_the_surest_of_its_words() {
        let others: Vec<String> = (0..30).map(|number| format!("Сестра Анна собирает марки, том {number}")).collect();
        let mut facts: Vec<_> = others.iter().map(|text| fact(Category::Family, text)).collect();
        facts.push(fact(Category::Other, "Взяли щенка из приюта, назвали Кексом"));
        let question = Question::read("Что подарить сестре и четвероногому другу?", Names::default());
        let shown = |near: &[usize]| choose(&question, &facts, near, day("2026-06-01"), 300);
        assert!(!shown(&[]).contains(&30), "its words tell nothing");
        let with = shown(&[30]);
        assert!(with.contains(&30) && with.contains(&29), "{with:?}");
        assert_eq!(shown(&[99]), shown(&[]), "there is no such fact");
    }

    #[test]
    fn while_all_of_them_fit_all_are_shown_in_their_order_whatever_is_asked() {
        let facts = [fact(Category::Other, "a"), fact(Category::Family, "b"), fact(Category::Plans, "c")];
        assert_eq!(chosen("b?", &facts, 1000), ["a", "b", "c"]);
    }

    proptest! {
        #[test]
        fn the_budget_is_kept_and_no_fact_is_shown_twice(
            texts in proptest::collection::vec("[a-zа-я ]{1,60}", 0..30),
            asked in "[a-zа-я ]{0,40}",
            budget in 0_u32..300,
        ) {
            let facts: Vec<_> = texts.iter().map(|text| fact(Category::Other, text)).collect();
            let question = Question::read(&asked, Names::default());
            let near: Vec<usize> = (0..facts.len()).rev().step_by(3).collect();
            let chosen = choose(&question, &facts, &near, day("2026-06-01"), budget);
            prop_assert!(chosen.windows(2).all(|pair| pair[0] < pair[1]));
            let cost: u32 = chosen.iter().map(|place| tokens::estimate(facts[*place].text) + LINE_TOKENS).sum();
            prop_assert!(cost <= budget);
        }
    }
}
