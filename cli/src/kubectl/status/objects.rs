//! From Kubernetes' objects to what the report says of them. Pure.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::batch::v1::CronJob;
use k8s_openapi::api::core::v1::Service;
use k8s_openapi::api::events::v1::Event;
use k8s_openapi::api::networking::v1::Ingress;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::Timestamp;
use kube::ResourceExt as _;

use super::report::{Autoscaler, DeploymentReport, Schedule, Warning};

pub(super) fn deployment(live: &Deployment) -> DeploymentReport {
    let spec = live.spec.as_ref();
    let pod = spec.and_then(|spec| spec.template.spec.as_ref());
    let image = pod.and_then(|pod| pod.containers.first()?.image.clone());
    DeploymentReport {
        name: live.name_any(),
        ready: live.status.as_ref().and_then(|status| status.ready_replicas).unwrap_or_default(),
        wanted: spec.and_then(|spec| spec.replicas).unwrap_or(1),
        image: image.unwrap_or_default(),
    }
}

pub(super) fn autoscaler(live: &HorizontalPodAutoscaler) -> Autoscaler {
    let (spec, status) = (live.spec.clone().unwrap_or_default(), live.status.clone().unwrap_or_default());
    let mut conditions = status.conditions.iter().flatten();
    let stuck = conditions.find(|known| known.status == "False" && known.type_ != "ScalingLimited");
    Autoscaler {
        name: live.name_any(),
        current: status.current_replicas.unwrap_or_default(),
        min: spec.min_replicas.unwrap_or(1),
        max: spec.max_replicas,
        trouble: stuck.and_then(|known| Some(format!("{}: {}", known.reason.as_ref()?, known.message.as_ref()?))),
    }
}

pub(super) fn service(live: &Service) -> String {
    let spec = live.spec.clone().unwrap_or_default();
    let ports: Vec<_> = spec.ports.iter().flatten().map(|port| port.port.to_string()).collect();
    format!("service/{} {}:{}", live.name_any(), spec.cluster_ip.unwrap_or_default(), ports.join(","))
}

pub(super) fn ingress(live: &Ingress) -> String {
    let spec = live.spec.clone().unwrap_or_default();
    let urls = spec.rules.iter().flatten().flat_map(|rule| {
        let host = rule.host.clone().unwrap_or_else(|| "*".to_owned());
        let paths = rule.http.iter().flat_map(|http| &http.paths);
        paths.map(move |path| format!("https://{host}{}", path.path.as_deref().unwrap_or_default()))
    });
    let urls = urls.collect::<Vec<_>>().join(" ");
    let balancers = live.status.as_ref().and_then(|status| status.load_balancer.as_ref()?.ingress.as_ref());
    let at: Vec<_> =
        balancers.into_iter().flatten().filter_map(|one| one.ip.clone().or(one.hostname.clone())).collect();
    match at.as_slice() {
        [] => format!("ingress/{} {urls} (no address yet: does an ingress controller run?)", live.name_any()),
        at => format!("ingress/{} {urls} at {}", live.name_any(), at.join(",")),
    }
}

pub(super) fn schedule(live: &CronJob, now: Timestamp) -> Schedule {
    let (spec, status) = (live.spec.clone().unwrap_or_default(), live.status.clone().unwrap_or_default());
    let time_zone = spec.time_zone.unwrap_or_else(|| "Etc/UTC".to_owned());
    Schedule {
        name: live.name_any(),
        next: next(&spec.schedule, &time_zone, now).filter(|_| spec.suspend != Some(true)),
        cron: spec.schedule,
        time_zone,
        running: status.active.map_or(0, |active| active.len()),
        last_started: status.last_schedule_time,
        last_succeeded: status.last_successful_time,
    }
}

/// When a schedule is due. By the time zones that are compiled in: a small machine knows none.
fn next(cron: &str, time_zone: &str, now: Timestamp) -> Option<Time> {
    let zone: chrono_tz::Tz = time_zone.parse().ok()?;
    let cron: croner::Cron = cron.parse().ok()?;
    let now = chrono::DateTime::from_timestamp(now.as_second(), 0)?.with_timezone(&zone);
    let next = cron.find_next_occurrence(&now, false).ok()?;
    Some(Time(Timestamp::from_second(next.timestamp()).ok()?))
}

/// Whether an object is the bot, or has a name that the operator gives for it.
fn is_of(name: &str, bot: &str) -> bool {
    const PARTS: [&str; 6] = ["-api", "-bot", "-migrate", "-backup", "-restore", "-keys"];
    let Some(rest) = name.strip_prefix(bot) else { return false };
    let is_part = |part: &str| rest.strip_prefix(part).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'));
    rest.is_empty() || PARTS.into_iter().any(is_part)
}

/// A warning, if it is about the bot or something that is named after it.
pub(super) fn warning(event: &Event, bot: &str) -> Option<Warning> {
    let about = event.regarding.as_ref()?;
    let name = about.name.as_deref()?;
    let is_of_it = is_of(name, bot);
    let series = event.series.as_ref();
    let last = series
        .map(|series| series.last_observed_time.0)
        .or_else(|| event.deprecated_last_timestamp.as_ref().map(|time| time.0))
        .or_else(|| event.event_time.as_ref().map(|time| time.0))
        .or_else(|| event.metadata.creation_timestamp.as_ref().map(|time| time.0));
    is_of_it.then(|| Warning {
        about: format!("{}/{name}", about.kind.as_deref().unwrap_or_default()),
        reason: event.reason.clone().unwrap_or_default(),
        message: event.note.clone().unwrap_or_default(),
        count: series.map(|series| series.count).or(event.deprecated_count).unwrap_or(1),
        last: last.map(Time),
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case("30 3 * * *", "Etc/UTC", "2026-03-01T03:30:00Z")]
    #[case("30 3 * * *", "Europe/Moscow", "2026-03-02T00:30:00Z")]
    #[case("@hourly", "Etc/UTC", "2026-03-01T02:00:00Z")]
    #[case("0 0 * * MON", "Etc/UTC", "2026-03-02T00:00:00Z")]
    fn the_next_backup_is_known(#[case] cron: &str, #[case] zone: &str, #[case] due: &str) {
        let now: Timestamp = "2026-03-01T01:00:00Z".parse().unwrap();
        assert_eq!(next(cron, zone, now).unwrap().0, due.parse().unwrap());
    }

    #[rstest]
    #[case("eva", true)]
    #[case("eva-api-5b9c-x2x", true)]
    #[case("eva-migrate-0123", true)]
    #[case("eva-keys", true)]
    #[case("eva2", false)]
    #[case("eva-the-second", false)]
    #[case("maria", false)]
    fn a_warning_belongs_to_the_bot_whose_name_it_begins_with(#[case] about: &str, #[case] is_of_it: bool) {
        let event: Event = serde_json::from_value(json!({
            "metadata": {}, "regarding": { "kind": "Pod", "name": about }, "reason": "BackOff", "note": "no",
        }))
        .unwrap();
        assert_eq!(warning(&event, "eva").is_some(), is_of_it);
    }
}
