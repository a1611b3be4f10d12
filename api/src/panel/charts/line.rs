//! Lines.

use std::fmt::Write as _;

use super::{
    Chart, Steps,
    axis::{FLOOR, Scale, TOP, across},
    point, steps,
};
use crate::panel::words::Words;

pub(super) fn draw(svg: &mut String, chart: &Chart, scale: &Scale, words: Words, steps: Option<&Steps>) {
    let count = chart.labels.len();
    if let Some(steps) = steps {
        steps::draw(svg, steps, scale);
    }
    for series in 0..chart.series.len() {
        let mut path = String::new();
        for place in 0..count {
            let (x, y) = (across(place, count).0, scale.y(chart.at(series, place)));
            let _ = write!(path, "{}{x:.1} {y:.1}", if place == 0 { "M" } else { "L" });
        }
        let class = series + 1;
        if chart.series.len() == 1 {
            let (first, last) = (across(0, count).0, across(count.saturating_sub(1), count).0);
            let _ = write!(svg, r#"<path class="area s{class}" d="{path}L{last:.1} {FLOOR}L{first:.1} {FLOOR}Z"/>"#);
        }
        let _ = write!(svg, r#"<path class="line s{class}" d="{path}"/>"#);
    }
    for place in 0..count {
        let (x, room) = across(place, count);
        let said = chart.said(place, words);
        let said = match steps.and_then(|steps| steps.reached(chart.at(0, place))) {
            Some(reached) => format!("{said}, {reached}"),
            None => said,
        };
        point(svg, &said, place + 1 == count);
        // What the mouse finds is as wide as the place.
        let (left, height) = (x - room / 2.0, FLOOR - TOP);
        let _ = write!(svg, r#"<rect class="hit" x="{left:.1}" y="{TOP}" width="{room:.1}" height="{height}"/>"#);
        let _ = write!(svg, r#"<line class="cursor" x1="{x:.1}" x2="{x:.1}" y1="{TOP}" y2="{FLOOR}"/>"#);
        for series in 0..chart.series.len() {
            let y = scale.y(chart.at(series, place));
            let _ = write!(svg, r#"<circle class="dot s{}" cx="{x:.1}" cy="{y:.1}" r="4"/>"#, series + 1);
        }
        svg.push_str("</g>");
    }
}
