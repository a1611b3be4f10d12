//! The configuration of `evolve-api`: environment variables, read once.

mod bounds;
mod models;
mod relationship;
mod reports;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::http::HeaderValue;
use chrono::TimeDelta;
use evolve_domain::{payment::Price, plan::Plans, relationship::Relationship};
use evolve_engine::{
    access::AccessConfig, meaning::Embedder, model::ModelProvider, prompt::Persona, reports::ReportConfig, speech,
};
use evolve_runtime::{
    config::{ConfigError, Reader, Setting},
    errors::ErrorConfig,
    logs::LogConfig,
    outside::Networks,
    secrets::{RotationConfig, SecretFiles},
    traces::TraceConfig,
};
use evolve_store::{StoreConfig, cache::CacheConfig, redis::RedisConfig};
use secrecy::SecretString;
use url::Url;

use self::{
    bounds::{bounded, bounds},
    models::{Models, models},
    relationship::relationship,
    reports::reports,
};
use crate::{chat::Bounds, limits::RateLimits};

/// Shortest secret that is not refused, in characters.
const MIN_SECRET_CHARS: usize = 32;

/// Everything that `evolve-api` is told.
#[derive(Clone)]
pub struct Config {
    /// Where to listen.
    pub http_addr: SocketAddr,
    /// Signs bearer tokens.
    pub jwt_secret: SecretString,
    /// Our bot's key.
    pub service_key: SecretString,
    /// The bot's Telegram token, with which `initData` is signed.
    pub bot_token: Option<SecretString>,
    /// Postgres.
    pub store: StoreConfig,
    /// Redis.
    pub redis: RedisConfig,
    /// The cache in it.
    pub cache: CacheConfig,
    /// Rate limits.
    pub limits: RateLimits,
    /// How many proxies of our own stand before us.
    pub proxy_hops: usize,
    /// How much may come with a message.
    pub bounds: Bounds,
    /// How long a caller of `/chat` is kept waiting.
    pub chat_timeout: Duration,
    /// Origins whose pages may call us.
    pub cors_origins: Vec<HeaderValue>,
    /// The models, in the order in which they are asked.
    pub providers: Vec<Arc<dyn ModelProvider>>,
    /// What hears and speaks.
    pub speech: speech::Providers,
    /// What tells what messages mean, if anything does.
    pub embedder: Option<Arc<dyn Embedder>>,
    /// Who the companion is.
    pub persona: Persona,
    /// What each plan allows.
    pub plans: Plans,
    /// What 30 days of premium cost.
    pub price: Price,
    /// Whether Telegram Stars are taken.
    pub takes_stars: bool,
    /// Whether money is taken: where a payment provider's token is set. The bot uses it; here only its being there counts.
    pub takes_money: bool,
    /// How relationships go.
    pub relationship: Relationship,
    /// Rounds of tool use in a turn.
    pub max_iterations: u32,
    /// Tokens of thinking: 0 is as little as the model allows, -1 its own choice.
    pub thinking_budget: i32,
    /// After so long without a word a conversation has ended.
    pub silence: TimeDelta,
    /// For how many days messages are kept; nothing for until people delete them.
    pub message_days: Option<u32>,
    /// How old the newest copy of the database may be; nothing where none is expected.
    pub backup_age: Option<TimeDelta>,
    /// Whose days reports are of, and what tokens cost.
    pub reports: ReportConfig,
    /// Who runs the bot, and how they come in.
    pub access: AccessConfig,
    /// Networks of ours in which other systems may be told what happens.
    pub webhook_networks: Networks,
    /// From which time on a statement is slow.
    pub slow_query: Duration,
    /// What this replica is called where numbers are its own.
    pub replica: String,
    /// Logs.
    pub logs: LogConfig,
    /// Traces.
    pub traces: TraceConfig,
    /// Where errors are told.
    pub errors: ErrorConfig,
    /// How soon it ends after a secret in a file has changed.
    pub rotation: RotationConfig,
    /// All of this as it was read, without secrets, for whoever runs it.
    pub settings: Vec<Setting>,
}

impl Config {
    /// Reads every variable, noting problems in `env`.
    pub fn read(env: &mut Reader) -> Self {
        let Models { providers, speech, embedder } = models(env);
        Self {
            http_addr: address(env),
            jwt_secret: env.required_secret(
                "JWT_SECRET",
                MIN_SECRET_CHARS,
                "Signs bearer tokens; the same in every replica. Comma-separated: the first signs, those of all are taken.",
            ),
            service_key: env.required_secret(
                "SERVICE_KEY",
                MIN_SECRET_CHARS,
                "With it our bot asks /auth for tokens; the same in the bot. Comma-separated: each is taken.",
            ),
            bot_token: env.optional_secret(
                "TELEGRAM_BOT_TOKEN",
                1,
                "The bot's token; without it, Telegram Web Apps get no tokens from /auth.",
            ),
            store: StoreConfig::read(env),
            redis: RedisConfig::read(env),
            cache: CacheConfig::read(env),
            limits: RateLimits::read(env),
            proxy_hops: env.or(
                "TRUSTED_PROXY_HOPS",
                "0",
                "How many proxies of yours stand before the API and add to X-Forwarded-For.",
            ),
            bounds: bounds(env),
            chat_timeout: chat_timeout(env),
            cors_origins: origins(env),
            providers,
            speech,
            embedder,
            persona: env.json_or(
                "PERSONA",
                Persona::default(),
                "Who the companion is: JSON of `{name, prompt, language, timeZone, adult}`; `adult` (`false`) lets it speak of adult matters with adults who have agreed to it.",
            ),
            plans: env.json_or("PLANS", Plans::default(), "What each plan allows, as JSON."),
            price: price(env),
            takes_stars: env.or(
                "TELEGRAM_STARS",
                "true",
                "Whether Telegram Stars are taken, where premium has a price in them.",
            ),
            takes_money: env
                .optional_secret(
                    "PAYMENT_PROVIDER_TOKEN",
                    1,
                    "A payment provider's token, from @BotFather; without it, money is not taken.",
                )
                .is_some(),
            relationship: relationship(env),
            max_iterations: bounded(env, "MAX_AI_ITERATIONS", "3", 0, 20, "Most rounds of tool use in one turn."),
            silence: TimeDelta::hours(bounded(
                env,
                "CONVERSATION_SILENCE_HOURS",
                "8",
                1,
                720,
                "Hours without a word after which a conversation has ended and is summed up.",
            )),
            message_days: message_days(env),
            backup_age: backup_age(env),
            reports: reports(env),
            access: AccessConfig::read(env),
            webhook_networks: env.or(
                "WEBHOOK_ALLOWED_NETWORKS",
                "",
                "Networks to which webhooks may be sent though they are not public, comma-separated (`10.20.0.0/16`); there without TLS, too.",
            ),
            thinking_budget: bounded(
                env,
                "AI_THINKING_BUDGET",
                "0",
                -1,
                32_768,
                "Tokens of thinking: 0 is as little as the model allows, -1 its own choice.",
            ),
            slow_query: Duration::from_millis(bounded(
                env,
                "SLOW_QUERY_MS",
                "100",
                1,
                60_000,
                "From how many milliseconds on a statement is slow in /admin/db_metrics.",
            )),
            replica: replica(env),
            logs: LogConfig::read(env),
            traces: TraceConfig::read(env, "evolve-api"),
            errors: ErrorConfig::read(env),
            rotation: RotationConfig::read(env),
            // After everything else.
            settings: env.settings(),
        }
    }

    /// Reads the environment of this process; with the files that it named.
    ///
    /// # Errors
    /// Every problem at once.
    pub fn from_env() -> Result<(Self, SecretFiles), ConfigError> {
        let mut env = Reader::from_env();
        let config = Self::read(&mut env);
        let files = env.secret_files();
        env.finish((config, files))
    }

    /// The reference page of all variables, as a Markdown table.
    #[must_use]
    pub fn reference() -> String {
        let mut env = Reader::from_values::<String, String>([]);
        let _ = Self::read(&mut env);
        evolve_runtime::config::markdown(env.reference())
    }
}

fn address(env: &mut Reader) -> SocketAddr {
    const DEFAULT: &str = "0.0.0.0:8000";
    let text: String = env.or("HTTP_ADDR", DEFAULT, "Where to listen: address and port.");
    text.parse().unwrap_or_else(|_| {
        env.problem(format!("HTTP_ADDR is not an address and port; write one such as {DEFAULT}"));
        SocketAddr::from(([127, 0, 0, 1], 0))
    })
}

/// Kubernetes gives each pod a name of its own, and Docker each container.
fn replica(env: &mut Reader) -> String {
    let name: String =
        env.or("HOSTNAME", "", "What this replica is called in /admin/db_metrics; its process's number without it.");
    if name.is_empty() { format!("process-{}", std::process::id()) } else { name }
}

fn price(env: &mut Reader) -> Price {
    let price = env.json_or(
        "PREMIUM_PRICE",
        Price::default(),
        "What 30 days of premium cost: JSON of `{stars, amount, currency}`, amount in the currency's smallest unit. Without any, premium is not for sale.",
    );
    if let Some(problem) = price.problem() {
        env.problem(format!("PREMIUM_PRICE: {problem}"));
    }
    price
}

/// As long as the resource lets it be.
const MOST_DAYS: u32 = 36_500;

fn message_days(env: &mut Reader) -> Option<u32> {
    let days = env.optional(
        "MESSAGE_RETENTION_DAYS",
        "For how many days what was said is kept, 1 to 36500; whole months are dropped, so up to a month longer. Summaries and facts stay. Until people delete it, where this is not set.",
    );
    if days.is_some_and(|days| !(1..=MOST_DAYS).contains(&days)) {
        env.problem(format!("MESSAGE_RETENTION_DAYS must be 1 to {MOST_DAYS}"));
    }
    days
}

fn backup_age(env: &mut Reader) -> Option<TimeDelta> {
    /// A copy on every 29th of February, twice.
    const MOST_HOURS: u32 = 200_000;
    let hours: Option<u32> = env.optional(
        "BACKUP_MAX_AGE_HOURS",
        "How old the newest copy of the database may be, hours, 1 to 200000; an older one is warned of. None is expected, where this is not set.",
    );
    if hours.is_some_and(|hours| !(1..=MOST_HOURS).contains(&hours)) {
        env.problem(format!("BACKUP_MAX_AGE_HOURS must be 1 to {MOST_HOURS}"));
    }
    hours.map(|hours| TimeDelta::hours(hours.into()))
}

fn chat_timeout(env: &mut Reader) -> Duration {
    let seconds: u64 =
        env.or("CHAT_TIMEOUT_SECONDS", "180", "How long a caller of /chat waits; the turn itself goes on after that.");
    if seconds == 0 {
        env.problem("CHAT_TIMEOUT_SECONDS must be 1 or more".to_owned());
    }
    Duration::from_secs(seconds.max(1))
}

fn origins(env: &mut Reader) -> Vec<HeaderValue> {
    let list: String = env.or(
        "CORS_ORIGINS",
        "",
        "Origins whose pages may call the API, comma-separated (`https://app.example.org`).",
    );
    let mut origins = Vec::new();
    for text in list.split(',').map(str::trim).filter(|text| !text.is_empty()) {
        match origin(text) {
            Some(value) => origins.push(value),
            None => env.problem(format!(
                "CORS_ORIGINS: {text:?} is not an origin; write scheme and host, such as https://app.example.org (no path, no *)"
            )),
        }
    }
    origins
}

/// An origin as browsers send it, so that it can be compared byte by byte.
fn origin(text: &str) -> Option<HeaderValue> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    let origin = url.origin().ascii_serialization();
    (origin == text.trim_end_matches('/').to_ascii_lowercase()).then(|| HeaderValue::from_str(&origin).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRONG: [(&str, &str); 33] = [
        ("HTTP_ADDR", "8000"),
        ("JWT_SECRET", "short"),
        ("SERVICE_KEY", "short"),
        ("DATABASE_URL", "nowhere"),
        ("ENCRYPTION_KEY", "not-a-key"),
        ("REDIS_URL", "memcached://nowhere"),
        ("CHAT_RATE_LIMIT", "ten a minute"),
        ("MAX_IMAGE_SIZE_MB", "11"),
        ("MAX_VOICE_SECONDS", "0"),
        ("TRANSCRIBERS", r#"[{"kind": "openai"}]"#),
        ("SPEAKERS", "nobody"),
        ("CHAT_TIMEOUT_SECONDS", "0"),
        ("CORS_ORIGINS", "https://ok.example.org, *, https://a.example.org/path"),
        ("CACHE_TTL_SECONDS", "-1"),
        ("LOG_LEVEL", "everything=please"),
        ("PROVIDERS", "[{\"kind\": \"gemini\"}]"),
        ("PERSONA", "{\"language\": \"zxx\"}"),
        ("PLANS", "free"),
        ("PREMIUM_PRICE", "{\"amount\": 29900}"),
        ("RELATIONSHIP_LEVELS", "[{\"name\": \"Friend\", \"points\": 5}]"),
        ("RELATIONSHIP_DECAY", "{\"afterDays\": 0, \"pointsPerDay\": 5}"),
        ("MAX_AI_ITERATIONS", "21"),
        ("AI_THINKING_BUDGET", "-2"),
        ("MESSAGE_RETENTION_DAYS", "0"),
        ("BACKUP_MAX_AGE_HOURS", "0"),
        ("WEBHOOK_ALLOWED_NETWORKS", "10.0.0.0/33"),
        ("REPORT_TIME_ZONE", "Berlin"),
        ("MODEL_PRICES", "{\"a\": {\"input\": -1, \"output\": 0}}"),
        ("ENABLE_QUERY_ANALYSIS", "perhaps"),
        ("STATS_API_RATE_LIMIT", "ten"),
        ("ADMIN_REGISTRATION_TOKEN", "short"),
        ("OIDC_ROLES", "staff"),
        ("PANEL_SECOND_FACTOR", "never"),
    ];

    #[test]
    fn every_wrong_variable_is_named_at_once_and_no_secret_shown() {
        let mut env = Reader::from_values(WRONG);
        let config = Config::read(&mut env);
        let error = env.finish(config).err().unwrap();
        for (name, _) in WRONG {
            assert!(error.problems.iter().any(|problem| problem.starts_with(name)), "{name} is not in:\n{error}");
        }
        let text = error.to_string();
        assert!(!text.contains("not-a-key") && !text.contains("\"short\""), "{text}");
        assert_eq!(error.problems.iter().filter(|problem| problem.starts_with("CORS_ORIGINS")).count(), 2, "{text}");
    }

    #[test]
    fn origins_are_taken_as_browsers_send_them() {
        assert_eq!(origin("https://app.example.org").unwrap(), "https://app.example.org");
        assert_eq!(origin("https://App.example.org/").unwrap(), "https://app.example.org");
        assert_eq!(origin("http://localhost:3000").unwrap(), "http://localhost:3000");
        for bad in ["*", "null", "app.example.org", "ftp://a.b", "https://a.b/path", "https://user@a.b"] {
            assert_eq!(origin(bad), None, "{bad}");
        }
    }
}
