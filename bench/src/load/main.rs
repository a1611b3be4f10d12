//! A load test of somebody's own installation: people who write to the API at a steady rate, at one that grows, or in a rush.
//!
//! It asks `POST /chat` as the bot does, with the service key, so that everything behind it is under load: Postgres, Redis,
//! the models. People are made for it, of ids that Telegram gives to nobody; they stay until they are deleted. Beyond a threshold it
//! ends with 1, where it could not run with 2.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "its output is its purpose")]

mod scenario;

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Parser;
use evolve_bench::times::{Outcome, ms};
use evolve_bench::{arrivals, drive};
use evolve_contract::chat::ChatRequest;
use evolve_contract::{Client, ClientError};
use evolve_runtime::http::{self, ClientConfig};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use secrecy::SecretString;
use serde_json::json;
use url::Url;

use crate::scenario::{Scenario, Shape};

/// For a run that could not be made; a threshold that was exceeded is 1.
const NO_RUN: u8 = 2;
/// How many tokens are asked for at the same time.
const AT_THE_DOOR: usize = 8;

/// Writes to an installation as many people would, and tells how long the answers took. Every message is answered by the models
/// that the installation is set up with, and costs what they cost.
#[derive(Debug, Parser)]
#[command(name = "evolve-load")]
struct Args {
    /// The API, such as http://127.0.0.1:8000/.
    #[arg(long)]
    api_url: Url,
    /// The key by which the bot comes to the API. Better in the environment than here, where everybody can read it.
    #[arg(long, env = "SERVICE_KEY", hide_env_values = true)]
    service_key: SecretString,
    /// How requests come: at --rate all the time; from none to --rate; or at --rate, then at --peak for the middle third.
    #[arg(long, value_enum, default_value_t = Shape::Constant)]
    scenario: Shape,
    /// Messages a second.
    #[arg(long, default_value_t = 5.0, value_parser = scenario::rate)]
    rate: f64,
    /// Messages a second in a rush; ten times --rate where absent.
    #[arg(long, value_parser = scenario::rate)]
    peak: Option<f64>,
    /// How long, in seconds.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// How many people write, in turn. CHAT_RATE_LIMIT is for each of them.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u16).range(1..))]
    people: u16,
    /// The id of the first of them; the others follow.
    #[arg(long, default_value_t = 4_000_000_000_000_000)]
    first_person: i64,
    /// What they write.
    #[arg(long, default_value = "How was your day?")]
    message: String,
    /// Most requests under way at the same time; one more is not begun, and counts as failed.
    #[arg(long, default_value_t = 1000)]
    most_at_once: usize,
    /// Fails where 95 of 100 answers took longer, in milliseconds.
    #[arg(long)]
    max_p95_ms: Option<f64>,
    /// Fails where 99 of 100 answers took longer, in milliseconds.
    #[arg(long)]
    max_p99_ms: Option<f64>,
    /// Fails where more of 100 requests failed.
    #[arg(long, default_value_t = 1.0)]
    max_error_percent: f64,
    /// Tells it as JSON.
    #[arg(long)]
    json: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    match run(&args).await {
        Ok(outcome) => tell(&args, &outcome),
        Err(error) => {
            eprintln!("evolve-load: {error:#}");
            ExitCode::from(NO_RUN)
        }
    }
}

async fn run(args: &Args) -> anyhow::Result<Outcome> {
    let client = Client::new(http::client(ClientConfig::default())?, args.api_url.clone());
    let ids = (0..args.people).map(|place| args.first_person + i64::from(place));
    let tokens = stream::iter(ids)
        .map(|id| {
            let client = client.clone();
            async move { Ok::<_, ClientError>(client.auth_as_service(&args.service_key, id).await?.access_token) }
        })
        .buffered(AT_THE_DOOR)
        .try_collect::<Vec<_>>();
    let tokens = Arc::new(tokens.await.context("the API lets nobody in")?);
    let scenario = Scenario { shape: args.scenario, rate: args.rate, peak: args.peak, seconds: args.seconds };
    let moments = arrivals::moments(&scenario.stretches());
    anyhow::ensure!(!moments.is_empty(), "no message comes at {} a second in {} s", args.rate, args.seconds);
    let body = Arc::new(ChatRequest { message: args.message.clone(), ..ChatRequest::default() });
    let work = |place: usize| {
        let (client, tokens, body) = (client.clone(), Arc::clone(&tokens), Arc::clone(&body));
        async move {
            let token = tokens.get(place % tokens.len()).map(String::as_str).unwrap_or_default();
            client.chat(token, None, &body).await.map(drop).map_err(|error| name_of(&error))
        }
    };
    Ok(drive::open(&moments, args.most_at_once, work).await)
}

/// A failure, as it is counted.
fn name_of(error: &ClientError) -> String {
    match error {
        ClientError::Problem(problem) => format!("{} {:?}", problem.status, problem.code),
        ClientError::Transport(error) if error.is_timeout() => "timed out".to_owned(),
        ClientError::Transport(_) => "not reached".to_owned(),
        ClientError::Unexpected { status, .. } => format!("{status}, not of the API"),
    }
}

/// What was exceeded.
fn exceeded(args: &Args, outcome: &Outcome) -> Vec<String> {
    let mut exceeded = Vec::new();
    for (percent, limit) in [(95, args.max_p95_ms), (99, args.max_p99_ms)] {
        let is = outcome.percentile_ms(percent);
        if let Some(limit) = limit.filter(|limit| is > *limit) {
            exceeded.push(format!("p{percent} is {is:.1} ms, more than {limit} ms"));
        }
    }
    let failed = outcome.failed_percent();
    if failed > args.max_error_percent {
        exceeded.push(format!("{failed:.2}% failed, more than {}%", args.max_error_percent));
    }
    exceeded
}

fn tell(args: &Args, outcome: &Outcome) -> ExitCode {
    let exceeded = exceeded(args, outcome);
    let longest = ms(outcome.longest());
    if args.json {
        let told = json!({
            "answered": outcome.succeeded(), "failed": outcome.failed(), "failures": outcome.failures,
            "failed_percent": outcome.failed_percent(), "answered_per_second": outcome.per_second(),
            "p50_ms": outcome.percentile_ms(50), "p90_ms": outcome.percentile_ms(90), "p95_ms": outcome.percentile_ms(95),
            "p99_ms": outcome.percentile_ms(99), "longest_ms": longest, "exceeded": exceeded,
        });
        println!("{told}");
    } else {
        println!("answered    {}, {:.1} a second", outcome.succeeded(), outcome.per_second());
        println!("failed      {} ({:.2}%) {}", outcome.failed(), outcome.failed_percent(), outcome.failures_in_words());
        for percent in [50, 90, 95, 99] {
            println!("p{percent}         {:.1} ms", outcome.percentile_ms(percent));
        }
        println!("longest     {longest:.1} ms");
        for line in &exceeded {
            println!("EXCEEDED    {line}");
        }
    }
    if exceeded.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn args(more: &[&str]) -> Args {
        let all = ["evolve-load", "--api-url", "http://127.0.0.1:1/", "--service-key", "key"];
        Args::parse_from(all.iter().chain(more))
    }

    #[test]
    fn a_threshold_is_exceeded_by_what_is_more_and_not_by_what_is_as_much() {
        let times = (1..=99).map(|ms| Ok(Duration::from_millis(ms))).chain([Err("503".to_owned())]);
        let outcome = Outcome::of(times, Duration::from_secs(1));
        assert_eq!(exceeded(&args(&["--max-p99-ms", "99"]), &outcome), [""; 0]);
        let told = exceeded(&args(&["--max-p95-ms", "90", "--max-error-percent", "0.5"]), &outcome);
        assert_eq!(told, ["p95 is 95.0 ms, more than 90 ms", "1.00% failed, more than 0.5%"]);
    }

    #[tokio::test]
    async fn where_nobody_answers_there_is_no_run() {
        let refused = run(&args(&["--people", "1"])).await.unwrap_err();
        assert!(refused.to_string().contains("lets nobody in"), "{refused:#}");
    }
}
