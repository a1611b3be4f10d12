//! How the requests to a canary went: its pods are asked for their metrics, over HTTP, and that is the only IO here. An
//! answer is somebody else's text: it is read in bounded time and size, and only numbers are taken from it.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use futures::{StreamExt as _, TryStreamExt as _, stream};

use crate::EvolveBot;
use crate::build::API_PORT;
use crate::controller::cache::Cache;
use crate::crd::{RolloutPhase, RolloutStrategy};
use crate::plan::pods::Pods;
use crate::plan::rollout::Evidence;

/// How long all pods together may take: a pass over the bot waits for them.
const TIME_LIMIT: Duration = Duration::from_secs(3);
/// How long one pod may take. It is less, so that a pod that hangs is named.
const TIME_LIMIT_OF_ONE: Duration = Duration::from_secs(2);
/// Some hundred routes, methods and status codes make 100 KB.
const SIZE_LIMIT: usize = 4 << 20;
/// How many pods are asked at once.
const AT_ONCE: usize = 8;
/// What the API counts its requests by.
const REQUESTS: &str = "http_requests_total{";
/// Asked by machines: whether a pod is well says nothing of how it serves people.
const NOT_FOR_PEOPLE: [&str; 3] = ["/health", "/ready", "/metrics"];

/// What asks. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Scraper(reqwest::Client);

impl Scraper {
    /// One that goes straight to the pods: a proxy of the environment cannot reach them.
    ///
    /// # Errors
    /// When the client cannot be made.
    pub fn new() -> reqwest::Result<Self> {
        let client = reqwest::Client::builder()
            .no_proxy()
            .timeout(TIME_LIMIT_OF_ONE)
            .connect_timeout(TIME_LIMIT_OF_ONE)
            .redirect(reqwest::redirect::Policy::none());
        client.build().map(Self)
    }

    async fn text(&self, address: SocketAddr) -> Result<String, String> {
        let said = |error: reqwest::Error| error.without_url().to_string();
        let answer = self.0.get(format!("http://{address}/metrics")).send().await.map_err(said)?;
        let mut answer = answer.error_for_status().map_err(said)?;
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(said)? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > SIZE_LIMIT {
                return Err("the answer is too long".to_owned());
            }
        }
        String::from_utf8(bytes).map_err(|_| "the answer is not text".to_owned())
    }
}

/// What the pods of the canary of `bot` have counted, while it is watched.
#[tracing::instrument(name = "evidence", skip_all)]
pub(super) async fn gather(bot: &EvolveBot, cache: &Cache, scraper: &Scraper) -> Evidence {
    let rollout = bot.status.as_ref().and_then(|status| status.rollout.as_ref());
    let watched = rollout.filter(|rollout| {
        rollout.phase == RolloutPhase::Canary && bot.spec.rollout.strategy == RolloutStrategy::Canary
    });
    let Some((api, _)) = watched.and_then(|rollout| rollout.target.as_deref()?.split_once('-')) else {
        return Evidence::Unasked;
    };
    let pods = Pods::of(bot, cache).next_apis(api);
    if pods.is_empty() {
        return Evidence::Unreadable("no pod of the canary is there".to_owned());
    }
    ask(scraper, pods, TIME_LIMIT).await
}

/// What all of `pods`, names and addresses, have counted.
async fn ask(scraper: &Scraper, pods: Vec<(String, Option<String>)>, limit: Duration) -> Evidence {
    let counts = stream::iter(pods).map(async |(name, address)| {
        let ip = address.as_deref().and_then(|text| text.parse::<IpAddr>().ok());
        let ip = ip.ok_or_else(|| format!("the pod {name} has no address"))?;
        let port = u16::try_from(API_PORT).unwrap_or_default();
        let text = scraper.text(SocketAddr::new(ip, port)).await;
        let text = text.map_err(|error| format!("the pod {name} does not tell its metrics: {error}"))?;
        count(&text).ok_or_else(|| format!("the metrics of the pod {name} are none of the API's"))
    });
    let sum = |(all, failed): (u64, u64), (more, of_them): (u64, u64)| async move {
        Ok((all.saturating_add(more), failed.saturating_add(of_them)))
    };
    // In their order, so that of several pods that fail it is always the same one that is named.
    match tokio::time::timeout(limit, counts.buffered(AT_ONCE).try_fold((0, 0), sum)).await {
        Ok(Ok((requests, errors))) => Evidence::Counted { requests, errors },
        Ok(Err(why)) => Evidence::Unreadable(why),
        Err(_) => Evidence::Unreadable("the pods take too long to answer".to_owned()),
    }
}

/// All requests of people, and those that failed on the API's side; nothing if these are not metrics of the API.
fn count(metrics: &str) -> Option<(u64, u64)> {
    // The probes' requests are counted there too: a pod that is ready has some.
    let lines: Vec<_> = metrics.lines().filter_map(|line| line.strip_prefix(REQUESTS)).collect();
    if lines.is_empty() {
        return None;
    }
    let (mut all, mut failed) = (0_u64, 0_u64);
    for line in lines {
        let (labels, value) = line.rsplit_once("} ")?;
        let count = value.split(' ').next()?.parse::<f64>().ok().filter(|count| *count >= 0.0 && *count < 1e15)?;
        if label(labels, "route").is_some_and(|route| NOT_FOR_PEOPLE.contains(&route)) {
            continue;
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is between 0 and 1e15")]
        let count = count as u64;
        all = all.saturating_add(count);
        if label(labels, "status").is_some_and(|status| status.starts_with('5')) {
            failed = failed.saturating_add(count);
        }
    }
    Some((all, failed))
}

/// The value of a label. Those that are asked for are a route of ours and a number: neither has a quote or a comma in it.
fn label<'a>(labels: &'a str, name: &str) -> Option<&'a str> {
    let pairs = labels.split(',').filter_map(|pair| pair.split_once('='));
    pairs.into_iter().find(|(known, _)| *known == name).map(|(_, value)| value.trim_matches('"'))
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use rstest::rstest;
    use tokio::net::TcpListener;

    use super::*;

    /// A pod at an address of loopback that no other process has; the port is every API's.
    async fn pod(name: &str, last: u8) -> ((String, Option<String>), TcpListener) {
        let [.., high, low] = std::process::id().to_be_bytes();
        let ip = Ipv4Addr::new(127, high.max(1), low, last);
        let listener = TcpListener::bind((ip, u16::try_from(API_PORT).unwrap())).await.unwrap();
        ((name.to_owned(), Some(ip.to_string())), listener)
    }

    #[tokio::test]
    async fn pods_that_never_answer_keep_nobody_waiting() {
        // Whoever listens and does not accept lets everybody wait.
        let (silent, _listener) = pod("silent", 251).await;
        let evidence = ask(&Scraper::new().unwrap(), vec![silent; 30], Duration::from_millis(50)).await;
        assert_eq!(evidence, Evidence::Unreadable("the pods take too long to answer".to_owned()));
    }

    #[tokio::test]
    async fn of_several_pods_that_fail_the_first_by_name_is_named_though_another_fails_sooner() {
        let (first, listener) = pod("first", 252).await;
        // From here on, nobody is there.
        drop(listener);
        let pods = vec![first, ("second".to_owned(), None)];
        let Evidence::Unreadable(why) = ask(&Scraper::new().unwrap(), pods, TIME_LIMIT).await else { panic!() };
        assert!(why.starts_with("the pod first does not tell its metrics"), "{why}");
    }

    const TEXT: &str = "# TYPE http_requests counter\n\
        http_requests_total{method=\"GET\",route=\"/ready\",status=\"503\"} 9\n\
        http_requests_total{method=\"GET\",route=\"/health\",status=\"200\"} 7\n\
        http_requests_total{method=\"POST\",route=\"/chat\",status=\"200\"} 17\n\
        http_requests_total{method=\"POST\",route=\"/chat\",status=\"502\"} 2\n\
        http_requests_total{method=\"POST\",route=\"/users/{id}\",status=\"404\"} 1\n\
        http_request_duration_seconds_count{method=\"POST\",route=\"/chat\"} 19\n# EOF\n";

    #[rstest]
    #[case::people_only(TEXT, Some((20, 2)))]
    #[case::none_yet("http_requests_total{method=\"GET\",route=\"/ready\",status=\"200\"} 1\n", Some((0, 0)))]
    #[case::of_something_else("up 1\n", None)]
    #[case::not_a_number("http_requests_total{route=\"/chat\",status=\"200\"} many\n", None)]
    #[case::below_nothing("http_requests_total{route=\"/chat\",status=\"200\"} -1\n", None)]
    #[case::cut_off("http_requests_total{route=\"/chat\",sta", None)]
    fn requests_are_counted_from_what_the_api_exposes(#[case] text: &str, #[case] expected: Option<(u64, u64)>) {
        assert_eq!(count(text), expected);
    }
}
