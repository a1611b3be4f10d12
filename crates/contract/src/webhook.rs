//! `/api/v1/admin/webhooks`: which other systems are told what happens, for whoever runs the bot.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a subscriber understands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WebhookKind {
    /// The event as JSON, signed as Standard Webhooks has it.
    #[default]
    Generic,
    /// A line of text, as an incoming webhook of Slack takes it.
    Slack,
}

/// `POST /api/v1/admin/webhooks`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookRequest {
    /// Where it is: `https`, at a public address or in a network of `WEBHOOK_ALLOWED_NETWORKS`.
    #[schema(example = "https://hooks.example.org/evolve")]
    pub url: String,
    /// What it understands.
    #[serde(default)]
    pub kind: WebhookKind,
    /// What it wants to hear of; everything, where it is empty.
    #[serde(default)]
    #[schema(example = json!(["payment.succeeded", "payment.refunded"]))]
    pub events: Vec<String>,
}

/// `PATCH /api/v1/admin/webhooks/{webhook_id}`: what is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct WebhookUpdate {
    /// Where it is.
    pub url: Option<String>,
    /// What it wants to hear of; everything, where it is empty.
    pub events: Option<Vec<String>>,
    /// Whether it is told anything. Enabled, it is told what waits for it at once; of what happened while it was not, only what is
    /// replayed.
    pub enabled: Option<bool>,
}

/// Why a subscriber was disabled by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WebhookDisabled {
    /// It accepted nothing for a day.
    Failing,
    /// It said that it is gone (410).
    Gone,
}

/// A subscriber.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WebhookResponse {
    /// Its id.
    pub id: String,
    /// Where it is, without what may be a secret: the query, and the path for Slack and for who may change no webhook.
    pub url: String,
    /// What it understands.
    pub kind: WebhookKind,
    /// What it wants to hear of; everything, where it is empty.
    pub events: Vec<String>,
    /// Whether it is told anything.
    pub enabled: bool,
    /// Why it is not, where that was not said by an administrator.
    pub disabled: Option<WebhookDisabled>,
    /// Since when it has accepted nothing; nothing where it accepted what it was told last.
    pub failing_since: Option<DateTime<Utc>>,
    /// What waits for it, up to 10,000.
    pub waiting: u64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// What signs. Shown where it is made and where it is rotated, and never again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    pub secret: Option<String>,
}

/// `GET /api/v1/admin/webhooks`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WebhooksResponse {
    /// All of them, in the order in which they were made.
    pub webhooks: Vec<WebhookResponse>,
}

/// What became of something that a subscriber is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WebhookDeliveryState {
    /// It is still to be told, or told again.
    Waiting,
    /// It accepted it.
    Delivered,
    /// It was given up.
    Failed,
}

/// Something that a subscriber is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WebhookDelivery {
    /// Its number, in the order of telling.
    pub id: i64,
    /// The event, by its `webhook-id`.
    pub event_id: String,
    /// Its kind.
    #[schema(example = "payment.succeeded")]
    pub event: String,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// What became of it.
    pub state: WebhookDeliveryState,
    /// Attempts that were begun.
    pub attempts: u32,
    /// Of what waits: not tried before.
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// When it was accepted, or given up.
    pub finished_at: Option<DateTime<Utc>>,
    /// The HTTP status of the last answer.
    pub status: Option<u16>,
    /// Why the last attempt failed.
    pub error: Option<String>,
}

/// `GET /api/v1/admin/webhooks/{webhook_id}/deliveries`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WebhookDeliveriesResponse {
    /// At most a hundred, newest first.
    pub deliveries: Vec<WebhookDelivery>,
    /// Of the next page, as `before`; nothing on the last.
    pub next: Option<i64>,
}

/// `POST /api/v1/admin/webhooks/{webhook_id}/replay`: one of both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct WebhookReplayRequest {
    /// Everything again that happened since, at most 30 days ago.
    pub since: Option<DateTime<Utc>>,
    /// What was given up.
    pub failed: bool,
}

/// What is told again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WebhookReplayResponse {
    /// How much, at most 1000 at once.
    pub replayed: u64,
    /// Of what is told again since a time: since when to ask for the rest; nothing where that was all.
    pub next: Option<DateTime<Utc>>,
}

/// A test that is on its way.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WebhookTestResponse {
    /// Its event, by which it is found among the deliveries.
    pub event_id: String,
}
