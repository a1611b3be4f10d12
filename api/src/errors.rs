//! The one place where errors of the engine and the store become problems.

use std::time::Duration;

use chrono::{DateTime, Utc};
use evolve_contract::Code;
use evolve_engine::{
    access::AccessError, broadcasts::BroadcastError, exports::ExportError, memories::MemoryError,
    payments::PaymentError, profiles::ProfileError, steering::SteeringError, turn::TurnError, webhooks::WebhookError,
};
use evolve_store::StoreError;

use crate::problem::ApiError;

/// How long callers should wait for a database that is away: about what a fail-over takes.
const DATABASE_RETRY: Duration = Duration::from_secs(5);
/// How long they should wait for models, where none says.
const MODEL_RETRY: Duration = Duration::from_secs(30);
/// How long they should wait for a turn that another request is running.
const TURN_RETRY: Duration = Duration::from_secs(2);

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        if error.is_unavailable() {
            tracing::warn!(%error, "the database is away");
            return Self::new(Code::DatabaseUnavailable).retry_after(DATABASE_RETRY);
        }
        tracing::error!(%error, "the store failed");
        Self::new(Code::Internal)
    }
}

impl From<ProfileError> for ApiError {
    fn from(error: ProfileError) -> Self {
        match error {
            ProfileError::NotFound => Self::new(Code::ProfileNotFound),
            ProfileError::Invalid { field, reason } => {
                Self::new(Code::InvalidValue).detail(format!("{field}: {reason}"))
            }
            ProfileError::Underage => Self::new(Code::Underage)
                .detail("they said so within a year, or their birthday does; a no is taken always"),
            ProfileError::ZoneNotChosen => Self::new(Code::ZoneNotChosen)
                .detail("give data.time_zone, an IANA time zone, in this request, or in POST /profile before it"),
            ProfileError::Store(error) => error.into(),
        }
    }
}

impl ApiError {
    /// The problem that asking for a copy, or making it, ended in.
    #[must_use]
    pub fn of_export(error: ExportError, now: DateTime<Utc>) -> Self {
        match error {
            ExportError::NobodyThere => Self::new(Code::ProfileNotFound),
            ExportError::AskedToday(until) => {
                Self::new(Code::ExportAskedToday).retry_after((until - now).to_std().unwrap_or_default())
            }
            ExportError::NotAsked => Self::new(Code::ExportNotFound).detail("ask for it with POST /export first"),
            ExportError::TooLarge => {
                tracing::error!("a copy is larger than Telegram takes");
                Self::new(Code::ExportTooLarge)
            }
            ExportError::Broken(reason) => {
                tracing::error!(reason, "a copy could not be made");
                Self::new(Code::Internal)
            }
            ExportError::Store(error) => error.into(),
        }
    }
}

impl From<PaymentError> for ApiError {
    fn from(error: PaymentError) -> Self {
        match error {
            PaymentError::NotForSale => Self::new(Code::NotForSale),
            PaymentError::AlreadySubscribed => Self::new(Code::AlreadySubscribed),
            PaymentError::NotFound => Self::new(Code::PaymentNotFound),
            PaymentError::WhoseIsIt => Self::new(Code::InvalidValue)
                .detail("the person was removed since: add ?user_id=, which Telegram's list of transactions shows"),
            PaymentError::Store(error) => error.into(),
        }
    }
}

impl From<AccessError> for ApiError {
    fn from(error: AccessError) -> Self {
        match error {
            AccessError::Wrong => Self::new(Code::Unauthorized).detail("what was shown is wrong"),
            AccessError::Refused(wait) => Self::new(Code::RateLimited).retry_after(wait),
            AccessError::Expired => Self::new(Code::Unauthorized).detail("it has run out, or was used before"),
            AccessError::SecondFactorNeeded => Self::new(Code::InvalidValue).detail("this role needs a second factor"),
            AccessError::NoRole => Self::new(Code::Forbidden).detail("nothing is allowed to them here"),
            AccessError::Issuer(reason) => {
                tracing::warn!(reason, "somebody could not be let in by the issuer");
                Self::new(Code::Forbidden).detail("the issuer could not vouch for them; the log says why")
            }
            AccessError::NoIssuer => Self::new(Code::NotFound),
            AccessError::NameTaken => Self::new(Code::NameTaken),
            AccessError::NotFound => Self::new(Code::AccessNotFound),
            AccessError::LastOwner => Self::new(Code::LastOwner),
            AccessError::Invalid { field, reason } => {
                Self::new(Code::InvalidValue).detail(format!("{field}: {reason}"))
            }
            AccessError::Broken(what) => {
                tracing::error!(what, "somebody could not be let in");
                Self::new(Code::Internal)
            }
            AccessError::Store(error) => error.into(),
        }
    }
}

impl From<BroadcastError> for ApiError {
    fn from(error: BroadcastError) -> Self {
        match error {
            BroadcastError::Invalid { field, reason } => {
                Self::new(Code::InvalidValue).detail(format!("{field}: {reason}"))
            }
            BroadcastError::NotFound => Self::new(Code::BroadcastNotFound),
            BroadcastError::WrongState(state) => {
                Self::new(Code::BroadcastState).detail(format!("it is {}", state.as_str()))
            }
            BroadcastError::KeyReused => {
                Self::new(Code::IdempotencyKeyReused).detail("the key was used for another broadcast")
            }
            BroadcastError::Store(error) => error.into(),
        }
    }
}

impl From<WebhookError> for ApiError {
    fn from(error: WebhookError) -> Self {
        match error {
            WebhookError::NotFound => Self::new(Code::WebhookNotFound),
            WebhookError::UrlRefused(refused) => Self::new(Code::WebhookUrlRefused)
                .detail(format!("url: {refused}; networks are allowed with WEBHOOK_ALLOWED_NETWORKS")),
            WebhookError::Invalid { field, reason } => {
                Self::new(Code::InvalidValue).detail(format!("{field}: {reason}"))
            }
            WebhookError::Store(error) => error.into(),
        }
    }
}

impl ApiError {
    /// The problem that a wish of those who set flags and prompts ended in.
    #[must_use]
    pub fn of_steering(error: SteeringError, now: DateTime<Utc>) -> Self {
        match error {
            SteeringError::NoSuchFlag => Self::new(Code::FlagNotFound),
            SteeringError::NoSuchPrompt => Self::new(Code::PromptNotFound),
            SteeringError::Invalid { field, reason } => {
                Self::new(Code::InvalidValue).detail(format!("{field}: {reason}"))
            }
            SteeringError::Model(error) => turn(error, now),
            SteeringError::Store(error) => error.into(),
        }
    }
}

impl From<MemoryError> for ApiError {
    fn from(error: MemoryError) -> Self {
        match error {
            MemoryError::NobodyThere => Self::new(Code::ProfileNotFound),
            MemoryError::NoSuchFact => Self::new(Code::FactNotFound),
            MemoryError::Invalid { field, reason } => {
                Self::new(Code::InvalidValue).detail(format!("{field}: {reason}"))
            }
            MemoryError::Store(error) => error.into(),
        }
    }
}

/// The problem that a turn ended in.
#[must_use]
pub fn turn(error: TurnError, now: DateTime<Utc>) -> ApiError {
    match error {
        TurnError::QuotaExhausted { limit, resets_at } => {
            let wait = (resets_at - now).to_std().unwrap_or_default();
            ApiError::new(Code::QuotaExhausted)
                .detail(format!("the plan allows {limit} messages a day; the next day begins at {resets_at}"))
                .retry_after(wait)
        }
        TurnError::Banned { until } => {
            let error = ApiError::new(Code::Banned);
            match until {
                Some(until) => error.detail(format!("until {until}")),
                None => error,
            }
        }
        TurnError::PremiumRequired => Code::PremiumRequired.into(),
        TurnError::CannotHear => Code::CannotHear.into(),
        TurnError::NothingHeard => Code::NothingHeard.into(),
        TurnError::NothingToRepeat => Code::NothingToRepeat.into(),
        TurnError::MessageNotFound => Code::MessageNotFound.into(),
        TurnError::KeyReused => Code::IdempotencyKeyReused.into(),
        TurnError::InProgress => ApiError::new(Code::TurnInProgress).retry_after(TURN_RETRY),
        TurnError::ModelUnavailable { retry_after } => {
            ApiError::new(Code::ModelUnavailable).retry_after(retry_after.unwrap_or(MODEL_RETRY))
        }
        TurnError::ModelBlocked => Code::ModelBlocked.into(),
        TurnError::ModelFailed => Code::ModelFailed.into(),
        // Another process has taken the turn over, or the person had themselves removed meanwhile.
        TurnError::Superseded => ApiError::new(Code::TurnInProgress).retry_after(TURN_RETRY),
        TurnError::Store(error) => error.into(),
        TurnError::Prompt(error) => {
            tracing::error!(%error, "a prompt could not be made");
            Code::Internal.into()
        }
    }
}
