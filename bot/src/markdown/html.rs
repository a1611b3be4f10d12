//! Blocks as Telegram's HTML, and back to plain text.

use super::model::{Block, Body, Span, Style};

/// Escapes text for Telegram's HTML, for content and for attributes.
#[must_use]
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    push_escaped(&mut escaped, text);
    escaped
}

/// The text of HTML that was made here, without its markup: for a message that Telegram does not want to parse.
#[must_use]
pub(crate) fn plain(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        let (before, tag) = rest.split_at(at);
        text.push_str(before);
        // Everything that we write escapes `<`, so that each one begins a tag, and attributes hold no `>`.
        rest = tag.split_once('>').map_or("", |(_, after)| after);
    }
    text.push_str(rest);
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}

/// One message.
pub(super) fn render(blocks: &[Block]) -> String {
    let mut html = String::new();
    let mut quote = None;
    let mut previous: Option<&Block> = None;
    for block in blocks {
        if quote != block.quote {
            close_quote(&mut html, quote);
        }
        if let Some(previous) = previous {
            html.extend(std::iter::repeat_n('\n', block.line_breaks_after(previous)));
        }
        if quote != block.quote && block.quote.is_some() {
            html.push_str("<blockquote>");
        }
        quote = block.quote;
        match &block.body {
            Body::Text(spans) => push_spans(&mut html, spans),
            Body::Code { language, text } => push_code(&mut html, language.as_deref(), text),
        }
        previous = Some(block);
    }
    close_quote(&mut html, quote);
    html
}

fn close_quote(html: &mut String, quote: Option<u32>) {
    if quote.is_some() {
        html.push_str("</blockquote>");
    }
}

fn push_code(html: &mut String, language: Option<&str>, text: &str) {
    html.push_str("<pre>");
    if let Some(language) = language {
        html.push_str("<code class=\"language-");
        push_escaped(html, language);
        html.push_str("\">");
    }
    push_escaped(html, text);
    html.push_str(if language.is_some() { "</code></pre>" } else { "</pre>" });
}

/// Tags are opened in one order, so that from span to span only those inside the first difference are closed.
fn push_spans(html: &mut String, spans: &[Span]) {
    let mut open: Vec<Tag> = Vec::new();
    for span in spans {
        let wanted = tags(&span.style);
        let common = open.iter().zip(&wanted).take_while(|(a, b)| a == b).count();
        for tag in open.drain(common..).rev() {
            tag.push_end(html);
        }
        for tag in wanted.into_iter().skip(common) {
            tag.push_start(html);
            open.push(tag);
        }
        push_escaped(html, &span.text);
    }
    for tag in open.into_iter().rev() {
        tag.push_end(html);
    }
}

#[derive(PartialEq, Eq)]
enum Tag<'a> {
    Link(&'a str),
    Plain(&'static str),
}

impl Tag<'_> {
    fn push_start(&self, html: &mut String) {
        match self {
            Self::Link(href) => {
                html.push_str("<a href=\"");
                push_escaped(html, href);
                html.push_str("\">");
            }
            Self::Plain(name) => html.extend(["<", name, ">"]),
        }
    }

    fn push_end(&self, html: &mut String) {
        let name = match self {
            Self::Link(_) => "a",
            Self::Plain(name) => name,
        };
        html.extend(["</", name, ">"]);
    }
}

fn tags(style: &Style) -> Vec<Tag<'_>> {
    let flags = [
        (style.spoiler, "tg-spoiler"),
        (style.bold, "b"),
        (style.italic, "i"),
        (style.strike, "s"),
        (style.code, "code"),
    ];
    let link = style.link.as_deref().map(Tag::Link);
    link.into_iter().chain(flags.into_iter().filter(|(set, _)| *set).map(|(_, name)| Tag::Plain(name))).collect()
}

fn push_escaped(html: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            other => html.push(other),
        }
    }
}
