//! The words by which people are understood: lists in the languages' files, each of which becomes one of all languages' words.

use std::{error::Error, fmt::Write as _};

use crate::letters;

/// How a list is written, and what becomes of it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// Words, with commas or spaces between.
    Words,
    /// Phrases of one or more words, with commas or line ends between.
    Phrases,
    /// So many places with commas between, and in each of them words with `/` between: a list of lists.
    Places(usize),
    /// Words as people write them, with commas between.
    Written,
    /// Single characters, with spaces between.
    Marks,
}

use Shape::{Marks, Phrases, Places, Words, Written};

/// Key, shape, and what it is.
const LISTS: &[(&str, Shape, &str)] = &[
    ("danger-phrases", Phrases, "What somebody says who speaks of ending their life, or of hurting themselves."),
    ("danger-told", Phrases, "The same, as it is told of somebody."),
    ("danger-figures", Phrases, "Figures of speech in which such a phrase is harmless."),
    ("danger-living", Words, "To live and the like, which may be said of a place, or of company, too."),
    ("danger-place", Words, "What begins a place, or company: in, with."),
    ("danger-this", Words, "What after those makes it no place: in this world."),
    ("danger-burdens", Words, "What is no place wherever it stands after those: pain, the world."),
    ("minor-phrases", Phrases, "What somebody says who is under 18, without a number."),
    ("minor-facts", Phrases, "The same, of whom a fact is about."),
    ("minor-numbers", Places(12), "The numbers from six to seventeen in words."),
    ("minor-to-me", Words, "Whose age a number is: the person's, as if it were given to them."),
    ("minor-i", Words, "I, which makes a number an age where something else tells so, too."),
    ("minor-i-am", Words, "I am, in one word."),
    ("minor-age", Words, "Age."),
    ("minor-my", Words, "What stands before the word for age where it is the person's own."),
    ("minor-am", Words, "What makes a number after I an age: am, turned."),
    ("minor-giving", Words, "What before to-me makes the number one of what is wanted."),
    ("minor-them", Words, "Whom a fact is about."),
    ("minor-between", Phrases, "What may stand between whose age it is and the number."),
    ("minor-years", Words, "Years."),
    ("minor-glued", Words, "Years, as they are written together with their number."),
    ("minor-old", Words, "What is said of nothing but an age: old."),
    ("minor-turned", Words, "Turned, where it is said of birthdays alone."),
    ("minor-coming", Words, "What tells that an age is yet to come."),
    ("minor-when", Words, "What shortly before whose age it is tells of the past: when."),
    ("minor-will-be", Words, "Will be, after the number."),
    ("minor-will-be-when", Words, "What may follow that: in May."),
    ("minor-ends", Words, "What begins something new after a number without years."),
    ("minor-otherwise", Words, "What makes a number of years something else than an age: ago."),
    ("minor-class", Words, "A class of school, after its number."),
    ("minor-ordinals", Words, "What the number of a class may end with."),
    ("minor-class-now", Words, "What before that tells that somebody goes there."),
    ("minor-class-then", Words, "What before that tells that somebody went there."),
    ("recall-stop", Words, "Words that tell nothing."),
    ("recall-same", Phrases, "Words that stand for one another, with spaces between; the first stands for all."),
    ("recall-months", Places(12), "The months, January first, as they stand in questions."),
    ("recall-doubtful-months", Words, "Months that are other words too."),
    ("recall-before-months", Words, "What right before those makes them months."),
    ("recall-seasons", Places(4), "The seasons, winter first."),
    ("recall-tell-time", Words, "Words by which somebody tells when something was."),
    ("recall-tell-number", Words, "Words by which somebody tells how many."),
    ("recall-first-person", Words, "Words of the person about themselves."),
    ("recall-second-person", Words, "Words of the person to the companion."),
    ("recall-asking", Words, "Words that ask, with another: how, which."),
    ("recall-when", Words, "What asks for a time wherever it stands."),
    ("recall-when-first", Words, "What asks for a time as the first word."),
    ("recall-which-time", Words, "What after a word that asks is a time: how long, which year."),
    ("recall-how-many", Words, "What asks for a number wherever it stands."),
    ("recall-which-number", Words, "What after a word that asks is a number: how many."),
    ("recall-denials", Words, "Words that turn a statement round."),
    ("recall-past", Words, "Words that tell of the past."),
    ("recall-past-endings", Words, "How other words of the past end."),
    ("recall-directions", Words, "Words that matter together with the word after them: from."),
    ("recall-identity", Words, "Everyday words that are about who somebody is."),
    ("recall-family", Words, "About the people and animals close to them."),
    ("recall-work", Words, "About what they do."),
    ("recall-preferences", Words, "About what they like and dislike."),
    ("recall-health", Words, "About how they are."),
    ("recall-plans", Words, "About what they intend."),
    ("recall-events", Words, "About what happened."),
    ("quiet-words", Written, "What people write around the hours in which nothing may be said first: from, to."),
    ("question-marks", Marks, "With what a question ends."),
];

/// What no language can do without.
const NEVER_EMPTY: [&str; 3] = ["danger-phrases", "minor-phrases", "question-marks"];

/// Stemmers by their names, and the letters of their alphabets.
const STEMMERS: &[(&str, &str)] = &[
    ("arabic", "'\\u{620}'..='\\u{64a}'"),
    ("danish", "'a'..='z'"),
    ("dutch", "'a'..='z'"),
    ("english", "'a'..='z'"),
    ("finnish", "'a'..='z'"),
    ("french", "'a'..='z'"),
    ("german", "'a'..='z'"),
    ("greek", "'ά'..='ώ'"),
    ("hungarian", "'a'..='z'"),
    ("italian", "'a'..='z'"),
    ("norwegian", "'a'..='z'"),
    ("portuguese", "'a'..='z'"),
    ("romanian", "'a'..='z'"),
    ("russian", "'а'..='я'"),
    ("spanish", "'a'..='z'"),
    ("swedish", "'a'..='z'"),
    ("tamil", "'\\u{b80}'..='\\u{bff}'"),
    ("turkish", "'a'..='z'"),
];

/// The lists of these languages (code and text of each), as Rust. Where files lack any, says which and what they are.
pub(crate) fn code(languages: &[(String, String)]) -> Result<String, Box<dyn Error>> {
    let (mut code, mut faults) = (String::new(), Vec::new());
    for (key, shape, doc) in LISTS {
        let mut places: Vec<Vec<String>> = Vec::new();
        for (language, text) in languages {
            match read(text, key, *shape) {
                Ok(of_language) => merge(&mut places, of_language),
                Err(fault) => faults.push(format!("locales/{language}.ftl: `{key}` {fault} ({doc})")),
            }
        }
        constant(&mut code, key, *shape, doc, &places)?;
    }
    writeln!(code, "/// What takes the endings off words, and the letters of whose words.")?;
    writeln!(code, "pub(crate) const STEMMERS: &[(rust_stemmers::Algorithm, std::ops::RangeInclusive<char>)] = &[")?;
    for (language, text) in languages {
        match stemmer(text) {
            Ok(Some((name, letters))) => {
                writeln!(code, "(rust_stemmers::Algorithm::{}{}, {letters}),", name[..1].to_uppercase(), &name[1..])?;
            }
            Ok(None) => {}
            Err(fault) => faults.push(format!("locales/{language}.ftl: {fault}")),
        }
    }
    writeln!(code, "];")?;
    if faults.is_empty() { Ok(code) } else { Err(faults.join("\n").into()) }
}

/// Adds a language's words to those of the others, each once.
fn merge(all: &mut Vec<Vec<String>>, more: Vec<Vec<String>>) {
    all.resize(all.len().max(more.len()), Vec::new());
    for (place, words) in all.iter_mut().zip(more) {
        for word in words {
            if !place.contains(&word) {
                place.push(word);
            }
        }
    }
}

fn constant(
    code: &mut String,
    key: &str,
    shape: Shape,
    doc: &str,
    places: &[Vec<String>],
) -> Result<(), std::fmt::Error> {
    let name = key.to_uppercase().replace('-', "_");
    let all = places.concat();
    writeln!(code, "/// {doc}")?;
    match shape {
        Words | Phrases | Written => writeln!(code, "pub const {name}: &[&str] = &{all:?};"),
        Marks => {
            let marks: Vec<char> = all.iter().flat_map(|mark| mark.chars()).collect();
            writeln!(code, "pub const {name}: &[char] = &{marks:?};")
        }
        Places(count) => {
            let list = |place: usize| places.get(place).map_or_else(|| "&[]".to_owned(), |words| format!("&{words:?}"));
            let lists: Vec<String> = (0..count).map(list).collect();
            writeln!(code, "pub const {name}: [&[&str]; {count}] = [{}];", lists.join(", "))
        }
    }
}

/// A language's list; but for [`Places`], of one place. What is wrong with it, if anything is.
fn read(text: &str, key: &str, shape: Shape) -> Result<Vec<Vec<String>>, String> {
    let value = value(text, key).filter(|value| !value.trim().is_empty());
    let value = value.ok_or("is missing: give a list, or `-` where the language has none")?;
    if value.trim() == "-" {
        let is_needed = NEVER_EMPTY.contains(&key);
        return if is_needed { Err("must not be empty".to_owned()) } else { Ok(Vec::new()) };
    }
    let parts: Vec<&str> = match shape {
        Words => value.split(|c: char| c == ',' || c.is_whitespace()).collect(),
        Phrases | Written => value.split([',', '\n']).collect(),
        Places(_) => value.split(',').collect(),
        Marks => value.split_whitespace().collect(),
    };
    let parts = parts.into_iter().map(|part| part.split_whitespace().collect::<Vec<_>>().join(" "));
    let parts = parts.map(|part| compared(&part, key, shape));
    // A list of places may not lack one, while others may end with a comma.
    let parts: Vec<String> = parts.filter(|part| matches!(shape, Places(_)) || !part.is_empty()).collect();
    let has_patterns = key.starts_with("danger-") || key.starts_with("minor-");
    let is_right = |part: &&String| match shape {
        Written => true,
        Marks => part.chars().count() == 1,
        Places(_) => is_comparable(part, true),
        Words | Phrases => part.split(' ').all(|word| is_comparable(word, has_patterns)),
    };
    if let Some(wrong) = parts.iter().find(|part| !is_right(part)) {
        return Err(format!(
            "has {wrong:?}, which is never found: words are letters and digits alone (in `danger-…` and `minor-…` with \
             apostrophes, with hyphens but for those of words with `/` in `danger-…`, and with `*` at either end)"
        ));
    }
    match shape {
        Places(count) if parts.len() != count => Err(format!("has {} of {count} places", parts.len())),
        Places(_) => Ok(parts.iter().map(|part| part.split('/').map(str::to_owned).collect()).collect()),
        _ => Ok(vec![parts]),
    }
}

/// A part of a list as texts are compared that it is looked for in: a hyphen parts words where danger is looked for, and joins
/// them where an age is.
fn compared(part: &str, key: &str, shape: Shape) -> String {
    if shape == Marks {
        return part.to_owned();
    }
    if key.starts_with("minor-") {
        return letters::bare(part).filter(|c| *c != '-').collect();
    }
    if !key.starts_with("danger-") {
        return letters::plain(part).collect();
    }
    let bare: String = letters::bare(part).collect();
    // Of "suicide/self-harm" nobody could tell what the `/` parts, and a list of words has none of two.
    let parted =
        |word: &str| if shape == Phrases && !word.contains('/') { word.replace('-', " ") } else { word.to_owned() };
    bare.split(' ').map(parted).collect::<Vec<_>>().join(" ").trim().to_owned()
}

/// Whether it can be found: nothing but what words are made of is compared.
fn is_comparable(word: &str, has_patterns: bool) -> bool {
    let is_whole = |word: &str| word.chars().next().is_some_and(|first| letters::goes_on("", first));
    let is_plain = |word: &str| !word.is_empty() && word.chars().all(letters::is_of_a_word);
    let can_be = |word: &str| {
        let (end, beginning) = (word.strip_prefix('*'), word.strip_suffix('*'));
        match (end, beginning) {
            (None, None) => is_whole(word) && is_plain(word),
            (None, Some(beginning)) => is_whole(beginning) && is_plain(beginning),
            (Some(end), None) => is_plain(end),
            (Some(end), Some(_)) => end.strip_suffix('*').is_some_and(is_plain),
        }
    };
    if has_patterns { word.split('/').all(can_be) } else { is_whole(word) && is_plain(word) }
}

/// The stemmer that a file names, and its letters; nothing where it names none.
fn stemmer(text: &str) -> Result<Option<(&'static str, &'static str)>, String> {
    let value = value(text, "stemmer").unwrap_or_default();
    let named = value.trim();
    if named == "none" {
        return Ok(None);
    }
    let known = STEMMERS.iter().find(|(name, _)| *name == named);
    let names = || STEMMERS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    known.map(|known| Some(*known)).ok_or_else(|| format!("`stemmer` must be none or one of {}", names()))
}

/// The value of a message, which may go on in indented lines.
fn value(text: &str, key: &str) -> Option<String> {
    let mut lines = text.lines().skip_while(|line| after(line, key).is_none());
    let first = after(lines.next()?, key)?;
    let more = lines.take_while(|line| line.starts_with(' ') || line.trim().is_empty());
    Some([first].into_iter().chain(more).collect::<Vec<_>>().join("\n"))
}

/// What follows a message's key on its line.
fn after<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    line.strip_prefix(key)?.trim_start().strip_prefix('=')
}
