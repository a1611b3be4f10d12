//! What a container's health check is told.

use axum::{Router, http::StatusCode, routing::get};
use evolve_testkit::process::free_port;

use crate::world::{Ran, World};

async fn probe(world: &World, url: &str) -> Ran {
    let command = tokio::process::Command::from(world.command(&["probe", url])).output().await;
    Ran::from(command.unwrap())
}

#[tokio::test]
async fn a_probe_fails_where_a_process_is_not_ready_and_says_what_it_was_told() {
    let world = World::new();
    let routes = Router::new()
        .route("/health", get(async || "{}"))
        .route("/ready", get(async || (StatusCode::SERVICE_UNAVAILABLE, "the database is away")));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move { axum::serve(listener, routes).await });

    let well = probe(&world, &format!("http://{address}/health")).await;
    assert!(well.succeeded && well.said.is_empty(), "{}", well.said);
    let unwell = probe(&world, &format!("http://{address}/ready")).await;
    assert!(!unwell.succeeded, "503 is not well");
    assert!(unwell.said.contains("503") && unwell.said.contains("the database is away"), "{}", unwell.said);
    server.abort();
}

#[tokio::test]
async fn a_probe_of_nobody_fails() {
    let world = World::new();
    let url = format!("http://127.0.0.1:{}/ready", free_port().unwrap());
    let ran = probe(&world, &url).await;
    assert!(!ran.succeeded && ran.said.contains(&format!("{url} does not answer")), "{}", ran.said);
}
