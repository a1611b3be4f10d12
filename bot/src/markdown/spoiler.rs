//! `||hidden||`, which CommonMark does not know.
//!
//! Two bars open a spoiler only before a visible character and close it only after one, so that the `||` of
//! programming languages stays what it is.

use super::model::{Span, Style};

/// Inline content while its block is being collected.
#[derive(Clone, Debug)]
pub(super) enum Piece {
    /// Text in one style.
    Span(Span),
    /// Two bars that may begin or end a spoiler.
    Bars(Style),
}

/// Takes text apart at its bars.
pub(super) fn pieces(text: &str, style: &Style) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for (index, part) in text.split("||").enumerate() {
        if index > 0 {
            pieces.push(Piece::Bars(style.clone()));
        }
        if !part.is_empty() {
            pieces.push(Piece::Span(Span { text: part.to_owned(), style: style.clone() }));
        }
    }
    pieces
}

/// Hides what stands between paired bars; bars without a partner are text.
pub(super) fn resolve(pieces: Vec<Piece>) -> Vec<Span> {
    let paired = pairs(&pieces);
    let mut hidden = false;
    let mut spans = Vec::new();
    for (index, piece) in pieces.into_iter().enumerate() {
        match piece {
            Piece::Bars(_) if paired.contains(&index) => hidden = !hidden,
            Piece::Bars(style) => spans.push(Span { text: "||".to_owned(), style: Style { spoiler: hidden, ..style } }),
            Piece::Span(mut span) => {
                span.style.spoiler = hidden;
                spans.push(span);
            }
        }
    }
    spans
}

fn pairs(pieces: &[Piece]) -> std::collections::HashSet<usize> {
    let mut paired = std::collections::HashSet::new();
    let mut open = None;
    for (index, piece) in pieces.iter().enumerate() {
        if matches!(piece, Piece::Span(_)) {
            continue;
        }
        let touches = |neighbour: Option<&Piece>, end: fn(&str) -> Option<char>| match neighbour {
            Some(Piece::Span(span)) => end(&span.text).is_some_and(|c| !c.is_whitespace()),
            _ => false,
        };
        let closes = index > 0 && touches(pieces.get(index - 1), |text| text.chars().next_back());
        match open {
            Some(begin) if closes => {
                paired.extend([begin, index]);
                open = None;
            }
            None if touches(pieces.get(index + 1), |text| text.chars().next()) => open = Some(index),
            _ => {}
        }
    }
    paired
}
