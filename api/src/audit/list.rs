//! `GET /admin/audit`.

use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
};
use chrono::{DateTime, Utc};
use evolve_contract::{
    Code,
    audit::{AuditEntry, AuditOutcome, AuditResponse},
};
use evolve_store::audit::{Row, Wanted};
use serde::Deserialize;
use uuid::Uuid;

use crate::{access::Actor, openapi::problems, problem::ApiError, state::Api};

problems!(ListProblems: Forbidden, InvalidValue, RateLimited, DatabaseUnavailable);

const PAGE: u32 = 50;
const MAX_PAGE: u32 = 200;
/// Longest text to look for.
const MAX_TEXT: usize = 128;

/// Which entries.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// Acts to this person, by their Telegram id. Also of who was removed, as long as `ENCRYPTION_KEY` has the key of that time.
    pub(crate) person: Option<i64>,
    /// Acts to this, as an entry names it.
    pub(crate) subject: Option<String>,
    /// Acts of this name.
    pub(crate) act: Option<String>,
    /// Acts of this actor, as an entry names it.
    pub(crate) actor: Option<String>,
    /// Not before.
    pub(crate) since: Option<DateTime<Utc>>,
    /// Before.
    pub(crate) until: Option<DateTime<Utc>>,
    /// The `next` of the page before.
    pub(crate) after: Option<String>,
    /// Entries of a page: 1 to 200, 50 where it is not given.
    pub(crate) limit: Option<u32>,
}

/// What was done by those who run the bot, newest first.
///
/// Every request of theirs that may change something has an entry, also one that was refused; it holds no key, nothing that anybody
/// wrote, and no id of a person.
#[utoipa::path(
    get, path = "/admin/audit", tag = "operation", security(("service_key" = [])), params(Filter),
    responses((status = 200, description = "A page of the log", body = AuditResponse), ListProblems),
)]
pub async fn list(
    State(api): State<Api>,
    _: Actor,
    filter: Result<Query<Filter>, QueryRejection>,
) -> Result<Json<AuditResponse>, ApiError> {
    let Query(filter) = filter.map_err(|_| invalid("a filter is not known, or its value is not of its kind"))?;
    Ok(Json(page(&api, filter).await?))
}

/// A page of the log.
///
/// # Errors
/// `invalid_value`, and of the store.
pub(crate) async fn page(api: &Api, filter: Filter) -> Result<AuditResponse, ApiError> {
    let limit = filter.limit.unwrap_or(PAGE);
    if !(1..=MAX_PAGE).contains(&limit) {
        return Err(invalid("limit is 1 to 200"));
    }
    let audit = api.store.audit();
    let mut rows = audit.list(&wanted(api, filter)?, limit + 1).await?;
    let is_last = u32::try_from(rows.len()).is_ok_and(|len| len <= limit);
    rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let next = rows.last().filter(|_| !is_last).map(cursor);
    Ok(AuditResponse { entries: rows.into_iter().map(entry).collect(), next })
}

fn wanted(api: &Api, filter: Filter) -> Result<Wanted, ApiError> {
    let Filter { person, subject, act, actor, since, until, after, limit: _ } = filter;
    for text in [&subject, &act, &actor].into_iter().flatten() {
        if text.len() > MAX_TEXT || text.chars().any(char::is_control) {
            return Err(invalid("subject, act and actor are at most 128 letters"));
        }
    }
    let subjects = match (person, subject) {
        (Some(_), Some(_)) => return Err(invalid("give person or subject, not both")),
        (Some(person), None) => Some(api.store.audit().names("person", person)),
        (None, subject) => subject.map(|subject| vec![subject]),
    };
    let after = after.map(|text| read(&text).ok_or_else(|| invalid("after is the `next` of the page before")));
    // There is nothing before, and not every time before is one that Postgres knows.
    let known = |time: DateTime<Utc>| time.max(DateTime::<Utc>::UNIX_EPOCH);
    Ok(Wanted { subjects, act, actor, since: since.map(known), until: until.map(known), after: after.transpose()? })
}

/// Where a page ends: two entries may be of one time.
fn cursor(row: &Row) -> String {
    format!("{}.{}", row.at.timestamp_micros(), row.id.simple())
}

fn read(cursor: &str) -> Option<(DateTime<Utc>, Uuid)> {
    let (micros, id) = cursor.split_once('.')?;
    let at = DateTime::from_timestamp_micros(micros.parse::<i64>().ok().filter(|micros| *micros >= 0)?)?;
    Some((at, Uuid::try_parse(id).ok()?))
}

fn entry(row: Row) -> AuditEntry {
    let Row { id, at, actor, address, request_id, act, subject, detail, outcome } = row;
    let outcome = match outcome.as_str() {
        "begun" => AuditOutcome::Begun,
        "done" => AuditOutcome::Done,
        "unchanged" => AuditOutcome::Unchanged,
        "refused" => AuditOutcome::Refused,
        _ => AuditOutcome::Failed,
    };
    AuditEntry { id: id.to_string(), at, actor, address, request_id, act, subject, detail: detail.0, outcome }
}

fn invalid(detail: &str) -> ApiError {
    ApiError::new(Code::InvalidValue).detail(detail)
}
