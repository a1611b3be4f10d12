//! The keys that are made for a bot, and the one that must not be lost.

use evolve_operator::EvolveBot;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use kube::api::{DeleteParams, Patch, PatchParams};
use kube::{Api, ResourceExt as _};
use serde_json::json;

use super::world::World;

const KEYS: &str = "eva-keys";
const KEPT: &str = "eva-encryption-key";

/// The entry of a Secret, as soon as it is there with an entry that `accepts` takes.
async fn entry(world: &World, secret: &str, name: &str, accepts: impl Fn(&ByteString) -> bool) -> ByteString {
    let entry = |secret: &Secret| secret.data.as_ref()?.get(name).cloned().filter(|value| accepts(value));
    world.until_seen(secret, &format!("{secret} has {name}"), entry).await
}

#[tokio::test]
async fn a_deleted_secret_comes_back_with_the_same_encryption_key() {
    let Some(world) = World::new().await else { return };
    let _operator = world.operator("one").await;
    world.secret("eva").await;
    world.bot("eva", json!({})).await;
    let encryption = entry(&world, KEYS, "ENCRYPTION_KEY", |_| true).await;
    let jwt = entry(&world, KEYS, "JWT_SECRET", |_| true).await;
    world.delete::<Secret>(KEYS).await;
    entry(&world, KEYS, "JWT_SECRET", |new| *new != jwt).await;
    assert_eq!(entry(&world, KEYS, "ENCRYPTION_KEY", |_| true).await, encryption);
    world.delete::<Secret>(KEPT).await;
    assert_eq!(entry(&world, KEPT, "ENCRYPTION_KEY", |_| true).await, encryption);
}

#[tokio::test]
async fn a_bot_that_is_made_anew_gets_the_encryption_key_of_its_database_back() {
    let Some(world) = World::new().await else { return };
    let _operator = world.operator("one").await;
    world.secret("eva").await;
    let first = world.bot("eva", json!({})).await;
    let encryption = entry(&world, KEYS, "ENCRYPTION_KEY", |_| true).await;
    let bots: Api<EvolveBot> = world.api();
    bots.delete("eva", &DeleteParams::foreground()).await.unwrap();
    evolve_testkit::within(std::time::Duration::from_secs(60), "the bot is gone", async || {
        bots.get_opt("eva").await.unwrap().map_or(Ok(()), Err)
    })
    .await;
    let second = world.bot("eva", json!({})).await;
    assert_ne!(first.uid(), second.uid());
    assert_eq!(entry(&world, KEYS, "ENCRYPTION_KEY", |_| true).await, encryption);
}

#[tokio::test]
async fn a_key_that_somebody_rotates_is_kept_as_the_new_one_and_the_one_before_it_is_not_lost() {
    let Some(world) = World::new().await else { return };
    let _operator = world.operator("one").await;
    world.secret("eva").await;
    world.bot("eva", json!({})).await;
    let before = entry(&world, KEYS, "ENCRYPTION_KEY", |_| true).await;
    let rotated = json!({ "stringData": { "ENCRYPTION_KEY": "another" } });
    let secrets: Api<Secret> = world.api();
    secrets.patch(KEYS, &PatchParams::default(), &Patch::Merge(rotated)).await.unwrap();
    entry(&world, KEPT, "ENCRYPTION_KEY", |value| value.0 == b"another").await;
    let old = world
        .until_seen(KEPT, "the key before it is kept, too", |secret: &Secret| {
            let mut entries = secret.data.iter().flatten();
            let (_, old) = entries.find(|(name, _)| name.starts_with("ENCRYPTION_KEY_BEFORE_"))?;
            Some(old.clone())
        })
        .await;
    assert_eq!(old, before);
}
