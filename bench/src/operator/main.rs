//! What the operator promises, measured on a real control plane: many bots converge, what is deleted comes back within a
//! second, a wrong name is told within a second, a killed leader is replaced in the middle of a rollout, and when nothing
//! happens nothing is written. Ends with a failure when a promise is broken.

mod compare;
mod promises;
mod replica;
mod stages;
mod world;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::Parser;
use evolve_testkit::kubernetes::Plane;

use self::promises::Promises;
use self::replica::Replica;
use self::world::World;

/// Measures the operator. Needs KUBEBUILDER_ASSETS: a directory with etcd, kube-apiserver and kube-controller-manager.
#[derive(Debug, Parser)]
struct Arguments {
    /// How many bots there are.
    #[arg(long, default_value_t = 200)]
    bots: usize,
    /// How long nothing happens.
    #[arg(long, default_value_t = 10)]
    quiet_minutes: u64,
    /// How often each thing is done that takes no longer than seconds.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Compares the operator with a plain client instead, with each of these numbers of bots (up to 100 three times), and tells it
    /// as a line of JSON each; nothing where there is no control plane.
    #[arg(long, value_delimiter = ',')]
    compare: Vec<usize>,
    /// How long nothing happens each time that they are compared.
    #[arg(long, default_value_t = 60)]
    quiet_seconds: u64,
    /// How long the comparison may take in all, in seconds; what was found until then is told.
    #[arg(long, default_value_t = 3600)]
    limit_seconds: u64,
    /// The operator's program; the one beside this one when absent.
    #[arg(long)]
    operator: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if !arguments.compare.is_empty() {
        // It gives up by itself: whoever killed it would leave the operator's own process behind.
        let limit = Duration::from_secs(arguments.limit_seconds);
        let compared = tokio::time::timeout(limit, compare_all(&arguments)).await;
        let compared = compared.unwrap_or_else(|_| Err(anyhow::anyhow!("it was given up after {} s", limit.as_secs())));
        return compared.map_or_else(|error| fail(&error), |()| ExitCode::SUCCESS);
    }
    match run(arguments).await {
        Ok(promises) => promises.verdict(),
        Err(error) => fail(&error),
    }
}

async fn run(arguments: Arguments) -> anyhow::Result<Promises> {
    let program = program(&arguments)?;
    let plane = plane().await?.context("there is no control plane to measure on")?;
    let world = World::new(&plane).await?;
    let mut promises = Promises::default();

    let first = Replica::start(&program, plane.kubeconfig(), &world.namespace, "first")?;
    first.until_it_leads(Duration::from_secs(60)).await;
    let second = Replica::start(&program, plane.kubeconfig(), &world.namespace, "second")?;

    stages::converge(&world, arguments.bots, &first, &mut promises).await?;
    stages::delete(&world, arguments.rounds, &mut promises).await?;
    stages::misspell(&world, arguments.rounds, &mut promises).await?;
    stages::kill_the_leader(&world, first, &second, &mut promises).await?;
    stages::be_quiet(&world, &second, Duration::from_secs(60 * arguments.quiet_minutes), &mut promises).await?;
    Ok(promises)
}

/// The operator's program.
fn program(arguments: &Arguments) -> anyhow::Result<PathBuf> {
    let program = match &arguments.operator {
        Some(program) => program.clone(),
        None => std::env::current_exe()?.with_file_name("evolve-operator"),
    };
    anyhow::ensure!(program.exists(), "{} is not there: `cargo build -p evolve-operator`", program.display());
    Ok(program)
}

/// A control plane that knows the resource; none where there is nothing to make one of.
async fn plane() -> anyhow::Result<Option<Plane>> {
    tokio::task::spawn_blocking(|| {
        let Some(plane) = Plane::start()? else { return Ok(None) };
        plane.install(&evolve_operator::crd::definition())?;
        anyhow::Ok(Some(plane))
    })
    .await?
}

#[expect(clippy::print_stdout, reason = "the numbers are what was asked for")]
async fn compare_all(arguments: &Arguments) -> anyhow::Result<()> {
    let program = program(arguments)?;
    let Some(plane) = plane().await? else { return Ok(()) };
    for bots in &arguments.compare {
        let quiet = Duration::from_secs(arguments.quiet_seconds);
        let compared = compare::compare(&plane, &program, *bots, quiet).await?;
        println!("{}", serde_json::to_string(&compared)?);
    }
    Ok(())
}

#[expect(clippy::print_stderr, reason = "this must be seen")]
fn fail(error: &anyhow::Error) -> ExitCode {
    eprintln!("operator: {error:#}");
    ExitCode::FAILURE
}
