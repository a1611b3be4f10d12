//! How long something is, or how long ago, as kubectl says it: `45s`, `3m12s`, `5h`, `12d`.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::Timestamp;

/// The time since `then`; a clock that is ahead of ours makes nothing negative.
pub(crate) fn since(then: &Time) -> String {
    human(Timestamp::now().as_second() - then.0.as_second())
}

/// Two units at most, and the second one only while it matters.
pub(crate) fn human(seconds: i64) -> String {
    const UNITS: [(i64, &str); 4] = [(86_400, "d"), (3600, "h"), (60, "m"), (1, "s")];
    let seconds = seconds.max(0);
    let Some(place) = UNITS.iter().position(|(length, _)| seconds >= *length) else { return "0s".to_owned() };
    let (length, unit) = UNITS[place];
    let count = seconds / length;
    match UNITS.get(place + 1).map(|(smaller, name)| (seconds % length / smaller, name)) {
        Some((rest, name)) if count < 10 && rest > 0 => format!("{count}{unit}{rest}{name}"),
        _ => format!("{count}{unit}"),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    #[rstest]
    #[case(-5, "0s")]
    #[case(0, "0s")]
    #[case(59, "59s")]
    #[case(60, "1m")]
    #[case(192, "3m12s")]
    #[case(1200, "20m")]
    #[case(3660, "1h1m")]
    #[case(86_400 * 12 + 3600, "12d")]
    fn a_time_is_told_in_two_units_at_most(#[case] seconds: i64, #[case] told: &str) {
        assert_eq!(super::human(seconds), told);
    }
}
