//! When Prometheus wakes somebody, by Prometheus' own `promtool`, which `make setup` puts into `.tools/` of the checkout.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use evolve_operator::EvolveBot;
use evolve_operator::build::alerts;
use rstest::rstest;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::chart::helm::{root, template};

const SUCCEEDED: &str = "kube_cronjob_status_last_successful_time";
const MADE: &str = "kube_cronjob_created";

/// An entry of `worlds.yaml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct World {
    /// What the alert has besides the labels that the rule gives it.
    #[serde(default)]
    labels: BTreeMap<String, String>,
    well: BTreeMap<String, String>,
    broken: BTreeMap<String, String>,
    silent: String,
    loud: String,
}

impl World {
    fn all() -> BTreeMap<String, Self> {
        serde_yaml_ng::from_str(include_str!("worlds.yaml")).unwrap()
    }

    /// What promtool is to find of `rule`.
    fn tests(&self, rule: &Value) -> [Value; 2] {
        let loud = told(rule, &self.labels);
        [(&self.well, json!([])), (&self.broken, json!([loud]))].map(|(series, expected)| {
            let series = series.iter().map(|(name, values)| json!({ "series": series_of(name), "values": values }));
            json!({
                "interval": "1m",
                "input_series": series.collect::<Vec<_>>(),
                "alert_rule_test": [at(rule, &self.silent, json!([])), at(rule, &self.loud, expected)],
            })
        })
    }
}

fn series_of(name: &str) -> String {
    name.replace("$api", r#"namespace="companions",service="eva-api""#)
        .replace("$bot", r#"namespace="companions",service="eva-bot""#)
        .replace("$operator", r#"job="evolve-operator",namespace="ops""#)
}

fn at(rule: &Value, time: &str, expected: Value) -> Value {
    json!({ "eval_time": time, "alertname": rule["alert"], "exp_alerts": expected })
}

/// The alert as a person gets it, of a series with these labels.
fn told(rule: &Value, labels: &BTreeMap<String, String>) -> Value {
    let fill = |value: &Value| {
        let text = value.as_str().unwrap().to_owned();
        labels.iter().fold(text, |text, (name, value)| text.replace(&format!("{{{{ $labels.{name} }}}}"), value))
    };
    let filled = |place: &str| -> BTreeMap<String, String> {
        rule[place].as_object().unwrap().iter().map(|(name, value)| (name.clone(), fill(value))).collect()
    };
    let mut all = labels.clone();
    all.extend(filled("labels"));
    json!({ "exp_labels": all, "exp_annotations": filled("annotations") })
}

fn bot(schedule: &str) -> EvolveBot {
    let mut bot = EvolveBot::parse(include_str!("../../../../examples/smallest.yaml")).unwrap();
    bot.metadata.namespace = Some("companions".to_owned());
    bot.spec.backup =
        Some(serde_json::from_value(json!({ "schedule": schedule, "volume": { "size": "1Gi" } })).unwrap());
    bot
}

/// The rules that the chart has, as it renders them with these further arguments.
async fn of_the_chart(further: &[&str]) -> Vec<Value> {
    let fixed = ["--show-only=templates/prometheusrule.yaml", "--set=metrics.prometheusRule.enabled=true"];
    let rendered = template(&[&fixed, further].concat()).await.unwrap();
    let object: Value = serde_yaml_ng::from_str(&rendered).unwrap();
    object["spec"]["groups"][0]["rules"].as_array().unwrap().clone()
}

/// Those about a bot, and those about the operator.
async fn all() -> Vec<Value> {
    [alerts::rules(&bot("30 3 * * *")), of_the_chart(&[]).await].concat()
}

fn name(rule: &Value) -> &str {
    rule["alert"].as_str().unwrap()
}

fn promtool() -> Option<PathBuf> {
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).parent()?.join(".tools/prometheus/promtool");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let others = std::env::split_paths(&path).map(|directory| directory.join("promtool"));
    let found = std::iter::once(ours).chain(others).find(|program| program.is_file());
    if found.is_none() {
        // Not `eprintln!`: what a passing test prints with that, nobody sees.
        let _ =
            writeln!(std::io::stderr(), "\nSKIPPED: alerts by promtool. Run `make setup`, or install Prometheus.\n");
    }
    found
}

/// Has promtool judge these rules in these worlds.
#[track_caller]
fn judge(program: &Path, rules: &[Value], interval: &str, tests: &[Value]) {
    let tests = json!({ "rule_files": ["rules.yaml"], "evaluation_interval": interval, "tests": tests });
    let place = tempfile::tempdir().unwrap();
    let write = |name: &str, content: &Value| {
        std::fs::write(place.path().join(name), serde_yaml_ng::to_string(content).unwrap()).unwrap();
    };
    write("rules.yaml", &json!({ "groups": [{ "name": "eva", "rules": rules }] }));
    write("tests.yaml", &tests);
    let output =
        Command::new(program).args(["test", "rules", "tests.yaml"]).current_dir(place.path()).output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}\n{tests:#}");
}

#[tokio::test]
async fn each_alert_is_silent_while_all_is_well_and_tells_as_soon_as_it_has_lasted() {
    let Some(promtool) = promtool() else { return };
    let worlds = World::all();
    let rules = all().await;
    let tests: Vec<Value> = rules.iter().flat_map(|rule| worlds[name(rule)].tests(rule)).collect();
    judge(&promtool, &rules, "1m", &tests);
}

#[tokio::test]
async fn no_alert_is_without_a_world_a_severity_and_a_page_that_says_what_to_do() {
    let rules = all().await;
    let names: BTreeSet<_> = rules.iter().map(name).collect();
    assert_eq!(names.len(), rules.len(), "two alerts have one name");
    let worlds = World::all();
    assert_eq!(names, worlds.keys().map(String::as_str).collect::<BTreeSet<_>>(), "worlds.yaml has others");
    let guide = std::fs::read_to_string(root().join("docs/troubleshooting.md")).unwrap();
    let headings: BTreeSet<_> =
        guide.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim()).collect();
    for rule in &rules {
        let (name, told) = (name(rule), &rule["annotations"]);
        assert!(["critical", "warning"].map(Value::from).contains(&rule["labels"]["severity"]), "{name}");
        for annotation in ["summary", "description"] {
            assert!(told[annotation].as_str().is_some_and(|text| text.len() > 10), "{name} has no {annotation}");
        }
        let page =
            format!("https://github.com/evolveai/evolve/blob/main/docs/troubleshooting.md#{}", name.to_lowercase());
        assert_eq!(told["runbook_url"], page.as_str());
        assert!(headings.contains(name), "docs/troubleshooting.md has no heading {name}");
    }
}

#[tokio::test]
async fn runbooks_may_be_somebody_elses() {
    const OURS: &str = "https://wiki.example.org/alerts";
    let mut eva = bot("@daily");
    eva.spec.observability.alerts.runbook_url = Some(OURS.to_owned());
    let set = format!("--set=metrics.prometheusRule.runbookUrl={OURS}");
    for rule in [alerts::rules(&eva), of_the_chart(&[&set]).await].concat() {
        assert_eq!(rule["annotations"]["runbook_url"], format!("{OURS}#{}", name(&rule).to_lowercase()).as_str());
    }
}

#[test]
fn whoever_names_the_page_of_runbooks_asks_prometheus_nothing() {
    let mut eva = bot("@daily");
    eva.spec.observability.alerts.runbook_url = Some(r#"https://wiki.example.org/{{"up"|query}}"#.to_owned());
    for rule in alerts::rules(&eva) {
        let page = format!(r##"https://wiki.example.org/%7B%7B"up"|query%7D%7D#{}"##, name(&rule).to_lowercase());
        assert_eq!(rule["annotations"]["runbook_url"], page.as_str());
    }
}

#[test]
fn alerts_of_two_bots_are_not_taken_for_one() {
    for rule in alerts::rules(&bot("@daily")) {
        assert_eq!((&rule["labels"]["namespace"], &rule["labels"]["bot"]), (&json!("companions"), &json!("eva")));
    }
}

#[test]
fn memory_is_told_of_by_the_limit_that_a_part_has_and_not_where_it_has_none() {
    let expression = |resources: Value| {
        let mut eva = bot("@daily");
        eva.spec.api.pod.resources = Some(serde_json::from_value(resources).unwrap());
        let rules = alerts::rules(&eva);
        let rule = rules.iter().find(|rule| name(rule) == "EvolveMemoryNearlyUsedUp").unwrap();
        rule["expr"].as_str().unwrap().to_owned()
    };
    let own = expression(json!({ "limits": { "memory": "1Gi" } }));
    assert!(own.contains(r#"service="eva-api"}) > 966367641 or "#), "{own}");
    let without = expression(json!({ "requests": { "memory": "64Mi" } }));
    assert!(!without.contains("eva-api") && without.ends_with("> 241591910"), "{without}");
}

#[rstest]
#[case("@hourly", 8, 10)]
#[case("30 3 * * *", 31, 33)]
#[case("0 2 * * 1-5", 79, 81)]
#[case("@weekly", 175, 177)]
#[case("@monthly", 751, 753)]
fn a_copy_is_too_old_when_its_own_schedule_should_have_made_another(
    #[case] schedule: &str,
    #[case] silent: u64,
    #[case] loud: u64,
) {
    let Some(promtool) = promtool() else { return };
    let rules = alerts::rules(&bot(schedule));
    let rule = rules.iter().find(|rule| name(rule) == "EvolveBackupOld").unwrap();
    // Each at its hour; when it is silent, and when it tells.
    let test = |series: &[(&str, u64)], later: u64| {
        let labels = r#"{namespace="companions",cronjob="eva-backup",instance="one"}"#;
        let series = series.iter().map(|(name, hour)| {
            json!({ "series": format!("{name}{labels}"), "values": format!("{}x{}", hour * 3600, (loud + later + 1) * 6) })
        });
        let expected = json!([told(rule, &BTreeMap::new())]);
        json!({
            "interval": "10m",
            "input_series": series.collect::<Vec<_>>(),
            "alert_rule_test": [
                at(rule, &format!("{}h", silent + later), json!([])),
                at(rule, &format!("{}h", loud + later), expected),
            ],
        })
    };
    // There never was one, and there could have been since the schedule was made.
    judge(&promtool, &rules, "10m", &[test(&[(MADE, 0), (SUCCEEDED, 2)], 2), test(&[(MADE, 3)], 3)]);
}
