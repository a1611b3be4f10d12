//! What `evolve up` is going to run: the bot's file and the environment, decided into one plan. Pure, so that every
//! combination of "has a token", "has a key", "has a database" can be tested without starting anything.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;
use evolve_operator::EvolveBot;
use evolve_operator::build::environment::{Value, Variable, key_of};
use evolve_operator::crd::{EvolveBotSpec, Provider, ProviderKind, SecretKeyRef};

use crate::extra::for_api;
use crate::keys::variable;

/// The Secret that local keys belong to. Its entries are environment variables, or files in `.evolve/keys`.
pub(crate) const LOCAL: &str = "evolve-up";

const QUICKSTART: &str = include_str!("../../examples/quickstart.yaml");
const QUICKSTART_PATH: &str = "examples/quickstart.yaml";

/// What is going to run.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The bot, with the providers that can answer here.
    pub(crate) bot: EvolveBot,
    /// The bot's token at the real Telegram; without one, Telegram is simulated.
    pub(crate) telegram_token: Option<String>,
    /// A Postgres that is there already.
    pub(crate) database_url: Option<String>,
    /// A Redis that is there already.
    pub(crate) redis_url: Option<String>,
    /// The keys of the providers and of other services, and where the resource says that they are.
    pub(crate) service_keys: Vec<(SecretKeyRef, String)>,
    /// What the API is told besides, by name, in place of what is rendered under that name.
    pub(crate) for_api: BTreeMap<String, String>,
    /// What the person should know, one line each.
    pub(crate) notes: Vec<String>,
}

/// Reads the bot's file: the one named, or the quickstart example.
pub(crate) fn read_bot(file: Option<&Path>) -> anyhow::Result<EvolveBot> {
    let (path, text) = match file {
        Some(path) => {
            let advice = || format!("cannot read {}; `-f` names the EvolveBot file", path.display());
            (path, std::fs::read_to_string(path).with_context(advice)?)
        }
        None => {
            let path = Path::new(QUICKSTART_PATH);
            (path, std::fs::read_to_string(path).unwrap_or_else(|_| QUICKSTART.to_owned()))
        }
    };
    EvolveBot::parse(&text).with_context(|| format!("{} cannot be used", path.display()))
}

impl Plan {
    /// Decides by the environment.
    ///
    /// # Errors
    /// When a `NAME_FILE` names what cannot be read.
    pub(crate) fn from_environment(bot: EvolveBot) -> anyhow::Result<Self> {
        let unread = Cell::new(None);
        let lookup = |name: &str| {
            variable(name).unwrap_or_else(|error| {
                unread.set(Some(error));
                None
            })
        };
        let plan = Self::make(bot, lookup);
        unread.into_inner().map_or(Ok(plan), Err)
    }

    /// Decides. `lookup` reads the environment.
    pub(crate) fn make(mut bot: EvolveBot, lookup: impl Fn(&str) -> Option<String>) -> Self {
        let lookup = |name: &str| lookup(name).filter(|value| !value.is_empty());
        let lookup = &lookup;
        let named =
            |source: &Option<SecretKeyRef>, usual: &str| lookup(usual).or_else(|| lookup(&source.as_ref()?.key));
        let mut notes = Vec::new();
        let telegram_token = named(&bot.spec.telegram.token_secret_ref, "TELEGRAM_BOT_TOKEN");
        if telegram_token.is_none() {
            notes.push("TELEGRAM_BOT_TOKEN is not set: Telegram is simulated on this machine".to_owned());
            // The simulator is reached from here alone: nothing outside could call a webhook.
            bot.spec.telegram = Default::default();
        }
        let mut service_keys = usable_providers(&mut bot.spec.ai.providers, lookup, &mut notes);
        service_keys.extend(usable_services(&mut bot.spec, lookup, &mut notes));
        if bot.spec.persona.prompt_from.is_some() {
            notes.push("spec.persona.promptFrom is in a cluster: the built-in prompt is used here".to_owned());
        }
        // Nobody here makes copies on a schedule, so none is missed.
        bot.spec.backup = None;
        let for_api = for_api(&bot.spec.api.pod.extra_env, lookup, &mut notes);
        let database_url = named(&bot.spec.database.url_secret_ref, "DATABASE_URL");
        let redis_url = named(&bot.spec.redis.url_secret_ref, "REDIS_URL");
        Self { bot, telegram_token, database_url, redis_url, service_keys, for_api, notes }
    }

    /// The environment of the API: what was rendered for it, and what it is told besides.
    pub(crate) fn api(&self, mut rendered: Vec<Variable>) -> Vec<Variable> {
        rendered.retain(|variable| !self.for_api.contains_key(&variable.name));
        let plain =
            |(name, value): (&String, &String)| Variable { name: name.clone(), value: Value::Plain(value.clone()) };
        rendered.extend(self.for_api.iter().map(plain));
        rendered
    }
}

/// Leaves the providers whose key is there, or the stand-in when none is, and hands out the keys.
fn usable_providers(
    providers: &mut Vec<Provider>,
    lookup: impl Fn(&str) -> Option<String>,
    notes: &mut Vec<String>,
) -> Vec<(SecretKeyRef, String)> {
    let mut keys = Vec::new();
    let mut missing = Vec::new();
    providers.retain(|provider| {
        let Some(source) = key_of(provider, LOCAL) else { return true };
        match lookup(&source.key) {
            Some(key) => {
                keys.push((source, key));
                true
            }
            None => {
                missing.push((source.key, provider.kind.as_str()));
                false
            }
        }
    });
    if providers.is_empty() {
        providers.push(Provider { kind: ProviderKind::Scripted, ..Provider::default() });
        let names: Vec<&str> = missing.iter().map(|(key, _)| key.as_str()).collect();
        notes.push(format!("{} is not set: a stand-in answers, not a model", names.join(" or ")));
    } else {
        let left_out = |(key, kind): &(String, &str)| format!("{key} is not set: the provider {kind} is left out");
        notes.extend(missing.iter().map(left_out));
    }
    keys
}

/// Leaves the other services whose secret is there, and hands out the secrets.
fn usable_services(
    spec: &mut EvolveBotSpec,
    lookup: impl Fn(&str) -> Option<String>,
    notes: &mut Vec<String>,
) -> Vec<(SecretKeyRef, String)> {
    let payments = spec.telegram.payments.as_mut();
    let named = [
        ("the registration for the statistics", Some(&mut spec.security.admin_token_secret_ref)),
        ("Sentry", Some(&mut spec.observability.sentry_dsn_secret_ref)),
        ("the payment provider", payments.map(|payments| &mut payments.provider_token_secret_ref)),
    ];
    let mut keys = Vec::new();
    for (what, source) in named.into_iter().filter_map(|(what, slot)| Some((what, slot?))) {
        let Some(reference) = source.clone() else { continue };
        match lookup(&reference.key) {
            Some(value) => keys.push((reference, value)),
            None => {
                notes.push(format!("{} is not set: {what} is left out", reference.key));
                *source = None;
            }
        }
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(set: &[(&str, &str)], spec: &str) -> Plan {
        let head = "apiVersion: evolveai.dev/v1alpha1\nkind: EvolveBot\nmetadata: { name: eva }\n";
        let bot = EvolveBot::parse(&format!("{head}spec: {spec}\n")).unwrap();
        Plan::make(bot, |name| set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn without_anything_telegram_is_simulated_and_a_stand_in_answers() {
        let plan = plan(&[("GOOGLE_API_KEY", "")], "{ telegram: { mode: webhook, webhook: { host: e.org } } }");
        assert_eq!(plan.telegram_token, None);
        assert_eq!(plan.bot.spec.telegram, Default::default());
        assert_eq!(plan.bot.spec.ai.providers[0].kind, ProviderKind::Scripted);
        assert_eq!(
            plan.notes,
            [
                "TELEGRAM_BOT_TOKEN is not set: Telegram is simulated on this machine",
                "GOOGLE_API_KEY is not set: a stand-in answers, not a model",
            ]
        );
    }

    #[test]
    fn with_a_token_and_a_key_it_is_the_real_thing() {
        let plan = plan(
            &[("MY_TOKEN", "1:a"), ("MY_KEY", "k"), ("DATABASE_URL", "postgres://d")],
            "{ telegram: { tokenSecretRef: { name: s, key: MY_TOKEN } }, \
             ai: { providers: [{ kind: gemini, apiKeySecretRef: { name: s, key: MY_KEY } }] } }",
        );
        assert_eq!(plan.telegram_token.as_deref(), Some("1:a"));
        assert_eq!(plan.service_keys, [(SecretKeyRef::new("s", "MY_KEY"), "k".to_owned())]);
        assert_eq!((plan.database_url.as_deref(), plan.redis_url), (Some("postgres://d"), None));
        assert!(plan.notes.is_empty(), "{:?}", plan.notes);
    }

    #[test]
    fn providers_without_key_are_left_out_while_another_can_answer() {
        let plan = plan(
            &[("TELEGRAM_BOT_TOKEN", "1:a")],
            "{ ai: { providers: [{ kind: gemini }, { kind: openai, model: qwen3, baseUrl: 'http://localhost:11434' }] } }",
        );
        assert_eq!(plan.bot.spec.ai.providers.len(), 1);
        assert_eq!(plan.notes, ["GOOGLE_API_KEY is not set: the provider gemini is left out"]);
    }

    #[test]
    fn services_without_their_secret_are_left_out_and_the_others_get_it() {
        let plan = plan(
            &[("TELEGRAM_BOT_TOKEN", "1:a"), ("GOOGLE_API_KEY", "k"), ("SENTRY", "https://s")],
            "{ observability: { sentryDsnSecretRef: { name: s, key: SENTRY } }, \
             security: { adminTokenSecretRef: { name: s, key: ADMIN } } }",
        );
        assert_eq!(plan.bot.spec.security.admin_token_secret_ref, None);
        assert_eq!(plan.service_keys[1], (SecretKeyRef::new("s", "SENTRY"), "https://s".to_owned()));
        assert_eq!(plan.notes, ["ADMIN is not set: the registration for the statistics is left out"]);
    }

    #[test]
    fn the_api_is_told_what_the_file_and_before_it_the_environment_say() {
        let plan = plan(
            &[
                ("TELEGRAM_BOT_TOKEN", "1:a"),
                ("GOOGLE_API_KEY", "k"),
                ("PANEL_URL", "https://e.org"),
                ("LOG_LEVEL", "x"),
            ],
            "{ api: { pod: { extraEnv: [{ name: PANEL_URL, value: 'https://other.org' }, \
             { name: PERSONA, value: '{}' }, { name: PGSSLMODE, value: require }, \
             { name: OIDC_CLIENT_SECRET, valueFrom: { secretKeyRef: { name: s, key: OIDC } } }] } } }",
        );
        let left_out = ["PGSSLMODE", "OIDC_CLIENT_SECRET"];
        let note = |name: &str| format!("spec.api.pod.extraEnv: what {name} says is in a cluster, so it is left out");
        assert_eq!(plan.notes, left_out.map(note));
        let variable = |(name, value): (&str, Value)| Variable { name: name.to_owned(), value };
        let told = |text: &str| Value::Plain(text.to_owned());
        let token = Value::Secret(SecretKeyRef::new("s", "T"));
        let rendered =
            [("PERSONA", told("{\"name\":\"A\"}")), ("PANEL_URL", token), ("PLANS", told("p"))].map(variable);
        let expected =
            [("PLANS", told("p")), ("PANEL_URL", told("https://e.org")), ("PERSONA", told("{}"))].map(variable);
        assert_eq!(plan.api(rendered.into()), expected);
    }

    #[test]
    fn the_example_that_is_compiled_in_is_valid() {
        EvolveBot::parse(QUICKSTART).unwrap();
    }
}
