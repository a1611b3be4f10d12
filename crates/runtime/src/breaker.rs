//! A circuit breaker: stop asking a neighbour that keeps failing, and find out gently when it is well again.
//!
//! [`Breaker`] is the state machine and nothing else: it is told the time, so its whole life can be tested in
//! microseconds. [`SharedBreaker`] is what programs hold: a lock and tokio's clock around it (which tests can pause).
//! It is the same one for model providers (5 failures, 60 s) and for Redis (3 failures, 30 s).
//!
//! ```text
//! CLOSED ──threshold failures in a row──▶ OPEN ──open_for has passed──▶ HALF_OPEN ──the probe succeeds──▶ CLOSED
//!                                          ▲                                │
//!                                          └────────the probe fails─────────┘
//! ```

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;

/// When a breaker opens and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerConfig {
    /// How many failures in a row open it. Zero counts as one.
    pub failures: u32,
    /// How long it stays open before it lets one probe through.
    pub open_for: Duration,
}

impl BreakerConfig {
    /// For model providers: 5 failures, 60 seconds.
    pub const MODEL: Self = Self { failures: 5, open_for: Duration::from_secs(60) };
    /// For Redis: 3 failures, 30 seconds.
    pub const REDIS: Self = Self { failures: 3, open_for: Duration::from_secs(30) };
}

/// The state, as `GET /ready` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum BreakerState {
    /// All calls go through.
    Closed,
    /// No call goes through.
    Open,
    /// One call goes through, to see.
    HalfOpen,
}

/// What a breaker looks like from outside, for `GET /ready` and metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct BreakerSnapshot {
    /// Its state now: an open breaker whose time has passed shows as half-open.
    pub state: BreakerState,
    /// Failures in a row.
    pub failure_count: u32,
    /// Whole seconds since it opened, unless it is closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open_seconds: Option<u64>,
}

/// The breaker lets nothing through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the circuit breaker is open; try again in {} s", .retry_in.as_secs_f32().ceil())]
pub struct BreakerOpen {
    /// When it may let a call through again. Zero while another call is the probe: that may end at any time.
    pub retry_in: Duration,
}

/// The right to make one call, to be given back with its result.
///
/// It remembers the state that it was given in: a slow call that began before the breaker opened says nothing about
/// the neighbour's health afterwards, and is ignored.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "an unused ticket leaves the breaker waiting for its probe"]
pub struct Ticket {
    generation: u64,
}

/// The state machine. It never looks at a clock.
#[derive(Debug, Clone)]
pub struct Breaker {
    config: BreakerConfig,
    state: State,
    failures: u32,
    generation: u64,
}

#[derive(Debug, Clone, Copy)]
enum State {
    Closed,
    Open { since: Instant },
    Probing { since: Instant },
}

impl Breaker {
    /// A closed breaker.
    #[must_use]
    pub fn new(config: BreakerConfig) -> Self {
        Self { config, state: State::Closed, failures: 0, generation: 0 }
    }

    /// Asks to make a call.
    ///
    /// # Errors
    /// [`BreakerOpen`] if the call must not be made.
    pub fn admit(&mut self, now: Instant) -> Result<Ticket, BreakerOpen> {
        match self.state {
            State::Closed => Ok(self.ticket()),
            State::Probing { .. } => Err(BreakerOpen { retry_in: Duration::ZERO }),
            State::Open { since } => {
                let retry_in = self.config.open_for.saturating_sub(now.saturating_duration_since(since));
                if retry_in > Duration::ZERO {
                    return Err(BreakerOpen { retry_in });
                }
                self.enter(State::Probing { since });
                Ok(self.ticket())
            }
        }
    }

    /// The call went well.
    pub fn succeeded(&mut self, ticket: Ticket) {
        if ticket.generation != self.generation {
            return;
        }
        self.failures = 0;
        if matches!(self.state, State::Probing { .. }) {
            self.enter(State::Closed);
        }
    }

    /// The call failed.
    pub fn failed(&mut self, ticket: Ticket, now: Instant) {
        if ticket.generation != self.generation {
            return;
        }
        self.failures = self.failures.saturating_add(1);
        let probing = matches!(self.state, State::Probing { .. });
        if probing || self.failures >= self.config.failures.max(1) {
            self.enter(State::Open { since: now });
        }
    }

    /// The call was given up and says nothing: the next caller may probe.
    pub fn abandoned(&mut self, ticket: Ticket) {
        if ticket.generation != self.generation {
            return;
        }
        if let State::Probing { since } = self.state {
            self.enter(State::Open { since });
        }
    }

    /// What it looks like at a time.
    #[must_use]
    pub fn snapshot(&self, now: Instant) -> BreakerSnapshot {
        let (state, since) = match self.state {
            State::Closed => (BreakerState::Closed, None),
            State::Probing { since } => (BreakerState::HalfOpen, Some(since)),
            State::Open { since } => {
                let over = now.saturating_duration_since(since) >= self.config.open_for;
                (if over { BreakerState::HalfOpen } else { BreakerState::Open }, Some(since))
            }
        };
        let open_seconds = since.map(|since| now.saturating_duration_since(since).as_secs());
        BreakerSnapshot { state, failure_count: self.failures, open_seconds }
    }

    fn enter(&mut self, state: State) {
        self.state = state;
        self.generation += 1;
    }

    fn ticket(&self) -> Ticket {
        Ticket { generation: self.generation }
    }
}

/// A breaker that many tasks share. Clones are the same breaker.
#[derive(Debug, Clone)]
pub struct SharedBreaker {
    breaker: Arc<Mutex<Breaker>>,
}

impl SharedBreaker {
    /// A closed breaker.
    #[must_use]
    pub fn new(config: BreakerConfig) -> Self {
        Self { breaker: Arc::new(Mutex::new(Breaker::new(config))) }
    }

    /// Asks to make a call now.
    ///
    /// # Errors
    /// [`BreakerOpen`] if the call must not be made.
    pub fn admit(&self) -> Result<Permit, BreakerOpen> {
        let ticket = self.lock().admit(now())?;
        Ok(Permit { breaker: self.clone(), ticket: Some(ticket) })
    }

    /// What it looks like now.
    #[must_use]
    pub fn snapshot(&self) -> BreakerSnapshot {
        self.lock().snapshot(now())
    }

    fn lock(&self) -> MutexGuard<'_, Breaker> {
        // Every method leaves the breaker whole, so a panic elsewhere under the lock cannot have broken it.
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to make one call. Dropped without a result (a cancelled request), it frees the probe's place.
#[derive(Debug)]
#[must_use = "report what became of the call"]
pub struct Permit {
    breaker: SharedBreaker,
    ticket: Option<Ticket>,
}

impl Permit {
    /// The call went well.
    pub fn succeeded(mut self) {
        if let Some(ticket) = self.ticket.take() {
            self.breaker.lock().succeeded(ticket);
        }
    }

    /// The call failed.
    pub fn failed(mut self) {
        if let Some(ticket) = self.ticket.take() {
            self.breaker.lock().failed(ticket, now());
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            self.breaker.lock().abandoned(ticket);
        }
    }
}

/// Tokio's clock rather than the system's, so that tests can pause it.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn opened(now: Instant) -> Breaker {
        let mut breaker = Breaker::new(BreakerConfig::MODEL);
        for _ in 0..5 {
            let ticket = breaker.admit(now).unwrap();
            breaker.failed(ticket, now);
        }
        breaker
    }

    fn state(breaker: &Breaker, now: Instant) -> (BreakerState, u32) {
        let snapshot = breaker.snapshot(now);
        (snapshot.state, snapshot.failure_count)
    }

    #[test]
    fn five_failures_in_a_row_open_it_and_four_do_not() {
        let now = Instant::now();
        let mut breaker = Breaker::new(BreakerConfig::MODEL);
        for round in 0..3 {
            for failure in 1..=4 {
                let ticket = breaker.admit(now).unwrap();
                breaker.failed(ticket, now);
                assert_eq!(state(&breaker, now), (BreakerState::Closed, failure), "round {round}");
            }
            let ticket = breaker.admit(now).unwrap();
            breaker.succeeded(ticket);
        }
        assert_eq!(state(&opened(now), now), (BreakerState::Open, 5));
    }

    #[test]
    fn an_open_one_says_when_to_come_back_and_lets_exactly_one_probe_through_then() {
        let start = Instant::now();
        let mut breaker = opened(start);
        let refused = breaker.admit(start + Duration::from_secs(20)).unwrap_err();
        assert_eq!(refused, BreakerOpen { retry_in: Duration::from_secs(40) });
        assert_eq!(state(&breaker, start + MINUTE), (BreakerState::HalfOpen, 5));
        let probe = breaker.admit(start + MINUTE).unwrap();
        assert_eq!(breaker.admit(start + MINUTE).unwrap_err(), BreakerOpen { retry_in: Duration::ZERO });
        breaker.succeeded(probe);
        assert_eq!(state(&breaker, start + MINUTE), (BreakerState::Closed, 0));
    }

    #[test]
    fn a_failed_probe_opens_it_for_another_minute() {
        let start = Instant::now();
        let mut breaker = opened(start);
        let probe = breaker.admit(start + MINUTE).unwrap();
        breaker.failed(probe, start + MINUTE);
        assert_eq!(state(&breaker, start + MINUTE), (BreakerState::Open, 6));
        assert!(breaker.admit(start + MINUTE + MINUTE - Duration::from_millis(1)).is_err());
        assert!(breaker.admit(start + MINUTE + MINUTE).is_ok());
    }

    #[test]
    fn a_probe_that_was_given_up_frees_its_place_at_once() {
        let start = Instant::now();
        let mut breaker = opened(start);
        let probe = breaker.admit(start + MINUTE).unwrap();
        breaker.abandoned(probe);
        assert!(breaker.admit(start + MINUTE).is_ok());
    }

    #[test]
    fn a_slow_call_from_before_says_nothing_about_now() {
        let start = Instant::now();
        let mut breaker = Breaker::new(BreakerConfig::MODEL);
        let (slow_success, slow_failure) = (breaker.admit(start).unwrap(), breaker.admit(start).unwrap());
        for _ in 0..5 {
            let ticket = breaker.admit(start).unwrap();
            breaker.failed(ticket, start);
        }
        breaker.succeeded(slow_success);
        assert_eq!(state(&breaker, start), (BreakerState::Open, 5));
        let probe = breaker.admit(start + MINUTE).unwrap();
        breaker.failed(slow_failure, start + MINUTE);
        breaker.succeeded(probe);
        assert_eq!(state(&breaker, start + MINUTE), (BreakerState::Closed, 0));
    }

    #[test]
    fn a_clock_that_goes_back_does_no_harm() {
        let later = Instant::now() + MINUTE;
        let mut breaker = opened(later);
        let earlier = later - Duration::from_secs(30);
        assert_eq!(breaker.admit(earlier).unwrap_err(), BreakerOpen { retry_in: MINUTE });
        assert_eq!(breaker.snapshot(earlier).open_seconds, Some(0));
    }

    #[test]
    fn ready_shows_it_as_operators_know_it() {
        let now = Instant::now();
        let json = |breaker: &Breaker| serde_json::to_value(breaker.snapshot(now + Duration::from_secs(3))).unwrap();
        let closed = serde_json::json!({ "state": "CLOSED", "failure_count": 0 });
        assert_eq!(json(&Breaker::new(BreakerConfig::REDIS)), closed);
        let open = serde_json::json!({ "state": "OPEN", "failure_count": 5, "open_seconds": 3 });
        assert_eq!(json(&opened(now)), open);
    }

    #[tokio::test(start_paused = true)]
    async fn of_many_tasks_at_once_exactly_one_gets_the_probe() {
        let breaker = SharedBreaker::new(BreakerConfig::REDIS);
        for _ in 0..3 {
            breaker.admit().unwrap().failed();
        }
        assert!(breaker.admit().is_err());
        tokio::time::advance(Duration::from_secs(30)).await;
        let permits: Vec<Permit> = (0..100).filter_map(|_| breaker.admit().ok()).collect();
        assert_eq!(permits.len(), 1);
        drop(permits);
        breaker.admit().unwrap().succeeded();
        assert_eq!(breaker.snapshot().state, BreakerState::Closed);
    }
}
