//! The two processes that a bot has: the API, which thinks, and the bot, which talks to Telegram.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::pod::{Autoscaling, Pod};
use super::rules::{origins, rules, rules_at};

/// That somebody runs. (No `minimum`: its message would not say how to send a bot to sleep.)
fn replicas() -> serde_json::Value {
    rules(&[("self >= 1", "must be 1 or more: to run no pod at all, set spec.hibernated: true")])
}

/// The API's process.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = rules_at(".httpConnectTimeoutSeconds", &[
    ("(has(self.httpConnectTimeoutSeconds) ? self.httpConnectTimeoutSeconds : 10) <= (has(self.httpTimeoutSeconds) ? self.httpTimeoutSeconds : 180)",
     "must be no more than httpTimeoutSeconds, the time for the whole request; they are 10 and 180 when absent"),
])))]
pub struct Api {
    /// How many pods. Not looked at while `autoscaling` is set. `kubectl scale evolvebot` changes it.
    #[schemars(range(max = 1000), extend("x-kubernetes-validations" = replicas()))]
    pub replicas: i32,
    /// By load, between two numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub autoscaling: Option<Autoscaling>,
    /// Web origins that browsers may call it from.
    #[schemars(length(max = 32), inner(length(max = 300)), extend("x-kubernetes-validations" = origins()))]
    pub cors_origins: Vec<String>,
    /// Largest picture, MiB.
    #[schemars(range(min = 1, max = 10))]
    pub max_image_size_mb: u32,
    /// How long cached rows live, seconds; 0 turns the cache off.
    #[schemars(range(min = 0, max = 86_400))]
    pub cache_ttl_seconds: u32,
    /// Longest time for one request to a model, and of the bot to the API, seconds.
    #[schemars(range(min = 1, max = 3600))]
    pub http_timeout_seconds: u32,
    /// Longest time to connect for one, seconds.
    #[schemars(range(min = 1, max = 600))]
    pub http_connect_timeout_seconds: u32,
    /// Its pods.
    pub pod: Pod,
}

impl Default for Api {
    fn default() -> Self {
        Self {
            replicas: 2,
            autoscaling: None,
            cors_origins: Vec::new(),
            max_image_size_mb: 10,
            cache_ttl_seconds: 600,
            http_timeout_seconds: 180,
            http_connect_timeout_seconds: 10,
            pod: Pod::default(),
        }
    }
}

/// The bot's process.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Bot {
    /// How many pods. Not looked at while `autoscaling` is set. While updates are polled, one of them asks Telegram and
    /// all of them work.
    #[schemars(range(max = 1000), extend("x-kubernetes-validations" = replicas()))]
    pub replicas: i32,
    /// By load, between two numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub autoscaling: Option<Autoscaling>,
    /// How many chats one pod answers at once.
    #[schemars(range(min = 1, max = 10_000))]
    pub workers: u32,
    /// Its pods.
    pub pod: Pod,
}

impl Default for Bot {
    fn default() -> Self {
        Self { replicas: 2, autoscaling: None, workers: 64, pod: Pod::default() }
    }
}
