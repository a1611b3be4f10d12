//! What may be a person's name.

use evolve_domain::profile::MAX_NAME_CHARS;

use crate::markdown::is_blank;

/// The name as it is kept: without space around it, on one line, visible. Nothing if it cannot be a name.
///
/// Marks that turn the direction of writing are left out: they would turn whatever is written after the name as well.
#[must_use]
pub(super) fn checked(text: &str) -> Option<String> {
    let name: String = text.chars().filter(|c| !turns_direction(*c)).collect();
    let name = name.trim();
    let fits = (1..=MAX_NAME_CHARS).contains(&name.chars().count());
    let breaks_line = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    (fits && !name.chars().any(breaks_line) && !is_blank(name)).then(|| name.to_owned())
}

/// Unicode's embeddings, overrides and isolates. The letters of Arabic and Hebrew need none of them.
fn turns_direction(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("  Анна-Мария ", Some("Анна-Мария"))]
    #[case("李", Some("李"))]
    #[case("", None)]
    #[case("\u{200b}\u{2060}", None)]
    #[case("Анна\nМария", None)]
    #[case("Анна\u{2028}Мария", None)]
    #[case("a\u{7}", None)]
    #[case("\u{202e}Eva\u{2066} ", Some("Eva"))]
    #[case("نور", Some("نور"))]
    fn a_name_is_something_that_can_be_seen_on_one_line(#[case] text: &str, #[case] name: Option<&str>) {
        assert_eq!(checked(text).as_deref(), name);
    }

    #[test]
    fn a_name_has_64_characters_at_most() {
        assert!(checked(&"я".repeat(64)).is_some());
        assert!(checked(&"я".repeat(65)).is_none());
    }
}
