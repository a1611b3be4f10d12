//! Time as a parameter: use cases ask a [`Clock`], so that a test can be weeks long in milliseconds.
//!
//! Leases and the times of rows are compared among replicas. So the clock of a running system is not that of its machine but one
//! that all share: somebody asks it now and then (`evolve_store::time` asks Postgres) and says the answer to
//! [`Clock::put_right`]; in between time goes on by the monotonic clock. Whoever sets the machine's clock changes nothing, and
//! replicas agree within milliseconds. Until the first answer it is the machine's clock, and nobody should lease anything by
//! it: [`Clock::settled`].

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};
use tokio::sync::watch;

/// Where "now" comes from. Cheap to clone; clones share the time.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System(Arc<System>),
    Fixed(Arc<Mutex<DateTime<Utc>>>),
    Ahead(Arc<Mutex<TimeDelta>>),
}

/// What quartz clocks drift at most: 200 millionths, twice of what is usual.
const DRIFT: f64 = 0.0002;
/// An answer that is worse by no more than this is taken all the same, so that all follow a shared clock that is set.
const SLACK: Duration = Duration::from_millis(10);

/// The clock that is shared, as it was last heard of.
#[derive(Debug, Default)]
struct System {
    /// What the machine's clock is wrong by: nothing, but in tests.
    wrong_by: Mutex<TimeDelta>,
    heard: watch::Sender<Option<Heard>>,
}

/// At `at` it was `time`, give or take `uncertain`.
#[derive(Clone, Copy, Debug)]
struct Heard {
    time: DateTime<Utc>,
    at: Instant,
    uncertain: Duration,
}

impl Heard {
    fn now(&self) -> DateTime<Utc> {
        self.time + TimeDelta::from_std(self.at.elapsed()).unwrap_or_default()
    }

    /// How far it may be off by `then`.
    fn uncertain_by(&self, then: Instant) -> Duration {
        self.uncertain + then.saturating_duration_since(self.at).mul_f64(DRIFT)
    }
}

impl System {
    fn machine(&self) -> DateTime<Utc> {
        Utc::now() + *self.wrong_by.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> DateTime<Utc> {
        let heard = *self.heard.borrow();
        heard.map_or_else(|| self.machine(), |heard| heard.now())
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::system()
    }
}

impl Clock {
    /// The clock of a running system: the machine's own, until it is put right.
    #[must_use]
    pub fn system() -> Self {
        Self(Source::System(Arc::default()))
    }

    /// The same on a machine whose clock is wrong by so much, for tests. [`Clock::advance`] sets the machine's clock.
    #[must_use]
    pub fn on_a_machine_wrong_by(wrong_by: TimeDelta) -> Self {
        let clock = Self::system();
        clock.advance(wrong_by);
        clock
    }

    /// A clock that stands still at `start` until a test moves it.
    #[must_use]
    pub fn fixed(start: DateTime<Utc>) -> Self {
        Self(Source::Fixed(Arc::new(Mutex::new(start.trunc_subsecs(6)))))
    }

    /// A clock that goes as the machine's does and that a test can move on besides: for whole systems, in which something
    /// always waits for a second to pass.
    #[must_use]
    pub fn ahead() -> Self {
        Self(Source::Ahead(Arc::default()))
    }

    /// The time now, to the microsecond that Postgres can hold, so that a value written and read back is equal. It may step back
    /// by as much as it is put right by, which is milliseconds after the first time.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        match &self.0 {
            Source::System(system) => system.now().trunc_subsecs(6),
            Source::Fixed(now) => *now.lock().unwrap_or_else(PoisonError::into_inner),
            Source::Ahead(by) => Utc::now().trunc_subsecs(6) + *by.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// Whether it follows a clock that is shared; clocks of tests go their own way.
    #[must_use]
    pub fn can_be_put_right(&self) -> bool {
        matches!(self.0, Source::System(_))
    }

    /// Whoever keeps the shared clock was asked at `asked` and had answered at `answered` that it was `time`. It said so halfway
    /// in between, or was wrong by half of that: an answer that took too long to be better than the one before is passed over.
    /// By how much the machine's clock is ahead of the shared one.
    pub fn put_right(&self, time: DateTime<Utc>, asked: Instant, answered: Instant) -> TimeDelta {
        let Source::System(system) = &self.0 else { return TimeDelta::zero() };
        let uncertain = answered.saturating_duration_since(asked) / 2;
        let answer = Heard { time, at: asked + uncertain, uncertain };
        system.heard.send_if_modified(|heard| {
            let is_better = heard.is_none_or(|old| uncertain <= old.uncertain_by(answer.at) + SLACK);
            if is_better {
                *heard = Some(answer);
            }
            is_better
        });
        system.machine() - system.now()
    }

    /// Whether it has been put right, so that what is leased by it is leased for all; at once for clocks of tests.
    pub async fn settled(&self) {
        if let Source::System(system) = &self.0 {
            // It lives as long as the clock: this cannot fail.
            let _ = system.heard.subscribe().wait_for(Option::is_some).await;
        }
    }

    /// Moves a test's clock on by `by` (which may be negative); of a running system it moves what the machine says, as whoever
    /// sets the machine's clock does.
    pub fn advance(&self, by: TimeDelta) {
        match &self.0 {
            Source::System(system) => *system.wrong_by.lock().unwrap_or_else(PoisonError::into_inner) += by,
            Source::Fixed(now) => *now.lock().unwrap_or_else(PoisonError::into_inner) += by,
            Source::Ahead(ahead) => *ahead.lock().unwrap_or_else(PoisonError::into_inner) += by,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: TimeDelta = TimeDelta::hours(1);

    /// Whether two times are the same but for the time that a test takes.
    fn agree(one: DateTime<Utc>, other: DateTime<Utc>) -> bool {
        (one - other).abs() < TimeDelta::minutes(1)
    }

    #[test]
    fn a_wrong_clock_is_put_right_and_whoever_sets_the_machine_afterwards_changes_nothing() {
        let clock = Clock::on_a_machine_wrong_by(HOUR);
        assert!(agree(clock.now(), Utc::now() + HOUR));
        let asked = Instant::now();
        let off = clock.put_right(Utc::now(), asked, Instant::now());
        assert!(agree(Utc::now() + off, Utc::now() + HOUR), "{off}");
        assert!(agree(clock.now(), Utc::now()));
        let before = clock.now();
        clock.advance(TimeDelta::hours(-5));
        assert!(agree(clock.now(), Utc::now()) && clock.now() >= before, "time went backwards");
    }

    #[test]
    fn an_answer_that_took_long_makes_a_good_clock_no_worse() {
        let clock = Clock::system();
        let now = Instant::now();
        clock.put_right(Utc::now(), now, now);
        let slow = Duration::from_secs(2);
        clock.put_right(Utc::now() - HOUR, now, now + slow);
        assert!(agree(clock.now(), Utc::now()), "a worse answer was believed");
        // As good as the first: whoever keeps the clock has been set, and all go with it.
        clock.put_right(Utc::now() - HOUR, now, now + Duration::from_millis(1));
        assert!(agree(clock.now(), Utc::now() - HOUR));
    }

    #[test]
    fn the_middle_between_asking_and_hearing_is_when_it_was_said() {
        let clock = Clock::system();
        let (time, answered) = (Utc::now().trunc_subsecs(6), Instant::now());
        let asked = answered.checked_sub(Duration::from_secs(10)).unwrap();
        clock.put_right(time, asked, answered);
        let since = clock.now() - time;
        assert!((TimeDelta::seconds(5)..TimeDelta::seconds(60)).contains(&since), "{since}");
    }

    #[tokio::test]
    async fn nobody_waits_for_the_clock_of_a_test_and_everybody_for_one_that_was_not_heard_of() {
        Clock::fixed(Utc::now()).settled().await;
        Clock::ahead().settled().await;
        let clock = Clock::system();
        assert!(tokio::time::timeout(Duration::ZERO, clock.settled()).await.is_err());
        let now = Instant::now();
        clock.put_right(Utc::now(), now, now);
        clock.settled().await;
    }
}
