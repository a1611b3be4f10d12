//! Reading what a bot names. Secrets come out as hashes, and what is missing as sentences that name the field.

use std::collections::BTreeSet;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;

use crate::EvolveBot;
use crate::apply::keys;
use crate::build::{Cluster, Inputs, generated, names, references};
use crate::controller::cache::Key;
use crate::controller::kinds::Kind;
use crate::crd::MAX_PROMPT;
use crate::plan::backups::restored;
use crate::reconcile::{Context, PassError};
use crate::validate::cluster_problems;

/// What has been read.
#[derive(Clone, Debug)]
pub struct Dereferenced {
    /// For the builders.
    pub inputs: Inputs,
    /// What the cluster has.
    pub cluster: Cluster,
    /// What is not there: a sentence each, that begins with the field that names it.
    pub missing: Vec<String>,
    /// The same of what nothing but backups read: only they wait for it.
    pub missing_for_backup: Vec<String>,
    /// What the bot asks for and the cluster does not know: sentences as those of `missing`. Nothing waits for it.
    pub lacking: Vec<String>,
    /// Whether keys had to be made.
    pub has_written: bool,
}

/// Makes the keys that nobody gave, and reads everything that `bot` names. From then on, a change of any of it asks for a
/// pass over `bot`.
///
/// # Errors
/// When something cannot be read or the keys not be written; that it is missing is no error.
#[tracing::instrument(skip_all)]
pub async fn dereference(
    bot: &EvolveBot,
    owner: &OwnerReference,
    context: &Context,
) -> Result<Dereferenced, PassError> {
    let at = |name: &str| Key::new(bot.namespace_name(), name);
    let needed = references(bot);
    let secrets = needed.secrets.iter().map(|needed| (Kind::Secret, at(&needed.source.name)));
    let config_maps = needed.config_maps.iter().map(|needed| (Kind::ConfigMap, at(&needed.source.name)));
    let kept = (Kind::Secret, at(&names::kept_key(bot)));
    let certificate = bot.spec.telegram.certificate().map(|name| (Kind::Secret, at(name)));
    let reads: BTreeSet<(Kind, Key)> = secrets.chain(config_maps).chain([kept]).chain(certificate).collect();
    // Before the first look: what appears after it is noticed.
    context.references.set(&at(bot.name()), reads);

    let has_written = match generated(bot) {
        wanted if wanted.is_empty() => false,
        wanted => keys::ensure(&context.applier, &context.contents, bot, owner, &wanted).await?,
    };
    let mut inputs = Inputs {
        pinned_version: bot.status.as_ref().and_then(|status| status.version.clone()),
        restored: restored(bot, &context.applier.cache),
        ..Inputs::default()
    };
    let (mut missing, mut missing_for_backup) = (Vec::new(), Vec::new());
    for needed in &needed.secrets {
        let source = &needed.source;
        match entry(context, Kind::Secret, &at(&source.name), &source.key).await? {
            Ok(hash) => drop(inputs.secrets.insert(source.clone(), hash)),
            Err(problem) => {
                let list = if needed.only_backup { &mut missing_for_backup } else { &mut missing };
                say(list, format!("{}: {problem}", needed.path));
            }
        }
    }
    for needed in &needed.config_maps {
        let source = &needed.source;
        let found = entry(context, Kind::ConfigMap, &at(&source.name), &source.key).await?;
        let is_prompt = bot.spec.persona.prompt_from.as_ref() == Some(source);
        let found = if is_prompt { found.and_then(prompt) } else { found };
        match found {
            Ok(content) => drop(inputs.config_maps.insert(source.clone(), content)),
            Err(problem) => say(&mut missing, format!("{}: {problem}", needed.path)),
        }
    }
    let cluster = cluster(context);
    let lacking = cluster_problems(bot, &cluster);
    Ok(Dereferenced { inputs, cluster, missing, missing_for_backup, lacking, has_written })
}

/// One Secret that is not there may lack many entries: that is said once.
fn say(list: &mut Vec<String>, sentence: String) {
    if !list.contains(&sentence) {
        list.push(sentence);
    }
}

/// An entry's hash or content; or what to do about it.
async fn entry(context: &Context, kind: Kind, key: &Key, entry: &str) -> Result<Result<String, String>, PassError> {
    let (client, cache) = (&context.applier.client, &context.applier.cache);
    let entries = context.contents.entries(client, cache, kind, key).await.map_err(PassError::Read)?;
    let (kind, name) = (kind.name(), &key.name);
    let Some(entries) = entries else {
        return Ok(Err(format!("there is no {kind} {name} in the namespace {}; create it", key.namespace)));
    };
    Ok(entries
        .get(entry)
        .cloned()
        .ok_or_else(|| format!("the {kind} {name} has no entry {entry}, or an empty one; add it")))
}

/// A prompt from a ConfigMap has the bound of one in the spec, which no schema can look at.
fn prompt(text: String) -> Result<String, String> {
    let count = text.chars().count();
    if count > MAX_PROMPT {
        return Err(format!("the entry has {count} characters, {MAX_PROMPT} at most; shorten it"));
    }
    Ok(text)
}

fn cluster(context: &Context) -> Cluster {
    let knows = |kind| context.applier.cache.knows(kind);
    Cluster {
        image: context.defaults.repository.clone(),
        version: context.defaults.version.clone(),
        has_prometheus: knows(Kind::ServiceMonitor) && knows(Kind::PrometheusRule),
        has_gateway: knows(Kind::HttpRoute),
        operator_namespace: context.defaults.namespace.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_from_elsewhere_is_no_longer_than_one_in_the_spec() {
        let longest = "ы".repeat(MAX_PROMPT);
        assert_eq!(prompt(longest.clone()), Ok(longest.clone()));
        let refusal = "the entry has 32769 characters, 32768 at most; shorten it";
        assert_eq!(prompt(longest + "!"), Err(refusal.to_owned()));
    }
}
