//! What an `evolve up` has started, how one of its processes comes to listen on a port, and in which order all of them
//! stop.

use std::fs::File;
use std::net::TcpListener;
use std::path::Path;

use evolve_testkit::postgres::PostgresServer;
use evolve_testkit::process::{ServerProcess, free_port};
use evolve_testkit::redis::RedisServer;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::ready;

/// What has been started so far.
#[derive(Default)]
pub(crate) struct Running {
    pub(crate) postgres: Option<PostgresServer>,
    pub(crate) redis: Option<RedisServer>,
    pub(crate) simulator: Option<ServerProcess>,
    pub(crate) api: Option<ServerProcess>,
    pub(crate) bot: Option<ServerProcess>,
    /// See [`claim`].
    pub(crate) port: Option<File>,
}

impl Running {
    /// All that run, by name.
    pub(crate) fn processes(&self) -> Vec<(&'static str, &ServerProcess)> {
        let Self { postgres, redis, simulator, api, bot, port: _ } = self;
        [
            ("postgres", postgres.as_ref().map(PostgresServer::process)),
            ("redis", redis.as_ref().map(RedisServer::process)),
            ("telegram", simulator.as_ref()),
            ("api", api.as_ref()),
            ("bot", bot.as_ref()),
        ]
        .into_iter()
        .filter_map(|(name, process)| Some((name, process?)))
        .collect()
    }

    /// In the order in which they need each other, from the top. Tries to stop all, and reports the first failure.
    pub(crate) fn stop(self) -> anyhow::Result<()> {
        let Self { postgres, redis, simulator, api, bot, port } = self;
        let mut results = Vec::new();
        for mut process in [bot, api, simulator].into_iter().flatten() {
            results.push(process.stop(false));
        }
        results.extend(redis.map(RedisServer::stop));
        results.extend(postgres.map(PostgresServer::stop));
        drop(port);
        Ok(results.into_iter().collect::<Result<(), _>>()?)
    }
}

/// Claims a port among all that were started so on this machine, for as long as what is given is held; nothing where another has
/// claimed it. Two that look at the same moment find it free, and whoever of them comes second would take the first one's API, which
/// answers there, for its own.
pub(crate) fn claim(port: u16) -> Option<File> {
    let path = std::env::temp_dir().join(format!("evolve-port-{port}"));
    // Where it is another account's, so is the port.
    let file = File::options().create(true).truncate(false).write(true).open(path).ok()?;
    file.try_lock().is_ok().then_some(file)
}

/// Starts a process that listens, on the port that it would rather have or on a free one, and waits until it is ready
/// there.
pub(crate) async fn listening(
    name: &str,
    path: &str,
    slot: &mut Option<ServerProcess>,
    rather: Option<u16>,
    start: impl Fn(u16) -> anyhow::Result<ServerProcess>,
) -> anyhow::Result<u16> {
    let mut rather = rather.filter(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok());
    let mut attempts = 3;
    loop {
        let port = rather.take().map_or_else(free_port, Ok)?;
        let process = slot.insert(start(port)?);
        match ready::wait(name, process, &format!("http://127.0.0.1:{port}{path}")).await {
            Ok(()) => return Ok(port),
            // Someone took the port between our look and its bind.
            Err(_) if attempts > 0 && has_lost_port(process.log(), port) => attempts -= 1,
            Err(error) => return Err(error),
        }
    }
}

fn has_lost_port(log: &Path, port: u16) -> bool {
    std::fs::read_to_string(log).is_ok_and(|text| text.contains(&format!("cannot listen on 127.0.0.1:{port}")))
}

/// Ctrl-C, or SIGTERM from `evolve down` and service managers.
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// Listens for them from now on.
    pub(crate) fn new() -> std::io::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// The next of either.
    pub(crate) async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_one_holders_at_a_time() {
        let port = free_port().unwrap();
        let held = claim(port).unwrap();
        assert!(claim(port).is_none());
        drop(held);
        assert!(claim(port).is_some());
        std::fs::remove_file(std::env::temp_dir().join(format!("evolve-port-{port}"))).unwrap();
    }
}
