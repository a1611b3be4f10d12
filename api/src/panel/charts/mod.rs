//! Pictures of numbers: SVG, made on the server from numbers alone, for a browser that allows no inline style and no inline script.
//!
//! Each is a `<figure>` with a name, a legend where there are several rows, the picture, and the same numbers as a table. Colours,
//! light or dark, are classes (`s1` to `s6` for series, `h0` to `h9` for heat) of the panel's one style sheet. What belongs to one
//! place on the axis is one group: it can be focused, says its values (`aria-label`), and shows them under the mouse (`<title>`). One
//! of them is in the order of Tab; the script lets the arrows go to the others. A narrow picture has
//! larger letters and only every second name of the axis (the others are `minor`), by the style sheet, so that nothing scrolls sideways.

mod axis;
mod bars;
mod funnel;
mod heat;
mod line;
mod spark;
mod steps;

use std::fmt::Write as _;

pub use funnel::{Funnel, FunnelStep, funnel};
pub use heat::{HeatMap, HeatRow, heat};
pub use spark::spark;
pub use steps::Steps;

use super::{
    markup::{Markup, escape},
    words::{Unit, Words},
};

/// What is drawn over an axis of days, hours, or names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chart {
    /// Its id in the page.
    pub id: &'static str,
    /// What it shows; it is its name, too.
    pub title: String,
    /// Of what its values are.
    pub unit: Unit,
    /// The places on the axis, in order.
    pub labels: Vec<Label>,
    /// What is drawn, at most six.
    pub series: Vec<Series>,
}

/// A place on the axis.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Label {
    /// As it stands under the axis.
    pub short: String,
    /// As it is said and listed.
    pub full: String,
}

/// Values, one for each place.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// What they are.
    pub name: String,
    /// The values; what is missing at the end is nothing.
    pub values: Vec<f64>,
}

/// How the values are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Line,
    Bars,
    Stacked,
}

/// Lines; a single one has its area filled.
#[must_use]
pub fn line(chart: &Chart, words: Words) -> Markup {
    figure(chart, words, Shape::Line, None)
}

/// A line that climbs from step to step: each value is told with the step that it has reached.
#[must_use]
pub fn climb(chart: &Chart, steps: &Steps, words: Words) -> Markup {
    figure(chart, words, Shape::Line, Some(steps))
}

/// Bars, side by side.
#[must_use]
pub fn bars(chart: &Chart, words: Words) -> Markup {
    figure(chart, words, Shape::Bars, None)
}

/// Bars, one on top of the other.
#[must_use]
pub fn stacked(chart: &Chart, words: Words) -> Markup {
    figure(chart, words, Shape::Stacked, None)
}

impl Chart {
    /// The value of a series at a place.
    fn at(&self, series: usize, place: usize) -> f64 {
        let value = self.series.get(series).and_then(|series| series.values.get(place));
        value.copied().filter(|value| value.is_finite()).unwrap_or_default()
    }

    /// The highest that has to fit.
    fn highest(&self, shape: Shape) -> f64 {
        let places = 0..self.labels.len();
        let of_place = |place: usize| {
            let values = (0..self.series.len()).map(|series| self.at(series, place).max(0.0));
            if shape == Shape::Stacked { values.sum::<f64>() } else { values.fold(0.0, f64::max) }
        };
        places.map(of_place).fold(0.0, f64::max)
    }

    /// What is said of a place.
    fn said(&self, place: usize, words: Words) -> String {
        let label = self.labels.get(place).map(|label| label.full.as_str()).unwrap_or_default();
        let value = |series: usize| words.value(&self.unit, self.at(series, place));
        match self.series.as_slice() {
            [_] => format!("{label}: {}", value(0)),
            many => {
                let parts: Vec<String> = many
                    .iter()
                    .enumerate()
                    .map(|(place, series)| format!("{} {}", series.name, value(place)))
                    .collect();
                format!("{label}: {}", parts.join(", "))
            }
        }
    }
}

fn figure(chart: &Chart, words: Words, shape: Shape, steps: Option<&Steps>) -> Markup {
    if chart.labels.is_empty() || chart.series.is_empty() {
        return framed(chart.id, &chart.title, "", &nothing(words));
    }
    let scale = axis::Scale::of(chart.highest(shape), &chart.unit);
    let mut svg = opened(chart.id, axis::HEIGHT);
    axis::draw(&mut svg, chart, &scale, words);
    match shape {
        Shape::Line => line::draw(&mut svg, chart, &scale, words, steps),
        Shape::Bars => bars::draw(&mut svg, chart, &scale, words, false),
        Shape::Stacked => bars::draw(&mut svg, chart, &scale, words, true),
    }
    svg.push_str("</svg>");
    svg.push_str(&numbers(chart, words, steps));
    framed(chart.id, &chart.title, &legend(chart), &svg)
}

/// The beginning of a picture. It is a group and no image: what is in it can be focused.
fn opened(id: &str, height: f64) -> String {
    format!(r#"<svg class="plot" viewBox="0 0 {} {height}" role="group" aria-labelledby="{id}-title">"#, axis::WIDTH)
}

fn framed(id: &str, title: &str, legend: &str, body: &str) -> Markup {
    let title = escape(title);
    let head = format!(r#"<figcaption id="{id}-title">{title}</figcaption>{legend}"#);
    Markup::trusted(format!(r#"<figure class="chart" id="{id}">{head}{body}</figure>"#))
}

fn nothing(words: Words) -> String {
    format!(r#"<p class="quiet">{}</p>"#, escape(&words.say("panel-chart-empty")))
}

fn legend(chart: &Chart) -> String {
    if chart.series.len() < 2 {
        return String::new();
    }
    let mut html = r#"<ul class="legend">"#.to_owned();
    for (place, series) in chart.series.iter().enumerate() {
        let _ = write!(html, r#"<li><span class="key s{}"></span>{}</li>"#, place + 1, escape(&series.name));
    }
    html.push_str("</ul>");
    html
}

/// The same as a table.
fn numbers(chart: &Chart, words: Words, steps: Option<&Steps>) -> String {
    let heads = chart.series.iter().map(|series| series.name.clone());
    let heads = heads.chain(steps.map(|steps| steps.name.clone())).collect::<Vec<_>>();
    let rows = chart.labels.iter().enumerate().map(|(place, label)| {
        let values = (0..chart.series.len()).map(|series| words.value(&chart.unit, chart.at(series, place)));
        let reached = steps.map(|steps| steps.reached(chart.at(0, place)).unwrap_or_default().to_owned());
        (label.full.clone(), values.chain(reached).collect::<Vec<String>>())
    });
    tabled(chart.id, &heads, rows, words)
}

fn tabled(id: &str, heads: &[String], rows: impl Iterator<Item = (String, Vec<String>)>, words: Words) -> String {
    let mut html = format!(
        r#"<details class="numbers"><summary>{}</summary><div class="scroll" role="region" tabindex="0" aria-labelledby="{id}-title"><table><thead><tr><td></td>"#,
        escape(&words.say("panel-chart-numbers"))
    );
    for head in heads {
        let _ = write!(html, r#"<th scope="col" class="number">{}</th>"#, escape(head));
    }
    html.push_str("</tr></thead><tbody>");
    for (label, values) in rows {
        let _ = write!(html, r#"<tr><th scope="row">{}</th>"#, escape(&label));
        for value in values {
            let _ = write!(html, r#"<td class="number">{}</td>"#, escape(&value));
        }
        html.push_str("</tr>");
    }
    html.push_str("</tbody></table></div></details>");
    html
}

/// The beginning of what belongs to one place. `is_first` is the one to which Tab goes.
fn point(svg: &mut String, said: &str, is_first: bool) {
    let (said, order) = (escape(said), if is_first { "0" } else { "-1" });
    let _ = write!(svg, r#"<g class="point" role="img" tabindex="{order}" aria-label="{said}"><title>{said}</title>"#);
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;
    use evolve_domain::language::Language;

    use super::*;

    const EN: Words = Words { language: Language::En, zone: Tz::UTC };

    fn sample(series: &[(&str, &[f64])]) -> Chart {
        let places = series.first().map_or(0, |(_, values)| values.len());
        Chart {
            id: "activity",
            title: "Messages <by> day".into(),
            unit: Unit::Count,
            labels: (1..=places)
                .map(|day| Label { short: format!("{day} May"), full: format!("{day} May 2026") })
                .collect(),
            series: series
                .iter()
                .map(|(name, values)| Series { name: (*name).to_owned(), values: values.to_vec() })
                .collect(),
        }
    }

    #[test]
    fn a_line_is_drawn_as_it_was() {
        insta::assert_snapshot!(line(&sample(&[("Messages", &[0.0, 1200.0, 800.0, 1900.0])]), EN).as_str());
    }

    #[test]
    fn bars_are_drawn_as_they_were() {
        insta::assert_snapshot!(bars(&sample(&[("Messages", &[3.0, 1.0]), ("Replies", &[2.0, 1.0])]), EN).as_str());
        insta::assert_snapshot!(stacked(&sample(&[("Free", &[3.0, 1.0]), ("Premium", &[2.0, 0.0])]), EN).as_str());
    }

    #[test]
    fn steps_are_lines_across_and_each_value_says_which_it_has_reached() {
        let step = |begins: f64, name: &str| (begins, name.to_owned());
        let steps = Steps {
            name: "Level".into(),
            steps: vec![step(0.0, "Stranger"), step(100.0, "<Friend>"), step(110.0, "Closer"), step(5000.0, "Closest")],
        };
        let drawn = climb(&sample(&[("Points", &[40.0, 105.0, 400.0])]), &steps, EN);
        let html = drawn.as_str();
        assert_eq!(html.matches("class=\"step\"").count(), 3, "those that are within it: {html}");
        let named = |name: &str| html.contains(&format!(">{name}</text>"));
        assert_eq!(
            ["Stranger", "&lt;Friend&gt;", "Closer", "Closest"].map(named),
            [true, false, true, false],
            "what has no room gives way: {html}"
        );
        for said in ["1 May 2026: 40, Stranger", "2 May 2026: 105, &lt;Friend&gt;", "3 May 2026: 400, Closer"] {
            assert!(html.contains(&format!("aria-label=\"{said}\"")), "{said} is not in {html}");
        }
        assert!(html.contains("<th scope=\"col\" class=\"number\">Level</th>"), "{html}");
        assert!(html.contains("<td class=\"number\">&lt;Friend&gt;</td>") && !html.contains("<Friend>"), "{html}");
        assert!(!line(&sample(&[("Points", &[40.0])]), EN).as_str().contains("step"));
    }

    #[test]
    fn whatever_is_called_strangely_is_text_and_whatever_is_missing_is_nothing() {
        let mut chart = sample(&[("<script>", &[1.0, f64::NAN, -3.0])]);
        if let Some(series) = chart.series.first_mut() {
            series.values.pop();
        }
        for drawn in [line(&chart, EN), bars(&chart, EN), stacked(&chart, EN)] {
            let html = drawn.as_str();
            assert!(!html.contains("<script") && !html.contains("<by>") && !html.contains("NaN"), "{html}");
            assert!(!html.contains("style="), "{html}");
            assert_eq!(html.matches("class=\"point\"").count(), 3, "{html}");
            assert_eq!(html.matches("tabindex=\"0\"").count(), 2, "one point, and the table: {html}");
        }
    }

    #[test]
    fn without_anything_to_draw_it_says_so() {
        assert!(line(&Chart::default(), EN).as_str().contains("class=\"quiet\""));
    }
}
