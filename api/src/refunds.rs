//! `/admin/payments`: what people want back, giving it back or not, and premium for nothing. For whoever runs the bot: each
//! asks for a permission.

use axum::{
    Json,
    extract::{Path, Query, State, rejection::QueryRejection},
};
use evolve_contract::{
    Code,
    payments::{Balance, GrantRequest, GrantResponse, OpenPayment, OpenPaymentsResponse, RefundResponse, RefundState},
};
use evolve_engine::payments::RefundEnd;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use crate::{
    access::Actor, audit::Act, extract::JsonBody, openapi::problems, payments::wire, problem::ApiError, state::Api,
};

problems!(AdminProblems: Forbidden, InvalidValue, NotForSale, PaymentNotFound, RateLimited, DatabaseUnavailable);
problems!(
    GrantProblems: InvalidBody, Forbidden, BodyTooLarge, UnsupportedMediaType, InvalidValue, PaymentNotFound,
    RateLimited, DatabaseUnavailable,
);

/// Longest gift: ten years.
const MAX_DAYS: u32 = 3660;
const MAX_KEY_LENGTH: usize = 64;

/// Which page.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Page {
    /// The `next` of the page before.
    after: Option<Uuid>,
}

/// Whose a payment is.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Whose {
    /// Needed where the person was removed since: Telegram's list of transactions shows it.
    user_id: Option<i64>,
}

/// Payments that wait for a decision, and what the ledger says.
#[utoipa::path(
    get, path = "/admin/payments", tag = "payments", security(("service_key" = [])), params(Page),
    responses((status = 200, description = "What waits", body = OpenPaymentsResponse), AdminProblems),
)]
pub async fn open(
    State(api): State<Api>,
    _: Actor,
    page: Result<Query<Page>, QueryRejection>,
) -> Result<Json<OpenPaymentsResponse>, ApiError> {
    let Query(Page { after }) = page.map_err(|_| invalid("after is the `next` of the page before"))?;
    let (payments, next) = api.payments.to_see_to(after).await?;
    let payments = payments.into_iter().map(|payment| OpenPayment {
        user_id: payment.user_id,
        matched: payment.matched,
        refund_begun: payment.refund_begun,
        payment: wire(payment),
    });
    let balances = api.payments.balances().await?.into_iter().map(|balance| Balance {
        account: balance.account,
        currency: balance.currency,
        amount: balance.amount,
    });
    let next = next.map(|id| id.to_string());
    Ok(Json(OpenPaymentsResponse { payments: payments.collect(), next, balances: balances.collect() }))
}

/// Gives a payment back. Asked again, it is given back once.
#[utoipa::path(
    post, path = "/admin/payments/{payment_id}/refund", tag = "payments", security(("service_key" = [])),
    params(("payment_id" = String, Path, description = "Our id of it, from the list or from who asks for it"), Whose),
    responses((status = 200, description = "What became of it", body = RefundResponse), AdminProblems),
)]
pub async fn refund(
    State(api): State<Api>,
    _: Actor,
    act: Act,
    Path(payment_id): Path<String>,
    whose: Result<Query<Whose>, QueryRejection>,
) -> Result<Json<RefundResponse>, ApiError> {
    let Query(Whose { user_id }) = whose.map_err(|_| invalid("user_id is a person's Telegram id"))?;
    let id = read(&payment_id)?;
    let state = match api.payments.act(act.entry()).refund(id, user_id).await? {
        RefundEnd::Asked => RefundState::Asked,
        RefundEnd::Already => RefundState::Already,
        RefundEnd::ByHand => RefundState::ByHand,
    };
    Ok(became(id, state))
}

/// Says that a payment was given back by hand, at the payment provider: then it is booked, and what it gave ends.
#[utoipa::path(
    post, path = "/admin/payments/{payment_id}/returned", tag = "payments", security(("service_key" = [])),
    params(("payment_id" = String, Path, description = "Of which `refund` said `by_hand`")),
    responses((status = 200, description = "What became of it", body = RefundResponse), AdminProblems),
)]
pub async fn returned(
    State(api): State<Api>,
    _: Actor,
    act: Act,
    Path(payment_id): Path<String>,
) -> Result<Json<RefundResponse>, ApiError> {
    let id = read(&payment_id)?;
    let state =
        if api.payments.act(act.entry()).returned(id).await? { RefundState::Returned } else { RefundState::Already };
    Ok(became(id, state))
}

/// Decides that a payment stays paid: who asked for it back is told so, and it is off the list.
#[utoipa::path(
    post, path = "/admin/payments/{payment_id}/decline", tag = "payments", security(("service_key" = [])),
    params(("payment_id" = String, Path, description = "Our id of it, from the list")),
    responses((status = 200, description = "What became of it", body = RefundResponse), AdminProblems),
)]
pub async fn decline(
    State(api): State<Api>,
    _: Actor,
    act: Act,
    Path(payment_id): Path<String>,
) -> Result<Json<RefundResponse>, ApiError> {
    let id = read(&payment_id)?;
    let state = if api.payments.act(act.entry()).decline_refund(id).await? {
        RefundState::Declined
    } else {
        RefundState::Already
    };
    Ok(became(id, state))
}

/// Gives somebody premium for nothing, once for each key; it adds to what they have paid, and they are told.
#[utoipa::path(
    post, path = "/admin/people/{user_id}/premium", tag = "payments", security(("service_key" = [])),
    params(("user_id" = i64, Path, description = "Their Telegram id")),
    request_body = GrantRequest,
    responses((status = 200, description = "How they stand now", body = GrantResponse), GrantProblems),
)]
pub async fn grant(
    State(api): State<Api>,
    _: Actor,
    act: Act,
    Path(person): Path<String>,
    JsonBody(gift): JsonBody<GrantRequest>,
) -> Result<Json<GrantResponse>, ApiError> {
    let user_id: i64 = person.parse().map_err(|_| invalid("a person is named by their Telegram id"))?;
    let is_key = (1..=MAX_KEY_LENGTH).contains(&gift.key.len()) && gift.key.bytes().all(|b| b.is_ascii_graphic());
    if !(1..=MAX_DAYS).contains(&gift.days) || !is_key {
        return Err(invalid("days are 1 to 3660, and a key is 1 to 64 Latin letters, digits and signs"));
    }
    act.detail(json!({ "days": gift.days }));
    let (standing, replayed) = api.payments.act(act.entry()).grant(user_id, gift.days, &gift.key).await?;
    tracing::info!(days = gift.days, replayed, "an administrator gives premium");
    Ok(Json(GrantResponse { user_id, replayed, premium_until: standing.premium_until }))
}

fn read(payment_id: &str) -> Result<Uuid, ApiError> {
    payment_id.parse().map_err(|_| ApiError::new(Code::PaymentNotFound))
}

fn became(id: Uuid, state: RefundState) -> Json<RefundResponse> {
    tracing::info!(payment = %id, ?state, "an administrator decides about a payment");
    Json(RefundResponse { payment_id: id.to_string(), state })
}

fn invalid(detail: &str) -> ApiError {
    ApiError::new(Code::InvalidValue).detail(detail)
}
