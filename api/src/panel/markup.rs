//! HTML that is ready. A template escapes whatever it fills in; what was made here is filled in as it is.

use std::fmt;

use askama::filters::HtmlSafe;

/// HTML, made by ourselves: whatever came from elsewhere is escaped in it already.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Markup(String);

impl Markup {
    /// Takes HTML as it is. Only for what this crate has put together and escaped.
    pub(crate) fn trusted(html: String) -> Self {
        Self(html)
    }

    /// Takes a text, and escapes it.
    #[must_use]
    pub fn text(text: &str) -> Self {
        Self(escape(text))
    }

    /// The HTML.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Markup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl HtmlSafe for Markup {}

/// A text as it may stand in HTML, also in an attribute between double quotes.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_somebody_wrote_becomes_an_element_or_ends_an_attribute() {
        assert_eq!(escape("<b a='1' c=\"2\">&</b>"), "&lt;b a=&#39;1&#39; c=&quot;2&quot;&gt;&amp;&lt;/b&gt;");
        assert_eq!(Markup::text("Анна <3").to_string(), "Анна &lt;3");
    }
}
