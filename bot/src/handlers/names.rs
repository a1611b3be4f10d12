//! What may be a person's name.

use evolve_domain::profile::MAX_NAME_CHARS;

use crate::markdown::is_blank;

/// The name as it is kept: without space around it, on one line, visible. Nothing if it cannot be a name.
#[must_use]
pub(super) fn checked(text: &str) -> Option<String> {
    let name = text.trim();
    let fits = (1..=MAX_NAME_CHARS).contains(&name.chars().count());
    (fits && !name.chars().any(char::is_control) && !is_blank(name)).then(|| name.to_owned())
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
    #[case("a\u{7}", None)]
    fn a_name_is_something_that_can_be_seen_on_one_line(#[case] text: &str, #[case] name: Option<&str>) {
        assert_eq!(checked(text).as_deref(), name);
    }

    #[test]
    fn a_name_has_64_characters_at_most() {
        assert!(checked(&"я".repeat(64)).is_some());
        assert!(checked(&"я".repeat(65)).is_none());
    }
}
