//! The binary `evolve-operator`.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use evolve_operator::check::{self, Question};
use evolve_operator::controller::{self, config::Config, metrics::register_all};
use evolve_runtime::config::{Reader, markdown};
use evolve_runtime::errors::Errors;
use evolve_runtime::metrics::{Metrics, reference};
use evolve_runtime::shutdown::{Signals, Tasks};
use evolve_runtime::traces::Traces;
use evolve_runtime::{http, logs};

/// Turns EvolveBots into what runs them. Configured by environment variables.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print the CustomResourceDefinition as YAML, and end.
    Crd,
    /// Print the reference of all environment variables as Markdown, and end.
    ConfigReference,
    /// Print the reference of all metrics as Markdown, and end.
    MetricsReference,
    /// Ask whether an installed operator is well, and end with 1 if it is not.
    Check {
        /// Where it answers, such as `http://evolve-operator:8080`.
        #[arg(long)]
        url: String,
        /// A namespace that it looks after; all of them without this.
        #[arg(long = "namespace")]
        namespaces: Vec<String>,
        /// A namespace that it is to run bots in, when it looks after all of them.
        #[arg(long)]
        bots_in: Vec<String>,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Some(Command::Crd) => print_crd(),
        Some(Command::ConfigReference) => print_reference(),
        Some(Command::MetricsReference) => print_metrics(),
        Some(Command::Check { url, namespaces, bots_in }) => check(Question { url, namespaces, bots_in }).await,
        None => run().await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

async fn run() -> anyhow::Result<()> {
    let config = Config::from_env()?;
    let traces = Traces::start(&config.traces)?;
    let errors = Errors::start(&config.errors)?;
    logs::init(&config.logs, &traces, &errors);
    logs::hide_what_panics_say();
    let cluster = kube::Config::infer().await?;
    let tasks = Tasks::new();
    logs::watch(&config.logs, &tasks);
    let signals = Signals::listen()?;
    let listener = http::bind(config.http_addr).await?;
    controller::start(&config, cluster, listener, &tasks, &Metrics::new())?;
    tracing::info!(address = %config.http_addr, identity = config.identity, "the operator has started");
    let done = tasks.run_until_stopped(signals).await;
    traces.finish().await;
    errors.finish().await;
    done
}

#[expect(clippy::print_stdout, reason = "the definition is what was asked for")]
fn print_crd() -> anyhow::Result<()> {
    print!("{}", evolve_operator::crd::definition_yaml()?);
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the reference is what was asked for")]
fn print_reference() -> anyhow::Result<()> {
    let mut env = Reader::from_values::<String, String>([]);
    let _: Config = Config::read(&mut env);
    print!("{}", markdown(env.reference()));
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the reference is what was asked for")]
fn print_metrics() -> anyhow::Result<()> {
    let metrics = Metrics::new();
    let _ = register_all(&metrics);
    print!("{}", reference(&metrics.described()));
    Ok(())
}

async fn check(question: Question) -> anyhow::Result<()> {
    let client = kube::Client::try_default().await?;
    let problems = check::problems(&client, &question).await?;
    anyhow::ensure!(problems.is_empty(), "{}", problems.join("\n"));
    Ok(())
}

#[expect(clippy::print_stderr, reason = "the log may not be set up yet, and this must be seen")]
fn fail(error: &anyhow::Error) -> ExitCode {
    eprintln!("evolve-operator: {error:#}");
    ExitCode::FAILURE
}
