//! `/admin/panel/revenue`: what comes in and recurs, currency by currency, what became of subscriptions, and who has premium.

use axum::{
    Router,
    extract::{Query, State, rejection::QueryRejection},
    response::Response,
    routing::get,
};
use chrono::{DateTime, Days, NaiveDate, Utc};
use evolve_domain::{access::Permission, payment::Going};
use evolve_engine::reports::{Currency, Revenue as Told};
use evolve_store::{
    payments::{Subscriber, Until},
    reports::{Day, Money},
};
use serde::Deserialize;

use super::{
    Reader,
    compared::{Compared, wanted},
    numbers::{asked, days, invalid, over_days},
    people::{cursor, read},
};
use crate::{
    panel::{
        charts::{Chart, Series},
        pages::{
            Period,
            revenue::{CurrencyPart, Revenue, SubscriberLine},
        },
        parts::{Card, Listing, Sort, Table},
        shell::Section,
        words::{Unit, Words},
    },
    problem::ApiError,
    state::Api,
};

/// Subscribers on a page.
const PAGE: u32 = 50;
/// Subscribers whom one statement reads for a file.
const AT_ONCE: u32 = 1000;
/// How places among those begin who have it without an end.
const ENDLESS: &str = "never.";
/// What recurs every thirty days, in a year.
const MONTHS: i64 = 12;
/// Days of the small lines of cards, at least.
const SPARK: u16 = 14;
/// Ids of charts, one for each currency.
const IDS: [&str; 6] = ["money-1", "money-2", "money-3", "money-4", "money-5", "money-6"];

/// Its routes.
pub fn routes() -> Router<Api> {
    Router::new().route("/admin/panel/revenue", get(page)).route("/admin/panel/revenue.csv", get(csv))
}

/// Of which time, and which part of the list.
#[derive(Debug, Default, Deserialize)]
struct Asked {
    period: Option<String>,
    #[serde(default)]
    order: String,
    after: Option<String>,
}

impl Asked {
    fn period(&self) -> Period {
        self.period.as_deref().and_then(Period::named).unwrap_or_default()
    }

    fn is_ascending(&self) -> bool {
        self.order == "asc"
    }

    fn after(&self) -> Result<Option<Until>, ApiError> {
        let read = |text: &str| place_in(text).ok_or_else(|| invalid("after is the cursor of the page before"));
        self.after.as_deref().map(read).transpose()
    }
}

async fn page(
    reader: Reader,
    State(api): State<Api>,
    query: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, ApiError> {
    let asked = asked(query)?;
    let (words, length) = (reader.words, days(asked.period()));
    // The days before, too: a number is shown against them.
    let told = api.reports.revenue(wanted(length).max(SPARK)).await?;
    let mut page = empty(&reader, &asked);
    if let Some(newest) = told.newest().map(|day| day.day) {
        let shown = last(newest, length);
        let begins: Vec<(NaiveDate, DateTime<Utc>)> =
            told.days.iter().filter(|day| shown.contains(&day.day)).map(|day| (day.day, day.begins_at)).collect();
        let moments: Vec<DateTime<Utc>> = begins.iter().map(|(_, begins)| *begins).collect();
        let moved = api.payments.moved(&moments).await?;
        let named = |name: &str, values: Vec<i64>| Series {
            name: words.code("series", name),
            values: values.into_iter().map(|value| value as f64).collect(),
        };
        let series = vec![
            named("began", moved.iter().map(|moved| moved.began).collect()),
            named("renewed", moved.iter().map(|moved| moved.renewed).collect()),
            named("ended", moved.iter().map(|moved| moved.ended).collect()),
        ];
        let on: Vec<NaiveDate> = begins.iter().map(|(day, _)| *day).collect();
        let title = ("subscriptions", words.say("panel-chart-subscriptions"));
        page.subscriptions = over_days(words, title, Unit::Count, &on, series);
        let compared = Compared::of(&told.days, length, words);
        page.currencies = parts(words, &told.of, compared.as_ref(), (newest, length));
    }
    if page.shows_people {
        let found = api.payments.subscribers(asked.is_ascending(), asked.after()?, PAGE).await?;
        page.listing.next = found.next.map(place);
        page.subscribers = lines(found.subscribers, api.clock.now());
    }
    Ok(reader.page(&page))
}

/// Everybody who has premium, not one page of them.
async fn csv(
    reader: Reader,
    State(api): State<Api>,
    query: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, ApiError> {
    let asked = asked(query)?;
    let (page, of) = (empty(&reader, &asked), api.clone());
    let is_ascending = asked.is_ascending();
    api.downloads.send("subscriptions", move |after| of_file(of.clone(), page.clone(), is_ascending, after)).await
}

/// A page of the file.
async fn of_file(
    api: Api,
    mut page: Revenue,
    is_ascending: bool,
    after: Option<Until>,
) -> Result<(Table, Option<Until>), ApiError> {
    let found = api.payments.subscribers(is_ascending, after, AT_ONCE).await?;
    page.subscribers = lines(found.subscribers, api.clock.now());
    page.listing.is_later = after.is_some();
    page.listing.next = found.next.map(place);
    Ok((page.table(), found.next))
}

/// The page without a number.
fn empty(reader: &Reader, asked: &Asked) -> Revenue {
    let (words, period) = (reader.words, asked.period());
    let listing = Listing {
        path: Section::Revenue.path(),
        query: vec![("period".to_owned(), period.as_str().to_owned())],
        sort: Some(Sort { by: "until".to_owned(), is_descending: !asked.is_ascending() }),
        is_later: asked.after.is_some(),
        exports: true,
        ..Listing::default()
    };
    Revenue {
        period,
        currencies: Vec::new(),
        subscriptions: Chart { id: "subscriptions", title: words.say("panel-chart-subscriptions"), ..Chart::default() },
        shows_people: reader.may(Permission::People),
        subscribers: Vec::new(),
        listing,
        view: reader.view.clone(),
        words,
    }
}

/// So many days up to one.
fn last(newest: NaiveDate, length: u16) -> Vec<NaiveDate> {
    (0..length).rev().filter_map(|ago| newest.checked_sub_days(Days::new(ago.into()))).collect()
}

/// Each currency.
fn parts(
    words: Words,
    told: &Told,
    compared: Option<&Compared<'_>>,
    (newest, length): (NaiveDate, u16),
) -> Vec<CurrencyPart> {
    let part = |(place, of): (usize, &Currency)| {
        let id = IDS.get(place).copied().unwrap_or("money");
        part(words, of, told.churn, compared, (id, newest, length))
    };
    told.currencies.iter().enumerate().map(part).collect()
}

fn part(
    words: Words,
    of: &Currency,
    churn: Option<f64>,
    compared: Option<&Compared<'_>>,
    (id, newest, length): (&'static str, NaiveDate, u16),
) -> CurrencyPart {
    let unit = Unit::Money(of.currency.clone());
    let on = |day: NaiveDate| of.days.iter().find(|money| money.day == day);
    let number = |day: NaiveDate, number: fn(&Money) -> i64| on(day).map_or(0, number);
    let shown = last(newest, length);
    let sum = |of: fn(&Money) -> i64| shown.iter().map(|day| number(*day, of)).sum::<i64>() as f64;
    let against = |of: fn(&Money) -> i64| {
        let all = |days: &[Day]| Some(days.iter().map(|day| number(day.day, of)).sum::<i64>() as f64);
        compared.and_then(|compared| compared.all(all))
    };
    let mrr = compared.and_then(|compared| compared.now(|day| Some(number(day.day, |money| money.mrr) as f64)));
    let recurring: Vec<f64> =
        last(newest, length.max(SPARK)).into_iter().map(|day| number(day, |money| money.mrr) as f64).collect();
    let cards = vec![
        Card::new(words, "panel-number-mrr", &unit, of.mrr as f64).against(words, mrr, Some(true)).spark(&recurring),
        Card::new(words, "panel-number-arr", &unit, of.mrr.saturating_mul(MONTHS) as f64),
        Card::known(words, "panel-number-arpu", &unit, of.arpu),
        Card::known(words, "panel-number-churn", &Unit::Share, churn),
        Card::known(words, "panel-number-ltv", &unit, of.lifetime_value),
        Card::new(words, "panel-paid", &unit, sum(sales)).against(words, against(sales), Some(true)),
        Card::new(words, "panel-series-refunded", &unit, sum(refunds)).against(words, against(refunds), Some(false)),
    ];
    let values = |of: fn(&Money) -> i64| shown.iter().map(|day| number(*day, of) as f64).collect::<Vec<f64>>();
    let series = vec![
        Series { name: words.say("panel-series-paid"), values: values(sales) },
        Series { name: words.say("panel-series-refunded"), values: values(refunds) },
    ];
    let chart = over_days(words, (id, words.say("panel-chart-money")), unit, &shown, series);
    CurrencyPart { currency: of.currency.clone(), cards, chart }
}

const fn sales(money: &Money) -> i64 {
    money.sales
}

const fn refunds(money: &Money) -> i64 {
    money.refunds
}

/// A line for each currency that somebody paid in; one without, for whom premium was given.
fn lines(subscribers: Vec<Subscriber>, now: DateTime<Utc>) -> Vec<SubscriberLine> {
    let of = |subscriber: Subscriber| {
        let renewal = renewal(&subscriber, now);
        let bare = SubscriberLine {
            person: subscriber.user_id,
            until: subscriber.until,
            renewal: renewal.to_owned(),
            ..SubscriberLine::default()
        };
        if subscriber.paid.is_empty() {
            return vec![bare];
        }
        let line = |spent: evolve_store::payments::Spent| SubscriberLine {
            since: Some(spent.since),
            paid: Some(spent.amount),
            currency: spent.currency,
            ..bare.clone()
        };
        subscriber.paid.into_iter().map(line).collect()
    };
    subscribers.into_iter().flat_map(of).collect()
}

/// A place of the list, as addresses have it.
fn place((until, id): Until) -> String {
    until.map_or_else(|| format!("{ENDLESS}{id}"), |until| cursor((until, id)))
}

/// The place that a cursor means.
fn place_in(text: &str) -> Option<Until> {
    match text.strip_prefix(ENDLESS) {
        Some(id) => Some((None, id.parse().ok()?)),
        None => read(text).map(|(until, id)| (Some(until), id)),
    }
}

/// How it goes on.
fn renewal(subscriber: &Subscriber, now: DateTime<Utc>) -> &'static str {
    match subscriber.renewal.filter(|renewal| !renewal.is_over(now)).map(|renewal| renewal.going()) {
        Some(Going::Running) => "renews",
        Some(Going::Stopping | Going::Stopped | Going::Resumable) => "ends",
        None if subscriber.paid.is_empty() => "given",
        None => "once",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_was_written_with_an_end_or_without() {
        let at = DateTime::from_timestamp_micros(1_795_262_400_123_456);
        for there in [(at, 42), (None, 42)] {
            assert_eq!(place_in(&place(there)), Some(there));
        }
        assert_eq!((place_in("never.x"), place_in("x.1")), (None, None));
    }
}
