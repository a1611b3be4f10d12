//! When requests begin: at moments that nothing but the plan decides.

use std::time::Duration;

/// A stretch of time in which requests come at a rate that changes evenly.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stretch {
    /// Requests a second at its beginning.
    pub from: f64,
    /// Requests a second at its end.
    pub to: f64,
    /// How long it is.
    pub lasts: Duration,
}

impl Stretch {
    /// The same rate for all of it.
    #[must_use]
    pub fn steady(rate: f64, lasts: Duration) -> Self {
        Self { from: rate, to: rate, lasts }
    }
}

/// The moments at which requests begin, counted from the beginning of the first stretch. A rate counts as much at the end of a
/// stretch as at its beginning: what is left of a request there is carried over.
#[must_use]
pub fn moments(stretches: &[Stretch]) -> Vec<Duration> {
    let mut moments = Vec::new();
    let mut begins = 0.0;
    // How many requests were due before this stretch: the next is due when one more is.
    let mut due = 0.0;
    for stretch in stretches {
        let lasts = stretch.lasts.as_secs_f64();
        let within = (stretch.from + stretch.to) / 2.0 * lasts;
        // A rounding error must not move the last request of a second into the next stretch.
        while moments.len() as f64 + 1e-9 < due + within {
            let wanted = (moments.len() as f64 - due).max(0.0);
            moments.push(Duration::from_secs_f64(begins + when(stretch, lasts, wanted)));
        }
        due += within;
        begins += lasts;
    }
    moments
}

/// How long after the beginning of a stretch so many requests have become due in it.
fn when(stretch: &Stretch, lasts: f64, wanted: f64) -> f64 {
    let growth = (stretch.to - stretch.from) / lasts;
    if growth.abs() < f64::EPSILON {
        return if wanted > 0.0 { wanted / stretch.from } else { 0.0 };
    }
    // wanted = from·t + growth·t²/2
    let root = (stretch.from * stretch.from + 2.0 * growth * wanted).max(0.0).sqrt();
    ((root - stretch.from) / growth).clamp(0.0, lasts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_second(moments: &[Duration], second: u64) -> usize {
        moments.iter().filter(|moment| moment.as_secs() == second).count()
    }

    #[test]
    fn a_steady_rate_begins_at_once_and_is_even() {
        let moments = moments(&[Stretch::steady(4.0, Duration::from_secs(2))]);
        assert_eq!(moments, [0, 250, 500, 750, 1000, 1250, 1500, 1750].map(Duration::from_millis));
    }

    #[test]
    fn a_ramp_has_as_many_as_the_mean_rate_and_more_towards_its_end() {
        let moments = moments(&[Stretch { from: 0.0, to: 20.0, lasts: Duration::from_secs(10) }]);
        assert_eq!(moments.len(), 100);
        assert!(moments.is_sorted());
        assert!(in_second(&moments, 0) < in_second(&moments, 5), "{moments:?}");
        assert!(in_second(&moments, 5) < in_second(&moments, 9), "{moments:?}");
    }

    #[test]
    fn what_is_left_of_a_request_is_carried_into_the_next_stretch_and_a_silence_has_none() {
        let second = Duration::from_secs(1);
        let stretches = [Stretch::steady(10.0, second), Stretch::steady(0.0, second), Stretch::steady(50.0, second)];
        let all = moments(&stretches);
        assert_eq!([0, 1, 2].map(|second| in_second(&all, second)), [10, 0, 50]);
        assert_eq!(moments(&[Stretch::steady(0.5, second), Stretch::steady(0.5, second)]).len(), 1);
        assert!(moments(&[]).is_empty());
    }
}
