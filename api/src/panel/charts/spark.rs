//! A line as high as a word: how a number has come about.

use std::fmt::Write as _;

use crate::panel::markup::{Markup, escape};

const WIDTH: f64 = 120.0;
const HEIGHT: f64 = 32.0;
/// Room for the width of the line, and for the dot.
const EDGE: f64 = 3.0;

/// Draws it; `said` is what is said of it, since it has no axis.
#[must_use]
pub fn spark(values: &[f64], said: &str) -> Markup {
    let values: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
    let Some(last) = values.len().checked_sub(1).filter(|last| *last > 0) else { return Markup::default() };
    let (low, high) =
        values.iter().fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(*value), high.max(*value)));
    let span = if high > low { high - low } else { 1.0 };
    let place = |(place, value): (usize, &f64)| {
        let x = EDGE + (WIDTH - 2.0 * EDGE) * place as f64 / last as f64;
        // What does not change is in the middle.
        let part = if high > low { (value - low) / span } else { 0.5 };
        (x, HEIGHT - EDGE - (HEIGHT - 2.0 * EDGE) * part)
    };
    let (mut path, mut end) = (String::new(), (0.0, 0.0));
    for (x, y) in values.iter().enumerate().map(place) {
        let _ = write!(path, "{}{x:.1} {y:.1}", if path.is_empty() { "M" } else { "L" });
        end = (x, y);
    }
    let (x, y) = end;
    Markup::trusted(format!(
        r#"<svg class="spark" viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="xMinYMid" role="img" aria-label="{}"><path class="line s1" d="{path}"/><circle class="s1" cx="{x:.1}" cy="{y:.1}" r="2.5"/></svg>"#,
        escape(said)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_from_the_lowest_to_the_highest() {
        let drawn = spark(&[0.0, 10.0, 5.0], "Seven <days>");
        assert!(drawn.as_str().contains("M3.0 29.0L60.0 3.0L117.0 16.0"), "{drawn}");
        assert!(drawn.as_str().contains("Seven &lt;days&gt;"), "{drawn}");
    }

    #[test]
    fn one_value_is_no_line_and_two_alike_are_a_level_one() {
        assert_eq!(spark(&[1.0], ""), Markup::default());
        assert!(spark(&[4.0, 4.0], "").as_str().contains("M3.0 16.0L117.0 16.0"));
    }
}
