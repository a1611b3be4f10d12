//! What the forms of a person's page do: the same as the endpoints under `/api/v1/admin/people` and `/admin/payments`, under the same
//! names in the log. What is wrong in a form comes back with the form, and with what was typed.

use axum::{
    Form,
    extract::{Path, State, rejection::FormRejection},
    http::StatusCode,
    response::Response,
};
use evolve_contract::Code;
use evolve_store::bans::NewBan;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::{
    Reader, fields,
    numbers::invalid,
    payments::told,
    person::{page, person_in},
};
use crate::{
    audit::Act,
    panel::{
        pages::{
            people::address,
            person::{GIFTS, Wrong},
        },
        shell::Section,
    },
    problem::ApiError,
    state::Api,
};

/// Longest name of a gift.
const MAX_KEY: usize = 64;

/// What any of the forms sends.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Sent {
    #[serde(default)]
    why: String,
    #[serde(default)]
    days: String,
    #[serde(default)]
    key: String,
    #[serde(default)]
    typed: String,
    #[serde(default)]
    payment: String,
}

type Asked = Result<Form<Sent>, FormRejection>;

impl Sent {
    fn of(asked: Asked) -> Result<Self, ApiError> {
        asked.map(|Form(sent)| sent).map_err(|_| invalid("the form is none of this page"))
    }

    /// The reason, for the log.
    fn why(&self) -> Result<&str, &'static str> {
        fields::why(&self.why)
    }

    /// The form once more, with what is wrong in a field of it.
    async fn again(
        self,
        (reader, api, user_id): (&Reader, &Api, i64),
        (act, field, error): (&'static str, &'static str, &'static str),
    ) -> Result<Response, ApiError> {
        let mut page = page(reader, api, user_id).await?;
        let typed = vec![
            ("why", self.why),
            ("days", self.days),
            ("typed", self.typed),
            ("key", self.key),
            ("payment", self.payment),
        ];
        page.wrong = Some(Wrong { act, field, error: reader.words.say(error), typed });
        Ok(reader.page_with(&page, StatusCode::UNPROCESSABLE_ENTITY))
    }
}

pub(super) async fn grant(
    reader: Reader,
    State(api): State<Api>,
    act: Act,
    Path(id): Path<String>,
    asked: Asked,
) -> Result<Response, ApiError> {
    let (user_id, sent) = (person_in(&id)?, Sent::of(asked)?);
    let why = match sent.why() {
        Ok(why) => why,
        Err(error) => return sent.again((&reader, &api, user_id), ("grant", "why", error)).await,
    };
    let days: Option<u32> = sent.days.parse().ok().filter(|days| GIFTS.contains(days));
    let Some(days) = days else {
        return sent.again((&reader, &api, user_id), ("grant", "days", "panel-wrong-days")).await;
    };
    let is_key = (1..=MAX_KEY).contains(&sent.key.len()) && sent.key.bytes().all(|byte| byte.is_ascii_graphic());
    if !is_key {
        return Err(invalid("the form has no key"));
    }
    act.detail(json!({ "days": days, "why": why }));
    let (_, replayed) = api.payments.act(act.entry()).grant(user_id, days, &sent.key).await?;
    tracing::info!(days, replayed, "an administrator gives premium");
    Ok(reader.done(&address(user_id), "panel-done-granted"))
}

pub(super) async fn end_premium(
    reader: Reader,
    State(api): State<Api>,
    act: Act,
    Path(id): Path<String>,
    asked: Asked,
) -> Result<Response, ApiError> {
    let (user_id, sent) = (person_in(&id)?, Sent::of(asked)?);
    let why = match sent.why() {
        Ok(why) => why,
        Err(error) => return sent.again((&reader, &api, user_id), ("end-premium", "why", error)).await,
    };
    act.detail(json!({ "why": why }));
    let end = api.payments.act(act.entry()).end_premium(user_id).await?;
    if end.is_nothing() {
        act.unchanged();
    }
    tracing::info!(?end, "an administrator ends premium");
    Ok(reader.done(&address(user_id), "panel-done-premium-ended"))
}

pub(super) async fn ban(
    reader: Reader,
    State(api): State<Api>,
    act: Act,
    Path(id): Path<String>,
    asked: Asked,
) -> Result<Response, ApiError> {
    let (user_id, sent) = (person_in(&id)?, Sent::of(asked)?);
    let why = match sent.why() {
        Ok(why) => why,
        Err(error) => return sent.again((&reader, &api, user_id), ("ban", "why", error)).await,
    };
    act.detail(json!({ "why": why, "until": null }));
    let ban = NewBan { reason: why, until: None, by: &reader.actor.name() };
    api.people.ban(user_id, ban, &act.entry()).await?;
    tracing::info!("an administrator bans somebody");
    Ok(reader.done(&address(user_id), "panel-done-banned"))
}

pub(super) async fn unban(
    reader: Reader,
    State(api): State<Api>,
    act: Act,
    Path(id): Path<String>,
    asked: Asked,
) -> Result<Response, ApiError> {
    let (user_id, sent) = (person_in(&id)?, Sent::of(asked)?);
    let why = match sent.why() {
        Ok(why) => why,
        Err(error) => return sent.again((&reader, &api, user_id), ("unban", "why", error)).await,
    };
    act.detail(json!({ "why": why }));
    api.people.lift_ban(user_id, &act.entry()).await?;
    Ok(reader.done(&address(user_id), "panel-done-unbanned"))
}

/// At once, and for good: whoever does it types whom.
pub(super) async fn forget(
    reader: Reader,
    State(api): State<Api>,
    act: Act,
    Path(id): Path<String>,
    asked: Asked,
) -> Result<Response, ApiError> {
    let (user_id, sent) = (person_in(&id)?, Sent::of(asked)?);
    if sent.typed.trim() != user_id.to_string() {
        return sent.again((&reader, &api, user_id), ("forget", "typed", "panel-wrong-typed")).await;
    }
    let why = match sent.why() {
        Ok(why) => why,
        Err(error) => return sent.again((&reader, &api, user_id), ("forget", "why", error)).await,
    };
    act.detail(json!({ "days": 0, "why": why }));
    api.people.forget_now(user_id).await?;
    tracing::info!("an administrator has somebody removed");
    Ok(reader.done(&Section::People.path(), "panel-done-forgotten"))
}

pub(super) async fn refund(
    reader: Reader,
    State(api): State<Api>,
    act: Act,
    Path(id): Path<String>,
    asked: Asked,
) -> Result<Response, ApiError> {
    let (user_id, sent) = (person_in(&id)?, Sent::of(asked)?);
    let payment: Uuid = sent.payment.parse().map_err(|_| ApiError::new(Code::PaymentNotFound))?;
    // The log says whose it was: so it has to be theirs.
    if api.payments.one(payment).await?.user_id != Some(user_id) {
        return Err(Code::PaymentNotFound.into());
    }
    let why = match sent.why() {
        Ok(why) => why,
        Err(error) => return sent.again((&reader, &api, user_id), ("refund", "why", error)).await,
    };
    act.detail(json!({ "payment": payment, "why": why }));
    let end = api.payments.act(act.entry()).refund(payment, Some(user_id)).await?;
    tracing::info!(%payment, ?end, "an administrator gives a payment back");
    Ok(reader.done(&address(user_id), told(end)))
}
