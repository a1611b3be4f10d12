//! `/admin/panel/people`: who talks to the companion, looked for, sorted, page by page, and as a file.

use axum::{
    Router,
    extract::{Query, State, rejection::QueryRejection},
    response::Response,
    routing::get,
};
use chrono::{DateTime, Utc};
use evolve_domain::{access::Permission, language::Language, plan::Plan};
use evolve_engine::people::Line;
use evolve_store::people::{By, Order, Place};
use serde::Deserialize;

use super::{
    Reader,
    numbers::{asked, count, invalid},
};
use crate::{
    panel::{
        pages::people::{People, PersonLine},
        parts::{Listing, Sort, Table},
        shell::Section,
    },
    problem::ApiError,
    state::Api,
};

/// People on a page.
const PAGE: u32 = 50;
/// People whom one statement reads for a file.
const AT_ONCE: u32 = 2000;
/// Longest words that people are looked for with, in characters.
const MAX_WORDS: usize = 200;

/// Its routes.
pub fn routes() -> Router<Api> {
    Router::new().route("/admin/panel/people", get(list)).route("/admin/panel/people.csv", get(csv))
}

/// Whom to list.
#[derive(Clone, Debug, Default, Deserialize)]
struct Asked {
    #[serde(default)]
    q: String,
    #[serde(default)]
    plan: String,
    #[serde(default)]
    sort: String,
    #[serde(default)]
    order: String,
    after: Option<String>,
}

impl Asked {
    fn words(&self) -> Result<&str, ApiError> {
        let is_sane = self.q.chars().count() <= MAX_WORDS && !self.q.contains('\0');
        if is_sane { Ok(self.q.trim()) } else { Err(invalid("q has at most 200 characters")) }
    }

    /// In which order; whoever was here last first, where nothing is said.
    fn order(&self) -> Order {
        let by = if self.sort == "since" { By::Came } else { By::Seen };
        Order { by, is_ascending: self.order == "asc", plan: self.plan.parse::<Plan>().ok() }
    }

    /// Whether something is said of the order.
    fn is_ordered(&self) -> bool {
        !(self.sort.is_empty() && self.order.is_empty())
    }

    /// In which order they are in a file: as they came, where nothing is said. When somebody was here last moves on while the file is
    /// read, and whoever writes meanwhile would be on none of its pages.
    fn order_of_file(&self) -> Order {
        let order = self.order();
        if self.is_ordered() { order } else { Order { by: By::Came, is_ascending: true, ..order } }
    }

    fn after(&self) -> Result<Option<Place>, ApiError> {
        let read = |text: &str| read(text).ok_or_else(|| invalid("after is the cursor of the page before"));
        self.after.as_deref().map(read).transpose()
    }
}

async fn list(
    reader: Reader,
    State(api): State<Api>,
    query: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, ApiError> {
    let asked = asked(query)?;
    let mut page = page(&reader, &asked);
    let words = asked.words()?;
    if words.is_empty() {
        let found = api.people.list(asked.order(), asked.after()?, PAGE).await?;
        page.listing.next = found.next.map(cursor);
        page.people = lines(&api, reader.words.language, found.people);
        // Of everybody it is known how many they are; whoever may not see numbers does not see that one.
        if page.plan.is_empty() && reader.may(Permission::Numbers) {
            page.total = api.reports.overview(1).await?.newest().map(|day| count(day.people));
        }
    } else {
        let found = api.people.find(words, None).await?;
        page.people = lines(&api, reader.words.language, ordered(found.people, asked.order()));
    }
    Ok(reader.page(&page))
}

/// All whom the list has, not one page of them.
async fn csv(
    reader: Reader,
    State(api): State<Api>,
    query: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, ApiError> {
    let asked = asked(query)?;
    asked.words()?;
    let (page, of) = (page(&reader, &asked), api.clone());
    api.downloads.send("people", move |after| of_file(of.clone(), page.clone(), asked.clone(), after)).await
}

/// A page of the file.
async fn of_file(
    api: Api,
    mut page: People,
    asked: Asked,
    after: Option<Place>,
) -> Result<(Table, Option<Place>), ApiError> {
    let (words, order) = (asked.words()?, asked.order_of_file());
    let (found, next) = if words.is_empty() {
        let found = api.people.list(order, after, AT_ONCE).await?;
        (found.people, found.next)
    } else {
        // They are few: no page comes after.
        (ordered(api.people.find(words, None).await?.people, order), None)
    };
    page.people = lines(&api, page.words.language, found);
    page.listing.is_later = after.is_some();
    page.listing.next = next.map(cursor);
    Ok((page.table(), next))
}

/// The page without anybody on it.
fn page(reader: &Reader, asked: &Asked) -> People {
    let order = asked.order();
    let sort =
        Sort { by: if order.by == By::Came { "since" } else { "last" }.to_owned(), is_descending: !order.is_ascending };
    let plan = order.plan.map(|plan| plan.as_str().to_owned()).unwrap_or_default();
    let listing = Listing {
        path: Section::People.path(),
        query: vec![("q".to_owned(), asked.q.clone()), ("plan".to_owned(), plan.clone())],
        sort: Some(sort),
        is_as_it_comes: !asked.is_ordered(),
        is_later: asked.after.is_some(),
        exports: true,
        ..Listing::default()
    };
    let (search, view) = (asked.q.clone(), reader.view.clone());
    People { search, plan, people: Vec::new(), total: None, listing, view, words: reader.words }
}

/// Who was found, as the list would have them: they are few, and all of them are here.
fn ordered(mut found: Vec<Line>, order: Order) -> Vec<Line> {
    found.retain(|line| order.plan.is_none_or(|plan| line.listed.plan == plan));
    found.sort_by_key(|line| match order.by {
        By::Seen => (line.listed.seen_at, line.listed.user_id),
        By::Came => (line.listed.created_at, line.listed.user_id),
    });
    if !order.is_ascending {
        found.reverse();
    }
    found
}

fn lines(api: &Api, language: Language, found: Vec<Line>) -> Vec<PersonLine> {
    let line = |line: Line| PersonLine {
        id: line.listed.user_id,
        plan: line.listed.plan.as_str().to_owned(),
        level: api.engine.level_named(line.level.level, language).to_owned(),
        messages: count(line.listed.messages),
        since: Some(line.listed.created_at),
        last: Some(line.listed.seen_at),
        is_banned: line.listed.banned,
    };
    found.into_iter().map(line).collect()
}

/// A place of a list, as addresses have it: microseconds, which is what Postgres keeps, and the id.
pub(super) fn cursor((at, user_id): (DateTime<Utc>, i64)) -> String {
    format!("{}.{user_id}", at.timestamp_micros())
}

/// The place that a cursor means.
pub(super) fn read(cursor: &str) -> Option<(DateTime<Utc>, i64)> {
    let (at, user_id) = cursor.split_once('.')?;
    let at = DateTime::from_timestamp_micros(at.parse().ok()?)?;
    // What Postgres can hold, and more than anything was.
    let is_sane = (0..=253_402_300_799).contains(&at.timestamp());
    is_sane.then_some((at, user_id.parse().ok()?))
}
