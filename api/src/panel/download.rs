//! Lists as CSV.
//!
//! Spreadsheets run what begins like a formula, also where a stranger wrote it into their name: such a text gets an apostrophe in
//! front, which spreadsheets take as "this is text". Numbers are ours and stay numbers. The mark at the beginning tells Excel that
//! this is UTF-8.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};

use super::{
    parts::{Cell, Column, Table},
    respond,
};

/// Byte order mark.
const MARK: &str = "\u{feff}";

/// The rows of a table as CSV: its heads are the keys of its columns.
///
/// # Errors
/// When it cannot be written, which in memory does not happen.
pub fn csv(table: &Table) -> Result<Vec<u8>, csv::Error> {
    // Buttons are for looking at.
    let kept: Vec<(usize, &Column)> = table.columns.iter().enumerate().filter(|(_, column)| column.is_data()).collect();
    let mut writer = csv::Writer::from_writer(MARK.as_bytes().to_vec());
    writer.write_record(kept.iter().map(|(_, column)| column.key))?;
    for row in &table.rows {
        let cells = kept.iter().map(|(place, _)| row.get(*place).map(plain).unwrap_or_default());
        writer.write_record(cells)?;
    }
    writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))
}

fn plain(cell: &Cell) -> String {
    let text = cell.plain();
    let is_text = !matches!(cell, Cell::Number(..) | Cell::Time(_));
    let is_formula = text.trim_start().starts_with(['=', '+', '-', '@']) || text.starts_with(['\t', '\r', '\n']);
    if is_text && is_formula { format!("'{text}") } else { text }
}

/// A table as a file of this name.
#[must_use]
pub fn download(table: &Table, name: &str) -> Response {
    let response = match csv(table) {
        Ok(bytes) => {
            let mut response = bytes.into_response();
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
            // Names are ours: letters and signs that need no escape.
            if let Ok(disposition) = HeaderValue::from_str(&format!("attachment; filename=\"{name}.csv\"")) {
                headers.insert(header::CONTENT_DISPOSITION, disposition);
            }
            response
        }
        Err(error) => {
            tracing::error!(%error, name, "a list cannot be written as CSV");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    };
    respond::private(response)
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;
    use evolve_domain::language::Language;

    use super::*;
    use crate::panel::{
        parts::{Empty, Listing},
        words::{Unit, Words},
    };

    #[test]
    fn nothing_in_a_list_is_run_by_a_spreadsheet_and_numbers_stay_numbers() {
        let words = Words { language: Language::Ru, zone: Tz::UTC };
        let row = |name: &str, points: f64| {
            vec![Cell::Text(name.into()), Cell::number(words, &Unit::Count, points), Cell::Acts(Vec::new())]
        };
        let table = Table {
            id: "people",
            caption: String::new(),
            columns: vec![
                Column::text("name", "Имя".into()),
                Column::number("points", "Очки".into()),
                Column::text("acts", "Действия".into()),
            ],
            rows: vec![
                row("=HYPERLINK(\"x\")", -5.0),
                row(" +1", 1234.0),
                row("@a, \"b\"\nc", 0.5),
                row("-", 0.0),
                row("Анна", 0.0),
            ],
            listing: Listing::default(),
            empty: Empty::default(),
            words,
        };
        let text = String::from_utf8(csv(&table).unwrap()).unwrap();
        let expected =
            "\u{feff}name,points\n\"'=HYPERLINK(\"\"x\"\")\",-5\n' +1,1234\n\"'@a, \"\"b\"\"\nc\",0.5\n'-,0\nАнна,0\n";
        assert_eq!(text, expected);
    }
}
