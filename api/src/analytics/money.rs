//! What comes in, and what models cost.

use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
};
use evolve_contract::analytics::{CurrencyRevenue, RevenueDay, RevenueResponse};
use evolve_domain::{
    access::Permission,
    report::{microdollars, share},
};
use evolve_engine::reports::{Currency, Revenue};
use evolve_store::reports::Money;

use super::{Range, ReportProblems, days, model, top};
use crate::{access::Actor, problem::ApiError, state::Api};

/// Days where nothing is said.
const MONTH: u16 = 30;
/// What recurs every thirty days, in a year.
const MONTHS: i64 = 12;

/// What comes in, what recurs, and what models cost. Who cost most is told to who has the permission `people` as well.
#[utoipa::path(
    get, path = "/admin/analytics/revenue", tag = "analytics", security(("service_key" = [])), params(Range),
    responses((status = 200, description = "The numbers", body = RevenueResponse), ReportProblems),
)]
pub async fn revenue(
    State(api): State<Api>,
    actor: Actor,
    range: Result<Query<Range>, QueryRejection>,
) -> Result<Json<RevenueResponse>, ApiError> {
    let told = api.reports.revenue(days(range, MONTH)?).await?;
    let paying_users = told.newest().map_or(0, |day| day.paying);
    let cost_microdollars = microdollars(told.sum(|day| day.cost));
    let (active, unpriced_tokens) = (told.sum(|day| day.active), told.sum(|day| day.unpriced_tokens));
    let (as_of, time_zone) = (told.as_of, told.zone.to_string());
    let Revenue { currencies, churn, models, top: first } = told.of;
    // Numbers are of nobody; who these are is for those who see people.
    let first = if actor.may(Permission::People) { first } else { Vec::new() };
    Ok(Json(RevenueResponse {
        as_of,
        time_zone,
        paying_users,
        churn_rate: churn,
        currencies: currencies.into_iter().map(currency).collect(),
        cost_microdollars,
        cost_microdollars_per_active_day: share(cost_microdollars, active),
        unpriced_tokens,
        models: models.into_iter().map(model).collect(),
        top_users: first.into_iter().map(top).collect(),
    }))
}

fn currency(of: Currency) -> CurrencyRevenue {
    let day = |money: Money| RevenueDay {
        day: money.day,
        payments: money.payments,
        sales: money.sales,
        refunds: money.refunds,
        mrr: money.mrr,
        paying_users: money.paying,
    };
    CurrencyRevenue {
        currency: of.currency,
        payments: of.payments,
        sales: of.sales,
        refunds: of.refunds,
        mrr: of.mrr,
        arr: of.mrr.saturating_mul(MONTHS),
        paying_users: of.paying,
        arpu: of.arpu,
        arppu: of.arppu,
        ltv: of.lifetime_value,
        days: of.days.into_iter().map(day).collect(),
    }
}
