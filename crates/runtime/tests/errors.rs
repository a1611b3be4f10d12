//! Errors are told to Sentry, and nothing of people with them. A process of its own: its subscriber is global.

use std::time::Duration;

use axum::{Router, extract::State, routing::post};
use evolve_runtime::{
    errors::{ErrorConfig, Errors},
    http,
    logs::{self, LogConfig, LogFormat},
    shutdown::Tasks,
    traces::Traces,
};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

const SAID: &str = "marmaladeconfession";
const PERSON: i64 = 734_002_117;

async fn take(State(envelopes): State<UnboundedSender<String>>, body: String) {
    // The test that listens may be over.
    let _ = envelopes.send(body);
}

#[tokio::test]
async fn sentry_hears_of_an_error_with_its_codes_and_without_a_word_of_anybody() {
    let (sender, mut envelopes) = unbounded_channel();
    let listener = http::bind(([127, 0, 0, 1], 0).into()).await.unwrap();
    let address = listener.local_addr().unwrap();
    let tasks = Tasks::new();
    http::serve(&tasks, listener, Router::new().route("/api/7/envelope/", post(take)).with_state(sender));
    let dsn = Some(format!("http://public@{address}/7").into());
    let errors = Errors::start(&ErrorConfig { dsn, environment: "test".to_owned() }).unwrap();
    // Errors are told whatever the log shows.
    let lines = LogConfig { filter: "off".to_owned(), path: None, format: LogFormat::Json };
    logs::init(&lines, &Traces::default(), &errors);
    logs::hide_what_panics_say();

    tracing::error!(target: "hyper", "of another crate");
    tracing::warn!(target: "evolve_test", "no error");
    tracing::error!(
        target: "evolve_test",
        reason = "not_stored",
        attempt = 3,
        update_id = 77,
        user_id = PERSON,
        telegram_id = PERSON,
        from = PERSON,
        kind = format!("two words, one of them {SAID}"),
        outcome = format!("https://example.org/{SAID}"),
        detail = SAID,
        error = %SAID,
        request = ?[SAID],
        "an update failed"
    );
    // It is told by itself. What comes last has two seconds, in which a busy machine may not do both.
    let first = tokio::time::timeout(Duration::from_secs(60), envelopes.recv()).await;
    assert!(std::thread::spawn(|| panic!("{SAID}")).join().is_err());
    // So that what fails below is said.
    drop(std::panic::take_hook());
    errors.finish().await;

    let mut told = vec![first.unwrap().unwrap()];
    while let Ok(envelope) = envelopes.try_recv() {
        told.push(envelope);
    }
    let whole = told.concat();
    assert_eq!(told.iter().filter(|envelope| envelope.contains("\"event_id\"")).count(), 2, "{whole}");
    for part in [
        "an update failed",
        "\"reason\":\"not_stored\"",
        "\"attempt\":\"3\"",
        "\"update_id\":\"77\"",
        "\"logger\":\"evolve_test\"",
        "\"a panic\"",
        "tests/errors.rs:",
    ] {
        assert!(whole.contains(part), "no {part} in {whole}");
    }
    for private in [SAID, "734002117", "of another crate", "no error"] {
        assert!(!whole.contains(private), "{private} in {whole}");
    }
}

#[test]
fn what_is_no_dsn_is_said_when_the_configuration_is_read() {
    let mut env = evolve_runtime::config::Reader::from_values([("SENTRY_DSN", "sentry")]);
    let config = ErrorConfig::read(&mut env);
    let problems = env.finish(config).unwrap_err().to_string();
    assert!(problems.contains("SENTRY_DSN is not the address of a Sentry project"), "{problems}");
}
