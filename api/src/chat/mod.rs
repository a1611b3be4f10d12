//! `POST /chat`: one message in, one answer out, as JSON or as a stream of events; `POST /chat/reset` and `/chat/stop`.
//!
//! The turn runs apart from the request ([`turn`]): a caller that hangs up has still sent a message, and its answer waits
//! under the idempotency key.

mod danger;
mod exif;
pub mod image;
mod later;
pub mod metrics;
mod room;
pub mod stream;
pub mod turn;
pub(crate) mod validate;

pub use room::Room;
pub use validate::Bounds;
pub(crate) use validate::idempotency_key;

use std::time::Duration;

use axum::{
    Json,
    extract::{FromRequest as _, Request, State},
    http::{HeaderMap, header},
    response::{IntoResponse as _, Response},
};
use evolve_contract::{
    Code,
    chat::{ChatRequest, ChatResponse, ResetResponse, StopRequest, StopResponse},
};

use evolve_engine::turn::TurnRequest;
use evolve_runtime::logs::how_it_ended;

use crate::{
    auth,
    extract::{AppLanguage, Handle, JsonBody, Person},
    language,
    openapi::problems,
    problem::{ApiError, code_name},
    request_id::RequestId,
    state::Api,
};

/// How long a body may be on its way.
const BODY_TIME: Duration = Duration::from_secs(30);

problems!(
    ChatProblems: InvalidBody, Unauthorized, Banned, PremiumRequired, TurnInProgress, BodyTooLarge, UnsupportedMediaType,
    InvalidAudio, AudioTooLong, NothingHeard, CannotHear,
    NothingToRepeat, MessageNotFound, InvalidValue, InvalidImage, IdempotencyKeyReused, ModelBlocked, RateLimited, QuotaExhausted, ModelFailed,
    ModelUnavailable, DatabaseUnavailable,
);

/// One message, one answer.
///
/// With `again`, an earlier answer is made anew instead. With `reply_to`, the model is shown what the message answers.
///
/// With `Accept: text/event-stream` the answer comes as it is made: events `delta` (`{"text": "…"}`), `restart` (what came
/// so far is void), and at the end `done` with the same JSON as without streaming, or `error` with a problem document.
///
/// With an `Idempotency-Key`, the same request again returns the first one's answer and costs nothing; while the first
/// still runs, the second waits for it. One that failed cost nothing, and is tried again; but a recording in which nobody
/// spoke, or that no model wanted to answer, was listened to and counts as a message, once: its problem is told again. Repeats within the window of the rate limit are no new messages: they are counted
/// apart, three for each message that the limit allows.
#[utoipa::path(
    post, path = "/chat", tag = "chat", security(("bearer" = [])),
    request_body = ChatRequest,
    params(
        ("idempotency-key" = Option<String>, Header, description = "1 to 255 visible ASCII characters", max_length = 255),
        ("accept" = Option<String>, Header, description = "`text/event-stream` for a stream"),
    ),
    responses(
        (status = 200, description = "The answer", content(
            (ChatResponse = "application/json"),
            (String = "text/event-stream"),
        )),
        ChatProblems,
    ),
)]
pub async fn chat(
    State(api): State<Api>,
    Person(person): Person,
    language: AppLanguage,
    Handle(handle): Handle,
    id: RequestId,
    request: Request,
) -> Response {
    let headers = request.headers().clone();
    // Whom somebody can call who may be in danger is told them with whatever takes the place of an answer.
    let mut said = String::new();
    let prepared = async {
        let _room = api.room.take(person, &headers).await?;
        let body = JsonBody::<ChatRequest>::from_request(request, &api);
        // One that trickles in takes room from others.
        let body = tokio::time::timeout(BODY_TIME, body).await;
        let JsonBody(body) =
            body.unwrap_or_else(|_| Err(ApiError::new(Code::Timeout).detail("the body took too long to come")))?;
        said.extend(body.message.chars().take(validate::MAX_MESSAGE_CHARS));
        let (headers, bounds, now) = (headers.clone(), api.bounds, api.clock.now());
        let is_text = body.image_data.is_none() && body.more_images.is_empty() && body.audio_data.is_none();
        let checked = move || validate::turn_request(person, &headers, body, bounds, now);
        // Sooner done than a thread is woken.
        if is_text {
            return checked();
        }
        // Megabytes to decode, measure and strip: other people's requests must not wait for that.
        tokio::task::spawn_blocking(checked).await.unwrap_or_else(|error| {
            tracing::error!(reason = how_it_ended(&error), "a message could not be checked");
            Err(Code::Internal.into())
        })
    };
    // All of it takes no longer than a turn may.
    let prepared = tokio::time::timeout(api.chat_timeout, prepared).await.unwrap_or_else(|_| Err(Code::Timeout.into()));
    let turn = match prepared {
        Ok(turn) => TurnRequest { handle, ..turn },
        Err(error) => {
            api.chat_metrics.count(&code_name(error.code()));
            return error.helplines(danger::helplines(&api, person, &[&said]).await).into_response();
        }
    };
    if turn.again.is_none() {
        auth::welcome(&api, person, language).await;
    }
    if wants_stream(&headers) {
        let language = language::preferred(&headers);
        return stream::respond(&api, turn, id, language).await.unwrap_or_else(ApiError::into_response);
    }
    match tokio::time::timeout(api.chat_timeout, turn::run(&api, turn)).await {
        Ok(Ok(answer)) => Json(answer).into_response(),
        Ok(Err(error)) => error.into_response(),
        Err(_) => ApiError::new(Code::Timeout)
            .detail("the turn goes on; ask again with the same Idempotency-Key for its answer")
            .helplines(danger::helplines(&api, person, &[&said]).await)
            .into_response(),
    }
}

problems!(ResetProblems: Unauthorized, RateLimited, DatabaseUnavailable);

/// Ends the open conversation. What the companion remembers stays.
#[utoipa::path(
    post, path = "/chat/reset", tag = "chat", security(("bearer" = [])),
    responses((status = 200, description = "Done", body = ResetResponse), ResetProblems),
)]
pub async fn reset(State(api): State<Api>, Person(person): Person) -> Result<Json<ResetResponse>, ApiError> {
    let ended = api.profiles.reset(person).await?;
    Ok(Json(ResetResponse { ended }))
}

problems!(
    StopProblems: InvalidBody, Unauthorized, BodyTooLarge, UnsupportedMediaType, InvalidValue, RateLimited,
    DatabaseUnavailable,
);

/// Stops answers that are being made for the person, or are to be. What was said so far is then the answer.
#[utoipa::path(
    post, path = "/chat/stop", tag = "chat", security(("bearer" = [])),
    request_body = StopRequest,
    responses((status = 200, description = "Done", body = StopResponse), StopProblems),
)]
pub async fn stop(
    State(api): State<Api>,
    Person(person): Person,
    request: Request,
) -> Result<Json<StopResponse>, ApiError> {
    // A bot of the version before sends nothing.
    let StopRequest { keys } = match request.headers().contains_key(header::CONTENT_TYPE) {
        true => JsonBody::from_request(request, &api).await?.0,
        false => StopRequest::default(),
    };
    let keys = validate::keys(keys)?;
    let stopping = api.engine.stop(person, keys.as_deref()).await?;
    Ok(Json(StopResponse { stopping }))
}

fn wants_stream(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|kind| kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("text/event-stream"))
}
