//! The time zones that the menu offers, by region. All others can be typed.

use chrono::{DateTime, Offset as _, TimeZone as _, Utc};
use chrono_tz::Tz;

/// A place, by the name that its text has.
pub(super) type Place = (&'static str, Tz);

/// Regions, by the name that their text has.
pub(super) const REGIONS: [(&str, &[Place]); 4] = [
    (
        "russia",
        &[
            ("kaliningrad", Tz::Europe__Kaliningrad),
            ("moscow", Tz::Europe__Moscow),
            ("samara", Tz::Europe__Samara),
            ("yekaterinburg", Tz::Asia__Yekaterinburg),
            ("omsk", Tz::Asia__Omsk),
            ("novosibirsk", Tz::Asia__Novosibirsk),
            ("irkutsk", Tz::Asia__Irkutsk),
            ("yakutsk", Tz::Asia__Yakutsk),
            ("vladivostok", Tz::Asia__Vladivostok),
            ("kamchatka", Tz::Asia__Kamchatka),
        ],
    ),
    (
        "europe",
        &[
            ("london", Tz::Europe__London),
            ("berlin", Tz::Europe__Berlin),
            ("kyiv", Tz::Europe__Kyiv),
            ("minsk", Tz::Europe__Minsk),
            ("istanbul", Tz::Europe__Istanbul),
        ],
    ),
    (
        "asia",
        &[
            ("jerusalem", Tz::Asia__Jerusalem),
            ("tbilisi", Tz::Asia__Tbilisi),
            ("dubai", Tz::Asia__Dubai),
            ("almaty", Tz::Asia__Almaty),
            ("tashkent", Tz::Asia__Tashkent),
            ("delhi", Tz::Asia__Kolkata),
            ("bangkok", Tz::Asia__Bangkok),
            ("shanghai", Tz::Asia__Shanghai),
            ("tokyo", Tz::Asia__Tokyo),
        ],
    ),
    (
        "america",
        &[
            ("newyork", Tz::America__New_York),
            ("chicago", Tz::America__Chicago),
            ("denver", Tz::America__Denver),
            ("losangeles", Tz::America__Los_Angeles),
            ("saopaulo", Tz::America__Sao_Paulo),
        ],
    ),
];

/// The places of a region.
pub(super) fn of_region(name: &str) -> Option<&'static [Place]> {
    REGIONS.into_iter().find(|(region, _)| *region == name).map(|(_, places)| places)
}

/// The zone of a place that is offered.
pub(super) fn offered(place: &str) -> Option<Tz> {
    REGIONS.into_iter().flat_map(|(_, places)| places).find(|(name, _)| *name == place).map(|(_, zone)| *zone)
}

/// How far ahead of UTC a zone is at a moment: `UTC+5:30`.
pub(super) fn ahead(zone: Tz, at: DateTime<Utc>) -> String {
    let minutes = zone.offset_from_utc_datetime(&at.naive_utc()).fix().local_minus_utc() / 60;
    let (sign, hours, rest) = (if minutes < 0 { '−' } else { '+' }, minutes.abs() / 60, minutes.abs() % 60);
    match (hours, rest) {
        (0, 0) => "UTC".to_owned(),
        (hours, 0) => format!("UTC{sign}{hours}"),
        (hours, rest) => format!("UTC{sign}{hours}:{rest:02}"),
    }
}

#[cfg(test)]
mod tests {
    use evolve_domain::safety::helplines;

    use super::*;

    #[test]
    fn a_zone_is_named_by_how_far_ahead_it_is_now() {
        let winter = "2026-01-15T12:00:00Z".parse().unwrap();
        let ahead = |zone| ahead(zone, winter);
        assert_eq!(ahead(Tz::Europe__London), "UTC");
        assert_eq!(ahead(Tz::Asia__Kolkata), "UTC+5:30");
        assert_eq!(ahead(Tz::America__New_York), "UTC−5");
    }

    #[test]
    fn whom_to_call_is_known_wherever_the_menu_takes_somebody() {
        for (place, zone) in REGIONS.into_iter().flat_map(|(_, places)| places) {
            assert!(helplines::of_zone(*zone).country.is_some(), "{place} has no emergency number of its own");
        }
    }

    #[test]
    fn a_place_is_offered_once() {
        let names: Vec<_> = REGIONS.into_iter().flat_map(|(_, places)| places).map(|(name, _)| *name).collect();
        let different: std::collections::BTreeSet<_> = names.iter().collect();
        assert_eq!(names.len(), different.len());
        assert_eq!(offered("tokyo"), Some(Tz::Asia__Tokyo));
        assert_eq!(offered("atlantis"), None);
    }
}
