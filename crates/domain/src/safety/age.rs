//! Whether somebody says that they are under 18.
//!
//! Words are looked for, not understood: it holds whatever a model makes of them. Where it errs, an adult is spoken to
//! decently: that is the better mistake.

use crate::{consent::AGE, fact::Category};

/// Beyond so many words nothing is looked for: a message of Telegram has fewer.
const MOST_WORDS: usize = 4096;
/// Who is said to be younger than this is somebody's child, or it is no age.
const LEAST: u32 = 6;
/// The end of a clause, among the words.
const END: &str = ".";
/// Ages in words, from [`LEAST`] on.
const EN: [&str; 12] = [
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
];
const RU: [&str; 12] = [
    "шесть",
    "семь",
    "восемь",
    "девять",
    "десять",
    "одиннадцать",
    "двенадцать",
    "тринадцать",
    "четырнадцать",
    "пятнадцать",
    "шестнадцать",
    "семнадцать",
];
/// What may stand between whose age it is and the number.
const BETWEEN: &[&str] = &[
    "всего",
    "всегото",
    "только",
    "лишь",
    "сейчас",
    "уже",
    "еще",
    "пока",
    "скоро",
    "исполнилось",
    "исполнится",
    "будет",
    "стукнуло",
    "почти",
    "около",
    "вообщето",
    "на",
    "самом",
    "деле",
    "толькотолько",
    "only",
    "just",
    "still",
    "actually",
    "almost",
    "about",
    "now",
    "really",
    "turning",
    "soon",
    "to",
    "be",
    "like",
    "gonna",
    "m",
    "am",
    "is",
    "age",
];
/// Years.
const YEARS: &[&str] =
    &["лет", "год", "года", "годик", "годика", "годиков", "годов", "годочков", "years", "year", "yrs", "yr", "yo", "y"];
/// Who it is said of: themselves, or whom a fact is about.
const SELF: &[&str] = &["мне", "i", "im", "me", "возраст", "age"];
const THEM: &[&str] =
    &["ему", "ей", "им", "he", "she", "they", "user", "person", "пользователю", "возраст", "age", "aged"];
/// After the number, these make it something else than an age.
const OTHERWISE: &[&str] = &["назад", "ago", "опыта", "стажа", "experience", "спустя"];
/// Phrases that say it without a number, of themselves.
const PHRASES: &[&str] = &[
    "мне нет 18",
    "мне нет восемнадцати",
    "мне еще нет 18",
    "мне еще нет восемнадцати",
    "мне меньше 18",
    "мне не исполнилось 18",
    "мне еще не исполнилось 18",
    "мне до 18",
    "я несовершеннолетний",
    "я несовершеннолетняя",
    "я еще несовершеннолетний",
    "я еще несовершеннолетняя",
    "я школьник",
    "я школьница",
    "я еще школьник",
    "я еще школьница",
    "я еще ребенок",
    "i am a minor",
    "im a minor",
    "i am underage",
    "im underage",
    "i am under 18",
    "im under 18",
    "im not 18",
    "i am not 18",
    "i am not yet 18",
    "im not yet 18",
    "im a kid",
    "im still a kid",
];
/// And of whom a fact is about.
const FACTS: &[&str] = &[
    "несовершеннолетний",
    "несовершеннолетняя",
    "школьник",
    "школьница",
    "is a minor",
    "underage",
    "under 18",
    "high school student",
    "schoolboy",
    "schoolgirl",
    "нет 18",
];

/// Whether a message says that whoever wrote it is too young.
#[must_use]
pub fn says_minor(message: &str) -> bool {
    let words = words(message);
    holds(&words, PHRASES) || in_class(&words) || ages(&words).any(|age| age.is_of(&words, SELF) || age.is_all(&words))
}

/// Whether a fact of a person says that they were too young when they told it, and still are `years` later.
#[must_use]
pub fn tells_minor(category: Category, fact: &str, years: u32) -> bool {
    if category == Category::Family {
        return false;
    }
    let words = words(fact);
    let is_who_they_are = category == Category::Identity;
    let is_young = |age: &Age| age.years + years < AGE;
    let is_theirs = |age: Age| {
        age.is_of(&words, THEM) || age.is_of(&words, SELF) || is_who_they_are && (age.is_glued || age.is_first(&words))
    };
    (years == 0 && (holds(&words, FACTS) || in_class(&words))) || ages(&words).filter(is_young).any(is_theirs)
}

/// A number that may be an age of somebody too young.
struct Age {
    years: u32,
    /// Where it stands.
    at: usize,
    /// Whether years are said.
    has_years: bool,
    /// Whether they are part of the word.
    is_glued: bool,
}

impl Age {
    /// Whether it is said of one of these: they stand before it, with nothing of weight in between.
    fn is_of(&self, words: &[String], whose: &[&str]) -> bool {
        let ends = self.has_years || words.get(self.at + 1).is_none_or(|word| word == END);
        let before = words[..self.at].iter().rev();
        let mut before = before.skip_while(|word| BETWEEN.contains(&word.as_str()) && !whose.contains(&word.as_str()));
        ends && before.next().is_some_and(|word| whose.contains(&word.as_str()))
    }

    /// Whether nothing of weight stands before it: "Is 15 years old".
    fn is_first(&self, words: &[String]) -> bool {
        self.has_years && words[..self.at].iter().all(|word| BETWEEN.contains(&word.as_str()))
    }

    /// Whether nothing else is said: "15 лет".
    fn is_all(&self, words: &[String]) -> bool {
        self.has_years && words.iter().filter(|word| *word != END).count() <= 3
    }
}

fn ages(words: &[String]) -> impl Iterator<Item = Age> {
    words.iter().enumerate().filter_map(|(at, word)| {
        let (years, glued) = age(word)?;
        let mut after = words[at + 1..].iter().map(String::as_str);
        let next = after.next();
        let has_years = glued || next.is_some_and(|next| YEARS.contains(&next));
        let past = if glued { next } else { after.next() };
        // "17 years old" and "17 y o" before "ago".
        let is_otherwise = past.is_some_and(|word| OTHERWISE.contains(&word));
        ((LEAST..AGE).contains(&years) && !is_otherwise).then_some(Age { years, at, has_years, is_glued: glued })
    })
}

/// The number that a word is, and whether years are part of it: "15", "fifteen", "15yo", "15-летняя".
fn age(word: &str) -> Option<(u32, bool)> {
    let spelt =
        |names: &[&str]| names.iter().position(|name| *name == word).and_then(|place| u32::try_from(place).ok());
    if let Some(place) = spelt(&EN).or_else(|| spelt(&RU)) {
        return Some((LEAST + place, false));
    }
    let digits = word.find(|c: char| !c.is_ascii_digit()).unwrap_or(word.len());
    let (number, rest) = word.split_at(digits);
    let is_years = rest.starts_with("летн") || rest.starts_with("year") || matches!(rest, "yo" | "лет" | "y");
    (rest.is_empty() || is_years).then(|| Some((number.parse().ok()?, is_years)))?
}

/// "Учусь в 9 классе", "I'm in 9th grade".
fn in_class(words: &[String]) -> bool {
    const CLASSES: [&str; 11] = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"];
    let number = |word: &str| {
        let word = word.trim_end_matches("th").trim_end_matches("й");
        CLASSES.contains(&word)
    };
    let goes = |word: &String| {
        matches!(
            word.as_str(),
            "я" | "учусь"
                | "хожу"
                | "учится"
                | "ходит"
                | "i"
                | "im"
                | "перешел"
                | "перешла"
                | "закончил"
                | "закончила"
        )
    };
    words.windows(2).enumerate().any(|(at, pair)| {
        let is_class = matches!(pair[1].as_str(), "класс" | "классе" | "grade");
        is_class && number(&pair[0]) && words[at.saturating_sub(4)..at].iter().any(goes)
    })
}

fn holds(words: &[String], phrases: &[&str]) -> bool {
    phrases.iter().any(|phrase| {
        let phrase: Vec<&str> = phrase.split(' ').collect();
        words.windows(phrase.len()).any(|window| window.iter().eq(phrase.iter()))
    })
}

/// The words in lower case, with [`END`] where a clause ends.
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for c in text.chars().flat_map(char::to_lowercase) {
        if words.len() >= MOST_WORDS {
            break;
        }
        let is_end = matches!(c, '.' | ',' | '!' | '?' | ';' | ')' | '(' | '\n');
        match words.last_mut() {
            Some(word) if c.is_alphanumeric() => word.push(if c == 'ё' { 'е' } else { c }),
            // "I'm" is one word, "15-летняя" too, and invisible characters are none.
            _ if matches!(c, '\'' | '’' | '-' | '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}') => {}
            Some(word) if !word.is_empty() => words.push(String::new()),
            _ => {}
        }
        if is_end && words.iter().rev().nth(1).is_some_and(|word| word != END) {
            let last = words.len() - 1;
            words.insert(last, END.to_owned());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("Мне 15 лет")]
    #[case("мне всего 16, но я взрослая")]
    #[case("А мне вообще-то 17")]
    #[case("мне пятнадцать")]
    #[case("Мне ещё нет 18")]
    #[case("15 лет")]
    #[case("Я школьница, и что?")]
    #[case("учусь в 9 классе")]
    #[case("перешла в 10 класс")]
    #[case("I'm 15")]
    #[case("i am only sixteen years old")]
    #[case("I’m 16yo, so what")]
    #[case("15yo")]
    #[case("im in 9th grade")]
    #[case("I'm a minor")]
    #[case("my age is 14")]
    #[case("мне 1\u{200b}5 лет")]
    fn who_says_so_is_believed(#[case] message: &str) {
        assert!(says_minor(message), "{message} {:?}", words(message));
    }

    #[rstest]
    #[case("Мне 35 лет")]
    #[case("мне 18")]
    #[case("мне нужно 15 минут")]
    #[case("Моей дочери 15 лет")]
    #[case("15 лет назад мы жили в Твери")]
    #[case("Мы женаты 12 лет")]
    #[case("Мой сын учился в 9 классе")]
    #[case("I'm 5 minutes away")]
    #[case("i am 10 pounds lighter")]
    #[case("my daughter is 15")]
    #[case("I have worked there for 12 years")]
    #[case("в 16 часов")]
    fn other_numbers_are_no_age_of_theirs(#[case] message: &str) {
        assert!(!says_minor(message), "{message} {:?}", words(message));
    }

    #[rstest]
    #[case(Category::Identity, "Ей 16 лет", 0, true)]
    #[case(Category::Identity, "Ей 16 лет", 2, false)]
    #[case(Category::Identity, "Ей 16 лет", 1, true)]
    #[case(Category::Identity, "Is 15 years old", 0, true)]
    #[case(Category::Identity, "16-year-old girl from Tver", 0, true)]
    #[case(Category::Identity, "16-летняя девушка", 0, true)]
    #[case(Category::Other, "Возраст: 14", 0, true)]
    #[case(Category::Work, "Школьница", 0, true)]
    #[case(Category::Work, "Учится в 9 классе", 0, true)]
    #[case(Category::Identity, "Ему 40 лет", 0, false)]
    #[case(Category::Family, "Ей 16 лет", 0, false)]
    #[case(Category::Other, "Has a 12-year-old car", 0, false)]
    #[case(Category::Work, "Работает там 12 лет", 0, false)]
    #[case(Category::Events, "Выучила язык 10 лет назад", 0, false)]
    fn a_fact_ages_with_its_person(#[case] of: Category, #[case] fact: &str, #[case] years: u32, #[case] young: bool) {
        assert_eq!(tells_minor(of, fact, years), young, "{fact} {:?}", words(fact));
    }
}
