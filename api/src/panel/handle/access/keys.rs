//! Keys of other systems: made, and revoked.

use std::collections::BTreeMap;

use axum::{extract::State, response::Response};
use chrono::{DateTime, NaiveDate, Utc};
use evolve_domain::{access::Permissions, day};
use evolve_engine::access::AccessError;
use secrecy::ExposeSecret as _;
use serde_json::json;

use super::{Besides, OneForm, PATH, page, refused, scopes};
use crate::{
    access::api_keys::names,
    audit::Act,
    panel::{
        handle::{Reader, door::Filled},
        pages::access::{Made, Typed},
    },
    problem::ApiError,
    state::Api,
};

/// How a box of a scope is called.
const SCOPE: &str = "scope-";

/// What a key may do, and until when.
type KeyWish = (Permissions, Option<DateTime<Utc>>);

/// A form for a key: its boxes are as many as there are scopes.
fn read_key(reader: &Reader, api: &Api, form: &BTreeMap<String, String>) -> (Typed, Option<KeyWish>) {
    let of = |name: &str| form.get(name).map(|value| value.trim().to_owned()).unwrap_or_default();
    let chosen: Vec<String> = form.keys().filter_map(|name| name.strip_prefix(SCOPE)).map(str::to_owned).collect();
    let typed = Typed { key: of("name"), scopes: chosen.clone(), until: of("until"), ..Typed::default() };
    let permissions: Permissions = scopes().filter(|scope| chosen.iter().any(|name| name == scope.as_str())).collect();
    let until = match typed.until.as_str() {
        "" => Some(None),
        // To its end, in the zone of the panel.
        text => text
            .parse::<NaiveDate>()
            .ok()
            .and_then(|last| day::begins(reader.words.zone, last.succ_opt()?))
            .filter(|end| *end > api.clock.now())
            .map(Some),
    };
    let wish = until.filter(|_| !permissions.is_empty() && !typed.key.is_empty()).map(|until| (permissions, until));
    (typed, wish)
}

/// Makes a key. It is on the page that answers, and nowhere else.
pub(super) async fn new_key(
    State(api): State<Api>,
    reader: Reader,
    act: Act,
    Filled(form): Filled<BTreeMap<String, String>>,
) -> Result<Response, ApiError> {
    let (typed, wish) = read_key(&reader, &api, &form);
    let Some((permissions, until)) = wish else {
        let refused = Some(reader.words.say("panel-access-key-wrong"));
        return page(&api, &reader, Besides { refused, typed, ..Besides::default() }).await;
    };
    act.detail(json!({ "scopes": names(permissions), "expires_at": until }));
    match api.access.create_key(&typed.key, permissions, until, &reader.actor.name()).await {
        Ok((made, key)) => {
            act.detail(json!({ "api_key": made.id, "scopes": names(permissions), "expires_at": until }));
            let made = Some(Made::Key(key.expose_secret().to_owned()));
            page(&api, &reader, Besides { made, ..Besides::default() }).await
        }
        Err(AccessError::Invalid { field, .. }) if field != "api_keys" => {
            let refused = Some(reader.words.say("panel-access-key-wrong"));
            page(&api, &reader, Besides { refused, typed, ..Besides::default() }).await
        }
        Err(error) => refused(&api, &reader, error, typed).await,
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
        Err(error) => refused(&api, &reader, error, Typed::default()).await,
    }
}
