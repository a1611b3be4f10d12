//! Why an update is not answered now, and what the person hears when it is answered with an excuse.
//!
//! Two questions are decided here, and nowhere else. Is it worth trying again? Then nothing is lost, and the person waits
//! a little. Is it somebody's fault? An outage of a neighbour never counts against an update; a fault of ours does, so that
//! an update that always fails ends.

use std::time::Duration;

use evolve_contract::{ClientError, Code};
use evolve_store::StoreError;

use crate::{
    telegram::{FileError, TelegramError},
    texts::Text,
};

/// Pause before the API is asked again with a key that it refused.
const REFUSED_KEY_PAUSE: Duration = Duration::from_secs(30);

/// Why an update waits whose person asks too much of the API.
const RATE_LIMITED: &str = "api_rate_limited";

/// An update is to be tried again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// A neighbour cannot serve now. It does not count.
    Later {
        /// When the neighbour said to come back; otherwise, the longer an update waits the rarer it is tried.
        after: Option<Duration>,
        /// For metrics and the inbox.
        reason: &'static str,
    },
    /// The rest of it is still on its way. It does not count, and nobody is to blame.
    NotYet {
        /// When it will have come.
        after: Duration,
    },
    /// It may pass by itself, as between two versions during a rollout. It does not count for half an hour; then it does.
    Doubtful {
        /// For metrics and the inbox.
        reason: &'static str,
        /// For the inbox and the log; without what the person said.
        detail: String,
    },
    /// A fault, which may happen again. It counts.
    Fault {
        /// For metrics.
        reason: &'static str,
        /// For the inbox and the log; without what the person said.
        detail: String,
    },
}

impl Trouble {
    fn later(reason: &'static str, after: Option<Duration>) -> Self {
        Self::Later { after, reason }
    }

    /// What Postgres could not do now.
    pub(super) fn from_store(error: StoreError) -> Self {
        if error.is_unavailable() { Self::later("database_away", None) } else { Self::fault("store", error) }
    }

    /// Whether the API lets this person ask no more for now.
    pub(super) fn is_of_haste(&self) -> bool {
        matches!(self, Self::Later { reason, .. } if *reason == RATE_LIMITED)
    }

    fn fault(reason: &'static str, detail: impl ToString) -> Self {
        Self::Fault { reason, detail: detail.to_string() }
    }
}

impl From<ClientError> for Trouble {
    fn from(error: ClientError) -> Self {
        let after = error.retry_after();
        match &error {
            ClientError::Transport(_) => Self::later("api_unreachable", None),
            // A proxy between us and the API speaks for an API that is away.
            ClientError::Unexpected { status, .. } if *status >= 500 || *status == 404 || *status == 429 => {
                Self::later("api_unreachable", None)
            }
            ClientError::Unexpected { .. } => Self::fault("api_unexpected", &error),
            ClientError::Problem(problem) => match problem.code {
                Code::RateLimited => Self::later(RATE_LIMITED, after),
                Code::DatabaseUnavailable => Self::later("api_database_away", after),
                Code::ModelUnavailable => Self::later("api_model_away", after),
                Code::Timeout => Self::later("api_timeout", after),
                Code::TurnInProgress => Self::later("api_turn_in_progress", after),
                Code::Unauthorized | Code::Forbidden => {
                    tracing::error!(%error, "the API does not take our SERVICE_KEY; give both the same one");
                    Self::later("api_refuses_key", Some(REFUSED_KEY_PAUSE))
                }
                // What was wrong in detail is in the API's own log, under the request's id.
                code => {
                    let id = problem.request_id.as_deref().unwrap_or("unknown");
                    let detail = format!("the API answered {} {code:?}, request {id}", problem.status);
                    match code {
                        // One of the version before does not know all fields and paths yet.
                        Code::InvalidBody | Code::NotFound | Code::MethodNotAllowed => {
                            Self::Doubtful { reason: "api_other_version", detail }
                        }
                        _ => Self::Fault { reason: "api_problem", detail },
                    }
                }
            },
        }
    }
}

impl From<TelegramError> for Trouble {
    fn from(error: TelegramError) -> Self {
        match error {
            TelegramError::RetryAfter(after) => Self::later("telegram_rate_limited", Some(after)),
            TelegramError::Unavailable { .. } | TelegramError::Unauthorized => Self::later("telegram_away", None),
            other => Self::fault("telegram_refused", other),
        }
    }
}

/// What came with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum With {
    /// Nothing but words.
    Words,
    /// A photo.
    Photo,
    /// A recording.
    Recording,
}

/// What the person hears when the companion could not answer; nothing where it is worth trying again without a word.
#[must_use]
pub(super) fn excuse(error: &ClientError, with: With) -> Option<Text<'static>> {
    Some(match error.code()? {
        Code::QuotaExhausted => quota(error.retry_after().unwrap_or_default()),
        Code::Banned => Text::Banned,
        Code::PremiumRequired => Text::PremiumRequired,
        Code::ModelUnavailable => Text::ModelUnavailable,
        // To hear a recording has cost something.
        Code::ModelBlocked if with == With::Recording => Text::VoiceBlocked,
        Code::ModelBlocked => Text::ModelBlocked,
        Code::ModelFailed => Text::ModelFailed,
        Code::NothingToRepeat => Text::NothingToRepeat,
        Code::InvalidImage => Text::PhotoUnreadable,
        Code::InvalidAudio => Text::VoiceUnreadable,
        Code::NothingHeard => Text::VoiceSilent,
        Code::CannotHear => Text::UnsupportedVoice,
        Code::BodyTooLarge if with == With::Photo => Text::PhotoTooLarge,
        Code::BodyTooLarge if with == With::Recording => Text::VoiceTooLarge,
        Code::BodyTooLarge | Code::InvalidValue | Code::IdempotencyKeyReused => Text::MessageRefused,
        _ => return None,
    })
}

/// Whether the person is not talked with. They hear it once ([`Replies::of_ban`](crate::replies::Replies::of_ban)), and among others not at all.
#[must_use]
pub(super) fn is_ban(error: &ClientError) -> bool {
    error.code() == Some(Code::Banned)
}

/// What the person hears about a photo or a recording that cannot be had.
///
/// # Errors
/// [`Trouble`], when it can be had later.
pub(super) fn excuse_file(error: FileError, with: With) -> Result<Text<'static>, Trouble> {
    match error {
        FileError::TooLarge(_) if with == With::Recording => Ok(Text::VoiceTooLarge),
        FileError::Refused(_) if with == With::Recording => Ok(Text::VoiceUnreadable),
        FileError::TooLarge(_) => Ok(Text::PhotoTooLarge),
        FileError::Refused(_) => Ok(Text::PhotoUnreadable),
        FileError::Telegram(error) => Err(error.into()),
    }
}

/// Rounded up: nobody comes back too early.
fn quota(wait: Duration) -> Text<'static> {
    let minutes = wait.as_secs().div_ceil(60).max(1);
    let hours = if minutes >= 60 { minutes.div_ceil(60) } else { 0 };
    let small = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    Text::QuotaExhausted { hours: small(hours), minutes: small(minutes) }
}

#[cfg(test)]
mod tests {
    use evolve_contract::Problem;
    use rstest::rstest;

    use super::*;

    fn problem(code: Code) -> ClientError {
        ClientError::Problem(Box::new(Problem::new(code).retry_after(7)))
    }

    #[rstest]
    #[case(Code::RateLimited)]
    #[case(Code::DatabaseUnavailable)]
    #[case(Code::Timeout)]
    #[case(Code::TurnInProgress)]
    fn an_outage_is_waited_out_without_a_word_and_without_blame(#[case] code: Code) {
        assert!(excuse(&problem(code), With::Words).is_none());
        let trouble = Trouble::from(problem(code));
        assert!(matches!(trouble, Trouble::Later { after: Some(after), .. } if after.as_secs() == 7), "{trouble:?}");
    }

    #[test]
    fn a_fault_of_ours_counts() {
        assert!(matches!(Trouble::from(problem(Code::Internal)), Trouble::Fault { .. }));
    }

    #[rstest]
    #[case(Code::InvalidBody)]
    #[case(Code::NotFound)]
    #[case(Code::MethodNotAllowed)]
    fn what_may_only_be_of_another_version_is_doubtful(#[case] code: Code) {
        assert!(matches!(Trouble::from(problem(code)), Trouble::Doubtful { .. }));
    }

    #[rstest]
    #[case(1, 0, 1)]
    #[case(3540, 0, 59)]
    #[case(3541, 1, 60)]
    #[case(7201, 3, 121)]
    fn the_wait_is_rounded_up(#[case] seconds: u64, #[case] hours: u32, #[case] minutes: u32) {
        let text = quota(Duration::from_secs(seconds));
        assert!(
            matches!(text, Text::QuotaExhausted { hours: h, minutes: m } if (h, m) == (hours, minutes)),
            "{text:?}"
        );
    }
}
