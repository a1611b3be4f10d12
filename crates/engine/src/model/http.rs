//! What the HTTP providers share: time-outs, size limits, and what a failed exchange means.
//!
//! A model's server is not trusted: it may be slow, endless or huge. Every wait here has a limit and so has every body.

use std::time::Duration;

use futures::StreamExt;
use futures::stream::BoxStream;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{RequestBuilder, Response, Url};
use tokio::time::Instant;

use super::error::{ModelError, Waited};

/// How much of its own time and memory a server may take from us.
#[derive(Debug, Clone, Copy)]
pub struct HttpLimits {
    /// For one whole answer, from connecting to the last byte.
    pub total: Duration,
    /// For the next piece of a stream. Models that think are silent for long before the first one.
    pub idle: Duration,
    /// For one answer's body, in bytes.
    pub max_body: usize,
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self { total: Duration::from_secs(180), idle: Duration::from_secs(60), max_body: 20 * 1024 * 1024 }
    }
}

/// The bytes of a body, each piece within the limits. An `Err` is the last item.
pub(super) type Bytes = BoxStream<'static, Result<Vec<u8>, ModelError>>;

/// A provider cannot be used as it is configured.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SetupError {
    /// The key holds bytes that cannot stand in an HTTP header.
    #[error("the API key of {provider} holds characters that no key has (a line break?): check its value")]
    Key {
        /// Whose key.
        provider: &'static str,
    },
    /// The base URL is none.
    #[error("the base URL of {provider} must begin with http:// or https://")]
    BaseUrl {
        /// Whose URL.
        provider: &'static str,
    },
}

/// An answer's head with a body that is still to come.
pub(crate) struct Exchange {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    response: Response,
    limits: HttpLimits,
    deadline: Instant,
}

impl Exchange {
    /// Sends a request and waits for the head of the answer.
    pub(crate) async fn send(request: RequestBuilder, limits: HttpLimits) -> Result<Self, ModelError> {
        let deadline = Instant::now() + limits.total;
        // The client has a time-out of its own, for the same value by default: ours names what it waited for.
        let response = tokio::time::timeout_at(deadline, request.timeout(limits.total).send())
            .await
            .map_err(|_| ModelError::TimedOut { waited: Waited::Answer, limit: limits.total })?
            .map_err(|error| transport(&error, limits))?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok(Self { status, headers, response, limits, deadline })
    }

    /// Whether the status is 2xx.
    pub(crate) fn ok(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// This answer, if its status is 2xx; what it means otherwise, read by `refusal` from its status, headers and body.
    pub(crate) async fn accepted(self, refusal: fn(u16, &HeaderMap, &[u8]) -> ModelError) -> Result<Self, ModelError> {
        if self.ok() {
            return Ok(self);
        }
        let (status, headers) = (self.status, self.headers.clone());
        // A refusal without a readable body is still a refusal: its status says enough.
        let body = self.body().await.unwrap_or_default();
        Err(refusal(status, &headers, &body))
    }

    /// The whole body.
    pub(crate) async fn body(self) -> Result<Vec<u8>, ModelError> {
        let idle = self.limits.total;
        let mut pieces = self.pieces(idle);
        let mut body = Vec::new();
        while let Some(piece) = pieces.next().await {
            body.extend_from_slice(&piece?);
        }
        Ok(body)
    }

    /// The body as it comes.
    pub(super) fn into_pieces(self) -> Bytes {
        let idle = self.limits.idle;
        self.pieces(idle)
    }

    fn pieces(self, idle: Duration) -> Bytes {
        let Self { response, limits, deadline, .. } = self;
        let mut bytes = response.bytes_stream();
        let pieces = async_stream::stream! {
            let mut size = 0_usize;
            loop {
                let wait = deadline.min(Instant::now() + idle);
                let piece = match tokio::time::timeout_at(wait, bytes.next()).await {
                    Ok(Some(Ok(piece))) => piece,
                    Ok(Some(Err(error))) => {
                        yield Err(transport(&error, limits));
                        return;
                    }
                    Ok(None) => return,
                    Err(_) if Instant::now() >= deadline => {
                        yield Err(ModelError::TimedOut { waited: Waited::Answer, limit: limits.total });
                        return;
                    }
                    Err(_) => {
                        yield Err(ModelError::TimedOut { waited: Waited::NextPiece, limit: idle });
                        return;
                    }
                };
                size = size.saturating_add(piece.len());
                if size > limits.max_body {
                    yield Err(ModelError::malformed(format!("it is longer than {} bytes", limits.max_body)));
                    return;
                }
                yield Ok(piece.to_vec());
            }
        };
        pieces.boxed()
    }
}

/// What a failure below HTTP means.
fn transport(error: &reqwest::Error, limits: HttpLimits) -> ModelError {
    let unavailable =
        |reason: &str| ModelError::Unavailable { status: None, reason: reason.to_owned(), retry_after: None };
    if error.is_timeout() {
        let waited = if error.is_connect() { Waited::Connect } else { Waited::Answer };
        ModelError::TimedOut { waited, limit: limits.total }
    } else if error.is_connect() {
        unavailable("cannot connect: check the base URL and the network")
    } else if error.is_builder() {
        ModelError::Rejected {
            status: 0,
            code: String::from("INVALID_REQUEST"),
            hint: String::from("the request cannot be built: check the base URL and the key"),
        }
    } else {
        unavailable("the connection broke")
    }
}

/// The time in a `Retry-After` header: seconds, or a date.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let date = chrono::DateTime::parse_from_rfc2822(value).ok()?;
    (date.to_utc() - chrono::Utc::now()).to_std().ok()
}

/// The start of a server's message, for an operator to read, on one line.
pub(super) fn hint(message: &str) -> String {
    const LONGEST: usize = 200;
    let line = message.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(LONGEST).collect()
}

/// What an operator should look at when the server refuses our requests. The server's words are kept only where they are
/// about the key or the model; elsewhere they may quote what a person wrote.
pub(super) fn rejected_hint(status: u16, message: &str) -> String {
    match status {
        401 | 403 => hint(&format!("check the API key and what it may do. {message}")),
        402 => String::from("the account has no credit left"),
        404 => hint(&format!("check the model's name and the base URL. {message}")),
        300..=399 => String::from("the server redirects: check the base URL"),
        413 => String::from("the request is too large: send fewer or smaller images"),
        _ => String::from("the request is not what the server expects"),
    }
}

/// An address below a base URL.
pub(super) fn endpoint(base: &Url, path: &[&str], provider: &'static str) -> Result<Url, SetupError> {
    let wrong = SetupError::BaseUrl { provider };
    if !matches!(base.scheme(), "http" | "https") {
        return Err(wrong);
    }
    let mut url = base.clone();
    url.path_segments_mut().map_err(|()| wrong)?.pop_if_empty().extend(path);
    Ok(url)
}

/// Reads what is left of a body whose content is complete, so that the connection can be used again. A server that does
/// not end its answer costs a moment and its connection.
pub(super) async fn drain(mut pieces: Bytes) {
    const MOMENT: Duration = Duration::from_millis(200);
    let rest = async { while let Some(Ok(_)) = pieces.next().await {} };
    // Running out of time is as good an end as any here.
    let _ = tokio::time::timeout(MOMENT, rest).await;
}
