//! The network and the API server fail, and the operator is there again when they are.

use std::time::Duration;

use axum::http::StatusCode;
use evolve_operator::EvolveBot;
use evolve_operator::controller::config::Timing;
use evolve_operator::controller::leader::Election;
use evolve_testkit::proxy::CountingProxy;
use evolve_testkit::within;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Service;
use kube::Config;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::gateway::Gateway;
use super::world::{Operator, World};

/// Of somebody who notices soon.
fn impatient() -> Timing {
    Timing {
        look_again: Duration::from_secs(60),
        watch_seconds: 1,
        stuck: Duration::from_secs(12),
        answer: Duration::from_secs(2),
        ..Timing::default()
    }
}

/// The way through `proxy`.
fn through(proxy: &CountingProxy, config: Config) -> Config {
    let mut config = config;
    config.cluster_url = proxy.url().parse().unwrap();
    config
}

async fn health(operator: &Operator) -> (u16, String) {
    let answer = reqwest::get(format!("http://{}/healthz", operator.address)).await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

async fn proxy(world: &World) -> CountingProxy {
    CountingProxy::plain(&world.config().cluster_url.to_string()).await.unwrap()
}

#[tokio::test]
async fn watches_whose_connections_died_without_a_word_begin_anew_and_see_what_they_missed() {
    let Some(world) = World::new().await else { return };
    let proxy = proxy(&world).await;
    let operator = world.operator_by("one", through(&proxy, world.config()), impatient()).await;
    world.secret("eva").await;
    world.bot("eva", json!({})).await;
    world.until("eva", "RolledOut", "True").await;
    proxy.silence();
    world.delete::<Service>("eva-api").await;
    world.until_seen("eva-api", "the Service is back", |_: &Service| Some(())).await;
    assert_eq!(health(&operator).await.0, 200);
}

#[tokio::test]
async fn quiet_watches_are_healthy_and_stuck_ones_are_not_until_they_move_again() {
    let Some(world) = World::new().await else { return };
    let proxy = proxy(&world).await;
    // Whoever leads ends when the network does; those that wait watch on.
    let lease = Election {
        namespace: world.namespace.clone(),
        name: "evolve-operator".to_owned(),
        identity: "somebody".to_owned(),
        duration: Duration::from_secs(600),
    };
    let _leader = lease.win(world.client.clone(), &CancellationToken::new()).await.unwrap();
    let timing = Timing { stuck: Duration::from_secs(5), ..impatient() };
    let operator = world.operator_by("one", through(&proxy, world.config()), timing).await;
    within(Duration::from_secs(30), "its caches are filled", async || {
        reqwest::get(format!("http://{}/readyz", operator.address)).await.unwrap().status() == 200
    })
    .await;
    // Nothing changes in this namespace. For longer than what counts as stuck, nobody is.
    let begun = std::time::Instant::now();
    within(Duration::from_secs(30), "it was quiet for long enough", async || {
        assert_eq!(health(&operator).await, (200, r#"{"healthy":true,"stuckWatches":[]}"#.to_owned()));
        begun.elapsed() > 2 * timing.stuck
    })
    .await;
    proxy.stall();
    let watch = format!("deployments/{}", world.namespace);
    within(Duration::from_secs(60), "it is unhealthy, and says what is stuck", async || {
        let (status, said) = health(&operator).await;
        if status == 503 && said.contains(&watch) { Ok(()) } else { Err(said) }
    })
    .await;
    proxy.restore();
    within(Duration::from_secs(60), "it is healthy again", async || health(&operator).await.0 == 200).await;
}

#[tokio::test]
async fn an_api_server_that_is_overloaded_for_a_while_is_asked_less_and_less_and_then_all_is_well() {
    let Some(world) = World::new().await else { return };
    let gateway = Gateway::before(&world.client).await;
    let operator = world.operator_by("one", gateway.config(), Timing::default()).await;
    world.secret("eva").await;
    world.bot("eva", json!({})).await;
    world.until("eva", "RolledOut", "True").await;
    for status in [StatusCode::TOO_MANY_REQUESTS, StatusCode::INTERNAL_SERVER_ERROR] {
        gateway.answer(status);
        let (passes, refused) = (operator.metrics.passes(), gateway.refused());
        world.patch::<EvolveBot>("eva", json!({ "spec": { "version": status.as_str() } })).await;
        within(Duration::from_secs(60), "three passes have failed", async || operator.metrics.passes() >= passes + 3)
            .await;
        let asked = gateway.refused() - refused;
        assert!(asked < 120, "{asked} calls in three passes are a flood");
        gateway.forward();
        world.until("eva", "RolledOut", "True").await;
        let image = world.api::<Deployment>().get("eva-api").await.unwrap().spec.unwrap().template.spec.unwrap();
        assert_eq!(image.containers[0].image, Some(format!("evolve.test/evolve:{}", status.as_str())));
    }
}
