//! The first page: the numbers that matter, and what happens now.

use axum::{
    Router,
    extract::{Query, State, rejection::QueryRejection},
    http::HeaderMap,
    response::{IntoResponse as _, Response},
    routing::get,
};
use chrono::{Days, TimeDelta};
use evolve_contract::Code;
use evolve_domain::{access::Permission, report::microdollars};
use evolve_engine::reports::{DialogStats, Point, Revenue, Told, stickiness};
use evolve_store::reports::Day;
use futures::StreamExt as _;
use serde::Deserialize;

use super::{Reader, numbers::of_reports, tail};
use crate::{
    panel::{
        charts::{Chart, Label, Series},
        live,
        pages::{
            Period,
            overview::{Overview, TAIL, TopLine},
        },
        parts::Card,
        respond,
        shell::Section,
        words::{Unit, Words},
    },
    problem::ApiError,
    state::Api,
};

/// So many days the small lines of cards have, at least.
const SPARK: u16 = 14;
/// By this a browser says which event of a stream it had last.
const LAST_EVENT_ID: &str = "last-event-id";

/// The routes.
pub fn routes() -> Router<Api> {
    Router::new().route("/admin", get(show)).route("/admin/panel/live/tail", get(watch))
}

#[derive(Debug, Default, Deserialize)]
struct Asked {
    #[serde(default)]
    period: String,
}

async fn show(
    State(api): State<Api>,
    reader: Reader,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, ApiError> {
    if !reader.may(Permission::Numbers) {
        return elsewhere(&reader);
    }
    let Query(asked) = asked.unwrap_or_default();
    let (period, words) = (Period::named(&asked.period).unwrap_or_default(), reader.words);
    let length = of_reports(period).days();
    let days = api.reports.overview((2 * length).max(SPARK + 1)).await?;
    let revenue = api.reports.revenue((2 * length).max(SPARK + 1)).await?;
    let dialogs = api.reports.dialog_stats(of_reports(period)).await?;
    let happened = api.reports.happened(None, u32::try_from(TAIL).unwrap_or(u32::MAX)).await?;
    let after = happened.first().map_or_else(|| api.clock.now(), |newest| newest.at);
    let sees_people = reader.may(Permission::People);
    let page = Overview {
        period,
        cards: cards(&days, &revenue, period, words),
        activity: activity(&dialogs, words),
        top: sees_people.then(|| top(&dialogs)),
        tail: happened.into_iter().map(|one| tail::told(one, sees_people, words)).collect(),
        after: tail::mark(after),
        until: days.as_of,
        view: reader.view.clone(),
        words,
    };
    Ok(reader.page(&page))
}

/// Whoever may not see numbers begins at what they may see.
fn elsewhere(reader: &Reader) -> Result<Response, ApiError> {
    let first = reader.shell().sections.into_iter().find(|section| *section != Section::Overview);
    first.map(|section| respond::go_to(&section.path())).ok_or_else(|| Code::Forbidden.into())
}

/// The days of the period, and those of the one before.
struct Compared<'a> {
    days: &'a [Day],
    newest: &'a Day,
    period: Period,
    words: Words,
}

impl Compared<'_> {
    fn length(&self) -> u64 {
        of_reports(self.period).days().into()
    }

    /// The day that is so many before the newest; nothing where it was not counted.
    fn back(&self, days: u64) -> Option<&Day> {
        let wanted = self.newest.day.checked_sub_days(Days::new(days))?;
        self.days.iter().find(|day| day.day == wanted)
    }

    fn spark(&self, value: impl Fn(&Day) -> f64) -> Vec<f64> {
        let skipped = self.days.len().saturating_sub(SPARK.into());
        self.days.iter().skip(skipped).map(value).collect()
    }

    /// A number that is of a moment.
    fn now(&self, label: &str, unit: &Unit, value: impl Fn(&Day) -> f64, is_better_up: Option<bool>) -> Card {
        let now = value(self.newest);
        let card = Card::new(self.words, label, unit, now).spark(&self.spark(&value));
        // Today is not over: against a whole day it would always have fallen.
        match self.back(self.length()).filter(|_| self.period != Period::Day) {
            Some(before) => card.against(self.words, now, value(before), is_better_up),
            None => card,
        }
    }

    /// A number that adds up over days.
    fn sum(&self, label: &str, unit: &Unit, value: impl Fn(&Day) -> f64, is_better_up: Option<bool>) -> Card {
        let sum = |from: u64| (from..from + self.length()).filter_map(|days| self.back(days)).map(&value).sum::<f64>();
        let now = sum(0);
        let card = Card::new(self.words, label, unit, now).spark(&self.spark(&value));
        // Days that were not counted are nothing to compare with.
        let is_whole = self.back(2 * self.length() - 1).is_some() && self.period != Period::Day;
        if is_whole { card.against(self.words, now, sum(self.length()), is_better_up) } else { card }
    }
}

fn cards(days: &Told<()>, revenue: &Told<Revenue>, period: Period, words: Words) -> Vec<Card> {
    let Some(newest) = days.newest() else { return Vec::new() };
    let compared = Compared { days: &days.days, newest, period, words };
    let better = Some(true);
    let mut cards = vec![
        compared.now("panel-number-dau", &Unit::Count, |day| day.active as f64, better),
        compared.now("panel-number-wau", &Unit::Count, |day| day.active_7 as f64, better),
        compared.now("panel-number-mau", &Unit::Count, |day| day.active_30 as f64, better),
        compared.now("panel-number-stickiness", &Unit::Share, |day| stickiness(day).unwrap_or_default(), better),
        compared.sum("panel-number-new", &Unit::Count, |day| day.new_people as f64, better),
        compared.sum("panel-number-messages", &Unit::Count, |day| (day.messages + day.asides) as f64, better),
        compared.now("panel-number-premium", &Unit::Count, |day| day.premium.unwrap_or_default() as f64, better),
    ];
    for currency in &revenue.of.currencies {
        let unit = Unit::Money(currency.currency.clone());
        let mrr = |day: &Day| {
            let found = currency.days.iter().find(|money| money.day == day.day);
            found.map_or(0.0, |money| money.mrr as f64)
        };
        cards.push(compared.now("panel-number-mrr", &unit, mrr, better));
    }
    let cost = |day: &Day| microdollars(day.cost) as f64;
    cards.push(compared.sum("panel-number-cost", &Unit::Microdollars, cost, Some(false)));
    cards
}

/// Messages and people, by the hours of today or by days.
fn activity(dialogs: &Told<DialogStats>, words: Words) -> Chart {
    let points = &dialogs.of.activity;
    let label = |point: &Point| match point.hour {
        Some(hour) => {
            let hour = format!("{hour:02}:00");
            Label { short: hour.clone(), full: format!("{}, {hour}", words.day(point.day)) }
        }
        None => Label { short: words.day(point.day), full: words.date(point.day) },
    };
    let series = |name: &str, value: fn(&Point) -> i64| Series {
        name: words.code("series", name),
        values: points.iter().map(|point| value(point) as f64).collect(),
    };
    Chart {
        id: "activity",
        title: words.code("chart", "activity"),
        unit: Unit::Count,
        labels: points.iter().map(label).collect(),
        series: vec![series("messages", |point| point.messages), series("people", |point| point.people)],
    }
}

fn top(dialogs: &Told<DialogStats>) -> Vec<TopLine> {
    let count = |number: i64| u64::try_from(number).unwrap_or_default();
    let line = |top: &evolve_store::reports::Top| TopLine {
        id: top.user_id,
        messages: count(top.messages),
        replies: count(top.replies),
        cost: microdollars(top.cost) as f64,
    };
    dialogs.of.top.iter().map(line).collect()
}

#[derive(Debug, Default, Deserialize)]
struct Watched {
    after: Option<String>,
}

/// What happens, as it happens. The page says up to where it has it, and a browser that comes again which it had last.
async fn watch(
    State(api): State<Api>,
    reader: Reader,
    headers: HeaderMap,
    watched: Result<Query<Watched>, QueryRejection>,
) -> Response {
    let seat = match api.seats.take(&reader.actor.name()) {
        Ok(seat) => seat,
        Err(full) => return full.into_response(),
    };
    let Query(watched) = watched.unwrap_or_default();
    let last = headers.get(LAST_EVENT_ID).and_then(|id| tail::Had::read(id.to_str().ok()?));
    let had = last.or_else(|| tail::Had::read(&watched.after?));
    let now = api.clock.now();
    // What somebody was away from for longer is on the page, once it is loaded anew.
    let had = had.map_or_else(|| tail::Had::all(now), |had| had.since(now - TimeDelta::minutes(10)));
    let parts = tail::parts(api.clone(), had, reader.may(Permission::People), reader.words);
    live::stream(&api.tasks, seat.keeps(parts.take_until(Box::pin(reader.gone(&api)))))
}
