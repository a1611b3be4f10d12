//! Whether somebody speaks of ending their life, or of hurting themselves.
//!
//! Words are looked for, not understood, so that it works when no model does, and says the same each time. Where it errs, a
//! person who is well is told kindly of a number that they do not need: that is the better mistake.

/// Beyond so many words nothing is looked for: a message of Telegram has fewer.
const MOST_WORDS: usize = 4096;
/// Words that may stand between two words of a phrase: "I just really want to die".
const GAP: usize = 3;
/// Words around a phrase that can turn it into a figure of speech.
const CONTEXT: usize = 3;

/// Phrases, word by word; `*` at the end of a word stands for any ending.
const PHRASES: &[&str] = &[
    "хоч* умереть",
    "хоч* сдохнуть",
    "хоч* исчезнуть навсегда",
    "хотел* бы умереть",
    "хотел* бы не просыпаться",
    "не хоч* жить",
    "не хоч* больше жить",
    "не хоч* просыпаться",
    "жить не хоч*",
    "жить больше не хоч*",
    "незачем жить",
    "нет смысла жить",
    "смысла жить нет",
    "не вижу смысла жить",
    "устал* жить",
    "покончить с собой",
    "покончу с собой",
    "покончить с жизнью",
    "покончить со всем этим",
    "свести счеты с жизнью",
    "наложить на себя руки",
    "наложу на себя руки",
    "уйти из жизни",
    "убить себя",
    "убью себя",
    "убиться",
    "самоубий*",
    "суицид*",
    "вскрыть вены",
    "вскрою вены",
    "резать вены",
    "порезать себя",
    "режу себя",
    "причин* себе боль",
    "причин* себе вред",
    "лучше бы меня не было",
    "лучше бы я умер*",
    "всем будет лучше без меня",
    "want to die",
    "wanna die",
    "wish i was dead",
    "wish i were dead",
    "better off dead",
    "better off without me",
    "kill myself",
    "killing myself",
    "end my life",
    "ending my life",
    "end it all",
    "take my own life",
    "suicid*",
    "no reason to live",
    "no point in living",
    "dont want to live",
    "dont want to be alive",
    "dont want to wake up",
    "dont want to be here anymore",
    "tired of living",
    "hurt myself",
    "hurting myself",
    "cut myself",
    "cutting myself",
    "self harm*",
    "selfharm*",
];

/// Beside a phrase, these make it a figure of speech, a film or a kitchen.
const HARMLESS: &[&str] = &[
    "смех*",
    "смеял*",
    "хохот*",
    "стыд*",
    "отряд*",
    "фильм*",
    "сериал*",
    "книг*",
    "игр*",
    "бритьем",
    "бритве",
    "laugh*",
    "squad",
    "movie",
    "film",
    "shaving",
    "cooking",
    "embarrass*",
    "doors",
];

/// What is said of a place too, if one of [`PLACE`] follows: "I don't want to live in Moscow".
const LIVING: &[&str] = &["жить", "live", "alive"];
const PLACE: &[&str] = &["в", "во", "на", "с", "у", "под", "среди", "in", "at", "near", "with"];

/// Whether `text`, of a person, speaks of it.
#[must_use]
pub fn is_spoken_of(text: &str) -> bool {
    let words = words(text);
    PHRASES.iter().any(|phrase| {
        let phrase: Vec<&str> = phrase.split(' ').collect();
        let mut found = (0..words.len()).filter_map(|start| Some((start, end_of(&phrase, &words, start)?)));
        found.any(|(start, end)| !is_harmless(&words, start, end))
    })
}

/// Where the phrase that begins at `start` ends; nothing if none begins there.
fn end_of(phrase: &[&str], words: &[String], start: usize) -> Option<usize> {
    let [first, rest @ ..] = phrase else { return None };
    if !fits(first, words.get(start)?) {
        return None;
    }
    let mut at = start;
    for next in rest {
        let found = (at + 1..words.len().min(at + 2 + GAP)).find(|place| fits(next, &words[*place]))?;
        at = found;
    }
    Some(at)
}

fn is_harmless(words: &[String], start: usize, end: usize) -> bool {
    let around = start.saturating_sub(CONTEXT)..words.len().min(end + 1 + CONTEXT);
    let is_of_a_place =
        LIVING.contains(&words[end].as_str()) && words.get(end + 1).is_some_and(|word| PLACE.contains(&word.as_str()));
    is_of_a_place || words[around].iter().any(|word| HARMLESS.iter().any(|harmless| fits(harmless, word)))
}

fn fits(pattern: &str, word: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == word, |stem| word.starts_with(stem))
}

/// The words, in lower case, without what stands between and above letters.
fn words(text: &str) -> Vec<String> {
    let plain = |c: char| match c {
        'ё' => 'е',
        c => c,
    };
    let mut words = vec![String::new()];
    for c in text.chars().flat_map(char::to_lowercase).map(plain) {
        match words.last_mut() {
            Some(word) if c.is_alphanumeric() => word.push(c),
            // "don't" is one word, with whichever apostrophe, and invisible characters are none.
            _ if matches!(c, '\'' | '’' | '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}') => {}
            Some(word) if !word.is_empty() => {
                if words.len() == MOST_WORDS {
                    break;
                }
                words.push(String::new());
            }
            _ => {}
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("Я больше не хочу жить")]
    #[case("хочу просто взять и умереть")]
    #[case("ЖИТЬ НЕ ХОЧУ!!!")]
    #[case("думаю о самоубийстве")]
    #[case("Иногда мне кажется, что всем будет лучше без меня.")]
    #[case("я устала жить, правда")]
    #[case("покончу с собой сегодня")]
    #[case("I just really want to die")]
    #[case("I don’t want to live anymore")]
    #[case("been thinking about su\u{200b}icide")]
    #[case("they would be better off without me")]
    #[case("i keep cutting myself")]
    fn somebody_in_danger_is_heard(#[case] text: &str) {
        assert!(is_spoken_of(text), "{text}");
    }

    #[rstest]
    #[case("Хочу умереть от смеха 😂")]
    #[case("Смотрели «Отряд самоубийц»?")]
    #[case("I want to die laughing")]
    #[case("have you seen Suicide Squad")]
    #[case("cut myself shaving this morning")]
    #[case("Не хочу жить в Москве, хочу у моря")]
    #[case("как убить время в дороге")]
    #[case("хочу чаю")]
    #[case("die Katze")]
    #[case("")]
    fn figures_of_speech_are_not_taken_for_it(#[case] text: &str) {
        assert!(!is_spoken_of(text), "{text}");
    }

    #[test]
    fn a_text_of_any_length_is_looked_through_in_little_time() {
        let text = "хочу ".repeat(200_000);
        assert!(!is_spoken_of(&text));
    }
}
