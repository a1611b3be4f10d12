//! What a bot names and does not hold: the entries of Secrets and ConfigMaps that must be there before its pods can start.

use std::collections::{BTreeMap, BTreeSet};

use super::environment::{Environments, Value, environments};
use super::{Inputs, names, surroundings};
use crate::crd::{Ai, ConfigMapKeyRef, EvolveBot, Pod, SecretKeyRef};

/// Everything that is to be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct References {
    /// Entries of Secrets.
    pub secrets: Vec<Needed<SecretKeyRef>>,
    /// Entries of ConfigMaps.
    pub config_maps: Vec<Needed<ConfigMapKeyRef>>,
}

/// An entry, and where the bot names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needed<T> {
    /// The entry.
    pub source: T,
    /// The field of the bot that names it, or would: `spec.database.urlSecretRef`.
    pub path: String,
    /// Whether it is in the Secret that the operator makes.
    pub generated: bool,
    /// Whether nothing but backups read it: pods start without it.
    pub only_backup: bool,
}

/// A key that the operator makes where nobody gave one, in the Secret [`names::keys`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Generated {
    /// 32 random bytes or more, as text of `A-Z`, `a-z`, `0-9`, `-` and `_`.
    Random,
    /// A Fernet key: 32 random bytes in URL-safe base64, with padding.
    Fernet,
}

/// The entries of the Secret [`names::keys`] that `bot` needs, and of which kind each is.
#[must_use]
pub fn generated(bot: &EvolveBot) -> BTreeMap<&'static str, Generated> {
    let own = names::keys(bot);
    let needed: BTreeSet<String> =
        references(bot).secrets.into_iter().filter(|needed| needed.source.name == own).map(|n| n.source.key).collect();
    let kinds = [
        ("ENCRYPTION_KEY", Generated::Fernet),
        ("JWT_SECRET", Generated::Random),
        ("SERVICE_KEY", Generated::Random),
        ("WEBHOOK_SECRET", Generated::Random),
    ];
    kinds.into_iter().filter(|(key, _)| needed.contains(*key)).collect()
}

/// What `bot` names.
#[must_use]
pub fn references(bot: &EvolveBot) -> References {
    let mut found = References::default();
    let Environments { migration, api, bot: telegram } = environments(bot, &surroundings(bot, &Inputs::default()));
    for variable in migration.iter().chain(&api).chain(&telegram) {
        if let Value::Secret(source) = &variable.value {
            found.secret(bot, source, &path_of(bot, &variable.name, source), false);
        }
    }
    if let Some(source) = &bot.spec.persona.prompt_from {
        found.config_map(source, "spec.persona.promptFrom");
    }
    for (path, pod) in [("spec.api.pod", &bot.spec.api.pod), ("spec.bot.pod", &bot.spec.bot.pod)] {
        found.extra(bot, path, pod);
    }
    // The last, so that an entry that pods read as well is known as theirs.
    if let Some(s3) = bot.spec.backup.as_ref().and_then(|backup| backup.s3.as_ref()) {
        for key in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
            let source = SecretKeyRef::new(&s3.credentials_secret_name, key);
            found.secret(bot, &source, "spec.backup.s3.credentialsSecretName", true);
        }
    }
    found
}

impl References {
    fn secret(&mut self, bot: &EvolveBot, source: &SecretKeyRef, path: &str, only_backup: bool) {
        if self.secrets.iter().all(|known| known.source != *source) {
            let generated = source.name == names::keys(bot);
            self.secrets.push(Needed { source: source.clone(), path: path.to_owned(), generated, only_backup });
        }
    }

    fn config_map(&mut self, source: &ConfigMapKeyRef, path: &str) {
        if self.config_maps.iter().all(|known| known.source != *source) {
            let (source, path) = (source.clone(), path.to_owned());
            self.config_maps.push(Needed { source, path, generated: false, only_backup: false });
        }
    }

    fn extra(&mut self, bot: &EvolveBot, path: &str, pod: &Pod) {
        for (index, variable) in pod.extra_env.iter().enumerate() {
            let path = format!("{path}.extraEnv[{index}].valueFrom");
            let source = variable.value_from.as_ref();
            if let Some(secret) = source.and_then(|source| source.secret_key_ref.as_ref()) {
                self.secret(bot, secret, &path, false);
            }
            if let Some(entry) = source.and_then(|source| source.config_map_key_ref.as_ref()) {
                self.config_map(entry, &path);
            }
        }
    }
}

/// The field that a variable comes from.
fn path_of(bot: &EvolveBot, variable: &str, source: &SecretKeyRef) -> String {
    let database = &bot.spec.database;
    let field = match variable {
        "DATABASE_URL" if database.api_url_secret_ref.as_ref() == Some(source) => "spec.database.apiUrlSecretRef",
        "DATABASE_URL" if database.bot_url_secret_ref.as_ref() == Some(source) => "spec.database.botUrlSecretRef",
        "DATABASE_URL" => "spec.database.urlSecretRef",
        "REDIS_URL" => "spec.redis.urlSecretRef",
        "TELEGRAM_BOT_TOKEN" => "spec.telegram.tokenSecretRef",
        "JWT_SECRET" => "spec.security.jwtSecretRef",
        "ENCRYPTION_KEY" => "spec.security.encryptionKeySecretRef",
        "ADMIN_REGISTRATION_TOKEN" => "spec.security.adminTokenSecretRef",
        "SENTRY_DSN" => "spec.observability.sentryDsnSecretRef",
        "PAYMENT_PROVIDER_TOKEN" => "spec.telegram.payments.providerTokenSecretRef",
        "SERVICE_KEY" | "WEBHOOK_SECRET" => "spec.security",
        _ => {
            return path_of_key(&bot.spec.ai, source);
        }
    };
    field.to_owned()
}

/// The field that a provider's key comes from: of what answers, hears, speaks or embeds.
fn path_of_key(ai: &Ai, source: &SecretKeyRef) -> String {
    let speakers = ai.voice.as_ref().and_then(|voice| voice.speakers.as_deref());
    let lists = [
        ("providers", ai.providers.as_slice()),
        ("transcribers", ai.transcribers.as_deref().unwrap_or_default()),
        ("voice.speakers", speakers.unwrap_or_default()),
    ];
    let find = |key: Option<&SecretKeyRef>| {
        lists.iter().find_map(|(list, providers)| {
            let place = providers.iter().position(|provider| provider.api_key_secret_ref.as_ref() == key)?;
            Some(format!("spec.ai.{list}[{place}].apiKeySecretRef"))
        })
    };
    let embedder = |key: Option<&SecretKeyRef>| {
        let embeddings = ai.embeddings.as_ref()?;
        let is_its = embeddings.provider.api_key_secret_ref.as_ref() == key;
        is_its.then(|| "spec.ai.embeddings.provider.apiKeySecretRef".to_owned())
    };
    let of = |key| find(key).or_else(|| embedder(key));
    // The one without a reference is the one that has the usual.
    of(Some(source)).or_else(|| of(None)).unwrap_or_else(|| "spec.ai.providers".to_owned())
}
