//! How long a schedule leaves things alone at the longest: what is older than that is too old.
//!
//! It is counted from a day of its own, not from today: the same schedule makes the same alert, whenever a pass is made. By
//! UTC, since a time zone moves all of a schedule alike; the hour of summer time is for the caller to allow for.

use chrono::{DateTime, Days, Duration, NaiveTime, Utc};
use croner::Cron;

/// A Monday that begins a leap year.
const START: i64 = 1_704_067_200;
/// As many days on which something is due are looked at: more than a year of a daily schedule.
const DAYS: usize = 400;
/// The day after which nothing is looked at. Two leap days are before it, for those who wait for one.
const END: i64 = START + 9 * 366 * 86_400;

/// The longest time between two occurrences of `schedule`, a cron expression; nothing where it has none.
pub(super) fn longest_gap(schedule: &str) -> Option<Duration> {
    let cron: Cron = schedule.parse().ok()?;
    let mut day = Day::after(&cron, DateTime::from_timestamp(START, 0)?)?;
    // Each day on which something is due has the same times.
    let mut longest = day.gap(&cron);
    for _ in 0..DAYS {
        let Some(next) = Day::after(&cron, day.end).filter(|next| next.first.timestamp() < END) else { break };
        longest = longest.max(next.first - day.last);
        day = next;
    }
    Some(longest)
}

/// A day on which something is due.
struct Day {
    first: DateTime<Utc>,
    last: DateTime<Utc>,
    end: DateTime<Utc>,
}

impl Day {
    /// The first one from `midnight` on.
    fn after(cron: &Cron, midnight: DateTime<Utc>) -> Option<Self> {
        let first = cron.find_next_occurrence(&midnight, true).ok()?;
        let end = first.date_naive().checked_add_days(Days::new(1))?.and_time(NaiveTime::MIN).and_utc();
        let last = cron.find_previous_occurrence(&end, false).ok()?;
        Some(Self { first, last, end })
    }

    /// The longest time between two occurrences of this day.
    fn gap(&self, cron: &Cron) -> Duration {
        let times: Vec<_> =
            cron.iter_from(self.first, croner::Direction::Forward).take_while(|time| *time <= self.last).collect();
        times.windows(2).map(|two| two[1] - two[0]).max().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("30 3 * * *", 24)]
    #[case("@daily", 24)]
    #[case("@hourly", 1)]
    #[case("@weekly", 7 * 24)]
    #[case("@monthly", 31 * 24)]
    #[case("0 0 1 */2 *", 62 * 24)]
    #[case("0 2 * * MON-FRI", 3 * 24)]
    #[case("0 9,12 * * *", 21)]
    #[case("*/5 9-17 * * 1-5", 63)]
    #[case("0 0 * 1-6 *", 185 * 24)]
    #[case("0 0 29 2 *", 4 * 365 * 24 + 24)]
    #[case("0 0 1,15 * 0", 7 * 24)]
    fn a_schedule_leaves_things_alone_for_so_many_hours(#[case] schedule: &str, #[case] hours: i64) {
        assert_eq!(longest_gap(schedule).map(|gap| gap.num_hours()), Some(hours));
    }

    #[rstest]
    #[case("0 0 30 2 *")]
    #[case("now and then")]
    fn what_is_never_due_has_no_gap(#[case] schedule: &str) {
        assert_eq!(longest_gap(schedule), None);
    }
}
