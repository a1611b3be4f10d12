//! Sends what subscribers are owed. Every replica does; each subscriber is leased for one attempt at a time, and attempts at
//! different ones run side by side: one that is slow holds up nobody but itself.
//!
//! Attempts are tasks of the sender, so that an answer is heard and written down also while the sender itself waits for Postgres:
//! otherwise who accepted in time would be believed to have been silent, and told again. When the sender is dropped, so are they.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use evolve_domain::webhook::pause_after;
use evolve_runtime::{
    logs::how_it_ended,
    outside::{beginning, refusal},
    shutdown::Tasks,
};
use evolve_store::{
    StoreError,
    webhooks::{Attempt, Ended, Kind},
};
use reqwest::{
    Method, Response,
    header::{CONTENT_TYPE, RETRY_AFTER},
};
use secrecy::ExposeSecret as _;
use tokio::task::JoinSet;
use url::Url;

use super::{Outcome, Webhooks, message};
use crate::Engine;

/// One replica alone tries a subscriber for so long: several times what a request may take.
const LEASE: TimeDelta = TimeDelta::seconds(60);
/// What is begun with less of its lease than this could still be on its way when another replica begins: more than a request may
/// take.
const LONGEST_ATTEMPT: TimeDelta = TimeDelta::seconds(20);
/// Events that are fanned out at once.
const BATCH: u32 = 200;
/// Longest sleep without a look, should a wake-up be lost.
const LONGEST: Duration = Duration::from_secs(20);
/// Shortest sleep, where something is due that another replica is just claiming.
const SHORTEST: Duration = Duration::from_millis(200);
/// Pause after Postgres could not be asked.
const PAUSE: Duration = Duration::from_secs(2);
/// Of an answer that is no success, so much is kept.
const SAID: usize = 200;
/// Who asks for more patience is asked all the same.
const LONGEST_WAIT: i64 = 86_400;

type Flying = JoinSet<()>;

/// What came of a request.
#[derive(Default)]
struct Answer {
    status: Option<u16>,
    error: Option<String>,
    retry_after: Option<TimeDelta>,
}

/// Starts sending, as a task of `tasks`.
pub fn start(webhooks: Webhooks, engine: &Engine, tasks: &Tasks) {
    let (mut heard, soft) = (engine.wakeups.events(), tasks.soft());
    tasks.spawn("webhooks", async move {
        let (mut flying, mut troubled) = (Flying::new(), false);
        loop {
            let rest = match webhooks.begin(&mut flying).await {
                Ok(rest) => {
                    troubled = false;
                    rest
                }
                Err(error) => {
                    if !std::mem::replace(&mut troubled, true) {
                        tracing::warn!(%error, "other systems cannot be told what happens; trying again until Postgres answers");
                    }
                    PAUSE
                }
            };
            tokio::select! {
                true = landed(&mut flying), if !flying.is_empty() => {}
                () = heard.wait() => {}
                () = tokio::time::sleep(rest.mul_f64(rand::random_range(1.0..1.2))) => {}
                () = soft.cancelled() => break,
            }
        }
        // What is on its way ends; should there be no time for it, another replica goes on when the lease has run out.
        while landed(&mut flying).await {}
        Ok(())
    });
}

impl Webhooks {
    /// Sends everything that is due, until nothing is.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn deliver_due(&self) -> Result<(), StoreError> {
        let mut flying = Flying::new();
        loop {
            self.begin(&mut flying).await?;
            if !landed(&mut flying).await {
                return Ok(());
            }
        }
    }

    /// Begins every attempt that is due, and says how long to sleep then.
    async fn begin(&self, flying: &mut Flying) -> Result<Duration, StoreError> {
        while self.store.webhooks().fan_out(self.clock.now(), BATCH).await? >= u64::from(BATCH) {}
        while let Some(attempt) = self.store.webhooks().claim(self.clock.now(), LEASE).await? {
            let this = self.clone();
            flying.spawn(async move { this.attempt(attempt).await });
        }
        let next = self.store.webhooks().next().await?;
        let until = |at: DateTime<Utc>| (at - self.clock.now()).to_std().unwrap_or_default();
        Ok(next.map_or(LONGEST, until).clamp(SHORTEST, LONGEST))
    }

    async fn attempt(&self, attempt: Attempt) {
        if self.clock.now() + LONGEST_ATTEMPT > attempt.leased_until {
            tracing::warn!(webhook = %attempt.webhook_id, "claiming took so long that a webhook is left to whoever claims it next");
            return;
        }
        let answer = self.send(&attempt).await;
        let now = self.clock.now();
        let (ended, outcome) = judged(&answer, attempt.owed.attempts, now);
        self.attempts.get_or_create(&Outcome { outcome }).inc();
        let (webhook, event) = (attempt.webhook_id, attempt.owed.event_id);
        if let Ended::GivenUp { reason, .. } = &ended {
            tracing::warn!(%webhook, %event, reason, "a webhook is disabled: what it was to be told was given up");
        }
        match self.write_down(&attempt, &ended, answer.status, now).await {
            Ok(true) => tracing::debug!(%webhook, %event, outcome, "a webhook was tried"),
            Ok(false) => tracing::warn!(%webhook, "a webhook was taken over before its end could be written down"),
            Err(error) => {
                tracing::warn!(%webhook, %error, "how a webhook was tried could not be written down; it is tried again");
            }
        }
    }

    /// Writes down how an attempt ended, for as long as nobody else can have begun it: what is not written down is sent again.
    async fn write_down(
        &self,
        attempt: &Attempt,
        ended: &Ended,
        status: Option<u16>,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        loop {
            match self.store.webhooks().end(attempt, ended, status, now).await {
                Err(error) if error.is_unavailable() && self.clock.now() < attempt.leased_until => {
                    tokio::time::sleep(SHORTEST.mul_f64(rand::random_range(1.0..3.0))).await;
                }
                done => return done,
            }
        }
    }

    async fn send(&self, attempt: &Attempt) -> Answer {
        let failed = |error: String| Answer { error: Some(error), ..Answer::default() };
        let Ok(url) = Url::parse(attempt.url.expose_secret()) else { return failed("its URL is none".to_owned()) };
        let request = match self.outside.request(Method::POST, &url) {
            Ok(request) => request,
            Err(refused) => return failed(refused.to_string()),
        };
        let body = match attempt.kind {
            Kind::Generic => message::body(&attempt.owed),
            Kind::Slack => message::slack(&attempt.owed, self.language),
        };
        let (id, timestamp) = (attempt.owed.event_id.to_string(), self.clock.now().timestamp());
        let request = match attempt.kind {
            Kind::Generic => request
                .header("webhook-signature", message::signatures(&attempt.secrets, &id, timestamp, &body))
                .header("webhook-timestamp", timestamp)
                .header("webhook-id", id),
            Kind::Slack => request,
        };
        match request.header(CONTENT_TYPE, "application/json").body(body).send().await {
            Ok(response) => heard(response).await,
            // Never as reqwest says it, which shows the URL.
            Err(error) => failed(match refusal(&error) {
                Some(refused) => refused.to_string(),
                None if error.is_timeout() => "it did not answer in time".to_owned(),
                None if error.is_connect() => "it could not be connected to".to_owned(),
                None => "the connection broke off".to_owned(),
            }),
        }
    }
}

/// Waits until an attempt is over; false where none is under way.
async fn landed(flying: &mut Flying) -> bool {
    match flying.join_next().await {
        None => false,
        Some(Ok(())) => true,
        Some(Err(error)) => {
            let reason = how_it_ended(&error);
            tracing::error!(
                reason,
                "an attempt at a webhook did not end; it is tried again when its lease has run out"
            );
            true
        }
    }
}

/// What an answer says.
async fn heard(response: Response) -> Answer {
    let status = response.status();
    let wait = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse::<i64>().ok());
    let retry_after = wait.map(|seconds| TimeDelta::seconds(seconds.clamp(0, LONGEST_WAIT)));
    let error = if status.is_success() {
        None
    } else if status.is_redirection() {
        Some(format!("HTTP {}: redirects are not followed", status.as_u16()))
    } else {
        let said = beginning(response, SAID).await.replace(char::is_control, " ");
        Some(format!("HTTP {}: {}", status.as_u16(), said.trim()))
    };
    Answer { status: Some(status.as_u16()), error, retry_after }
}

/// What becomes of an attempt after this answer, and its name in metrics.
fn judged(answer: &Answer, attempts: u32, now: DateTime<Utc>) -> (Ended, &'static str) {
    let Some(error) = answer.error.clone() else { return (Ended::Accepted, "accepted") };
    // "Gone" is said by who wants to hear nothing more.
    if answer.status == Some(410) {
        return (Ended::GivenUp { error, reason: "gone" }, "given_up");
    }
    match pause_after(attempts, rand::random_range(0.0..1.0)) {
        Some(pause) => {
            let at = now + answer.retry_after.map_or(pause, |asked| asked.max(pause));
            (Ended::Later { at, error }, "later")
        }
        None => (Ended::GivenUp { error, reason: "failing" }, "given_up"),
    }
}
