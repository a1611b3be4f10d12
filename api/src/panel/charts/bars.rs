//! Bars, side by side or one on top of the other.

use std::fmt::Write as _;

use super::{
    Chart,
    axis::{FLOOR, Scale, TOP, across},
    point,
};
use crate::panel::words::Words;

/// How much of its room a place's bars take.
const FILLED: f64 = 0.72;

pub(super) fn draw(svg: &mut String, chart: &Chart, scale: &Scale, words: Words, is_stacked: bool) {
    let (count, rows) = (chart.labels.len(), chart.series.len());
    for place in 0..count {
        let (middle, room) = across(place, count);
        point(svg, &chart.said(place, words), place + 1 == count);
        let (edge, height) = (middle - room / 2.0, FLOOR - TOP);
        let _ = write!(svg, r#"<rect class="hit" x="{edge:.1}" y="{TOP}" width="{room:.1}" height="{height}"/>"#);
        let width = room * FILLED / if is_stacked { 1.0 } else { rows.max(1) as f64 };
        let (mut left, mut below) = (middle - room * FILLED / 2.0, 0.0);
        for series in 0..rows {
            let value = chart.at(series, place).max(0.0);
            let (low, high) = (scale.y(below), scale.y(below + value));
            if low - high > 0.05 {
                let (class, tall) = (series + 1, low - high);
                let _ = write!(
                    svg,
                    r#"<rect class="bar s{class}" x="{left:.1}" y="{high:.1}" width="{width:.1}" height="{tall:.1}"/>"#
                );
            }
            if is_stacked {
                below += value;
            } else {
                left += width;
            }
        }
        svg.push_str("</g>");
    }
}
