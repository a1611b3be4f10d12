//! A server process that cannot outlive us. Each runs under a small shell script, `watchdog.sh`, that holds a pipe from
//! this process: when the pipe closes, for whatever reason, SIGKILL included, the script stops the server and removes
//! its temporary directory. Everything here is blocking and free of tokio, so that one server can be shared by tests
//! that each have a runtime of their own.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::sync::watch;

use crate::account::Account;
use crate::error::{ServerError, log_tail};

const WATCHDOG: &str = include_str!("watchdog.sh");

/// How often a condition on a process or a file is looked at again.
const GLANCE: Duration = Duration::from_millis(5);

/// How to run one server.
pub struct Spec<'a> {
    /// Its name in messages.
    pub name: &'static str,
    /// Its program.
    pub program: &'a Path,
    /// What it is told where everybody can read it: no secrets.
    pub arguments: Vec<OsString>,
    /// Its environment; nothing of ours is inherited but `PATH`.
    pub environment: Vec<(String, String)>,
    /// Its working directory: one that its account can reach.
    pub directory: &'a Path,
    /// Where its output is appended.
    pub log: &'a Path,
    /// Who it runs as; nothing for this process's own account.
    pub account: Option<Account>,
    /// The signal, without `SIG`, that asks it to stop cleanly.
    pub stop_signal: &'static str,
    /// How long it may take over that until it is killed.
    pub stop_limit: Duration,
    /// A directory that goes when the server goes.
    pub remove: Option<&'a Path>,
}

/// A running server. Dropping it stops the server without waiting for that.
#[derive(Debug)]
pub struct ServerProcess {
    name: &'static str,
    log: PathBuf,
    pid: i32,
    stop_limit: Duration,
    holder: Option<ChildStdin>,
    exit: watch::Receiver<Option<i32>>,
    reader: Option<JoinHandle<()>>,
}

impl ServerProcess {
    /// Starts it; it has not said anything yet.
    ///
    /// # Errors
    /// When the log cannot be opened or the program not be started.
    pub fn spawn(spec: &Spec<'_>) -> Result<Self, ServerError> {
        let failed = |action, path: &Path| {
            let path = path.to_owned();
            move |source| ServerError::File { action, path, source }
        };
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(spec.log)
            .map_err(failed("open the log", spec.log))?;
        let mut command = Command::new("/bin/sh");
        command.args(["-c", WATCHDOG, "watchdog", spec.stop_signal]);
        command.arg(spec.stop_limit.as_secs().to_string());
        command.arg(spec.remove.unwrap_or_else(|| Path::new("")));
        command.arg(spec.program).args(&spec.arguments);
        command.current_dir(spec.directory).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log);
        // A group of its own keeps Ctrl-C in the terminal from reaching the server before we decide the order.
        quiet_environment(&mut command).envs(spec.environment.iter().map(|(name, value)| (name, value)));
        command.process_group(0);
        if let Some(account) = spec.account {
            account.apply(&mut command);
        }
        let mut child = command.spawn().map_err(failed("start", spec.program))?;
        let holder = child.stdin.take();
        let mut output = BufReader::new(child.stdout.take().ok_or_else(|| ended(spec, 127))?);
        let mut first = String::new();
        let _ = output.read_line(&mut first);
        let pid = first.trim().parse().map_err(|_| ended(spec, 127))?;
        let (sender, exit) = watch::channel(None);
        let reader = std::thread::spawn(move || follow(child, output, &sender));
        Ok(Self {
            name: spec.name,
            log: spec.log.to_owned(),
            pid,
            stop_limit: spec.stop_limit,
            holder,
            exit,
            reader: Some(reader),
        })
    }

    /// The server's process id (not the watchdog's).
    #[must_use]
    pub fn pid(&self) -> i32 {
        self.pid
    }

    /// The file that holds what it printed.
    #[must_use]
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// Becomes `Some(status)` when the server has ended, by itself or not.
    #[must_use]
    pub fn exit(&self) -> watch::Receiver<Option<i32>> {
        self.exit.clone()
    }

    /// Asks `ready` again and again until it holds.
    pub(crate) fn wait_until_ready(&self, limit: Duration, ready: impl Fn() -> bool) -> Result<(), ServerError> {
        let start = Instant::now();
        loop {
            if let Some(status) = *self.exit.borrow() {
                let (log, tail) = (self.log.clone(), log_tail(&self.log, 15));
                return Err(ServerError::Ended { name: self.name, status, log, tail });
            }
            if ready() {
                return Ok(());
            }
            if start.elapsed() > limit {
                return Err(self.too_slow("become ready", limit));
            }
            std::thread::sleep(GLANCE);
        }
    }

    /// Stops the server cleanly and waits until it has ended. With `keep`, its temporary directory stays.
    ///
    /// # Errors
    /// [`ServerError::TooSlow`] when even SIGKILL did not end it in time.
    pub fn stop(&mut self, keep: bool) -> Result<(), ServerError> {
        if keep {
            self.tell("keep");
        }
        self.holder = None;
        // The watchdog kills it at the limit, so a little more is enough for that to be seen.
        self.wait_until_gone(self.stop_limit + Duration::from_secs(5))
    }

    /// Kills the server and everything it started with SIGKILL, as a power cut would.
    ///
    /// # Errors
    /// [`ServerError::TooSlow`] when it is there for long after.
    pub fn kill(&mut self) -> Result<(), ServerError> {
        self.tell("keep");
        let children = children_of(self.pid);
        // The server first: a Postgres whose backend is killed would begin to recover.
        signal_all([self.pid].into_iter().chain(children.iter().copied()), Signal::SIGKILL);
        self.holder = None;
        self.wait_until_gone(self.stop_limit)?;
        let start = Instant::now();
        while children.iter().any(|pid| is_alive(*pid)) {
            if start.elapsed() > self.stop_limit {
                return Err(self.too_slow("stop", self.stop_limit));
            }
            std::thread::sleep(GLANCE);
        }
        Ok(())
    }

    /// Freezes the server and everything it started: connections stay open, and nothing answers.
    pub(crate) fn freeze(&mut self) {
        // The watchdog is told before it happens, so that we can die in between and nothing stays frozen.
        self.tell(&frozen_line(self.pid, &children_of(self.pid)));
        signal_all([self.pid], Signal::SIGSTOP);
        let children = children_of(self.pid);
        self.tell(&frozen_line(self.pid, &children));
        signal_all(children, Signal::SIGSTOP);
    }

    /// Ends [`Self::freeze`].
    pub(crate) fn thaw(&mut self) {
        signal_all(children_of(self.pid).into_iter().chain([self.pid]), Signal::SIGCONT);
    }

    fn tell(&mut self, line: &str) {
        if let Some(holder) = &mut self.holder {
            // A watchdog that is gone has stopped its server already: there is nobody to tell.
            let _ = writeln!(holder, "{line}").and_then(|()| holder.flush());
        }
    }

    fn wait_until_gone(&mut self, limit: Duration) -> Result<(), ServerError> {
        let start = Instant::now();
        while self.reader.as_ref().is_some_and(|reader| !reader.is_finished()) {
            if start.elapsed() > limit {
                return Err(self.too_slow("stop", limit));
            }
            std::thread::sleep(GLANCE);
        }
        self.reader = None;
        Ok(())
    }

    fn too_slow(&self, verb: &'static str, limit: Duration) -> ServerError {
        let (log, tail) = (self.log.clone(), log_tail(&self.log, 15));
        ServerError::TooSlow { name: self.name, verb, seconds: limit.as_secs(), log, tail }
    }
}

/// Server programs read many variables (`PGDATA`, `PGPORT`, `LC_ALL`, …): they get none of the caller's.
pub(crate) fn quiet_environment(command: &mut Command) -> &mut Command {
    let path = std::env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin:/usr/sbin:/sbin".into());
    // Without any locale, Postgres on macOS stops with "became multithreaded during startup".
    command.env_clear().env("PATH", path).env("LC_ALL", "C").env("TZ", "UTC")
}

/// The first of the ports that are tried before all others: systems give none of these to a connection, or to who asks for any port
/// (Linux begins at 32768, others later). So what is free stays so until its user comes, however much goes on meanwhile.
const FIRST_PORT: u16 = 20_000;
/// How many they are.
const PORTS: u16 = 10_000;
/// How many of them are tried. Where all are taken, the system is asked for any.
const TRIES: u16 = 100;

/// A TCP port on loopback that nobody listens on now. Someone else may take it before its user does: callers retry.
///
/// # Errors
/// [`ServerError::File`] when loopback itself does not work.
pub fn free_port() -> Result<u16, ServerError> {
    // Each process begins elsewhere, and goes on from there: nobody in it is told what another was just told.
    static NEXT: LazyLock<AtomicU16> = LazyLock::new(|| AtomicU16::new(rand::random_range(0..PORTS)));
    for _ in 0..TRIES {
        let port = FIRST_PORT + NEXT.fetch_add(1, Ordering::Relaxed) % PORTS;
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
    std::net::TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(|source| ServerError::File { action: "find a free port on", path: "127.0.0.1".into(), source })
}

/// Whether a process with this id runs. One that has ended and was not reaped by its parent does not.
#[must_use]
pub fn is_alive(pid: i32) -> bool {
    if pid <= 0 || kill(Pid::from_raw(pid), None) == Err(nix::errno::Errno::ESRCH) {
        return false;
    }
    stat_of(pid).is_none_or(|fields| !fields.starts_with('Z'))
}

fn ended(spec: &Spec<'_>, status: i32) -> ServerError {
    let (log, tail) = (spec.log.to_owned(), log_tail(spec.log, 15));
    ServerError::Ended { name: spec.name, status, log, tail }
}

/// Reads what the watchdog says until it ends, and reaps it.
fn follow(mut child: Child, output: BufReader<std::process::ChildStdout>, exit: &watch::Sender<Option<i32>>) {
    for line in output.lines().map_while(Result::ok) {
        if let Some(status) = line.strip_prefix("exit ") {
            exit.send_replace(Some(status.parse().unwrap_or(-1)));
        }
    }
    let status = child.wait().ok().and_then(|status| status.code()).unwrap_or(-1);
    exit.send_if_modified(|exit| exit.is_none() && exit.replace(status).is_none());
}

fn frozen_line(pid: i32, children: &[i32]) -> String {
    children.iter().fold(format!("frozen {pid}"), |line, child| format!("{line} {child}"))
}

fn signal_all(pids: impl IntoIterator<Item = i32>, signal: Signal) {
    for pid in pids.into_iter().filter(|pid| *pid > 0) {
        // One that has ended meanwhile needs no signal.
        let _ = kill(Pid::from_raw(pid), signal);
    }
}

/// The direct children of a process: from `/proc` where there is one, else from `ps`.
fn children_of(parent: i32) -> Vec<i32> {
    if let Ok(entries) = std::fs::read_dir("/proc") {
        return entries
            .flatten()
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .filter(|pid: &i32| parent_of(*pid) == Some(parent))
            .collect();
    }
    let listing = Command::new("ps").args(["-axo", "pid=,ppid="]).output();
    let text = listing.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    text.lines()
        .filter_map(|line| {
            let mut numbers = line.split_whitespace().map(str::parse::<i32>);
            let (pid, its_parent) = (numbers.next()?.ok()?, numbers.next()?.ok()?);
            (its_parent == parent).then_some(pid)
        })
        .collect()
}

fn parent_of(pid: i32) -> Option<i32> {
    stat_of(pid)?.split_whitespace().nth(1)?.parse().ok()
}

/// What Linux tells about a process after its name: state, parent, and more.
fn stat_of(pid: i32) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in brackets may hold anything, brackets and spaces too: what counts is after the last one.
    Some(stat.rsplit_once(')')?.1.trim_start().to_owned())
}
