//! Helm itself. `make setup` puts it into `.tools/` of the checkout; one in PATH is as good.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use tokio::process::Command;

/// The oldest Kubernetes that the chart takes, for what is rendered without a cluster.
const KUBERNETES: &str = "1.34.0";

/// Where Helm keeps its own files: not in the home of whoever runs the tests.
static HOME: LazyLock<tempfile::TempDir> = LazyLock::new(|| tempfile::tempdir().unwrap());

/// The repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The chart.
pub(super) fn chart() -> String {
    root().join("charts/evolve").display().to_string()
}

/// A copy of the chart that does not ask which version Kubernetes is of.
pub(super) fn chart_for_any_version() -> String {
    static COPY: LazyLock<tempfile::TempDir> = LazyLock::new(|| {
        let copy = tempfile::tempdir().unwrap();
        copy_directory(Path::new(&chart()), &copy.path().join("evolve"));
        let file = copy.path().join("evolve/Chart.yaml");
        let text = fs::read_to_string(&file).unwrap();
        let lines: Vec<_> = text.lines().filter(|line| !line.starts_with("kubeVersion:")).collect();
        fs::write(file, lines.join("\n")).unwrap();
        copy
    });
    COPY.path().join("evolve").display().to_string()
}

fn copy_directory(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_directory(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Runs Helm: what it printed, or what it complained about.
pub(super) async fn helm(arguments: &[&str]) -> Result<String, String> {
    let installed = root().join(".tools/helm/bin/helm");
    let program = if installed.exists() { installed } else { PathBuf::from("helm") };
    let mut command = Command::new(program);
    for (name, place) in [("HELM_CACHE_HOME", "cache"), ("HELM_CONFIG_HOME", "config"), ("HELM_DATA_HOME", "data")] {
        command.env(name, HOME.path().join(place));
    }
    let output = command.args(arguments).output().await.expect("there is no Helm: run `make setup`");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stdout) + &text(output.stderr)) }
}

/// What the chart renders with these further arguments, for a release `evolve` in the namespace `ops`.
pub(crate) async fn template(arguments: &[&str]) -> Result<String, String> {
    let chart = chart();
    let fixed = ["template", "evolve", &chart, "--namespace", "ops", "--kube-version", KUBERNETES];
    helm(&[&fixed, arguments].concat()).await
}

/// What is said after an installation with these further arguments. Helm itself says it to who has a cluster only; so in a
/// copy of the chart, it is what a template renders.
pub(super) async fn notes(arguments: &[&str]) -> String {
    static COPY: LazyLock<tempfile::TempDir> = LazyLock::new(|| {
        let copy = tempfile::tempdir().unwrap();
        copy_directory(Path::new(&chart()), &copy.path().join("evolve"));
        let templates = copy.path().join("evolve/templates");
        let text = fs::read_to_string(templates.join("NOTES.txt")).unwrap();
        fs::write(templates.join("_notes.tpl"), format!("{{{{- define \"notes\" -}}}}{text}{{{{- end -}}}}")).unwrap();
        fs::write(templates.join("notes.yaml"), "notes: {{ include \"notes\" . | toJson }}").unwrap();
        copy
    });
    let chart = COPY.path().join("evolve").display().to_string();
    let fixed = ["template", "evolve", &chart, "--namespace=ops", "--show-only=templates/notes.yaml", "--kube-version"];
    let rendered = helm(&[&fixed, [KUBERNETES].as_slice(), arguments].concat()).await.unwrap();
    let rendered: serde_json::Value = serde_yaml_ng::from_str(&rendered).unwrap();
    rendered["notes"].as_str().unwrap().to_owned()
}

/// `helm lint --strict` with these further arguments.
pub(super) async fn lint(arguments: &[&str]) -> Result<String, String> {
    let chart = chart();
    helm(&[&["lint", "--strict", &chart, "--kube-version", KUBERNETES], arguments].concat()).await
}
