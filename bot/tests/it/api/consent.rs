//! `/consent` of the API on loopback.

use std::sync::{Arc, Mutex};

use axum::{
    Json, Router,
    extract::{Path, State},
    http::HeaderMap,
    response::{IntoResponse as _, Response},
    routing::get,
};
use evolve_contract::{
    Code, Problem,
    consent::{ConsentResponse, ConsentUpdate},
};
use evolve_domain::{consent::WORDS, safety::age::says_minor};

use super::{FakeApi, Shared, World, person, problem};

pub(super) fn routes() -> Router<Arc<Mutex<World>>> {
    Router::new().route("/consent/{user_id}", get(consent).post(decide))
}

impl FakeApi {
    /// From now on the companion may speak of adult matters, or may not.
    pub(crate) fn set_adult(&self, is_adult: bool) {
        self.lock().is_adult = is_adult;
    }

    /// It is of the version before, which has no `/consent`.
    pub(crate) fn know_no_consents(&self) {
        self.lock().knows_no_consents = true;
    }

    /// What a person decided.
    pub(crate) fn consent(&self, person: i64) -> Option<bool> {
        self.lock().consents.get(&person).copied()
    }
}

fn response(world: &World, person: i64) -> Response {
    let agreed = world.consents.get(&person).copied();
    let decided_at = agreed.map(|_| "2026-03-08T09:00:00Z".parse().unwrap());
    let words = agreed.map(|_| WORDS);
    let available = world.is_adult;
    let minor_said_at = decided_at.filter(|_| world.minors.contains(&person));
    let current_words = WORDS;
    Json(ConsentResponse { available, current_words, agreed, decided_at, words, minor_said_at }).into_response()
}

/// Whoever says that they are too young has said no; whether that took a yes back.
pub(super) fn believe(world: &mut World, person: i64, message: &str) -> bool {
    let is_believed = world.is_adult && says_minor(message);
    if is_believed {
        world.minors.insert(person);
    }
    is_believed && world.consents.insert(person, false) == Some(true)
}

async fn consent(State(world): Shared, Path(user_id): Path<i64>, headers: HeaderMap) -> Response {
    let world = world.lock().unwrap();
    match person(&world, &headers) {
        _ if world.knows_no_consents => problem(Problem::new(Code::NotFound)),
        Err(response) => response,
        Ok(person) if person != user_id => problem(Problem::new(Code::Forbidden)),
        Ok(person) if !world.profiles.contains_key(&person) => problem(Problem::new(Code::ProfileNotFound)),
        Ok(person) => response(&world, person),
    }
}

async fn decide(
    State(world): Shared,
    Path(user_id): Path<i64>,
    headers: HeaderMap,
    Json(update): Json<ConsentUpdate>,
) -> Response {
    let mut world = world.lock().unwrap();
    match person(&world, &headers) {
        Err(response) => response,
        Ok(person) if person != user_id => problem(Problem::new(Code::Forbidden)),
        Ok(_) if update.agreed && (update.words != WORDS || !world.is_adult) => {
            problem(Problem::new(Code::InvalidValue))
        }
        Ok(person) if update.agreed && world.minors.contains(&person) => problem(Problem::new(Code::Underage)),
        Ok(person) => {
            world.consents.insert(person, update.agreed);
            response(&world, person)
        }
    }
}
