//! The handle of a test.

mod groups;
mod people;
mod seen;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use serde_json::Value;
use tokio::net::TcpListener;
use tokio::time::{Instant, timeout_at};
use tokio_util::task::AbortOnDropHandle;

use super::control::{self, ControlClient, ControlError};
use super::shared::Shared;
use super::{Fault, Options, Sent, Storm, TelegramServerBuilder, Tokens, http};

/// A Telegram server on a free port of loopback, with one bot. Dropping it stops it and cuts its connections.
///
/// What people do takes effect at once, without waiting; what the bot does is waited for with
/// [`wait_for`](Self::wait_for).
#[derive(Debug)]
pub struct TelegramServer {
    shared: Arc<Shared>,
    address: SocketAddr,
    token: String,
    _server: AbortOnDropHandle<()>,
}

impl Drop for TelegramServer {
    fn drop(&mut self) {
        self.shared.stop.cancel();
    }
}

impl TelegramServer {
    /// Sets up a server.
    pub fn builder() -> TelegramServerBuilder {
        TelegramServerBuilder::default()
    }

    /// Starts a server as it is by default.
    ///
    /// # Panics
    ///
    /// When no port of loopback can be bound.
    pub async fn start() -> Self {
        Self::builder().start().await
    }

    /// Starts a server with these settings.
    ///
    /// # Errors
    ///
    /// When no port of loopback can be bound.
    pub async fn with_options(options: Options) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let token = match &options.tokens {
            Tokens::One(token) => token.clone(),
            Tokens::Any => "777000777:AAany-token-will-do-with-this-server0".to_owned(),
        };
        let shared = Arc::new(Shared::new(options));
        let serving = http::serve(listener, shared.clone());
        let server = tokio::spawn(async move {
            if let Err(error) = serving.await {
                tracing::error!(%error, "the Telegram server has stopped");
            }
        });
        Ok(Self { shared, address, token, _server: AbortOnDropHandle::new(server) })
    }

    /// The base for the bot's `TELEGRAM_API_URL`, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The bot's token.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// A client of the control API.
    ///
    /// # Errors
    ///
    /// When no HTTP client can be made on this machine.
    pub fn control(&self) -> Result<ControlClient, ControlError> {
        ControlClient::new(self.url())
    }

    /// Makes calls fail.
    pub fn fault(&self, fault: Fault) {
        self.shared.change(|world| world.faults.add(fault));
    }

    /// Makes a share of all calls fail from now on.
    pub fn storm(&self, storm: Storm) {
        self.shared.change(|world| world.faults.rage(storm));
    }

    /// Forgets faults that have not happened, and ends a storm.
    pub fn clear_faults(&self) {
        self.shared.change(|world| world.faults.clear());
    }

    /// Takes Telegram down (every call loses its connection, nothing is pushed), or up again.
    pub fn set_down(&self, is_down: bool) {
        self.shared.change(|world| world.is_down = is_down);
    }

    /// Keeps the answers to all calls of a method back until [`let_go`](Self::let_go): they take effect at once, and are recorded
    /// with how they end, as by a Telegram that is slow to say so. One method at a time.
    pub fn keep_back(&self, method: &str) {
        self.shared.keep_back(Some(method));
    }

    /// Gives the answers that were kept back.
    pub fn let_go(&self) {
        self.shared.keep_back(None);
    }

    /// Waits until what the bot sent to a chat is as expected, and returns it.
    ///
    /// # Panics
    ///
    /// When that takes longer than [`Options::patience`], with everything there is to know.
    pub async fn wait_for(&self, chat_id: i64, is_expected: impl Fn(&[Sent]) -> bool) -> Vec<Sent> {
        self.wait_until("the expected messages", |server| {
            Some(server.messages(chat_id)).filter(|messages| is_expected(messages))
        })
        .await
    }

    /// Waits until the bot has confirmed every update.
    ///
    /// # Panics
    ///
    /// As [`wait_for`](Self::wait_for).
    pub async fn wait_until_confirmed(&self) {
        self.wait_until("no pending updates", |server| server.pending_updates().is_empty().then_some(())).await;
    }

    /// Waits until `look` finds what it looks for. It is asked again after every change of the server.
    ///
    /// # Panics
    ///
    /// When that takes longer than [`Options::patience`], with everything there is to know.
    #[expect(clippy::panic, reason = "the test has failed, and has to say why")]
    pub async fn wait_until<T>(&self, what: &str, look: impl Fn(&Self) -> Option<T>) -> T {
        let patience = self.shared.read(|world| world.options.patience);
        let deadline = Instant::now() + patience;
        let mut changes = self.shared.subscribe();
        loop {
            changes.borrow_and_update();
            if let Some(found) = look(self) {
                return found;
            }
            if !matches!(timeout_at(deadline, changes.changed()).await, Ok(Ok(()))) {
                panic!("waited {patience:?} in vain for {what}.\n{}", self.dump());
            }
        }
    }

    /// Everything there is to know, for a person to read.
    pub fn dump(&self) -> String {
        let state = self.shared.read(control::dump);
        let state = serde_json::to_string_pretty(&state).unwrap_or_default();
        let calls = self.calls();
        let lines = calls
            .iter()
            .rev()
            .take(40)
            .rev()
            .map(|call| format!("  {} {} → {:?}", call.method, Value::Object(call.params.clone()), call.outcome));
        format!("The last calls:\n{}\nThe server:\n{state}", lines.collect::<Vec<_>>().join("\n"))
    }
}
