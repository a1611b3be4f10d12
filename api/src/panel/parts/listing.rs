//! Where a list is, which part of it is shown, and by what it is sorted: the addresses of its links.
//!
//! A list that goes on page by page is sorted by the database, and so only by what has an index there: people by when they came and
//! when they were here last, subscribers by when it ends; all others come newest first. One whose rows are all on the page
//! ([`Listing::is_whole`]) is sorted by any column ([`Table::asked`](super::Table::asked)), and so is its file. That of a longer one is
//! in the order of the database.

use url::form_urlencoded::Serializer;

use super::view::FILE;

/// Where a list is, and which part of it is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// The address of the page.
    pub path: String,
    /// What was asked for besides: the filter.
    pub query: Vec<(String, String)>,
    /// How it is sorted; as it comes, where there is nothing.
    pub sort: Option<Sort>,
    /// Whether nobody asked for that: then links that go on do not say it, and a file is in an order of its own.
    pub is_as_it_comes: bool,
    /// Whether pages come before this one.
    pub is_later: bool,
    /// The cursor of the next page (`after`); nothing on the last.
    pub next: Option<String>,
    /// Whether it can be had as CSV.
    pub exports: bool,
    /// The id of a table that shares its address with others: it is sorted by `ID.sort` and `ID.order`, and is had as CSV at
    /// `PATH?csv=ID`. Without one these are `sort`, `order` and `PATH.csv`.
    pub id: Option<&'static str>,
}

/// How a list is sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sort {
    /// The key of the column.
    pub by: String,
    /// Whether the largest comes first.
    pub is_descending: bool,
}

impl Listing {
    /// That of a table of the page at this address, which may have others.
    #[must_use]
    pub fn within(path: String, id: &'static str) -> Self {
        Self { path, exports: true, id: Some(id), ..Self::default() }
    }

    /// Whether all of it is here: no part comes before this one, and none after.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        !self.is_later && self.next.is_none()
    }

    /// Under which names it is asked by what it is sorted, and which way.
    pub(super) fn names(&self) -> (String, String) {
        match self.id {
            Some(id) => (format!("{id}.sort"), format!("{id}.order")),
            None => ("sort".to_owned(), "order".to_owned()),
        }
    }

    fn address(&self, path: &str, more: &[(String, String)]) -> String {
        let mut query = Serializer::new(String::new());
        for (name, value) in self.query.iter().filter(|(_, value)| !value.is_empty()).chain(more) {
            query.append_pair(name, value);
        }
        let query = query.finish();
        if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
    }

    fn sorting(&self, sort: Option<&Sort>) -> Vec<(String, String)> {
        let Some(Sort { by, is_descending }) = sort else { return Vec::new() };
        let (name, way) = self.names();
        vec![(name, by.clone()), (way, if *is_descending { "desc" } else { "asc" }.to_owned())]
    }

    /// What was asked of its order.
    fn kept(&self) -> Vec<(String, String)> {
        self.sorting(self.sort.as_ref().filter(|_| !self.is_as_it_comes))
    }

    /// The list sorted like this. Where the page has others, it is shown from here on.
    #[must_use]
    pub fn sorted(&self, sort: &Sort) -> String {
        let address = self.address(&self.path, &self.sorting(Some(sort)));
        match self.id {
            Some(id) => format!("{address}#{id}"),
            None => address,
        }
    }

    /// The first page.
    #[must_use]
    pub fn first_page(&self) -> String {
        self.address(&self.path, &self.kept())
    }

    /// The page after this cursor.
    #[must_use]
    pub fn page_after(&self, cursor: &str) -> String {
        let mut more = self.kept();
        more.push(("after".to_owned(), cursor.to_owned()));
        self.address(&self.path, &more)
    }

    /// The whole list as CSV.
    #[must_use]
    pub fn csv(&self) -> String {
        let mut more = self.kept();
        match self.id {
            Some(id) => {
                more.push((FILE.to_owned(), id.to_owned()));
                self.address(&self.path, &more)
            }
            None => self.address(&format!("{}.csv", self.path), &more),
        }
    }
}
