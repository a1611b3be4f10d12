//! The axes: where values stand, with ticks as people would choose them.

use std::fmt::Write as _;

use super::Chart;
use crate::panel::{
    markup::escape,
    words::{Unit, Words},
};

pub(super) const WIDTH: f64 = 640.0;
pub(super) const HEIGHT: f64 = 264.0;
pub(super) const LEFT: f64 = 76.0;
pub(super) const RIGHT: f64 = 628.0;
pub(super) const TOP: f64 = 16.0;
pub(super) const FLOOR: f64 = 220.0;
/// About so many lines across.
const LINES: f64 = 4.0;
/// At most so many names under the axis.
const NAMES: usize = 7;

/// From values to heights.
pub(super) struct Scale {
    /// The lines across, from nothing upwards.
    pub(super) ticks: Vec<f64>,
    top: f64,
}

impl Scale {
    /// For values up to this one.
    pub(super) fn of(highest: f64, unit: &Unit) -> Self {
        let step = step(highest, matches!(unit, Unit::Count | Unit::Money(_) | Unit::Microdollars));
        // What a division leaves over is no line of its own.
        let count = (highest / step - 1e-9).ceil().clamp(1.0, 10.0) as u32;
        let ticks: Vec<f64> = (0..=count).map(|place| f64::from(place) * step).collect();
        Self { top: f64::from(count) * step, ticks }
    }

    /// Whether a value is within the picture.
    pub(super) fn holds(&self, value: f64) -> bool {
        (0.0..=self.top).contains(&value)
    }

    /// Where a value stands.
    pub(super) fn y(&self, value: f64) -> f64 {
        FLOOR - (FLOOR - TOP) * (value / self.top).clamp(0.0, 1.0)
    }
}

/// The smallest of 1, 2, 5, 10, 20, 50… (or tenths of them) that makes few enough lines.
fn step(highest: f64, is_whole: bool) -> f64 {
    let rough = highest / LINES;
    if rough <= 0.0 || !rough.is_finite() {
        return 1.0;
    }
    let size = 10_f64.powf(rough.log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|part| part * size);
    let step = steps.into_iter().find(|step| *step >= rough * 0.999).unwrap_or(size * 10.0);
    if is_whole { step.max(1.0) } else { step }
}

/// Where a place stands, and how much room it has.
pub(super) fn across(place: usize, count: usize) -> (f64, f64) {
    let room = (RIGHT - LEFT) / count.max(1) as f64;
    (LEFT + room * (place as f64 + 0.5), room)
}

/// Lines, their values, and names under the axis.
pub(super) fn draw(svg: &mut String, chart: &Chart, scale: &Scale, words: Words) {
    // Each value is read out with its place: the axis would be noise.
    svg.push_str(r#"<g class="axis" aria-hidden="true">"#);
    for tick in &scale.ticks {
        let (y, label) = (scale.y(*tick), escape(&words.short(&chart.unit, *tick)));
        let _ = write!(svg, r#"<line class="grid" x1="{LEFT}" x2="{RIGHT}" y1="{y:.1}" y2="{y:.1}"/>"#);
        let _ = write!(svg, r#"<text x="{}" y="{:.1}" class="end">{label}</text>"#, LEFT - 10.0, y + 5.0);
    }
    let count = chart.labels.len();
    let every = count.div_ceil(NAMES).max(1);
    for (place, label) in chart.labels.iter().enumerate() {
        // From the last one backwards, since that is what people look for.
        let from_end = count - 1 - place;
        if !from_end.is_multiple_of(every) {
            continue;
        }
        let (x, _) = across(place, count);
        let class = if (from_end / every).is_multiple_of(2) { "middle" } else { "middle minor" };
        // The outermost would stick out.
        let x = x.clamp(LEFT + 8.0, RIGHT - 30.0);
        let label = escape(&label.short);
        let _ = write!(svg, r#"<text x="{x:.1}" y="{:.1}" class="{class}">{label}</text>"#, FLOOR + 28.0);
    }
    svg.push_str("</g>");
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(0.0, &[0.0, 1.0])]
    #[case(1.0, &[0.0, 1.0])]
    #[case(3.0, &[0.0, 1.0, 2.0, 3.0])]
    #[case(8.0, &[0.0, 2.0, 4.0, 6.0, 8.0])]
    #[case(1900.0, &[0.0, 500.0, 1000.0, 1500.0, 2000.0])]
    #[case(f64::INFINITY, &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0])]
    fn ticks_are_round_numbers_that_hold_the_highest(#[case] highest: f64, #[case] ticks: &[f64]) {
        assert_eq!(Scale::of(highest, &Unit::Count).ticks, ticks);
    }

    #[test]
    fn shares_have_ticks_below_one() {
        let scale = Scale::of(0.4, &Unit::Share);
        assert!(scale.ticks.len() == 5 && scale.ticks.iter().all(|tick| *tick <= 0.401), "{:?}", scale.ticks);
        assert!((scale.y(0.0) - FLOOR).abs() < 0.01 && (scale.y(0.4) - TOP).abs() < 0.01);
    }
}
