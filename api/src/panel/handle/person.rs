//! `/admin/panel/people/{id}`: one person, and what can be done. What is remembered of them and what they talked of is behind addresses
//! of its own, each look at which is in the log of acts: to open the page is not to read it.

use std::collections::HashSet;

use axum::{
    Router,
    extract::{Path, Query, State, rejection::QueryRejection},
    response::Response,
    routing::{get, post},
};
use chrono::{DateTime, Utc};
use evolve_contract::Code;
use evolve_domain::{access::Permission, plan::Plan, report::microdollars};
use evolve_engine::{history::Talks, memories, people::Person as Somebody, relationships::Rung, reports::PersonCosts};
use evolve_store::{
    payments::{Payment, State as Became, Wanted},
    reports::PersonCost,
};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::{
    Reader,
    numbers::{asked, count, invalid},
    person_acts, tail,
};
use crate::{
    audit::Act,
    panel::{
        pages::{
            people::address,
            person::{ConversationLine, CostLine, FactLine, PaymentLine, Person, PersonActs},
        },
        parts::{Listing, Table},
    },
    problem::ApiError,
    state::Api,
};

/// Their conversations.
const TALKS: &str = "conversations";
/// Payments that are on a person's page: nearly everybody's are all there. The page of payments has the others, too.
const PAYMENTS: u32 = 100;

/// Its routes.
pub fn routes() -> Router<Api> {
    Router::new()
        .route("/admin/panel/people/{user_id}", get(one))
        .route("/admin/panel/people/{user_id}/facts", get(facts))
        .route("/admin/panel/people/{user_id}/conversations", get(conversations))
        .route("/admin/panel/people/{user_id}/grant", post(person_acts::grant))
        .route("/admin/panel/people/{user_id}/end-premium", post(person_acts::end_premium))
        .route("/admin/panel/people/{user_id}/ban", post(person_acts::ban))
        .route("/admin/panel/people/{user_id}/unban", post(person_acts::unban))
        .route("/admin/panel/people/{user_id}/forget", post(person_acts::forget))
        .route("/admin/panel/people/{user_id}/refund", post(person_acts::refund))
}

async fn one(reader: Reader, State(api): State<Api>, Path(id): Path<String>) -> Result<Response, ApiError> {
    Ok(reader.page(&page(&reader, &api, person_in(&id)?).await?))
}

/// With what is remembered of them.
async fn facts(reader: Reader, State(api): State<Api>, act: Act, Path(id): Path<String>) -> Result<Response, ApiError> {
    let user_id = person_in(&id)?;
    let mut page = page(&reader, &api, user_id).await?;
    let mut filter = memories::Filter { per_page: memories::MOST_ON_A_PAGE, ..memories::Filter::default() };
    let mut lines = Vec::new();
    loop {
        let listing = api.memories.list(user_id, &filter).await?;
        lines.extend(listing.facts.into_iter().map(|remembered| FactLine {
            category: remembered.fact.category.to_string(),
            text: remembered.fact.content,
            since: Some(remembered.fact.created_at),
        }));
        filter.page += 1;
        if filter.page >= listing.pages {
            break;
        }
    }
    act.detail(json!({ "facts": lines.len(), "file": reader.view.file().is_some() }));
    page.facts = Some(lines);
    page.name = name(&api, user_id).await;
    Ok(reader.page(&page))
}

/// Which part of a list.
#[derive(Debug, Default, Deserialize)]
struct Asked {
    after: Option<String>,
}

/// With the conversations.
async fn conversations(
    reader: Reader,
    State(api): State<Api>,
    act: Act,
    Path(id): Path<String>,
    query: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, ApiError> {
    let (user_id, Asked { after }) = (person_in(&id)?, asked(query)?);
    let before = after.as_deref().map(|text| tail::read(text).ok_or_else(|| invalid("after is a cursor")));
    let page = page(&reader, &api, user_id).await?;
    if reader.view.is_file(TALKS) {
        // How many there are is known when the last of them is out.
        act.detail(json!({ "file": true }));
        let by = api.clone();
        return api.downloads.send(TALKS, move |after| of_file(by.clone(), page.clone(), after)).await;
    }
    let (mut page, _) = with_talks(&api, page, before.transpose()?).await?;
    let shown = page.conversations.as_ref().map_or(0, Vec::len);
    act.detail(json!({ "conversations": shown, "file": reader.view.file().is_some() }));
    page.name = name(&api, user_id).await;
    Ok(reader.page(&page))
}

/// A page of the file of conversations.
async fn of_file(
    api: Api,
    page: Person,
    after: Option<DateTime<Utc>>,
) -> Result<(Table, Option<DateTime<Utc>>), ApiError> {
    let (page, older) = with_talks(&api, page, after).await?;
    Ok((page.conversation_table().ok_or(Code::Internal)?, older))
}

/// The page with the conversations that began before a time, and where they go on.
async fn with_talks(
    api: &Api,
    mut page: Person,
    before: Option<DateTime<Utc>>,
) -> Result<(Person, Option<DateTime<Utc>>), ApiError> {
    let Talks { talks, older, .. } = api.history.talks(page.id, before).await?;
    let line = |talk: evolve_store::exports::Talk| ConversationLine {
        id: talk.id.to_string(),
        title: talk.title,
        since: Some(talk.started_at),
        messages: count(talk.messages.into()),
    };
    page.conversations = Some(talks.into_iter().map(line).collect());
    page.listing = Listing {
        is_later: before.is_some(),
        next: older.map(tail::mark),
        ..Listing::within(format!("{}/conversations", address(page.id)), TALKS)
    };
    Ok((page, older))
}

/// How they want to be called: words of theirs.
async fn name(api: &Api, user_id: i64) -> Option<String> {
    api.profiles.get(user_id).await.ok().and_then(|person| person.profile.name)
}

/// The page of somebody, without a word of theirs.
pub(super) async fn page(reader: &Reader, api: &Api, user_id: i64) -> Result<Person, ApiError> {
    let Somebody { somebody, points, level, mut account, ban } = api.people.one(user_id).await?;
    let theirs = Wanted { of: Some(user_id), ..Wanted::default() };
    (account.payments, _) = api.payments.list(theirs, None, PAYMENTS).await?;
    let life = api.stats.life(user_id).await?;
    let costs = api.reports.costs_of(user_id).await?;
    let words = reader.words;
    let stuck = api.payments.stuck(&account.payments).await?;
    let settings = somebody.settings;
    let is_premium = somebody.listed.plan == Plan::Premium;
    let named = |rung: Rung| (rung.points, api.engine.level_named(rung.level, words.language).to_owned());
    Ok(Person {
        id: user_id,
        name: None,
        language: settings.language.as_str().to_owned(),
        zone: Some(life.zone.name().to_owned()),
        plan: somebody.listed.plan.as_str().to_owned(),
        premium_until: somebody.premium_until.filter(|_| is_premium),
        level: api.engine.level_named(level.level, words.language).to_owned(),
        points,
        closeness: life.points,
        levels: life.levels.into_iter().map(named).collect(),
        messages: count(somebody.listed.messages),
        costs: costs_of(costs),
        since: Some(somebody.listed.created_at),
        last: Some(somebody.listed.seen_at),
        banned_since: ban.map(|ban| ban.since),
        forgotten_at: somebody.removal_due,
        facts: None,
        conversations: None,
        listing: Listing::default(),
        payments: account.payments.into_iter().map(|paid| payment(&stuck, paid)).collect(),
        may: PersonActs {
            manage: reader.may(Permission::ManagePeople),
            refund: reader.may(Permission::Refund),
            look: reader.may(Permission::Content),
        },
        wrong: None,
        key: Uuid::now_v7().to_string(),
        csrf: reader.csrf.clone(),
        view: reader.view.clone(),
        words,
    })
}

fn costs_of(costs: PersonCosts) -> Vec<CostLine> {
    let PersonCosts { day, week, month, all } = costs;
    let line = |(period, of): (&'static str, PersonCost)| CostLine {
        period,
        answers: count(of.replies),
        input_tokens: count(of.input_tokens),
        output_tokens: count(of.output_tokens),
        unpriced_tokens: count(of.unpriced_tokens),
        cost: microdollars(of.cost),
    };
    [("day", day), ("week", week), ("month", month), ("all", all)].map(line).to_vec()
}

/// A payment, which can be given back unless it was, or is being given back and not `stuck` there.
fn payment(stuck: &HashSet<Uuid>, payment: Payment) -> PaymentLine {
    let state = payment.state();
    let is_given_back = matches!(state, Became::Pending | Became::Refunded) && !stuck.contains(&payment.id);
    PaymentLine {
        id: payment.id.to_string(),
        at: Some(payment.paid_at),
        amount: payment.amount,
        currency: payment.currency,
        state: state.as_str().to_owned(),
        is_refundable: !is_given_back,
    }
}

/// The person that a path names.
pub(super) fn person_in(path: &str) -> Result<i64, ApiError> {
    path.parse().map_err(|_| invalid("a person is named by their Telegram id"))
}
