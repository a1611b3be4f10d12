//! Writing what differs from the live objects, and only that.

pub mod differs;
pub mod keys;
pub mod manifest;

use kube::api::{DeleteParams, DynamicObject, Patch, PatchParams, Preconditions};
use kube::core::Status;
use kube::{Api, Client, ResourceExt as _};
use serde_json::{Value, json};
use tracing::Instrument as _;

use crate::apply::manifest::Manifest;
use crate::build::OPERATOR;
use crate::controller::cache::{Cache, Depth, Key};
use crate::controller::kinds::Kind;
use crate::controller::metrics::OperatorMetrics;
use crate::controller::watches::trim;

/// The field manager that holds `replicas` from the moment the operator lets go of it until an autoscaler takes it: a
/// field that nobody holds would fall back to its default, which is one.
const HAND_OVER: &str = "evolve-operator-hand-over";

/// A version that no object has. With it an apply makes what is not there, and is refused, with a conflict, where anything of
/// that name is: nobody can come in between, as between a look and a write, and one request is enough.
const NO_VERSION: &str = "1";

/// What writes objects: the client, and the cache that makes most writes needless.
#[derive(Clone)]
pub struct Applier {
    /// The client.
    pub client: Client,
    /// What is live.
    pub cache: Cache,
    /// What was written is counted.
    pub metrics: OperatorMetrics,
}

/// An object could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} the {kind} {name}: {}{advice}", said(.source))]
pub struct ApplyError {
    /// What was tried.
    pub action: &'static str,
    /// The kind of the object.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// What the API server said.
    pub source: Box<kube::Error>,
    /// What to do about it, where that is known: the end of the sentence.
    pub advice: String,
}

/// What a person is told of `error`: of the API server's answer its sentence alone, which the client's own text repeats with
/// all that surrounds it.
#[must_use]
pub fn said(error: &kube::Error) -> String {
    match error {
        kube::Error::Api(status) if !status.message.is_empty() => status.message.clone(),
        kube::Error::Api(status) => format!("{} {}", status.code, status.reason).trim_end().to_owned(),
        error => error.to_string(),
    }
}

/// Whether the API server says that the operator has no right to do it.
#[must_use]
pub fn is_forbidden(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if status.code == 403)
}

/// Whether an apply with [`NO_VERSION`] was refused for the version: something is there, or whoever serves this kind does not
/// make its objects in this way, as Kubernetes' own Services once were not.
fn is_about_version(status: &Status) -> bool {
    status.code == 409 || status.message.contains("resourceVersion")
}

impl ApplyError {
    fn new(action: &'static str, kind: Kind, key: &Key, source: kube::Error) -> Self {
        Self { action, kind: kind.name(), name: key.name.clone(), source: Box::new(source), advice: String::new() }
    }

    /// Whether it is about this object: the API server has answered, and may well take the next one.
    #[must_use]
    pub fn is_of_the_object(&self) -> bool {
        const TOO_MANY_REQUESTS: u16 = 429;
        matches!(&*self.source, kube::Error::Api(status) if status.code != TOO_MANY_REQUESTS)
    }

    /// Whether the API server itself, or a webhook that it asked, has failed.
    #[must_use]
    pub fn is_of_the_server(&self) -> bool {
        matches!(&*self.source, kube::Error::Api(status) if status.code >= 500)
    }

    /// With what to do about it, if it is for want of rights.
    #[must_use]
    pub fn advised(self, advice: String) -> Self {
        if is_forbidden(&self.source) { Self { advice: format!("; {advice}"), ..self } } else { self }
    }
}

impl Applier {
    /// Writes `manifest` if the live object lacks anything of it. Whether it was written.
    ///
    /// # Errors
    /// What the API server said against it.
    pub async fn apply(&self, manifest: &Manifest) -> Result<bool, ApplyError> {
        let slot = (manifest.kind, Depth::Owned);
        if let Some(live) = self.cache.get(slot, &manifest.key) {
            if manifest.kind == Kind::Job && !manifest.is_of_the_same_bot(&live.metadata) {
                return Err(Self::anothers(manifest));
            }
            let live = serde_json::to_value(&*live).unwrap_or_default();
            let is_known = !manifest.kind.is_optional();
            let Some(difference) = differs::first_difference(&manifest.object, &live, is_known) else {
                return Ok(false);
            };
            tracing::info!(kind = manifest.kind.name(), name = manifest.key.name, difference, "mending a difference");
        } else if let Some(made) = self.make(manifest).await? {
            self.take(manifest, made);
            return Ok(true);
        }
        let answer = self.patch(manifest, &manifest.object).await;
        if let (Err(kube::Error::Api(status)), Kind::ConfigMap, Some(live)) =
            (&answer, manifest.kind, self.cache.get(slot, &manifest.key))
            && status.code == 422
        {
            // Somebody has changed it and made it immutable: it goes, and the next pass makes it anew.
            self.delete(manifest.kind, &live).await?;
        }
        let object = answer.map_err(|error| ApplyError::new("apply", manifest.kind, &manifest.key, error))?;
        self.take(manifest, object);
        Ok(true)
    }

    /// Makes what the cache does not have, if there is nothing of its name; nothing where it is there, and this bot's.
    async fn make(&self, manifest: &Manifest) -> Result<Option<DynamicObject>, ApplyError> {
        let mut object = manifest.object.clone();
        object["metadata"]["resourceVersion"] = json!(NO_VERSION);
        match self.patch(manifest, &object).await {
            Err(kube::Error::Api(status)) if is_about_version(&status) => {}
            answer => {
                let made = answer.map_err(|error| ApplyError::new("apply", manifest.kind, &manifest.key, error))?;
                return Ok(Some(made));
            }
        }
        self.must_not_be_anothers(manifest).await?;
        Ok(None)
    }

    async fn patch(&self, manifest: &Manifest, object: &Value) -> kube::Result<DynamicObject> {
        let params = PatchParams::apply(OPERATOR).force();
        let (api, patch) = (self.api(manifest.kind, &manifest.key), Patch::Apply(object));
        let span = tracing::info_span!("write", kind = manifest.kind.name(), name = manifest.key.name);
        api.patch(&manifest.key.name, &params, &patch).instrument(span).await
    }

    /// Takes in what a write answered.
    fn take(&self, manifest: &Manifest, mut object: DynamicObject) {
        trim(&mut object);
        self.cache.insert((manifest.kind, Depth::Owned), object);
        self.metrics.applied(manifest.kind.name());
    }

    /// That nobody else has an object of this name: taken over, it would be changed, and go when the bot does.
    async fn must_not_be_anothers(&self, manifest: &Manifest) -> Result<(), ApplyError> {
        let failed = |error| ApplyError::new("apply", manifest.kind, &manifest.key, error);
        let live = self.api(manifest.kind, &manifest.key).get_metadata_opt(&manifest.key.name).await;
        let Some(live) = live.map_err(failed)? else { return Ok(()) };
        if manifest.is_of_the_same_bot(&live.metadata) {
            return Ok(());
        }
        Err(Self::anothers(manifest))
    }

    fn anothers(manifest: &Manifest) -> ApplyError {
        let message = format!(
            "there is a {} of this name already, and it is not this bot's: give the bot another name, or remove it",
            manifest.kind.name()
        );
        let said = kube::Error::Api(Box::new(Status::failure(&message, "AlreadyExists").with_code(409)));
        ApplyError::new("apply", manifest.kind, &manifest.key, said)
    }

    /// Deletes an object, if it is still the one that was seen. What it owns goes with it; of a Job, its pods go first, so
    /// that whoever waits for the end of the Job waits for theirs.
    ///
    /// # Errors
    /// What the API server said against it; that it is gone, or another by now, is no error.
    pub async fn delete(&self, kind: Kind, object: &DynamicObject) -> Result<(), ApplyError> {
        let key = Key::of(object);
        let preconditions = Preconditions { uid: object.uid(), resource_version: None };
        let params = match kind {
            Kind::Job => DeleteParams::foreground(),
            _ => DeleteParams::background(),
        };
        let params = params.preconditions(preconditions);
        match self.api(kind, &key).delete(&key.name, &params).await {
            Err(kube::Error::Api(status)) if matches!(status.code, 404 | 409) => {}
            // It is still there; the watch tells when it is not.
            Ok(_) if kind == Kind::Job => return Ok(()),
            answer => {
                answer.map_err(|error| ApplyError::new("delete", kind, &key, error))?;
            }
        }
        // That one, and not another that has its name by now.
        self.cache.bury((kind, Depth::Owned), object);
        Ok(())
    }

    /// Gives `replicas` of a Deployment into the keeping of [`HAND_OVER`], as it is or with a new value.
    ///
    /// # Errors
    /// What the API server said against it.
    pub async fn hand_over_replicas(&self, key: &Key, replicas: i32) -> Result<(), ApplyError> {
        let resource = Kind::Deployment.resource();
        let patch = json!({
            "apiVersion": resource.api_version, "kind": resource.kind,
            "metadata": { "name": key.name, "namespace": key.namespace },
            "spec": { "replicas": replicas },
        });
        let params = PatchParams::apply(HAND_OVER).force();
        let answer = self.api(Kind::Deployment, key).patch(&key.name, &params, &Patch::Apply(&patch)).await;
        let mut object = answer.map_err(|error| ApplyError::new("hand over", Kind::Deployment, key, error))?;
        trim(&mut object);
        self.cache.insert((Kind::Deployment, Depth::Owned), object);
        Ok(())
    }

    /// The API of one kind in the namespace of `key`.
    #[must_use]
    pub fn api(&self, kind: Kind, key: &Key) -> Api<DynamicObject> {
        Api::namespaced_with(self.client.clone(), &key.namespace, &kind.resource())
    }
}

#[cfg(test)]
mod tests {
    use kube::core::Status;

    use super::*;

    #[test]
    fn what_is_refused_for_its_version_is_told_from_what_is_refused_for_itself() {
        let is_about = |message: &str, code| is_about_version(&Status::failure(message, "").with_code(code));
        assert!(is_about("Operation cannot be fulfilled: the object has been modified", 409));
        assert!(is_about("resourceVersion should not be set on objects to be created", 500));
        assert!(!is_about("admission webhook \"quota\" denied the request", 403));
        assert!(!is_about("spec.template: Invalid value: field is immutable", 422));
        assert!(!is_about("too many requests, please try again later", 429));
    }

    #[test]
    fn a_person_is_told_the_api_servers_sentence_once_and_nothing_around_it() {
        let answer = Status::failure("admission webhook \"quota\" denied the request", "Forbidden").with_code(403);
        let error =
            ApplyError::new("apply", Kind::Service, &Key::new("shop", "eva-api"), kube::Error::Api(Box::new(answer)));
        let told = error.advised("ask who owns the cluster".to_owned()).to_string();
        let sentence = "cannot apply the Service eva-api: admission webhook \"quota\" denied the request; ask who owns the cluster";
        assert_eq!(told, sentence);
        let wordless = kube::Error::Api(Box::new(Status::failure("", "Conflict").with_code(409)));
        assert_eq!(said(&wordless), "409 Conflict");
    }
}
