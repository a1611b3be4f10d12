//! When a job is due: every day at an hour, every so long, or when a process starts.
//!
//! The next time is counted from now, and not from the last time that it was due. So a job that was missed, once or for a
//! month, is done once, and a machine that was away does not make up for lost time.

use std::fmt;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

/// How long a job that came to nothing is left alone, by how often it did in a row; the last for any more.
const PAUSES: [TimeDelta; 5] = [
    TimeDelta::minutes(1),
    TimeDelta::minutes(3),
    TimeDelta::minutes(5),
    TimeDelta::minutes(10),
    TimeDelta::minutes(15),
];

/// When a job is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// Every day at this full hour, UTC.
    Daily {
        /// From 0 to 23.
        hour: u32,
    },
    /// So long after it was done last.
    Every(TimeDelta),
    /// When a process starts, and not again until another does.
    AtStart,
}

impl Schedule {
    /// When a job is due that was never done. What is done every so long is due at once.
    #[must_use]
    pub fn first(self, now: DateTime<Utc>) -> DateTime<Utc> {
        match self {
            Self::Daily { hour } => next_at(hour, now),
            Self::Every(_) | Self::AtStart => now,
        }
    }

    /// When a job is due that was done just now; nothing where only a start asks for it. `spread`, from 0 to 1, moves what is
    /// done every so long by up to a tenth of that: jobs that were due together once are not due together for ever.
    #[must_use]
    pub fn next_after(self, now: DateTime<Utc>, spread: f64) -> Option<DateTime<Utc>> {
        match self {
            Self::Daily { hour } => Some(next_at(hour, now)),
            Self::Every(pause) => Some(now + pause + tenth(pause, spread)),
            Self::AtStart => None,
        }
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Daily { hour } => write!(f, "daily at {hour:02}:00 UTC"),
            Self::Every(pause) if pause.num_seconds() % 3600 == 0 => write!(f, "every {} h", pause.num_hours()),
            Self::Every(pause) if pause.num_seconds() % 60 == 0 => write!(f, "every {} min", pause.num_minutes()),
            Self::Every(pause) => write!(f, "every {} s", pause.num_seconds()),
            Self::AtStart => f.write_str("at start"),
        }
    }
}

/// How long a job is left alone that came to nothing so often in a row; `spread` as with [`Schedule::next_after`].
#[must_use]
pub fn pause_after(failures: u32, spread: f64) -> TimeDelta {
    let [.., longest] = PAUSES;
    let place = usize::try_from(failures.saturating_sub(1)).unwrap_or(usize::MAX);
    let pause = PAUSES.get(place).copied().unwrap_or(longest);
    pause + tenth(pause, spread)
}

/// For how long a job is not taken over whose process died, by how often it had been begun in a row. The first time not at
/// all; after that as if it had failed, or one that kills its process would kill them all, one after another.
#[must_use]
pub fn pauses_after_death() -> Vec<TimeDelta> {
    std::iter::once(TimeDelta::zero()).chain(PAUSES).collect()
}

/// The next time that it is this full hour, after now.
fn next_at(hour: u32, now: DateTime<Utc>) -> DateTime<Utc> {
    let day = now.date_naive();
    let at = |day: NaiveDate| day.and_hms_opt(hour, 0, 0).map(|time| time.and_utc());
    let tomorrow = now + TimeDelta::days(1);
    at(day).filter(|time| *time > now).or_else(|| at(tomorrow.date_naive())).unwrap_or(tomorrow)
}

/// Up to a tenth of a time, to the millisecond.
fn tenth(time: TimeDelta, spread: f64) -> TimeDelta {
    const PARTS: i64 = 1000;
    // A whole number of parts, so that it is exact.
    let parts = (spread.clamp(0.0, 1.0) * PARTS as f64) as i64;
    TimeDelta::milliseconds((time.num_milliseconds() / 10).saturating_mul(parts) / PARTS)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[rstest]
    #[case("2026-11-21T02:59:59Z", "2026-11-21T03:00:00Z")]
    #[case("2026-11-21T03:00:00Z", "2026-11-22T03:00:00Z")]
    #[case("2026-11-21T03:00:01Z", "2026-11-22T03:00:00Z")]
    #[case("2026-12-31T23:00:00Z", "2027-01-01T03:00:00Z")]
    #[case("2028-02-28T12:00:00Z", "2028-02-29T03:00:00Z")]
    fn a_daily_job_is_due_when_it_is_its_hour_next(#[case] now: &str, #[case] due: &str) {
        let daily = Schedule::Daily { hour: 3 };
        assert_eq!(daily.first(at(now)), at(due));
        assert_eq!(daily.next_after(at(now), 1.0), Some(at(due)), "at its hour, and not about it");
    }

    #[test]
    fn what_is_done_every_so_long_is_due_at_once_and_then_counted_from_now() {
        let hourly = Schedule::Every(TimeDelta::hours(1));
        let now = at("2026-11-21T12:34:56Z");
        assert_eq!(hourly.first(now), now);
        assert_eq!(hourly.next_after(now, 0.0), Some(at("2026-11-21T13:34:56Z")));
        assert_eq!(hourly.next_after(now, 1.0), Some(at("2026-11-21T13:40:56Z")));
        assert_eq!(hourly.next_after(now, 0.5), Some(at("2026-11-21T13:37:56Z")));
        assert_eq!(hourly.next_after(now, 7.0), hourly.next_after(now, 1.0), "no more than a tenth");
    }

    #[test]
    fn what_a_start_asks_for_is_due_at_once_and_then_not_at_all() {
        let now = at("2026-11-21T12:00:00Z");
        assert_eq!(Schedule::AtStart.first(now), now);
        assert_eq!(Schedule::AtStart.next_after(now, 0.3), None);
    }

    #[test]
    fn the_more_often_a_job_fails_the_longer_it_is_left_alone_up_to_a_quarter_of_an_hour() {
        let minutes: Vec<i64> = (0..9).map(|failures| pause_after(failures, 0.0).num_minutes()).collect();
        assert_eq!(minutes, [1, 1, 3, 5, 10, 15, 15, 15, 15]);
        assert_eq!(pause_after(1, 1.0), TimeDelta::seconds(66));
        assert_eq!(pauses_after_death().first(), Some(&TimeDelta::zero()));
    }

    #[rstest]
    #[case(Schedule::Daily { hour: 3 }, "daily at 03:00 UTC")]
    #[case(Schedule::Every(TimeDelta::hours(6)), "every 6 h")]
    #[case(Schedule::Every(TimeDelta::minutes(5)), "every 5 min")]
    #[case(Schedule::Every(TimeDelta::seconds(90)), "every 90 s")]
    #[case(Schedule::AtStart, "at start")]
    fn a_schedule_says_what_it_is(#[case] schedule: Schedule, #[case] shown: &str) {
        assert_eq!(schedule.to_string(), shown);
    }
}
