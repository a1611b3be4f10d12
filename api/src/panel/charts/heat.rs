//! A heat map: rows of shares, warmer where there is more. It shows who came back, week by week.

use std::fmt::Write as _;

use super::{axis::WIDTH, framed, nothing, opened, point, tabled};
use crate::panel::{
    markup::{Markup, escape},
    words::Words,
};

const NAMES: f64 = 110.0;
const HEAD: f64 = 30.0;
const ROW: f64 = 36.0;

/// Rows of shares over the same columns.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HeatMap {
    /// Its id in the page.
    pub id: &'static str,
    /// What it shows.
    pub title: String,
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
    /// Of how many the shares are.
    pub size: u64,
    /// A share for each column; nothing where that is not over yet.
    pub shares: Vec<Option<f64>>,
}

/// Draws it.
#[must_use]
pub fn heat(map: &HeatMap, words: Words) -> Markup {
    if map.rows.is_empty() || map.columns.is_empty() {
        return framed(map.id, &map.title, "", &nothing(words));
    }
    let width = (WIDTH - NAMES) / map.columns.len() as f64;
    let mut svg = opened(map.id, HEAD + ROW * map.rows.len() as f64);
    svg.push_str(r#"<g class="axis" aria-hidden="true">"#);
    for (place, column) in map.columns.iter().enumerate() {
        let (x, column) = (NAMES + width * (place as f64 + 0.5), escape(column));
        let class = if place.is_multiple_of(2) { "middle" } else { "middle minor" };
        let _ = write!(svg, r#"<text x="{x:.1}" y="20" class="{class}">{column}</text>"#);
    }
    for (place, row) in map.rows.iter().enumerate() {
        let (y, name) = (HEAD + ROW * (place as f64 + 0.5) + 5.0, escape(&row.name));
        let _ = write!(svg, r#"<text x="0" y="{y:.1}">{name}</text>"#);
    }
    svg.push_str("</g>");
    let mut is_first = true;
    for (down, row) in map.rows.iter().enumerate() {
        for (along, column) in map.columns.iter().enumerate() {
            let Some(share) = row.shares.get(along).copied().flatten().filter(|share| share.is_finite()) else {
                continue;
            };
            let (x, y) = (NAMES + width * along as f64 + 1.0, HEAD + ROW * down as f64 + 1.0);
            point(&mut svg, &format!("{}, {column}: {}", row.name, words.percent(share)), is_first);
            is_first = false;
            let (wide, high, level) = (width - 2.0, ROW - 2.0, level(share));
            let _ =
                write!(svg, r#"<rect class="heat h{level}" x="{x:.1}" y="{y:.1}" width="{wide:.1}" height="{high}"/>"#);
            let (x, y, shown) = (x + wide / 2.0, y + ROW / 2.0 + 4.0, (share * 100.0).round());
            let _ = write!(svg, r#"<text class="heat-value h{level}" x="{x:.1}" y="{y:.1}">{shown}</text></g>"#);
        }
    }
    svg.push_str("</svg>");
    let mut heads = vec![words.say("panel-chart-people")];
    heads.extend(map.columns.iter().cloned());
    let rows = map.rows.iter().map(|row| {
        let shares = row.shares.iter().map(|share| share.map(|share| words.percent(share)).unwrap_or_default());
        (row.name.clone(), std::iter::once(words.number(row.size as f64)).chain(shares).collect::<Vec<String>>())
    });
    svg.push_str(&tabled(map.id, &heads, rows, words));
    framed(map.id, &map.title, "", &svg)
}

/// Of ten shades. What is small is told apart best: most of the shares are.
fn level(share: f64) -> u32 {
    (share.clamp(0.0, 1.0).sqrt() * 9.0).round() as u32
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;
    use evolve_domain::language::Language;

    use super::*;

    #[test]
    fn a_heat_map_is_drawn_as_it_was() {
        let row = |name: &str, shares: &[Option<f64>]| HeatRow { name: name.into(), size: 1200, shares: shares.into() };
        let map = HeatMap {
            id: "cohorts",
            title: "Who came back".into(),
            columns: vec!["0".into(), "1".into(), "2".into()],
            rows: vec![row("4 May", &[Some(1.0), Some(0.425), Some(0.0)]), row("11 May", &[Some(1.0), None])],
        };
        let words = Words { language: Language::En, zone: Tz::UTC };
        insta::assert_snapshot!(heat(&map, words).as_str());
        assert!(heat(&HeatMap::default(), words).as_str().contains("class=\"quiet\""));
    }
}
