//! What can go wrong with a model, and what the chain makes of it.
//!
//! Messages of servers may quote what a person wrote, so they are kept only where they cannot: see
//! [`ModelError::Rejected`].

use std::time::Duration;

use super::answer::FinishReason;

/// A request that got no usable answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// The server answered 429: too much was asked of it, in a minute or in a day.
    #[error("the model's rate limit or quota is used up{}", again(*.retry_after))]
    RateLimited {
        /// When it said to come back.
        retry_after: Option<Duration>,
    },
    /// The server could not be reached, or answered 5xx.
    #[error("the model is unavailable ({reason}){}", again(*.retry_after))]
    Unavailable {
        /// The HTTP status, if there was an answer at all.
        status: Option<u16>,
        /// What happened, without content.
        reason: String,
        /// When it said to come back.
        retry_after: Option<Duration>,
    },
    /// Nothing came in time.
    #[error("the model did not {waited} within {} s", .limit.as_secs_f32())]
    TimedOut {
        /// What we waited for.
        waited: Waited,
        /// How long.
        limit: Duration,
    },
    /// The server will not talk about this: a safety filter took the question or the answer.
    #[error("the model's filter blocked the question or the answer ({reason})")]
    Blocked {
        /// The server's code for it, such as `SAFETY` or `content_filter`.
        reason: String,
    },
    /// It answered with nothing. With [`FinishReason::Length`] the limit went into thinking: raise
    /// `max_output_tokens` or think less.
    #[error("the model answered with nothing (finish reason {finish:?})")]
    Empty {
        /// Why it says it stopped.
        finish: FinishReason,
    },
    /// The answer is no answer: not JSON, cut off, too long, or a tool call that cannot be read.
    #[error("the model's answer cannot be read: {what}")]
    Malformed {
        /// What is wrong with it, without its content.
        what: String,
    },
    /// The server refuses the request itself (4xx): our key, our model's name or what we sent is wrong.
    #[error("the model's server refuses our request with {status} {code}: {hint}")]
    Rejected {
        /// The HTTP status.
        status: u16,
        /// The server's code for it, such as `INVALID_ARGUMENT` or `API_KEY_INVALID`.
        code: String,
        /// What to look at. The server's own words only where they are about key or model.
        hint: String,
    },
}

/// What a time-out waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waited {
    /// The connection.
    Connect,
    /// The whole answer.
    Answer,
    /// The next piece of a stream.
    NextPiece,
}

impl std::fmt::Display for Waited {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Connect => "accept the connection",
            Self::Answer => "finish its answer",
            Self::NextPiece => "go on with its answer",
        })
    }
}

impl ModelError {
    /// A [`ModelError::Malformed`] in these words.
    pub(crate) fn malformed(what: impl Into<String>) -> Self {
        Self::Malformed { what: what.into() }
    }

    /// Whether the same question to the same provider may well be answered a moment later. A time-out is not among
    /// them: it has cost the person a long wait already.
    #[must_use]
    pub fn retryable(&self) -> bool {
        match self {
            Self::RateLimited { .. } | Self::Unavailable { .. } | Self::Malformed { .. } => true,
            Self::Empty { finish } => *finish != FinishReason::Length,
            Self::TimedOut { .. } | Self::Blocked { .. } | Self::Rejected { .. } => false,
        }
    }

    /// Whether it speaks against the provider's health, and so counts for its breaker.
    ///
    /// A server that blocks, or refuses what we sent, is well. A rate limit with a time does not count either: the
    /// chain leaves the provider alone for exactly that long.
    #[must_use]
    pub fn counts_as_failure(&self) -> bool {
        match self {
            Self::RateLimited { retry_after } => retry_after.is_none(),
            Self::Unavailable { .. } | Self::TimedOut { .. } | Self::Malformed { .. } => true,
            Self::Empty { finish } => *finish != FinishReason::Length,
            Self::Blocked { .. } | Self::Rejected { .. } => false,
        }
    }

    /// When the server said to come back.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after } | Self::Unavailable { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// All that [`ModelError::kind`] says.
    pub(crate) const KINDS: [&'static str; 7] =
        ["rate_limited", "unavailable", "timed_out", "blocked", "empty", "malformed", "rejected"];

    /// A short, stable name for a metric's label.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::RateLimited { .. } => "rate_limited",
            Self::Unavailable { .. } => "unavailable",
            Self::TimedOut { .. } => "timed_out",
            Self::Blocked { .. } => "blocked",
            Self::Empty { .. } => "empty",
            Self::Malformed { .. } => "malformed",
            Self::Rejected { .. } => "rejected",
        }
    }
}

fn again(retry_after: Option<Duration>) -> String {
    retry_after.map_or_else(String::new, |after| format!("; try again in {} s", after.as_secs_f32().ceil()))
}
