//! How a server is set up.

use std::time::Duration;

use super::{FloodLimits, TelegramServer};

/// Which bot tokens a server accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tokens {
    /// This one alone; any other is answered with 401.
    One(String),
    /// Every token of valid shape (`123456:` and at least 30 characters). They are all the same bot.
    Any,
}

/// Settings of a server.
#[derive(Clone, Debug)]
pub struct Options {
    /// Which tokens are accepted.
    pub tokens: Tokens,
    /// Username of the bot, without the `@`.
    pub bot_username: String,
    /// First name of the bot.
    pub bot_name: String,
    /// Rate limits; none by default.
    pub flood_limits: FloodLimits,
    /// Delay before the first repetition of a webhook delivery; it doubles up to a minute.
    pub webhook_retry: Duration,
    /// The id of the first update. A server that starts anew beside a bot with a database needs one that is greater
    /// than all before, or the bot takes new updates for old ones.
    pub first_update_id: i64,
    /// The id of the first message of each chat.
    pub first_message_id: i64,
    /// Whether the bot may write to people of whom this server has not heard: true after a restart of the simulator,
    /// whose memory of chats is gone while the bot's is not.
    pub open_to_strangers: bool,
    /// Whether the bot's privacy mode is off, so that it is shown everything in its groups.
    pub reads_groups: bool,
    /// Whether the privacy mode keeps mentions from the bot, as Telegram's FAQ has it.
    pub hides_mentions: bool,
    /// How long [`TelegramServer::wait_for`] waits before it panics.
    pub patience: Duration,
    /// How many calls are remembered, the latest ones.
    pub kept_calls: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            tokens: Tokens::One(DEFAULT_TOKEN.to_owned()),
            bot_username: "evolve_test_bot".to_owned(),
            bot_name: "Evolve".to_owned(),
            flood_limits: FloodLimits::default(),
            webhook_retry: Duration::from_millis(20),
            first_update_id: 1000,
            first_message_id: 1,
            open_to_strangers: false,
            reads_groups: false,
            hides_mentions: false,
            patience: Duration::from_secs(20),
            // More than a test makes; a simulator that runs for days forgets the oldest.
            kept_calls: 20_000,
        }
    }
}

/// Well-formed, and of no bot.
const DEFAULT_TOKEN: &str = "777000777:AAtestkit-token-of-no-real-bot-00000";

/// Sets up a [`TelegramServer`].
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct TelegramServerBuilder {
    options: Options,
}

impl TelegramServerBuilder {
    /// Accept this token alone.
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.options.tokens = Tokens::One(token.into());
        self
    }

    /// Accept every token of valid shape.
    pub fn any_token(mut self) -> Self {
        self.options.tokens = Tokens::Any;
        self
    }

    /// Refuse calls beyond these rates with 429.
    pub fn flood_limits(mut self, limits: FloodLimits) -> Self {
        self.options.flood_limits = limits;
        self
    }

    /// Username and first name of the bot.
    pub fn bot(mut self, username: impl Into<String>, name: impl Into<String>) -> Self {
        self.options.bot_username = username.into();
        self.options.bot_name = name.into();
        self
    }

    /// Delay before the first repetition of a webhook delivery.
    pub fn webhook_retry(mut self, delay: Duration) -> Self {
        self.options.webhook_retry = delay;
        self
    }

    /// The id of the first update.
    pub fn first_update_id(mut self, id: i64) -> Self {
        self.options.first_update_id = id;
        self
    }

    /// Show the bot everything in its groups.
    pub fn reads_groups(mut self) -> Self {
        self.options.reads_groups = true;
        self
    }

    /// Keep mentions from the bot where its privacy mode is on.
    pub fn hides_mentions(mut self) -> Self {
        self.options.hides_mentions = true;
        self
    }

    /// How long the waiting methods wait before they panic.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.options.patience = patience;
        self
    }

    /// How many calls are remembered.
    pub fn kept_calls(mut self, calls: usize) -> Self {
        self.options.kept_calls = calls;
        self
    }

    /// Starts the server on a free port of loopback.
    ///
    /// # Errors
    ///
    /// When no port can be bound.
    pub async fn try_start(self) -> std::io::Result<TelegramServer> {
        TelegramServer::with_options(self.options).await
    }

    /// Starts the server on a free port of loopback.
    ///
    /// # Panics
    ///
    /// When no port can be bound: a test cannot go on without.
    #[expect(clippy::panic, reason = "a test cannot go on without its server")]
    pub async fn start(self) -> TelegramServer {
        match self.try_start().await {
            Ok(server) => server,
            Err(error) => panic!("the Telegram server could not bind a port of 127.0.0.1: {error}"),
        }
    }
}
