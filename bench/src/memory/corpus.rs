//! Conversations: read from a file, and made up around them.

use std::collections::{BTreeMap, HashMap};

use anyhow::Context as _;
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use evolve_domain::memory::Side;
use serde::Deserialize;
use serde_json::Value;

/// Everything between two people, and what is asked of it.
#[derive(Debug)]
pub(crate) struct Conversation {
    pub(crate) name: String,
    /// Whose history it becomes.
    pub(crate) person: String,
    /// Who plays the companion.
    pub(crate) companion: String,
    pub(crate) turns: Vec<Turn>,
    pub(crate) questions: Vec<Asked>,
    ids: HashMap<DateTime<Utc>, String>,
}

/// A message.
#[derive(Clone, Debug)]
pub(crate) struct Turn {
    /// Messages of one session are one conversation of the store.
    pub(crate) session: usize,
    pub(crate) side: Side,
    pub(crate) text: String,
    pub(crate) at: DateTime<Utc>,
}

/// A question, and the messages that hold its answer.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) text: String,
    pub(crate) category: u8,
    pub(crate) evidence: Vec<String>,
}

impl Conversation {
    /// The annotated id of the message of a moment; there is one message a moment.
    pub(crate) fn id_at(&self, at: DateTime<Utc>) -> Option<&str> {
        self.ids.get(&at).map(String::as_str)
    }
}

#[derive(Deserialize)]
struct Sample {
    sample_id: String,
    conversation: BTreeMap<String, Value>,
    qa: Vec<Annotated>,
}

#[derive(Deserialize)]
struct Annotated {
    question: String,
    category: u8,
    #[serde(default)]
    evidence: Vec<String>,
}

#[derive(Deserialize)]
struct Line {
    speaker: String,
    dia_id: String,
    #[serde(default)]
    text: String,
    blip_caption: Option<String>,
}

/// A made-up person who speaks Russian: twelve conversations, and questions that say things in other forms than they were
/// said in.
const RUSSIAN: &str = include_str!("russian.json");

/// The conversations in Russian, which are part of the project.
pub(crate) fn russian() -> anyhow::Result<Vec<Conversation>> {
    read(RUSSIAN)
}

/// Reads conversations; of the questions those of categories 1 to 4 that have evidence.
pub(crate) fn read(text: &str) -> anyhow::Result<Vec<Conversation>> {
    let samples: Vec<Sample> =
        serde_json::from_str(text).context("the file is not conversations in LoCoMo's format")?;
    samples.into_iter().enumerate().map(|(place, sample)| conversation(place, sample)).collect()
}

/// Seconds by their place keep moments of different conversations apart when one person has them all.
fn conversation(place: usize, sample: Sample) -> anyhow::Result<Conversation> {
    let parts = &sample.conversation;
    let name_of = |key: &str| parts.get(key).and_then(Value::as_str).map(str::to_owned).context(format!("no {key}"));
    let (person, companion) = (name_of("speaker_a")?, name_of("speaker_b")?);
    let (mut turns, mut ids) = (Vec::new(), HashMap::new());
    for session in 1.. {
        let Some(lines) = parts.get(&format!("session_{session}")) else { break };
        let lines: Vec<Line> = serde_json::from_value(lines.clone())?;
        let begin = name_of(&format!("session_{session}_date_time"))?;
        let begin = NaiveDateTime::parse_from_str(&begin, "%I:%M %p on %d %B, %Y").context(begin)?.and_utc();
        for (minute, line) in (0..).zip(lines) {
            let at = begin + TimeDelta::minutes(minute) + TimeDelta::seconds(i64::try_from(place)?);
            let side = if line.speaker == person { Side::Person } else { Side::Companion };
            let caption = line.blip_caption.map(|caption| format!(" [{caption}]")).unwrap_or_default();
            turns.push(Turn { session, side, text: line.text + &caption, at });
            ids.insert(at, line.dia_id);
        }
    }
    let wanted = |q: &Annotated| (1..=4).contains(&q.category) && !q.evidence.is_empty();
    let asked = |q: Annotated| Asked { text: q.question, category: q.category, evidence: q.evidence };
    let questions = sample.qa.into_iter().filter(wanted).map(asked).collect();
    Ok(Conversation { name: sample.sample_id, person, companion, turns, questions, ids })
}

const WHO: [&str; 10] = [
    "my sister",
    "our neighbour",
    "an old friend",
    "the boss",
    "мой брат",
    "соседка",
    "друг детства",
    "начальник",
    "мама",
    "кот",
];
const DID: [&str; 14] = [
    "went camping in the mountains",
    "bought a new bike",
    "is reading a long book",
    "painted the kitchen",
    "lost the keys",
    "started to learn the guitar",
    "cooked dinner for the family",
    "купил билеты на поезд",
    "сломал телефон",
    "весь день смотрел кино",
    "ездил к морю с детьми",
    "учится играть на скрипке",
    "пёк пироги",
    "нашёл хорошую работу",
];
const FELT: [&str; 12] = [
    "and felt really happy about it",
    "and it took the whole weekend",
    "but it was hard work",
    "what do you think?",
    "I love this kind of thing",
    "it was so much fun last week",
    "и это было здорово",
    "а я очень устал",
    "что скажешь?",
    "мне понравилось",
    "зато смеялись весь вечер",
    "вот такая была неделя",
];

/// Messages of a made-up conversation.
const SESSION: usize = 30;

/// The conversations among made-up ones, so that there are `messages` in all, in the order of time. What is made up uses
/// few words again and again, as people do: long postings are what costs.
pub(crate) fn amid(conversations: &[Conversation], messages: usize) -> Vec<Turn> {
    let mut turns: Vec<Turn> = Vec::new();
    for conversation in conversations {
        let before = turns.last().map_or(0, |turn| turn.session);
        turns.extend(conversation.turns.iter().map(|turn| Turn { session: turn.session + before, ..turn.clone() }));
    }
    let words: Vec<String> = turns.iter().flat_map(|t| t.text.split_whitespace()).map(str::to_owned).collect();
    let begin = turns.iter().map(|turn| turn.at).min().unwrap_or_default();
    let first_session = turns.last().map_or(0, |turn| turn.session) + 1;
    let made_up = messages.saturating_sub(turns.len());
    let mut dice = Dice(7);
    for place in 0..made_up {
        // Some minutes of talk every six hours; half a second keeps them apart from all that is annotated.
        let seconds = place / SESSION * 6 * 3600 + place % SESSION * 10;
        let at = begin + TimeDelta::milliseconds(i64::try_from(seconds * 1000).unwrap_or_default() + 500);
        let mut text = format!("{} {}, {}", dice.of(&WHO), dice.of(&DID), dice.of(&FELT));
        for _ in 0..dice.below(8) {
            text.push(' ');
            text.push_str(words.get(dice.below(words.len().max(1))).map_or("", String::as_str));
        }
        let side = if place % 2 == 0 { Side::Person } else { Side::Companion };
        turns.push(Turn { session: first_session + place / SESSION, side, text, at });
    }
    turns.sort_by_key(|turn| turn.at);
    turns
}

/// Numbers that look random and are the same each time (splitmix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((z ^ (z >> 31)) % u64::try_from(end.max(1)).unwrap_or(1)).unwrap_or_default()
    }

    fn of(&mut self, list: &[&'static str]) -> &'static str {
        list.get(self.below(list.len())).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_russian_questions_have_their_answers_in_what_the_person_said() {
        let [conversation]: [Conversation; 1] = russian().unwrap().try_into().unwrap();
        assert_eq!(conversation.turns.iter().map(|turn| turn.session).max(), Some(12));
        assert!(conversation.questions.len() >= 60, "{}", conversation.questions.len());
        let said: Vec<&str> = conversation.turns.iter().filter_map(|turn| conversation.id_at(turn.at)).collect();
        assert_eq!(said.len(), conversation.turns.len());
        for asked in &conversation.questions {
            for id in &asked.evidence {
                let place = said.iter().position(|known| known == id).unwrap();
                assert_eq!(conversation.turns[place].side, Side::Person, "{}", asked.text);
            }
        }
    }
}
