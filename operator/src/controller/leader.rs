//! One leader among the replicas, by a Lease. Every write carries the resourceVersion that was read, so that of two who
//! think the Lease free only one succeeds. Whether a Lease has run out is judged by how long *we* have seen it unchanged,
//! never by comparing clocks of two machines.
//!
//! Losing it ends the process: nothing that was begun as a leader goes on.

use std::time::Duration;

use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use k8s_openapi::jiff::Timestamp;
use kube::api::{ObjectMeta, PostParams};
use kube::{Api, Client};
use rand::RngExt as _;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Whose Lease, and how long it lives.
#[derive(Clone, Debug)]
pub struct Election {
    /// Where the Lease is: the operator's own namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Who we are: unique among the replicas.
    pub identity: String,
    /// How long a leader that is silent is still respected.
    pub duration: Duration,
}

/// Why somebody does not lead any longer.
#[derive(Debug, thiserror::Error)]
pub enum Lost {
    /// Another has the Lease.
    #[error("the Lease belongs to {0:?} now")]
    Taken(String),
    /// It could not be renewed in time.
    #[error("the Lease could not be renewed for {0:?}; the API server does not answer")]
    TooLate(Duration),
}

/// The Lease as we hold it.
#[derive(Debug)]
#[must_use]
pub struct Held {
    api: Api<Lease>,
    election: Election,
    lease: Lease,
}

impl Election {
    /// Waits until we lead. `None` when `stop` comes first.
    pub async fn win(self, client: Client, stop: &CancellationToken) -> Option<Held> {
        let api: Api<Lease> = Api::namespaced(client, &self.namespace);
        let mut seen: Option<(Option<String>, Instant)> = None;
        loop {
            match tokio::time::timeout(self.duration, self.try_once(&api, &mut seen)).await {
                Ok(Ok(Some(lease))) => return Some(Held { api, election: self, lease }),
                Ok(Ok(None)) => {}
                Ok(Err(error)) => tracing::warn!(%error, "the Lease cannot be read or written; trying again"),
                Err(_) => tracing::warn!("the API server does not answer about the Lease; trying again"),
            }
            // Jitter, so that replicas that started together do not ask together for ever.
            let pause = self.duration.mul_f64(rand::rng().random_range(0.1..0.2));
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = stop.cancelled() => return None,
            }
        }
    }

    async fn try_once(
        &self,
        api: &Api<Lease>,
        seen: &mut Option<(Option<String>, Instant)>,
    ) -> kube::Result<Option<Lease>> {
        let Some(mut lease) = api.get_opt(&self.name).await? else {
            let metadata = ObjectMeta { name: Some(self.name.clone()), ..ObjectMeta::default() };
            let lease = Lease { metadata, spec: Some(self.spec(None)) };
            return unless_conflict(api.create(&PostParams::default(), &lease).await);
        };
        let holder = lease.spec.as_ref().and_then(|spec| spec.holder_identity.clone()).unwrap_or_default();
        let version = lease.metadata.resource_version.clone();
        if seen.as_ref().is_none_or(|(known, _)| *known != version) {
            *seen = Some((version, Instant::now()));
        }
        let promised = lease.spec.as_ref().and_then(|spec| spec.lease_duration_seconds).unwrap_or_default();
        let promised = Duration::from_secs(u64::try_from(promised).unwrap_or_default());
        let has_run_out = seen.as_ref().is_some_and(|(_, since)| since.elapsed() > promised);
        if !holder.is_empty() && holder != self.identity && !has_run_out {
            return Ok(None);
        }
        lease.spec = Some(self.spec(lease.spec.as_ref()));
        unless_conflict(api.replace(&self.name, &PostParams::default(), &lease).await)
    }

    fn spec(&self, before: Option<&LeaseSpec>) -> LeaseSpec {
        let now = MicroTime(Timestamp::now());
        let is_ours = before.is_some_and(|spec| spec.holder_identity.as_deref() == Some(&self.identity));
        let transitions = before.and_then(|spec| spec.lease_transitions).unwrap_or_default();
        LeaseSpec {
            holder_identity: Some(self.identity.clone()),
            lease_duration_seconds: Some(i32::try_from(self.duration.as_secs()).unwrap_or(15).max(1)),
            acquire_time: before.filter(|_| is_ours).and_then(|spec| spec.acquire_time.clone()).or(Some(now.clone())),
            renew_time: Some(now),
            lease_transitions: Some(if is_ours || before.is_none() { transitions } else { transitions + 1 }),
            ..LeaseSpec::default()
        }
    }
}

impl Held {
    /// Renews the Lease until `stop`, and then gives it back, so that another need not wait for its end.
    ///
    /// # Errors
    /// [`Lost`]: somebody else may lead from now on.
    pub async fn keep(mut self, stop: &CancellationToken) -> Result<(), Lost> {
        let pause = self.election.duration / 6;
        // One that hangs leaves time for another, on another connection.
        let attempt = self.election.duration / 5;
        // Well before anybody else may take it.
        let patience = self.election.duration.mul_f64(2.0 / 3.0);
        let mut renewed = Instant::now();
        loop {
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = stop.cancelled() => break,
            }
            match tokio::time::timeout(patience.saturating_sub(renewed.elapsed()).min(attempt), self.renew()).await {
                Ok(Ok(())) => renewed = Instant::now(),
                Ok(Err(Renewal::Lost(lost))) => return Err(lost),
                Ok(Err(Renewal::Failed(error))) => tracing::warn!(%error, "the Lease could not be renewed yet"),
                Err(_) => {}
            }
            if renewed.elapsed() >= patience {
                return Err(Lost::TooLate(renewed.elapsed()));
            }
        }
        self.give_back().await;
        Ok(())
    }

    async fn renew(&mut self) -> Result<(), Renewal> {
        let name = &self.election.name;
        self.lease.spec = Some(self.election.spec(self.lease.spec.as_ref()));
        let answer = self.api.replace(name, &PostParams::default(), &self.lease).await;
        if let Some(lease) = unless_conflict(answer).map_err(Renewal::Failed)? {
            self.lease = lease;
            return Ok(());
        }
        // Somebody wrote to it. A label does not matter; another holder does.
        let lease = self.api.get(name).await.map_err(Renewal::Failed)?;
        let holder = lease.spec.as_ref().and_then(|spec| spec.holder_identity.clone()).unwrap_or_default();
        if holder != self.election.identity {
            return Err(Renewal::Lost(Lost::Taken(holder)));
        }
        self.lease = lease;
        Ok(())
    }

    async fn give_back(mut self) {
        if let Some(spec) = &mut self.lease.spec {
            spec.holder_identity = None;
            spec.lease_duration_seconds = Some(1);
        }
        let answer = self.api.replace(&self.election.name, &PostParams::default(), &self.lease).await;
        if let Err(error) = answer {
            tracing::warn!(%error, "the Lease could not be given back; the next leader waits for its end");
        }
    }
}

enum Renewal {
    Lost(Lost),
    Failed(kube::Error),
}

/// `None` where somebody else was quicker.
fn unless_conflict(answer: kube::Result<Lease>) -> kube::Result<Option<Lease>> {
    match answer {
        Ok(lease) => Ok(Some(lease)),
        Err(kube::Error::Api(status)) if status.code == 409 => Ok(None),
        Err(error) => Err(error),
    }
}
