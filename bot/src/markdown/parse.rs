//! Markdown to blocks.
//!
//! The parser's events are walked once, without recursion: input nested a thousand deep costs no stack. Lists are a
//! stack of counters, styles are counters, a quote is a number.

use std::sync::Arc;

use pulldown_cmark::{CodeBlockKind, CowStr, Event, Options, Parser, Tag, TagEnd};
use url::Url;

use super::{
    model::{Block, Gap, Span, Style},
    spoiler::{self, Piece},
    table::Table,
};

/// Deeper lists are shown as if they were this deep.
const MAX_INDENT: usize = 6;
/// Longer addresses are no links: Telegram drops them.
const MAX_LINK_BYTES: usize = 2048;
const RULE: &str = "———";

/// Makes blocks of Markdown. None of them is blank.
pub(super) fn parse(markdown: &str) -> Vec<Block> {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let cleaned = clean(markdown);
    let mut builder = Builder::default();
    for event in Parser::new_ext(&cleaned, options) {
        builder.take(event);
    }
    builder.flush();
    builder.blocks
}

/// Control characters mean nothing to people, and Postgres holds no NUL.
fn clean(markdown: &str) -> String {
    let unix = markdown.replace("\r\n", "\n").replace('\r', "\n");
    unix.chars().map(|c| if c.is_control() && !matches!(c, '\n' | '\t') { ' ' } else { c }).collect()
}

#[derive(Default)]
struct Builder {
    blocks: Vec<Block>,
    pieces: Vec<Piece>,
    gap: Option<Gap>,
    bold: u32,
    italic: u32,
    strike: u32,
    links: Vec<Link>,
    lists: Vec<Option<u64>>,
    /// The marker of an item that has shown nothing yet.
    marker: Option<String>,
    quote_depth: u32,
    quotes: u32,
    code: Option<(Option<String>, String)>,
    table: Option<Table>,
}

struct Link {
    target: Option<Arc<str>>,
    /// How many pieces there were when it began: a link without text shows its address.
    pieces: usize,
}

impl Builder {
    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => self.text(&text),
            Event::Code(text) | Event::InlineMath(text) | Event::DisplayMath(text) => {
                self.push(Span { text: text.into_string(), style: Style { code: true, ..self.style() } });
            }
            Event::Html(html) | Event::InlineHtml(html) => self.html(&html),
            Event::SoftBreak | Event::HardBreak => self.line_break(),
            Event::Rule => {
                self.flush();
                self.push(Span::plain(RULE));
                self.flush_as(Gap::Paragraph);
            }
            Event::TaskListMarker(done) => {
                let mark = if done { "☑ " } else { "☐ " };
                self.marker = Some(format!("{}{mark}", self.indent()));
            }
            Event::FootnoteReference(name) => self.text(&format!("[^{name}]")),
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Heading { .. } => {
                self.flush_text_as(Gap::Line);
                self.bold += 1;
            }
            Tag::BlockQuote(_) => {
                self.flush_text_as(Gap::Line);
                if self.quote_depth == 0 {
                    self.quotes += 1;
                }
                self.quote_depth += 1;
            }
            Tag::CodeBlock(kind) => {
                self.flush();
                self.code = Some((language(&kind), String::new()));
            }
            Tag::List(first) => {
                self.flush();
                if !self.lists.is_empty() {
                    self.gap = Some(Gap::Line);
                }
                self.lists.push(first);
            }
            Tag::Item => {
                self.flush();
                self.marker = Some(self.next_marker());
            }
            Tag::Table(alignments) => {
                self.flush();
                self.table = Some(Table::new(alignments));
            }
            Tag::Emphasis => self.italic += 1,
            Tag::Strong => self.bold += 1,
            Tag::Strikethrough => self.strike += 1,
            Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } => {
                self.links.push(Link { target: allowed_link(&dest_url), pieces: self.pieces.len() });
            }
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(_) => {
                self.flush_as(Gap::Heading);
                self.bold = self.bold.saturating_sub(1);
            }
            TagEnd::Paragraph | TagEnd::HtmlBlock => self.flush_text_as(Gap::Paragraph),
            TagEnd::BlockQuote(_) => {
                self.flush_as(Gap::Paragraph);
                self.quote_depth = self.quote_depth.saturating_sub(1);
            }
            TagEnd::CodeBlock => {
                if let Some((language, text)) = self.code.take() {
                    self.add(Block::code(language, &text));
                    self.gap = Some(Gap::Paragraph);
                }
            }
            TagEnd::List(_) => {
                self.flush();
                self.lists.pop();
                self.gap = Some(if self.lists.is_empty() { Gap::Paragraph } else { Gap::Line });
            }
            TagEnd::Item => self.flush(),
            TagEnd::TableCell => self.end_cell(),
            TagEnd::TableHead | TagEnd::TableRow => {
                if let Some(table) = &mut self.table {
                    table.end_row();
                }
            }
            TagEnd::Table => {
                for block in self.table.take().map(Table::into_blocks).unwrap_or_default() {
                    self.add(block);
                    self.gap = Some(Gap::Paragraph);
                }
            }
            TagEnd::Emphasis => self.italic = self.italic.saturating_sub(1),
            TagEnd::Strong => self.bold = self.bold.saturating_sub(1),
            TagEnd::Strikethrough => self.strike = self.strike.saturating_sub(1),
            TagEnd::Link | TagEnd::Image => self.end_link(),
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        if let Some((_, code)) = &mut self.code {
            code.push_str(text);
            return;
        }
        self.push_marker();
        let style = self.style();
        self.pieces.extend(spoiler::pieces(text, &style));
    }

    /// Markup of other worlds is shown as it is, but for the line break that models put into tables.
    fn html(&mut self, html: &str) {
        let tag: String = html.chars().filter(|c| !c.is_whitespace()).collect();
        if tag.eq_ignore_ascii_case("<br>") || tag.eq_ignore_ascii_case("<br/>") {
            self.line_break();
        } else {
            self.push(Span { text: html.to_owned(), style: self.style() });
        }
    }

    /// A line break in the source is one to the reader: models mean it so.
    fn line_break(&mut self) {
        let indent = if self.lists.is_empty() { String::new() } else { format!("{}  ", self.indent()) };
        self.push(Span { text: format!("\n{indent}"), style: self.style() });
    }

    fn push(&mut self, span: Span) {
        self.push_marker();
        self.pieces.push(Piece::Span(span));
    }

    /// The marker of the item, or for its later paragraphs the space that is as wide.
    fn push_marker(&mut self) {
        let prefix = match self.marker.take() {
            Some(marker) => marker,
            None if self.pieces.is_empty() && !self.lists.is_empty() && self.table.is_none() => {
                format!("{}  ", self.indent())
            }
            None => return,
        };
        self.pieces.push(Piece::Span(Span::plain(prefix)));
    }

    fn end_link(&mut self) {
        let Some(link) = self.links.last() else { return };
        if let (Some(target), true) = (link.target.clone(), link.pieces == self.pieces.len()) {
            self.push(Span { text: target.to_string(), style: self.style() });
        }
        self.links.pop();
    }

    fn end_cell(&mut self) {
        let spans = spoiler::resolve(std::mem::take(&mut self.pieces));
        if let Some(table) = &mut self.table {
            table.row.push(spans);
        }
    }

    /// Ends the paragraph, and an item that showed nothing but its marker.
    fn flush(&mut self) {
        if self.marker.is_some() {
            self.push_marker();
        }
        self.flush_text_as(Gap::Line);
    }

    fn flush_as(&mut self, next: Gap) {
        self.flush();
        self.gap = Some(next);
    }

    fn flush_text_as(&mut self, next: Gap) {
        if self.pieces.is_empty() {
            return;
        }
        let block = Block::text(spoiler::resolve(std::mem::take(&mut self.pieces)));
        let quote = (self.quote_depth > 0).then_some(self.quotes);
        self.add(Block { quote, ..block });
        self.gap = Some(next);
    }

    fn add(&mut self, block: Block) {
        if block.is_blank() {
            return;
        }
        let gap = self.gap.unwrap_or(Gap::Paragraph);
        self.blocks.push(Block { gap, ..block });
    }

    fn style(&self) -> Style {
        Style {
            bold: self.bold > 0,
            italic: self.italic > 0,
            strike: self.strike > 0,
            // A picture in a link leads where the link does.
            link: self.links.iter().find_map(|link| link.target.clone()),
            ..Style::default()
        }
    }

    fn indent(&self) -> String {
        "    ".repeat(self.lists.len().saturating_sub(1).min(MAX_INDENT))
    }

    fn next_marker(&mut self) -> String {
        let indent = self.indent();
        match self.lists.last_mut() {
            Some(Some(number)) => {
                let marker = format!("{indent}{number}. ");
                *number = number.saturating_add(1);
                marker
            }
            _ => format!("{indent}• "),
        }
    }
}

fn language(kind: &CodeBlockKind<'_>) -> Option<String> {
    let CodeBlockKind::Fenced(info) = kind else { return None };
    let word = info.split([' ', ',', '\t', '{']).next().unwrap_or_default();
    let harmless = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '#' | '-' | '_' | '.');
    (!word.is_empty() && word.len() <= 32 && word.chars().all(harmless)).then(|| word.to_ascii_lowercase())
}

/// Where a link may lead: nowhere that Telegram itself opens, as a mention, a setting or a chat with words filled in.
fn allowed_link(target: &CowStr<'_>) -> Option<Arc<str>> {
    if target.len() > MAX_LINK_BYTES {
        return None;
    }
    let url = Url::parse(target.trim()).ok()?;
    matches!(url.scheme(), "http" | "https" | "mailto").then(|| Arc::from(url.as_str()))
}
