//! Another system that is told of every payment, and now and then refuses to hear of it.

use std::collections::BTreeSet;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;

use crate::surroundings::SERVICE_KEY;

/// Every so manieth request is refused. Not two in a row: what is refused twice is told half a minute later.
const REFUSED_EVERY: usize = 7;
/// For an API to say that it is subscribed.
const LIMIT: Duration = Duration::from_secs(10);

/// The subscriber. It ends when it is dropped.
pub(crate) struct Subscriber {
    url: String,
    heard: Arc<Mutex<Heard>>,
    _serving: AbortOnDropHandle<()>,
}

/// What it heard.
#[derive(Clone, Debug, Default)]
pub(crate) struct Heard {
    requests: usize,
    refused: usize,
    /// The payments of which it accepted to be told, in the order of telling, each as often as it was told.
    payments: Vec<String>,
}

/// What became of what it was to be told.
#[derive(Debug, Default)]
pub(crate) struct Events {
    /// Payments of which it was told.
    told: usize,
    refused: usize,
    /// Tellings of what it had accepted already.
    doubled: usize,
    /// Payments of which it was never told.
    pub(crate) lost: Vec<String>,
    /// Payments of which it was told after one that comes later in the queue, each time that it was.
    pub(crate) out_of_order: Vec<String>,
}

impl Subscriber {
    /// Starts it; nobody knows of it yet.
    ///
    /// # Errors
    /// When no port can be had.
    pub(crate) async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let url = format!("http://{}/", listener.local_addr()?);
        let heard = Arc::<Mutex<Heard>>::default();
        let router = Router::new().fallback(hear).with_state(Arc::clone(&heard));
        let serving = async move {
            // It ends with the subscriber, and never by itself.
            let _ = axum::serve(listener, router).await;
        };
        Ok(Self { url, heard, _serving: AbortOnDropHandle::new(tokio::spawn(serving)) })
    }

    /// Has itself told of every payment from now on.
    ///
    /// # Errors
    /// When the API does not take it.
    pub(crate) async fn subscribe(&self, api_url: &str) -> anyhow::Result<()> {
        let client = reqwest::Client::builder().no_proxy().timeout(LIMIT).build()?;
        let wish = json!({ "url": self.url, "events": ["payment.succeeded"] });
        let url = format!("{api_url}/api/v1/admin/webhooks");
        let answer = client.post(url).header("X-Service-Key", SERVICE_KEY).json(&wish).send().await?;
        let status = answer.status();
        anyhow::ensure!(status.is_success(), "the subscriber is not taken: {status} {}", answer.text().await?);
        Ok(())
    }

    /// What it heard so far.
    pub(crate) fn heard(&self) -> Heard {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn hear(State(heard): State<Arc<Mutex<Heard>>>, Json(event): Json<Value>) -> StatusCode {
    let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
    heard.requests += 1;
    if heard.requests.is_multiple_of(REFUSED_EVERY) {
        heard.refused += 1;
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    let payment = event.pointer("/data/payment_id").and_then(Value::as_str).unwrap_or("an event without a payment");
    heard.payments.push(payment.to_owned());
    StatusCode::OK
}

impl Heard {
    /// What became of it. `payments` is what was booked, `queue` the payments in the order in which it was to be told of them.
    pub(crate) fn judged(&self, payments: &[String], queue: &[String]) -> Events {
        let known: BTreeSet<&String> = self.payments.iter().collect();
        let mut events = Events { told: known.len(), refused: self.refused, ..Events::default() };
        events.doubled = self.payments.len() - known.len();
        events.lost = payments.iter().filter(|payment| !known.contains(payment)).cloned().collect();
        let mut latest = 0;
        for payment in &self.payments {
            match queue.iter().position(|queued| queued == payment) {
                Some(place) if place >= latest => latest = place,
                _ => events.out_of_order.push(payment.clone()),
            }
        }
        events
    }
}

impl std::fmt::Display for Events {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { told, refused, doubled, lost, out_of_order } = self;
        let (lost, out_of_order) = (lost.len(), out_of_order.len());
        write!(
            f,
            "{told} told, {lost} lost, {doubled} doubled, {out_of_order} out of order; {refused} refused at first"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(heard: &[&str]) -> String {
        let [payments, queue] = [["c", "b", "a"], ["a", "b", "c"]].map(|names| names.map(str::to_owned));
        let payments_heard = heard.iter().map(|name| (*name).to_owned()).collect();
        let heard = Heard { requests: heard.len() + 1, refused: 1, payments: payments_heard };
        heard.judged(&payments, &queue).to_string()
    }

    #[test]
    fn what_was_told_again_before_the_next_is_doubled_and_after_it_out_of_order() {
        let told = |told: &str| format!("{told}; 1 refused at first");
        assert_eq!(judged(&["a", "b", "c"]), told("3 told, 0 lost, 0 doubled, 0 out of order"));
        assert_eq!(judged(&["a", "a", "c"]), told("2 told, 1 lost, 1 doubled, 0 out of order"));
        assert_eq!(judged(&["a", "b", "a", "c"]), told("3 told, 0 lost, 1 doubled, 1 out of order"));
        assert_eq!(judged(&["b", "a", "c"]), told("3 told, 0 lost, 0 doubled, 1 out of order"));
    }
}
