//! What a text consists of, before it is HTML.
//!
//! The model is as flat as Telegram's is: a list of blocks, each of which knows what stands between it and the one
//! before. Nesting of lists is white space, nesting of quotes is dropped.

use std::sync::Arc;

/// How a stretch of text looks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Style {
    pub(super) bold: bool,
    pub(super) italic: bool,
    pub(super) strike: bool,
    pub(super) spoiler: bool,
    /// Monospace. Telegram allows no other format in it.
    pub(super) code: bool,
    /// Where it leads; one of the schemes that Telegram takes.
    pub(super) link: Option<Arc<str>>,
}

impl Style {
    /// Code can be neither hidden nor a link, and both of those matter more than its font.
    pub(super) fn settled(mut self) -> Self {
        if self.spoiler || self.link.is_some() {
            self.code = false;
        }
        if self.code {
            self = Self { code: true, ..Self::default() };
        }
        self
    }
}

/// Text in one style.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) text: String,
    pub(super) style: Style,
}

impl Span {
    pub(super) fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), style: Style::default() }
    }

    pub(super) fn bold(text: impl Into<String>) -> Self {
        Self { text: text.into(), style: Style { bold: true, ..Style::default() } }
    }
}

/// What stands before a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gap {
    /// A blank line, but the block belongs to the one before (a text to its heading): part them last.
    Heading,
    /// A line break, within a list.
    Line,
    /// A blank line: part here first.
    Paragraph,
}

/// What a block shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Body {
    /// A paragraph, a heading, an item.
    Text(Vec<Span>),
    /// Lines of code.
    Code {
        /// For highlighting; of harmless characters only.
        language: Option<String>,
        /// The lines, without the last line break.
        text: String,
    },
}

/// A paragraph or a piece of code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) body: Body,
    pub(super) gap: Gap,
    /// Blocks with the same number that stand together are one quote.
    pub(super) quote: Option<u32>,
}

impl Block {
    /// A paragraph.
    pub(super) fn text(spans: Vec<Span>) -> Self {
        Self { body: Body::Text(tidy(spans)), gap: Gap::Paragraph, quote: None }
    }

    /// A piece of code. It is never in a quote, which Telegram would not show as one.
    pub(super) fn code(language: Option<String>, text: &str) -> Self {
        let text = text.trim_matches('\n').trim_end().to_owned();
        Self { body: Body::Code { language, text }, gap: Gap::Paragraph, quote: None }
    }

    /// The text that a person sees.
    pub(super) fn visible(&self) -> String {
        match &self.body {
            Body::Text(spans) => spans.iter().map(|span| span.text.as_str()).collect(),
            Body::Code { text, .. } => text.clone(),
        }
    }

    /// Length of the visible text.
    pub(super) fn units(&self) -> usize {
        match &self.body {
            Body::Text(spans) => spans.iter().map(|span| units(&span.text)).sum(),
            Body::Code { text, .. } => units(text),
        }
    }

    /// Whether a person would see nothing.
    pub(super) fn is_blank(&self) -> bool {
        match &self.body {
            Body::Text(spans) => spans.iter().all(|span| is_blank(&span.text)),
            Body::Code { text, .. } => is_blank(text),
        }
    }

    /// Line breaks between `before` and this block. Code and quotes stand apart by themselves.
    pub(super) fn line_breaks_after(&self, before: &Self) -> usize {
        let apart = self.is_code() || before.is_code() || self.quote != before.quote;
        if apart || self.gap == Gap::Line { 1 } else { 2 }
    }

    fn is_code(&self) -> bool {
        matches!(self.body, Body::Code { .. })
    }
}

/// Length as Telegram counts it: UTF-16 code units.
pub(super) fn units(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// Whether Telegram would take the text for an empty one.
pub(crate) fn is_blank(text: &str) -> bool {
    text.chars().all(is_invisible)
}

fn is_invisible(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffc}' | '\u{e0000}'..='\u{e0fff}')
}

/// Merges neighbours of one style, takes the style from white space between others, and cuts blank space at both ends
/// (but not the indentation of a list, which is before something visible on the first line).
pub(super) fn tidy(spans: Vec<Span>) -> Vec<Span> {
    let settled = spans.into_iter().map(|span| Span { style: span.style.settled(), ..span });
    let merged = merge(settled);
    let spaces_plain = merged.into_iter().map(|span| {
        let blank = span.text.chars().all(char::is_whitespace);
        if blank { Span::plain(span.text) } else { span }
    });
    let mut spans = merge(spaces_plain);
    while let Some(last) = spans.last_mut() {
        last.text.truncate(last.text.trim_end().len());
        if !last.text.is_empty() {
            break;
        }
        spans.pop();
    }
    while let Some(first) = spans.first_mut() {
        first.text = first.text.trim_start_matches('\n').to_owned();
        if !first.text.is_empty() {
            break;
        }
        spans.remove(0);
    }
    spans
}

fn merge(spans: impl Iterator<Item = Span>) -> Vec<Span> {
    let mut merged: Vec<Span> = Vec::new();
    for span in spans.filter(|span| !span.text.is_empty()) {
        match merged.last_mut() {
            Some(last) if last.style == span.style => last.text.push_str(&span.text),
            _ => merged.push(span),
        }
    }
    merged
}
