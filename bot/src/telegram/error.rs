//! Why Telegram did not do it, sorted by what there is to do.

use std::time::Duration;

/// For 429 without `retry_after`, which Telegram does not send but a gateway may.
const DEFAULT_RETRY: Duration = Duration::from_secs(5);
/// More than this is asked again sooner: a gateway's nonsense must not keep the bot silent for ever.
const LONGEST_RETRY: Duration = Duration::from_secs(3600);

/// A call that did not succeed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TelegramError {
    /// Too many calls: wait.
    #[error("Telegram asks to wait {} s", .0.as_secs())]
    RetryAfter(Duration),
    /// The token is not (or no longer) a bot's.
    #[error("Telegram refuses the token; set TELEGRAM_BOT_TOKEN to the one that @BotFather shows")]
    Unauthorized,
    /// Somebody else polls with this token, or a webhook is set.
    #[error("Telegram gives updates to somebody else: {0}")]
    Conflict(String),
    /// The person blocked the bot or deleted the account, or the bot was removed: nothing can be sent there.
    #[error("the chat is closed to the bot: {0}")]
    Forbidden(String),
    /// The group is now a supergroup with this id.
    #[error("the chat has moved to {0}")]
    MigratedTo(i64),
    /// The call is wrong and will be so again.
    #[error("Telegram refuses the call: {description}")]
    Refused {
        /// What about it, as far as it matters to us.
        refusal: Refusal,
        /// Telegram's words.
        description: String,
    },
    /// Telegram could not be reached, or is in trouble: try again.
    #[error("Telegram is not available: {reason}")]
    Unavailable {
        /// What happened, without the URL.
        reason: String,
        /// Whether the call may have taken effect nevertheless.
        may_have_happened: bool,
    },
}

/// What is wrong with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The markup cannot be parsed.
    Markup,
    /// The text is longer than Telegram takes.
    TooLong,
    /// The edited message is already so.
    NotModified,
    /// There is no such chat.
    ChatNotFound,
    /// Anything else.
    Other,
}

impl TelegramError {
    /// The error that an answer of the Bot API reports.
    #[must_use]
    pub(super) fn from_answer(code: u16, description: String, retry_after: Option<u64>, moved_to: Option<i64>) -> Self {
        if let Some(chat) = moved_to {
            return Self::MigratedTo(chat);
        }
        let description = unquoted(description);
        match code {
            429 => Self::RetryAfter(retry_after.map_or(DEFAULT_RETRY, Duration::from_secs).min(LONGEST_RETRY)),
            // A token without the right shape does not even have a path of its own.
            401 | 404 => Self::Unauthorized,
            403 => Self::Forbidden(description),
            409 => Self::Conflict(description),
            500.. => Self::Unavailable { reason: format!("HTTP {code}: {description}"), may_have_happened: true },
            _ => Self::Refused { refusal: Refusal::of(&description), description },
        }
    }

    /// The error of a request that got no answer.
    #[must_use]
    pub(super) fn from_http(error: reqwest::Error) -> Self {
        let may_have_happened = !error.is_connect() && !error.is_builder();
        Self::Unavailable { reason: root_cause(&error.without_url()), may_have_happened }
    }

    /// The error of a call that took longer than it may.
    #[must_use]
    pub(crate) fn slow(patience: Duration) -> Self {
        Self::Unavailable { reason: format!("no answer within {} s", patience.as_secs()), may_have_happened: true }
    }

    /// Whether a person wants to hear no more from us, or is gone. Who never opened a chat with us has closed none.
    #[must_use]
    pub(crate) fn is_closed(&self) -> bool {
        matches!(self, Self::Forbidden(why) if !why.to_ascii_lowercase().contains("can't initiate conversation"))
    }

    /// A name for metrics and for the reason in the database.
    #[must_use]
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::RetryAfter(_) => "rate_limited",
            Self::Unauthorized => "unauthorized",
            Self::Conflict(_) => "conflict",
            Self::Forbidden(_) => "forbidden",
            Self::MigratedTo(_) => "migrated",
            Self::Refused { refusal: Refusal::Markup, .. } => "markup",
            Self::Refused { refusal: Refusal::TooLong, .. } => "too_long",
            Self::Refused { refusal: Refusal::NotModified, .. } => "not_modified",
            Self::Refused { refusal: Refusal::ChatNotFound, .. } => "chat_not_found",
            Self::Refused { refusal: Refusal::Other, .. } => "refused",
            Self::Unavailable { .. } => "unavailable",
        }
    }
}

impl Refusal {
    fn of(description: &str) -> Self {
        let description = description.to_ascii_lowercase();
        let says = |part: &str| description.contains(part);
        if says("can't parse entities") {
            Self::Markup
        } else if says("is too long") || says("message_too_long") {
            Self::TooLong
        } else if says("message is not modified") {
            Self::NotModified
        } else if says("chat not found") {
            Self::ChatNotFound
        } else {
            Self::Other
        }
    }
}

/// Telegram's words without those of a message that it quotes, as in `Unsupported start tag "…"`: they go into logs.
fn unquoted(description: String) -> String {
    match (description.find('"'), description.rfind('"')) {
        (Some(first), Some(last)) if first < last => format!("{}…{}", &description[..=first], &description[last..]),
        _ => description,
    }
}

/// Why something that Telegram sent is not what it should be. What serde says of it quotes it, and a person may have written it.
#[must_use]
pub(crate) fn unreadable(error: &serde_json::Error) -> String {
    format!("{:?} error at line {}, column {}", error.classify(), error.line(), error.column())
}

/// What an HTTP error is about: its own text says little without the last of its causes.
fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    let kind = if error.is_timeout() { "timed out" } else { "failed" };
    format!("the request {kind}: {cause}")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(400, "Bad Request: can't parse entities: Unclosed start tag", "markup")]
    #[case(400, "Bad Request: message is too long", "too_long")]
    #[case(400, "Bad Request: message is not modified: specified new message content is the same", "not_modified")]
    #[case(400, "Bad Request: chat not found", "chat_not_found")]
    #[case(400, "Bad Request: message to edit not found", "refused")]
    #[case(401, "Unauthorized", "unauthorized")]
    #[case(403, "Forbidden: bot was blocked by the user", "forbidden")]
    #[case(409, "Conflict: terminated by other getUpdates request", "conflict")]
    #[case(429, "Too Many Requests: retry after 3", "rate_limited")]
    #[case(502, "Bad Gateway", "unavailable")]
    fn each_refusal_says_what_to_do(#[case] code: u16, #[case] description: &str, #[case] kind: &str) {
        assert_eq!(TelegramError::from_answer(code, description.to_owned(), None, None).kind(), kind);
    }

    #[test]
    fn what_telegram_quotes_of_a_message_is_not_passed_on() {
        let description =
            r#"Bad Request: can't parse entities: Unsupported start tag "my "own" secret" at byte offset 7"#;
        let error = TelegramError::from_answer(400, description.to_owned(), None, None);
        let shown = format!("{error} {error:?}");
        assert_eq!(error.kind(), "markup");
        assert!(shown.contains("at byte offset 7") && !shown.contains("own") && !shown.contains("secret"), "{shown}");
        let unclosed = TelegramError::from_answer(403, r#"Forbidden: ""#.to_owned(), None, None);
        assert_eq!(unclosed, TelegramError::Forbidden(r#"Forbidden: ""#.to_owned()));
    }

    #[test]
    fn what_cannot_be_read_is_not_quoted() {
        let error = serde_json::from_value::<i64>(serde_json::json!("my own secret")).unwrap_err();
        assert!(error.to_string().contains("my own secret"), "{error}");
        assert_eq!(unreadable(&error), "Data error at line 0, column 0");
    }

    #[test]
    fn nobody_waits_for_ever() {
        let error = TelegramError::from_answer(429, String::new(), Some(u64::MAX), None);
        assert_eq!(error, TelegramError::RetryAfter(LONGEST_RETRY));
    }

    #[tokio::test]
    async fn an_unreachable_telegram_does_not_give_the_token_away() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        drop(listener);
        let telegram = crate::telegram::Telegram::new(reqwest::Client::new(), &base, "123:very-secret".into());
        let error = telegram.call("getMe", &serde_json::json!({})).await.unwrap_err();
        let shown = format!("{error} {error:?} {telegram:?}");
        assert!(!shown.contains("very-secret"), "{shown}");
        assert!(matches!(error, TelegramError::Unavailable { may_have_happened: false, .. }), "{error:?}");
    }
}
