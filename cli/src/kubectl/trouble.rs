//! What Kubernetes' errors mean to a person, and how to mend them.

use kube::Error;
use kube::core::Status;

/// `error`, which came up while trying to `what` (`read the bot eva`) of the cluster at `url`.
pub(crate) fn explain(what: &str, url: &str, error: &Error) -> anyhow::Error {
    let text = match error {
        Error::Api(status) => refused(status),
        Error::Service(_) | Error::HyperError(_) | Error::ReadEvents(_) => format!(
            "no cluster answers at {url}: {}. `kubectl config current-context` says which one is meant, --context \
             chooses another, and `kubectl cluster-info` tells whether it is up",
            innermost(error)
        ),
        Error::Auth(_) => format!("{}. Log in to the cluster again, as `kubectl get pods` asks for it", chain(error)),
        other => chain(other),
    };
    anyhow::anyhow!("cannot {what}: {text}")
}

/// What the API server said.
fn refused(status: &Status) -> String {
    match status.code {
        401 => {
            "the cluster does not know you: the credentials of this context are wrong or have run out. Log in again, \
                or choose another context with --context"
                .to_owned()
        }
        403 => forbidden(&status.message).unwrap_or_else(|| status.message.clone()),
        404 if is_kind_missing(status) => {
            "this cluster has no EvolveBots: their definition is not installed. Install the \
             chart (`helm install evolve charts/evolve`), or the definition alone (`evolve crd | kubectl apply \
             --server-side -f -`)"
                .to_owned()
        }
        _ => status.message.clone(),
    }
}

/// Whether an answer is about a kind that the API server does not know, and not about an object of it.
fn is_kind_missing(status: &Status) -> bool {
    status.details.as_ref().is_none_or(|details| details.name.is_empty())
}

/// Whether `error` says that a kind is not installed.
pub(crate) fn is_unknown_kind(error: &Error) -> bool {
    matches!(error, Error::Api(status) if status.code == 404 && is_kind_missing(status))
}

/// The verb and the resource, out of the sentence that every API server says.
fn forbidden(message: &str) -> Option<String> {
    let after = |start: &str, end: char| {
        let rest = message.split_once(start)?.1;
        Some(rest.split(end).next().unwrap_or(rest).to_owned())
    };
    let (verb, resource) = (after(" cannot ", ' ')?, after("resource \"", '"')?);
    let full = match after("API group \"", '"').filter(|group| !group.is_empty()) {
        // `pods/log` has its group between: `deployments.apps/scale`.
        Some(group) => match resource.split_once('/') {
            Some((kind, part)) => format!("{kind}.{group}/{part}"),
            None => format!("{resource}.{group}"),
        },
        None => resource,
    };
    let user = after("User \"", '"').unwrap_or_default();
    let (place, flag, kind) = match after("in the namespace \"", '"') {
        Some(namespace) => (format!("in the namespace {namespace}"), format!(" -n {namespace}"), "role"),
        None => ("in all namespaces".to_owned(), String::new(), "clusterrole"),
    };
    Some(format!(
        "you ({user}) may not {verb} {full} {place}. Who administers the cluster can allow it: `kubectl create {kind} \
         evolve-helper{flag} --verb={verb} --resource={full}`, and a {kind}binding of that to you"
    ))
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let more = cause.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        next = cause.source();
    }
    text
}

fn innermost(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(cause) = innermost.source() {
        innermost = cause;
    }
    innermost.to_string()
}

#[cfg(test)]
mod tests {
    use kube::core::response::StatusDetails;

    use super::*;

    #[test]
    fn a_cluster_without_the_definition_is_told_apart_from_one_without_the_bot() {
        let status = |details| Status { code: 404, details, ..Status::failure("404 page not found", "NotFound") };
        let told = explain("list the bots", "", &Error::Api(status(None).boxed())).to_string();
        assert!(told.contains("helm install evolve") && told.contains("evolve crd | kubectl apply"), "{told}");
        let details = StatusDetails { name: "eva".to_owned(), ..no_details() };
        assert_eq!(refused(&status(Some(details))), "404 page not found");
    }

    fn no_details() -> StatusDetails {
        serde_json::from_str("{}").unwrap()
    }

    #[test]
    fn a_missing_right_is_told_as_the_command_that_grants_it() {
        let message = "evolvebots.evolveai.dev \"eva\" is forbidden: User \"ada\" cannot patch resource \"evolvebots\" in \
                       API group \"evolveai.dev\" in the namespace \"demo\"";
        let told = forbidden(message).unwrap();
        assert!(told.starts_with("you (ada) may not patch evolvebots.evolveai.dev in the namespace demo."), "{told}");
        assert!(told.contains("-n demo --verb=patch --resource=evolvebots.evolveai.dev"), "{told}");
        let message =
            "pods is forbidden: User \"ada\" cannot get resource \"pods/log\" in API group \"\" at the cluster scope";
        let told = forbidden(message).unwrap();
        assert!(told.contains("create clusterrole evolve-helper --verb=get --resource=pods/log"), "{told}");
        assert_eq!(forbidden("admission webhook said no"), None);
    }
}
