//! Why a message has no answer, and the names under which such failures are kept with their turns.

use std::time::Duration;

use chrono::{DateTime, Utc};
use evolve_store::StoreError;

use crate::prompt::PromptError;

/// Why there is no answer. Nothing was charged, but for a recording that was listened to: where nobody speaks in it
/// ([`TurnError::NothingHeard`]), or no model wants to answer it.
#[derive(Debug, thiserror::Error)]
pub enum TurnError {
    /// The day's messages are used up.
    #[error("the day's {limit} messages are used up until {resets_at}")]
    QuotaExhausted {
        /// Messages a day.
        limit: u32,
        /// When the next day begins for the person.
        resets_at: DateTime<Utc>,
    },
    /// Those who run the bot have said that this person is not talked with.
    #[error("this person is banned")]
    Banned {
        /// Until then; nothing for good.
        until: Option<DateTime<Utc>>,
    },
    /// Pictures belong to another plan.
    #[error("pictures are not part of the person's plan")]
    PremiumRequired,
    /// Nothing is configured that hears.
    #[error("nothing here can hear")]
    CannotHear,
    /// Nobody speaks in the recording.
    #[error("nobody speaks in the recording")]
    NothingHeard,
    /// The key was used with another request.
    #[error("the Idempotency-Key was used before with another request")]
    KeyReused,
    /// The first request with this key is still running.
    #[error("the first request with this Idempotency-Key is still running")]
    InProgress,
    /// No model could answer.
    #[error("no model could answer")]
    ModelUnavailable {
        /// When it may be worth asking again.
        retry_after: Option<Duration>,
    },
    /// The models will not answer this.
    #[error("the models declined to answer")]
    ModelBlocked,
    /// The models answered nothing that can be used.
    #[error("the models gave no usable answer")]
    ModelFailed,
    /// There is no answer to make anew.
    #[error("there is no answer to make anew")]
    NothingToRepeat,
    /// No such message is known.
    #[error("no message is known under this key")]
    MessageNotFound,
    /// The turn was taken over, or its person removed, while it ran.
    #[error("the turn was ended by somebody else")]
    Superseded,
    /// Postgres.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A fault of ours.
    #[error(transparent)]
    Prompt(#[from] PromptError),
}

impl TurnError {
    /// The failures, as they are kept, by which a recording that was listened to costs a message all the same: it is itself
    /// why there is no answer, and could be sent without end. The same request is told of them, and nothing is done again.
    pub(super) const CHARGED: [&'static str; 2] = ["nothing_heard", "model_blocked"];

    /// The name under which the failure is kept with the turn.
    pub(super) fn stored(&self) -> &'static str {
        match self {
            Self::PremiumRequired => "premium_required",
            Self::CannotHear => "cannot_hear",
            Self::NothingHeard => "nothing_heard",
            Self::ModelUnavailable { .. } => "model_unavailable",
            Self::ModelBlocked => "model_blocked",
            Self::ModelFailed => "model_failed",
            Self::NothingToRepeat => "nothing_to_repeat",
            _ => "internal",
        }
    }

    /// What a repeated request is told of a failure that was kept.
    pub(super) fn from_stored(name: &str) -> Self {
        match name {
            "premium_required" => Self::PremiumRequired,
            "cannot_hear" => Self::CannotHear,
            "nothing_heard" => Self::NothingHeard,
            "model_blocked" => Self::ModelBlocked,
            "model_failed" => Self::ModelFailed,
            "nothing_to_repeat" => Self::NothingToRepeat,
            _ => Self::ModelUnavailable { retry_after: None },
        }
    }
}
