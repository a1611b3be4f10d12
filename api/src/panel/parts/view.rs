//! What a reader asks of the tables of a page: by what they are sorted, and which of them is wanted as a file. It stands behind the
//! `?` of the address, so that it works without a script, can be sent to others, and asks for the same permission and the same look
//! in the log as the page does.

use std::cmp::Ordering;

use url::form_urlencoded;

use super::{Cell, Sort, Table};

/// By this name a table is asked for as a file: its id.
pub(super) const FILE: &str = "csv";
/// By this name a list is asked to go on.
const AFTER: &str = "after";

/// All that a reader asks for behind the `?` of an address. Of a form that was sent it is nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct View(Vec<(String, String)>);

impl View {
    /// Reads what stands behind the `?`.
    #[must_use]
    pub fn read(query: &str) -> Self {
        Self(form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The id of the table that is wanted as a file.
    #[must_use]
    pub fn file(&self) -> Option<&str> {
        self.get(FILE).filter(|id| !id.is_empty())
    }

    /// Whether this table is wanted as a file, which has the list to its end, not one page of it.
    #[must_use]
    pub fn is_file(&self, id: &str) -> bool {
        self.file() == Some(id)
    }
}

impl Table {
    /// As it is asked for. Where all its rows are here, they are sorted by whatever column, and as they come where none of it is
    /// named; links of the table keep what else was asked for.
    #[must_use]
    pub fn asked(mut self, view: &View) -> Self {
        let is_whole = self.listing.is_whole();
        let (by, way) = self.listing.names();
        let known = |name: &str| {
            let is_own = [by.as_str(), way.as_str(), FILE].contains(&name) || (name == AFTER && !is_whole);
            is_own || self.listing.query.iter().any(|(known, _)| known == name)
        };
        let kept: Vec<(String, String)> = view.0.iter().filter(|(name, _)| !known(name)).cloned().collect();
        self.listing.query.extend(kept);
        if is_whole {
            self.sort(view.get(&by), view.get(&way));
        }
        self
    }

    /// Sorts the rows by the column of this key, unless they come sorted by it. Those that are alike stay in their order.
    fn sort(&mut self, by: Option<&str>, way: Option<&str>) {
        for column in &mut self.columns {
            column.sorts = column.is_data();
        }
        let mut columns = self.columns.iter().enumerate();
        let Some((place, column)) = columns.find(|(_, column)| column.sorts && by == Some(column.key)) else { return };
        // Whoever read them knows which way they come where that is not said.
        if self.listing.sort.as_ref().is_some_and(|sort| sort.by == column.key) {
            return;
        }
        let is_descending = match way {
            Some("asc") => false,
            Some("desc") => true,
            _ => column.is_number,
        };
        self.listing.sort = Some(Sort { by: column.key.to_owned(), is_descending });
        let rows = std::mem::take(&mut self.rows);
        let mut ranked: Vec<(Option<Rank>, Vec<Cell>)> =
            rows.into_iter().map(|row| (row.get(place).and_then(Rank::of), row)).collect();
        ranked.sort_by(|(one, _), (other, _)| compare(one.as_ref(), other.as_ref(), is_descending));
        self.rows = ranked.into_iter().map(|(_, row)| row).collect();
    }
}

/// By what a cell is sorted.
#[derive(Debug)]
enum Rank {
    /// A number, an id, a moment. It comes before words.
    Number(f64),
    /// Words, in small letters.
    Text(String),
}

impl Rank {
    /// That of a cell; nothing of an empty one.
    fn of(cell: &Cell) -> Option<Self> {
        let text = cell.plain();
        let number = match cell {
            // Microseconds: until 2255 each of them is a number of its own.
            Cell::Time(at) => Some(at.timestamp_micros() as f64),
            Cell::Number(..) => text.parse().ok(),
            // Ids and codes of other systems.
            _ => text.parse::<i64>().ok().map(|number| number as f64),
        };
        number.map(Self::Number).or_else(|| (!text.is_empty()).then(|| Self::Text(text.to_lowercase())))
    }

    fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Number(one), Self::Number(other)) => one.total_cmp(other),
            (Self::Text(one), Self::Text(other)) => one.cmp(other),
            (Self::Number(_), Self::Text(_)) => Ordering::Less,
            (Self::Text(_), Self::Number(_)) => Ordering::Greater,
        }
    }
}

/// Nothing stands at the end, whichever way it is sorted.
fn compare(one: Option<&Rank>, other: Option<&Rank>, is_descending: bool) -> Ordering {
    match (one, other) {
        (Some(one), Some(other)) if is_descending => other.compare(one),
        (Some(one), Some(other)) => one.compare(other),
        (one, other) => one.is_none().cmp(&other.is_none()),
    }
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;
    use evolve_domain::language::Language;

    use super::*;
    use crate::panel::{
        parts::{Column, Empty, Listing},
        words::{Unit, Words},
    };

    const RU: Words = Words { language: Language::Ru, zone: Tz::UTC };

    fn table() -> Table {
        let row = |name: &str, cost: Option<f64>, id: &str| {
            let cost = cost.map_or(Cell::None, |cost| Cell::number(RU, &Unit::Microdollars, cost));
            vec![Cell::Text(name.into()), cost, Cell::Link(id.into(), "/".into()), Cell::Acts(Vec::new())]
        };
        Table {
            id: "models",
            caption: "Модели".into(),
            columns: vec![
                Column::text("name", "Имя".into()),
                Column::number("cost", "Цена".into()),
                Column::text("person", "Номер".into()),
                Column::text("acts", "Действия".into()),
            ],
            rows: vec![
                row("берёза", Some(1_200_000.0), "100"),
                row("Ива", None, "9"),
                row("Берёза", Some(9_000.0), "-"),
                row("", Some(9_000.0), "20"),
            ],
            listing: Listing::within("/admin/panel/tools".into(), "models"),
            empty: Empty::default(),
            words: RU,
        }
    }

    /// The plain texts of a column.
    fn column(table: &Table, place: usize) -> Vec<String> {
        table.rows.iter().map(|row| row[place].plain()).collect()
    }

    #[test]
    fn rows_that_are_all_here_are_sorted_by_any_column_as_what_it_holds() {
        let by = |query: &str, place: usize| column(&table().asked(&View::read(query)), place);
        // As numbers, not as they are written; what has none is last both ways, and what is alike stays in its order.
        assert_eq!(by("models.sort=cost", 1), ["1200000", "9000", "9000", ""]);
        assert_eq!(by("models.sort=cost&models.order=asc", 1), ["9000", "9000", "1200000", ""]);
        assert_eq!(by("models.sort=cost&models.order=asc", 2), ["-", "20", "100", "9"]);
        assert_eq!(by("models.sort=name", 0), ["берёза", "Берёза", "Ива", ""]);
        assert_eq!(by("models.sort=name&models.order=desc", 0), ["Ива", "берёза", "Берёза", ""]);
        assert_eq!(by("models.sort=person", 2), ["9", "20", "100", "-"]);
        // What is none of its columns, and what is asked of another table, changes nothing.
        for nothing in ["", "models.sort=acts", "models.sort=nothing", "sort=cost", "tools.sort=cost"] {
            assert_eq!(by(nothing, 2), ["100", "9", "-", "20"], "{nothing}");
        }
    }

    #[test]
    fn links_of_a_table_keep_what_else_was_asked_for() {
        let table = table().asked(&View::read("period=day&tools.sort=calls&models.sort=cost&csv=tools&after=7"));
        let heads = table.heads();
        let kept = "/admin/panel/tools?period=day&tools.sort=calls&after=7";
        assert_eq!(heads[0].href.as_deref(), Some(&*format!("{kept}&models.sort=name&models.order=asc#models")));
        assert_eq!((heads[1].sort, heads[3].href.as_deref()), ("descending", None));
        assert_eq!(table.listing.csv(), format!("{kept}&models.sort=cost&models.order=desc&csv=models"));
    }

    #[test]
    fn one_page_of_many_is_not_sorted_by_what_has_no_index() {
        let mut table = table();
        table.listing.next = Some("7".into());
        let table = table.asked(&View::read("q=ива&after=9&models.sort=cost"));
        assert_eq!(column(&table, 2), ["100", "9", "-", "20"]);
        assert!(table.heads().iter().all(|head| head.href.is_none()) && !table.can_be_sorted());
        assert_eq!(table.next().as_deref(), Some("/admin/panel/tools?q=%D0%B8%D0%B2%D0%B0&after=7"));
        assert_eq!(table.listing.csv(), "/admin/panel/tools?q=%D0%B8%D0%B2%D0%B0&csv=models");
    }
}
