//! `GET /admin/audit`: what was done by those who run the bot.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How an act went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AuditOutcome {
    /// It was about to be tried: another entry of the same request says how it went. Where there is none, the process died.
    Begun,
    /// It was done.
    Done,
    /// It had been done before, so nothing changed.
    Unchanged,
    /// It was not done, since it cannot be.
    Refused,
    /// Something broke; it is not known whether it was done.
    Failed,
}

/// One act.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AuditEntry {
    /// Its id.
    pub id: String,
    /// When it was asked for, UTC.
    pub at: DateTime<Utc>,
    /// Who asked for it: `service-key:` and the beginning of a hash of the key that was shown.
    #[schema(example = "service-key:5f0c2a91")]
    pub actor: String,
    /// From which IP address.
    pub address: Option<String>,
    /// By which request: as in the logs.
    pub request_id: String,
    /// What, by a name that does not change.
    #[schema(example = "payment.refund")]
    pub act: String,
    /// To what: kind, colon, id. Instead of a number, as of a person, there is a keyed hash: ask with `person` for those of a person.
    #[schema(example = "payment:0199a1b2-5c3d-7e4f-8a9b-0c1d2e3f4a5b")]
    pub subject: Option<String>,
    /// What exactly was done: numbers and states.
    #[schema(value_type = Object)]
    pub detail: serde_json::Value,
    /// How it went.
    pub outcome: AuditOutcome,
}

/// A page of the log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AuditResponse {
    /// Newest first.
    pub entries: Vec<AuditEntry>,
    /// The next page begins after this one, as `?after=`; nothing on the last.
    pub next: Option<String>,
}
