//! `/admin/panel/tools`: what models and tools did and cost, and whether models are asked at the moment.

use std::collections::BTreeMap;

use axum::{
    Router,
    extract::{Query, State, rejection::QueryRejection},
    response::Response,
    routing::get,
};
use chrono::{NaiveDate, TimeDelta};
use evolve_domain::{
    access::Permission,
    report::{microdollars, share},
};
use evolve_engine::{model::LinkStatus, reports::ToolUse};
use evolve_runtime::breaker::BreakerState;
use evolve_store::reports::{Day, Model, Tool, Top};

use super::{
    Reader,
    compared::{Compared, wanted},
    numbers::{OfTime, asked, count, days, of_reports, over_days},
};
use crate::{
    panel::{
        charts::{Chart, Series},
        pages::tools::{DearLine, ModelLine, ToolLine, Tools},
        parts::Card,
        words::{Unit, Words},
    },
    problem::ApiError,
    state::Api,
};

/// Models that are drawn by themselves; the others are one.
const DRAWN: usize = 5;

/// Its routes.
pub fn routes() -> Router<Api> {
    Router::new().route("/admin/panel/tools", get(page))
}

async fn page(
    reader: Reader,
    State(api): State<Api>,
    query: Result<Query<OfTime>, QueryRejection>,
) -> Result<Response, ApiError> {
    let period = asked(query)?.period();
    let (words, length) = (reader.words, days(period));
    let told = api.reports.tools(length).await?;
    let both = api.reports.overview(wanted(length)).await?;
    let (first_p50, now) = (api.reports.messages(length).await?.of.first_p50, api.clock.now());
    let shown: Vec<NaiveDate> = told.days.iter().map(|day| day.day).collect();
    let compared = Compared::of(&both.days, length, words);
    let cards = cards(words, &told.days, compared.as_ref(), first_p50);
    let ToolUse { tools, models, costs } = told.of;
    let costs = costs.into_iter().map(|of| (of.day, of.model, of.cost)).collect::<Vec<_>>();
    let cost = chart(words, &shown, &costs);
    let since = |seconds: u64| now - TimeDelta::seconds(i64::try_from(seconds).unwrap_or_default());
    let models = lines(&models, api.engine.providers(), since);
    let tool = |Tool { tool, calls, failed, person_days }: Tool| ToolLine {
        tool,
        calls: count(calls),
        person_days: count(person_days),
        failures: count(failed),
    };
    let tools = tools.into_iter().map(tool).collect();
    let dearest = if reader.may(Permission::People) {
        let dearest = api.reports.dearest(of_reports(period)).await?;
        Some(dearest.into_iter().map(dear).collect())
    } else {
        None
    };
    let view = reader.view.clone();
    Ok(reader.page(&Tools { period, cards, cost, models, dearest, tools, view, words }))
}

fn dear(top: Top) -> DearLine {
    DearLine {
        person: top.user_id,
        answers: count(top.replies),
        tokens: count(top.tokens),
        cost: microdollars(top.cost),
    }
}

fn cards(words: Words, shown: &[Day], compared: Option<&Compared<'_>>, first_p50: Option<i64>) -> Vec<Card> {
    let against = |of: fn(&[Day]) -> Option<f64>| compared.and_then(|compared| compared.all(of));
    let by_day: Vec<f64> = shown.iter().map(|day| microdollars(day.cost) as f64).collect();
    let unit = Unit::Microdollars;
    let mut cards = vec![
        Card::known(words, "panel-number-cost", &unit, cost(shown)).spark(&by_day).against(
            words,
            against(cost),
            Some(false),
        ),
        Card::known(words, "panel-number-cost-per-person", &unit, each(shown)).against(
            words,
            against(each),
            Some(false),
        ),
        Card::known(words, "panel-number-tokens", &Unit::Count, tokens(shown)).against(words, against(tokens), None),
    ];
    cards.extend(first_p50.map(|ms| Card::new(words, "panel-number-first-word", &Unit::Millis, ms as f64)));
    cards
}

fn sum(days: &[Day], of: fn(&Day) -> i64) -> i64 {
    days.iter().map(of).sum()
}

/// In microdollars.
fn cost(days: &[Day]) -> Option<f64> {
    Some(microdollars(sum(days, |day| day.cost)) as f64)
}

/// The cost of a person on a day on which they were active, in microdollars; nothing where nobody was.
fn each(days: &[Day]) -> Option<f64> {
    share(microdollars(sum(days, |day| day.cost)), sum(days, |day| day.active))
}

fn tokens(days: &[Day]) -> Option<f64> {
    Some(sum(days, |day| day.input_tokens + day.output_tokens) as f64)
}

/// The cost by day, of the dearest models each.
fn chart(words: Words, shown: &[NaiveDate], costs: &[(NaiveDate, String, i64)]) -> Chart {
    let mut by_model: BTreeMap<&str, i64> = BTreeMap::new();
    for (_, model, cost) in costs {
        *by_model.entry(model).or_default() += cost;
    }
    let mut dearest: Vec<(&str, i64)> = by_model.into_iter().filter(|(_, cost)| *cost > 0).collect();
    dearest.sort_by_key(|(model, cost)| (std::cmp::Reverse(*cost), *model));
    let is_of = |model: &str, names: &[(&str, i64)]| names.iter().any(|(name, _)| *name == model);
    let series = |name: String, names: &[(&str, i64)]| {
        let on = |day: &NaiveDate| {
            let of_day = costs.iter().filter(|(of, model, _)| of == day && is_of(model, names));
            microdollars(of_day.map(|(_, _, cost)| cost).sum()) as f64
        };
        Series { name, values: shown.iter().map(on).collect() }
    };
    let (first, rest) = dearest.split_at(dearest.len().min(DRAWN));
    let mut drawn: Vec<Series> =
        first.iter().map(|model| series(model.0.to_owned(), std::slice::from_ref(model))).collect();
    if !rest.is_empty() {
        drawn.push(series(words.say("panel-other-models"), rest));
    }
    over_days(words, ("cost", words.say("panel-chart-cost")), Unit::Microdollars, shown, drawn)
}

/// Models that can be asked, in that order, with what they did; and then those that did something and cannot be asked any more.
fn lines(
    models: &[Model],
    links: Vec<LinkStatus>,
    since: impl Fn(u64) -> chrono::DateTime<chrono::Utc>,
) -> Vec<ModelLine> {
    let used = |model: &str| models.iter().find(|of| of.model == model);
    let asked: Vec<String> = links.iter().map(|link| link.model.clone()).collect();
    let mut lines: Vec<ModelLine> = Vec::new();
    for link in links {
        // What a model did is not told by who served it: with two providers of one, it stands with the first.
        let is_first = lines.iter().all(|line| line.model != link.model);
        let breaker = match link.circuit_breaker.state {
            BreakerState::Closed => "closed",
            BreakerState::Open => "open",
            BreakerState::HalfOpen => "half_open",
        };
        lines.push(ModelLine {
            provider: Some(link.provider),
            breaker: Some(breaker.to_owned()),
            open_since: link.circuit_breaker.open_seconds.map(&since),
            ..line(&link.model, used(&link.model).filter(|_| is_first))
        });
    }
    let others = models.iter().filter(|of| !asked.contains(&of.model));
    lines.extend(others.map(|of| line(&of.model, Some(of))));
    lines
}

fn line(model: &str, used: Option<&Model>) -> ModelLine {
    let bare = ModelLine { model: model.to_owned(), cost: Some(0), ..ModelLine::default() };
    let Some(of) = used else { return bare };
    ModelLine {
        answers: count(of.turns),
        input_tokens: count(of.input_tokens),
        output_tokens: count(of.output_tokens),
        // Part of it may have had a price.
        cost: (of.unpriced_tokens == 0 || of.cost > 0).then(|| microdollars(of.cost)),
        ..bare
    }
}
