//! What is kept of a pod: how it fares, and where it is. Its spec is the bulk of it, and nobody here reads that.

use kube::ResourceExt as _;
use kube::api::DynamicObject;
use serde_json::{Map, Value};

use crate::plan::TEMPLATE;

const STATUS: [&str; 5] = ["phase", "podIP", "conditions", "initContainerStatuses", "containerStatuses"];
/// Of a condition, less the times of its probes.
const CONDITION: [&str; 4] = ["type", "status", "reason", "message"];
const CONTAINER: [&str; 6] = ["name", "image", "ready", "restartCount", "state", "lastState"];

/// Takes away what is not read.
pub(super) fn trim(pod: &mut DynamicObject) {
    pod.annotations_mut().retain(|name, _| name == TEMPLATE);
    let mut status = only(pod.data.get("status"), &STATUS);
    for (list, fields) in
        [("conditions", &CONDITION[..]), ("initContainerStatuses", &CONTAINER), ("containerStatuses", &CONTAINER)]
    {
        if let Some(Value::Array(items)) = status.get_mut(list) {
            for item in items {
                *item = Value::Object(only(Some(item), fields));
            }
        }
    }
    pod.data = Value::Object(Map::from_iter([("status".to_owned(), Value::Object(status))]));
}

fn only(value: Option<&Value>, fields: &[&str]) -> Map<String, Value> {
    let fields = fields.iter().filter_map(|field| Some(((*field).to_owned(), value?.get(*field)?.clone())));
    fields.collect()
}

/// Whether two trimmed pods differ in anything that is read.
pub(super) fn differ(known: &DynamicObject, seen: &DynamicObject) -> bool {
    known.uid() != seen.uid()
        || known.data != seen.data
        || known.labels() != seen.labels()
        || known.metadata.deletion_timestamp.is_some() != seen.metadata.deletion_timestamp.is_some()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pod(change: impl FnOnce(&mut Value)) -> DynamicObject {
        let mut value = json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": { "name": "eva-api-1", "annotations": { TEMPLATE: "1", "other": "2" } },
            "spec": { "containers": [{ "name": "api" }] },
            "status": {
                "phase": "Running", "podIP": "10.0.0.1", "qosClass": "Burstable",
                "conditions": [{ "type": "Ready", "status": "True", "lastProbeTime": "2026-01-01T00:00:00Z" }],
                "containerStatuses": [{ "name": "api", "restartCount": 0, "imageID": "x" }],
            },
        });
        change(&mut value);
        let mut pod: DynamicObject = serde_json::from_value(value).unwrap();
        trim(&mut pod);
        pod
    }

    #[test]
    fn only_what_is_read_of_a_pod_is_kept_and_only_that_is_news() {
        let known = pod(|_| {});
        assert_eq!(known.annotations().keys().collect::<Vec<_>>(), [TEMPLATE]);
        assert!(known.data.get("spec").is_none() && known.data["status"].get("qosClass").is_none());
        assert!(!differ(&known, &pod(|pod| pod["status"]["conditions"][0]["lastProbeTime"] = json!(null))));
        assert!(!differ(&known, &pod(|pod| pod["metadata"]["resourceVersion"] = json!("7"))));
        assert!(differ(&known, &pod(|pod| pod["status"]["containerStatuses"][0]["restartCount"] = json!(1))));
        assert!(differ(&known, &pod(|pod| pod["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z"))));
    }
}
