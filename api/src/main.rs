//! The `evolve-api` process: reads its configuration, serves until it is told to stop.

use std::{io::Write as _, process::ExitCode};

use clap::Parser;
use evolve_api::Config;
use evolve_runtime::{
    clock::Clock,
    errors::Errors,
    http, logs,
    metrics::{Metrics, reference},
    shutdown::{Signals, Tasks},
    traces::Traces,
};

/// The HTTP API of EvolveAI. Everything else is environment variables: see `--config-reference`.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Print the reference of all environment variables, as a Markdown table, and end.
    #[arg(long)]
    config_reference: bool,
    /// Print the OpenAPI document and end.
    #[arg(long)]
    openapi: bool,
    /// Print the reference of all metrics, as a Markdown table, and end.
    #[arg(long)]
    metrics_reference: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = if arguments.config_reference {
        print(&Config::reference())
    } else if arguments.openapi {
        evolve_api::openapi_json().and_then(|json| print(&json))
    } else if arguments.metrics_reference {
        print_metrics()
    } else {
        run()
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Logs may not be set up yet, and this is for the person who starts the process.
            let _ = writeln!(std::io::stderr(), "evolve-api: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn print(text: &str) -> anyhow::Result<()> {
    Ok(writeln!(std::io::stdout(), "{}", text.trim_end())?)
}

#[tokio::main]
async fn print_metrics() -> anyhow::Result<()> {
    print(&reference(&evolve_api::metrics_reference().await?))
}

#[tokio::main]
async fn run() -> anyhow::Result<()> {
    let (config, secrets) = Config::from_env()?;
    let traces = Traces::start(&config.traces)?;
    let errors = Errors::start(&config.errors)?;
    logs::init(&config.logs, &traces, &errors);
    logs::hide_what_panics_say();
    let (tasks, metrics, rotation) = (Tasks::new(), Metrics::new(), config.rotation);
    logs::watch(&config.logs, &tasks);
    let signals = Signals::listen()?;
    let listener = http::bind(config.http_addr).await?;
    tracing::info!(address = %listener.local_addr()?, version = env!("CARGO_PKG_VERSION"), "listening");
    evolve_api::serve(config, listener, Clock::system(), &tasks, &metrics)?;
    secrets.watch(&tasks, rotation, || Config::from_env().map(drop));
    let done = tasks.run_until_stopped(signals).await;
    traces.finish().await;
    errors.finish().await;
    done
}
