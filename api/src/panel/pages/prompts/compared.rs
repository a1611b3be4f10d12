//! A version of a prompt beside what is in force.

use std::fmt::Write as _;

use similar::{ChangeTag, TextDiff};

use crate::panel::markup::{Markup, escape};

/// A version beside another text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// The number of the version.
    pub version: i32,
    /// What it says.
    pub content: String,
    /// What is in force.
    pub current: String,
}

impl Compared {
    /// Line by line: what the one in force has, what this version has, and what both have.
    #[must_use]
    pub fn lines(&self) -> Markup {
        let mut html = String::new();
        for change in TextDiff::from_lines(&self.current, &self.content).iter_all_changes() {
            let text = escape(change.value().trim_end_matches('\n'));
            // A sign for who sees no colours, an element for who sees nothing.
            let _ = match change.tag() {
                ChangeTag::Delete => writeln!(html, r#"<del>− {text}</del>"#),
                ChangeTag::Insert => writeln!(html, r#"<ins>+ {text}</ins>"#),
                ChangeTag::Equal => writeln!(html, "  {text}"),
            };
        }
        Markup::trusted(html)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comparison_says_what_comes_and_what_goes_and_nothing_in_it_is_markup() {
        let both = Compared {
            version: 3,
            content: "Ты — Мария.\nБудь <b>краткой</b>.\n".to_owned(),
            current: "Ты — Мария.\nБудь тёплой.\n".to_owned(),
        };
        let html = both.lines().to_string();
        let expected = "  Ты — Мария.\n<del>− Будь тёплой.</del>\n<ins>+ Будь &lt;b&gt;краткой&lt;/b&gt;.</ins>\n";
        assert_eq!(html, expected);
        let alone = Compared { version: 1, content: "a".to_owned(), current: String::new() };
        assert_eq!(alone.lines().to_string(), "<ins>+ a</ins>\n");
    }
}
