//! What is told of a metric besides its value, for `docs/metrics.md`.

use std::{borrow::Cow, fmt::Write as _};

use prometheus_client::metrics::MetricType;

/// A metric that a process shows, now or later.
#[derive(Clone, Debug)]
pub struct Described {
    /// Its name, without what its type adds.
    pub name: &'static str,
    /// What it means.
    pub help: &'static str,
    /// Its type.
    pub kind: MetricType,
    /// Its labels, in the order in which they were told of.
    pub labels: Vec<Label>,
}

/// A label of a metric.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Its name.
    pub name: &'static str,
    /// What it may say.
    pub values: Values,
}

/// What a label may say. It is bounded, either way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Values {
    /// These and no others.
    OneOf(Vec<Cow<'static, str>>),
    /// What configuration or an outside list bounds, in words.
    Told(&'static str),
}

impl Described {
    /// Without labels.
    #[must_use]
    pub const fn new(name: &'static str, help: &'static str, kind: MetricType) -> Self {
        Self { name, help, kind, labels: Vec::new() }
    }

    /// A gauge without labels, for collectors.
    #[must_use]
    pub const fn gauge(name: &'static str, help: &'static str) -> Self {
        Self::new(name, help, MetricType::Gauge)
    }

    /// It has a label that says one of these.
    pub fn one_of(
        &mut self,
        label: &'static str,
        values: impl IntoIterator<Item = impl Into<Cow<'static, str>>>,
    ) -> &mut Self {
        let values = Values::OneOf(values.into_iter().map(Into::into).collect());
        self.labels.push(Label { name: label, values });
        self
    }

    /// It has a label whose values something else bounds: `values` says what.
    pub fn label(&mut self, label: &'static str, values: &'static str) -> &mut Self {
        self.labels.push(Label { name: label, values: Values::Told(values) });
        self
    }

    /// Its name as queries have it; a histogram's without `_bucket`, `_sum` and `_count`.
    #[must_use]
    pub fn shown_as(&self) -> String {
        match self.kind {
            MetricType::Counter => format!("{}_total", self.name),
            _ => self.name.to_owned(),
        }
    }

    /// What it is measured in, which its name ends with.
    #[must_use]
    pub fn unit(&self) -> &'static str {
        match self.name.rsplit('_').next() {
            Some("seconds") => "seconds",
            Some("bytes") => "bytes",
            Some("dollars") => "US dollars",
            _ => "number",
        }
    }

    /// Its row of the page.
    #[must_use]
    pub fn row(&self) -> String {
        let labels: Vec<_> = self.labels.iter().map(Label::cell).collect();
        let labels = if labels.is_empty() { "–".to_owned() } else { labels.join("; ") };
        let (name, kind, unit) = (self.shown_as(), self.kind.as_str(), self.unit());
        format!("| `{name}` | {kind} | {unit} | {labels} | {} |", self.help)
    }
}

impl Label {
    fn cell(&self) -> String {
        match &self.values {
            Values::OneOf(values) => {
                let values: Vec<_> = values.iter().map(|value| format!("`{value}`")).collect();
                format!("`{}`: {}", self.name, values.join(", "))
            }
            Values::Told(values) => format!("`{}`: {values}", self.name),
        }
    }
}

/// The table of a process, for the page.
#[must_use]
pub fn reference(described: &[Described]) -> String {
    let mut page = String::from("| Metric | Type | Unit | Labels | Meaning |\n| --- | --- | --- | --- | --- |\n");
    for one in described {
        // A `String` takes everything.
        let _ = writeln!(page, "{}", one.row());
    }
    page
}
