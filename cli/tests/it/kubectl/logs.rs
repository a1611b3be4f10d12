//! What pods say, through the API server, from a node.

use std::process::Stdio;

use evolve_testkit::within;
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout};

use super::node::Node;
use super::world::{PATIENCE, World};

/// A bot without pods but those that a story makes.
async fn world() -> Option<(World, Node)> {
    let world = World::new().await?;
    world.bot("eva", json!({ "hibernated": true })).await;
    let node = Node::start(&world).await;
    Some((world, node))
}

fn follow(world: &World, arguments: &[&str]) -> (Child, Lines<BufReader<ChildStdout>>) {
    let mut child = world.command(arguments).stderr(Stdio::inherit()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    (child, lines)
}

#[track_caller]
fn next(lines: &mut Lines<BufReader<ChildStdout>>) -> impl Future<Output = String> {
    let place = std::panic::Location::caller();
    async move {
        let line = tokio::time::timeout(PATIENCE, lines.next_line()).await;
        line.unwrap_or_else(|_| panic!("{place}: no line comes")).unwrap().expect("it goes on")
    }
}

#[tokio::test]
async fn the_lines_of_all_pods_are_shown_with_their_pods_and_those_of_one_as_they_are() {
    let Some((world, node)) = world().await else { return };
    let nothing = world.evolve(&["logs", "eva"]).await;
    assert!(
        nothing.code == 1 && nothing.err.contains("there is no pod of eva (api, bot): it is hibernated"),
        "{nothing:?}"
    );
    node.pod(&world, "eva", "api", "eva-api-1").await;
    node.write("eva-api-1", "an old line");
    node.write("eva-api-1", r#"{"timestamp":"2026-03-01T03:30:00Z","level":"INFO","message":"served","status":200}"#);
    within(PATIENCE, "the pod runs", async || {
        let ran = world.evolve(&["logs", "eva", "--tail", "1"]).await;
        (ran.out
            == "{\"timestamp\":\"2026-03-01T03:30:00Z\",\"level\":\"INFO\",\"message\":\"served\",\"status\":200}\n")
            .then_some(())
            .ok_or(ran)
    })
    .await;
    let pretty = world.must(&["logs", "eva", "--pretty", "--tail", "1"]).await;
    assert_eq!(pretty, "2026-03-01T03:30:00Z INFO  served  status=200\n");

    node.pod(&world, "eva", "bot", "eva-bot-1").await;
    node.pod(&world, "eva", "migration", "eva-migrate-1").await;
    node.write("eva-bot-1", "from the bot");
    node.write("eva-migrate-1", "from the migration");
    within(PATIENCE, "both are shown", async || {
        let said = world.must(&["logs", "eva"]).await;
        let is_whole = said.contains("[api-1] an old line\n") && said.contains("[bot-1] from the bot\n");
        (is_whole && !said.contains("migration")).then_some(()).ok_or(said)
    })
    .await;
    within(PATIENCE, "the part that was asked for is shown", async || {
        let said = world.evolve(&["logs", "eva", "--part", "migration"]).await.out;
        (said.contains("from the migration\n") && !said.contains("from the bot")).then_some(()).ok_or(said)
    })
    .await;
}

#[tokio::test]
async fn what_a_container_said_before_it_was_started_again_is_shown() {
    let Some((world, node)) = world().await else { return };
    node.pod(&world, "eva", "api", "eva-api-1").await;
    within(PATIENCE, "there is none, and that is said", async || {
        let ran = world.evolve(&["logs", "eva", "--previous"]).await;
        (ran.err.contains("pod/eva-api-1 has no log (api)")).then_some(()).ok_or(ran)
    })
    .await;
    node.wrote_before("eva-api-1", "the last words");
    assert_eq!(world.must(&["logs", "eva", "--previous"]).await, "the last words\n");
}

#[tokio::test]
async fn while_it_follows_new_pods_are_followed_too_and_a_broken_connection_loses_and_repeats_nothing() {
    let Some((world, node)) = world().await else { return };
    node.pod(&world, "eva", "api", "eva-api-1").await;
    node.write("eva-api-1", "one");
    let (_child, mut lines) = follow(&world, &["logs", "eva", "-f"]);
    assert_eq!(next(&mut lines).await, "one");
    node.write("eva-api-1", "two");
    assert_eq!(next(&mut lines).await, "two");

    node.cut();
    node.write("eva-api-1", "three, while nobody was connected");
    assert_eq!(next(&mut lines).await, "three, while nobody was connected");
    within(PATIENCE, "it is connected again", async || node.followers() == 1).await;

    node.pod(&world, "eva", "bot", "eva-bot-1").await;
    node.write("eva-bot-1", "a new pod");
    assert_eq!(next(&mut lines).await, "[bot-1] a new pod");
    node.write("eva-api-1", "four");
    assert_eq!(next(&mut lines).await, "[api-1] four");
}

#[tokio::test]
async fn a_reader_that_has_gone_ends_it() {
    let Some((world, node)) = world().await else { return };
    node.pod(&world, "eva", "api", "eva-api-1").await;
    node.write("eva-api-1", "one");
    let (mut child, mut lines) = follow(&world, &["logs", "eva", "-f"]);
    assert_eq!(next(&mut lines).await, "one");
    drop(lines);
    within(PATIENCE, "it ends", async || {
        node.write("eva-api-1", "more");
        child.try_wait().unwrap().is_some()
    })
    .await;
}
