//! Which lines are written changes while the process runs. A process of its own: its subscriber is global.

use std::time::Duration;

use evolve_runtime::{
    errors::Errors,
    logs::{self, LogConfig, LogFormat},
    shutdown::Tasks,
    traces::Traces,
};

/// Waits, on a clock that stands still while anything is done, until this is so.
async fn until(is_so: impl Fn() -> bool) {
    let wait = async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    };
    assert!(
        tokio::time::timeout(Duration::from_secs(60), wait).await.is_ok(),
        "the file does not count within a minute"
    );
}

/// Waits until lines at DEBUG are written or not.
async fn debug_is(on: bool) {
    until(|| tracing::enabled!(target: "evolve_test", tracing::Level::DEBUG) == on).await;
}

/// Waits until lines at TRACE are written.
async fn trace_is_on() {
    until(|| tracing::enabled!(target: "evolve_test", tracing::Level::TRACE)).await;
}

#[tokio::test(start_paused = true)]
async fn a_file_changes_which_lines_are_written_and_taking_it_away_changes_them_back() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("log-level");
    let config = LogConfig { filter: "info".to_owned(), path: Some(path.clone()), format: LogFormat::Json };
    logs::init(&config, &Traces::default(), &Errors::default());
    let tasks = Tasks::new();
    logs::watch(&config, &tasks);
    assert!(!tracing::enabled!(target: "evolve_test", tracing::Level::DEBUG));
    std::fs::write(&path, "info,evolve_test=debug\n").unwrap();
    debug_is(true).await;
    assert!(!tracing::enabled!(target: "hyper", tracing::Level::DEBUG));
    std::fs::remove_file(&path).unwrap();
    debug_is(false).await;
    // Only how it begins is read: what stands there may be far too long.
    std::fs::write(&path, format!("debug{}=nothing=", " ".repeat(10_000))).unwrap();
    debug_is(true).await;
    // Of libraries nobody has spoken.
    assert!(tracing::enabled!(target: "hyper", tracing::Level::INFO));
    assert!(!tracing::enabled!(target: "hyper", tracing::Level::DEBUG));
    // What is named counts, and so does what is said of a part of ours.
    std::fs::write(&path, "kube_client=debug,evolve_quiet=warn,TRACE").unwrap();
    trace_is_on().await;
    assert!(!tracing::enabled!(target: "evolve_quiet", tracing::Level::INFO));
    assert!(!tracing::enabled!(target: "hyper", tracing::Level::DEBUG));
    assert!(tracing::enabled!(target: "kube_client::client::builder", tracing::Level::DEBUG));
    // It would write whole answers down, Secrets among them, when it cannot read one.
    assert!(!tracing::enabled!(target: "kube_client::client", tracing::Level::WARN));
    tasks.stop(std::future::pending()).await.unwrap();
}
