//! Tables, for which Telegram has no markup: columns in monospace where they fit a phone, otherwise row by row.

use pulldown_cmark::Alignment;

use super::model::{Block, Gap, Span};

/// Columns of monospace text that a phone shows without breaking the line.
const PHONE_COLUMNS: usize = 38;

/// A table while it is being read: the first row is its head.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    pub(super) alignments: Vec<Alignment>,
    pub(super) rows: Vec<Vec<Vec<Span>>>,
    pub(super) row: Vec<Vec<Span>>,
}

impl Table {
    /// A table without rows yet.
    pub(super) fn new(alignments: Vec<Alignment>) -> Self {
        Self { alignments, ..Self::default() }
    }

    /// Ends the current row.
    pub(super) fn end_row(&mut self) {
        self.rows.push(std::mem::take(&mut self.row));
    }

    /// The table as blocks.
    pub(super) fn into_blocks(self) -> Vec<Block> {
        let texts: Vec<Vec<String>> = self.rows.iter().map(|row| row.iter().map(|cell| flat(cell)).collect()).collect();
        let widths = widths(&texts);
        let has_links = self.rows.iter().flatten().flatten().any(|span| span.style.link.is_some());
        let total = widths.iter().sum::<usize>() + 3 * widths.len().saturating_sub(1);
        if !has_links && total <= PHONE_COLUMNS {
            return vec![Block::code(None, &monospace(&texts, &widths, &self.alignments))];
        }
        let mut rows = self.rows.into_iter();
        let head = rows.next().unwrap_or_default();
        if rows.len() == 0 {
            return vec![row_block(&[], head)];
        }
        rows.map(|row| row_block(&head, row)).collect()
    }
}

/// A cell on one line, without its styles.
fn flat(cell: &[Span]) -> String {
    let text: String = cell.iter().map(|span| span.text.as_str()).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn widths(texts: &[Vec<String>]) -> Vec<usize> {
    let columns = texts.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| texts.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    (0..columns).map(|column| width(column).unwrap_or(0)).collect()
}

fn monospace(texts: &[Vec<String>], widths: &[usize], alignments: &[Alignment]) -> String {
    let mut lines = Vec::new();
    for (index, row) in texts.iter().enumerate() {
        let cells = widths.iter().enumerate().map(|(column, width)| {
            let text = row.get(column).map_or("", String::as_str);
            let width = *width;
            match alignments.get(column) {
                Some(Alignment::Right) => format!("{text:>width$}"),
                Some(Alignment::Center) => format!("{text:^width$}"),
                _ => format!("{text:<width$}"),
            }
        });
        lines.push(cells.collect::<Vec<_>>().join(" │ ").trim_end().to_owned());
        if index == 0 {
            lines.push(widths.iter().map(|width| "─".repeat(*width)).collect::<Vec<_>>().join("─┼─"));
        }
    }
    lines.join("\n")
}

/// One row as lines of its own: the first cell is its title, the others are named by the head.
fn row_block(head: &[Vec<Span>], row: Vec<Vec<Span>>) -> Block {
    let mut spans = Vec::new();
    for (column, cell) in row.into_iter().enumerate() {
        if column > 0 {
            spans.push(Span::plain("\n"));
            let name = head.get(column).map(|cell| flat(cell)).unwrap_or_default();
            if !name.is_empty() {
                spans.push(Span::plain(format!("{name}: ")));
            }
            spans.extend(cell);
            continue;
        }
        if let Some(name) = head.first().map(|cell| flat(cell)).filter(|name| !name.is_empty()) {
            spans.push(Span::bold(format!("{name}: ")));
        }
        spans.extend(cell.into_iter().map(|mut span| {
            span.style.bold = true;
            span
        }));
    }
    Block { gap: Gap::Paragraph, ..Block::text(spans) }
}
