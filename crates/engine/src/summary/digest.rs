//! What a model made of a pass: summary, title, and the facts that were told. Its answer is untrusted: the messages that it
//! is made of may have told it anything.

use evolve_domain::fact::{self, Category};
use evolve_store::summaries::Unsummed;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use crate::{
    facts::{Telling, Wish},
    tools::{self, MAX_EFFECTS},
};

/// Longest summary that is kept, in characters.
///
/// Above what the model may say at all: cutting its end off would lose what it says of the newest messages.
const MAX_CHARS: usize = 20_000;
/// Longest title, in characters.
const TITLE_CHARS: usize = 80;

/// An answer, as it was asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Digest {
    pub(super) summary: String,
    pub(super) title: Option<String>,
    facts: Vec<Found>,
}

/// A fact as the model tells it.
#[derive(Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default)]
struct Found {
    fact: String,
    category: String,
    message: usize,
    confidence: Option<serde_json::Number>,
    replaces: Option<String>,
    date: Option<String>,
}

#[derive(Deserialize)]
struct Raw {
    summary: String,
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    facts: Option<Vec<Value>>,
}

/// Reads an answer. Words around its JSON are passed over; a model that answers in words alone has told the summary alone;
/// broken JSON is no summary.
///
/// # Errors
/// When there is no summary in it.
pub(super) fn read(answer: &str) -> anyhow::Result<Digest> {
    let answer = answer.replace('\0', "");
    let text = unfenced(answer.trim());
    let digest = if let Some(json) = json_in(text) {
        // What serde says of it may quote it, and it is made of what a person said.
        let broken = |error: serde_json::Error| {
            let (what, line, column) = (error.classify(), error.line(), error.column());
            anyhow::anyhow!("its JSON is broken: {what:?} error at line {line}, column {column}")
        };
        let raw: Raw = serde_json::from_str(json).map_err(broken)?;
        // A fact that is not one must not cost the others, or the summary.
        let facts = raw.facts.unwrap_or_default().into_iter();
        let facts = facts.filter_map(|fact| serde_json::from_value(fact).ok()).collect();
        Digest { summary: raw.summary, title: raw.title, facts }
    } else {
        Digest { summary: text.to_owned(), ..Digest::default() }
    };
    let summary: String = digest.summary.trim().chars().take(MAX_CHARS).collect();
    anyhow::ensure!(!summary.is_empty(), "the summary is empty");
    let title = digest.title.and_then(|title| fact::one_line(&title, TITLE_CHARS));
    Ok(Digest { summary, title, ..digest })
}

/// What a conversation is called of which the model gave no title: how its summary begins.
pub(super) fn first_words(summary: &str) -> Option<String> {
    let words = summary.trim_start_matches(|char: char| !char.is_alphanumeric());
    // A sentence is taken whole or cut: a little more than a title tells which.
    let line = fact::one_line(words, 2 * TITLE_CHARS)?;
    let sentence = line.split(". ").next().unwrap_or_default().trim_end_matches('.');
    if sentence.chars().count() <= TITLE_CHARS {
        return (!sentence.is_empty()).then(|| sentence.to_owned());
    }
    let cut: String = sentence.chars().take(TITLE_CHARS - 1).collect();
    Some(format!("{}…", cut.rsplit_once(' ').map_or(cut.as_str(), |(words, _)| words)))
}

/// The object in a text: from its first brace to its last. Nothing where the braces are those of words.
fn json_in(text: &str) -> Option<&str> {
    let from = &text[text.find('{')?..];
    let json = from.rfind('}').map_or(from, |end| &from[..=end]);
    (from.len() == text.len() || json.contains("\"summary\"")).then_some(json)
}

/// The text without the fence of a code block, which models like to put around JSON.
fn unfenced(text: &str) -> &str {
    let inner = text.strip_prefix("```").and_then(|rest| rest.strip_suffix("```"));
    inner.map_or(text, |inner| inner.strip_prefix("json").unwrap_or(inner).trim())
}

impl Digest {
    /// The facts, as far as they can be believed: told in a message of the person in which nobody has looked for facts yet.
    /// In the order in which they were told, so that of two states of one matter the later holds.
    pub(super) fn wishes(mut self, unsummed: &Unsummed) -> Vec<Wish> {
        self.facts.sort_by_key(|found| found.message);
        let wish = |found: Found| {
            let source = unsummed.source(found.message.checked_sub(1)?)?;
            let said = found.confidence.map(Value::Number);
            Some(Wish::Remember(Telling {
                id: Uuid::now_v7(),
                category: found.category.parse().unwrap_or(Category::Other),
                content: fact::clean(&found.fact)?,
                replaces: found.replaces,
                confidence: tools::confidence(said.as_ref()),
                day: found.date.and_then(|date| date.parse().ok()),
                source: Some(source),
            }))
        };
        self.facts.into_iter().filter_map(wish).take(MAX_EFFECTS).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_answer_is_read_as_it_was_asked_for_and_a_broken_fact_costs_no_other() {
        let answer = "```json\n{\"title\": \"The\\ncat\", \"summary\": \"They met.\", \"facts\": [
            {\"fact\": \"Has a cat\", \"category\": \"family\", \"message\": 1, \"confidence\": 0.5}, 7, {\"message\": \"two\"}]}\n```";
        let digest = read(answer).unwrap();
        assert_eq!((digest.summary.as_str(), digest.title.as_deref()), ("They met.", Some("The cat")));
        assert_eq!(digest.facts.len(), 1);
    }

    #[test]
    fn words_are_a_summary_and_broken_json_is_none() {
        assert_eq!(read(" They met. ").unwrap(), Digest { summary: "They met.".to_owned(), ..Digest::default() });
        assert_eq!(read("They met {by chance}.").unwrap().summary, "They met {by chance}.");
        assert!(read("{\"summary\": \"They").is_err() && read("Here: {\"summary\": \"They").is_err());
        assert!(read("{\"facts\": []}").is_err());
        assert!(read("{\"summary\": \" \"}").is_err() && read("").is_err());
    }

    #[test]
    fn what_is_wrong_with_an_answer_is_said_without_a_word_of_it() {
        let broken = read("{\"summary\": \"They met.\", \"facts\": \"Has a cat\"}").unwrap_err();
        let said = format!("{broken:#}");
        assert!(
            said.starts_with("its JSON is broken: Data error at line 1, column ") && !said.contains("cat"),
            "{said}"
        );
    }

    #[test]
    fn an_answer_that_tells_of_no_facts_by_null_is_a_summary_all_the_same() {
        let digest = read("{\"title\": null, \"summary\": \"They met.\", \"facts\": null}").unwrap();
        assert_eq!(digest, Digest { summary: "They met.".to_owned(), ..Digest::default() });
    }

    #[test]
    fn words_around_an_answer_are_no_part_of_it() {
        let json = "{\"title\": \"The cat\", \"summary\": \"They {met}.\", \"facts\": [{\"fact\": \"Has a cat\"}]}";
        for answer in [format!("Here it is:\n```json\n{json}\n```\nAnything else?"), format!("{json}\nDone.")] {
            let digest = read(&answer).unwrap();
            assert_eq!(
                (digest.summary.as_str(), digest.title.as_deref()),
                ("They {met}.", Some("The cat")),
                "{answer}"
            );
            assert_eq!(digest.facts.len(), 1);
        }
    }

    #[test]
    fn what_has_no_title_is_called_by_how_its_summary_begins() {
        assert_eq!(first_words("- They\nmet. Then they parted.").unwrap(), "They met");
        assert_eq!(first_words(" Боится пауков. Любит осень.").unwrap(), "Боится пауков");
        let long = first_words(&"слово ".repeat(40)).unwrap();
        assert!(long.ends_with("слово…") && long.chars().count() <= TITLE_CHARS, "{long}");
        assert_eq!(first_words("🙂 …"), None);
    }

    proptest! {
        #[test]
        fn no_answer_is_too_strange_to_be_read(answer in any::<String>()) {
            if let Ok(digest) = read(&answer) {
                prop_assert!(!digest.summary.is_empty() && digest.summary.chars().count() <= MAX_CHARS);
            }
        }
    }
}
