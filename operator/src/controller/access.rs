//! Where the operator may look. Its rights may be given namespace by namespace, and may come late or be taken away: a bot
//! whose objects cannot all be seen is left alone, told why, and gets its pass as soon as they can.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch::Receiver;

use super::watches::Watch;

/// How a watch stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    /// Its first listing has not ended.
    #[default]
    Waiting,
    /// Its first listing failed, though it is not forbidden; it is tried again.
    Broken,
    /// The cache holds what it sees.
    Listed,
    /// The API server forbids it, with these words.
    Denied(String),
}

/// What is known about one namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Everything in it is seen.
    Open,
    /// Something in it is not seen yet. A pass is asked for when it is.
    Waiting,
    /// Something in it may not be seen: what, and how to mend it.
    Denied(String),
}

/// By what a person gives the operator its rights in one more namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grant {
    /// The ClusterRole to bind there; none where each namespace has a Role of its own.
    pub cluster_role: Option<String>,
    /// The operator's ServiceAccount, as `namespace:name`.
    pub service_account: String,
}

impl Grant {
    /// What to do so that the operator has its rights in `namespace`.
    #[must_use]
    pub fn advice(&self, namespace: &str) -> String {
        let account = &self.service_account;
        match &self.cluster_role {
            Some(role) => format!(
                "give it its rights there: `kubectl create rolebinding {role} --namespace {namespace} --clusterrole {role} \
                 --serviceaccount {account}`, or add {namespace} to rbac.namespaces of the chart"
            ),
            None => format!(
                "give the ServiceAccount {account} its rights there: `helm upgrade` makes the Role and the RoleBinding of \
                 each namespace in watchNamespaces anew"
            ),
        }
    }
}

#[derive(Debug, Default)]
struct Known {
    needs_secrets: bool,
    watches: Vec<(Watch, Receiver<Standing>)>,
}

/// How all watches stand. Cheap to clone; one that knows of no watch forbids nothing.
#[derive(Clone, Debug, Default)]
pub struct Access {
    known: Arc<Mutex<Known>>,
    grant: Arc<Grant>,
}

impl Access {
    /// Where nothing is known yet. With `needs_secrets`, a namespace is not open before its Secrets are watched, in a watch
    /// of its own.
    #[must_use]
    pub fn new(grant: Grant, needs_secrets: bool) -> Self {
        let known = Known { needs_secrets, watches: Vec::new() };
        Self { known: Arc::new(Mutex::new(known)), grant: Arc::new(grant) }
    }

    /// From now on, `watch` counts.
    pub fn add(&self, watch: Watch, standing: Receiver<Standing>) {
        self.locked(|known| known.watches.push((watch, standing)));
    }

    /// `watch` does not count any longer.
    pub fn remove(&self, watch: &Watch) {
        self.locked(|known| known.watches.retain(|(other, _)| other != watch));
    }

    /// Whether everything in `namespace` is seen that a pass over its bots looks at. A kind that clusters may lack keeps
    /// nobody waiting: until it is listed, it is as if the cluster did not have it.
    #[must_use]
    pub fn of(&self, namespace: &str) -> Verdict {
        let (has_secrets, standings) = self.locked(|known| {
            let covering = known.watches.iter().filter(|(watch, _)| watch.covers(namespace));
            let has_secrets = !known.needs_secrets || covering.clone().any(|(watch, _)| watch.is_of_secrets());
            (
                has_secrets,
                covering.map(|(watch, standing)| (watch.is_optional(), standing.borrow().clone())).collect::<Vec<_>>(),
            )
        });
        // One is enough to say: all are mended by the same RoleBinding.
        let denied = standings.iter().find_map(|(_, standing)| match standing {
            Standing::Denied(words) => Some(words),
            _ => None,
        });
        if let Some(words) = denied {
            return Verdict::Denied(format!("{words}; {}", self.advice(namespace)));
        }
        let waits = standings.iter().any(|(is_optional, standing)| !is_optional && *standing != Standing::Listed);
        if !has_secrets || waits { Verdict::Waiting } else { Verdict::Open }
    }

    /// What to do when the API server forbids something in `namespace`.
    #[must_use]
    pub fn advice(&self, namespace: &str) -> String {
        self.grant.advice(namespace)
    }

    fn locked<T>(&self, act: impl FnOnce(&mut Known) -> T) -> T {
        act(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::watch::channel;

    use super::super::cache::Depth;
    use super::super::kinds::Kind;
    use super::*;

    fn watch(kind: Kind, depth: Depth, namespace: Option<&str>) -> Watch {
        Watch { slot: (kind, depth), namespace: namespace.map(str::to_owned), seconds: 1 }
    }

    #[test]
    fn a_namespace_is_open_when_all_that_covers_it_is_listed_and_its_secrets_are_followed() {
        let access = Access::new(Grant::default(), true);
        let (services, standing) = channel(Standing::Waiting);
        access.add(watch(Kind::Service, Depth::Owned, None), standing);
        assert_eq!(access.of("shop"), Verdict::Waiting);
        services.send_replace(Standing::Listed);
        assert_eq!(access.of("shop"), Verdict::Waiting, "nobody follows its Secrets");
        let (_secrets, standing) = channel(Standing::Listed);
        access.add(watch(Kind::Secret, Depth::Metadata, Some("shop")), standing);
        assert_eq!((access.of("shop"), access.of("bar")), (Verdict::Open, Verdict::Waiting));
        access.remove(&watch(Kind::Secret, Depth::Metadata, Some("shop")));
        assert_eq!(access.of("shop"), Verdict::Waiting);
    }

    #[test]
    fn a_kind_that_clusters_may_lack_and_cannot_be_listed_keeps_no_bot_waiting() {
        let access = Access::new(Grant::default(), false);
        let (_routes, standing) = channel(Standing::Broken);
        access.add(watch(Kind::HttpRoute, Depth::Owned, None), standing);
        assert_eq!(access.of("shop"), Verdict::Open);
        let (_services, standing) = channel(Standing::Broken);
        access.add(watch(Kind::Service, Depth::Owned, None), standing);
        assert_eq!(access.of("shop"), Verdict::Waiting, "what every cluster has is waited for");
    }

    #[test]
    fn what_is_forbidden_in_one_namespace_is_told_with_the_command_that_mends_it_and_shuts_no_other() {
        let grant = Grant { cluster_role: Some("evolve-bots".to_owned()), service_account: "ops:evolve".to_owned() };
        let access = Access::new(grant, false);
        let (_denied, standing) = channel(Standing::Denied("secrets is forbidden".to_owned()));
        access.add(watch(Kind::Secret, Depth::Metadata, Some("shop")), standing);
        let Verdict::Denied(message) = access.of("shop") else { panic!("{:?}", access.of("shop")) };
        let command = "kubectl create rolebinding evolve-bots --namespace shop --clusterrole evolve-bots --serviceaccount \
                       ops:evolve";
        assert!(message.starts_with("secrets is forbidden; ") && message.contains(command), "{message}");
        assert_eq!(access.of("bar"), Verdict::Open);
    }
}
