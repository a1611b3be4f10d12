//! Packs blocks into messages by the length that a person sees.
//!
//! A message ends, in this order of preference, between paragraphs, between lines, after a sentence, between words, and
//! only then anywhere. A heading stays with its text. A block is cut only when it would not fit a message of its own.

use std::collections::VecDeque;

use super::model::{Block, Body, Gap, Span, is_blank, tidy};

/// Packs blocks into messages of at most `limit` UTF-16 units, none of which is blank. `limit` must be 8 or more.
pub(super) fn split(blocks: Vec<Block>, limit: usize) -> Vec<Vec<Block>> {
    let mut queue = VecDeque::from(blocks);
    let mut messages = Vec::new();
    let mut message: Vec<Block> = Vec::new();
    let mut used = 0;
    while let Some(block) = queue.pop_front() {
        let breaks = message.last().map_or(0, |last| block.line_breaks_after(last));
        let length = block.units();
        let room = limit.saturating_sub(used + breaks);
        if length <= room {
            used += breaks + length;
            message.push(block);
        } else if length > limit && room >= limit / 3 {
            let (head, tail) = cut(block, room);
            message.push(head);
            queue.push_front(tail);
            messages.push(std::mem::take(&mut message));
            used = 0;
        } else {
            let keep = keep_count(&message, &block, limit);
            queue.push_front(block);
            for moved in message.drain(keep..).rev() {
                queue.push_front(moved);
            }
            messages.push(std::mem::take(&mut message));
            used = 0;
        }
    }
    messages.push(message);
    for message in &mut messages {
        message.retain(|block| !block.is_blank());
    }
    messages.retain(|message| !message.is_empty());
    messages
}

/// How many blocks of a full message stay in it when `next` does not fit; at least one.
fn keep_count(message: &[Block], next: &Block, limit: usize) -> usize {
    let all = message.len();
    let boundary = |index: usize| message.get(index).map_or(Gap::Line, |block| block.gap);
    match next.gap {
        Gap::Paragraph => all,
        Gap::Heading => (1..all).rev().find(|index| boundary(*index) != Gap::Heading).unwrap_or(all),
        Gap::Line => {
            let mut length = 0;
            let mut best = all;
            for (index, block) in message.iter().enumerate() {
                if index > 0 && block.gap == Gap::Paragraph && length >= limit / 2 {
                    best = index;
                }
                length += block.units();
            }
            best
        }
    }
}

/// Cuts a block so that the first part has at most `room` units.
fn cut(block: Block, room: usize) -> (Block, Block) {
    let Block { body, gap, quote } = block;
    let (head, tail) = match body {
        Body::Text(spans) => {
            let text: String = spans.iter().map(|span| span.text.as_str()).collect();
            let (head, tail) = cut_spans(spans, text_cut(&text, room));
            (Body::Text(head), Body::Text(tail))
        }
        Body::Code { language, text } => {
            let (head, tail) = text.split_at(code_cut(&text, room));
            let part = |text: &str| Body::Code { language: language.clone(), text: text.to_owned() };
            (part(head.trim_end()), part(tail.trim_start_matches('\n')))
        }
    };
    (Block { body: head, gap, quote }, Block { body: tail, gap: Gap::Line, quote })
}

fn cut_spans(spans: Vec<Span>, at: usize) -> (Vec<Span>, Vec<Span>) {
    let (mut head, mut tail) = (Vec::new(), Vec::new());
    let mut begin = 0;
    for span in spans {
        let end = begin + span.text.len();
        if end <= at {
            head.push(span);
        } else if begin >= at {
            tail.push(span);
        } else {
            let (left, right) = span.text.split_at(at - begin);
            head.push(Span { text: left.to_owned(), style: span.style.clone() });
            tail.push(Span { text: right.to_owned(), style: span.style });
        }
        begin = end;
    }
    if let Some(first) = tail.first_mut() {
        first.text = first.text.trim_start().to_owned();
    }
    (tidy(head), tidy(tail))
}

/// The byte at which to cut a text: at the best boundary within `room` units.
fn text_cut(text: &str, room: usize) -> usize {
    let hard = byte_at(text, room);
    let window = text.get(..hard).unwrap_or(text);
    let late_enough = |at: &usize| *at >= hard / 2 && !is_blank(window.get(..*at).unwrap_or_default());
    let line = window.rfind('\n').filter(late_enough);
    let sentence = || {
        let mut ends =
            window.char_indices().rev().filter(|(_, c)| matches!(c, '.' | '!' | '?' | '…' | '。' | '！' | '？'));
        let after = |(at, c): (usize, char)| at + c.len_utf8();
        let is_end = |at: &usize| text.get(*at..).and_then(|rest| rest.chars().next()).is_some_and(char::is_whitespace);
        ends.by_ref().map(after).find(is_end).filter(late_enough)
    };
    let word = || {
        let at_hard = text.get(hard..).and_then(|rest| rest.chars().next()).is_some_and(char::is_whitespace);
        if at_hard { Some(hard) } else { window.rfind(char::is_whitespace).filter(late_enough) }
    };
    line.or_else(sentence).or_else(word).unwrap_or_else(|| whole_character(text, hard))
}

/// The byte at which to cut code: after a line, or anywhere in a line that is too long.
fn code_cut(text: &str, room: usize) -> usize {
    let hard = byte_at(text, room);
    if text.get(hard..).is_some_and(|rest| rest.starts_with('\n')) {
        return hard;
    }
    let line = text.get(..hard).and_then(|window| window.rfind('\n')).filter(|at| *at > 0);
    line.unwrap_or_else(|| whole_character(text, hard))
}

/// The last byte boundary with at most `room` units before it.
fn byte_at(text: &str, room: usize) -> usize {
    let mut used = 0;
    for (at, c) in text.char_indices() {
        used += c.len_utf16();
        if used > room {
            return at;
        }
    }
    text.len()
}

/// Steps back from between an emoji or a letter and what modifies it.
fn whole_character(text: &str, hard: usize) -> usize {
    const MOST_MODIFIERS: usize = 16;
    let is_joiner = |c: char| c == '\u{200d}';
    let modifies = |c: char| {
        is_joiner(c)
            || matches!(c, '\u{300}'..='\u{36f}' | '\u{fe00}'..='\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}' | '\u{20e3}')
    };
    let mut at = hard;
    for _ in 0..MOST_MODIFIERS {
        let (before, after) = text.split_at(at);
        let Some(last) = before.chars().next_back() else { break };
        let inside = after.chars().next().is_some_and(modifies) || is_joiner(last);
        if !inside {
            return at;
        }
        at -= last.len_utf8();
    }
    hard
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::markdown::model::units;

    #[test]
    fn lengths_are_counted_as_telegram_counts_them() {
        assert_eq!(units("aя😀"), 4);
        assert_eq!(byte_at("😀😀", 3), 4);
    }

    #[test]
    fn an_emoji_family_is_not_torn_apart() {
        let family = "👨\u{200d}👩\u{200d}👧";
        let text = format!("ab{family}cd");
        assert_eq!(whole_character(&text, 2 + "👨\u{200d}".len()), 2);
    }
}
