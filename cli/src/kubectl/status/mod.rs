//! `status`: of one bot everything that belongs to it, as a tree; of all bots a line each. What may not be read is told in its
//! place, so that somebody with few rights still sees the rest.

mod gather;
mod objects;
pub(crate) mod pods;
mod report;
pub(crate) mod table;
mod tree;

use std::process::ExitCode;

use clap::ValueEnum;
use kube::api::ListParams;
use serde::Serialize;

use super::bot::Bot;
use super::cluster::{Cluster, Connection};
use super::paint::Paint;
use crate::say::{complain, say};

/// Which bots, and how they are shown.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The bot; all of the namespace when absent.
    bot: Option<String>,
    /// The bots of all namespaces.
    #[arg(short = 'A', long, conflicts_with = "bot")]
    all_namespaces: bool,
    /// Not for people.
    #[arg(short, long, value_name = "FORMAT")]
    output: Option<Format>,
}

/// How programs want it.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// JSON.
    Json,
    /// YAML.
    Yaml,
}

/// Shows it. The exit code tells whether it is well.
pub(crate) async fn run(connection: &Connection, arguments: &Arguments) -> ExitCode {
    match show(connection, arguments).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            complain(&error);
            ExitCode::from(2)
        }
    }
}

async fn show(connection: &Connection, arguments: &Arguments) -> anyhow::Result<bool> {
    let cluster = Cluster::connect(connection).await?;
    let paint = Paint::for_stdout();
    let Some(name) = &arguments.bot else { return show_all(&cluster, arguments, paint).await };
    let bot = cluster.bot(name).await?;
    let report = gather::gather(&cluster, &bot).await;
    match arguments.output {
        Some(format) => print(format, &report)?,
        None => say(tree::render(&report, paint)),
    }
    Ok(report.ready)
}

async fn show_all(cluster: &Cluster, arguments: &Arguments, paint: Paint) -> anyhow::Result<bool> {
    let api = if arguments.all_namespaces { cluster.all_bots() } else { cluster.bots() };
    let place = if arguments.all_namespaces {
        "all namespaces".to_owned()
    } else {
        format!("the namespace {}", cluster.namespace)
    };
    let listed = api.list(&ListParams::default()).await.map_err(cluster.cannot(format!("list the bots of {place}")))?;
    let bots: Vec<Bot> = listed.items.into_iter().map(Bot::of).collect();
    match arguments.output {
        Some(format) => print(format, &bots.iter().map(table::Line::of).collect::<Vec<_>>())?,
        None if bots.is_empty() => say(format!("There are no bots in {place}")),
        None => say(table::bots(&bots, arguments.all_namespaces, paint)),
    }
    Ok(bots.iter().all(Bot::is_ready))
}

fn print(format: Format, value: &impl Serialize) -> anyhow::Result<()> {
    match format {
        Format::Json => say(serde_json::to_string_pretty(value)?),
        Format::Yaml => say(serde_yaml_ng::to_string(value)?.trim_end()),
    }
    Ok(())
}
