//! A private Redis: on loopback only, as an unprivileged account, and gone when we are. `evolve up` keeps one in
//! `.evolve/redis`, with a password; tests share one throwaway server per test process and take a numbered database
//! each.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::account::Account;
use crate::binaries;
use crate::error::ServerError;
use crate::process::{ServerProcess, Spec, free_port};
use crate::tls::ServerTls;

/// How many tests of one process may have a database of their own.
const DATABASES: u32 = 10_000;

const STOP_LIMIT: Duration = Duration::from_secs(10);
const START_LIMIT: Duration = Duration::from_secs(30);

/// How a private Redis is to be.
pub struct RedisOptions {
    /// Its directory: the configuration, and the data of a lasting one.
    pub data: PathBuf,
    /// Where its output is appended.
    pub log: PathBuf,
    /// The password that it asks for; without one, everybody on this machine is let in.
    pub password: Option<String>,
    /// A port that must be this one; otherwise a free one is found.
    pub port: Option<u16>,
    /// For tests: nothing is written to disk, and there are many databases.
    pub throwaway: bool,
    /// Speaks TLS on a port of its own besides, with this certificate.
    pub tls: Option<ServerTls>,
    /// A directory to delete when the server goes.
    pub remove: Option<PathBuf>,
}

/// A running private Redis. Dropping it stops it.
pub struct RedisServer {
    process: ServerProcess,
    port: u16,
    tls_port: Option<u16>,
    password: Option<String>,
}

impl RedisServer {
    /// Finds redis-server and starts it. Blocks until it answers.
    ///
    /// # Errors
    /// [`ServerError`], with the server's own last lines where it had something to say.
    pub fn start(options: &RedisOptions) -> Result<Self, ServerError> {
        let account = Account::for_servers()?;
        let program = binaries::redis()?;
        account.own_directory(&options.data)?;
        let mut attempts = 5;
        loop {
            let port = options.port.map_or_else(free_port, Ok)?;
            let tls_port = options.tls.as_ref().map(|_| free_port()).transpose()?;
            match launch(&program, options, account, (port, tls_port)) {
                Ok(process) => return Ok(Self { process, port, tls_port, password: options.password.clone() }),
                // Someone took the port between our look and its bind.
                Err(ServerError::Ended { tail, .. }) if attempts > 0 && tail.contains("bind") => attempts -= 1,
                Err(error) => return Err(error),
            }
        }
    }

    /// The URL of database 0. It holds the password: not for logs.
    #[must_use]
    pub fn url(&self) -> String {
        self.url_of(0)
    }

    /// The URL of another of its numbered databases.
    #[must_use]
    pub fn url_of(&self, database: u32) -> String {
        let password = self.password.as_ref().map(|password| format!(":{password}@")).unwrap_or_default();
        format!("redis://{password}127.0.0.1:{}/{database}", self.port)
    }

    /// The port on loopback.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The port on loopback for TLS, where it was given a certificate.
    #[must_use]
    pub fn tls_port(&self) -> Option<u16> {
        self.tls_port
    }

    /// The process, e.g. to notice its end.
    #[must_use]
    pub fn process(&self) -> &ServerProcess {
        &self.process
    }

    /// Stops it cleanly and waits for that.
    ///
    /// # Errors
    /// [`ServerError::TooSlow`].
    pub fn stop(mut self) -> Result<(), ServerError> {
        self.process.stop(false)
    }
}

fn launch(
    program: &Path,
    options: &RedisOptions,
    account: Account,
    (port, tls_port): (u16, Option<u16>),
) -> Result<ServerProcess, ServerError> {
    let configuration = options.data.join("redis.conf");
    write_configuration(&configuration, options, account, (port, tls_port))?;
    let process = ServerProcess::spawn(&Spec {
        name: "Redis",
        program,
        arguments: vec![configuration.into()],
        environment: Vec::new(),
        directory: &options.data,
        log: &options.log,
        account: Some(account),
        stop_signal: "TERM",
        stop_limit: STOP_LIMIT,
        remove: options.remove.as_deref(),
    })?;
    process.wait_until_ready(START_LIMIT, || answers(port))?;
    Ok(process)
}

/// A file and not arguments, since everybody on the machine can read those.
fn write_configuration(
    path: &Path,
    options: &RedisOptions,
    account: Account,
    (port, tls_port): (u16, Option<u16>),
) -> Result<(), ServerError> {
    let mut text = format!("bind 127.0.0.1\nport {port}\ndaemonize no\nset-proc-title no\n");
    if options.throwaway {
        text += &format!("databases {DATABASES}\nsave \"\"\nappendonly no\n");
    } else {
        text += "save 60 1\nappendonly no\n";
    }
    if let Some(password) = &options.password {
        text += &format!("requirepass {password}\n");
    }
    if let (Some(tls), Some(tls_port)) = (&options.tls, tls_port) {
        let (authority, certificate, key) = (tls.authority.display(), tls.certificate.display(), tls.key.display());
        let who = if tls.asks_who { "yes" } else { "no" };
        text += &format!("tls-port {tls_port}\ntls-ca-cert-file {authority}\ntls-cert-file {certificate}\n");
        text += &format!("tls-key-file {key}\ntls-auth-clients {who}\n");
    }
    let failed = |source| ServerError::File { action: "write", path: path.to_owned(), source };
    let mut file =
        std::fs::OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(path).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    account.own(path)
}

/// Whether a Redis answers on this port: `PONG`, or that it wants a password, but not that it is still loading.
fn answers(port: u16) -> bool {
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let Ok(mut stream) = TcpStream::connect_timeout(&address, Duration::from_secs(1)) else { return false };
    let mut answer = [0; 8];
    stream.set_read_timeout(Some(Duration::from_secs(1))).is_ok()
        && stream.write_all(b"PING\r\n").is_ok()
        && stream.read(&mut answer).is_ok()
        && (answer.starts_with(b"+PONG") || answer.starts_with(b"-NOAUTH"))
}

/// The throwaway Redis that all tests of this process share, started on first use. Blocks while it starts.
///
/// # Errors
/// Why it cannot be started; remembered, so that every test of the process says so without trying again.
pub fn shared() -> Result<&'static RedisServer, ServerError> {
    static SHARED: OnceLock<Result<RedisServer, String>> = OnceLock::new();
    SHARED
        .get_or_init(|| start_throwaway(None).map_err(|error| error.to_string()))
        .as_ref()
        .map_err(|error| ServerError::Remembered(error.clone()))
}

fn start_throwaway(again: Option<(&Path, u16)>) -> Result<RedisServer, ServerError> {
    let data = match again {
        Some((data, _)) => data.to_owned(),
        None => Account::for_servers()?.temporary_directory("evolve-redis-")?,
    };
    RedisServer::start(&RedisOptions {
        log: data.join("redis.log"),
        password: None,
        port: again.map(|(_, port)| port),
        throwaway: true,
        tls: None,
        remove: Some(data.clone()),
        data,
    })
}

/// A numbered database of [`shared`] that no other test has.
#[derive(Debug)]
pub struct TestRedis {
    url: String,
}

impl TestRedis {
    /// Takes the next number.
    ///
    /// # Panics
    /// When Redis cannot be started, with the reason; or when 10,000 numbers are used up.
    #[expect(clippy::panic, reason = "for tests, whose failure this is")]
    pub async fn create() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let server = match tokio::task::spawn_blocking(shared).await {
            Ok(Ok(server)) => server,
            Ok(Err(error)) => panic!("{error}"),
            Err(error) => panic!("starting Redis panicked: {error}"),
        };
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        assert!(number < DATABASES, "the {DATABASES} databases of the shared Redis are used up");
        Self { url: server.url_of(number) }
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

/// A Redis for one test alone, which may stop it, kill it, freeze it and start it again on the same port. It keeps
/// nothing over a restart, as a cache does.
pub struct OwnRedis {
    server: Option<RedisServer>,
    data: PathBuf,
    port: u16,
}

impl OwnRedis {
    /// Starts one.
    ///
    /// # Errors
    /// [`ServerError`].
    pub fn start() -> Result<Self, ServerError> {
        let data = Account::for_servers()?.temporary_directory("evolve-redis-")?;
        let port = free_port()?;
        let server = start_throwaway(Some((&data, port)))?;
        Ok(Self { server: Some(server), data, port })
    }

    /// Where it is, running or not.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port)
    }

    /// The port on loopback, running or not.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The directory that holds its configuration and its log.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.data
    }

    /// Stops it cleanly. Connections to it are refused from then on.
    ///
    /// # Errors
    /// [`ServerError`].
    pub fn stop(&mut self) -> Result<(), ServerError> {
        self.server.take().map_or(Ok(()), |mut server| server.process.stop(true))
    }

    /// Kills it with SIGKILL.
    ///
    /// # Errors
    /// [`ServerError`].
    pub fn kill(&mut self) -> Result<(), ServerError> {
        self.server.take().map_or(Ok(()), |mut server| server.process.kill())
    }

    /// Freezes it: connections are taken by the kernel, and nothing answers.
    pub fn freeze(&mut self) {
        if let Some(server) = &mut self.server {
            server.process.freeze();
        }
    }

    /// Ends [`Self::freeze`].
    pub fn thaw(&mut self) {
        if let Some(server) = &mut self.server {
            server.process.thaw();
        }
    }

    /// Starts it again on the same port; nothing to do while it runs.
    ///
    /// # Errors
    /// [`ServerError`].
    pub fn start_again(&mut self) -> Result<(), ServerError> {
        if self.server.is_none() {
            self.server = Some(start_throwaway(Some((&self.data, self.port)))?);
        }
        Ok(())
    }
}

impl Drop for OwnRedis {
    fn drop(&mut self) {
        if self.server.take().is_none() {
            // No watchdog is left that would remove it.
            let _ = std::fs::remove_dir_all(&self.data);
        }
    }
}
