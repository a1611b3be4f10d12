//! `/settings`: how a person wants to be spoken to, and whether the companion may write first.

use axum::{
    Json,
    extract::{Request, State},
};
use evolve_contract::settings::{Detail, SettingsData, SettingsResponse, SettingsUpdate};
use evolve_domain::wishes::{Detail as Wished, Wishes};
use evolve_engine::preferences::Changes;
use evolve_store::preferences::Preferences;

use crate::{
    extract::{Own, Person, own_body},
    openapi::problems,
    problem::ApiError,
    state::Api,
};

problems!(
    ReadProblems: Unauthorized, Forbidden, ProfileNotFound, InvalidValue, RateLimited, DatabaseUnavailable,
);
problems!(
    WriteProblems: InvalidBody, Unauthorized, Forbidden, ProfileNotFound, ZoneNotChosen, BodyTooLarge, UnsupportedMediaType,
    InvalidValue, RateLimited, DatabaseUnavailable,
);

/// How a person wants things.
#[utoipa::path(
    get, path = "/settings/{user_id}", tag = "profile", security(("bearer" = [])),
    params(("user_id" = i64, Path, description = "The token's own person")),
    responses((status = 200, description = "The settings", body = SettingsResponse), ReadProblems),
)]
pub async fn get(State(api): State<Api>, Own(person): Own) -> Result<Json<SettingsResponse>, ApiError> {
    Ok(Json(response(person, api.preferences.of(person).await?)))
}

/// Sets what is given and leaves the rest; what is empty clears. To be written to first (`good_morning`, `follow_ups`) takes
/// having said where one lives: before, or with the same request.
#[utoipa::path(
    post, path = "/settings", tag = "profile", security(("bearer" = [])),
    request_body = SettingsUpdate,
    responses((status = 200, description = "The settings as they are now", body = SettingsResponse), WriteProblems),
)]
pub async fn update(
    State(api): State<Api>,
    Person(person): Person,
    request: Request,
) -> Result<Json<SettingsResponse>, ApiError> {
    let SettingsUpdate { data, .. } = own_body(&api, person, request, |body: &SettingsUpdate| body.user_id).await?;
    Ok(Json(response(person, api.preferences.change(person, changes(data)).await?)))
}

fn changes(data: SettingsData) -> Changes {
    let SettingsData {
        detail,
        instructions,
        talk_of,
        avoid,
        quiet_hours,
        good_morning,
        follow_ups,
        menu_buttons,
        time_zone,
        keep_messages_days: keep_days,
    } = data;
    let detail = detail.map(|detail| match detail {
        Detail::Short => Wished::Short,
        Detail::Normal => Wished::Normal,
        Detail::Long => Wished::Long,
    });
    Changes {
        detail,
        instructions,
        talk_of,
        avoid,
        quiet_hours,
        good_morning,
        follow_ups,
        menu_buttons,
        time_zone,
        keep_days,
    }
}

fn response(user_id: i64, preferences: Preferences) -> SettingsResponse {
    let Preferences { settings: _, zone_is_chosen, wishes, quiet, good_morning, follow_ups, menu_buttons, keep_days } =
        preferences;
    let Wishes { detail, instructions, talk_of, avoid } = wishes;
    let detail = match detail {
        Wished::Short => Detail::Short,
        Wished::Normal => Detail::Normal,
        Wished::Long => Detail::Long,
    };
    let data = SettingsData {
        detail: Some(detail),
        instructions: Some(instructions),
        talk_of: Some(talk_of),
        avoid: Some(avoid),
        quiet_hours: Some(quiet.map(|quiet| quiet.to_string()).unwrap_or_default()),
        good_morning: Some(good_morning),
        follow_ups: Some(follow_ups),
        // A bot of the version before can read no answer that has it.
        menu_buttons: menu_buttons.then_some(true),
        // The profile tells it.
        time_zone: None,
        keep_messages_days: keep_days,
    };
    SettingsResponse { user_id, data, zone_is_chosen: Some(zone_is_chosen) }
}
