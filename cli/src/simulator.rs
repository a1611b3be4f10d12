//! `evolve telegram-simulator`: the testkit's Telegram server as a process of its own, so that it goes down and comes up
//! with the rest, and its log is beside theirs.

use std::net::SocketAddr;

use anyhow::Context;
use evolve_testkit::telegram::{Tokens, simulator};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::keys::SIMULATOR_TOKEN;

/// Serves until SIGTERM. The bot's token comes in the environment.
pub(crate) async fn run(address: SocketAddr, name: String) -> anyhow::Result<()> {
    let token = std::env::var(SIMULATOR_TOKEN).context("the simulator is started by `evolve up`, not by hand")?;
    let mut terminate = signal(SignalKind::terminate())?;
    let listener = TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))?;
    let mut options = simulator::options();
    options.tokens = Tokens::One(token);
    options.bot_name = name;
    let stop = async move {
        terminate.recv().await;
    };
    simulator::run(listener, options, stop).await.context("the simulated Telegram failed")
}
