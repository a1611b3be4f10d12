//! What is said outside the private chat.

use std::sync::{Arc, Mutex};

use axum::{
    Json, Router,
    extract::State,
    http::HeaderMap,
    response::{IntoResponse as _, Response},
    routing::post,
};
use evolve_contract::{
    Code, Problem,
    aside::AsideRequest,
    auth::SERVICE_KEY_HEADER,
    chat::{ChatRequest, ChatResponse, IDEMPOTENCY_KEY_HEADER},
};

use super::{Call, Reply, SERVICE_KEY, World, person, problem};

pub(super) fn routes() -> Router<Arc<Mutex<World>>> {
    Router::new().route("/chat/aside", post(aside))
}

async fn aside(State(world): super::Shared, headers: HeaderMap, Json(body): Json<AsideRequest>) -> Response {
    let mut world = world.lock().unwrap();
    let asked = match person(&world, &headers) {
        Err(response) => return response,
        Ok(asked) => asked,
    };
    if headers.get(SERVICE_KEY_HEADER).is_none_or(|key| key != SERVICE_KEY) || asked != body.user_id {
        return problem(Problem::new(Code::Forbidden));
    }
    let key = headers.get(IDEMPOTENCY_KEY_HEADER).unwrap().to_str().unwrap().to_owned();
    world.asides.push(body.clone());
    world.aside_keys.push(key.clone());
    world.changes.send_replace(());
    let request = ChatRequest { message: body.message, reply_to: body.reply_to, ..ChatRequest::default() };
    match (world.answerer)(&Call { person: asked, key, request }, 0) {
        Reply::Text(response_text) => Json(ChatResponse { response_text, ..ChatResponse::default() }).into_response(),
        Reply::Problem(it) => problem(it),
        other => panic!("{other:?} is not for groups"),
    }
}
