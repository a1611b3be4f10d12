//! What the bot is told by its environment.

use std::{fmt, net::SocketAddr, str::FromStr};

use evolve_runtime::{
    config::{ConfigError, Reader},
    errors::ErrorConfig,
    http::ClientConfig,
    logs::LogConfig,
    secrets::{self, RotationConfig, SecretFiles},
    traces::TraceConfig,
};
use evolve_store::{StoreConfig, pace::Budget, redis::RedisConfig};
use secrecy::{ExposeSecret as _, SecretString};
use url::{Host, Url};

pub use crate::bot::Showing;

/// Where Telegram delivers to when `WEBHOOK_URL` names no path.
pub const WEBHOOK_PATH: &str = "/telegram/webhook";
/// Seed 001's path of it, served as well, for who has it in front of their proxies already.
pub const SEEDS_WEBHOOK_PATH: &str = "/api/v1/webhooks/telegram";

/// How updates come in.
#[derive(Clone, Debug)]
pub enum Inbound {
    /// One replica asks Telegram for them.
    Polling,
    /// Telegram delivers them to any replica.
    Webhook {
        /// The public address that Telegram calls.
        url: Url,
        /// What Telegram proves itself with.
        secret: SecretString,
    },
}

/// The bot's configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where health, readiness, metrics and the webhook are served.
    pub http_addr: SocketAddr,
    /// Where the API is.
    pub api_url: Url,
    /// What the bot proves itself to the API with.
    pub service_key: SecretString,
    /// The bot's token.
    pub token: SecretString,
    /// Where Telegram's Bot API is.
    pub telegram_url: Url,
    /// How updates come in.
    pub inbound: Inbound,
    /// Updates worked at the same time.
    pub workers: usize,
    /// Updates that may wait before no more is taken.
    pub inbox_limit: u64,
    /// Calls that reach people, a second, of all replicas together.
    pub messages_per_second: u32,
    /// Whether what one chat is sent is limited too, as Telegram wants it. Always, but in stories that are about something else.
    pub paces_chats: bool,
    /// Largest photo, bytes.
    pub max_image_bytes: u64,
    /// Longest recording of a person, seconds.
    pub max_voice_seconds: u32,
    /// How answers are shown while they are made.
    pub showing: Showing,
    /// A payment provider's token, for invoices in money.
    pub provider_token: Option<SecretString>,
    /// Postgres.
    pub store: StoreConfig,
    /// Redis, where replicas share what Telegram allows.
    pub redis: RedisConfig,
    /// Time-outs of requests to the API.
    pub http: ClientConfig,
    /// Logs.
    pub logs: LogConfig,
    /// Traces.
    pub traces: TraceConfig,
    /// Where errors are told.
    pub errors: ErrorConfig,
    /// How soon it ends after a secret in a file has changed.
    pub rotation: RotationConfig,
}

impl Config {
    /// Reads everything from the environment; with the files that it named.
    ///
    /// # Errors
    /// [`ConfigError`] with every problem.
    pub fn from_env() -> Result<(Self, SecretFiles), ConfigError> {
        let mut env = Reader::from_env();
        let config = Self::read(&mut env);
        let files = env.secret_files();
        env.finish((config, files))
    }

    /// How fast the bot may send.
    pub(crate) fn budget(&self) -> Budget {
        let budget = Budget::new(self.messages_per_second);
        if self.paces_chats { budget } else { budget.without_chats() }
    }

    /// Reads everything from `env`, which keeps the problems.
    pub fn read(env: &mut Reader) -> Self {
        let http_addr =
            env.or::<Address>("HTTP_ADDR", "0.0.0.0:8080", "Where health, metrics and the webhook are served.");
        let api_url = http_url(env, "API_URL", None, "Where the API is: `http://api:8000`.");
        let service_key = env.required_secret(
            "SERVICE_KEY",
            32,
            "The key that proves to the API that the caller is the bot; of several, comma-separated, the first.",
        );
        let token = env.required_secret("TELEGRAM_BOT_TOKEN", 1, "The bot's token, from @BotFather.");
        if !token.expose_secret().is_empty() && !is_token(token.expose_secret()) {
            env.problem(
                "TELEGRAM_BOT_TOKEN is not shaped like a token (123456:ABC…); copy it whole from @BotFather".to_owned(),
            );
        }
        let telegram_url =
            http_url(env, "TELEGRAM_API_URL", Some("https://api.telegram.org"), "Where Telegram's Bot API is.");
        let inbound = read_inbound(env);
        let workers = env.or("BOT_WORKERS", "64", "Updates worked at the same time, 1 or more.");
        let per_second = env.or(
            "TELEGRAM_MESSAGES_PER_SECOND",
            "30",
            "Most calls a second that reach people, of all replicas together (without Redis, of each); Telegram allows a bot \
             30, and more with paid broadcasts.",
        );
        let inbox_limit = env.or(
            "INBOX_LIMIT",
            "100000",
            "Updates that may wait, 1 or more; beyond that no more is taken, and Telegram keeps it.",
        );
        let max_image_mb: u64 = env.or("MAX_IMAGE_SIZE_MB", "10", "Largest photo, MiB.");
        let max_voice_seconds =
            env.or("MAX_VOICE_SECONDS", "600", "Longest recording of a person that is heard, seconds.");
        if workers == 0 || per_second == 0 || max_image_mb == 0 || max_voice_seconds == 0 {
            env.problem(
                "BOT_WORKERS, TELEGRAM_MESSAGES_PER_SECOND, MAX_IMAGE_SIZE_MB and MAX_VOICE_SECONDS must be 1 or more"
                    .to_owned(),
            );
        }
        if inbox_limit == 0 {
            env.problem("INBOX_LIMIT must be 1 or more".to_owned());
        }
        Self {
            http_addr: http_addr.0,
            api_url,
            service_key: secrets::first(&service_key),
            token,
            telegram_url,
            inbound,
            workers,
            inbox_limit,
            messages_per_second: per_second,
            paces_chats: true,
            showing: env.or(
                "TELEGRAM_STREAMING",
                "edits",
                "How answers are shown while they are made: `edits` of one message, Telegram's own `drafts`, or `off`.",
            ),
            max_image_bytes: max_image_mb.saturating_mul(1024 * 1024),
            max_voice_seconds,
            provider_token: env.optional_secret(
                "PAYMENT_PROVIDER_TOKEN",
                1,
                "A payment provider's token, from @BotFather, for invoices in money.",
            ),
            store: StoreConfig::read(env),
            redis: RedisConfig::read(env),
            http: ClientConfig::read(env),
            logs: LogConfig::read(env),
            traces: TraceConfig::read(env, "evolve-bot"),
            errors: ErrorConfig::read(env),
            rotation: RotationConfig::read(env),
        }
    }
}

fn read_inbound(env: &mut Reader) -> Inbound {
    let mode: Mode = env.or("TELEGRAM_MODE", "polling", "`polling`, or `webhook`.");
    let url: Option<Url> = env.optional(
        "WEBHOOK_URL",
        "The public https address that Telegram calls; with `webhook`. Its path is /telegram/webhook, which is added where there is none, something below it, or /api/v1/webhooks/telegram.",
    );
    let secret = env.optional_secret(
        "WEBHOOK_SECRET",
        1,
        "What Telegram proves itself with; with `webhook`. 1 to 256 of A-Z, a-z, 0-9, `_` and `-`.",
    );
    if mode == Mode::Polling {
        return Inbound::Polling;
    }
    match (url, secret) {
        (Some(mut url), Some(secret)) => {
            check_webhook(env, &url, &secret);
            if url.path() == "/" {
                url.set_path(WEBHOOK_PATH);
            }
            Inbound::Webhook { url, secret }
        }
        (url, secret) => {
            for (name, missing) in [("WEBHOOK_URL", url.is_none()), ("WEBHOOK_SECRET", secret.is_none())] {
                if missing {
                    env.problem(format!("{name} is not set, and TELEGRAM_MODE=webhook needs it"));
                }
            }
            Inbound::Polling
        }
    }
}

fn check_webhook(env: &mut Reader, url: &Url, secret: &SecretString) {
    let loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    if url.scheme() != "https" && !(loopback && url.scheme() == "http") {
        env.problem("WEBHOOK_URL must begin with https://, since Telegram delivers to nothing else".to_owned());
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let secret = secret.expose_secret();
    if secret.len() > 256 || !secret.chars().all(allowed) {
        env.problem(
            "WEBHOOK_SECRET must be 1 to 256 of A-Z, a-z, 0-9, _ and -; `openssl rand -hex 32` makes a good one"
                .to_owned(),
        );
    }
}

fn http_url(env: &mut Reader, name: &'static str, default: Option<&str>, doc: &'static str) -> Url {
    let HttpUrl(url) = match default {
        Some(default) => env.or(name, default, doc),
        None => env.required(name, doc),
    };
    url
}

fn is_token(token: &str) -> bool {
    let Some((id, key)) = token.split_once(':') else { return false };
    let is_id = (3..=20).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_digit());
    is_id && key.len() >= 30 && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Mode {
    #[default]
    Polling,
    Webhook,
}

impl FromStr for Mode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "polling" => Ok(Self::Polling),
            "webhook" => Ok(Self::Webhook),
            other => Err(format!("{other:?} is neither polling nor webhook")),
        }
    }
}

/// An address with a stand-in for the [`Reader`].
struct Address(SocketAddr);

impl Default for Address {
    fn default() -> Self {
        Self(SocketAddr::from(([0, 0, 0, 0], 8080)))
    }
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse().map(Self).map_err(|_| format!("{text:?} is not an address and a port, such as 0.0.0.0:8080"))
    }
}

struct HttpUrl(Url);

impl Default for HttpUrl {
    #[expect(clippy::expect_used, reason = "a constant")]
    fn default() -> Self {
        Self(Url::parse("http://localhost/").expect("a constant that parses"))
    }
}

impl FromStr for HttpUrl {
    type Err = NotHttp;

    fn from_str(text: &str) -> Result<Self, NotHttp> {
        let url = Url::parse(text).map_err(|_| NotHttp)?;
        if matches!(url.scheme(), "http" | "https") && url.has_host() { Ok(Self(url)) } else { Err(NotHttp) }
    }
}

struct NotHttp;

impl fmt::Display for NotHttp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it is not an http:// or https:// URL")
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const TOKEN: &str = "777000777:AAtest-token-of-no-real-bot-0000000";
    const KEY: &str = "RFRfZ2V0X3RoaXNfaXNfYV90ZXN0X2tleV8xMjM0NTY=";

    fn read(more: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let base = [
            ("API_URL", "http://127.0.0.1:8000"),
            ("SERVICE_KEY", "0123456789abcdef0123456789abcdef"),
            ("TELEGRAM_BOT_TOKEN", TOKEN),
            ("DATABASE_URL", "postgres://evolve@127.0.0.1/evolve"),
            ("ENCRYPTION_KEY", KEY),
        ];
        let mut env = Reader::from_values(base.iter().chain(more).copied());
        let config = Config::read(&mut env);
        env.finish(config)
    }

    #[test]
    fn a_bot_needs_little_and_polls_by_default() {
        let config = read(&[]).unwrap();
        assert!(matches!(config.inbound, Inbound::Polling));
        assert_eq!(config.workers, 64);
        assert!(!format!("{config:?}").contains(TOKEN), "the token shows");
    }

    #[test]
    fn a_webhook_without_a_path_gets_ours() {
        let config =
            read(&[("TELEGRAM_MODE", "webhook"), ("WEBHOOK_URL", "https://bot.example.com"), ("WEBHOOK_SECRET", "s")]);
        let Inbound::Webhook { url, .. } = config.unwrap().inbound else { panic!("not a webhook") };
        assert_eq!(url.as_str(), "https://bot.example.com/telegram/webhook");
    }

    #[rstest]
    #[case(&[("TELEGRAM_BOT_TOKEN", "hunter2")], "TELEGRAM_BOT_TOKEN is not shaped like a token")]
    #[case(&[("API_URL", "api:8000")], "API_URL cannot be read: it is not an http")]
    #[case(&[("TELEGRAM_MODE", "push")], "TELEGRAM_MODE cannot be read")]
    #[case(&[("TELEGRAM_MODE", "webhook")], "WEBHOOK_SECRET is not set")]
    #[case(&[("TELEGRAM_MODE", "webhook"), ("WEBHOOK_URL", "http://bot.example.com"), ("WEBHOOK_SECRET", "s")], "WEBHOOK_URL must begin with https")]
    #[case(&[("TELEGRAM_MODE", "webhook"), ("WEBHOOK_URL", "https://b.example"), ("WEBHOOK_SECRET", "ы")], "WEBHOOK_SECRET must be")]
    #[case(&[("HTTP_ADDR", "8080")], "HTTP_ADDR cannot be read")]
    #[case(&[("SERVICE_KEY", "short")], "SERVICE_KEY has 5")]
    #[case(&[("BOT_WORKERS", "0")], "BOT_WORKERS")]
    #[case(&[("INBOX_LIMIT", "0")], "INBOX_LIMIT")]
    fn a_mistake_is_named_with_its_variable(#[case] more: &[(&str, &str)], #[case] problem: &str) {
        let text = read(more).unwrap_err().to_string();
        assert!(text.contains(problem), "{text}");
        assert!(!text.contains("hunter2"), "a secret shows");
    }
}
