//! Who may do what: accounts, sessions, keys of other systems, and who looks at statistics by a name and a password.

mod keys;

use std::fmt::Display;

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::Response,
    routing::{get, post},
};
use chrono::{DateTime, Utc};
use evolve_contract::Code;
use evolve_domain::access::{Permission, Role};
use evolve_engine::access::AccessError;
use evolve_store::access::{ApiKey, Change};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::json;
use url::Url;
use uuid::Uuid;

use super::{
    Reader,
    access_lines::{account_line, key_line, session_line, user_line},
    door::Filled,
};
use crate::{
    access::accounts::WELCOME,
    audit::Act,
    panel::{
        pages::access::{Access, Made, Refused, form_id},
        parts::FieldError,
    },
    problem::ApiError,
    state::Api,
};

const PATH: &str = "/admin/panel/access";

/// The routes.
pub fn routes() -> Router<Api> {
    Router::new()
        .route("/admin/panel/access", get(show))
        .route("/admin/panel/access/new-account", post(new_account))
        .route("/admin/panel/access/role", post(role))
        .route("/admin/panel/access/link", post(link))
        .route("/admin/panel/access/telegram", post(telegram))
        .route("/admin/panel/access/enable", post(enable))
        .route("/admin/panel/access/disable", post(disable))
        .route("/admin/panel/access/end-session", post(end_session))
        .route("/admin/panel/access/new-key", post(keys::new_key))
        .route("/admin/panel/access/revoke-key", post(keys::revoke_key))
        .route("/admin/panel/access/remove-user", post(remove_user))
}

/// What a page tells besides: a secret, once, or what was not done.
#[derive(Debug, Default)]
struct Besides {
    made: Option<Made>,
    refused: Option<Refused>,
}

/// A form that was sent: its id in the page, and what was typed into it.
type Sent = (String, Vec<(String, String)>);

/// The form of an act about what has this id.
fn sent<const N: usize>(key: &str, id: impl Display, typed: [(&str, String); N]) -> Sent {
    (form_id(key, &id.to_string()), typed.map(|(name, typed)| (name.to_owned(), typed)).to_vec())
}

async fn show(State(api): State<Api>, reader: Reader) -> Result<Response, ApiError> {
    page(&api, &reader, Besides::default()).await
}

async fn page(api: &Api, reader: &Reader, besides: Besides) -> Result<Response, ApiError> {
    let status = if besides.refused.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let sessions = api.access.sessions(None).await?;
    let now = api.clock.now();
    let keys = api.access.keys().await?.into_iter().filter(|key| works(key, now)).map(key_line).collect();
    let page = Access {
        accounts: api.access.accounts().await?.into_iter().map(account_line).collect(),
        sessions: sessions.into_iter().map(|session| session_line(session, reader.session())).collect(),
        keys,
        users: api.access.api_users().await?.into_iter().map(user_line).collect(),
        refused: besides.refused,
        roles: Role::ALL.map(|role| role.as_str().to_owned()).to_vec(),
        scopes: scopes().map(|scope| scope.as_str().to_owned()).collect(),
        made: besides.made,
        csrf: reader.csrf.clone(),
        view: reader.view.clone(),
        words: reader.words,
    };
    Ok(reader.page_with(&page, status))
}

fn scopes() -> impl Iterator<Item = Permission> {
    Permission::ALL.into_iter().filter(|permission| permission.is_scope())
}

fn works(key: &ApiKey, now: DateTime<Utc>) -> bool {
    key.revoked_at.is_none() && key.expires_at.is_none_or(|end| end > now)
}

/// A form about one thing.
#[derive(Debug, Deserialize)]
struct OneForm {
    id: Uuid,
}

#[derive(Debug, Deserialize)]
struct RoleForm {
    id: Uuid,
    role: String,
}

#[derive(Debug, Deserialize)]
struct AccountForm {
    name: String,
    role: String,
}

fn read_role(code: &str) -> Result<Role, ApiError> {
    code.parse().map_err(|_| Code::InvalidValue.into())
}

/// Why it was not done, and at which field; the error itself where it is none that can be told.
fn refusal(error: AccessError, reader: &Reader) -> Result<FieldError, ApiError> {
    let (field, key) = match &error {
        AccessError::NameTaken => ("name", "panel-access-name-taken"),
        AccessError::LastOwner => ("role", "panel-access-last-owner"),
        AccessError::NotFound => ("", "panel-access-gone"),
        AccessError::Invalid { field: "api_keys", .. } => ("", "panel-access-key-most"),
        AccessError::Invalid { field: "account", .. } => ("", "panel-access-elsewhere"),
        AccessError::Invalid { field: "telegram_id", .. } => ("person", "panel-access-not-linked"),
        AccessError::Invalid { .. } => ("name", "panel-access-name-wrong"),
        _ => return Err(error.into()),
    };
    Ok(FieldError::new(field, reader.words.say(key)))
}

async fn refused(api: &Api, reader: &Reader, sent: Sent, error: AccessError) -> Result<Response, ApiError> {
    again(api, reader, sent, refusal(error, reader)?).await
}

/// The page once more, with a form as it was sent.
async fn again(api: &Api, reader: &Reader, (form, typed): Sent, wrong: FieldError) -> Result<Response, ApiError> {
    page(api, reader, Besides { refused: Some(Refused { form, typed, wrong }), ..Besides::default() }).await
}

/// The page with a link, as it can be given to somebody: with the name under which this was asked for.
async fn linked(api: &Api, reader: &Reader, headers: &HeaderMap, token: &SecretString) -> Result<Response, ApiError> {
    let origin = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok()).unwrap_or_default();
    let link = format!("{origin}{WELCOME}{}", token.expose_secret());
    page(api, reader, Besides { made: Some(Made::Link(link)), ..Besides::default() }).await
}

async fn new_account(
    State(api): State<Api>,
    reader: Reader,
    act: Act,
    headers: HeaderMap,
    Filled(form): Filled<AccountForm>,
) -> Result<Response, ApiError> {
    let role = read_role(&form.role)?;
    act.detail(json!({ "role": role.as_str() }));
    match api.access.create(&form.name, role).await {
        Ok((account, token)) => {
            act.detail(json!({ "account": account.id, "role": role.as_str() }));
            linked(&api, &reader, &headers, &token).await
        }
        Err(error) => {
            let sent = sent("account-new", "new", [("name", form.name), ("role", form.role)]);
            refused(&api, &reader, sent, error).await
        }
    }
}

async fn link(
    State(api): State<Api>,
    reader: Reader,
    act: Act,
    headers: HeaderMap,
    Filled(form): Filled<OneForm>,
) -> Result<Response, ApiError> {
    act.detail(json!({ "account": form.id }));
    match api.access.reset(form.id).await {
        Ok((_, token)) => linked(&api, &reader, &headers, &token).await,
        Err(error) => refused(&api, &reader, sent("account-link", form.id, []), error).await,
    }
}

async fn role(
    State(api): State<Api>,
    reader: Reader,
    act: Act,
    Filled(form): Filled<RoleForm>,
) -> Result<Response, ApiError> {
    let change = Change { role: Some(read_role(&form.role)?), ..Change::default() };
    let sent = sent("account-role", form.id, [("role", form.role)]);
    changed(&api, &reader, &act, sent, (form.id, change), "panel-done-role").await
}

#[derive(Debug, Deserialize)]
struct TelegramForm {
    id: Uuid,
    #[serde(default)]
    person: String,
}

/// Whose bearer tokens are an account's; nobody's, where the field is empty.
async fn telegram(
    State(api): State<Api>,
    reader: Reader,
    act: Act,
    Filled(form): Filled<TelegramForm>,
) -> Result<Response, ApiError> {
    let read = match form.person.trim() {
        "" => Some(None),
        text => text.parse::<i64>().ok().filter(|id| *id > 0).map(Some),
    };
    let sent = sent("account-telegram", form.id, [("person", form.person)]);
    let Some(person) = read else {
        let wrong = FieldError::new("person", reader.words.say("panel-access-not-linked"));
        return again(&api, &reader, sent, wrong).await;
    };
    let done = if person.is_some() { "panel-done-linked" } else { "panel-done-unlinked" };
    let change = Change { telegram_id: Some(person), ..Change::default() };
    changed(&api, &reader, &act, sent, (form.id, change), done).await
}

async fn enable(
    State(api): State<Api>,
    reader: Reader,
    act: Act,
    Filled(form): Filled<OneForm>,
) -> Result<Response, ApiError> {
    let (sent, change) = (sent("account-enable", form.id, []), Change { enabled: Some(true), ..Change::default() });
    changed(&api, &reader, &act, sent, (form.id, change), "panel-done-enabled").await
}

async fn disable(
    State(api): State<Api>,
    reader: Reader,
    act: Act,
    Filled(form): Filled<OneForm>,
) -> Result<Response, ApiError> {
    let (sent, change) = (sent("account-disable", form.id, []), Change { enabled: Some(false), ..Change::default() });
    changed(&api, &reader, &act, sent, (form.id, change), "panel-done-disabled").await
}

async fn changed(
    api: &Api,
    reader: &Reader,
    act: &Act,
    sent: Sent,
    (id, change): (Uuid, Change),
    done: &str,
) -> Result<Response, ApiError> {
    // Whose it is, is nothing for the log: they are a person who talks with the companion.
    let linked = change.telegram_id.map(|person| person.is_some());
    let role = change.role.map(Role::as_str);
    act.detail(json!({ "account": id, "role": role, "enabled": change.enabled, "linked": linked }));
    match api.access.change(id, change).await {
        Ok(_) => Ok(reader.done(PATH, done)),
        Err(error) => refused(api, reader, sent, error).await,
    }
}

/// Ends a session: one's own, or with the permission any.
async fn end_session(
    State(api): State<Api>,
    reader: Reader,
    act: Act,
    headers: HeaderMap,
    Filled(form): Filled<OneForm>,
) -> Result<Response, ApiError> {
    let whose = if reader.may(Permission::Access) {
        None
    } else {
        Some(reader.actor.account().ok_or_else(|| ApiError::new(Code::Forbidden))?)
    };
    act.detail(json!({ "session": form.id }));
    match api.access.end_session(form.id, whose).await {
        // What is over already is what was wished for.
        Ok(()) | Err(AccessError::NotFound) => Ok(reader.done(&back(&headers), "panel-done-session")),
        Err(error) => Err(error.into()),
    }
}

/// The page from which a form came that is on several.
fn back(headers: &HeaderMap) -> String {
    let from = headers.get(header::REFERER).and_then(|from| Url::parse(from.to_str().ok()?).ok());
    let path = from.map(|from| from.path().to_owned()).unwrap_or_default();
    if path == PATH { PATH.to_owned() } else { super::account::PATH.to_owned() }
}

async fn remove_user(
    State(api): State<Api>,
    reader: Reader,
    act: Act,
    Filled(form): Filled<OneForm>,
) -> Result<Response, ApiError> {
    act.detail(json!({ "api_user": form.id }));
    match api.access.remove_api_user(form.id).await {
        Ok(_) => Ok(reader.done(PATH, "panel-done-user")),
        Err(error) => refused(&api, &reader, sent("user-remove", form.id, []), error).await,
    }
}
