//! Dashboards and alerts, asked of a real Prometheus that scrapes the real processes while people chat and things go wrong: what
//! returns nothing then would stay empty, or silent, for ever. `make dashboards-check` runs this alone, and shows the table.

mod bots;
mod expression;
mod operators;
mod prometheus;
mod questions;

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write as _,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use self::{
    bots::Bots,
    operators::Operators,
    prometheus::Prometheus,
    questions::{Asked, Question},
};
use crate::processes::binaries;

/// For how long there is load at most: it ends with the last question that is answered. Numbers of people are shown by a look of the
/// API that it takes once a minute, which is a minute or two where the machine is not busy with something else.
const LIMIT: Duration = Duration::from_secs(900);

/// The repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_query_of_every_dashboard_and_alert_returns_data_while_there_is_load() {
    let untold = "whether dashboards and alerts return data";
    let Some(binaries) = binaries(untold) else { return };
    let Some(program) = Prometheus::program(untold) else { return };
    let bots = Bots::start(&binaries).await;
    let is_built = binaries.join("evolve-operator").is_file();
    let operators = if is_built { Operators::start(&binaries).await } else { None };
    let targets = bots.targets().into_iter().chain(operators.iter().map(Operators::target));
    let prometheus = Prometheus::start(&program, &targets.collect::<Vec<_>>()).await;

    let all = questions::all();
    let is_asked =
        |question: &&Question| question.of_others().is_none() && (operators.is_some() || !question.is_of_operator);
    let asked: Vec<&Question> = all.iter().filter(is_asked).collect();
    assert!(asked.len() > 150, "only {} things are asked", asked.len());
    let (begun, mut round) = (Instant::now(), 0);
    let mut left: Vec<(&Question, String)> = asked.iter().map(|question| (*question, String::new())).collect();
    while !left.is_empty() && begun.elapsed() < LIMIT {
        round += 1;
        bots.under_load(round).await;
        if let Some(operators) = &operators {
            operators.work(round).await;
        }
        let mut still = Vec::new();
        for (question, _) in left {
            if let Some(lacks) = lacks(&prometheus, question).await {
                still.push((question, lacks));
            }
        }
        left = still;
    }
    tell(&all, &asked, &left);
    if operators.is_none() {
        let skipped = "SKIPPED: whether the operator's dashboard and alerts return data. They need its program (`make build`) and a \
                       control plane (KUBEBUILDER_ASSETS).";
        writeln!(std::io::stderr(), "\n{skipped}\n").unwrap();
    }
    let told = |(question, lacks): &(&Question, String)| {
        format!("{} · {} · returns {lacks}: {:?}", question.of, question.part, question.asked)
    };
    assert!(left.is_empty(), "\n{}\n", left.iter().map(told).collect::<Vec<_>>().join("\n"));
}

async fn lacks(prometheus: &Prometheus, question: &Question) -> Option<String> {
    match &question.asked {
        Asked::Expression(expression) => prometheus.lacks(expression).await,
        Asked::Values(label, series) => prometheus.lacks_values(label, series).await,
    }
}

/// The table that `make dashboards-check` shows, and what is asked of nobody here.
fn tell(all: &[Question], asked: &[&Question], left: &[(&Question, String)]) {
    #[derive(Default)]
    struct Row<'a> {
        parts: BTreeSet<&'a str>,
        asked: usize,
        without: usize,
    }
    let mut rows: BTreeMap<&str, Row<'_>> = BTreeMap::new();
    for question in asked {
        let row = rows.entry(&question.of).or_default();
        row.parts.insert(&question.part);
        row.asked += 1;
    }
    for (question, _) in left {
        rows.entry(&question.of).or_default().without += 1;
    }
    println!("\n{:<24} {:>7} {:>8} {:>10}", "dashboard", "panels", "queries", "with data");
    for (of, Row { parts, asked, without }) in &rows {
        println!("{of:<24} {:>7} {asked:>8} {:>10}", parts.len(), asked - without);
    }
    for question in all {
        if let Some(who) = question.of_others() {
            println!("not asked: {} of {}, {who}", question.part, question.of);
        }
    }
}
