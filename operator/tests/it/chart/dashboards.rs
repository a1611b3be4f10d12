//! The dashboards that the chart brings: whole, told of, and about metrics that there are. That their queries return data is
//! asked of a real Prometheus by `make dashboards-check`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::Value;

use super::helm::{root, template};
use super::rendered::{example, of_kind};

/// What `kubectl apply` keeps of an object in an annotation, bytes.
const MOST: usize = 262_144;
/// What Prometheus itself knows of each target.
const OF_PROMETHEUS: &str = "up";

/// The files of the chart, by name.
fn dashboards() -> BTreeMap<String, Value> {
    let files = fs::read_dir(root().join("charts/evolve/files")).unwrap().map(|file| file.unwrap().path());
    let files = files.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    let read = |path: std::path::PathBuf| {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let parsed = serde_json::from_str(&fs::read_to_string(&path).unwrap());
        (name, parsed.unwrap_or_else(|error| panic!("{}: {error}", path.display())))
    };
    files.map(read).collect()
}

fn list<'a>(value: &'a Value, field: &str) -> &'a [Value] {
    value[field].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}

#[tokio::test]
async fn each_dashboard_is_in_a_config_map_of_its_own_where_the_sidecar_of_grafana_finds_it() {
    let rendered = template(&[&example("everything")]).await.unwrap();
    let maps = of_kind(&rendered, "ConfigMap");
    let mut found = BTreeMap::new();
    for map in &maps {
        assert!(map.to_string().len() < MOST, "{} is too large", map["metadata"]["name"]);
        assert_eq!(map["metadata"]["labels"]["grafana_dashboard"], "1");
        assert_eq!(map["metadata"]["annotations"]["grafana_folder"], "Companions");
        let data = map["data"].as_object().unwrap();
        assert_eq!(data.len(), 1);
        for (name, dashboard) in data {
            let short = name.strip_prefix("evolve-").and_then(|name| name.strip_suffix(".json")).unwrap();
            assert_eq!(map["metadata"]["name"], format!("evolve-operator-dashboard-{short}"));
            found.insert(format!("evolve-{short}"), serde_json::from_str(dashboard.as_str().unwrap()).unwrap());
        }
    }
    assert_eq!(found, dashboards());
    let asked_for = ["chat", "data", "errors", "models", "operator", "overview", "people"];
    assert_eq!(found.into_keys().collect::<Vec<_>>(), asked_for.map(|name| format!("evolve-{name}")));
    assert!(
        of_kind(&template(&[]).await.unwrap(), "ConfigMap").is_empty(),
        "they are made where nobody asked for them"
    );
}

#[test]
fn every_dashboard_is_found_by_its_name_and_leads_to_the_others() {
    for (name, dashboard) in dashboards() {
        assert_eq!(dashboard["uid"], name, "links to it would break");
        assert!(!text(&dashboard, "title").is_empty() && !text(&dashboard, "description").is_empty(), "{name}");
        assert_eq!(dashboard["tags"], serde_json::json!(["evolve"]), "{name}");
        assert!(list(&dashboard, "links").iter().any(|link| link["tags"] == dashboard["tags"]), "{name} leads nowhere");
        let variables = list(&dashboard["templating"], "list");
        let names: BTreeSet<&str> = variables.iter().map(|variable| text(variable, "name")).collect();
        let expected: &[&str] = match name.as_str() {
            "evolve-operator" => &["datasource", "job", "operator_namespace"],
            _ => &["bot", "datasource", "namespace"],
        };
        assert_eq!(names.into_iter().collect::<Vec<_>>(), expected, "{name}");
    }
}

#[test]
fn every_panel_says_what_it_shows_in_which_unit_and_stands_in_nobodys_way() {
    for (name, dashboard) in dashboards() {
        let panels = list(&dashboard, "panels");
        let ids: BTreeSet<_> = panels.iter().map(|panel| panel["id"].as_u64().unwrap()).collect();
        assert_eq!(ids.len(), panels.len(), "{name} has an id twice");
        let mut taken = BTreeMap::new();
        for panel in panels {
            let what = format!("{name}: {}", panel["title"]);
            assert!(!text(panel, "title").is_empty(), "{what}");
            let [x, y, w, h] = ["x", "y", "w", "h"].map(|side| panel["gridPos"][side].as_u64().unwrap());
            assert!(w > 0 && h > 0 && x + w <= 24, "{what} does not fit");
            for place in (x..x + w).flat_map(|x| (y..y + h).map(move |y| (x, y))) {
                let other = taken.insert(place, what.clone());
                assert!(other.is_none(), "{what} lies over {other:?}");
            }
            if panel["type"] == "row" {
                continue;
            }
            assert!(text(panel, "description").ends_with('.'), "{what} has no sentence that says what it means");
            assert!(!text(&panel["fieldConfig"]["defaults"], "unit").is_empty(), "{what} has no unit");
            assert_eq!(panel["datasource"]["uid"], "$datasource", "{what}");
            let targets = list(panel, "targets");
            assert!(!targets.is_empty(), "{what} asks nothing");
            let letters: BTreeSet<&str> = targets.iter().map(|target| text(target, "refId")).collect();
            assert_eq!(letters.len(), targets.len(), "{what}");
            for target in targets {
                assert_eq!(target["datasource"]["uid"], "$datasource", "{what}");
                let is_named =
                    !text(target, "legendFormat").is_empty() || targets.len() == 1 && panel["type"] == "stat";
                assert!(is_named, "{what} has a line without a name");
            }
        }
    }
}

#[test]
fn a_number_is_the_one_of_now_and_where_there_is_none_it_is_not_taken_for_trouble() {
    for (name, dashboard) in dashboards() {
        for panel in list(&dashboard, "panels").iter().filter(|panel| panel["type"] != "row") {
            let (what, defaults) = (format!("{name}: {}", panel["title"]), &panel["fieldConfig"]["defaults"]);
            assert!(!text(defaults, "noValue").is_empty(), "{what} does not say that there was nothing");
            if panel["type"] != "stat" {
                continue;
            }
            let is_mapped = list(defaults, "mappings").iter().any(|mapping| mapping["options"]["match"] == "null+nan");
            assert!(is_mapped, "{what} has the colour of the least where there is nothing");
            for target in list(panel, "targets") {
                let query = text(target, "expr");
                // Grafana would show the last number there was, hours after whoever told it is gone.
                assert!(target["instant"] == true && target["range"] == false, "{what} is not of now");
                assert!(!query.contains(" / sum("), "{what} divides by 0 where nobody writes: {query}");
                let is_of_pods = query.contains("(up{");
                assert!(!is_of_pods || query.ends_with(" or vector(0)"), "{what} is empty, not 0, when no pod is left");
            }
        }
    }
}

#[test]
fn panels_of_how_long_something_takes_lead_to_traces() {
    for (name, dashboard) in dashboards() {
        let panels = list(&dashboard, "panels").iter().filter(|panel| panel["type"] != "stat");
        for target in panels.flat_map(|panel| list(panel, "targets")) {
            let is_duration = text(target, "expr").contains("_seconds_bucket");
            assert_eq!(target["exemplar"] == true, is_duration, "{name}: {}", target["expr"]);
        }
    }
}

#[test]
fn lines_are_named_by_labels_that_their_query_leaves_them() {
    for (name, dashboard) in dashboards() {
        for target in list(&dashboard, "panels").iter().flat_map(|panel| list(panel, "targets")) {
            let query = text(target, "expr");
            let groups = query.split("by (").skip(1).filter_map(|rest| rest.split_once(')'));
            let left: BTreeSet<&str> = groups.flat_map(|(labels, _)| labels.split(", ")).collect();
            let named = text(target, "legendFormat").split("{{").skip(1).filter_map(|rest| rest.split_once("}}"));
            for (label, _) in named {
                assert!(left.contains(label), "{name}: {label} is not among {left:?}: {query}");
            }
            // A label of ours that every target has too is renamed by Prometheus.
            assert!(!left.contains("job"), "{name}: it is exported_job: {query}");
        }
    }
}

#[test]
fn every_query_is_about_metrics_that_docs_metrics_md_tells_of() {
    let page = fs::read_to_string(root().join("docs/metrics.md")).expect("run `make generate`");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` | "));
    let kinds: BTreeMap<&str, &str> = rows.filter_map(|(name, rest)| Some((name, rest.split(' ').next()?))).collect();
    assert!(kinds.len() > 40, "{kinds:?}");
    let is_told = |metric: &str| {
        let of_histogram = ["_bucket", "_sum", "_count"].into_iter().find_map(|end| metric.strip_suffix(end));
        metric == OF_PROMETHEUS
            || kinds.get(metric).is_some_and(|kind| *kind != "histogram")
            || of_histogram.is_some_and(|name| kinds.get(name) == Some(&"histogram"))
    };
    for (name, dashboard) in dashboards() {
        let mut queries = Vec::new();
        collect(&dashboard, &mut queries);
        for query in queries {
            let metrics = metrics(query);
            assert!(!metrics.is_empty(), "{name} asks nothing: {query}");
            for metric in metrics {
                assert!(is_told(metric), "{name}: nobody tells of {metric}: {query}");
            }
        }
    }
}

/// All that is asked of Prometheus: of panels, annotations and variables.
fn collect<'a>(value: &'a Value, queries: &mut Vec<&'a str>) {
    match value {
        Value::Object(map) => {
            let asked = ["expr", "definition"].into_iter().filter_map(|field| map.get(field)?.as_str());
            queries.extend(asked);
            map.values().for_each(|value| collect(value, queries));
        }
        Value::Array(list) => list.iter().for_each(|value| collect(value, queries)),
        _ => {}
    }
}

/// The metrics of a query: what stands before a brace, or is asked for its labels.
fn metrics(query: &str) -> Vec<&str> {
    let labels = query.strip_prefix("label_values(").and_then(|rest| rest.split([',', '{']).next());
    let braces = query.match_indices('{').map(|(end, _)| {
        let start = query[..end].rfind(|c: char| !c.is_ascii_alphanumeric() && c != '_').map_or(0, |at| at + 1);
        &query[start..end]
    });
    labels.into_iter().chain(braces).collect()
}
