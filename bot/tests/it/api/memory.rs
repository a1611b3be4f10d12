//! `/memory` of the API on loopback.

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::HeaderMap,
    response::{IntoResponse, Response},
    routing::get,
};
use evolve_contract::{
    Code, Problem,
    memory::{CategoryCount, FactCorrection, FactData, FactResponse, ForgottenResponse, MemoryQuery, MemoryResponse},
};
use std::sync::{Arc, Mutex};
use uuid::Uuid;

use super::{FakeApi, Shared, World, person, problem};

pub(super) fn routes() -> Router<Arc<Mutex<World>>> {
    Router::new()
        .route("/memory/{user_id}", get(list).delete(forget_all))
        .route("/memory/{user_id}/{fact_id}", get(fact).patch(correct).delete(forget))
}

impl FakeApi {
    /// From now on, this is remembered of a person.
    pub(crate) fn remember(&self, person: i64, category: &str, content: &str) -> Uuid {
        let id = Uuid::now_v7();
        let (category, content) = (category.to_owned(), content.to_owned());
        let told_on = "2026-03-01".parse().unwrap();
        let fact =
            FactData { id, category, content, confidence: 90, day: None, told_on, times_told: 1, ended_on: None };
        self.lock().facts.push((person, fact));
        id
    }

    /// From now on, this is remembered of a person as what is over.
    pub(crate) fn remember_past(&self, person: i64, category: &str, content: &str) {
        let id = self.remember(person, category, content);
        let mut world = self.lock();
        let fact = world.facts.iter_mut().map(|(_, fact)| fact).find(|fact| fact.id == id).unwrap();
        fact.ended_on = "2026-03-09".parse().ok();
    }

    /// What is remembered of a person.
    pub(crate) fn facts(&self, person: i64) -> Vec<String> {
        let world = self.lock();
        let own = world.facts.iter().filter(|(owner, _)| *owner == person);
        own.map(|(_, fact)| fact.content.clone()).collect()
    }
}

async fn list(
    State(world): Shared,
    Path(user_id): Path<i64>,
    Query(query): Query<MemoryQuery>,
    headers: HeaderMap,
) -> Response {
    let world = world.lock().unwrap();
    if let Err(response) = person(&world, &headers) {
        return response;
    }
    let own = world.facts.iter().filter(|(owner, _)| *owner == user_id).map(|(_, fact)| fact);
    let (own, over): (Vec<_>, Vec<_>) = own.partition(|fact| fact.ended_on.is_none());
    let mut categories: Vec<CategoryCount> = Vec::new();
    for fact in &own {
        match categories.iter_mut().find(|count| count.category == fact.category) {
            Some(count) => count.facts += 1,
            None => categories.push(CategoryCount { category: fact.category.clone(), facts: 1 }),
        }
    }
    let wanted = |fact: &&&FactData| {
        query.category.as_ref().is_none_or(|category| *category == fact.category)
            && query.words.as_ref().is_none_or(|words| fact.content.contains(words))
    };
    let holding = own.iter().filter(|_| !query.past);
    let past = over.iter().filter(|_| query.past || query.words.is_some());
    let found: Vec<FactData> = holding.chain(past).filter(wanted).map(|fact| (*fact).clone()).collect();
    let per_page = query.per_page.unwrap_or(10) as usize;
    let pages = found.len().div_ceil(per_page).max(1);
    let page = (query.page as usize).min(pages - 1);
    let number = |count: usize| u32::try_from(count).unwrap();
    Json(MemoryResponse {
        user_id,
        total: number(own.len()),
        past: number(over.len()),
        limit: Some(50),
        categories,
        found: number(found.len()),
        page: number(page),
        pages: number(pages),
        facts: found.into_iter().skip(page * per_page).take(per_page).collect(),
    })
    .into_response()
}

/// Does something with a fact of the token's person.
fn with_fact(
    world: &Mutex<World>,
    (user_id, fact): (i64, Uuid),
    headers: &HeaderMap,
    act: impl FnOnce(&mut World, usize) -> Response,
) -> Response {
    let mut world = world.lock().unwrap();
    match person(&world, headers) {
        Err(response) => response,
        Ok(person) if person != user_id => problem(Problem::new(Code::Forbidden)),
        Ok(_) => match world.facts.iter().position(|(owner, known)| *owner == user_id && known.id == fact) {
            Some(place) => act(&mut world, place),
            None => problem(Problem::new(Code::FactNotFound)),
        },
    }
}

async fn fact(State(world): Shared, Path(path): Path<(i64, Uuid)>, headers: HeaderMap) -> Response {
    with_fact(&world, path, &headers, |world, place| {
        Json(FactResponse { fact: world.facts[place].1.clone(), history: Vec::new() }).into_response()
    })
}

async fn correct(
    State(world): Shared,
    Path(path): Path<(i64, Uuid)>,
    headers: HeaderMap,
    Json(correction): Json<FactCorrection>,
) -> Response {
    with_fact(&world, path, &headers, |world, place| {
        let FactCorrection { content, category, day } = correction;
        if content.as_ref().is_some_and(|content| content.chars().count() > 300) {
            return problem(Problem::new(Code::InvalidValue));
        }
        let fact = &mut world.facts[place].1;
        fact.content = content.unwrap_or_else(|| fact.content.clone());
        fact.category = category.unwrap_or_else(|| fact.category.clone());
        fact.day = day.map_or(fact.day, |day| day.parse().ok());
        Json(fact.clone()).into_response()
    })
}

async fn forget(State(world): Shared, Path(path): Path<(i64, Uuid)>, headers: HeaderMap) -> Response {
    with_fact(&world, path, &headers, |world, place| {
        world.facts.remove(place);
        Json(ForgottenResponse { facts: 1, messages: 2, summaries: 1 }).into_response()
    })
}

async fn forget_all(State(world): Shared, Path(user_id): Path<i64>, headers: HeaderMap) -> Response {
    let mut world = world.lock().unwrap();
    match person(&world, &headers) {
        Err(response) => response,
        Ok(person) if person != user_id => problem(Problem::new(Code::Forbidden)),
        Ok(_) => {
            let before = world.facts.len();
            world.facts.retain(|(owner, _)| *owner != user_id);
            let facts = u64::try_from(before - world.facts.len()).unwrap();
            Json(ForgottenResponse { facts, messages: 9, summaries: 1 }).into_response()
        }
    }
}
