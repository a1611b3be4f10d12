//! A message as Telegram shows it: a text with entities, as HTML.
//!
//! Entities are Telegram's (`MessageEntity`): places in UTF-16 units, properly nested. What we do not know is shown without its
//! looks; a link leads to where it leads, and tells nobody where it was clicked.

use std::fmt::Write as _;

use evolve_contract::broadcast::{ShownEntity, ShownText};

use crate::panel::markup::{Markup, escape};

/// How a text looks in a chat.
#[must_use]
pub fn bubble(shown: &ShownText) -> Markup {
    let units: Vec<u16> = shown.text.encode_utf16().collect();
    let mut entities: Vec<&ShownEntity> = shown.entities.iter().collect();
    // Outer ones first: at the same place, the longer one holds the shorter one.
    entities.sort_by_key(|entity| (entity.offset, u32::MAX - entity.length));
    let mut html = String::new();
    write_between(&mut html, &units, (0, units.len()), &entities);
    Markup::trusted(format!(r#"<div class="bubble">{html}</div>"#))
}

/// Writes a stretch of the text, with the entities that lie in it.
fn write_between(html: &mut String, units: &[u16], (from, to): (usize, usize), entities: &[&ShownEntity]) {
    let mut at = from;
    let mut rest = entities;
    while let Some((entity, others)) = rest.split_first() {
        let (begin, end) = bounds(entity, to);
        // What lies in it is written with it; what would cross its end is not Telegram's.
        let inner = others.iter().take_while(|other| (other.offset as usize) < end).count();
        let (inside, after) = others.split_at(inner);
        if begin >= at && begin < end {
            write_text(html, units, (at, begin));
            let (open, close) = tags(entity, units, (begin, end));
            html.push_str(&open);
            write_between(html, units, (begin, end), inside);
            html.push_str(close);
            at = end;
        }
        rest = after;
    }
    write_text(html, units, (at, to));
}

fn bounds(entity: &ShownEntity, to: usize) -> (usize, usize) {
    let begin = entity.offset as usize;
    (begin.min(to), begin.saturating_add(entity.length as usize).min(to))
}

fn write_text(html: &mut String, units: &[u16], (from, to): (usize, usize)) {
    let text = String::from_utf16_lossy(units.get(from..to).unwrap_or_default());
    html.push_str(&escape(&text).replace('\n', "<br>"));
}

fn tags(entity: &ShownEntity, units: &[u16], (from, to): (usize, usize)) -> (String, &'static str) {
    let plain = |tag: &str, close| (format!("<{tag}>"), close);
    match entity.kind.as_str() {
        "bold" => plain("strong", "</strong>"),
        "italic" => plain("em", "</em>"),
        "underline" => plain("u", "</u>"),
        "strikethrough" => plain("s", "</s>"),
        "spoiler" => plain(r#"span class="spoiler" tabindex="0""#, "</span>"),
        "code" => plain("code", "</code>"),
        "pre" => plain(r#"code class="pre""#, "</code>"),
        "blockquote" | "expandable_blockquote" => plain(r#"span class="quotation""#, "</span>"),
        "url" => link(&String::from_utf16_lossy(units.get(from..to).unwrap_or_default())),
        "text_link" => link(entity.value.as_deref().unwrap_or_default()),
        _ => (String::new(), ""),
    }
}

/// Only where a browser can go and nothing is run.
fn link(address: &str) -> (String, &'static str) {
    let is_safe = ["https://", "http://", "tg://", "mailto:"].iter().any(|scheme| address.starts_with(scheme));
    if !is_safe {
        return ("<u>".to_owned(), "</u>");
    }
    let mut open = String::new();
    let _ = write!(open, r#"<a href="{}" rel="noopener noreferrer" target="_blank">"#, escape(address));
    (open, "</a>")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entity(kind: &str, offset: u32, length: u32, value: Option<&str>) -> ShownEntity {
        ShownEntity { kind: kind.to_owned(), offset, length, value: value.map(str::to_owned) }
    }

    fn shown(text: &str, entities: Vec<ShownEntity>) -> String {
        let html = bubble(&ShownText { text: text.to_owned(), entities }).to_string();
        html.trim_start_matches(r#"<div class="bubble">"#).trim_end_matches("</div>").to_owned()
    }

    #[test]
    fn what_is_nested_stays_nested_and_places_count_as_telegram_counts() {
        // 👋 is two units.
        let html = shown("👋 Hi <b> you", vec![entity("italic", 3, 2, None), entity("bold", 0, 9, None)]);
        assert_eq!(html, "<strong>👋 <em>Hi</em> &lt;b&gt;</strong> you");
        let same = shown("one", vec![entity("italic", 0, 3, None), entity("bold", 0, 3, None)]);
        assert_eq!(same, "<em><strong>one</strong></em>");
    }

    #[test]
    fn links_lead_where_nothing_is_run() {
        let html = shown("go", vec![entity("text_link", 0, 2, Some("https://a.b/?c=\"1\""))]);
        assert!(html.starts_with(r#"<a href="https://a.b/?c=&quot;1&quot;""#), "{html}");
        assert_eq!(shown("go", vec![entity("text_link", 0, 2, Some("javascript:alert(1)"))]), "<u>go</u>");
    }

    #[test]
    fn what_lies_outside_or_crosses_is_text_all_the_same() {
        assert_eq!(shown("ab", vec![entity("bold", 1, 40, None), entity("bold", 90, 3, None)]), "a<strong>b</strong>");
        let crossing = shown("abcd", vec![entity("bold", 0, 3, None), entity("italic", 2, 2, None)]);
        assert_eq!(crossing, "<strong>ab<em>c</em></strong>d");
        assert_eq!(shown("a\nb", Vec::new()), "a<br>b");
    }
}
