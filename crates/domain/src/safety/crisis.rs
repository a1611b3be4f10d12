//! Whether somebody speaks of ending their life, or of hurting themselves.
//!
//! Words are looked for, not understood, so that it works when no model does, and says the same each time. Where it errs, a
//! person who is well is told kindly of a number that they do not need: that is the better mistake.
//!
//! The words are each language's own (`danger-…` in `locales/`), and all of them are looked for in every text.

use crate::{
    letters,
    words::{
        DANGER_BURDENS, DANGER_FIGURES, DANGER_LIVING, DANGER_PHRASES, DANGER_PLACE, DANGER_THIS, DANGER_TOLD, fits,
        fits_form, is_one_of, stands_at,
    },
};

/// Beyond so many words nothing is looked for: a message of Telegram has fewer.
const MOST_WORDS: usize = 4096;
/// Words that may stand between two words of a phrase: "I just really want to die".
const GAP: usize = 3;
/// Words after "to live" among which it may be said what makes life too much.
const REACH: usize = 5;

/// Whether `text`, of a person, speaks of it.
#[must_use]
pub fn is_spoken_of(text: &str) -> bool {
    is_any_in(DANGER_PHRASES, text)
}

/// Whether something that is kept of a person, such as a plan, tells that they speak of it: they are not asked after it.
#[must_use]
pub fn is_told_of(fact: &str) -> bool {
    is_spoken_of(fact) || is_any_in(DANGER_TOLD, fact)
}

/// Whether one of these phrases stands in the text, and not in a harmless figure of speech.
fn is_any_in(phrases: &[&str], text: &str) -> bool {
    let words = &*words(text);
    phrases.iter().any(|phrase| {
        let (first, rest) = phrase.split_once(' ').unwrap_or((phrase, ""));
        // Its forms are parted once, and not for each word.
        let begins =
            first.split('/').flat_map(|form| (0..words.len()).filter(move |start| fits_form(form, &words[*start])));
        let mut found = begins.filter_map(|start| Some((start, end_of(rest, words, start)?)));
        found.any(|(start, end)| !is_harmless(words, start, end))
    })
}

/// Where the phrase ends whose first word stands at `start`, and of which this is the rest; nothing if that does not follow.
fn end_of(rest: &str, words: &[String], start: usize) -> Option<usize> {
    let mut at = start;
    for next in rest.split_terminator(' ') {
        let found = (at + 1..words.len().min(at + 2 + GAP)).find(|place| fits(next, &words[*place]))?;
        at = found;
    }
    Some(at)
}

fn is_harmless(words: &[String], start: usize, end: usize) -> bool {
    let is_of_a_place = is_one_of(DANGER_LIVING, &words[end]) && is_of_a_place(&words[end + 1..]);
    is_of_a_place || DANGER_FIGURES.iter().any(|figure| is_part_of(figure, words, start, end))
}

/// Whether what follows "to live" says where or with whom: "I don't want to live in Moscow", but not "in this world".
fn is_of_a_place(after: &[String]) -> bool {
    let [preposition, place, ..] = after else { return false };
    is_one_of(DANGER_PLACE, preposition)
        && !is_one_of(DANGER_THIS, place)
        && !after.iter().take(REACH).any(|word| is_one_of(DANGER_BURDENS, word))
}

/// Whether a figure of speech stands where the words from `start` to `end` do. Its words elsewhere beside them are none: "this
/// is no game, I want to die".
fn is_part_of(figure: &str, words: &[String], start: usize, end: usize) -> bool {
    let length = figure.split(' ').count();
    ((start + 1).saturating_sub(length)..=end).any(|place| stands_at(figure, words, place))
}

/// The words as they are compared. A hyphen parts them, as it does those of the lists: "self-harm" is two.
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for c in letters::bare(text) {
        match words.last_mut() {
            Some(word) if letters::goes_on(word, c) => word.push(c),
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
    #[case("не хочу жить с этой болью")]
    #[case("Не хочу жить в этом мире")]
    #[case("не хочу жить с постоянной болью")]
    #[case("I don't want to live in this world anymore")]
    #[case("i don't want to live with this pain")]
    #[case("I do not want to live")]
    #[case("i don't wanna live")]
    #[case("Это не игра, я хочу умереть")]
    #[case("I'm not laughing, I want to die")]
    #[case("Мне стыдно, хочу умереть")]
    #[case("посмотрела фильм и думаю о самоубийстве")]
    #[case("режу себя бритвой")]
    #[case("сегодня повешусь")]
    #[case("I'm going to hang myself")]
    #[case("хочу с собой покончить")]
    #[case("Не могу больше жить")]
    #[case("наглотаюсь таблеток и всё")]
    #[case("Надоело всё, надоело жить, нет больше сил")]
    #[case("умереть хочу")]
    #[case("Сдохнуть хочется, если честно")]
    #[case("покончу с жизнью")]
    #[case("я хочу себя убить")]
    #[case("режу вены")]
    #[case("порезала себя вчера")]
    #[case("спрыгну с крыши")]
    #[case("прыгну из окна")]
    #[case("I'll take my own life")]
    #[case("брошусь под поезд")]
    #[case("застрелюсь")]
    #[case("gonna kill my self")]
    #[case("i don't want to exist")]
    #[case("I'll jump off a bridge")]
    fn somebody_in_danger_is_heard(#[case] text: &str) {
        assert!(is_spoken_of(text), "{text}");
    }

    #[rstest]
    #[case("Хочет умереть в понедельник", true)]
    #[case("Покончит с собой в пятницу", true)]
    #[case("Plans to end their life", true)]
    #[case("Wants to die", true)]
    #[case("Plans to kill herself on Friday", true)]
    #[case("Doesn't want to live", true)]
    #[case("Хочет поехать в Тверь", false)]
    #[case("Wants to cut their own hair", false)]
    fn so_it_is_in_what_is_kept_of_them(#[case] fact: &str, #[case] expected: bool) {
        assert_eq!(is_told_of(fact), expected);
    }

    #[rstest]
    #[case("Хочу умереть от смеха 😂")]
    #[case("Смотрели «Отряд самоубийц»?")]
    #[case("I want to die laughing")]
    #[case("It will take my whole life to learn this")]
    #[case("taking the love of my life to dinner")]
    #[case("that would kill my self-esteem")]
    #[case("умереть как хочется спать")]
    #[case("have you seen Suicide Squad")]
    #[case("cut myself shaving this morning")]
    #[case("Хочу умереть от стыда")]
    #[case("посоветуй книгу о самоубийцах")]
    #[case("I don't want to live with my parents")]
    #[case("Не могу больше жить у родителей")]
    #[case("Не хочу жить в Москве, хочу у моря")]
    #[case("как убить время в дороге")]
    #[case("хочу чаю")]
    #[case("die Katze")]
    #[case("")]
    fn figures_of_speech_are_not_taken_for_it(#[case] text: &str) {
        assert!(!is_spoken_of(text), "{text}");
    }

    #[rstest]
    #[case::composed("думаю о самоубии\u{306}стве")]
    #[case::composed_too("хочу свести сче\u{308}ты с жизнью")]
    #[case::stress("хочу умере\u{301}ть")]
    #[case::apostrophes("i donʼt want to live")]
    fn however_letters_are_written_somebody_is_heard(#[case] text: &str) {
        assert!(is_spoken_of(text), "{text}");
    }

    #[rstest]
    #[case::hindi("मरना चाहता/चाहती", "मैं मरना चाहती हूँ", true)]
    #[case::hindi_word("आत्महत्या", "आत्महत्या के बारे में सोच रहा हूँ", true)]
    #[case::hindi_other_word("मर", "वह मर्द है", false)]
    #[case::turkish("yaşamak istemiyorum", "YAŞAMAK İSTEMİYORUM", true)]
    #[case::turkish_i("canima kiy*", "Canıma kıyacağım", true)]
    #[case::turkish_capital_i("canima kiy*", "CANIMA KIYACAĞIM", true)]
    #[case::thai("*ฆ่าตัวตาย*", "ฉันอยากฆ่าตัวตาย", true)]
    #[case::chinese("*不想活*", "我真的不想活了", true)]
    #[case::hyphen("self harm*", "thoughts of self-harm", true)]
    #[case::hyphen_that_breaks_no_line("self harm*", "thoughts of self\u{2011}harming", true)]
    fn words_of_other_languages_are_heard_once_a_list_has_them(
        #[case] listed: &str,
        #[case] text: &str,
        #[case] expected: bool,
    ) {
        assert_eq!(is_any_in(&[listed], text), expected, "{:?}", words(text));
    }

    #[test]
    fn a_text_of_any_length_is_looked_through_in_little_time() {
        let text = "хочу ".repeat(200_000);
        assert!(!is_spoken_of(&text));
    }
}
