//! The stages, in the order of the report.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use evolve_operator::EvolveBot;
use evolve_operator::controller::kinds::Kind;
use evolve_testkit::within;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use k8s_openapi::api::events::v1::Event;
use kube::ResourceExt as _;
use kube::api::{DeleteParams, ListParams};
use serde_json::json;

use crate::promises::Promises;
use crate::replica::Replica;
use crate::world::{World, holds};

const A_SECOND: Duration = Duration::from_secs(1);
/// What the measured thing may take at most before it counts as never.
const NEVER: Duration = Duration::from_secs(30);
/// How many are changed in the middle of which the leader is killed.
const CHANGED: usize = 50;

/// Many bots at once.
pub(crate) async fn converge(
    world: &World,
    bots: usize,
    leader: &Replica,
    promises: &mut Promises,
) -> anyhow::Result<()> {
    let begun = Instant::now();
    stream::iter(0..bots)
        .map(|number| async move { world.bot(&format!("bot-{number}"), "shared", json!({})).await })
        .buffer_unordered(16)
        .try_collect::<Vec<_>>()
        .await?;
    promises.note(&format!("{bots} bots made"), format!("{:.1} s", begun.elapsed().as_secs_f64()));
    world.until_all_are_rolled_out(Duration::from_secs(900)).await?;
    promises.note(&format!("{bots} bots rolled out"), format!("{:.1} s", begun.elapsed().as_secs_f64()));
    let counts = leader.until_it_rests().await?;
    promises
        .note("  writes, reads and passes until then", format!("{} {} {}", counts.writes, counts.reads, counts.passes));
    promises.note("  memory of the leader", format!("{} MiB", leader.memory().unwrap_or_default()));
    Ok(())
}

/// Each kind of object that a bot owns, one after the other.
pub(crate) async fn delete(world: &World, rounds: usize, promises: &mut Promises) -> anyhow::Result<()> {
    let everything = json!({
        "api": { "autoscaling": { "maxReplicas": 4 } },
        "telegram": { "mode": "webhook", "webhook": { "host": "bots.example.org" } },
        "backup": { "volume": { "size": "1Gi" } },
    });
    let bot = world.bot("everything", "shared", everything).await?;
    world.until_all_are_rolled_out(NEVER).await?;
    let uid = bot.uid().context("a stored bot has a UID")?;
    let selector = ListParams::default().labels("app.kubernetes.io/instance=everything");
    let (mut times, mut kinds) = (Vec::new(), 0);
    for kind in
        Kind::OPERANDS.into_iter().filter(|kind| !kind.is_optional() && !matches!(kind, Kind::ReplicaSet | Kind::Pod))
    {
        let mut of_kind = Vec::new();
        for _ in 0..rounds {
            let params = if kind == Kind::Secret { ListParams::default() } else { selector.clone() };
            let all = world.api_of(kind).list(&params).await?;
            let is_ours = |object: &kube::api::DynamicObject| {
                kind.outlives_bot() || object.owner_references().iter().any(|owner| owner.uid == uid)
            };
            let Some(object) = all.into_iter().find(is_ours) else { break };
            of_kind.push(until_back(world, kind, &object).await?);
        }
        kinds += usize::from(!of_kind.is_empty());
        promises.expect_times(&format!("  a deleted {} is back", kind.name()), &of_kind, A_SECOND);
        times.extend(of_kind);
    }
    promises.expect_times(&format!("a deleted object is back ({kinds} kinds)"), &times, A_SECOND);
    world.until_all_are_rolled_out(NEVER).await?;
    Ok(())
}

async fn until_back(world: &World, kind: Kind, object: &kube::api::DynamicObject) -> anyhow::Result<Duration> {
    let (api, name) = (world.api_of(kind), object.name_any());
    let begun = Instant::now();
    api.delete(&name, &DeleteParams::background()).await?;
    within(NEVER, &format!("the {} {name} is back", kind.name()), async || {
        let found = api.get_opt(&name).await.ok().flatten();
        found.filter(|found| found.uid() != object.uid() && found.metadata.deletion_timestamp.is_none())
    })
    .await;
    Ok(begun.elapsed())
}

/// The name of a Secret is wrong, and then the Secret is made.
pub(crate) async fn misspell(world: &World, rounds: usize, promises: &mut Promises) -> anyhow::Result<()> {
    let (mut conditions, mut events, mut resolved, mut ready) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for round in 0..rounds {
        let (name, secret) = (format!("typo-{round}"), format!("misspelt-{round}"));
        let begun = Instant::now();
        world.bot(&name, &secret, json!({})).await?;
        let until = async |condition: &str, status: &str| {
            within(NEVER, &format!("{condition} is {status}"), async || {
                world.api::<EvolveBot>().get(&name).await.is_ok_and(|bot| holds(&bot, condition, status))
            })
            .await;
        };
        until("ReferencesResolved", "False").await;
        conditions.push(begun.elapsed());
        within(NEVER, "an event says it", async || {
            let listed =
                world.api::<Event>().list(&ListParams::default().fields(&format!("regarding.name={name}"))).await;
            listed.is_ok_and(|events| events.iter().any(|event| event.reason.as_deref() == Some("NotFound")))
        })
        .await;
        events.push(begun.elapsed());
        let begun = Instant::now();
        world.secret(&secret).await?;
        until("ReferencesResolved", "True").await;
        resolved.push(begun.elapsed());
        until("RolledOut", "True").await;
        ready.push(begun.elapsed());
    }
    promises.expect_times("a wrong name of a Secret is a condition", &conditions, A_SECOND);
    promises.expect_times("a wrong name of a Secret is an event", &events, A_SECOND);
    promises.expect_times("mended, it is no longer wrong", &resolved, A_SECOND);
    promises.expect_times("mended, the bot is migrated and rolled out", &ready, NEVER);
    Ok(())
}

/// SIGKILL in the middle of rollouts.
pub(crate) async fn kill_the_leader(
    world: &World,
    leader: Replica,
    next: &Replica,
    promises: &mut Promises,
) -> anyhow::Result<()> {
    let bots = world.bots().await?;
    let changed: Vec<_> = bots.iter().take(CHANGED).map(|bot| bot.name_any()).collect();
    world.kubelet.hold();
    for name in &changed {
        world.upgrade(name, "2.0.0").await?;
    }
    // In the middle: some are migrated and their pods are being replaced, others not yet.
    within(NEVER, "a third of the rollouts has begun", async || {
        let bots = world.bots().await.unwrap_or_default();
        let begun = bots.iter().filter(|bot| changed.contains(&bot.name_any()) && holds(bot, "Migrated", "True"));
        begun.count() >= changed.len() / 3
    })
    .await;
    let begun = Instant::now();
    leader.kill().await?;
    world.kubelet.release().await?;
    next.until_it_leads(Duration::from_secs(60)).await;
    promises.note("the leader is killed; the next one leads after", format!("{:.1} s", begun.elapsed().as_secs_f64()));
    world.until_all_are_rolled_out(Duration::from_secs(180)).await?;
    let versions = world.bots().await?.into_iter().filter(|bot| changed.contains(&bot.name_any()));
    let done = versions.filter(|bot| bot.status.as_ref().and_then(|status| status.version.as_deref()) == Some("2.0.0"));
    let (done, took) = (done.count(), begun.elapsed().as_secs_f64());
    let what = format!("{} rollouts, the leader killed in the middle, are finished", changed.len());
    promises.expect(&what, format!("{done} after {took:.1} s"), done == changed.len());
    Ok(())
}

/// Nothing happens.
pub(crate) async fn be_quiet(
    world: &World,
    leader: &Replica,
    time: Duration,
    promises: &mut Promises,
) -> anyhow::Result<()> {
    let before = leader.until_it_rests().await?;
    let versions = world.versions().await?;
    let begun = Instant::now();
    let mut unhealthy = 0;
    while begun.elapsed() < time {
        tokio::time::sleep(Duration::from_secs(5).min(time - begun.elapsed().min(time))).await;
        unhealthy += u32::from(!leader.is_healthy().await?);
    }
    let after = leader.counts().await?;
    let minutes = time.as_secs() / 60;
    let writes = after.writes - before.writes;
    promises.expect(&format!("writes by the operator in {minutes} quiet minutes"), writes, writes == 0);
    let now = world.versions().await?;
    let changed: Vec<_> = now.iter().filter(|(name, version)| versions.get(*name) != Some(version)).collect();
    let what = format!("objects of {} that changed meanwhile", now.len());
    promises.expect(&what, format!("{} {changed:?}", changed.len()), changed.is_empty() && now.len() == versions.len());
    promises.note("passes meanwhile", after.passes - before.passes);
    promises.note("reads meanwhile (watches that began anew, kinds looked for)", after.reads - before.reads);
    promises.expect("looks at /healthz that found it unhealthy", unhealthy, unhealthy == 0);
    promises.note("memory of the leader", format!("{} MiB", leader.memory().unwrap_or_default()));
    Ok(())
}
