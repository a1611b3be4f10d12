//! What people write, in which something is looked for: days, hours, zones, links, danger, markup of a broadcast.

use chrono::NaiveDate;
use evolve_domain::{
    dates::{self, Nearest},
    language::Language,
    markup,
    quiet::QuietHours,
    referral,
    safety::{age, crisis, hidden},
    speech, zones,
};

/// Bytes as whatever a person may write.
pub(crate) fn run(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for today in [NaiveDate::MIN, NaiveDate::MAX, NaiveDate::default()] {
        for nearest in [Nearest::Ahead, Nearest::Behind] {
            let _ = (dates::told(&text, today, nearest), dates::read(&text, today, nearest));
        }
    }
    if let Some(person) = referral::referrer(&text) {
        assert_eq!(referral::parameter(person).as_deref(), Some(&*text), "a link has two owners");
    }
    if let Ok(quiet) = text.parse::<QuietHours>() {
        assert_eq!(quiet.to_string().parse::<QuietHours>(), Ok(quiet), "hours are not what they are written as");
    }
    let _ = (zones::meant_by(&text), Language::nearest(&text), Language::from_telegram(Some(&*text)));
    let _ = (crisis::is_spoken_of(&text), age::says_minor(&text), speech::spoken_part(&text, 100));
    let shown = hidden::without(&text);
    assert!(shown.len() <= text.len(), "what is hidden was added");
    broadcast(&text);
}

/// What is taken for a broadcast can be shown: what looks different is in the text, and not in the middle of a letter.
fn broadcast(html: &str) {
    let Ok(shown) = markup::read(html) else { return };
    let units: Vec<u16> = shown.text.encode_utf16().collect();
    assert!(units.len() <= 4096);
    for entity in &shown.entities {
        let (from, length) = (entity.offset as usize, entity.length as usize);
        let covered = units.get(from..from + length).map(String::from_utf16);
        assert!(matches!(covered, Some(Ok(_))), "an entity is not of whole letters");
    }
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    crate::texts(&[
        "Экзамен 01.06.2026, или 2026-06-01, или 1 июня",
        "Exam on June 1st, 2027",
        "с 22:00 до 08.00",
        "22-8",
        "Europe/Moscow",
        "UTC+5:30",
        "ref_16",
        "ref_zzzzzzzzzzzz",
        "zh-Hant-TW",
        "мне 13 лет, я не хочу жить",
        "<b>Новое:</b> <a href=\"https://a.b/?c=1&amp;d=2\">там 😀</a> <pre><code class=\"language-rust\">fn</code></pre>",
        "<blockquote expandable>a <tg-emoji emoji-id=\"5\">👍</tg-emoji></blockquote>",
        "31.12.999999999 −1 e\u{301}\u{202e}\u{0}",
    ])
}
