//! A TCP proxy between us and a server, for two kinds of questions. How often does this code go to the server? (It
//! counts round trips and keeps what was asked.) What happens when the network fails? (It cuts, refuses and stalls.)

mod forward;
mod postgres;
mod redis;

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};
use url::Url;

use self::forward::serve;

/// What the proxy does with connections now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Forward,
    Stall,
    Refuse,
}

/// The protocol that is read along.
#[derive(Debug, Clone, Copy)]
enum Protocol {
    Postgres,
    Redis,
    /// None: bytes are only copied.
    Plain,
}

/// What is lost of the round trip with which a connection falls silent: see [`CountingProxy::silence_at`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// The server never hears of it.
    Request,
    /// The server does what it is asked, and nobody hears of that.
    Answer,
}

/// What is in every statement by which processes of ours look for work, and in none of a turn.
const LOOKING: [&str; 7] = [
    "summary_need",
    "SELECT user_id, starts_on FROM weeks",
    " jobs",
    "clock_timestamp()",
    "read_only",
    "FROM events WHERE NOT told",
    "webhooks w CROSS JOIN",
];

/// What went through.
#[derive(Debug, Default)]
struct Counted {
    round_trips: usize,
    statements: Vec<String>,
}

/// Shared by all connections of one proxy.
#[derive(Debug)]
struct Shared {
    protocol: Protocol,
    upstream: SocketAddr,
    counted: Mutex<Counted>,
    /// The types of the parameters of statements that were prepared, as OIDs; 0 where the client left it to the server.
    types: Mutex<HashMap<String, Vec<u32>>>,
    mode: watch::Sender<Mode>,
    /// Counts up with every cut: a connection that was made before one ends.
    cuts: watch::Sender<u64>,
    /// Counts up with every [`CountingProxy::silence`], in the same way.
    silences: watch::Sender<u64>,
    /// In how many round trips all fall silent, and what is lost then.
    doom: Mutex<Option<(usize, Lost)>>,
    open: AtomicUsize,
}

impl Shared {
    fn count(&self, change: impl FnOnce(&mut Counted)) {
        change(&mut self.counted.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Counts a round trip that begins; what is lost of it, if it is the one.
    fn doomed(&self) -> Option<Lost> {
        let mut doom = self.doom.lock().unwrap_or_else(PoisonError::into_inner);
        let (left, lost) = (*doom)?;
        *doom = left.checked_sub(1).filter(|left| *left > 0).map(|left| (left, lost));
        doom.is_none().then_some(lost)
    }

    /// Falls silent; never ends.
    async fn fall_silent(&self) {
        self.silences.send_modify(|silences| *silences += 1);
        std::future::pending().await
    }
}

/// The proxy. It ends, with all its connections, when it is dropped.
///
/// ```no_run
/// # async fn story() -> std::io::Result<()> {
/// use evolve_testkit::{TestDatabase, proxy::CountingProxy};
///
/// let database = TestDatabase::migrated().await;
/// let proxy = CountingProxy::postgres(database.url()).await?;
/// // … connect to proxy.url(), and warm up: a statement is prepared on its first use …
/// proxy.reset();
/// // … one turn …
/// assert!(proxy.round_trips() <= 3, "{:#?}", proxy.statements());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct CountingProxy {
    shared: Arc<Shared>,
    url: String,
    _running: DropGuard,
}

impl CountingProxy {
    /// A proxy before the Postgres of this URL. A round trip is a Sync or a simple Query of the client; TLS is refused.
    ///
    /// # Errors
    /// When the URL does not name a reachable address, or no port can be had.
    pub async fn postgres(upstream: &str) -> io::Result<Self> {
        Self::start(Protocol::Postgres, upstream).await
    }

    /// A proxy before the Redis of this URL. A round trip is a request after an answer: what is sent in one go, a
    /// pipeline, is one.
    ///
    /// # Errors
    /// When the URL does not name a reachable address, or no port can be had.
    pub async fn redis(upstream: &str) -> io::Result<Self> {
        Self::start(Protocol::Redis, upstream).await
    }

    /// A proxy before any server; it counts nothing. The upstream is a URL with a host and a port.
    ///
    /// # Errors
    /// When the URL does not name a reachable address, or no port can be had.
    pub async fn plain(upstream: &str) -> io::Result<Self> {
        Self::start(Protocol::Plain, upstream).await
    }

    async fn start(protocol: Protocol, upstream: &str) -> io::Result<Self> {
        let invalid = |message: String| io::Error::new(io::ErrorKind::InvalidInput, message);
        let mut url = Url::parse(upstream).map_err(|error| invalid(error.to_string()))?;
        let host = url.host_str().unwrap_or("127.0.0.1").to_owned();
        let port = url.port().unwrap_or(match protocol {
            Protocol::Postgres => 5432,
            Protocol::Redis => 6379,
            Protocol::Plain => 443,
        });
        let address = tokio::net::lookup_host((host, port)).await?.next();
        let upstream = address.ok_or_else(|| invalid("the upstream has no address".to_owned()))?;
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let own = listener.local_addr()?;
        let change = url.set_host(Some("127.0.0.1")).is_ok() && url.set_port(Some(own.port())).is_ok();
        if !change {
            return Err(invalid("the upstream is not a URL with a host".to_owned()));
        }
        let shared = Arc::new(Shared {
            protocol,
            upstream,
            counted: Mutex::default(),
            types: Mutex::default(),
            mode: watch::Sender::new(Mode::Forward),
            cuts: watch::Sender::new(0),
            silences: watch::Sender::new(0),
            doom: Mutex::default(),
            open: AtomicUsize::new(0),
        });
        let stop = CancellationToken::new();
        let serving = serve(Arc::clone(&shared), listener, own);
        let stopped = stop.clone();
        // Ends with the token, and its connections with it: they live in its JoinSet.
        tokio::spawn(async move { stopped.run_until_cancelled(serving).await });
        Ok(Self { shared, url: url.into(), _running: stop.drop_guard() })
    }

    /// The upstream's URL with the proxy's address in it.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Round trips since the start or the last [`Self::reset`].
    #[must_use]
    pub fn round_trips(&self) -> usize {
        self.shared.counted.lock().unwrap_or_else(PoisonError::into_inner).round_trips
    }

    /// What was executed since the start or the last [`Self::reset`], in order: for Postgres the SQL texts, prepared
    /// ones each time they ran; for Redis the names of the commands, e.g. `EVALSHA`.
    #[must_use]
    pub fn statements(&self) -> Vec<String> {
        self.shared.counted.lock().unwrap_or_else(PoisonError::into_inner).statements.clone()
    }

    /// [`Self::statements`] without those of processes of ours that look for work: they may come at any time, and are no part of
    /// what was asked for.
    #[must_use]
    pub fn statements_asked_for(&self) -> Vec<String> {
        let mut statements = self.statements();
        statements.retain(|statement| !LOOKING.iter().any(|part| statement.contains(part)));
        statements
    }

    /// The OIDs of the types that the client named for the parameters of a statement when it prepared it, 0 where it named none;
    /// nothing of one that was never prepared through here. [`Self::reset`] forgets none of them.
    #[must_use]
    pub fn types_of(&self, statement: &str) -> Option<Vec<u32>> {
        self.shared.types.lock().unwrap_or_else(PoisonError::into_inner).get(statement).cloned()
    }

    /// Begins to count anew.
    pub fn reset(&self) {
        self.shared.count(|counted| *counted = Counted::default());
    }

    /// How many connections are open now.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.shared.open.load(Ordering::SeqCst)
    }

    /// Ends all open connections, in the middle of whatever they do. New ones are taken.
    pub fn cut(&self) {
        self.shared.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// Ends all open connections and refuses new ones, as a host does where nothing listens, until
    /// [`Self::restore`].
    pub fn refuse(&self) {
        self.shared.mode.send_replace(Mode::Refuse);
        self.cut();
    }

    /// Takes connections and bytes and forwards nothing, as a network does that loses packets, until
    /// [`Self::restore`].
    pub fn stall(&self) {
        self.shared.mode.send_replace(Mode::Stall);
    }

    /// Lets the connections that are open now be, without a byte for either side from now on: what a gateway does that has
    /// forgotten them. New ones are forwarded.
    pub fn silence(&self) {
        self.shared.silences.send_modify(|silences| *silences += 1);
    }

    /// Does as [`Self::silence`] at a round trip to Postgres, the first of those from now on being 1; in place of what was asked
    /// for before. What is returned ends when it has come to that.
    pub fn silence_at(&self, round_trip: usize, lost: Lost) -> impl Future<Output = ()> + use<> {
        let mut silences = self.shared.silences.subscribe();
        *self.shared.doom.lock().unwrap_or_else(PoisonError::into_inner) = Some((round_trip, lost));
        async move { drop(silences.changed().await) }
    }

    /// Ends [`Self::refuse`] and [`Self::stall`]; what was held back is forwarded.
    pub fn restore(&self) {
        self.shared.mode.send_replace(Mode::Forward);
    }
}
