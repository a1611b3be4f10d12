//! One pass over one bot. It reads from caches, decides without IO, writes what differs, and says how it went.

mod accepted;
pub mod evidence;
mod findings;
mod read;
mod report;

use std::collections::HashSet;
use std::time::Duration;

use k8s_openapi::jiff::Timestamp;
use kube::{Resource as _, ResourceExt as _};

use crate::apply::manifest::ManifestError;
use crate::apply::{Applier, ApplyError, is_forbidden, said};
use crate::controller::access::{Access, Verdict};
use crate::controller::cache::{Depth, Key};
use crate::controller::contents::Contents;
use crate::controller::kinds::Kind;
use crate::controller::queue::Queue;
use crate::controller::references::References;
use crate::dereference;
use crate::plan::{self, Moment, Plan};
use crate::status::events::Events;
use crate::{EvolveBot, build, status, validate};

use self::evidence::Scraper;
use self::read::{Unreadable, read};
use self::report::report;

/// What the operator decides for bots that leave it open.
#[derive(Clone, Debug)]
pub struct Defaults {
    /// The image, without tag.
    pub repository: String,
    /// The version.
    pub version: String,
    /// The operator's own namespace.
    pub namespace: String,
}

/// What every pass needs.
pub struct Context {
    /// Writes, and reads the cache.
    pub applier: Applier,
    /// Reads Secrets and ConfigMaps.
    pub contents: Contents,
    /// Where it may look.
    pub access: Access,
    /// Who reads what.
    pub references: References,
    /// Publishes events.
    pub events: Events,
    /// Asks for passes.
    pub queue: Queue,
    /// What bots leave open.
    pub defaults: Defaults,
    /// Asks canaries how their requests went.
    pub scraper: Scraper,
}

impl Context {
    /// Asks for a pass over every bot.
    pub fn request_all(&self) {
        for bot in self.applier.cache.keys((Kind::EvolveBot, Depth::Owned)) {
            self.queue.request(&bot);
        }
    }
}

/// How a pass ended that did not fail.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pass {
    /// Whether anything was written.
    pub has_written: bool,
    /// When the next one is due, even if nothing changes until then.
    pub next: Option<Duration>,
}

impl Pass {
    /// As the metric says it.
    #[must_use]
    pub const fn result(&self) -> &'static str {
        if self.has_written { "changed" } else { "unchanged" }
    }
}

/// Why a pass failed. It is repeated.
#[derive(Debug, thiserror::Error)]
pub enum PassError {
    /// A Secret or ConfigMap cannot be read.
    #[error("cannot read what the bot names: {}", said(.0))]
    Read(kube::Error),
    /// An object cannot be made ready.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// An object cannot be written.
    #[error(transparent)]
    Apply(#[from] ApplyError),
    /// The status cannot be written.
    #[error("cannot write the status: {}", said(.0))]
    Status(kube::Error),
}

impl PassError {
    /// Whether the API server says that the operator has no right to do it.
    #[must_use]
    pub fn is_forbidden(&self) -> bool {
        match self {
            Self::Read(error) | Self::Status(error) => is_forbidden(error),
            Self::Apply(error) => is_forbidden(&error.source),
            Self::Manifest(_) => false,
        }
    }
}

/// Makes one pass over the bot `key`.
///
/// # Errors
/// [`PassError`]: the pass is repeated after a pause.
pub async fn pass(key: &Key, context: &Context) -> Result<Pass, PassError> {
    let Some(live) = context.applier.cache.get((Kind::EvolveBot, Depth::Owned), key) else {
        return Ok(Pass::default());
    };
    if live.metadata.deletion_timestamp.is_some() {
        return Ok(Pass::default());
    }
    let mut bot = match read(&live) {
        Ok(bot) => bot,
        // Nothing but a change of it, or another operator, can help: no pass is asked for.
        Err(Unreadable { rest, why }) => {
            return finish(&rest, context, report::unreadable(&rest, &why), false).await;
        }
    };
    let Some(owner) = bot.controller_owner_ref(&()) else { return Ok(Pass::default()) };
    pin_version(&mut bot, &context.defaults);
    if bot.spec.paused {
        return finish(&bot, context, report::paused(&bot), false).await;
    }
    let is_known = accepted::is_known(&bot, &context.applier.cache);
    let problems = if is_known { Vec::new() } else { validate::problems(&bot) };
    if !problems.is_empty() {
        return finish(&bot, context, report::refused(&bot, &problems), false).await;
    }
    match context.access.of(&key.namespace) {
        Verdict::Open => {}
        Verdict::Waiting => return Ok(Pass::default()),
        Verdict::Denied(why) => return finish(&bot, context, report::forbidden(&bot, why), false).await,
    }
    let found = match dereference::dereference(&bot, &owner, context).await {
        Err(error) if error.is_forbidden() => {
            let why = format!("{error}; {}", context.access.advice(&key.namespace));
            finish(&bot, context, report::forbidden(&bot, why), false).await?;
            return Err(error);
        }
        found => found?,
    };
    show_certificate(&bot, key, context).await;
    let desired = build::build(&bot, &found.inputs, &found.cluster);
    let evidence = evidence::gather(&bot, &context.applier.cache, &context.scraper).await;
    let moment = Moment { evidence, now: Timestamp::now() };
    let plan = plan::plan(&bot, desired, &found, &context.applier.cache, &owner, moment)?;
    accepted::remember(&bot, &context.applier.cache, plan.remembered.clone());
    let Written { anything, refused } = execute(&plan, context).await;
    let refused: Vec<_> =
        refused.into_iter().map(|error| error.advised(context.access.advice(&key.namespace))).collect();
    let has_written = found.has_written || anything;
    let report = report(&bot, &found, &plan, &refused, &context.applier.cache);
    let finished = finish(&bot, context, report, has_written).await;
    // One whose status could not be written is decided once more.
    if let (Some(reason), Ok(_)) = (plan.course.rollback, &finished) {
        context.applier.metrics.rolled_back(reason);
    }
    // Where both failed, the first is the cause that a person looks for.
    if let Some(error) = refused.into_iter().next() {
        return Err(error.into());
    }
    let backups = plan.backups.as_ref().and_then(|backups| backups.look_again);
    let next = [plan.course.look_again, backups].into_iter().flatten().min();
    let next = next.and_then(|seconds| u64::try_from(seconds).ok()).map(Duration::from_secs);
    Ok(Pass { next, ..finished? })
}

/// Shows when the webhook's certificate ends. That it cannot be read is no reason to do nothing else: what was shown stays.
async fn show_certificate(bot: &EvolveBot, key: &Key, context: &Context) {
    let Applier { client, cache, metrics } = &context.applier;
    let Some(name) = bot.spec.telegram.certificate() else { return metrics.certificate(key, None) };
    match context.contents.certificate_ends(client, cache, &Key::new(key.namespace.as_str(), name)).await {
        Ok(ends) => metrics.certificate(key, Some(ends.unwrap_or_default())),
        Err(error) => tracing::warn!(secret = name, error = said(&error), "the certificate cannot be read"),
    }
}

/// A bot that names no version keeps the one that it got first, whatever version the operator is of later.
fn pin_version(bot: &mut EvolveBot, defaults: &Defaults) {
    let pinned = bot.status.as_ref().and_then(|status| status.version.clone());
    bot.spec.version.get_or_insert_with(|| pinned.unwrap_or_else(|| defaults.version.clone()));
}

/// What came of writing.
#[derive(Default)]
struct Written {
    /// Whether anything was.
    anything: bool,
    /// What was refused.
    refused: Vec<ApplyError>,
}

impl Written {
    /// Whether the server itself has failed before: an admission webhook that times out would keep all workers waiting.
    fn is_in_trouble(&self) -> bool {
        self.refused.iter().any(ApplyError::is_of_the_server)
    }

    /// Notes how one write went.
    ///
    /// # Errors
    /// Where the next one would go no better.
    fn note(&mut self, written: Result<bool, ApplyError>) -> Result<bool, ApplyError> {
        match written {
            Ok(written) => {
                self.anything |= written;
                Ok(true)
            }
            Err(error) if error.is_of_the_object() && !(error.is_of_the_server() && self.is_in_trouble()) => {
                tracing::warn!(%error, "refused; what does not depend on it goes on");
                self.refused.push(error);
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }
}

/// Writes what the plan says, in its order. An object that is refused keeps back what depends on it, and nothing else: a
/// Deployment whose pods' number could not be handed over is not written, nor one after another that was refused, so that API
/// and bot stay of one version; and no pods are taken away while those that take their place, or the Service that chooses
/// them, could not be written.
#[tracing::instrument(name = "apply", skip_all)]
async fn execute(plan: &Plan, context: &Context) -> Written {
    let mut written = Written::default();
    if let Err(error) = write(plan, &context.applier, &mut written).await {
        written.refused.push(error);
    }
    written
}

async fn write(plan: &Plan, applier: &Applier, written: &mut Written) -> Result<(), ApplyError> {
    let mut kept_back = HashSet::new();
    let (mut may_remove_pods, mut may_replace_pods) = (true, true);
    for (key, replicas) in &plan.hand_overs {
        let answer = applier.hand_over_replicas(key, *replicas).await;
        if !written.note(answer.map(|()| true))? {
            kept_back.insert(key);
            may_remove_pods = false;
        }
    }
    for manifest in &plan.apply {
        if manifest.kind == Kind::Deployment && (kept_back.contains(&manifest.key) || !may_replace_pods) {
            continue;
        }
        let is_applied = written.note(applier.apply(manifest).await)?;
        may_replace_pods &= is_applied || manifest.kind != Kind::Deployment;
        may_remove_pods &= is_applied || !matches!(manifest.kind, Kind::Deployment | Kind::Service);
    }
    for (kind, object) in &plan.delete {
        if *kind == Kind::Deployment && !may_remove_pods {
            continue;
        }
        tracing::info!(kind = kind.name(), name = object.name_any(), "deleting what is no longer wanted");
        written.note(applier.delete(*kind, object).await.map(|()| true))?;
    }
    Ok(())
}

#[tracing::instrument(name = "status", skip_all)]
async fn finish(
    bot: &EvolveBot,
    context: &Context,
    report: report::Report,
    has_written: bool,
) -> Result<Pass, PassError> {
    let before = bot.status.clone().unwrap_or_default();
    let report::Report { findings, mut status } = report;
    let (generation, lasting) = (bot.metadata.generation, std::mem::take(&mut status.conditions));
    let (conditions, news) =
        status::conditions::conditions(&before.conditions, lasting, findings, generation, Timestamp::now());
    status.conditions = conditions;
    status.observed_generation = bot.metadata.generation;
    context.applier.metrics.fares(&Key::new(bot.namespace_name(), bot.name()), &status);
    let wrote = status::write(&context.applier, bot, &status).await.map_err(PassError::Status)?;
    // After the status, so that what is told once is also kept: a pass that failed before tells it again.
    if wrote {
        context.events.tell(bot, &news).await;
    }
    Ok(Pass { has_written: has_written || wrote, next: None })
}
