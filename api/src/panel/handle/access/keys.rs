//! Keys of other systems: made, and revoked.

use std::collections::BTreeMap;

use axum::{extract::State, response::Response};
use chrono::{DateTime, NaiveDate, Utc};
use evolve_domain::{
    access::{Permission, Permissions},
    day,
};
use evolve_engine::access::AccessError;
use secrecy::ExposeSecret as _;
use serde_json::json;

use super::{Besides, OneForm, PATH, again, page, refused, scopes, sent};
use crate::{
    access::api_keys::names,
    audit::Act,
    panel::{
        handle::{Reader, door::Filled},
        pages::access::{Made, form_id},
        parts::FieldError,
    },
    problem::ApiError,
    state::Api,
};

/// How a box of a scope is called.
const SCOPE: &str = "scope-";

/// What a key is for, what it may do, and until when.
type KeyWish<'a> = (&'a str, Permissions, Option<DateTime<Utc>>);

/// A form for a key: its boxes are as many as there are scopes. Or the field that is wrong.
fn read_key<'a>(reader: &Reader, api: &Api, form: &'a BTreeMap<String, String>) -> Result<KeyWish<'a>, &'static str> {
    let of = |name: &str| form.get(name).map_or("", |value| value.trim());
    let name = Some(of("name")).filter(|name| !name.is_empty()).ok_or("name")?;
    let is_chosen = |scope: &Permission| form.contains_key(&format!("{SCOPE}{}", scope.as_str()));
    let permissions: Permissions = scopes().filter(is_chosen).collect();
    let until = match of("until") {
        "" => None,
        // To its end, in the zone of the panel.
        text => {
            let last: NaiveDate = text.parse().map_err(|_| "until")?;
            let end = last.succ_opt().and_then(|after| day::begins(reader.words.zone, after));
            Some(end.filter(|end| *end > api.clock.now()).ok_or("until")?)
        }
    };
    if permissions.is_empty() { Err("scopes") } else { Ok((name, permissions, until)) }
}

/// Makes a key. It is on the page that answers, and nowhere else.
pub(super) async fn new_key(
    State(api): State<Api>,
    reader: Reader,
    act: Act,
    Filled(form): Filled<BTreeMap<String, String>>,
) -> Result<Response, ApiError> {
    let sent = (form_id("key-new", "new"), form.clone().into_iter().collect());
    let wrong = |field| FieldError::new(field, reader.words.say("panel-access-key-wrong"));
    let (name, permissions, until) = match read_key(&reader, &api, &form) {
        Ok(wish) => wish,
        Err(field) => return again(&api, &reader, sent, wrong(field)).await,
    };
    act.detail(json!({ "scopes": names(permissions), "expires_at": until }));
    match api.access.create_key(name, permissions, until, &reader.actor.name()).await {
        Ok((made, key)) => {
            act.detail(json!({ "api_key": made.id, "scopes": names(permissions), "expires_at": until }));
            let made = Some(Made::Key(key.expose_secret().to_owned()));
            page(&api, &reader, Besides { made, ..Besides::default() }).await
        }
        Err(AccessError::Invalid { field, .. }) if field != "api_keys" => {
            let field = if field == "expires_at" { "until" } else { field };
            again(&api, &reader, sent, wrong(field)).await
        }
        Err(error) => refused(&api, &reader, sent, error).await,
    }
}

pub(super) async fn revoke_key(
    State(api): State<Api>,
    reader: Reader,
    act: Act,
    Filled(form): Filled<OneForm>,
) -> Result<Response, ApiError> {
    act.detail(json!({ "api_key": form.id }));
    match api.access.revoke_key(form.id).await {
        Ok(_) => Ok(reader.done(PATH, "panel-done-key")),
        Err(error) => refused(&api, &reader, sent("key-revoke", form.id, []), error).await,
    }
}
