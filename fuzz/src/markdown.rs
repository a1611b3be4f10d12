//! What models write, made into messages: Telegram takes each of them, and nothing that was said is lost.

use evolve_bot::strangers::{messages, parts, plain};

use crate::html::seen;

/// Longest message that Telegram takes, in UTF-16 code units of what is seen.
const MOST_UNITS: usize = 4096;
/// Short enough that every text is parted.
const PART_UNITS: usize = 64;

/// Bytes as an answer.
pub(crate) fn run(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut together = String::new();
    for message in messages(&text) {
        let shown = seen(&message);
        assert!(shown.is_ok(), "Telegram would refuse {message:?}: {shown:?}");
        let shown = shown.unwrap_or_default();
        assert!(units(&shown) <= MOST_UNITS, "a message is too long");
        assert!(!shown.trim().is_empty(), "a message is empty");
        assert_eq!(plain(&message), shown, "without its markup it says something else");
        together.push_str(&shown);
    }
    // What has no markup can be compared.
    if text.chars().all(|c| is_letter(c) || matches!(c, ' ' | '\n')) {
        assert_eq!(letters(&together), letters(&text), "something was lost");
    }
    let parts = parts(&text, PART_UNITS);
    assert!(parts.iter().all(|part| units(part) <= PART_UNITS), "a part is too long");
    assert_eq!(letters(&parts.concat()), letters(&text), "parting lost something");
}

fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

fn is_letter(c: char) -> bool {
    c.is_ascii_alphanumeric() || ('а'..='я').contains(&c)
}

fn letters(text: &str) -> String {
    text.chars().filter(|c| is_letter(*c)).collect()
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let long = "слово за словом ".repeat(600);
    let deep = format!("{}*x*", "> - ".repeat(300));
    crate::texts(&[
        "# Заголовок\n\n**жирный** *курсив* ~~нет~~ ||тайна|| `код`\n\n- один\n  1. два\n- [x] три\n\n> цитата\n\n---\n",
        "```rust\nfn main() { println!(\"<b>&amp;\"); }\n```\n[там](https://e.com/a?b=\"c\"&d) ![рис](https://e.com/i.png)",
        "| a | b |\n|---|---|\n| 1 | **2** |\n| `x` | [y](mailto:a@b.c) |\n",
        "<b>html</b> <script> & &amp; &#0; &#x1F600; \\* <https://e.com> a@b.c $x$ [^1]\n[x]: https://e.com\n",
        "просто слова без всего\nи ещё строка",
        &long,
        &deep,
        "**не закрыто _и это ``` и || это",
    ])
}
