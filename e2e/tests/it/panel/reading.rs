//! What a page of the panel shows, as somebody reads it off the screen.

use std::collections::BTreeMap;

use super::person::Person;

/// Rows of cells.
pub(super) type Rows = Vec<Vec<String>>;

/// A page.
#[derive(Debug)]
pub(super) struct Shown {
    /// Each card, in their order: what it is called, and its number.
    pub(super) cards: Vec<(String, String)>,
    /// The numbers below each chart, by its id.
    charts: BTreeMap<String, Rows>,
    /// What the columns of those numbers are called; the first has no name.
    heads: BTreeMap<String, Vec<String>>,
    /// What each place of a chart says under the mouse, and to a screen reader.
    said: BTreeMap<String, Vec<String>>,
    /// Each list, by its id.
    tables: BTreeMap<String, Rows>,
}

const READ: &str = "
    const cells = (row) => [...row.children].map((cell) => cell.textContent.trim());
    const rows = (place) => [...place.querySelectorAll('tbody tr')].map(cells);
    const of = (places, what) => Object.fromEntries(places.map((place) => [place.id, what(place)]));
    const cards = [...document.querySelectorAll('.card')].map((card) =>
        ['label', 'value'].map((part) => card.querySelector('.card-' + part).textContent.trim()));
    const charts = [...document.querySelectorAll('figure.chart')];
    const said = (chart) => [...chart.querySelectorAll('.point')].map((point) => point.getAttribute('aria-label'));
    const heads = (chart) => [...chart.querySelectorAll('thead th')].map((head) => head.textContent.trim());
    const tables = [...document.querySelectorAll('table[id]')];
    return { cards, charts: of(charts, rows), heads: of(charts, heads), said: of(charts, said), tables: of(tables, rows) };";

impl Person<'_> {
    /// Opens a page with nothing wrong about it, keeps its picture, and reads it.
    pub(super) async fn reads(&self, path: &str) -> Shown {
        self.goes(path).await;
        let name = path.trim_start_matches("/admin").trim_start_matches("/panel").replace(['/', '?', '='], "-");
        let name = if name.starts_with("-period") { format!("overview{name}") } else { name };
        self.looks_well(&format!("month-{}", name.trim_start_matches('-'))).await;
        let mut read = self.asks(READ).await;
        let mut part = |name: &str| read[name].take();
        Shown {
            cards: serde_json::from_value(part("cards")).unwrap(),
            charts: serde_json::from_value(part("charts")).unwrap(),
            heads: serde_json::from_value(part("heads")).unwrap(),
            said: serde_json::from_value(part("said")).unwrap(),
            tables: serde_json::from_value(part("tables")).unwrap(),
        }
    }
}

impl Shown {
    /// The numbers below a chart.
    #[track_caller]
    pub(super) fn chart(&self, id: &str) -> &Rows {
        self.charts.get(id).unwrap_or_else(|| panic!("there is no chart {id}: {self:?}"))
    }

    /// The numbers below a chart over days or hours, of which each place says the same when it is hovered.
    #[track_caller]
    pub(super) fn hovered(&self, id: &str) -> &Rows {
        let (rows, heads) = (self.chart(id), &self.heads[id]);
        let says = |row: &Vec<String>| {
            let (place, values) = row.split_first().unwrap();
            let named = |(head, value): (&String, &String)| format!("{head} {value}");
            // One row of values needs no name.
            let values: Vec<String> =
                if heads.len() == 1 { values.to_vec() } else { heads.iter().zip(values).map(named).collect() };
            format!("{place}: {}", values.join(", "))
        };
        assert_eq!(self.said[id], rows.iter().map(says).collect::<Vec<String>>(), "{id}");
        rows
    }

    /// A list; nothing where it is empty.
    pub(super) fn table(&self, id: &str) -> Rows {
        self.tables.get(id).cloned().unwrap_or_default()
    }
}
