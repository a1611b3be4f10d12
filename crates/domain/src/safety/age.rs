//! Whether somebody says that they are under 18.
//!
//! Words are looked for, not understood: it holds whatever a model makes of them. Where it errs, an adult is spoken to
//! decently: that is the better mistake. But it takes back what they agreed to, so a number that may be of anything
//! ("Give me 10.", "15 лет." of a marriage) is not taken for an age.
//!
//! The words are each language's own (`minor-…` in `locales/`, where it is said what each list is for), and all of them are
//! looked for in every text.

use crate::{
    consent::AGE,
    fact::Category,
    letters,
    words::{
        MINOR_AGE, MINOR_AM, MINOR_BETWEEN, MINOR_CLASS, MINOR_CLASS_NOW, MINOR_CLASS_THEN, MINOR_COMING, MINOR_ENDS,
        MINOR_FACTS, MINOR_GIVING, MINOR_GLUED, MINOR_I, MINOR_I_AM, MINOR_MY, MINOR_NUMBERS, MINOR_OLD,
        MINOR_ORDINALS, MINOR_OTHERWISE, MINOR_PHRASES, MINOR_THEM, MINOR_TO_ME, MINOR_TURNED, MINOR_WHEN,
        MINOR_WILL_BE, MINOR_WILL_BE_WHEN, MINOR_YEARS, is_one_of, stands_at,
    },
};

/// Beyond so many words nothing is looked for: a message of Telegram has fewer.
const MOST_WORDS: usize = 4096;
/// Who is said to be younger than this is somebody's child, or it is no age. The numbers in words begin with it.
pub(crate) const LEAST: u32 = 6;
/// Whoever says "мне" and a smaller number without years may want so many of something.
const LEAST_BARE: u32 = 12;
/// The end of a clause, among the words.
const END: &str = ".";
/// Whose age a number may be: the person's own, and that of whom a fact is about.
const SELF: &[&[&str]] = &[MINOR_TO_ME, MINOR_I, MINOR_I_AM, MINOR_AGE];
const THEM: &[&[&str]] = &[MINOR_THEM];

/// Whether a message says that whoever wrote it is too young.
#[must_use]
pub fn says_minor(message: &str) -> bool {
    let words = words(message);
    holds(&words, MINOR_PHRASES) || in_class(&words) || ages(&words).any(|age| age.is_own(&words) || age.is_all(&words))
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
    (years == 0 && (holds(&words, MINOR_FACTS) || in_class(&words))) || ages(&words).filter(is_young).any(is_theirs)
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
    /// Whether it is said of one of these.
    fn is_of(&self, words: &[String], whose: &[&[&str]]) -> bool {
        self.ends(words) && self.subject(words, whose).is_some()
    }

    /// Whether it is said of whoever says it, of today.
    fn is_own(&self, words: &[String]) -> bool {
        let Some(at) = self.subject(words, SELF).filter(|_| self.ends(words)) else { return false };
        let before = at.checked_sub(1).map(|before| words[before].as_str());
        let between = |known: &[&str]| words[at + 1..self.at].iter().any(|word| is_one_of(known, word));
        let whose = words[at].as_str();
        let is_own = if is_one_of(MINOR_TO_ME, whose) {
            let is_age = self.has_years || self.years >= LEAST_BARE || between(MINOR_TURNED);
            is_age && before.is_none_or(|word| !is_one_of(MINOR_GIVING, word))
        } else if is_one_of(MINOR_I, whose) {
            self.has_years || between(MINOR_AM)
        } else if is_one_of(MINOR_AGE, whose) {
            before.is_none_or(|word| word == END || is_one_of(MINOR_MY, word))
        } else {
            true
        };
        is_own && !self.is_past(words, at)
    }

    /// Whether it is told of the past: "Когда мне исполнилось 16". Where it stands, and where the one it is said of.
    fn is_past(&self, words: &[String], at: usize) -> bool {
        // "С тех пор как мне", and not "когда я сказала, что мне".
        let mut before = words[..at].iter().rev().take(3).take_while(|word| *word != END);
        let after = words.len().min(self.at + 3);
        let is_coming = words[at..after].iter().any(|word| is_one_of(MINOR_COMING, word));
        !is_coming && before.any(|word| is_one_of(MINOR_WHEN, word))
    }

    /// Where the one stands that it is said of: before it, with nothing of weight in between.
    fn subject(&self, words: &[String], whose: &[&[&str]]) -> Option<usize> {
        let is_whose = |at: usize| whose.iter().any(|whose| is_one_of(whose, &words[at]));
        let at = (0..self.at).rev().find(|at| is_whose(*at) || !is_between(words, *at))?;
        is_whose(at).then_some(at)
    }

    /// Whether nothing follows that the number is of: years do, or the clause ends, or something new begins.
    fn ends(&self, words: &[String]) -> bool {
        let mut after = words[self.at + 1..].iter().map(String::as_str);
        let Some(next) = after.next().filter(|_| !self.has_years) else { return true };
        let is_end = |word: &str| word == END || is_one_of(MINOR_ENDS, word);
        match next {
            END => true,
            // "Мне 16 будет в мае", and not "мне 16 будет мало".
            next if is_one_of(MINOR_WILL_BE, next) => {
                after.next().is_none_or(|word| is_end(word) || is_one_of(MINOR_WILL_BE_WHEN, word))
            }
            // "Мне 15 и 20 удобно": these are days.
            next => is_end(next) && after.next().is_none_or(|word| !word.starts_with(|c: char| c.is_ascii_digit())),
        }
    }

    /// Whether nothing of weight stands before it: "Is 15 years old".
    fn is_first(&self, words: &[String]) -> bool {
        self.has_years && (0..self.at).all(|at| is_between(words, at))
    }

    /// Whether nothing else is said, and it can be nothing but an age: "15yo". "15 лет" may be how long somebody is married.
    fn is_all(&self, words: &[String]) -> bool {
        let is_clear = words[self.at..].iter().any(|word| is_one_of(MINOR_OLD, word));
        self.has_years && words.iter().filter(|word| *word != END).count() <= 3 && is_clear
    }
}

/// Whether a word is of no weight between whose age it is and the number.
fn is_between(words: &[String], at: usize) -> bool {
    MINOR_BETWEEN.iter().any(|phrase| stands_at(phrase, words, at))
}

fn ages(words: &[String]) -> impl Iterator<Item = Age> {
    words.iter().enumerate().filter_map(|(at, word)| {
        let (years, glued) = age(word)?;
        let mut after = words[at + 1..].iter().map(String::as_str);
        let next = after.next();
        let has_years = glued || next.is_some_and(|next| is_one_of(MINOR_YEARS, next) || is_one_of(MINOR_TURNED, next));
        let past = if glued { next } else { after.next() };
        // "17 years old" and "17 y o" before "ago".
        let is_otherwise = has_years && past.is_some_and(|word| is_one_of(MINOR_OTHERWISE, word));
        ((LEAST..AGE).contains(&years) && !is_otherwise).then_some(Age { years, at, has_years, is_glued: glued })
    })
}

/// The number that a word is, and whether years are part of it: "15", "fifteen", "15yo", "15-летняя".
fn age(word: &str) -> Option<(u32, bool)> {
    let spelt = MINOR_NUMBERS.iter().position(|names| is_one_of(names, word));
    if let Some(place) = spelt.and_then(|place| u32::try_from(place).ok()) {
        return Some((LEAST + place, false));
    }
    let digits = word.find(|c: char| !c.is_ascii_digit()).unwrap_or(word.len());
    let (number, rest) = word.split_at(digits);
    let is_years = is_one_of(MINOR_GLUED, rest);
    (rest.is_empty() || is_years).then(|| Some((number.parse().ok()?, is_years)))?
}

/// "Учусь в 9 классе", "I'm in 9th grade".
fn in_class(words: &[String]) -> bool {
    const CLASSES: [&str; 11] = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"];
    let number = |word: &str| {
        let bare = MINOR_ORDINALS.iter().find_map(|end| word.strip_suffix(*end)).unwrap_or(word);
        CLASSES.contains(&bare)
    };
    // "Когда я учился в 9 классе".
    let went = |word: &String| is_one_of(MINOR_WHEN, word) || is_one_of(MINOR_CLASS_THEN, word);
    words.windows(2).enumerate().any(|(at, pair)| {
        let before = &words[at.saturating_sub(4)..at];
        let goes = || before.iter().any(|word| is_one_of(MINOR_CLASS_NOW, word)) && !before.iter().any(went);
        is_one_of(MINOR_CLASS, &pair[1]) && number(&pair[0]) && goes()
    })
}

fn holds(words: &[String], phrases: &[&str]) -> bool {
    phrases.iter().any(|phrase| (0..words.len()).any(|at| stands_at(phrase, words, at)))
}

/// The words as they are compared, with [`END`] where a clause ends. A hyphen joins them, as it does those of the lists.
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for c in letters::bare(text) {
        if words.len() >= MOST_WORDS {
            break;
        }
        let is_end = matches!(c, '.' | ',' | '!' | '?' | ';' | ')' | '(' | '\n');
        match words.last_mut() {
            Some(word) if letters::goes_on(word, c) => word.push(c),
            // "15-летняя" is one word.
            _ if c == '-' => {}
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
    #[case("15 years old")]
    #[case("мне 15 а тебе?")]
    #[case("мне 16 и я хочу")]
    #[case("мне 17 исполнилось")]
    #[case("Мне 16 будет в мае")]
    #[case("мне исполнилось 11")]
    #[case("мне 10 лет")]
    #[case("На самом деле мне 14 уже")]
    #[case("Когда мне исполнится 16, разрешат")]
    #[case("I'm 15 and you?")]
    #[case("im 16 but mature")]
    #[case("After all I'm 15")]
    #[case("Ты обиделась когда я сказала что мне 15")]
    #[case("I'm 15, in 9th grade")]
    #[case("I'm 15 and in love")]
    #[case("I am 10.")]
    #[case("I just turned 15!")]
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
    #[case("мне еще\u{308} нет 18")]
    #[case("я еще\u{308} несовершеннолетнии\u{306}")]
    #[case("мне пятна\u{301}дцать")]
    #[case("Iʼm 15")]
    fn however_letters_are_written_they_are_believed(#[case] message: &str) {
        assert!(says_minor(message), "{message} {:?}", words(message));
    }

    #[rstest]
    #[case::hindi("विद्यार्थी हूँ", "मैं स्कूली विद्यार्थी हूँ")]
    #[case::turkish("reşit değilim", "REŞİT DEĞİLİM")]
    #[case::chinese("*未成年*", "我还未成年")]
    #[case::hyphen("15летняя", "15-летняя")]
    #[case::hyphen_that_breaks_no_line("15летняя", "15\u{2011}летняя")]
    fn words_of_other_languages_are_found_once_a_list_has_them(#[case] listed: &str, #[case] text: &str) {
        assert!(holds(&words(text), &[listed]), "{:?}", words(text));
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
    #[case("Give me 10.")]
    #[case("Дай мне 10!")]
    #[case("Дай мне 15!")]
    #[case("Мне 10, пожалуйста")]
    #[case("15 лет.")]
    #[case("мне 15 и 20 удобно")]
    #[case("мне 15 будет мало")]
    #[case("Мне на 15.")]
    #[case("Когда мне исполнилось 16, мы переехали")]
    #[case("С тех пор как мне исполнилось 17")]
    #[case("At age 15, I moved to Tver")]
    #[case("I like 15.")]
    #[case("I'm 15 years sober")]
    #[case("Когда я учился в 9 классе")]
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
