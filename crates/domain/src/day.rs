//! Days as a person lives them: in their own time zone.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, TimeZone as _, Timelike as _, Utc};
use chrono_tz::{TZ_VARIANTS, Tz};

/// The date that a person in `zone` reads off their calendar at `now`.
#[must_use]
pub fn date_in(zone: Tz, now: DateTime<Utc>) -> NaiveDate {
    now.with_timezone(&zone).date_naive()
}

/// The hour of the day that it is at `now` in each time zone, by the zone's name.
pub fn hours(now: DateTime<Utc>) -> impl Iterator<Item = (&'static str, u8)> {
    TZ_VARIANTS.iter().map(move |zone| {
        let hour = now.with_timezone(zone).hour();
        (zone.name(), u8::try_from(hour).unwrap_or_default())
    })
}

/// The moment at which the day after `now`'s begins in `zone`. Where a clock change skips midnight, the first moment
/// that exists.
#[must_use]
pub fn next_day(zone: Tz, now: DateTime<Utc>) -> DateTime<Utc> {
    let tomorrow = date_in(zone, now).checked_add_days(Days::new(1)).unwrap_or(NaiveDate::MAX);
    begins(zone, tomorrow).unwrap_or(now + TimeDelta::days(1))
}

/// The moment at which `day` begins in `zone`: its midnight, the first of two; where a clock change skips it, the first moment
/// that exists. Nothing for a day that no calendar has.
#[must_use]
pub fn begins(zone: Tz, day: NaiveDate) -> Option<DateTime<Utc>> {
    let midnight = day.and_time(NaiveTime::MIN);
    // No zone's gap is longer than a day; quarter hours are the finest offsets in use.
    (0..96).find_map(|quarter| {
        let candidate = midnight.checked_add_signed(TimeDelta::minutes(15 * quarter))?;
        Some(zone.from_local_datetime(&candidate).earliest()?.with_timezone(&Utc))
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("Europe/Moscow", "2026-11-21T20:59:59Z", "2026-11-21T21:00:00Z")]
    #[case("Europe/Moscow", "2026-11-21T21:00:00Z", "2026-11-22T21:00:00Z")]
    #[case("America/New_York", "2026-11-21T01:00:00Z", "2026-11-21T05:00:00Z")]
    // Cuba's clocks go forward at midnight: the day begins at 01:00.
    #[case("America/Havana", "2026-03-08T04:00:00Z", "2026-03-08T05:00:00Z")]
    fn the_day_ends_where_the_person_lives(#[case] zone: Tz, #[case] now: DateTime<Utc>, #[case] next: DateTime<Utc>) {
        assert_eq!(next_day(zone, now), next);
        assert_ne!(date_in(zone, now), date_in(zone, next));
    }
}
