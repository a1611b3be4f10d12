//! A private Postgres: initialised on first use, on loopback only, as an unprivileged account, and gone when we are.
//! `evolve up` keeps one in `.evolve/postgres`, durable and with a password; tests have throwaway ones without (see
//! [`crate::database`]).

use std::ffi::OsString;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::account::Account;
use crate::binaries;
use crate::error::{ServerError, log_tail};
use crate::process::{ServerProcess, Spec, free_port, is_alive, quiet_environment};
use crate::tls::ServerTls;

/// The user and the database that private servers are made with.
const NAME: &str = "evolve";

/// Postgres' own clean-up after a fast shutdown takes well under a second; this is for a machine that swaps.
const STOP_LIMIT: Duration = Duration::from_secs(15);

/// Recovery after a crash may replay a gigabyte of log.
const START_LIMIT: Duration = Duration::from_secs(60);

/// The letters that Postgres knows upper and lower case of depend on this, and with them the search in Russian. The
/// first exists on every Linux with glibc 2.35 or Debian's, the second on macOS and most others.
const CHARACTER_TYPES: [&str; 3] = ["C.UTF-8", "en_US.UTF-8", "UTF-8"];

/// How a private Postgres is to be.
pub struct PostgresOptions {
    /// Its data directory; made when missing.
    pub data: PathBuf,
    /// Where its output is appended.
    pub log: PathBuf,
    /// The password to make it with and to connect with; without one, everybody on this machine is let in.
    pub password: Option<String>,
    /// A port that must be this one; otherwise a free one is found.
    pub port: Option<u16>,
    /// What its data has to survive.
    pub durability: Durability,
    /// Speaks TLS to whoever asks for it, with this certificate; without one, to nobody.
    pub tls: Option<ServerTls>,
    /// A directory to delete when the server goes.
    pub remove: Option<PathBuf>,
}

/// What committed data has to survive; the less, the faster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// A power cut: what people's data needs.
    PowerCut,
    /// SIGKILL of the server, but not the end of the machine: for tests that kill it.
    Kill,
    /// Nothing: for tests.
    Nothing,
}

/// A running private Postgres. Dropping it stops it.
pub struct PostgresServer {
    process: ServerProcess,
    port: u16,
    password: Option<String>,
}

impl PostgresServer {
    /// Finds Postgres, makes the data directory if needed, and starts the server. Blocks until it takes connections.
    ///
    /// # Errors
    /// [`ServerError`], with the server's own last lines where it had something to say.
    pub fn start(options: &PostgresOptions) -> Result<Self, ServerError> {
        let account = Account::for_servers()?;
        let made_by = major_of(&options.data);
        let programs = binaries::postgres(made_by)?;
        if made_by.is_none() {
            initialise(&programs.bin, options, account)?;
        }
        wait_for_an_earlier_one(&options.data);
        let mut attempts = 5;
        loop {
            let port = options.port.map_or_else(free_port, Ok)?;
            match launch(&programs.bin, options, account, port) {
                Ok(process) => return Ok(Self { process, port, password: options.password.clone() }),
                // Someone took the port between our look and its bind.
                Err(ServerError::Ended { tail, .. }) if attempts > 0 && tail.contains("could not bind") => {
                    attempts -= 1
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// The URL of its database `evolve`. It holds the password: not for logs.
    #[must_use]
    pub fn url(&self) -> String {
        self.url_of(NAME)
    }

    /// The URL of another of its databases.
    #[must_use]
    pub fn url_of(&self, database: &str) -> String {
        let password = self.password.as_ref().map(|password| format!(":{password}")).unwrap_or_default();
        format!("postgres://{NAME}{password}@127.0.0.1:{}/{database}", self.port)
    }

    /// The port on loopback.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The process, e.g. to notice its end.
    #[must_use]
    pub fn process(&self) -> &ServerProcess {
        &self.process
    }

    /// The process, to stop, kill or freeze it.
    pub(crate) fn process_mut(&mut self) -> &mut ServerProcess {
        &mut self.process
    }

    /// Stops it cleanly (open sessions are ended) and waits for that.
    ///
    /// # Errors
    /// [`ServerError::TooSlow`].
    pub fn stop(mut self) -> Result<(), ServerError> {
        self.process.stop(false)
    }
}

/// The major version that made a data directory, if there is one.
fn major_of(data: &Path) -> Option<u32> {
    std::fs::read_to_string(data.join("PG_VERSION")).ok()?.trim().parse().ok()
}

/// `initdb` beside the final place and a rename: a half-made directory never passes for a whole one.
fn initialise(bin: &Path, options: &PostgresOptions, account: Account) -> Result<(), ServerError> {
    let failed = |action, path: &Path| {
        let path = path.to_owned();
        move |source| ServerError::File { action, path, source }
    };
    account.own_directory(&options.data)?;
    let fresh = options.data.with_extension("new");
    if fresh.exists() {
        std::fs::remove_dir_all(&fresh).map_err(failed("remove", &fresh))?;
    }
    account.own_directory(&fresh)?;
    let password_file = match &options.password {
        Some(password) => Some(write_password(&options.data.with_extension("password"), password, account)?),
        None => None,
    };
    let made = initdb_in_some_locale(bin, &fresh, password_file.as_deref(), options.durability, account);
    if let Some(path) = password_file {
        std::fs::remove_file(&path).map_err(failed("remove", &path))?;
    }
    made?;
    create_database(bin, &fresh, account)?;
    std::fs::rename(&fresh, &options.data).map_err(failed("move the new data to", &options.data))
}

fn write_password(path: &Path, password: &str, account: Account) -> Result<PathBuf, ServerError> {
    let failed = |source| ServerError::File { action: "write", path: path.to_owned(), source };
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.create(true).truncate(true).write(true).mode(0o600).open(path).map_err(failed)?;
    file.write_all(password.as_bytes()).map_err(failed)?;
    account.own(path)?;
    Ok(path.to_owned())
}

fn initdb_in_some_locale(
    bin: &Path,
    data: &Path,
    password_file: Option<&Path>,
    durability: Durability,
    account: Account,
) -> Result<(), ServerError> {
    let mut refusals = String::new();
    for character_type in CHARACTER_TYPES {
        let mut command = Command::new(bin.join("initdb"));
        command.arg("-D").arg(data).args(["-U", NAME, "-E", "UTF8", "--locale=C", "--no-instructions"]);
        command.arg(format!("--lc-ctype={character_type}"));
        match password_file {
            Some(path) => command.args(["--auth=scram-sha-256", "--pwfile"]).arg(path),
            None => command.arg("--auth=trust"),
        };
        if durability != Durability::PowerCut {
            command.arg("--no-sync");
        }
        match run("initdb", command, data, account, "") {
            Err(ServerError::Tool { output, .. }) if output.contains("locale") => refusals += &output,
            other => return other,
        }
    }
    Err(ServerError::Tool { program: "initdb", output: refusals })
}

/// The database `evolve`, made while no server runs, so that no connection and no password is needed for it.
fn create_database(bin: &Path, data: &Path, account: Account) -> Result<(), ServerError> {
    let mut command = Command::new(bin.join("postgres"));
    command.args(["--single", "-D"]).arg(data).arg("postgres");
    run("postgres --single", command, data, account, &format!("CREATE DATABASE {NAME}\n"))
}

fn run(
    program: &'static str,
    mut command: Command,
    directory: &Path,
    account: Account,
    input: &str,
) -> Result<(), ServerError> {
    let failed = |source: std::io::Error| ServerError::Tool { program, output: source.to_string() };
    quiet_environment(&mut command).current_dir(directory);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = account.apply(&mut command).spawn().map_err(failed)?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.as_bytes()).map_err(failed)?;
    }
    let output = child.wait_with_output().map_err(failed)?;
    let text = String::from_utf8_lossy(&output.stderr);
    // A single-user server reports a failed statement as a line, not as its status.
    if output.status.success() && !text.contains("ERROR:") && !text.contains("FATAL:") {
        return Ok(());
    }
    Err(ServerError::Tool { program, output: text.into_owned() })
}

/// A server whose holder was killed a moment ago may still be on its way out.
fn wait_for_an_earlier_one(data: &Path) {
    let start = Instant::now();
    while postmaster(data).is_some_and(|(pid, _)| is_alive(pid)) && start.elapsed() < STOP_LIMIT {
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The process id and the status that a running server writes into its directory.
fn postmaster(data: &Path) -> Option<(i32, String)> {
    let text = std::fs::read_to_string(data.join("postmaster.pid")).ok()?;
    let mut lines = text.lines();
    let pid = lines.next()?.trim().parse().ok()?;
    Some((pid, lines.nth(6).unwrap_or_default().trim().to_owned()))
}

fn launch(bin: &Path, options: &PostgresOptions, account: Account, port: u16) -> Result<ServerProcess, ServerError> {
    let (port, tls) = (port.to_string(), tls(options));
    let mut settings = vec![
        ("port", port.as_str()),
        ("listen_addresses", "127.0.0.1"),
        // No socket file: its path would have to fit into 104 bytes, and nobody needs it.
        ("unix_socket_directories", ""),
        ("timezone", "UTC"),
        ("log_timezone", "UTC"),
    ];
    settings.extend(tls.iter().map(|(name, value)| (*name, value.as_str())));
    if options.durability == Durability::Nothing {
        settings.push(("synchronous_commit", "off"));
    }
    if options.durability != Durability::PowerCut {
        settings.extend([
            ("fsync", "off"),
            ("full_page_writes", "off"),
            ("wal_level", "minimal"),
            ("max_wal_senders", "0"),
            ("max_connections", "300"),
            ("shared_buffers", "64MB"),
            // Whether it has run would be one more thing that differs from run to run.
            ("autovacuum", "off"),
            ("jit", "off"),
        ]);
    }
    let mut arguments: Vec<OsString> = vec!["-D".into(), options.data.clone().into()];
    for (name, value) in settings {
        arguments.extend(["-c".into(), format!("{name}={value}").into()]);
    }
    let start_of_log = std::fs::metadata(&options.log).map_or(0, |meta| meta.len());
    let process = ServerProcess::spawn(&Spec {
        name: "Postgres",
        program: &bin.join("postgres"),
        arguments,
        environment: Vec::new(),
        directory: &options.data,
        log: &options.log,
        account: Some(account),
        // The fast shutdown: sessions are ended, the next start needs no recovery.
        stop_signal: "INT",
        stop_limit: STOP_LIMIT,
        remove: options.remove.as_deref(),
    })?;
    let pid = process.pid();
    let ready = || postmaster(&options.data).is_some_and(|(its_pid, status)| its_pid == pid && status == "ready");
    process.wait_until_ready(START_LIMIT, ready).map_err(|error| match error {
        ServerError::Ended { name, status, log, .. } => {
            let tail = new_lines(&log, start_of_log);
            ServerError::Ended { name, status, log, tail }
        }
        other => other,
    })?;
    Ok(process)
}

fn tls(options: &PostgresOptions) -> Vec<(&'static str, String)> {
    let Some(tls) = &options.tls else { return Vec::new() };
    let file = |path: &Path| path.display().to_string();
    vec![("ssl", "on".to_owned()), ("ssl_cert_file", file(&tls.certificate)), ("ssl_key_file", file(&tls.key))]
}

/// What was logged since `start`: an old "could not bind" must not pass for a new one.
fn new_lines(log: &Path, start: u64) -> String {
    let skip = usize::try_from(start).unwrap_or(0);
    match std::fs::read(log) {
        Ok(bytes) => String::from_utf8_lossy(bytes.get(skip..).unwrap_or_default()).into_owned(),
        Err(_) => log_tail(log, 15),
    }
}
