//! A real Prometheus, which `make setup` puts into `.tools/` of the checkout.

use std::{
    fs::File,
    io::Write as _,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use evolve_testkit::{process::free_port, within};
use serde_json::{Value, json};
use tokio::process::{Child, Command};

use super::root;

const PATIENCE: Duration = Duration::from_secs(60);

/// A process that is scraped, with the labels that Prometheus' operator gives to what a ServiceMonitor finds.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) namespace: &'static str,
    pub(super) service: &'static str,
    /// The part, where the ServiceMonitor is that of a bot, which is the first of both.
    pub(super) part: Option<(&'static str, &'static str)>,
    pub(super) port: u16,
}

/// A Prometheus that scrapes every second. It ends when this is dropped.
pub(super) struct Prometheus {
    url: String,
    _process: Child,
    _place: tempfile::TempDir,
}

impl Prometheus {
    /// Where the program is: in `.tools/` of the checkout, or the machine's own. What is `untold` without it is said.
    pub(super) fn program(untold: &str) -> Option<PathBuf> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let others = std::env::split_paths(&path).map(|directory| directory.join("prometheus"));
        let ours = root().join(".tools/prometheus/prometheus");
        let found = std::iter::once(ours).chain(others).find(|program| program.is_file());
        if found.is_none() {
            // Not `eprintln!`, which the test runner keeps to itself while all is well.
            writeln!(std::io::stderr(), "\nSKIPPED: {untold}. Run `make setup`, or install Prometheus.\n").unwrap();
        }
        found
    }

    /// Starts it, and waits until it answers.
    pub(super) async fn start(program: &Path, targets: &[Target]) -> Self {
        let place = tempfile::tempdir().unwrap();
        let at = |name: &str| place.path().join(name);
        // JSON is YAML, too.
        std::fs::write(at("prometheus.yaml"), configuration(targets).to_string()).unwrap();
        let log = File::create(at("log")).unwrap();
        let port = free_port().unwrap();
        let process = Command::new(program)
            .arg(format!("--config.file={}", at("prometheus.yaml").display()))
            .arg(format!("--storage.tsdb.path={}", at("data").display()))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .arg("--enable-feature=exemplar-storage")
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let this = Self { url: format!("http://127.0.0.1:{port}"), _process: process, _place: place };
        let ready = format!("{}/-/ready", this.url);
        within(PATIENCE, "Prometheus is ready", async || {
            reqwest::get(&ready).await.and_then(reqwest::Response::error_for_status)
        })
        .await;
        this
    }

    /// Why this returns no data; nothing where it does. A number that is none is no data.
    pub(super) async fn lacks(&self, expression: &str) -> Option<String> {
        let answer = match self.get("query", &[("query", expression)]).await {
            Ok(answer) => answer,
            Err(error) => return Some(error),
        };
        let result = &answer["data"]["result"];
        let samples = match answer["data"]["resultType"].as_str() {
            Some("scalar") => vec![&result[1]],
            _ => result.as_array().unwrap().iter().map(|series| &series["value"][1]).collect(),
        };
        if samples.is_empty() {
            return Some("nothing".to_owned());
        }
        samples.iter().all(|sample| *sample == "NaN").then(|| "what is no number".to_owned())
    }

    /// Why this label has no values among these series; nothing where it has.
    pub(super) async fn lacks_values(&self, label: &str, series: &str) -> Option<String> {
        match self.get(&format!("label/{label}/values"), &[("match[]", series)]).await {
            Ok(answer) if answer["data"].as_array().is_some_and(Vec::is_empty) => Some("nothing".to_owned()),
            Ok(_) => None,
            Err(error) => Some(error),
        }
    }

    async fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Value, String> {
        let url = format!("{}/api/v1/{path}", self.url);
        let answer = reqwest::Client::new().get(url).query(query).send().await.map_err(|error| error.to_string())?;
        let answer: Value = answer.json().await.map_err(|error| error.to_string())?;
        if answer["status"] == "success" { Ok(answer) } else { Err(answer["error"].to_string()) }
    }
}

fn configuration(targets: &[Target]) -> Value {
    let scraped = targets.iter().map(|target| {
        let mut labels = json!({
            "namespace": target.namespace,
            "service": target.service,
            "pod": format!("{}-6c9f7d5b8-x2x4z", target.service),
            "container": "evolve",
            "endpoint": "http",
        });
        if let Some((bot, part)) = target.part {
            labels["app_kubernetes_io_instance"] = json!(bot);
            labels["app_kubernetes_io_component"] = json!(part);
        }
        let address = format!("127.0.0.1:{}", target.port);
        json!({ "job_name": target.service, "static_configs": [{ "targets": [address], "labels": labels }] })
    });
    json!({
        "global": { "scrape_interval": "1s", "scrape_timeout": "1s" },
        "scrape_configs": scraped.collect::<Vec<_>>(),
    })
}
