//! What a person or a model said, as single lines of the system instruction.

use evolve_domain::{
    fact,
    profile::Profile,
    wishes::{MAX_INSTRUCTION_CHARS, MAX_TOPIC_CHARS, Wishes},
};
use evolve_store::facts::Fact;
use serde::Serialize;

#[derive(Serialize)]
pub(super) struct FactLine {
    category: &'static str,
    day: Option<String>,
    content: String,
}

#[derive(Serialize)]
pub(super) struct Field {
    name: &'static str,
    value: String,
}

/// It was folded when it was stored; what an older version stored is folded here.
pub(super) fn fact_line(fact: &Fact) -> Option<FactLine> {
    let (category, day) = (fact.category.as_str(), fact.day.map(|day| day.to_string()));
    Some(FactLine { category, day, content: fact::clean(&fact.content)? })
}

/// A summary on one line: a model wrote it from what a person said, and a line break could forge a section.
pub(super) fn told(summary: &str) -> Option<String> {
    fact::one_line(summary, usize::MAX)
}

/// Checked when they were stored; but a line break here could forge a section, so they are folded once more.
pub(super) fn wish_lines(wishes: &Wishes) -> Vec<Field> {
    let line = |name, text: &String, most| Some(Field { name, value: fact::one_line(text, most)? });
    let instructions = wishes.instructions.iter().filter_map(|text| line("wish", text, MAX_INSTRUCTION_CHARS));
    let talk_of = wishes.talk_of.iter().filter_map(|text| line("talk of", text, MAX_TOPIC_CHARS));
    let avoid = wishes.avoid.iter().filter_map(|text| line("avoid", text, MAX_TOPIC_CHARS));
    instructions.chain(talk_of).chain(avoid).collect()
}

pub(super) fn profile_lines(profile: &Profile) -> Vec<Field> {
    let birthday = profile.birthday.map(|date| date.to_string());
    let fields = [
        ("name", &profile.name),
        ("gender", &profile.gender),
        ("birthday", &birthday),
        ("occupation", &profile.occupation),
        ("city", &profile.city),
    ];
    let line = |value: &String| fact::one_line(value, evolve_domain::profile::MAX_FIELD_CHARS);
    fields.into_iter().filter_map(|(name, value)| Some(Field { name, value: value.as_ref().and_then(line)? })).collect()
}
