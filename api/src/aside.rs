//! `POST /chat/aside`: one message in a group, or from another chat, and its answer. For our own bot alone: a person's token
//! opens what is theirs, but only the bot knows in which groups they are.

use axum::{
    Json,
    extract::{Request, State},
};
use evolve_contract::{Code, aside::AsideRequest, chat::ChatResponse};
use evolve_engine::turn::{Aside, TurnRequest};

use crate::{
    chat::{idempotency_key, turn, validate},
    extract::{Handle, Person, own_body},
    openapi::problems,
    payments::OurBot,
    problem::ApiError,
    state::Api,
};

problems!(
    AsideProblems: InvalidBody, Unauthorized, Forbidden, Banned, TurnInProgress, BodyTooLarge, UnsupportedMediaType, InvalidValue,
    IdempotencyKeyReused, ModelBlocked, RateLimited, QuotaExhausted, ModelFailed, ModelUnavailable, DatabaseUnavailable,
);

/// Longest name, in characters: Telegram's own limit is 64.
const MAX_NAME_CHARS: usize = 256;

/// One message that others read, one answer that others read. Needs the `X-Service-Key` header besides the person's token.
///
/// The answer is made without anything that is remembered of the person, and leaves nothing in their memory. With an
/// `Idempotency-Key`, the same request again returns the first one's answer and costs nothing.
#[utoipa::path(
    post, path = "/chat/aside", tag = "chat", security(("bearer" = [])),
    request_body = AsideRequest,
    params(("idempotency-key" = Option<String>, Header, description = "1 to 255 visible ASCII characters", max_length = 255)),
    responses((status = 200, description = "The answer", body = ChatResponse), AsideProblems),
)]
pub async fn aside(
    State(api): State<Api>,
    _: OurBot,
    Person(person): Person,
    Handle(handle): Handle,
    request: Request,
) -> Result<Json<ChatResponse>, ApiError> {
    let key = idempotency_key(request.headers())?;
    let body = own_body(&api, person, request, |body: &AsideRequest| body.user_id).await?;
    let request = TurnRequest { handle, ..turn_request(key, body)? };
    match tokio::time::timeout(api.chat_timeout, turn::run(&api, request)).await {
        Ok(answer) => Ok(Json(answer?)),
        Err(_) => Err(ApiError::new(Code::Timeout)
            .detail("the turn goes on; ask again with the same Idempotency-Key for its answer")),
    }
}

fn turn_request(key: Option<String>, body: AsideRequest) -> Result<TurnRequest, ApiError> {
    let AsideRequest { user_id, message, name, language, room, thread, reply_to } = body;
    validate::check_message(&message)?;
    if message.trim().is_empty() {
        return Err(validate::invalid("message is empty"));
    }
    if name.chars().count() > MAX_NAME_CHARS || name.contains('\0') {
        return Err(validate::invalid(format!("name must have {MAX_NAME_CHARS} characters at most, and no NUL")));
    }
    if room.is_some_and(|room| room >= 0) {
        return Err(validate::invalid("room must be the negative id of a group"));
    }
    if thread.is_some_and(|thread| thread <= 0 || room.is_none()) {
        return Err(validate::invalid(
            "thread must be the positive number of a topic, and needs the room that it is in",
        ));
    }
    let language = language.map(|code| code.parse()).transpose();
    let language = language.map_err(|_| validate::invalid("language is not one that the companion speaks"))?;
    let reply_to = reply_to.map(validate::quoted).transpose()?;
    let aside = Some(Aside { room, thread, name, language });
    Ok(TurnRequest { user_id, key, text: message, reply_to, aside, ..TurnRequest::default() })
}
