//! When Prometheus wakes somebody, by Prometheus' own `promtool`, which `make setup` puts into `.tools/` of the checkout.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use evolve_operator::EvolveBot;
use evolve_operator::build::alerts;
use rstest::rstest;
use serde_json::{Value, json};

const SUCCEEDED: &str = "kube_cronjob_status_last_successful_time";
const MADE: &str = "kube_cronjob_created";

fn bot(schedule: &str) -> EvolveBot {
    let mut bot = EvolveBot::parse(include_str!("../../../examples/smallest.yaml")).unwrap();
    bot.metadata.namespace = Some("companions".to_owned());
    bot.spec.backup =
        Some(serde_json::from_value(json!({ "schedule": schedule, "volume": { "size": "1Gi" } })).unwrap());
    bot
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

/// Asks promtool, in a world with these series, whether the alert is silent at one hour and tells at another.
fn judge(program: &Path, bot: &EvolveBot, series: &[(&str, u64)], silent: u64, loud: u64) {
    let rules = alerts::rules(bot);
    let rule = rules.iter().find(|rule| rule["alert"] == "EvolveBackupOld").unwrap();
    let labels = r#"{namespace="companions",cronjob="eva-backup",instance="one"}"#;
    let series = series.iter().map(|(name, hour)| {
        json!({ "series": format!("{name}{labels}"), "values": format!("{}x{}", hour * 3600, (loud + 1) * 6) })
    });
    let alert = json!({
        "exp_labels": { "severity": "warning", "namespace": "companions", "cronjob": "eva-backup" },
        "exp_annotations": rule["annotations"],
    });
    let at = |hour: u64, expected: Value| json!({ "eval_time": format!("{hour}h"), "alertname": "EvolveBackupOld", "exp_alerts": expected });
    let tests = json!({
        "rule_files": ["rules.yaml"],
        "evaluation_interval": "10m",
        "tests": [{
            "interval": "10m",
            "input_series": series.collect::<Vec<_>>(),
            "alert_rule_test": [at(silent, json!([])), at(loud, json!([alert]))],
        }],
    });
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
    let bot = bot(schedule);
    judge(&promtool, &bot, &[(MADE, 0), (SUCCEEDED, 2)], silent + 2, loud + 2);
    // There never was one, and there could have been since the schedule was made.
    judge(&promtool, &bot, &[(MADE, 3)], silent + 3, loud + 3);
}
