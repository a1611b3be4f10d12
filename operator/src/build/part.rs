//! The two parts of a bot that run all the time, and what the builders need to know of each.

use k8s_openapi::api::core::v1::EnvVar;

use super::environment::{Value, Variable};
use super::names;
use crate::crd::{Amounts, Autoscaling, EvolveBot, Pod};

/// The port of the API.
pub const API_PORT: i32 = 8000;
/// The port of the bot.
pub(super) const BOT_PORT: i32 = 8080;
/// What both ports are called.
pub(super) const PORT_NAME: &str = "http";

/// A part that runs all the time.
#[derive(Clone, Debug)]
pub struct Part<'a> {
    /// The bot.
    pub(super) bot: &'a EvolveBot,
    /// What it is called: `api` or `bot`.
    pub(super) component: &'static str,
    /// The name of its objects.
    pub(super) name: String,
    /// The program.
    pub(super) program: &'static str,
    /// Where it listens.
    pub(super) port: i32,
    /// How many pods, while nothing scales it.
    pub(super) replicas: i32,
    /// How it is scaled.
    pub(super) autoscaling: Option<&'a Autoscaling>,
    /// Its pods.
    pub(super) pod: &'a Pod,
    /// What it asks for where the bot says nothing: requests and limits.
    pub(super) resources: [Amounts; 2],
    /// Its variables.
    environment: &'a [Variable],
}

impl<'a> Part<'a> {
    pub(super) fn api(bot: &'a EvolveBot, environment: &'a [Variable]) -> Self {
        let spec = &bot.spec.api;
        Self {
            bot,
            component: "api",
            name: names::api(bot),
            program: "evolve-api",
            port: API_PORT,
            replicas: spec.replicas,
            autoscaling: spec.autoscaling.as_ref(),
            pod: &spec.pod,
            resources: super::container::amounts([("100m", "128Mi"), ("", "512Mi")]),
            environment,
        }
    }

    pub(super) fn bot(bot: &'a EvolveBot, environment: &'a [Variable]) -> Self {
        let spec = &bot.spec.bot;
        Self {
            bot,
            component: "bot",
            name: names::bot(bot),
            program: "evolve-bot",
            port: BOT_PORT,
            replicas: spec.replicas,
            autoscaling: spec.autoscaling.as_ref(),
            pod: &spec.pod,
            resources: super::container::amounts([("50m", "64Mi"), ("", "256Mi")]),
            environment,
        }
    }

    /// Its variables that are not secret.
    pub(super) fn plain(&self) -> impl Iterator<Item = (&str, &str)> {
        self.environment.iter().filter_map(|variable| match &variable.value {
            Value::Plain(text) => Some((variable.name.as_str(), text.as_str())),
            Value::Secret(_) => None,
        })
    }

    /// Its variables, less those that the bot sets itself, and then those.
    pub(super) fn variables(&self) -> Vec<EnvVar> {
        let extra = &self.pod.extra_env;
        let ours = super::container::variables(self.environment);
        let mut list: Vec<EnvVar> =
            ours.into_iter().filter(|ours| extra.iter().all(|extra| extra.name != ours.name)).collect();
        list.extend(extra.iter().map(super::container::extra_variable));
        list
    }
}
