//! Characters that nobody sees and that change what is read: text that is turned round, and the tags in which instructions
//! are smuggled past a reader.

/// A flag of a part of a country is a black flag and so many tags at most.
const LONGEST_FLAG: usize = 7;
const BLACK_FLAG: char = '\u{1f3f4}';
const END_OF_TAGS: char = '\u{e007f}';

/// `text` without them. What people do use, such as joined emoji and flags, stays.
#[must_use]
pub fn without(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        if is_tag(c) {
            continue;
        }
        if !turns_text_round(c) && !is_spare_variation(c) {
            kept.push(c);
        }
        if c == BLACK_FLAG {
            let tags = flag(rest);
            kept.push_str(tags);
            rest = &rest[tags.len()..];
        }
    }
    kept
}

/// The tags that make a flag of the black flag before them; nothing if they do not.
fn flag(text: &str) -> &str {
    let mut tags = text.char_indices().take_while(|(_, c)| is_tag(*c)).take(LONGEST_FLAG);
    let end = tags.find(|(_, c)| *c == END_OF_TAGS).map_or(0, |(at, c)| at + c.len_utf8());
    &text[..end]
}

const fn is_tag(c: char) -> bool {
    matches!(c, '\u{e0000}'..='\u{e007f}')
}

/// Forms of characters that hardly any font has: 240 of them, as many as a smuggled byte needs.
const fn is_spare_variation(c: char) -> bool {
    matches!(c, '\u{e0100}'..='\u{e01ef}')
}

const fn turns_text_round(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{206a}'..='\u{206f}' | '\u{fff9}'..='\u{fffb}')
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("Привет, мир! 👩‍👩‍👧 ❤️ \u{1f1f7}\u{1f1fa}", "Привет, мир! 👩‍👩‍👧 ❤️ \u{1f1f7}\u{1f1fa}")]
    #[case("safe\u{202e}gpj.exe", "safegpj.exe")]
    #[case("hi\u{e0069}\u{e0067}\u{e006e}\u{e006f}\u{e0072}\u{e0065}", "hi")]
    #[case(
        "\u{1f3f4}\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}!",
        "\u{1f3f4}\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}!"
    )]
    #[case("\u{1f3f4}\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e0067}\u{e0067}\u{e007f}", "\u{1f3f4}")]
    #[case("☺\u{fe0f}\u{e0158}\u{e0155}", "☺\u{fe0f}")]
    #[case("", "")]
    fn what_nobody_sees_goes_and_what_people_use_stays(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(without(text), expected);
    }
}
