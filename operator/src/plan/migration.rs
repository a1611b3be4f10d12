//! The migration gate: no pod of a version before its Job has succeeded.
//!
//! The Job's name holds a hash of all that it is made of, and of the annotation that asks for one more try: another
//! version, or another try, is another Job. One that exists is never written again, so that its immutable fields are never
//! in the way; one that failed stays, with its pods and their logs, until a later one has succeeded.

use k8s_openapi::api::batch::v1::Job;

/// How far the migration of the wanted version is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gate {
    /// Its Job does not exist: it is to be made.
    Missing,
    /// Its Job is to be made when this one has ended, of a version that is not wanted any longer: two migrations never
    /// run at once.
    Superseding(String),
    /// Its Job has not ended.
    Running,
    /// Its Job succeeded: pods of the version may run.
    Open,
    /// Its Job failed; the sentence is Kubernetes' own.
    Failed(String),
}

/// Judges the Job.
#[must_use]
pub fn gate(live: Option<&Job>) -> Gate {
    let Some(job) = live else { return Gate::Missing };
    let conditions = job.status.iter().flat_map(|status| status.conditions.iter().flatten());
    let holds = |name: &str| conditions.clone().find(|condition| condition.type_ == name && condition.status == "True");
    if holds("Complete").is_some() {
        return Gate::Open;
    }
    let Some(failure) = holds("Failed") else { return Gate::Running };
    let reason = failure.reason.as_deref().unwrap_or("Failed");
    Gate::Failed(format!("{reason}: {}", failure.message.as_deref().unwrap_or("the Job says no more")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_a_complete_job_opens_the_gate() {
        let job = |condition: &str| -> Job {
            let condition = json!({ "type": condition, "status": "True", "reason": "BackoffLimitExceeded", "message": "tried 3 times" });
            serde_json::from_value(json!({ "metadata": {}, "status": { "conditions": [condition] } })).unwrap()
        };
        assert_eq!(gate(None), Gate::Missing);
        assert_eq!(gate(Some(&job("Suspended"))), Gate::Running);
        assert_eq!(gate(Some(&job("Complete"))), Gate::Open);
        assert_eq!(gate(Some(&job("Failed"))), Gate::Failed("BackoffLimitExceeded: tried 3 times".to_owned()));
    }
}
