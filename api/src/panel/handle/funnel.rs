//! `/admin/panel/funnel`: how far people get, of all who ever came.

use axum::{Router, extract::State, response::Response, routing::get};
use evolve_domain::relationship::Level;

use super::{Reader, numbers::count};
use crate::{
    panel::{
        charts::{Chart, Funnel, FunnelStep, Label, Series},
        pages::funnel::FunnelPage,
        words::Unit,
    },
    problem::ApiError,
    state::Api,
};

/// Its routes.
pub fn routes() -> Router<Api> {
    Router::new().route("/admin/panel/funnel", get(page))
}

async fn page(reader: Reader, State(api): State<Api>) -> Result<Response, ApiError> {
    let words = reader.words;
    let stages = api.reports.funnel().await?;
    let on = api.reports.users(1).await?.of;
    let name = |level: i16| match u8::try_from(level).ok().filter(|place| *place > 0) {
        Some(place) => api.engine.level_named(Level::at(place), words.language).to_owned(),
        None => words.say("panel-step-came"),
    };
    let step = |name: String, people: i64| FunnelStep { name, people: count(people) };
    let reached = |level: i16| stages.of.iter().find(|stage| stage.level == level).map_or(0, |stage| stage.people);
    let path = match stages.newest() {
        Some(newest) => vec![
            step(words.say("panel-step-came"), reached(0)),
            step(words.say("panel-step-talked"), reached(1)),
            step(words.say("panel-step-paid"), newest.paying),
        ],
        None => Vec::new(),
    };
    let highest = on.iter().map(|on| on.level).max();
    let now: Vec<(String, f64)> = highest.map_or_else(Vec::new, |highest| {
        let people = |level: i16| on.iter().filter(|on| on.level == level).map(|on| on.people).sum::<i64>();
        (0..=highest).map(|level| (name(level), people(level) as f64)).collect()
    });
    let levels = stages.of.iter().map(|stage| step(name(stage.level), stage.people)).collect();
    Ok(reader.page(&FunnelPage {
        path: Funnel { id: "path", title: words.say("panel-chart-path"), steps: path },
        levels: Funnel { id: "levels", title: words.say("panel-chart-levels"), steps: levels },
        now: Chart {
            id: "level-now",
            title: words.say("panel-chart-level-now"),
            unit: Unit::Count,
            labels: now.iter().map(|(name, _)| Label { short: name.clone(), full: name.clone() }).collect(),
            series: vec![Series {
                name: words.say("panel-series-people"),
                values: now.iter().map(|(_, people)| *people).collect(),
            }],
        },
        words,
    }))
}
