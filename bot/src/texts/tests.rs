use std::collections::BTreeSet;

use evolve_testkit::telegram::entities::{ParseMode, parse};
use rstest::rstest;

use super::*;

/// What others look for. That no language lacks any of them is a test of `evolve-texts`.
const NOT_OURS: [&str; 16] = [
    "prompt-",
    "level-",
    "language-name",
    "months",
    "gender-male-words",
    "gender-female-words",
    "export-page-",
    "problem-",
    "danger-",
    "minor-",
    "recall-",
    "quiet-words",
    "question-marks",
    "stemmer",
    "webhook-",
    "panel-",
];

#[test]
fn every_language_has_exactly_the_texts_that_the_code_names() {
    let named: BTreeSet<&str> = Text::all().iter().map(Text::key).collect();
    for language in Language::ALL {
        let keys = evolve_texts::keys(language)
            .filter(|key| *key == "level-up" || !NOT_OURS.iter().any(|not| key.starts_with(not)));
        assert_eq!(keys.collect::<BTreeSet<_>>(), named, "{language}");
        assert_eq!(evolve_texts::problems(language), Vec::<String>::new(), "{language}");
    }
}

#[test]
fn every_text_is_whole_in_every_language_and_telegram_can_parse_it() {
    for language in Language::ALL {
        for text in Text::all() {
            let (html, problems) = text.format(language);
            assert_eq!(problems, Vec::<String>::new(), "{language} {}", text.key());
            assert!(!html.trim().is_empty(), "{language} {}", text.key());
            parse(&html, ParseMode::Html).unwrap_or_else(|error| panic!("{language} {}: {error}", text.key()));
        }
    }
}

#[rstest]
#[case(0, "На сегодня сообщения закончились.")]
#[case(1, "На сегодня осталось <b>1</b> сообщение из 50.")]
#[case(3, "На сегодня осталось <b>3</b> сообщения из 50.")]
#[case(11, "На сегодня осталось <b>11</b> сообщений из 50.")]
#[case(21, "На сегодня осталось <b>21</b> сообщение из 50.")]
#[case(40, "На сегодня осталось <b>40</b> сообщений из 50.")]
fn russian_counts_messages_as_russians_do(#[case] left: u32, #[case] expected: &str) {
    assert_eq!(Text::StatusLeft { left, limit: 50 }.render(Language::Ru), expected);
}

#[rstest]
#[case(1, "осталось <b>1</b> очко.")]
#[case(2, "осталось <b>2</b> очка.")]
#[case(5, "осталось <b>5</b> очков.")]
#[case(12, "осталось <b>12</b> очков.")]
#[case(21, "осталось <b>21</b> очко.")]
#[case(104, "осталось <b>104</b> очка.")]
#[case(111, "осталось <b>111</b> очков.")]
fn russian_counts_points_as_russians_do(#[case] points: u32, #[case] part: &str) {
    let text = Text::RelationshipNext { name: "Друг", points }.render(Language::Ru);
    assert!(text.contains(part), "{text}");
}

#[rstest]
#[case(1, "1 картинку")]
#[case(3, "3 картинки")]
#[case(9, "9 картинок")]
fn russian_counts_pictures_as_russians_do(#[case] count: u32, #[case] part: &str) {
    let text = Text::PhotosLeftOut { count }.render(Language::Ru);
    assert!(text.starts_with(part), "{text}");
}

#[rstest]
#[case(0, 1, "через 1 минуту")]
#[case(0, 34, "через 34 минуты")]
#[case(5, 0, "через 5 часов")]
fn the_wait_for_a_new_day_is_said_in_hours_or_in_minutes(#[case] hours: u32, #[case] minutes: u32, #[case] part: &str) {
    let text = Text::QuotaExhausted { hours, minutes }.render(Language::Ru);
    assert!(text.contains(part), "{text}");
}

#[test]
fn a_name_cannot_bring_markup_of_its_own() {
    let text = Text::Greeting { name: "<b>&" }.render(Language::En);
    assert!(text.contains("<b>&lt;b&gt;&amp;</b>"), "{text}");
}
