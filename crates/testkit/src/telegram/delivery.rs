//! Pushes updates to a webhook.
//!
//! As Telegram does it: the updates of one chat one after another, different chats at once up to `max_connections`,
//! and each again and again, with growing delay, until it is answered with 2xx. The answer may itself be a call.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use serde_json::Value;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::http::{execute, message_of, recorded};
use super::methods;
use super::params::Params;
use super::shared::Shared;
use super::world::{Webhook, World, now};

/// A delivery without an answer is given up after this.
const PATIENCE: Duration = Duration::from_secs(60);
/// Deliveries are repeated at least this often.
const LONGEST_DELAY: Duration = Duration::from_secs(60);

/// How the deliveries of a chat stand.
#[derive(Debug, Default)]
struct Lane {
    is_busy: bool,
    failures: u32,
    /// Not before this moment.
    not_before: Option<Instant>,
}

/// What became of one delivery.
#[derive(Debug)]
struct Delivered {
    lane: i64,
    update_id: i64,
    generation: u64,
    /// The method call in the answer, or why it failed and after how long the webhook wants it again.
    result: Result<Option<Value>, (String, Option<u64>)>,
}

#[derive(Debug)]
struct Job {
    update_id: i64,
    lane: i64,
    body: Value,
}

/// Delivers until the server stops.
pub(super) async fn deliver(shared: Arc<Shared>) {
    let client = match reqwest::Client::builder().no_proxy().timeout(PATIENCE).build() {
        Ok(client) => client,
        Err(error) => {
            tracing::error!(%error, "updates cannot be pushed to a webhook: no HTTP client");
            return;
        }
    };
    let mut changes = shared.subscribe();
    let mut lanes: HashMap<i64, Lane> = HashMap::new();
    let mut running: JoinSet<Delivered> = JoinSet::new();
    let mut generation = 0;
    loop {
        changes.borrow_and_update();
        let webhook = shared.read(|world| world.webhook.clone().filter(|_| !world.is_down));
        let mut wake = None;
        if let Some(webhook) = webhook {
            if webhook.generation != generation {
                generation = webhook.generation;
                lanes.clear();
                running.abort_all();
            }
            let room = webhook.max_connections.saturating_sub(lanes.values().filter(|lane| lane.is_busy).count());
            let (jobs, next) = shared.read(|world| due(world, &lanes, room));
            wake = next;
            for job in jobs {
                lanes.entry(job.lane).or_default().is_busy = true;
                running.spawn(push(client.clone(), webhook.clone(), job));
            }
        }
        tokio::select! {
            () = shared.stop.cancelled() => return,
            _ = changes.changed() => {}
            () = sleep_until(wake.unwrap_or_else(Instant::now)), if wake.is_some() => {}
            Some(joined) = running.join_next() => {
                // One that was aborted has nothing to say.
                if let Ok(delivered) = joined && delivered.generation == generation {
                    settle(&shared, &mut lanes, delivered).await;
                }
            }
        }
    }
}

/// The updates to push now, and when to look again. Only the oldest of a lane can be pushed.
fn due(world: &World, lanes: &HashMap<i64, Lane>, room: usize) -> (Vec<Job>, Option<Instant>) {
    let now = Instant::now();
    let mut seen = std::collections::HashSet::new();
    let mut jobs = Vec::new();
    let mut wake: Option<Instant> = None;
    for update in world.updates.iter() {
        if jobs.len() == room {
            break;
        }
        if !seen.insert(update.lane) {
            continue;
        }
        let lane = lanes.get(&update.lane);
        if lane.is_some_and(|lane| lane.is_busy) {
            continue;
        }
        match lane.and_then(|lane| lane.not_before).filter(|moment| *moment > now) {
            Some(moment) => wake = Some(wake.map_or(moment, |earlier| earlier.min(moment))),
            None => jobs.push(Job { update_id: update.id, lane: update.lane, body: update.to_json() }),
        }
    }
    (jobs, wake)
}

async fn push(client: reqwest::Client, webhook: Webhook, job: Job) -> Delivered {
    let mut request = client.post(&webhook.url).json(&job.body);
    if let Some(secret) = &webhook.secret {
        request = request.header("X-Telegram-Bot-Api-Secret-Token", secret);
    }
    let result = match request.send().await {
        Err(error) if error.is_timeout() => Err(("Read timeout expired".to_owned(), None)),
        Err(error) if error.is_connect() => Err(("Connection refused".to_owned(), None)),
        Err(_) => Err(("Webhook connection closed".to_owned(), None)),
        Ok(response) if response.status().is_success() => Ok(call_in(response).await),
        Ok(response) => {
            let status = response.status();
            let reason = status.canonical_reason().unwrap_or_default();
            let after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
            Err((format!("Wrong response from the webhook: {} {reason}", status.as_u16()), after))
        }
    };
    Delivered { lane: job.lane, update_id: job.update_id, generation: webhook.generation, result }
}

/// The method call in the answer of a webhook, if there is one.
async fn call_in(response: reqwest::Response) -> Option<Value> {
    let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.starts_with("application/json") {
        return None;
    }
    response.json().await.ok()
}

/// Takes over the result of a delivery.
async fn settle(shared: &Shared, lanes: &mut HashMap<i64, Lane>, delivered: Delivered) {
    let lane = lanes.entry(delivered.lane).or_default();
    lane.is_busy = false;
    match delivered.result {
        Ok(call) => {
            lane.failures = 0;
            lane.not_before = None;
            if let Some(Value::Object(call)) = call {
                answer_call(shared, call).await;
            }
            shared.change(|world| world.updates.remove(delivered.update_id));
        }
        Err((message, retry_after)) => {
            lane.failures += 1;
            let base = shared.change(|world| {
                if let Some(webhook) = &mut world.webhook {
                    webhook.last_error = Some((now(), message));
                }
                world.options.webhook_retry
            });
            let growing = base.saturating_mul(1 << (lane.failures - 1).min(16)).min(LONGEST_DELAY);
            lane.not_before = Some(Instant::now() + retry_after.map_or(growing, Duration::from_secs));
        }
    }
}

/// Executes the call in an answer. Its outcome is told to nobody; methods that only make sense with an answer, and
/// those that change the webhook, are not executed.
async fn answer_call(shared: &Shared, mut call: serde_json::Map<String, Value>) {
    let Some(Value::String(name)) = call.remove("method") else { return };
    let Some(method) = methods::find(&name) else { return };
    let is_excluded = method.name.starts_with("get") || matches!(method.name, "setWebhook" | "deleteWebhook");
    if is_excluded {
        return;
    }
    let params = Params::from_object(call);
    let number = shared.change(|world| world.calls.begin(method.name, &params, None));
    let outcome = execute(shared, method, &params).await;
    if let Some(outcome) = outcome {
        shared.change(|world| world.calls.end(number, recorded(&outcome), message_of(&outcome)));
    }
}
