//! The environment of each process of a bot: exactly the variables that the binaries read, in a fixed order. The
//! operator turns the list into a ConfigMap and references to Secrets; `evolve up` resolves the references itself and
//! gives the same variables to local processes.
//!
//! What the resource leaves out, and the binaries have a default of their own for, has no variable: so a binary that does
//! not know a newer part of the resource is not disturbed by it.

use serde_json::json;

use super::backup::oldest;
use crate::crd::{Ai, Embeddings, EvolveBot, EvolveBotSpec, Limit, Provider, ProviderKind, SecretKeyRef, Voice};

/// Where Telegram is.
pub const TELEGRAM_API_URL: &str = "https://api.telegram.org";

/// What surrounds the processes, once it has been decided: addresses, and which Secret holds what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Surroundings {
    /// Where the API listens, `address:port`.
    pub api_address: String,
    /// Where the bot listens, `address:port`.
    pub bot_address: String,
    /// Where the bot finds the API.
    pub api_url: String,
    /// The Bot API server, unless the resource names one.
    pub telegram_api_url: String,
    /// Postgres' URL, with the account that owns the tables.
    pub database_url: SecretKeyRef,
    /// The same, with the API's account.
    pub api_database_url: SecretKeyRef,
    /// The same, with the bot's account.
    pub bot_database_url: SecretKeyRef,
    /// Redis' URL, where there is a Redis.
    pub redis_url: Option<SecretKeyRef>,
    /// The bot's token.
    pub telegram_token: SecretKeyRef,
    /// Signs the API's tokens.
    pub jwt_secret: SecretKeyRef,
    /// Fernet keys.
    pub encryption_key: SecretKeyRef,
    /// How the bot proves itself to the API.
    pub service_key: SecretKeyRef,
    /// How Telegram proves itself to the bot, in webhook mode.
    pub webhook_secret: SecretKeyRef,
    /// The Secret with the keys of providers that name none.
    pub provider_keys: String,
    /// The prompt, where the resource says that it is in a ConfigMap.
    pub prompt: Option<String>,
}

/// A variable's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// As it is.
    Plain(String),
    /// In a Secret.
    Secret(SecretKeyRef),
}

/// One variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Its value, or where that is.
    pub value: Value,
}

/// The environment of every process of a bot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environments {
    /// Of the migration.
    pub migration: Vec<Variable>,
    /// Of the API.
    pub api: Vec<Variable>,
    /// Of the bot.
    pub bot: Vec<Variable>,
}

/// Renders the environment of every process of `bot`.
#[must_use]
pub fn environments(bot: &EvolveBot, around: &Surroundings) -> Environments {
    Environments { migration: migration(around), api: api(bot, around), bot: telegram_bot(bot, around) }
}

/// Nothing but what it connects to: whatever else changed, it need not run again.
fn migration(around: &Surroundings) -> Vec<Variable> {
    vec![secret("DATABASE_URL", &around.database_url)]
}

fn api(bot: &EvolveBot, around: &Surroundings) -> Vec<Variable> {
    let spec = &bot.spec;
    let mut list = common(bot, "api", &around.api_database_url, around);
    list.push(plain("HTTP_ADDR", &around.api_address));
    list.push(secret("JWT_SECRET", &around.jwt_secret));
    list.push(secret("TELEGRAM_BOT_TOKEN", &around.telegram_token));
    list.extend(models(&spec.ai, &around.provider_keys));
    list.push(plain("AI_THINKING_BUDGET", spec.ai.thinking_budget));
    list.push(plain("MAX_AI_ITERATIONS", spec.ai.max_iterations));
    list.push(plain("CACHE_TTL_SECONDS", spec.api.cache_ttl_seconds));
    list.push(plain("CORS_ORIGINS", spec.api.cors_origins.join(",")));
    list.push(plain("PERSONA", persona(spec, around)));
    list.push(plain("PLANS", plans(spec)));
    list.extend(api_options(spec));
    list
}

/// What the companion is, as the API reads it; the levels of the relationship are a variable of their own.
fn persona(spec: &EvolveBotSpec, around: &Surroundings) -> serde_json::Value {
    let persona = &spec.persona;
    let mut rendered = json!({ "name": persona.name });
    if let Some(prompt) = persona.prompt.as_ref().or(around.prompt.as_ref()) {
        rendered["prompt"] = json!(prompt);
    }
    rendered["language"] = json!(persona.language);
    rendered["timeZone"] = json!(persona.time_zone);
    if persona.adult {
        rendered["adult"] = json!(true);
    }
    rendered
}

fn plans(spec: &EvolveBotSpec) -> serde_json::Value {
    let plan = |messages: Limit, history: Limit, facts: Limit, images: bool, voice: Option<bool>| {
        let mut plan = json!({
            "messagesPerDay": messages.number(),
            "historyMessages": history.number(),
            "facts": facts.number(),
            "images": images,
        });
        if let Some(voice) = voice {
            plan["voice"] = json!(voice);
        }
        plan
    };
    let (free, premium) = (&spec.plans.free, &spec.plans.premium);
    json!({
        "free": plan(free.messages_per_day, free.history_messages, free.facts, free.images, free.voice),
        "premium": plan(
            premium.messages_per_day,
            premium.history_messages,
            premium.facts,
            premium.images,
            premium.voice,
        ),
    })
}

/// What is there only where the resource says so.
fn api_options(spec: &EvolveBotSpec) -> Vec<Variable> {
    let mut list = Vec::new();
    if !spec.persona.levels.is_empty() {
        list.push(plain("RELATIONSHIP_LEVELS", json!(spec.persona.levels)));
    }
    list.extend(spec.persona.decay.map(|decay| plain("RELATIONSHIP_DECAY", json!(decay))));
    if let Some(voice) = &spec.ai.voice {
        list.push(plain("VOICE_ENABLED", voice.enabled));
        list.extend(voice.model.as_ref().map(|model| plain("TTS_MODEL", model)));
        list.extend(voice.name.as_ref().map(|name| plain("TTS_VOICE", name)));
    }
    list.extend(spec.retention.message_days.map(|days| plain("MESSAGE_RETENTION_DAYS", days)));
    let backups = spec.backup.as_ref().and_then(|backup| oldest(&backup.schedule));
    list.extend(backups.map(|seconds| plain("BACKUP_MAX_AGE_HOURS", seconds.unsigned_abs().div_ceil(3600))));
    list.extend(spec.security.admin_token_secret_ref.as_ref().map(|source| secret("ADMIN_REGISTRATION_TOKEN", source)));
    list.extend(payments(spec));
    list
}

fn payments(spec: &EvolveBotSpec) -> Vec<Variable> {
    let mut list: Vec<Variable> = Vec::new();
    list.extend(spec.plans.premium.price.as_ref().map(|price| plain("PREMIUM_PRICE", json!(price))));
    if let Some(payments) = &spec.telegram.payments {
        list.push(plain("TELEGRAM_STARS", payments.stars));
        let token = payments.provider_token_secret_ref.as_ref();
        list.extend(token.map(|source| secret("PAYMENT_PROVIDER_TOKEN", source)));
    }
    list
}

fn telegram_bot(bot: &EvolveBot, around: &Surroundings) -> Vec<Variable> {
    let spec = &bot.spec;
    let mut list = common(bot, "bot", &around.bot_database_url, around);
    list.push(plain("HTTP_ADDR", &around.bot_address));
    list.push(plain("API_URL", &around.api_url));
    list.push(secret("TELEGRAM_BOT_TOKEN", &around.telegram_token));
    list.push(plain("TELEGRAM_API_URL", spec.telegram.api_url.as_ref().unwrap_or(&around.telegram_api_url)));
    list.push(plain("TELEGRAM_MODE", spec.telegram.mode.as_str()));
    list.push(plain("TELEGRAM_STREAMING", spec.telegram.streaming.as_str()));
    if let Some(webhook) = &spec.telegram.webhook {
        list.push(plain("WEBHOOK_URL", webhook.url()));
        list.push(secret("WEBHOOK_SECRET", &around.webhook_secret));
    }
    list.push(plain("TELEGRAM_MESSAGES_PER_SECOND", spec.telegram.messages_per_second));
    list.push(plain("BOT_WORKERS", spec.bot.workers));
    list.extend(payments(spec));
    list
}

fn logs(bot: &EvolveBot, part: &str) -> Vec<Variable> {
    let logs = &bot.spec.observability;
    let mut list = vec![plain("LOG_LEVEL", &logs.log_level), plain("LOG_FORMAT", logs.log_format.as_str())];
    if let Some(tracing) = &logs.tracing {
        list.push(plain("OTEL_EXPORTER_OTLP_ENDPOINT", &tracing.endpoint));
        // Whose spans they are: of which bot, and which part of it.
        list.push(plain("OTEL_SERVICE_NAME", format!("{}-{part}", bot.name())));
        list.push(plain("OTEL_TRACES_SAMPLER_ARG", f64::from(tracing.sample_percent) / 100.0));
    }
    list.extend(logs.sentry_dsn_secret_ref.as_ref().map(|source| secret("SENTRY_DSN", source)));
    list
}

fn common(bot: &EvolveBot, part: &str, database_url: &SecretKeyRef, around: &Surroundings) -> Vec<Variable> {
    let mut list = logs(bot, part);
    list.push(secret("DATABASE_URL", database_url));
    list.push(plain("DATABASE_POOL_SIZE", bot.spec.database.pool_size));
    if let Some(url) = &around.redis_url {
        list.push(secret("REDIS_URL", url));
        // Bots may share a Redis: their names keep them apart.
        list.push(plain("REDIS_KEY_PREFIX", redis_prefix(bot)));
    }
    list.push(secret("ENCRYPTION_KEY", &around.encryption_key));
    list.push(secret("SERVICE_KEY", &around.service_key));
    // The bot waits for the API as long as the API for a model, and takes the pictures and recordings that the API takes.
    let api = &bot.spec.api;
    list.push(plain("HTTPX_TIMEOUT", api.http_timeout_seconds));
    list.push(plain("HTTPX_CONNECT_TIMEOUT", api.http_connect_timeout_seconds));
    list.push(plain("MAX_IMAGE_SIZE_MB", api.max_image_size_mb));
    list.extend(bot.spec.ai.max_recording_seconds.map(|seconds| plain("MAX_VOICE_SECONDS", seconds)));
    list
}

/// Bots of one name may share a Redis from different namespaces, too.
fn redis_prefix(bot: &EvolveBot) -> String {
    match bot.namespace_name() {
        "" => bot.name().to_owned(),
        namespace => format!("{namespace}:{}", bot.name()),
    }
}

/// What answers, hears and speaks, and the keys of all of them.
fn models(ai: &Ai, default_secret: &str) -> Vec<Variable> {
    let mut keys = Vec::new();
    let mut list = vec![plain("PROVIDERS", providers(&ai.providers, default_secret, &mut keys))];
    if let Some(transcribers) = &ai.transcribers {
        list.push(plain("TRANSCRIBERS", providers(transcribers, default_secret, &mut keys)));
    }
    if let Some(Voice { speakers: Some(speakers), name, .. }) = &ai.voice {
        let mut speakers = providers(speakers, default_secret, &mut keys);
        if let (Some(first), Some(name)) = (speakers.get_mut(0), name) {
            first["voice"] = json!(name);
        }
        list.push(plain("SPEAKERS", speakers));
    }
    if let Some(Embeddings { provider, dimensions }) = &ai.embeddings {
        // It has no name to be told apart by.
        let provider = Provider { name: None, ..provider.clone() };
        let mut embeddings = providers(&[provider], default_secret, &mut keys)[0].take();
        if let Some(dimensions) = dimensions {
            embeddings["dimensions"] = json!(dimensions);
        }
        list.push(plain("EMBEDDINGS", embeddings));
    }
    list.extend(keys);
    list
}

/// A list of providers, which names a variable for each key and so holds none; the variables are added to `keys`.
fn providers(providers: &[Provider], default_secret: &str, keys: &mut Vec<Variable>) -> serde_json::Value {
    let list = providers.iter().map(|provider| {
        let source = key_of(provider, default_secret);
        let variable = source.map(|source| {
            let same = keys.iter().find(|key| matches!(&key.value, Value::Secret(known) if *known == source));
            let name = same.map_or_else(|| free_name(provider.kind, keys), |key| key.name.clone());
            if same.is_none() {
                keys.push(Variable { name: name.clone(), value: Value::Secret(source) });
            }
            name
        });
        let mut entry = json!({ "kind": provider.kind.as_str() });
        let fields = [
            ("model", &provider.model),
            ("baseUrl", &provider.base_url),
            ("apiKeyEnv", &variable),
            ("name", &provider.name),
        ];
        for (name, value) in fields {
            if let Some(value) = value {
                entry[name] = json!(value);
            }
        }
        entry
    });
    list.collect()
}

/// Where the key of a provider is: where it says; a Gemini that does not say has the usual one.
#[must_use]
pub fn key_of(provider: &Provider, default_secret: &str) -> Option<SecretKeyRef> {
    let usual = || SecretKeyRef::new(default_secret, provider.kind.key_variable());
    provider.api_key_secret_ref.clone().or_else(|| (provider.kind == ProviderKind::Gemini).then(usual))
}

/// The kind's usual variable, or with a number when another key has that name.
fn free_name(kind: ProviderKind, taken: &[Variable]) -> String {
    let usual = kind.key_variable();
    let is_free = |name: &String| taken.iter().all(|variable| variable.name != *name);
    let numbered = (2..).map(|number| format!("{usual}_{number}"));
    std::iter::once(usual.to_owned()).chain(numbered).find(is_free).unwrap_or_default()
}

fn plain(name: &str, value: impl ToString) -> Variable {
    Variable { name: name.to_owned(), value: Value::Plain(value.to_string()) }
}

fn secret(name: &str, source: &SecretKeyRef) -> Variable {
    Variable { name: name.to_owned(), value: Value::Secret(source.clone()) }
}
