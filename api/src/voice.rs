//! `/voice`: how a person wants answers spoken.

use axum::{
    Json,
    extract::{FromRequest as _, Request, State},
};
use evolve_contract::voice::{Mode, Voice, VoiceResponse, VoiceUpdate};
use evolve_domain::speech;
use evolve_engine::speech::choice::VoiceChoice;

use crate::{
    extract::{JsonBody, Own},
    openapi::problems,
    problem::ApiError,
    state::Api,
};

problems!(
    VoiceProblems: Unauthorized, Forbidden, ProfileNotFound, InvalidValue, RateLimited, DatabaseUnavailable,
);
problems!(
    ChangeProblems: InvalidBody, Unauthorized, Forbidden, ProfileNotFound, BodyTooLarge, UnsupportedMediaType, InvalidValue,
    RateLimited, DatabaseUnavailable,
);

/// How a person wants answers spoken.
#[utoipa::path(
    get, path = "/voice/{user_id}", tag = "profile", security(("bearer" = [])),
    params(("user_id" = i64, Path, description = "The token's own person")),
    responses((status = 200, description = "What they chose", body = VoiceResponse), VoiceProblems),
)]
pub async fn get(State(api): State<Api>, Own(person): Own) -> Result<Json<VoiceResponse>, ApiError> {
    Ok(Json(response(api.engine.voice(person).await?)))
}

/// Changes it. Anybody may choose; it counts once their plan has spoken answers.
#[utoipa::path(
    post, path = "/voice/{user_id}", tag = "profile", security(("bearer" = [])),
    params(("user_id" = i64, Path, description = "The token's own person")),
    request_body = VoiceUpdate,
    responses((status = 200, description = "What they have chosen now", body = VoiceResponse), ChangeProblems),
)]
pub async fn update(
    State(api): State<Api>,
    Own(person): Own,
    request: Request,
) -> Result<Json<VoiceResponse>, ApiError> {
    let JsonBody(VoiceUpdate { mode, voice }) = JsonBody::from_request(request, &api).await?;
    let mode = mode.map(|mode| match mode {
        Mode::Never => speech::VoiceMode::Never,
        Mode::OnVoice => speech::VoiceMode::OnVoice,
        Mode::Always => speech::VoiceMode::Always,
    });
    let voice = voice.map(|voice| match voice {
        Voice::Warm => speech::Voice::Warm,
        Voice::Bright => speech::Voice::Bright,
        Voice::Soft => speech::Voice::Soft,
        Voice::Calm => speech::Voice::Calm,
        Voice::Deep => speech::Voice::Deep,
        Voice::Cheerful => speech::Voice::Cheerful,
    });
    Ok(Json(response(api.engine.choose_voice(person, mode, voice).await?)))
}

fn response(choice: VoiceChoice) -> VoiceResponse {
    let VoiceChoice { settings, available, allowed } = choice;
    let mode = match settings.mode {
        speech::VoiceMode::Never => Mode::Never,
        speech::VoiceMode::OnVoice => Mode::OnVoice,
        speech::VoiceMode::Always => Mode::Always,
    };
    let voice = settings.voice.map(|voice| match voice {
        speech::Voice::Warm => Voice::Warm,
        speech::Voice::Bright => Voice::Bright,
        speech::Voice::Soft => Voice::Soft,
        speech::Voice::Calm => Voice::Calm,
        speech::Voice::Deep => Voice::Deep,
        speech::Voice::Cheerful => Voice::Cheerful,
    });
    VoiceResponse { mode, voice, available, allowed }
}
