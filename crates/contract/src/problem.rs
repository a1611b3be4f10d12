//! Errors as `application/problem+json` (RFC 9457) with a stable `code`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::helplines::Helplines;

/// Media type of a [`Problem`].
pub const PROBLEM_JSON: &str = "application/problem+json";

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $status:literal),+ $(,)?) => {
        /// What went wrong, for programs; callers map it to a text in the person's language.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        #[non_exhaustive]
        pub enum Code {
            $($(#[doc = $doc])+ $variant),+
        }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Its HTTP status.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $(Self::$variant => $status),+ }
            }

            /// What it means, in English, for people who read HTTP.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => concat!($($doc),+).trim_ascii()),+ }
            }
        }
    };
}

codes! {
    /// The body is not the JSON that this endpoint takes.
    InvalidBody = 400,
    /// A value is out of its bounds.
    InvalidValue = 422,
    /// The image is not base64 of a JPEG, PNG or WebP within the size limit.
    InvalidImage = 422,
    /// The recording is not base64 of a sound of a known format.
    InvalidAudio = 422,
    /// The recording is longer than anything that is listened to.
    AudioTooLong = 422,
    /// Nobody speaks in the recording.
    NothingHeard = 422,
    /// Nothing here can hear recordings: none is configured; nothing was charged.
    CannotHear = 422,
    /// No valid bearer token.
    Unauthorized = 401,
    /// The token is another person's, or the caller did not prove itself.
    Forbidden = 403,
    /// Those who run the bot do not let this person talk with the companion; what is theirs they can have, and have removed.
    Banned = 403,
    /// Nothing is here.
    NotFound = 404,
    /// The path exists, but not for this method.
    MethodNotAllowed = 405,
    /// This person has no profile yet.
    ProfileNotFound = 404,
    /// No such fact is remembered of this person.
    FactNotFound = 404,
    /// The body is larger than allowed.
    BodyTooLarge = 413,
    /// The content type is not application/json.
    UnsupportedMediaType = 415,
    /// The Idempotency-Key was used before with another body.
    IdempotencyKeyReused = 422,
    /// The first request with this Idempotency-Key is still running.
    TurnInProgress = 409,
    /// There is no answer that could be made anew.
    NothingToRepeat = 409,
    /// No such message of this person is known.
    MessageNotFound = 404,
    /// There is no such conversation.
    ConversationNotFound = 404,
    /// There is no such flag.
    FlagNotFound = 404,
    /// There is no such prompt, or no such version of it.
    PromptNotFound = 404,
    /// Nothing that failed and could be replayed has this id.
    FailureNotFound = 404,
    /// This person told that they are under 18.
    Underage = 409,
    /// This person has not said where they live, so nobody knows when to write first.
    ZoneNotChosen = 409,
    /// Too many requests; Retry-After says when to come back.
    RateLimited = 429,
    /// The day's messages of this plan are used up; Retry-After says when they start over.
    QuotaExhausted = 429,
    /// Pictures belong to the premium plan.
    PremiumRequired = 402,
    /// Premium is not for sale in this way.
    NotForSale = 422,
    /// There is no such payment or subscription of this person.
    PaymentNotFound = 404,
    /// A subscription is running already.
    AlreadySubscribed = 409,
    /// There is no such broadcast.
    BroadcastNotFound = 404,
    /// The broadcast is in no state in which this can be done.
    BroadcastState = 409,
    /// The name is taken.
    NameTaken = 400,
    /// There is no such account, session, key or user.
    AccessNotFound = 404,
    /// The last owner stays one: make another one first.
    LastOwner = 409,
    /// There is no such webhook.
    WebhookNotFound = 404,
    /// Nothing is sent to this URL.
    WebhookUrlRefused = 422,
    /// A copy was asked for on this day already; Retry-After says when the next day begins.
    ExportAskedToday = 429,
    /// No copy was asked for within the last day.
    ExportNotFound = 404,
    /// The copy is larger than Telegram takes.
    ExportTooLarge = 413,
    /// No model could answer now; nothing was charged.
    ModelUnavailable = 503,
    /// The models declined to answer this.
    ModelBlocked = 422,
    /// The models gave no usable answer.
    ModelFailed = 502,
    /// The database is away; Retry-After says when to come back.
    DatabaseUnavailable = 503,
    /// The request took too long.
    Timeout = 504,
    /// A fault of ours; it was logged under the request's id.
    Internal = 500,
}

/// A problem document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// Always `about:blank`: the code says it all.
    #[serde(rename = "type")]
    pub kind: String,
    /// What the code means, in the language that `Accept-Language` asks for; English where it names none that is spoken.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// The stable code.
    pub code: Code,
    /// What exactly was wrong here, in English, for engineers; never for the person who chats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Seconds to wait, as in the `Retry-After` header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
    /// The request's id, as in the logs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// For whoever may be in danger, where `/chat` has no answer: whom to call, to be shown to the person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub helplines: Option<Helplines>,
}

impl Problem {
    /// A problem of this code.
    #[must_use]
    pub fn new(code: Code) -> Self {
        Self {
            kind: "about:blank".to_owned(),
            title: code.title().to_owned(),
            status: code.status(),
            code,
            detail: None,
            retry_after: None,
            request_id: None,
            helplines: None,
        }
    }

    /// Adds what exactly was wrong.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Adds how many seconds to wait.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }
}
