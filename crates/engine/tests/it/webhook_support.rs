//! Somebody who is told what happens, and what happens.

use std::{
    collections::VecDeque,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use evolve_domain::language::Language;
use evolve_engine::webhooks::Webhooks;
use evolve_runtime::{
    http::{self, ClientConfig},
    metrics::Metrics,
    outside::Outside,
    shutdown::Tasks,
};
use evolve_store::webhooks::{Kind, Webhook};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use secrecy::SecretString;
use serde_json::Value;
use tokio::sync::Notify;

use crate::turn_support::World;

/// What was received.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Call {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// The job of which it tells that it failed.
    pub(crate) fn job(&self) -> String {
        self.json()["data"]["job"].as_str().unwrap().to_owned()
    }
}

/// What is answered.
pub(crate) enum Answer {
    Status(u16),
    /// 429, to come back in so many seconds.
    Wait(u32),
    /// 400, with what was sent.
    Quote,
    /// To another path.
    Away,
    /// Well, but only once the gate is open.
    Slow,
    /// 400, with what was sent, once the gate is open.
    SlowQuote,
}

/// A server of somebody else's, which answers 200 where it is told nothing else.
#[derive(Clone, Default)]
pub(crate) struct Receiver {
    calls: Arc<Mutex<Vec<Call>>>,
    answers: Arc<Mutex<VecDeque<Answer>>>,
    pub(crate) gate: Arc<Notify>,
    pub(crate) url: String,
    // It ends when the test does.
    #[expect(dead_code, reason = "the server ends with it")]
    tasks: Option<Tasks>,
}

impl Receiver {
    pub(crate) async fn start(answers: impl IntoIterator<Item = Answer>) -> Self {
        let (tasks, listener) = (Tasks::new(), http::bind(([127, 0, 0, 1], 0).into()).await.unwrap());
        let url = format!("http://{}/hook?token=hidden", listener.local_addr().unwrap());
        let answers = Arc::new(Mutex::new(answers.into_iter().collect()));
        let this = Self { url, answers, ..Self::default() };
        http::serve(&tasks, listener, Router::new().fallback(receive).with_state(this.clone()));
        Self { tasks: Some(tasks), ..this }
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    /// The jobs of which it was told that they failed, in the order of telling.
    pub(crate) fn jobs(&self) -> Vec<String> {
        self.calls().iter().map(Call::job).collect()
    }
}

async fn receive(State(receiver): State<Receiver>, headers: HeaderMap, body: String) -> Response {
    receiver.calls.lock().unwrap().push(Call { headers, body: body.clone() });
    let answer = receiver.answers.lock().unwrap().pop_front();
    match answer {
        None => StatusCode::OK.into_response(),
        Some(Answer::Status(status)) => (StatusCode::from_u16(status).unwrap(), "as I say").into_response(),
        Some(Answer::Wait(seconds)) => {
            (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, seconds.to_string())]).into_response()
        }
        Some(Answer::Quote) => (StatusCode::BAD_REQUEST, body).into_response(),
        Some(Answer::Away) => (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, "/elsewhere")]).into_response(),
        Some(Answer::Slow) => {
            receiver.gate.notified().await;
            StatusCode::OK.into_response()
        }
        Some(Answer::SlowQuote) => {
            receiver.gate.notified().await;
            (StatusCode::BAD_REQUEST, body).into_response()
        }
    }
}

/// Every name leads to each of these, one after another, and to the last for ever.
pub(crate) struct Leads(pub(crate) Vec<IpAddr>, pub(crate) AtomicUsize);

impl Resolve for Leads {
    fn resolve(&self, _: Name) -> Resolving {
        let turn = self.1.fetch_add(1, Ordering::Relaxed).min(self.0.len() - 1);
        let address = SocketAddr::new(self.0[turn], 0);
        Box::pin(async move { Ok(Box::new(std::iter::once(address)) as Addrs) })
    }
}

/// A replica that tells others, also on this machine.
pub(crate) fn teller(world: &World) -> Webhooks {
    of(world, Outside::new("127.0.0.0/8".parse().unwrap(), ClientConfig::default()).unwrap())
}

pub(crate) fn of(world: &World, outside: Outside) -> Webhooks {
    Webhooks::new(world.store(), world.clock.clone(), outside, Language::Ru, &Metrics::new())
}

/// A subscriber to everything.
pub(crate) async fn subscribed(teller: &Webhooks, receiver: &Receiver) -> (Webhook, SecretString) {
    teller.create(Kind::Generic, &receiver.url, Vec::new()).await.unwrap()
}

/// Something happens: a job fails for the third time in a row.
pub(crate) async fn fails(world: &World, job: &str) {
    let mut transaction = world.sql.begin().await.unwrap();
    fails_in(&mut transaction, job).await;
    transaction.commit().await.unwrap();
}

/// The same, in a transaction that is yet to be committed.
pub(crate) async fn fails_in(connection: &mut sqlx::PgConnection, job: &str) {
    for statement in [
        "INSERT INTO jobs (name, due_at, attempts) VALUES ($1, now(), 3)",
        "UPDATE jobs SET outcome = 'failed', finished_at = now() WHERE name = $1",
    ] {
        sqlx::query(statement).bind(job).execute(&mut *connection).await.unwrap();
    }
}
