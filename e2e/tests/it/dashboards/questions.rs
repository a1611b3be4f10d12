//! All that is asked of Prometheus: by dashboards, by alerts of bots and by those of the operator. Taken from where they are made,
//! so that none can be forgotten here.

use std::{io::Write as _, path::PathBuf, process::Command};

use evolve_operator::{EvolveBot, build::alerts};
use serde_json::{Value, json};

use super::{
    bots::{BOT, NAMESPACE},
    expression::needed,
    operators, root,
};

/// Metrics that others show than our processes, by how they begin, and who does.
const OF_OTHERS: [(&str, &str); 2] = [
    ("kube_", "kube-state-metrics shows it, of a cluster whose nodes are real"),
    ("certmanager_", "cert-manager shows it, where it is installed"),
];
/// What Grafana puts in for variables.
const VARIABLES: [(&str, &str); 6] = [
    ("$__rate_interval", "30s"),
    ("$__range", "5m"),
    ("$operator_namespace", operators::RELEASED_INTO),
    ("$namespace", NAMESPACE),
    ("$bot", BOT),
    ("$job", operators::NAME),
];

/// Something that must return data.
#[derive(Clone, Debug)]
pub(super) struct Question {
    /// The dashboard, or whose alerts.
    pub(super) of: String,
    /// The panel, the variable or the alert.
    pub(super) part: String,
    pub(super) asked: Asked,
    /// Whether only an operator can answer.
    pub(super) is_of_operator: bool,
}

#[derive(Clone, Debug)]
pub(super) enum Asked {
    /// What needs data of an expression.
    Expression(String),
    /// Values of a label among these series.
    Values(String, String),
}

impl Question {
    /// Who shows it that does not run here.
    pub(super) fn of_others(&self) -> Option<&'static str> {
        let Asked::Expression(expression) = &self.asked else { return None };
        OF_OTHERS.into_iter().find(|(prefix, _)| expression.contains(prefix)).map(|(_, who)| who)
    }
}

/// Every query of every dashboard, and every alert.
pub(super) fn all() -> Vec<Question> {
    let mut all: Vec<Question> = dashboards().iter().flat_map(of_dashboard).collect();
    all.extend(alerts::rules(&bot()).iter().flat_map(|rule| of_rule("alerts of a bot", rule, false)));
    all.extend(chart_rules().iter().flat_map(|rule| of_rule("alerts of the operator", rule, true)));
    all
}

fn dashboards() -> Vec<Value> {
    let files = std::fs::read_dir(root().join("charts/evolve/files")).unwrap();
    let mut paths: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()).collect()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn of_dashboard(dashboard: &Value) -> Vec<Question> {
    let of = dashboard["uid"].as_str().unwrap();
    let is_of_operator = of == "evolve-operator";
    let question = |part: &Value, asked| Question {
        of: of.to_owned(),
        part: part.as_str().unwrap().to_owned(),
        asked,
        is_of_operator,
    };
    let mut questions = Vec::new();
    let mut expression = |part: &Value, expression: &Value| {
        let expression = filled_in(expression.as_str().unwrap());
        questions.extend(
            needed(&expression).into_iter().map(|part_of| question(part, Asked::Expression(part_of.to_owned()))),
        );
    };
    for panel in list(&dashboard["panels"]) {
        list(&panel["targets"]).for_each(|target| expression(&panel["title"], &target["expr"]));
    }
    list(&dashboard["annotations"]["list"]).for_each(|note| expression(&note["name"], &note["expr"]));
    for variable in list(&dashboard["templating"]["list"]).filter(|variable| variable["type"] == "query") {
        let definition = filled_in(variable["definition"].as_str().unwrap());
        let inner = definition.strip_prefix("label_values(").and_then(|rest| rest.strip_suffix(')')).unwrap();
        let (series, label) = inner.rsplit_once(", ").unwrap();
        questions.push(question(&variable["name"], Asked::Values(label.to_owned(), series.to_owned())));
    }
    questions
}

fn filled_in(expression: &str) -> String {
    VARIABLES.into_iter().fold(expression.to_owned(), |expression, (name, value)| expression.replace(name, value))
}

fn of_rule(of: &str, rule: &Value, is_of_operator: bool) -> Vec<Question> {
    let name = rule["alert"].as_str().or_else(|| rule["record"].as_str()).unwrap();
    let parts = needed(rule["expr"].as_str().unwrap()).into_iter().map(|part| Question {
        of: of.to_owned(),
        part: name.to_owned(),
        asked: Asked::Expression(part.to_owned()),
        is_of_operator,
    });
    parts.collect()
}

/// The bot whose processes run, as somebody declares it who has its database copied.
fn bot() -> EvolveBot {
    let mut bot = EvolveBot::parse(include_str!("../../../../examples/smallest.yaml")).unwrap();
    bot.metadata.name = Some(BOT.to_owned());
    bot.metadata.namespace = Some(NAMESPACE.to_owned());
    bot.spec.backup =
        Some(serde_json::from_value(json!({ "schedule": "@daily", "volume": { "size": "1Gi" } })).unwrap());
    bot
}

/// The rules that the chart renders; none, loudly, where there is no Helm.
fn chart_rules() -> Vec<Value> {
    let installed = root().join(".tools/helm/bin/helm");
    let program = if installed.exists() { installed } else { PathBuf::from("helm") };
    let chart = root().join("charts/evolve");
    let rendered = Command::new(program)
        .args(["template", "evolve"])
        .arg(chart)
        .args(["--namespace", operators::RELEASED_INTO, "--kube-version", "1.34.0"])
        .args(["--set", "metrics.prometheusRule.enabled=true", "--show-only", "templates/prometheusrule.yaml"])
        .output();
    let Ok(rendered) = rendered else {
        writeln!(std::io::stderr(), "\nSKIPPED: alerts of the operator. Run `make setup` for Helm.\n").unwrap();
        return Vec::new();
    };
    assert!(rendered.status.success(), "{}", String::from_utf8_lossy(&rendered.stderr));
    let rule: Value = serde_yaml_ng::from_slice(&rendered.stdout).unwrap();
    list(&rule["spec"]["groups"]).flat_map(|group| list(&group["rules"])).cloned().collect()
}
