//! `/profile`: what a person told of themselves, and how they stand. A person's own token opens their own rows alone.

use axum::{
    Json,
    extract::{Request, State},
};
use evolve_contract::{
    Code,
    profile::{DeletedResponse, Onboarding, ProfileData, ProfileField, ProfileResponse, ProfileUpdate, StatusResponse},
};
use evolve_domain::{
    payment::told_until,
    profile::{Field, Onboarding as Step},
    referral,
};
use evolve_engine::profiles::{Changes, Standing};
use evolve_store::users::UserRecord;

use crate::{
    extract::{AppLanguage, Own, Person, own_body},
    limits,
    openapi::problems,
    problem::ApiError,
    state::Api,
};

problems!(
    ReadProblems: Unauthorized, Forbidden, ProfileNotFound, InvalidValue, RateLimited, DatabaseUnavailable,
);
problems!(
    WriteProblems: InvalidBody, Unauthorized, Forbidden, BodyTooLarge, UnsupportedMediaType, InvalidValue, RateLimited,
    DatabaseUnavailable,
);
problems!(
    DeleteProblems: Unauthorized, Forbidden, InvalidValue, RateLimited, DatabaseUnavailable,
);

/// What is known of a person.
#[utoipa::path(
    get, path = "/profile/{user_id}", tag = "profile", security(("bearer" = [])),
    params(("user_id" = i64, Path, description = "The token's own person")),
    responses((status = 200, description = "The profile", body = ProfileResponse), ReadProblems),
)]
pub async fn get(State(api): State<Api>, Own(person): Own) -> Result<Json<ProfileResponse>, ApiError> {
    Ok(Json(response(api.profiles.get(person).await?)))
}

/// Sets what is given and leaves the rest; an empty string clears. Makes the profile of somebody new.
#[utoipa::path(
    post, path = "/profile", tag = "profile", security(("bearer" = [])),
    request_body = ProfileUpdate,
    responses((status = 200, description = "The profile as it is now", body = ProfileResponse), WriteProblems),
)]
pub async fn update(
    State(api): State<Api>,
    Person(person): Person,
    AppLanguage(language): AppLanguage,
    request: Request,
) -> Result<Json<ProfileResponse>, ApiError> {
    let ProfileUpdate { mut data, forget, .. } =
        own_body(&api, person, request, |body: &ProfileUpdate| body.user_id).await?;
    // Whoever is new would be given the language of the bot.
    if let (None, Some(language)) = (&data.language, language)
        && !api.profiles.has_settings(person).await?
    {
        data.language = Some(language.as_str().to_owned());
    }
    let mut record = api.profiles.update(person, changes(data)).await?;
    if !forget.is_empty() {
        let fields: Vec<Field> = forget.into_iter().map(field).collect();
        record = api.profiles.forget(person, &fields).await?;
    }
    Ok(Json(response(record)))
}

/// Removes everything of a person, and counts what is left. Twenty times an hour at most.
#[utoipa::path(
    delete, path = "/profile/{user_id}", tag = "profile", security(("bearer" = [])),
    params(("user_id" = i64, Path, description = "The token's own person")),
    responses((status = 200, description = "What was removed", body = DeletedResponse), DeleteProblems),
)]
pub async fn delete(State(api): State<Api>, Own(person): Own) -> Result<Json<DeletedResponse>, ApiError> {
    for key in api.store.keys().signing_keys(limits::REMOVALS_PURPOSE) {
        let window = limits::of_removals(person, &key);
        let decision = api.redis.limits().take(&window, limits::REMOVALS, api.clock.now()).await;
        if !decision.allowed {
            return Err(ApiError::new(Code::RateLimited).retry_after(decision.retry_after));
        }
    }
    let deleted = api.profiles.delete(person).await?;
    Ok(Json(DeletedResponse { user_id: person, deleted: deleted.counts, remaining: deleted.remaining }))
}

/// How a person stands: plan, today's messages, relationship.
#[utoipa::path(
    get, path = "/profile/status/{user_id}", tag = "profile", security(("bearer" = [])),
    params(("user_id" = i64, Path, description = "The token's own person")),
    responses((status = 200, description = "The status", body = StatusResponse), ReadProblems),
)]
pub async fn status(State(api): State<Api>, Own(person): Own) -> Result<Json<StatusResponse>, ApiError> {
    let Standing { status, messages_limit, resets_at, level, level_name, points, next_level_at } =
        api.profiles.status(person).await?;
    Ok(Json(StatusResponse {
        user_id: person,
        plan: status.plan.as_str().to_owned(),
        premium_until: status.premium_until.map(|until| told_until(status.paid_until, until, api.clock.now())),
        messages_today: status.messages_today,
        messages_limit,
        resets_at,
        level: level.number(),
        level_name,
        points,
        next_level_at,
        facts: status.facts,
        invite: referral::parameter(person),
    }))
}

fn response(record: UserRecord) -> ProfileResponse {
    let UserRecord { user_id, profile, settings, has_settings, created_at, plan: _, premium_until: _ } = record;
    let data = ProfileData {
        name: profile.name,
        gender: profile.gender,
        birthday: profile.birthday,
        occupation: profile.occupation,
        city: profile.city,
        // The bot's own are nobody's choice: whoever asks would take them for one, and write them down.
        language: has_settings.then(|| settings.language.as_str().to_owned()),
        time_zone: has_settings.then(|| settings.time_zone.name().to_owned()),
        onboarding: Some(match settings.onboarding {
            Step::New => Onboarding::New,
            Step::Language => Onboarding::Language,
            Step::Name => Onboarding::Name,
            Step::Done => Onboarding::Done,
        }),
    };
    ProfileResponse { user_id, data, created_at }
}

const fn field(field: ProfileField) -> Field {
    match field {
        ProfileField::Name => Field::Name,
        ProfileField::Gender => Field::Gender,
        ProfileField::Birthday => Field::Birthday,
        ProfileField::Occupation => Field::Occupation,
        ProfileField::City => Field::City,
    }
}

fn changes(data: ProfileData) -> Changes {
    let ProfileData { name, gender, birthday, occupation, city, language, time_zone, onboarding } = data;
    let onboarding = onboarding.map(|step| match step {
        Onboarding::New => Step::New,
        Onboarding::Language => Step::Language,
        Onboarding::Name => Step::Name,
        Onboarding::Done => Step::Done,
    });
    Changes { name, gender, birthday, occupation, city, language, time_zone, onboarding }
}
