//! The way to Telegram.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::reference::SecretKeyRef;
use super::rules::{
    NAME, URL, all, annotations, http_url, namespace_name, object_name, own_annotations, rules, rules_at, texts,
};

/// Where Telegram delivers to when no path is named.
pub const WEBHOOK_PATH: &str = "/telegram/webhook";

/// The way to Telegram.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = all([
    rules_at(".mode", &[
        ("!has(self.mode) || self.mode != 'webhook' || has(self.webhook)",
         "mode: webhook needs the address that Telegram calls: set webhook.host, or use mode: polling"),
    ]),
    rules_at(".webhook", &[
        ("!has(self.webhook) || (has(self.mode) && self.mode == 'webhook')",
         "webhook does nothing while updates are polled: set mode: webhook, or remove webhook"),
    ]),
    rules_at(".payments.providerTokenSecretRef", &[
        ("!(has(self.tokenSecretRef) && has(self.payments) && has(self.payments.providerTokenSecretRef)) || self.tokenSecretRef.name != self.payments.providerTokenSecretRef.name || self.tokenSecretRef.key != self.payments.providerTokenSecretRef.key",
         "is the entry of the bot's own token: name the one with the payment provider's, which @BotFather gives too"),
    ]),
])))]
pub struct Telegram {
    /// The bot's token, from @BotFather. When absent: the entry `TELEGRAM_BOT_TOKEN` of the Secret that is named like
    /// the bot; `evolve up` then starts a Telegram simulator.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_secret_ref: Option<SecretKeyRef>,
    /// How updates come in: `polling` needs no public address, `webhook` scales further.
    pub mode: TelegramMode,
    /// Where Telegram calls, in webhook mode.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook: Option<Webhook>,
    /// Another Bot API server than Telegram's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = URL), extend("x-kubernetes-validations" = all([http_url(), rules(&[
        ("!self.matches('/bot[0-9]')", "must not hold the bot's token, which anybody could read here: put it into a Secret, and name that in tokenSecretRef"),
    ])])))]
    pub api_url: Option<String>,
    /// Most calls a second that reach people, of all replicas together (without Redis, of each); Telegram allows a bot 30, and
    /// more with paid broadcasts.
    #[schemars(range(min = 1, max = 1000))]
    pub messages_per_second: u32,
    /// How answers are shown while they are made.
    pub streaming: Streaming,
    /// How people can pay.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payments: Option<Payments>,
}

impl Default for Telegram {
    fn default() -> Self {
        Self {
            token_secret_ref: None,
            mode: TelegramMode::default(),
            webhook: None,
            api_url: None,
            messages_per_second: 30,
            streaming: Streaming::default(),
            payments: None,
        }
    }
}

/// How answers are shown while they are made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Streaming {
    /// As a message that grows by edits.
    #[default]
    Edits,
    /// As Telegram's own draft of a message: smoother where the app knows them, and in private chats alone.
    Drafts,
    /// Not at all: an answer comes when it is whole.
    Off,
}

impl Streaming {
    /// As the bot's configuration says it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Edits => "edits",
            Self::Drafts => "drafts",
            Self::Off => "off",
        }
    }
}

/// How updates come in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum TelegramMode {
    /// One replica asks Telegram; needs no public address.
    #[default]
    Polling,
    /// Telegram calls any replica.
    Webhook,
}

impl TelegramMode {
    /// As the bot's configuration says it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Polling => "polling",
            Self::Webhook => "webhook",
        }
    }
}

/// Where Telegram calls, and how that reaches the bot: by an Ingress, unless a Gateway is named.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = all([
    rules_at(".gateway", &[
        ("!(has(self.ingress) && has(self.gateway))",
         "the webhook comes in by an ingress or by a gateway: remove one of webhook.ingress and webhook.gateway"),
    ]),
    rules_at(".tlsSecretName", &[
        ("!(has(self.tlsSecretName) && has(self.gateway))",
         "a gateway has its own certificates: remove webhook.tlsSecretName, and set them on the gateway's listener"),
    ]),
])))]
pub struct Webhook {
    /// The public host name, such as `bots.example.org`.
    #[schemars(length(min = 1, max = NAME), extend("x-kubernetes-validations" = rules(&[
        (r"self.matches('^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?[.])+[a-z]([-a-z0-9]{0,61}[a-z0-9])?$')",
         "must be a public host name in lower case, such as bots.example.org, without https:// and without a path; not an address of digits"),
    ])))]
    pub host: String,
    /// The path on that host, of this bot alone. `/telegram/webhook` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 200), extend("x-kubernetes-validations" = rules(&[
        ("self.matches('^(/[-A-Za-z0-9._~]+)+$') && !self.matches('/[.]{1,2}(/|$)')",
         "must begin with / and end without one, such as /eva; letters, digits, dashes, dots and underscores, no // and no dots alone"),
        ("!(self in ['/health', '/ready', '/metrics'])", "is a path at which the bot tells how it fares: choose another, such as /eva"),
    ])))]
    pub path: Option<String>,
    /// The Secret with the host's certificate (`tls.crt`, `tls.key`), for the Ingress. When absent, the ingress
    /// controller's own certificate, or what its annotations ask for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = NAME), extend("x-kubernetes-validations" = object_name()))]
    pub tls_secret_name: Option<String>,
    /// Details of the Ingress.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ingress: Option<IngressSettings>,
    /// A Gateway that an HTTPRoute is attached to, in place of an Ingress.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway: Option<GatewayRef>,
}

impl Telegram {
    /// The Secret with the certificate of the webhook's host, where one is named.
    #[must_use]
    pub fn certificate(&self) -> Option<&str> {
        self.webhook.as_ref()?.tls_secret_name.as_deref()
    }
}

impl Webhook {
    /// The path that Telegram calls.
    #[must_use]
    pub fn path(&self) -> &str {
        self.path.as_deref().unwrap_or(WEBHOOK_PATH)
    }

    /// The address that Telegram calls.
    #[must_use]
    pub fn url(&self) -> String {
        format!("https://{}{}", self.host, self.path())
    }
}

/// Details of the Ingress.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct IngressSettings {
    /// The IngressClass; the cluster's default when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = NAME), extend("x-kubernetes-validations" = object_name()))]
    pub class_name: Option<String>,
    /// Annotations for its controller, such as `cert-manager.io/cluster-issuer`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 32, "additionalProperties" = texts(8192), "x-kubernetes-validations" = all([annotations(), own_annotations()])))]
    pub annotations: BTreeMap<String, String>,
}

/// A listener of a Gateway.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GatewayRef {
    /// The Gateway's name.
    #[schemars(length(min = 1, max = NAME), extend("x-kubernetes-validations" = object_name()))]
    pub name: String,
    /// Its namespace; the bot's own when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63), extend("x-kubernetes-validations" = namespace_name()))]
    pub namespace: Option<String>,
    /// One listener of it; all that fit when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = NAME), extend("x-kubernetes-validations" = object_name()))]
    pub section_name: Option<String>,
}

/// How people can pay.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Payments {
    /// Whether Telegram Stars are taken.
    pub stars: bool,
    /// The token of a payment provider, from @BotFather, for prices in money.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider_token_secret_ref: Option<SecretKeyRef>,
}

impl Default for Payments {
    fn default() -> Self {
        Self { stars: true, provider_token_secret_ref: None }
    }
}
