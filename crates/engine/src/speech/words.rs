//! The words of an answer, without what only eyes can use: markup, code, links, emoji.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// What there is to say of some Markdown.
pub(super) fn plain(markdown: &str) -> String {
    let mut text = String::new();
    let mut unspeakable = 0_usize;
    for event in Parser::new_ext(markdown, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH) {
        match event {
            Event::Start(Tag::CodeBlock(_) | Tag::Image { .. } | Tag::Table(_)) => unspeakable += 1,
            Event::End(TagEnd::CodeBlock | TagEnd::Image | TagEnd::Table) => {
                unspeakable = unspeakable.saturating_sub(1)
            }
            Event::Text(words) | Event::Code(words) if unspeakable == 0 => push(&mut text, &words),
            Event::SoftBreak => text.push(' '),
            Event::HardBreak
            | Event::End(TagEnd::Paragraph | TagEnd::Heading(_) | TagEnd::Item | TagEnd::BlockQuote(_)) => {
                text.truncate(text.trim_end().len());
                text.push('\n');
            }
            _ => {}
        }
    }
    text.trim().to_owned()
}

fn push(text: &mut String, words: &str) {
    for word in words.split_inclusive(char::is_whitespace) {
        if word.contains("://") {
            continue;
        }
        text.extend(word.chars().filter(|c| !is_pictorial(*c)));
    }
}

/// Emoji and what joins or colours them.
fn is_pictorial(c: char) -> bool {
    matches!(c,
        '\u{200d}' | '\u{20e3}' | '\u{fe00}'..='\u{fe0f}' | '\u{2600}'..='\u{27bf}' | '\u{2b00}'..='\u{2bff}'
        | '\u{1f000}'..='\u{1faff}' | '\u{e0020}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("**Привет**, _Анна_! 👋🏽", "Привет, Анна!")]
    #[case("# Plan\n\n- one\n- two", "Plan\none\ntwo")]
    #[case("See [the page](https://a.example) or https://b.example now", "See the page or now")]
    #[case("Run this:\n\n```sh\nrm -rf /\n```\n\nDone.", "Run this:\nDone.")]
    #[case("👋", "")]
    fn only_words_are_spoken(#[case] markdown: &str, #[case] expected: &str) {
        assert_eq!(plain(markdown), expected);
    }
}
