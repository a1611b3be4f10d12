//! The binary `evolve-bot`.

use std::{io::Write as _, process::ExitCode};

use clap::Parser;
use evolve_bot::config::Config;
use evolve_runtime::{
    clock::Clock,
    config::{Reader, markdown},
    errors::Errors,
    http, logs,
    metrics::{Metrics, reference},
    shutdown::{Signals, Tasks},
    traces::Traces,
};

/// Telegram in and out. Configured by environment variables.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Print the reference of all environment variables, as Markdown, and end.
    #[arg(long)]
    config_reference: bool,
    /// Print the reference of all metrics, as Markdown, and end.
    #[arg(long)]
    metrics_reference: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if arguments.config_reference {
        return print_reference();
    }
    let done = if arguments.metrics_reference { print_metrics().await } else { run().await };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

async fn run() -> anyhow::Result<()> {
    let (config, secrets) = Config::from_env()?;
    let traces = Traces::start(&config.traces)?;
    let errors = Errors::start(&config.errors)?;
    logs::init(&config.logs, &traces, &errors);
    logs::hide_what_panics_say();
    let tasks = Tasks::new();
    logs::watch(&config.logs, &tasks);
    let signals = Signals::listen()?;
    let listener = http::bind(config.http_addr).await?;
    evolve_bot::start(&config, listener, Clock::system(), &tasks, &Metrics::new())?;
    secrets.watch(&tasks, config.rotation, || Config::from_env().map(drop));
    tracing::info!(address = %config.http_addr, "the bot has started");
    let done = tasks.run_until_stopped(signals).await;
    traces.finish().await;
    errors.finish().await;
    done
}

#[expect(clippy::print_stdout, reason = "the reference is what was asked for")]
fn print_reference() -> ExitCode {
    let mut env = Reader::from_values::<String, String>([]);
    let _: Config = Config::read(&mut env);
    print!("{}", markdown(env.reference()));
    ExitCode::SUCCESS
}

#[expect(clippy::print_stdout, reason = "the reference is what was asked for")]
async fn print_metrics() -> anyhow::Result<()> {
    print!("{}", reference(&evolve_bot::metrics_reference().await?));
    Ok(())
}

/// The log may not be set up yet, and this must be seen; where nothing can be written, the status says it alone.
fn fail(error: &anyhow::Error) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "evolve-bot: {error:#}");
    ExitCode::FAILURE
}
