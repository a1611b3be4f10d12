//! `/admin/panel/payments`: all that was paid, by what became of it; and what is decided about it: the same as the endpoints under
//! `/admin/payments`, under the same names in the log.

use axum::{
    Router,
    extract::{Path, Query, State, rejection::QueryRejection},
    http::StatusCode,
    response::Response,
    routing::{get, post},
};
use evolve_contract::Code;
use evolve_domain::access::Permission;
use evolve_engine::payments::{PaymentError, RefundEnd};
use evolve_store::payments::{Payment, State as Became, Wanted};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::{
    Reader,
    door::Filled,
    fields,
    numbers::{asked, invalid},
};
use crate::{
    audit::Act,
    panel::{
        pages::payments::{PaymentLine, Payments, Refused},
        parts::{FieldError, Listing, Table},
        shell::Section,
    },
    problem::ApiError,
    state::Api,
};

/// Payments on a page.
const PAGE: u32 = 50;
/// Payments that one statement reads for a file.
const AT_ONCE: u32 = 2000;

/// Its routes.
pub fn routes() -> Router<Api> {
    Router::new()
        .route("/admin/panel/payments", get(list))
        .route("/admin/panel/payments.csv", get(csv))
        .route("/admin/panel/payments/{payment_id}/refund", post(refund))
        .route("/admin/panel/payments/{payment_id}/returned", post(returned))
        .route("/admin/panel/payments/{payment_id}/decline", post(decline))
}

/// Which of them.
#[derive(Debug, Default, Deserialize)]
struct Asked {
    #[serde(default)]
    state: String,
    #[serde(default)]
    person: String,
    after: Option<String>,
}

impl Asked {
    fn state(&self) -> Option<Became> {
        Became::named(&self.state)
    }

    /// Which these are; or what is to be said where the person is none.
    fn wanted(&self) -> Result<Wanted, &'static str> {
        Ok(Wanted { state: self.state(), of: fields::person(&self.person)? })
    }
}

async fn list(
    reader: Reader,
    State(api): State<Api>,
    query: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, ApiError> {
    let asked = asked(query)?;
    let after = asked.after.as_deref().map(str::parse::<Uuid>).transpose();
    let after = after.map_err(|_| invalid("after is the cursor of the page before"))?;
    let mut page = page(&reader, &asked);
    let wanted = match asked.wanted() {
        Ok(wanted) => wanted,
        Err(error) => {
            page.person_error = Some(reader.words.say(error));
            return Ok(reader.page_with(&page, StatusCode::UNPROCESSABLE_ENTITY));
        }
    };
    let (payments, next) = api.payments.list(wanted, after, PAGE).await?;
    let stuck = api.payments.stuck(&payments).await?;
    let line = |payment: Payment| PaymentLine { is_stuck: stuck.contains(&payment.id), ..line(&api, payment) };
    page.payments = payments.into_iter().map(line).collect();
    page.listing.next = next.map(|id| id.to_string());
    Ok(reader.page(&page))
}

/// All that are wanted, not one page of them.
async fn csv(
    reader: Reader,
    State(api): State<Api>,
    query: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, ApiError> {
    let asked = asked(query)?;
    let wanted = asked.wanted().map_err(|_| invalid("a person is named by their Telegram id"))?;
    let (page, of) = (page(&reader, &asked), api.clone());
    api.downloads.send("payments", move |after| of_file(of.clone(), page.clone(), wanted, after)).await
}

/// A page of the file.
async fn of_file(
    api: Api,
    mut page: Payments,
    wanted: Wanted,
    after: Option<Uuid>,
) -> Result<(Table, Option<Uuid>), ApiError> {
    let (payments, next) = api.payments.list(wanted, after, AT_ONCE).await?;
    page.payments = payments.into_iter().map(|payment| line(&api, payment)).collect();
    page.listing.is_later = after.is_some();
    page.listing.next = next.map(|id| id.to_string());
    Ok((page.table(), next))
}

/// The page without a payment.
fn page(reader: &Reader, asked: &Asked) -> Payments {
    let state = asked.state().map(|state| state.as_str().to_owned()).unwrap_or_default();
    Payments {
        listing: Listing {
            path: Section::Payments.path(),
            query: vec![("state".to_owned(), state.clone()), ("person".to_owned(), asked.person.clone())],
            is_later: asked.after.is_some(),
            exports: true,
            ..Listing::default()
        },
        state,
        person: asked.person.clone(),
        person_error: None,
        refused: None,
        states: Became::ALL.map(|state| state.as_str().to_owned()).to_vec(),
        payments: Vec::new(),
        may_see_people: reader.may(Permission::People),
        csrf: reader.csrf.clone(),
        view: reader.view.clone(),
        words: reader.words,
    }
}

fn line(api: &Api, payment: Payment) -> PaymentLine {
    PaymentLine {
        id: payment.id.to_string(),
        person: payment.user_id,
        at: Some(payment.paid_at),
        amount: payment.amount,
        state: payment.state().as_str().to_owned(),
        until: payment.covers_until,
        is_by_hand: api.payments.is_by_hand(&payment),
        // What can be done about it is on the page alone.
        is_stuck: false,
        currency: payment.currency,
    }
}

/// The payment that a path names.
fn payment_in(path: &str) -> Result<Uuid, ApiError> {
    path.parse().map_err(|_| Code::PaymentNotFound.into())
}

#[derive(Debug, Deserialize)]
struct RefundForm {
    /// Whose it is, where they were removed since.
    #[serde(default)]
    person: String,
    #[serde(default)]
    why: String,
}

async fn refund(
    reader: Reader,
    State(api): State<Api>,
    act: Act,
    Path(id): Path<String>,
    Filled(form): Filled<RefundForm>,
) -> Result<Response, ApiError> {
    let id = payment_in(&id)?;
    let (whose, why) = match (fields::person(&form.person), fields::why(&form.why)) {
        (Ok(whose), Ok(why)) => (whose, why),
        (Err(error), _) => return again(&reader, &api, (id, &form), ("person", error)).await,
        (_, Err(error)) => return again(&reader, &api, (id, &form), ("why", error)).await,
    };
    act.detail(json!({ "why": why }));
    let end = match api.payments.act(act.entry()).refund(id, whose).await {
        Err(PaymentError::WhoseIsIt) => {
            return again(&reader, &api, (id, &form), ("person", "panel-wrong-whose")).await;
        }
        end => end?,
    };
    tracing::info!(payment = %id, ?end, "an administrator gives a payment back");
    Ok(done(&reader, told(end)))
}

/// The form of a refund once more, with what is wrong in a field of it: on a page of that payment alone.
async fn again(
    reader: &Reader,
    api: &Api,
    (id, form): (Uuid, &RefundForm),
    (field, error): (&'static str, &'static str),
) -> Result<Response, ApiError> {
    let payment = api.payments.one(id).await?;
    let mut page = page(reader, &Asked::default());
    page.listing = Listing { is_later: true, exports: false, ..page.listing };
    page.payments = vec![line(api, payment)];
    page.refused = Some(Refused {
        payment: id.to_string(),
        person: form.person.clone(),
        why: form.why.clone(),
        wrong: FieldError::new(field, reader.words.say(error)),
    });
    Ok(reader.page_with(&page, StatusCode::UNPROCESSABLE_ENTITY))
}

/// What is said of a refund.
pub(super) const fn told(end: RefundEnd) -> &'static str {
    match end {
        RefundEnd::Asked => "panel-done-refund-asked",
        RefundEnd::Already => "panel-done-refund-already",
        RefundEnd::ByHand => "panel-done-refund-by-hand",
    }
}

async fn returned(
    reader: Reader,
    State(api): State<Api>,
    act: Act,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let id = payment_in(&id)?;
    let is_new = api.payments.act(act.entry()).returned(id).await?;
    tracing::info!(payment = %id, is_new, "an administrator has given a payment back by hand");
    Ok(done(&reader, "panel-done-returned"))
}

async fn decline(
    reader: Reader,
    State(api): State<Api>,
    act: Act,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let id = payment_in(&id)?;
    let is_new = api.payments.act(act.entry()).decline_refund(id).await?;
    tracing::info!(payment = %id, is_new, "an administrator declines to give a payment back");
    Ok(done(&reader, "panel-done-declined"))
}

fn done(reader: &Reader, message: &str) -> Response {
    reader.done(&Section::Payments.path(), message)
}
