//! A heat map: rows of shares or counts, warmer where there is more. It shows who came back, week by week, and when people talk.

use std::fmt::Write as _;

use super::{axis::WIDTH, framed, nothing, opened, point, tabled};
use crate::panel::{
    markup::{Markup, escape},
    words::{Unit, Words},
};

const NAMES: f64 = 110.0;
const HEAD: f64 = 30.0;
const ROW: f64 = 36.0;
/// In more columns than these there is no room for values: they are said, and in the table.
const SHOWN: usize = 14;

/// Rows of shares, or of counts, over the same columns.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HeatMap {
    /// Its id in the page.
    pub id: &'static str,
    /// What it shows.
    pub title: String,
    /// Of what its values are: of shares the warmest is 1, and of others the highest that there is.
    pub unit: Unit,
    /// What the sizes of rows are.
    pub sizes: String,
    /// What each column is.
    pub columns: Vec<String>,
    /// The rows.
    pub rows: Vec<HeatRow>,
}

/// A row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HeatRow {
    /// As it stands before the row.
    pub name: String,
    /// Of how many the shares are, or what the counts come to.
    pub size: u64,
    /// A value for each column; nothing where that is not over yet.
    pub values: Vec<Option<f64>>,
}

impl HeatMap {
    /// What is warmest.
    fn most(&self) -> f64 {
        if self.unit == Unit::Share {
            return 1.0;
        }
        let values = self.rows.iter().flat_map(|row| row.values.iter().flatten().copied());
        values.filter(|value| value.is_finite()).fold(0.0, f64::max)
    }

    /// A value in its place; a share has no room for its sign.
    fn shown(&self, value: f64, words: Words) -> String {
        if self.unit == Unit::Share { (value * 100.0).round().to_string() } else { words.short(&self.unit, value) }
    }
}

/// Draws it.
#[must_use]
pub fn heat(map: &HeatMap, words: Words) -> Markup {
    if map.rows.is_empty() || map.columns.is_empty() {
        return framed(map.id, &map.title, "", &nothing(words));
    }
    let width = (WIDTH - NAMES) / map.columns.len() as f64;
    let every = if map.columns.len() > SHOWN { 3 } else { 1 };
    let mut svg = opened(map.id, HEAD + ROW * map.rows.len() as f64);
    svg.push_str(r#"<g class="axis" aria-hidden="true">"#);
    for (place, column) in map.columns.iter().enumerate().step_by(every) {
        let (x, column) = (NAMES + width * (place as f64 + 0.5), escape(column));
        let class = if (place / every).is_multiple_of(2) { "middle" } else { "middle minor" };
        let _ = write!(svg, r#"<text x="{x:.1}" y="20" class="{class}">{column}</text>"#);
    }
    for (place, row) in map.rows.iter().enumerate() {
        let (y, name) = (HEAD + ROW * (place as f64 + 0.5) + 5.0, escape(&row.name));
        let _ = write!(svg, r#"<text x="0" y="{y:.1}">{name}</text>"#);
    }
    svg.push_str("</g>");
    let (mut is_first, most) = (true, map.most());
    for (down, row) in map.rows.iter().enumerate() {
        for (along, column) in map.columns.iter().enumerate() {
            let Some(value) = row.values.get(along).copied().flatten().filter(|value| value.is_finite()) else {
                continue;
            };
            let (x, y) = (NAMES + width * along as f64 + 1.0, HEAD + ROW * down as f64 + 1.0);
            point(&mut svg, &format!("{}, {column}: {}", row.name, words.value(&map.unit, value)), is_first);
            is_first = false;
            let (wide, high, level) = (width - 2.0, ROW - 2.0, level(value, most));
            let _ =
                write!(svg, r#"<rect class="heat h{level}" x="{x:.1}" y="{y:.1}" width="{wide:.1}" height="{high}"/>"#);
            if every == 1 {
                let (x, y, shown) = (x + wide / 2.0, y + ROW / 2.0 + 4.0, escape(&map.shown(value, words)));
                let _ = write!(svg, r#"<text class="heat-value h{level}" x="{x:.1}" y="{y:.1}">{shown}</text>"#);
            }
            svg.push_str("</g>");
        }
    }
    svg.push_str("</svg>");
    let mut heads = vec![map.sizes.clone()];
    heads.extend(map.columns.iter().cloned());
    let rows = map.rows.iter().map(|row| {
        let values =
            row.values.iter().map(|value| value.map(|value| words.value(&map.unit, value)).unwrap_or_default());
        (row.name.clone(), std::iter::once(words.number(row.size as f64)).chain(values).collect::<Vec<String>>())
    });
    svg.push_str(&tabled(map.id, &heads, rows, words));
    framed(map.id, &map.title, "", &svg)
}

/// Of ten shades. What is small is told apart best: most of the values are.
fn level(value: f64, most: f64) -> u32 {
    let share = if most > 0.0 { value / most } else { 0.0 };
    (share.clamp(0.0, 1.0).sqrt() * 9.0).round() as u32
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;
    use evolve_domain::language::Language;

    use super::*;

    #[test]
    fn a_heat_map_is_drawn_as_it_was() {
        let row = |name: &str, values: &[Option<f64>]| HeatRow { name: name.into(), size: 1200, values: values.into() };
        let map = HeatMap {
            id: "cohorts",
            title: "Who came back".into(),
            unit: Unit::Share,
            sizes: "People".into(),
            columns: vec!["0".into(), "1".into(), "2".into()],
            rows: vec![row("4 May", &[Some(1.0), Some(0.425), Some(0.0)]), row("11 May", &[Some(1.0), None])],
        };
        let words = Words { language: Language::En, zone: Tz::UTC };
        insta::assert_snapshot!(heat(&map, words).as_str());
        assert!(heat(&HeatMap::default(), words).as_str().contains("class=\"quiet\""));
    }

    #[test]
    fn counts_are_as_warm_as_the_highest_lets_them_be_and_many_columns_have_no_room_for_values() {
        let words = Words { language: Language::En, zone: Tz::UTC };
        let row = |name: &str, each: f64| HeatRow { name: name.into(), size: 24, values: vec![Some(each); 24] };
        let map = HeatMap {
            id: "hours",
            title: "When people talk".into(),
            unit: Unit::Count,
            sizes: "Messages".into(),
            columns: (0..24).map(|hour| hour.to_string()).collect(),
            rows: vec![row("Monday", 0.0), row("Tuesday", 400.0)],
        };
        let html = heat(&map, words).as_str().to_owned();
        assert_eq!((html.matches("heat h0").count(), html.matches("heat h9").count()), (24, 24), "{html}");
        assert!(!html.contains("heat-value") && html.contains("aria-label=\"Tuesday, 23: 400\""), "{html}");
        let quiet = HeatMap { rows: vec![row("Monday", 0.0)], ..map };
        assert_eq!(heat(&quiet, words).as_str().matches("heat h0").count(), 24);
    }
}
