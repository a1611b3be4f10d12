//! Compares what a process shows at `/metrics` with what `docs/metrics.md` tells of it.

use std::{collections::BTreeSet, fs};

use evolve_runtime::metrics::{Described, Metrics, Values};

/// What a histogram has by itself.
const BOUND: &str = "le";

/// Everything in which the page and a process differ: metrics that one of them has alone or that are registered twice, and of what is
/// shown by now, types and labels that are not told of. Nothing where they agree.
///
/// # Errors
/// When the page cannot be read.
pub fn unlike_the_page(process: &str, metrics: &Metrics) -> anyhow::Result<Vec<String>> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/metrics.md");
    let page = fs::read_to_string(path)?;
    let told: BTreeSet<&str> = rows(&page, process).collect();
    let described = metrics.described();
    let registered: Vec<String> = described.iter().map(|one| one.row()).collect();
    let registered: BTreeSet<&str> = registered.iter().map(String::as_str).collect();
    let mut unlike = Vec::new();
    unlike
        .extend(registered.difference(&told).map(|row| format!("{process} shows what the page does not tell: {row}")));
    unlike
        .extend(told.difference(&registered).map(|row| format!("{process} does not show what the page tells: {row}")));
    unlike.extend(twice(&described));
    unlike.extend(untold(metrics));
    Ok(unlike)
}

/// What two have registered: each would show its own, and who scrapes keeps one of them. In the order of names.
fn twice(described: &[Described]) -> impl Iterator<Item = String> {
    let names = described.iter().map(|one| one.name);
    let pairs = names.clone().zip(names.skip(1)).filter(|(name, next)| name == next);
    pairs.map(|(name, _)| format!("it is registered twice: {name}"))
}

/// The rows of a process's table.
fn rows<'a>(page: &'a str, process: &str) -> impl Iterator<Item = &'a str> {
    let heading = format!("## {process}");
    let lines = page.lines().skip_while(move |line| *line != heading).skip(1);
    lines.take_while(|line| !line.starts_with("## ")).filter(|line| line.starts_with("| `"))
}

/// What is shown and was not told of where it was registered.
fn untold(metrics: &Metrics) -> Vec<String> {
    let (described, text) = (metrics.described(), metrics.encode());
    let (mut unlike, mut of) = (Vec::new(), None);
    for line in text.lines().filter(|line| *line != "# EOF" && !line.starts_with("# HELP ")) {
        if let Some(named) = line.strip_prefix("# TYPE ") {
            let (name, kind) = named.split_once(' ').unwrap_or((named, ""));
            of = described.iter().find(|one| one.name == name && one.kind.as_str() == kind);
            if of.is_none() {
                unlike.push(format!("nobody told of: {named}"));
            }
            continue;
        }
        let Some(of) = of else { continue };
        let shown = labels(line);
        let names: Vec<&str> = shown.iter().map(|(name, _)| name.as_str()).filter(|name| *name != BOUND).collect();
        if names != of.labels.iter().map(|label| label.name).collect::<Vec<_>>() {
            unlike.push(format!("its labels are others: {line}"));
        }
        for (name, value) in &shown {
            let label = of.labels.iter().find(|label| label.name == name);
            if let Some(Values::OneOf(values)) = label.map(|label| &label.values)
                && !values.iter().any(|known| known == value)
            {
                unlike.push(format!("{name} says what it may not: {line}"));
            }
        }
    }
    unlike
}

/// The labels of a sample, in their order; not those of its exemplar.
fn labels(line: &str) -> Vec<(String, String)> {
    let (Some(open), Some(space)) = (line.find('{'), line.find(' ')) else { return Vec::new() };
    let mut labels = Vec::new();
    if open > space {
        return labels;
    }
    let mut rest = &line[open + 1..];
    while let Some((name, more)) = rest.split_once("=\"") {
        let mut value = String::new();
        let mut letters = more.char_indices();
        let mut end = more.len();
        while let Some((at, letter)) = letters.next() {
            match letter {
                '\\' => value.extend(letters.next().map(|(_, escaped)| escaped)),
                '"' => {
                    end = at + 1;
                    break;
                }
                other => value.push(other),
            }
        }
        labels.push((name.to_owned(), value));
        match more[end..].strip_prefix(',') {
            Some(more) => rest = more,
            None => break,
        }
    }
    labels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_those_of_the_sample_and_not_of_its_exemplar() {
        let own = |pairs: &[(&str, &str)]| -> Vec<_> {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        assert!(labels("leader 1").is_empty());
        assert!(labels(r#"turns_sum 1.5 # {trace_id="ab"} 0.2"#).is_empty());
        assert_eq!(
            labels(r#"a_bucket{le="0.5",route="/x/{id}"} 3 # {trace_id="ab"} 0.2"#),
            own(&[("le", "0.5"), ("route", "/x/{id}")])
        );
        assert_eq!(
            labels(r#"a{said="one \"two\", three",b="4"} 1"#),
            own(&[("said", "one \"two\", three"), ("b", "4")])
        );
    }

    #[test]
    fn what_is_registered_twice_is_found() {
        let described = ["leader", "leader", "rest"].map(|name| Described::gauge(name, ""));
        assert_eq!(twice(&described).collect::<Vec<_>>(), ["it is registered twice: leader"]);
    }

    #[test]
    fn a_page_tells_of_each_process_apart() {
        let page = "# Metrics\n\n## evolve-api\n\n| Metric |\n| --- |\n| `a` |\n| `b` |\n\n## evolve-bot\n\n| `c` |\n";
        assert_eq!(rows(page, "evolve-api").collect::<Vec<_>>(), ["| `a` |", "| `b` |"]);
        assert_eq!(rows(page, "evolve-bot").collect::<Vec<_>>(), ["| `c` |"]);
        assert_eq!(rows(page, "evolve-operator").count(), 0);
    }
}
