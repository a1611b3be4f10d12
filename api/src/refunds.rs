//! `/admin/payments`: what people want back, and giving it back. For whoever runs the bot: the service key opens it.

use axum::{
    Json,
    extract::{Path, State},
};
use evolve_contract::{
    Code,
    payments::{Balance, OpenPayment, OpenPaymentsResponse, RefundResponse, RefundState},
};
use evolve_engine::payments::RefundEnd;
use uuid::Uuid;

use crate::{
    openapi::problems,
    payments::{OurBot, wire},
    problem::ApiError,
    state::Api,
};

problems!(AdminProblems: Forbidden, NotForSale, PaymentNotFound, DatabaseUnavailable);

/// Payments that wait for a decision, and what the ledger says.
#[utoipa::path(
    get, path = "/admin/payments", tag = "payments", security(("service_key" = [])),
    responses((status = 200, description = "What waits", body = OpenPaymentsResponse), AdminProblems),
)]
pub async fn open(State(api): State<Api>, _: OurBot) -> Result<Json<OpenPaymentsResponse>, ApiError> {
    let payments = api.payments.to_see_to().await?.into_iter().map(|payment| OpenPayment {
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
    Ok(Json(OpenPaymentsResponse { payments: payments.collect(), balances: balances.collect() }))
}

/// Gives a payment back. Asked again, it is given back once.
#[utoipa::path(
    post, path = "/admin/payments/{payment_id}/refund", tag = "payments", security(("service_key" = [])),
    params(("payment_id" = String, Path, description = "Our id of it, from the list or from who asks for it")),
    responses((status = 200, description = "What became of it", body = RefundResponse), AdminProblems),
)]
pub async fn refund(
    State(api): State<Api>,
    _: OurBot,
    Path(payment_id): Path<String>,
) -> Result<Json<RefundResponse>, ApiError> {
    let id: Uuid = payment_id.parse().map_err(|_| ApiError::new(Code::PaymentNotFound))?;
    let state = match api.payments.refund(id).await? {
        RefundEnd::Asked => RefundState::Asked,
        RefundEnd::Already => RefundState::Already,
        RefundEnd::ByHand => RefundState::ByHand,
    };
    tracing::info!(payment = %id, ?state, "an administrator gives a payment back");
    Ok(Json(RefundResponse { payment_id: id.to_string(), state }))
}
