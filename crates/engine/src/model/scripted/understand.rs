//! What the stand-in understands of a message: a few phrases, in Russian and English.
//!
//! It compares words, not bytes: a phrase is found wherever its words stand in a row, and what it says reaches to the
//! next phrase or the end of the sentence.

use evolve_domain::fact::Category;
use evolve_domain::language::Language;

/// The language of a text by its letters; the person's own where it has none.
pub(super) fn language_of(text: &str, own: Language) -> Language {
    let cyrillic = |letter: char| matches!(letter, 'а'..='я' | 'А'..='Я' | 'ё' | 'Ё');
    if text.contains(cyrillic) {
        Language::Ru
    } else if text.contains(|letter: char| letter.is_ascii_alphabetic()) {
        Language::En
    } else {
        own
    }
}

/// Something that the stand-in understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Said {
    /// The person's name.
    Name(String),
    /// A fact worth remembering.
    Fact {
        /// What it is about.
        topic: Topic,
        /// The fact about the person, in the third person.
        fact: String,
    },
    /// A question about the person.
    Ask(Topic),
    /// A greeting.
    Hello,
}

/// What facts and questions are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Topic {
    Name,
    Likes,
    Work,
    Home,
    Has,
    Anything,
}

impl Topic {
    /// The category under which facts on it are kept.
    pub(super) fn category(self) -> Category {
        match self {
            Self::Likes => Category::Preferences,
            Self::Work => Category::Work,
            Self::Has => Category::Family,
            Self::Name | Self::Home => Category::Identity,
            Self::Anything => Category::Other,
        }
    }

    /// Beginnings of words that a fact on this topic holds.
    pub(super) fn stems(self) -> &'static [&'static str] {
        match self {
            Self::Likes => &["люб", "обожа", "нрав", "like", "love", "enjoy", "prefer"],
            Self::Work => &["работа", "work", "job"],
            Self::Home => &["живёт", "живет", "живу", "lives", "live"],
            Self::Has => &["есть", "has", "have"],
            Self::Name | Self::Anything => &[],
        }
    }
}

/// A phrase that begins a statement: its words, its topic, and how the fact that follows is put.
struct Opener(&'static [&'static str], Topic, &'static str);

/// Longer ones stand before those that they begin with.
const OPENERS: &[Opener] = &[
    Opener(&["меня", "зовут"], Topic::Name, ""),
    Opener(&["мое", "имя"], Topic::Name, ""),
    Opener(&["моё", "имя"], Topic::Name, ""),
    Opener(&["зови", "меня"], Topic::Name, ""),
    Opener(&["я", "не", "люблю"], Topic::Likes, "не любит"),
    Opener(&["я", "очень", "люблю"], Topic::Likes, "очень любит"),
    Opener(&["я", "люблю"], Topic::Likes, "любит"),
    Opener(&["я", "обожаю"], Topic::Likes, "обожает"),
    Opener(&["мне", "нравится"], Topic::Likes, "нравится"),
    Opener(&["мне", "нравятся"], Topic::Likes, "нравятся"),
    Opener(&["я", "работаю"], Topic::Work, "работает"),
    Opener(&["я", "живу"], Topic::Home, "живёт"),
    Opener(&["у", "меня", "есть"], Topic::Has, "есть"),
    Opener(&["у", "меня"], Topic::Has, "есть"),
    Opener(&["запомни", "что"], Topic::Anything, ""),
    Opener(&["запомни"], Topic::Anything, ""),
    Opener(&["my", "name", "is"], Topic::Name, ""),
    Opener(&["call", "me"], Topic::Name, ""),
    Opener(&["i", "don't", "like"], Topic::Likes, "does not like"),
    Opener(&["i", "really", "love"], Topic::Likes, "really loves"),
    Opener(&["i", "really", "like"], Topic::Likes, "really likes"),
    Opener(&["i", "love"], Topic::Likes, "loves"),
    Opener(&["i", "like"], Topic::Likes, "likes"),
    Opener(&["i", "work"], Topic::Work, "works"),
    Opener(&["i", "live", "in"], Topic::Home, "lives in"),
    Opener(&["i", "have"], Topic::Has, "has"),
    Opener(&["remember", "that"], Topic::Anything, ""),
    Opener(&["please", "remember"], Topic::Anything, ""),
    Opener(&["remember"], Topic::Anything, ""),
];

const QUESTION_WORDS: &[&str] = &[
    "что",
    "как",
    "где",
    "кем",
    "кто",
    "какой",
    "какая",
    "какие",
    "чем",
    "помнишь",
    "знаешь",
    "what",
    "what's",
    "whats",
    "where",
    "who",
    "which",
    "do",
    "does",
    "can",
];

/// Words that may stand before a question.
const PREAMBLES: &[&str] =
    &["а", "и", "ну", "но", "ты", "скажи", "мне", "so", "and", "but", "tell", "me", "please", "you"];

/// Words that hold statements together, and are no part of them.
const CONNECTORS: &[&str] = &["и", "а", "но", "что", "and", "but", "also", "that"];

/// Everything that is understood of a message, in its order.
pub(super) fn understand(message: &str) -> Vec<Said> {
    sentences(message).flat_map(sentence).collect()
}

/// The name in a message that is nothing but a name, as people answer "what is your name?".
pub(super) fn bare_name(message: &str) -> Option<String> {
    let words = words(message);
    let letters = |word: &Word<'_>| word.text.chars().all(|letter| letter.is_alphabetic() || letter == '-');
    let plain = (1..=3).contains(&words.len()) && words.iter().all(letters);
    let known = |word: &Word<'_>| QUESTION_WORDS.contains(&word.lower.as_str()) || is_hello(&word.lower);
    (plain && !words.iter().any(known) && !message.contains('?')).then(|| name(&words))
}

struct Word<'a> {
    text: &'a str,
    lower: String,
    start: usize,
    end: usize,
}

/// Sentences with the mark that ends them.
fn sentences(message: &str) -> impl Iterator<Item = &str> {
    message.split_inclusive(['.', '!', '?', ';', '\n', '…']).filter(|sentence| !sentence.trim().is_empty())
}

fn words(sentence: &str) -> Vec<Word<'_>> {
    let outside = |letter: char| !(letter.is_alphanumeric() || matches!(letter, '\'' | '’' | '-'));
    let start_of = |piece: &str| piece.as_ptr() as usize - sentence.as_ptr() as usize;
    sentence
        .split(outside)
        .filter(|piece| !piece.is_empty())
        .map(|text| {
            let start = start_of(text);
            Word { text, lower: text.to_lowercase().replace('’', "'"), start, end: start + text.len() }
        })
        .collect()
}

fn sentence(sentence: &str) -> Vec<Said> {
    let words = words(sentence);
    let mut lower = words.iter().map(|word| word.lower.as_str());
    let first = lower.find(|word| !PREAMBLES.contains(word) && !is_hello(word));
    let asks = sentence.trim_end().ends_with('?') || first.is_some_and(|word| QUESTION_WORDS.contains(&word));
    if asks {
        return question(&words).map(Said::Ask).into_iter().collect();
    }
    let said = statements(sentence, &words);
    if said.is_empty() && words.first().is_some_and(|word| is_hello(&word.lower)) {
        return vec![Said::Hello];
    }
    said
}

fn is_hello(word: &str) -> bool {
    matches!(word, "привет" | "здравствуй" | "здравствуйте" | "приветик" | "hello" | "hi" | "hey")
}

/// What a question is about, if it is about the person.
fn question(words: &[Word<'_>]) -> Option<Topic> {
    let has = |wanted: &[&str]| words.iter().any(|word| wanted.contains(&word.lower.as_str()));
    let about_me = has(&["я", "меня", "мне", "моё", "мое", "мой", "обо", "мной", "i", "me", "my"]);
    if !about_me {
        return None;
    }
    if has(&["зовут", "имя", "name"]) {
        Some(Topic::Name)
    } else if has(&["люблю", "нравится", "нравятся", "like", "love"]) {
        Some(Topic::Likes)
    } else if has(&["работаю", "работа", "work", "job"]) {
        Some(Topic::Work)
    } else if has(&["живу", "live"]) {
        Some(Topic::Home)
    } else if has(&["знаешь", "помнишь", "запомнил", "запомнила", "know", "remember"]) {
        Some(Topic::Anything)
    } else {
        None
    }
}

fn statements(sentence: &str, words: &[Word<'_>]) -> Vec<Said> {
    let mut found: Vec<(usize, usize, &Opener)> = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let fits = |Opener(phrase, ..): &&Opener| {
            words.len() - at >= phrase.len() && phrase.iter().zip(&words[at..]).all(|(want, word)| *want == word.lower)
        };
        match OPENERS.iter().find(fits) {
            Some(opener) => {
                found.push((at, at + opener.0.len(), opener));
                at += opener.0.len();
            }
            None => at += 1,
        }
    }
    let mut said = Vec::new();
    for (number, (_, first, opener)) in found.iter().enumerate() {
        let last = found.get(number + 1).map_or(words.len(), |(next, ..)| *next);
        said.extend(statement(sentence, &words[*first..last], opener));
    }
    said
}

fn statement(sentence: &str, words: &[Word<'_>], Opener(phrase, topic, verb): &Opener) -> Option<Said> {
    let connector = |word: &&Word<'_>| CONNECTORS.contains(&word.lower.as_str());
    let skipped = words.iter().take_while(connector).count();
    let words = &words[skipped..];
    let words = &words[..words.len() - words.iter().rev().take_while(connector).count()];
    let (first, last) = (words.first()?, words.last()?);
    if *topic == Topic::Name {
        return Some(Said::Name(name(words)));
    }
    // "У меня кот" is a possession, "у меня болит голова" is not one.
    let doubtful = phrase == &["у", "меня"] && (words.len() > 3 || looks_like_a_verb(&first.lower));
    let perfect = phrase == &["i", "have"] && matches!(first.lower.as_str(), "to" | "been" | "had" | "no" | "not");
    if doubtful || perfect {
        return None;
    }
    let value = &sentence[first.start..last.end];
    let value: String = value.chars().take(200).collect();
    let fact = if verb.is_empty() { value } else { format!("{verb} {value}") };
    Some(Said::Fact { topic: *topic, fact })
}

fn looks_like_a_verb(word: &str) -> bool {
    ["ит", "ет", "ёт", "ят", "ют", "ло", "ла", "ли", "ся"].iter().any(|ending| word.ends_with(ending))
}

/// The first word, and those after it that are written like names.
fn name(words: &[Word<'_>]) -> String {
    let capital = |word: &&Word<'_>| word.text.starts_with(char::is_uppercase);
    let rest = words.iter().skip(1).take_while(capital).take(2);
    let words: Vec<String> = words.iter().take(1).chain(rest).map(|word| capitalised(word.text)).collect();
    words.join(" ").chars().take(60).collect()
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn fact(topic: Topic, fact: &str) -> Said {
        Said::Fact { topic, fact: fact.to_owned() }
    }

    #[rstest]
    #[case("Меня зовут Аня", vec![Said::Name("Аня".into())])]
    #[case("привет, меня зовут анна мария", vec![Said::Name("Анна".into())])]
    #[case("My name is Mary Ann, and I love tea", vec![Said::Name("Mary Ann".into()), fact(Topic::Likes, "loves tea")])]
    #[case("Меня зовут Пётр, я люблю чай и кофе и живу один", vec![
        Said::Name("Пётр".into()), fact(Topic::Likes, "любит чай и кофе и живу один")])]
    #[case("я живу в Москве и я работаю врачом!", vec![
        fact(Topic::Home, "живёт в Москве"), fact(Topic::Work, "работает врачом")])]
    #[case("I live in New York. I work as a nurse.", vec![
        fact(Topic::Home, "lives in New York"), fact(Topic::Work, "works as a nurse")])]
    #[case("у меня есть кот Барсик", vec![fact(Topic::Has, "есть кот Барсик")])]
    #[case("у меня кот", vec![fact(Topic::Has, "есть кот")])]
    #[case("у меня болит голова", vec![])]
    #[case("I have a cat", vec![fact(Topic::Has, "has a cat")])]
    #[case("I have to go", vec![])]
    #[case("Запомни, что мой брат в отпуске до мая", vec![fact(Topic::Anything, "мой брат в отпуске до мая")])]
    #[case("запомни, что я люблю чай", vec![fact(Topic::Likes, "любит чай")])]
    #[case("Remember that my car is red", vec![fact(Topic::Anything, "my car is red")])]
    #[case("Я не люблю дождь", vec![fact(Topic::Likes, "не любит дождь")])]
    #[case("как меня зовут?", vec![Said::Ask(Topic::Name)])]
    #[case("А как меня зовут", vec![Said::Ask(Topic::Name)])]
    #[case("What is my name", vec![Said::Ask(Topic::Name)])]
    #[case("Привет, скажи, что ты знаешь обо мне", vec![Said::Ask(Topic::Anything)])]
    #[case("что я люблю?", vec![Said::Ask(Topic::Likes)])]
    #[case("What do I like?", vec![Said::Ask(Topic::Likes)])]
    #[case("Что ты обо мне знаешь?", vec![Said::Ask(Topic::Anything)])]
    #[case("what do you remember about me?", vec![Said::Ask(Topic::Anything)])]
    #[case("Где я живу?", vec![Said::Ask(Topic::Home)])]
    #[case("Привет!", vec![Said::Hello])]
    #[case("Какая сегодня погода?", vec![])]
    #[case("Мне грустно", vec![])]
    #[case("", vec![])]
    fn simple_statements_and_questions_are_understood(#[case] message: &str, #[case] expected: Vec<Said>) {
        assert_eq!(understand(message), expected);
    }

    #[rstest]
    #[case("Привет", Language::En, Language::Ru)]
    #[case("Hello", Language::Ru, Language::En)]
    #[case("42 🙂", Language::Ru, Language::Ru)]
    #[case("42 🙂", Language::En, Language::En)]
    fn the_language_is_that_of_the_message(#[case] text: &str, #[case] own: Language, #[case] expected: Language) {
        assert_eq!(language_of(text, own), expected);
    }

    proptest! {
        #[test]
        fn nothing_that_a_person_types_breaks_it(message in "(меня зовут |я люблю |I have |, и |[\\PC]{0,8}){0,12}") {
            understand(&message);
        }
    }
}
