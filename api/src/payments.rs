//! `/payments`: what premium costs, offers, and what Telegram reports of payments. A person's token opens all that is theirs
//! to ask; only who also knows the service key may say that something was paid, or given back.

use axum::{
    Json,
    extract::{FromRequestParts, Request, State},
    http::request::Parts,
};
use chrono::{DateTime, SubsecRound as _, Utc};
use evolve_contract::{
    Code,
    payments::{
        OfferRequest, OfferResponse, Payment, PaymentsResponse, Price, ReceivedRequest, ReceivedResponse,
        RefundRequest, RefundedRequest, Subscription, SubscriptionRequest, SubscriptionState, Terms, Way,
        payload::{KEY_PURPOSE, Payload},
    },
};
use evolve_domain::{
    payment::{Going, Way as Paid},
    plan::{Plan, Plans},
};
use evolve_engine::payments::{self, Outcome, Received};
use evolve_store::payments::{Account, Payment as Stored};

use crate::{
    auth,
    extract::{Own, Person, own_body},
    openapi::problems,
    problem::ApiError,
    proofs::{self, Proof},
    state::Api,
};

problems!(ReadProblems: Unauthorized, Forbidden, InvalidValue, RateLimited, DatabaseUnavailable);
problems!(
    WriteProblems: InvalidBody, Unauthorized, Forbidden, BodyTooLarge, UnsupportedMediaType, InvalidValue, NotForSale,
    AlreadySubscribed, PaymentNotFound, RateLimited, DatabaseUnavailable,
);

/// Longest id of a payment that is taken.
const MAX_CHARGE_CHARS: usize = 256;

/// The proof that the caller is our bot.
#[derive(Clone, Copy, Debug)]
pub struct OurBot;

impl FromRequestParts<Api> for OurBot {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiError> {
        let address = proofs::address(api, parts);
        let shown = auth::service_key(&parts.headers, &api.service_key);
        if let (Some(is_right), Some(address)) = (shown, address) {
            proofs::admit_key(api, is_right, address)?;
        }
        let error = || ApiError::new(Code::Forbidden).detail("this needs the X-Service-Key header");
        match shown {
            Some(true) => Ok(Self),
            Some(false) => Err(proofs::failed(api, Proof::ServiceKey, address, error()).await),
            None => Err(error()),
        }
    }
}

/// What premium costs, and how a person stands.
#[utoipa::path(
    get, path = "/payments/{user_id}", tag = "payments", security(("bearer" = [])),
    params(("user_id" = i64, Path, description = "The token's own person")),
    responses((status = 200, description = "How they stand", body = PaymentsResponse), ReadProblems),
)]
pub async fn get(State(api): State<Api>, Own(person): Own) -> Result<Json<PaymentsResponse>, ApiError> {
    Ok(Json(response(&api, person, api.payments.account(person).await?)))
}

/// What an invoice needs.
///
/// No bill yet: only the bot, which has Telegram's token, can make one of it. A Web App sends people to
/// `https://t.me/BOT?start=premium`, where they are shown the offers and can pay.
#[utoipa::path(
    post, path = "/payments/offers", tag = "payments", security(("bearer" = [])),
    request_body = OfferRequest,
    responses((status = 200, description = "The offer", body = OfferResponse), WriteProblems),
)]
pub async fn offer(
    State(api): State<Api>,
    Person(person): Person,
    request: Request,
) -> Result<Json<OfferResponse>, ApiError> {
    let OfferRequest { way, .. } = own_body(&api, person, request, |body: &OfferRequest| body.user_id).await?;
    let offer = api.payments.offer(person, engine_way(way)).await?;
    let payload = Payload {
        way,
        user_id: person,
        amount: offer.amount,
        currency: offer.currency.clone(),
        issued_at: api.clock.now().trunc_subsecs(0),
        nonce: rand::random(),
    };
    // `ENCRYPTION_KEY` holds one key or more.
    let keys = api.store.keys().signing_keys(KEY_PURPOSE);
    let key = keys.first().ok_or_else(|| ApiError::new(Code::Internal))?;
    Ok(Json(OfferResponse {
        way,
        payload: payload.sign(key),
        currency: offer.currency,
        amount: offer.amount,
        subscription_period: offer.renews_after,
        terms: api.premium_terms,
    }))
}

/// Telegram reports a payment. Told again, it changes nothing.
///
/// Needs the `X-Service-Key` header besides the person's token.
#[utoipa::path(
    post, path = "/payments/received", tag = "payments", security(("bearer" = [])),
    request_body = ReceivedRequest,
    responses((status = 200, description = "What became of it", body = ReceivedResponse), WriteProblems),
)]
pub async fn received(
    State(api): State<Api>,
    _: OurBot,
    Person(person): Person,
    request: Request,
) -> Result<Json<ReceivedResponse>, ApiError> {
    let received = own_body(&api, person, request, |body: &ReceivedRequest| body.user_id).await?;
    if received.amount <= 0 || !(1..=MAX_CHARGE_CHARS).contains(&received.charge_id.chars().count()) {
        return Err(ApiError::new(Code::InvalidValue).detail("a payment has an amount and Telegram's id of it"));
    }
    let offered = Payload::read_any(&received.payload, &api.store.keys().signing_keys(KEY_PURPOSE));
    let offered = offered.and_then(|payload| {
        payload.check_price(person, &received.currency, received.amount).map(|()| engine_way(payload.way))
    });
    let outcome = api
        .payments
        .received(Received {
            user_id: person,
            charge_id: received.charge_id,
            provider_charge_id: received.provider_charge_id,
            currency: received.currency,
            amount: received.amount,
            offered: offered.ok(),
            payload: received.payload,
            paid_at: received.paid_at,
            is_found: received.found,
            is_recurring: received.is_recurring,
            is_first: received.is_first_recurring,
            expires_at: received.subscription_expires_at,
        })
        .await?;
    Ok(Json(outcome_response(person, &outcome, api.clock.now())))
}

/// Telegram reports that a payment was given back. Told again, it changes nothing.
///
/// Needs the `X-Service-Key` header besides the person's token.
#[utoipa::path(
    post, path = "/payments/refunded", tag = "payments", security(("bearer" = [])),
    request_body = RefundedRequest,
    responses((status = 200, description = "What became of it", body = ReceivedResponse), WriteProblems),
)]
pub async fn refunded(
    State(api): State<Api>,
    _: OurBot,
    Person(person): Person,
    request: Request,
) -> Result<Json<ReceivedResponse>, ApiError> {
    let refunded = own_body(&api, person, request, |body: &RefundedRequest| body.user_id).await?;
    let outcome = api.payments.refunded(person, &refunded.charge_id).await?;
    Ok(Json(outcome_response(person, &outcome, api.clock.now())))
}

/// Stops a subscription from renewing itself, or allows the person to take it up again.
#[utoipa::path(
    post, path = "/payments/subscription", tag = "payments", security(("bearer" = [])),
    request_body = SubscriptionRequest,
    responses((status = 200, description = "How they stand now", body = PaymentsResponse), WriteProblems),
)]
pub async fn subscription(
    State(api): State<Api>,
    Person(person): Person,
    request: Request,
) -> Result<Json<PaymentsResponse>, ApiError> {
    let wish = own_body(&api, person, request, |body: &SubscriptionRequest| body.user_id).await?;
    Ok(Json(response(&api, person, api.payments.renew(person, wish.renews).await?)))
}

/// A person asks for a payment back; an administrator decides.
#[utoipa::path(
    post, path = "/payments/refund-requests", tag = "payments", security(("bearer" = [])),
    request_body = RefundRequest,
    responses((status = 200, description = "How they stand", body = PaymentsResponse), WriteProblems),
)]
pub async fn ask_refund(
    State(api): State<Api>,
    Person(person): Person,
    request: Request,
) -> Result<Json<PaymentsResponse>, ApiError> {
    let wish = own_body(&api, person, request, |body: &RefundRequest| body.user_id).await?;
    let payment = wish.payment_id.parse().map_err(|_| ApiError::new(Code::PaymentNotFound))?;
    Ok(Json(response(&api, person, api.payments.ask_refund(person, payment).await?)))
}

fn response(api: &Api, user_id: i64, account: Account) -> PaymentsResponse {
    let now = api.clock.now();
    // Who has premium without an end has nothing to buy.
    let prices = api.payments.offers().into_iter().filter(|_| !account.standing.is_endless());
    let subscription = subscribed(&account, now);
    let payments = account.payments.into_iter();
    PaymentsResponse {
        user_id,
        prices: prices.map(|o| Price { way: wire_way(o.way), currency: o.currency, amount: o.amount }).collect(),
        plan: payments::plan(&account.standing, now).as_str().to_owned(),
        paid_until: account.standing.paid_until,
        premium_until: account.standing.premium_until,
        subscription,
        payments: payments.map(wire).collect(),
        terms: api.premium_terms,
    }
}

/// The subscription of an account, unless it is over.
pub(crate) fn subscribed(account: &Account, now: DateTime<Utc>) -> Option<Subscription> {
    let renewal = account.standing.subscription(now)?;
    Some(Subscription { renews_at: renewal.renews_at, state: state(renewal.going()) })
}

/// What premium gives that free does not; `speaks` says whether anything can speak at all.
pub(crate) fn terms(plans: &Plans, speaks: bool) -> Terms {
    let Plans { free, premium } = plans;
    // Nothing stands for no limit.
    let is_more = |premium: Option<u32>, free: Option<u32>| free.is_some_and(|free| premium.is_none_or(|it| it > free));
    Terms {
        premium_messages: premium.messages_per_day,
        more_messages: is_more(premium.messages_per_day, free.messages_per_day),
        more_history: is_more(premium.history_messages, free.history_messages),
        more_memory: is_more(premium.facts, free.facts),
        images: premium.images && !free.images,
        voice: speaks && plans.speaks(Plan::Premium) && !plans.speaks(Plan::Free),
    }
}

pub(crate) fn wire(payment: Stored) -> Payment {
    Payment {
        id: payment.id.to_string(),
        way: wire_way(payment.way),
        currency: payment.currency,
        amount: payment.amount,
        paid_at: payment.paid_at,
        refund_asked: payment.refund_asked,
        declined: payment.declined,
        refunded: payment.refunded,
    }
}

fn outcome_response(user_id: i64, outcome: &Outcome, now: DateTime<Utc>) -> ReceivedResponse {
    ReceivedResponse {
        user_id,
        replayed: outcome.replayed,
        matched: outcome.matched,
        plan: payments::plan(&outcome.standing, now).as_str().to_owned(),
        paid_until: outcome.standing.paid_until,
        renews: outcome.standing.renews(),
    }
}

const fn state(going: Going) -> SubscriptionState {
    match going {
        Going::Running => SubscriptionState::Running,
        Going::Stopping => SubscriptionState::Stopping,
        Going::Stopped => SubscriptionState::Stopped,
        Going::Resumable => SubscriptionState::Resumable,
    }
}

const fn engine_way(way: Way) -> Paid {
    match way {
        Way::Stars => Paid::Stars,
        Way::StarsMonthly => Paid::StarsMonthly,
        Way::Money => Paid::Money,
    }
}

const fn wire_way(way: Paid) -> Way {
    match way {
        Paid::Stars => Way::Stars,
        Paid::StarsMonthly => Way::StarsMonthly,
        Paid::Money => Way::Money,
    }
}

#[cfg(test)]
mod tests {
    use evolve_domain::plan::Limits;

    use super::*;

    #[test]
    fn only_what_premium_gives_and_free_does_not_is_told() {
        let plans = Plans::default();
        let all = Terms {
            premium_messages: None,
            more_messages: true,
            more_history: true,
            more_memory: true,
            images: true,
            voice: true,
        };
        assert_eq!(terms(&plans, true), all);
        assert!(!terms(&plans, false).voice);
        let same = Plans { free: plans.premium.clone(), premium: plans.premium.clone() };
        let same = Plans { free: Limits { voice: Some(true), ..same.free }, ..same };
        assert_eq!(terms(&same, true), Terms::default());
        let ten_more = Limits { messages_per_day: Some(60), ..plans.free.clone() };
        let told = terms(&Plans { free: plans.free, premium: ten_more }, false);
        assert_eq!(told, Terms { premium_messages: Some(60), more_messages: true, ..Terms::default() });
    }
}
