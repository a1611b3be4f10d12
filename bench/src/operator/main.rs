//! What the operator promises, measured on a real control plane: many bots converge, what is deleted comes back within a
//! second, a wrong name is told within a second, a killed leader is replaced in the middle of a rollout, and when nothing
//! happens nothing is written. Ends with a failure when a promise is broken.

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
    /// The operator's program; the one beside this one when absent.
    #[arg(long)]
    operator: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(promises) => promises.verdict(),
        Err(error) => fail(&error),
    }
}

async fn run(arguments: Arguments) -> anyhow::Result<Promises> {
    let program = match arguments.operator {
        Some(program) => program,
        None => std::env::current_exe()?.with_file_name("evolve-operator"),
    };
    anyhow::ensure!(program.exists(), "{} is not there: `cargo build -p evolve-operator`", program.display());
    let plane = tokio::task::spawn_blocking(|| {
        let plane = Plane::start()?.context("there is no control plane to measure on")?;
        plane.install(&evolve_operator::crd::definition())?;
        anyhow::Ok(plane)
    })
    .await??;
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

#[expect(clippy::print_stderr, reason = "this must be seen")]
fn fail(error: &anyhow::Error) -> ExitCode {
    eprintln!("operator: {error:#}");
    ExitCode::FAILURE
}
