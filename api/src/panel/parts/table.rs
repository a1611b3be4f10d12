//! Tables: sorted by a link, paged by a cursor, given away as CSV. On a phone each row is a card, and what they are sorted by stands
//! above them.

use askama::{Template, filters::HtmlSafe};
use chrono::{DateTime, Utc};

use super::{Act, Listing, Sort, Tone};
use crate::panel::{
    markup::Markup,
    words::{Unit, Words},
};

/// A table of rows that are alike.
#[derive(Clone, Debug, Template)]
#[template(path = "panel/parts/table.html")]
pub struct Table {
    /// Its id in the page.
    pub id: &'static str,
    /// What it lists.
    pub caption: String,
    /// The columns.
    pub columns: Vec<Column>,
    /// The rows: a cell for each column.
    pub rows: Vec<Vec<Cell>>,
    /// Where it is, and how it is sorted.
    pub listing: Listing,
    /// What is said where there are no rows.
    pub empty: Empty,
    /// In which language.
    pub words: Words,
}

impl HtmlSafe for Table {}

/// A column.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Column {
    /// Its name in addresses and in CSV.
    pub key: &'static str,
    /// Its head.
    pub title: String,
    /// Whether it holds numbers, which stand to the right.
    pub is_number: bool,
    /// Whether rows can be sorted by it.
    pub sorts: bool,
}

impl Column {
    /// A column of words.
    #[must_use]
    pub fn text(key: &'static str, title: String) -> Self {
        Self { key, title, is_number: false, sorts: false }
    }

    /// A column of numbers.
    #[must_use]
    pub fn number(key: &'static str, title: String) -> Self {
        Self { key, title, is_number: true, sorts: false }
    }

    /// One by which rows can be sorted.
    #[must_use]
    pub fn sorted(mut self) -> Self {
        self.sorts = true;
        self
    }

    /// Whether it says something, and is not what can be done: the column `acts`.
    #[must_use]
    pub fn is_data(&self) -> bool {
        self.key != "acts"
    }

    /// Its class.
    #[must_use]
    pub const fn class(&self) -> &'static str {
        if self.is_number { "number" } else { "text" }
    }
}

/// What stands in a row at a column.
#[derive(Clone, Debug, Default)]
pub enum Cell {
    /// Nothing.
    #[default]
    None,
    /// Words.
    Text(String),
    /// Words of ours for a machine: an id, a name that does not change.
    Code(String),
    /// A number: as it is read, and as a machine reads it.
    Number(String, String),
    /// A link to a page: its text, and where it leads.
    Link(String, String),
    /// A moment.
    Time(DateTime<Utc>),
    /// A state, and what that means.
    State(String, Tone),
    /// What a part has made, and what it says in words, as it is in the CSV.
    Markup(Markup, String),
    /// What can be done. It is not in the CSV.
    Acts(Vec<Act>),
}

impl Cell {
    /// A number of a unit.
    #[must_use]
    pub fn number(words: Words, unit: &Unit, value: f64) -> Self {
        Self::Number(words.value(unit, value), value.to_string())
    }

    /// A whole number.
    #[must_use]
    pub fn count(words: Words, value: u64) -> Self {
        Self::Number(words.number(value as f64), value.to_string())
    }

    /// A moment, or nothing.
    #[must_use]
    pub fn time(at: Option<DateTime<Utc>>) -> Self {
        at.map_or(Self::None, Self::Time)
    }

    /// Words, or nothing.
    #[must_use]
    pub fn maybe(text: Option<&str>) -> Self {
        text.filter(|text| !text.is_empty()).map_or(Self::None, |text| Self::Text(text.to_owned()))
    }

    /// As a machine reads it.
    #[must_use]
    pub fn plain(&self) -> String {
        match self {
            Self::None | Self::Acts(_) => String::new(),
            Self::Text(text)
            | Self::Code(text)
            | Self::Markup(_, text)
            | Self::Link(text, _)
            | Self::State(text, _)
            | Self::Number(_, text) => text.clone(),
            Self::Time(at) => at.to_rfc3339(),
        }
    }
}

/// What is said of a list without rows: that it is empty, and what to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Empty {
    /// That there is nothing.
    pub says: String,
    /// What to do about it.
    pub advice: String,
    /// Where that is done: a text and an address.
    pub link: Option<(String, String)>,
}

impl Empty {
    /// The messages `KEY` and `KEY-advice`.
    #[must_use]
    pub fn of(words: Words, key: &str) -> Self {
        Self { says: words.say(key), advice: words.say(&format!("{key}-advice")), link: None }
    }

    /// With a link to where it is done.
    #[must_use]
    pub fn link(mut self, text: String, href: &str) -> Self {
        self.link = Some((text, href.to_owned()));
        self
    }
}

/// The head of a column as it is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// What it says.
    pub title: String,
    /// Its class.
    pub class: &'static str,
    /// Where it leads: the list sorted by it.
    pub href: Option<String>,
    /// How the list is sorted by it now, as `aria-sort` says it.
    pub sort: &'static str,
    /// The same as a sign.
    pub sign: &'static str,
}

impl Table {
    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Whether there is somewhere to go on to. A page may be empty, and the next one not: of a search as far as it has come.
    #[must_use]
    pub fn has_pages(&self) -> bool {
        !self.is_empty() || self.listing.is_later || self.listing.next.is_some()
    }

    /// The heads.
    #[must_use]
    pub fn heads(&self) -> Vec<Head> {
        self.columns.iter().map(|column| self.head(column)).collect()
    }

    /// Whether whoever looks can sort it.
    #[must_use]
    pub fn can_be_sorted(&self) -> bool {
        self.columns.iter().any(|column| column.sorts)
    }

    fn head(&self, column: &Column) -> Head {
        let now = self.listing.sort.as_ref().filter(|sort| sort.by == column.key).map(|sort| sort.is_descending);
        // Numbers are mostly looked at from the largest on; the second click turns it round.
        let is_descending = now.map_or(column.is_number, |is_descending| !is_descending);
        let href = column.sorts.then(|| self.listing.sorted(&Sort { by: column.key.to_owned(), is_descending }));
        let (sort, sign) = match now {
            Some(true) => ("descending", "↓"),
            Some(false) => ("ascending", "↑"),
            None => ("none", ""),
        };
        Head { title: column.title.clone(), class: column.class(), href, sort, sign }
    }

    /// The rows, each cell with its column.
    #[must_use]
    pub fn lines(&self) -> Vec<Vec<(&Column, &Cell)>> {
        self.rows.iter().map(|row| self.columns.iter().zip(row).collect()).collect()
    }

    /// The address of the next page.
    #[must_use]
    pub fn next(&self) -> Option<String> {
        self.listing.next.as_deref().map(|cursor| self.listing.page_after(cursor))
    }

    /// A moment as it is shown.
    #[must_use]
    pub fn shown(&self, at: &DateTime<Utc>) -> String {
        self.words.when(*at)
    }
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;
    use evolve_domain::language::Language;

    use super::*;

    fn table(rows: Vec<Vec<Cell>>) -> Table {
        let words = Words { language: Language::En, zone: Tz::UTC };
        Table {
            id: "people",
            caption: "People".into(),
            columns: vec![Column::text("name", "Name".into()), Column::number("messages", "Messages".into()).sorted()],
            rows,
            listing: Listing {
                path: "/admin/panel/people".into(),
                query: vec![("q".into(), "Анна & Co".into()), ("plan".into(), String::new())],
                sort: Some(Sort { by: "messages".into(), is_descending: true }),
                is_as_it_comes: false,
                is_later: true,
                next: Some("42:a+b".into()),
                exports: true,
                id: None,
            },
            empty: Empty { says: "Nobody".into(), advice: "Wait".into(), link: None },
            words,
        }
    }

    #[test]
    fn links_keep_the_filter_and_the_order_and_turn_it_round() {
        let table = table(vec![vec![
            Cell::Text("<Anna>".into()),
            Cell::count(Words { language: Language::En, zone: Tz::UTC }, 1200),
        ]]);
        let query = "q=%D0%90%D0%BD%D0%BD%D0%B0+%26+Co";
        let heads = table.heads();
        let by_messages = heads.last().unwrap();
        assert_eq!(by_messages.href.as_deref(), Some(&*format!("/admin/panel/people?{query}&sort=messages&order=asc")));
        assert_eq!(by_messages.sort, "descending");
        let next = table.next().unwrap();
        assert_eq!(next, format!("/admin/panel/people?{query}&sort=messages&order=desc&after=42%3Aa%2Bb"));
        assert!(table.listing.csv().starts_with("/admin/panel/people.csv?q="));
        let html = table.render().unwrap();
        assert!(html.contains("&#60;Anna&#62;") && html.contains("1,200"), "{html}");
        assert!(html.contains("aria-sort=\"descending\""), "{html}");
    }

    /// On a phone the head is clipped: what it leads to is there a second time, where it can be seen and reached.
    #[test]
    fn what_a_list_is_sorted_by_can_be_chosen_without_its_head() {
        let mut sorted = table(vec![vec![Cell::Text("Anna".into()), Cell::None]]);
        let html = sorted.render().unwrap();
        let (_, nav) = html.split_once("<nav class=\"sorts\" aria-label=\"Sort by: People\">").unwrap();
        let (nav, list) = nav.split_once("</nav>").unwrap();
        assert!(nav.contains("sort=messages&#38;order=asc\" aria-current=\"true\">Messages"), "{nav}");
        assert_eq!(nav.matches("<a ").count(), 1, "names have no order: {nav}");
        assert!(list.contains("<span class=\"bare\">Messages</span></th>"), "what is clipped has a text: {list}");
        sorted.columns.iter_mut().for_each(|column| column.sorts = false);
        assert!(!sorted.render().unwrap().contains("class=\"sorts\""));
    }

    /// On a phone a cell is a grid, in which each element and each text beside one has a place of its own.
    #[test]
    fn what_is_marked_stays_in_its_sentence() {
        let excerpt = Markup::trusted("a <mark>cat</mark> came".to_owned());
        let html = table(vec![vec![Cell::Markup(excerpt, "a cat came".into()), Cell::None]]).render().unwrap();
        assert!(html.contains("<div>a <mark>cat</mark> came</div>"), "{html}");
    }

    #[test]
    fn an_empty_list_says_what_to_do() {
        let mut empty = table(Vec::new());
        let html = empty.render().unwrap();
        assert!(html.contains("Nobody") && html.contains("Wait") && !html.contains("<table"), "{html}");
        assert!(html.contains("rel=\"next\"") && !html.contains(".csv"), "there may be more behind it: {html}");
        empty.listing = Listing { exports: true, ..Listing::default() };
        assert!(!empty.render().unwrap().contains("<nav"));
    }
}
