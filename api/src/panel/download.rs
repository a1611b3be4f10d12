//! Lists as CSV.
//!
//! Spreadsheets run what begins like a formula, also where a stranger wrote it into their name: such a text gets an apostrophe in
//! front, which spreadsheets take as "this is text". Numbers are ours and stay numbers. The mark at the beginning tells Excel that
//! this is UTF-8.
//!
//! A list that may be of any length goes out page by page ([`Downloads::send`]): one page of it is in memory, and in a process one such
//! file is made at a time, whoever wants another is told to come back. A file that ends is whole: what goes wrong on the way breaks the
//! transfer off, which browsers and programs see.

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use evolve_contract::Code;
use futures::{StreamExt as _, stream};
use tokio::time::Instant;

use super::{
    parts::{Cell, Column, Table},
    respond,
};
use crate::{problem::ApiError, router::REQUEST_LIMIT};

/// Byte order mark.
const MARK: &str = "\u{feff}";
/// Whoever takes nothing of their file for so long has to let others go before them. No page takes as long to make.
const STALE: Duration = Duration::from_secs(60);
/// When whoever came while a file was made may come back.
const COME_BACK: Duration = Duration::from_secs(10);

/// The rows of a table as CSV: its heads are the keys of its columns.
///
/// # Errors
/// When it cannot be written, which in memory does not happen.
pub fn csv(table: &Table) -> Result<Vec<u8>, csv::Error> {
    written(table, true)
}

/// The same, of a page after the first one without the heads.
fn written(table: &Table, is_first: bool) -> Result<Vec<u8>, csv::Error> {
    // Buttons are for looking at.
    let kept: Vec<(usize, &Column)> = table.columns.iter().enumerate().filter(|(_, column)| column.is_data()).collect();
    let begun = if is_first { MARK.as_bytes().to_vec() } else { Vec::new() };
    let mut writer = csv::Writer::from_writer(begun);
    if is_first {
        writer.write_record(kept.iter().map(|(_, column)| column.key))?;
    }
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

/// A table that is all there is, as a file of this name.
#[must_use]
pub fn download(table: &Table, name: &str) -> Response {
    match csv(table) {
        Ok(bytes) => file(name, bytes.into()),
        Err(error) => {
            tracing::error!(%error, name, "a list cannot be written as CSV");
            respond::private(StatusCode::INTERNAL_SERVER_ERROR.into_response())
        }
    }
}

fn file(name: &str, body: Body) -> Response {
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    // Names are ours: letters and signs that need no escape.
    if let Ok(disposition) = HeaderValue::from_str(&format!("attachment; filename=\"{name}.csv\"")) {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    respond::private(response)
}

/// Whose turn it is to have a long list made into a file. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Downloads(Arc<Mutex<Desk>>);

#[derive(Debug, Default)]
struct Desk {
    /// How many had a turn. The last of them has it now, where `at` is there.
    turns: u64,
    /// When theirs went on.
    at: Option<Instant>,
}

/// Somebody's turn, until it is dropped, or they wait for too long and another has it.
#[derive(Debug)]
struct Turn {
    number: u64,
    desk: Arc<Mutex<Desk>>,
}

impl Turn {
    /// False where it is another's by now.
    fn goes_on(&self) -> bool {
        let mut desk = lock(&self.desk);
        let is_ours = desk.turns == self.number;
        if is_ours {
            desk.at = Some(Instant::now());
        }
        is_ours
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut desk = lock(&self.desk);
        if desk.turns == self.number {
            desk.at = None;
        }
    }
}

fn lock(desk: &Mutex<Desk>) -> MutexGuard<'_, Desk> {
    desk.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Downloads {
    fn turn(&self) -> Option<Turn> {
        let mut desk = lock(&self.0);
        if desk.at.is_some_and(|at| at.elapsed() < STALE) {
            return None;
        }
        desk.turns += 1;
        desk.at = Some(Instant::now());
        Some(Turn { number: desk.turns, desk: Arc::clone(&self.0) })
    }

    /// A list as a file of this name. `page` makes a page of it: the first one of nothing, every other of what the one before said; the last
    /// says nothing. The first is made before anything is answered, so that what is wrong with the question is a problem like any other.
    ///
    /// # Errors
    /// `rate_limited` while another file is made, and what the first page says.
    pub async fn send<C, P, F>(&self, name: &'static str, mut page: P) -> Result<Response, ApiError>
    where
        C: Send + 'static,
        P: FnMut(Option<C>) -> F + Send + 'static,
        F: Future<Output = Result<(Table, Option<C>), ApiError>> + Send + 'static,
    {
        let detail = "a file is being made; come back in a moment";
        let busy = || ApiError::new(Code::RateLimited).detail(detail).retry_after(COME_BACK);
        let turn = self.turn().ok_or_else(busy)?;
        let (table, next) = page(None).await?;
        let first = written(&table, true).map_err(|error| unwritten(name, &error))?;
        // Where there is no more, the turn ends here.
        let more = next.map(|next| (turn, page, next));
        let rest = stream::unfold(more, move |more| async move {
            let (turn, mut page, after) = more?;
            if !turn.goes_on() {
                return Some((Err(broken(name, "it was not taken for so long that another has its turn")), None));
            }
            let made = tokio::time::timeout(REQUEST_LIMIT, page(Some(after))).await;
            let (table, next) = match made {
                Ok(Ok(made)) => made,
                Ok(Err(error)) => return Some((Err(broken(name, &format!("{error:?}"))), None)),
                Err(_) => return Some((Err(broken(name, "a page of it took too long")), None)),
            };
            let bytes = written(&table, false).map_err(|error| broken(name, &error.to_string()));
            let more = next.filter(|_| bytes.is_ok()).map(|next| (turn, page, next));
            Some((bytes, more))
        });
        Ok(file(name, Body::from_stream(stream::iter([Ok(first)]).chain(rest))))
    }
}

fn unwritten(name: &str, error: &csv::Error) -> ApiError {
    tracing::error!(%error, name, "a list cannot be written as CSV");
    Code::Internal.into()
}

/// An end that nobody takes for that of the list.
fn broken(name: &str, why: &str) -> io::Error {
    tracing::warn!(name, why, "a file breaks off");
    io::Error::other("the list breaks off")
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
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

    fn numbers(from: u32, to: u32) -> Table {
        let words = Words { language: Language::En, zone: Tz::UTC };
        Table {
            id: "numbers",
            caption: String::new(),
            columns: vec![Column::number("number", String::new())],
            rows: (from..to).map(|number| vec![Cell::number(words, &Unit::Count, number.into())]).collect(),
            listing: Listing::default(),
            empty: Empty::default(),
            words,
        }
    }

    /// Pages of two numbers, of which the last one, or the one that fails, begins with `end`.
    async fn page(after: Option<u32>, end: u32, fails: bool) -> Result<(Table, Option<u32>), ApiError> {
        let from = after.unwrap_or_default();
        if from == end && fails {
            return Err(Code::DatabaseUnavailable.into());
        }
        Ok((numbers(from, from + 2), (from < end).then_some(from + 2)))
    }

    #[tokio::test]
    async fn a_long_list_goes_out_page_by_page_and_one_that_breaks_off_does_not_end() {
        let downloads = Downloads::default();
        let whole = downloads.send("numbers", |after| page(after, 4, false)).await.unwrap();
        assert_eq!(whole.headers()[header::CONTENT_DISPOSITION], "attachment; filename=\"numbers.csv\"");
        let text = to_bytes(whole.into_body(), 1 << 20).await.unwrap();
        assert_eq!(String::from_utf8_lossy(&text), "\u{feff}number\n0\n1\n2\n3\n4\n5\n");

        let broken = downloads.send("numbers", |after| page(after, 4, true)).await.unwrap();
        let mut told = broken.into_body().into_data_stream();
        assert!(told.next().await.unwrap().is_ok() && told.next().await.unwrap().is_ok());
        assert!(told.next().await.unwrap().is_err(), "or it would look whole");
        assert!(told.next().await.is_none());
        let error = downloads.send("numbers", |after| page(after, 0, true)).await.unwrap_err();
        assert_eq!(error.code(), Code::DatabaseUnavailable, "before anything is sent it is a problem");
    }

    #[tokio::test(start_paused = true)]
    async fn one_file_is_made_at_a_time_and_who_does_not_take_theirs_keeps_nobody_waiting() {
        let downloads = Downloads::default();
        let send = || downloads.send("numbers", |after| page(after, 4, false));
        let taken = send().await.unwrap();
        let error = send().await.unwrap_err();
        assert_eq!((error.code(), error.waits()), (Code::RateLimited, Some(10)));
        drop(taken);
        let slow = send().await.unwrap();
        tokio::time::advance(STALE).await;
        let other = send().await.unwrap();
        assert!(to_bytes(slow.into_body(), 1 << 20).await.is_err(), "it has lost its turn");
        assert!(to_bytes(other.into_body(), 1 << 20).await.is_ok());
        // All of it is on the first page: nobody waits for who takes that.
        let short = downloads.send("numbers", |after| page(after, 0, false)).await.unwrap();
        assert!(send().await.is_ok());
        drop(short);
    }
}
