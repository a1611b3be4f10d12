//! In which shape requests come.

use std::time::Duration;

use clap::ValueEnum;
use evolve_bench::arrivals::Stretch;

/// How much more comes in a rush where nothing is said.
const RUSH: f64 = 10.0;

/// The shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shape {
    /// The same rate all the time: what is normal.
    Constant,
    /// From none to the rate: where it breaks.
    Ramp,
    /// A rush in the middle third: whether it recovers.
    Spike,
}

/// A shape of some size.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scenario {
    pub(crate) shape: Shape,
    /// Requests a second.
    pub(crate) rate: f64,
    /// Requests a second in a rush.
    pub(crate) peak: Option<f64>,
    pub(crate) seconds: u64,
}

impl Scenario {
    /// Its stretches, in order.
    pub(crate) fn stretches(&self) -> Vec<Stretch> {
        let (rate, lasts) = (self.rate, Duration::from_secs(self.seconds));
        match self.shape {
            Shape::Constant => vec![Stretch::steady(rate, lasts)],
            Shape::Ramp => vec![Stretch { from: 0.0, to: rate, lasts }],
            Shape::Spike => {
                let third = lasts / 3;
                let peak = Stretch::steady(self.peak.unwrap_or(rate * RUSH), third);
                vec![Stretch::steady(rate, third), peak, Stretch::steady(rate, third)]
            }
        }
    }
}

/// A rate, as it is given: more than none, and no more than one machine can make.
pub(crate) fn rate(text: &str) -> Result<f64, String> {
    let rate: f64 = text.parse().map_err(|_| format!("`{text}` is no number"))?;
    if (0.001..=10_000.0).contains(&rate) { Ok(rate) } else { Err("must be from 0.001 to 10000".to_owned()) }
}

#[cfg(test)]
mod tests {
    use evolve_bench::arrivals::moments;

    use super::*;

    #[test]
    fn each_shape_has_as_many_requests_as_its_rate_says() {
        let of = |shape, peak| moments(&Scenario { shape, rate: 10.0, peak, seconds: 9 }.stretches()).len();
        assert_eq!(of(Shape::Constant, None), 90);
        assert_eq!(of(Shape::Ramp, None), 45);
        assert_eq!(of(Shape::Spike, None), 360);
        assert_eq!(of(Shape::Spike, Some(20.0)), 120);
    }

    #[test]
    fn a_rate_is_a_number_that_can_be_made() {
        assert_eq!(rate("0.5"), Ok(0.5));
        for wrong in ["0", "-1", "NaN", "inf", "many"] {
            assert!(rate(wrong).is_err(), "{wrong}");
        }
    }
}
