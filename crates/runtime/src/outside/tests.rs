//! What is asked, and what is not.

use std::sync::atomic::{AtomicUsize, Ordering};

use axum::{Router, response::Redirect, routing::get};

use super::*;
use crate::{http, shutdown::Tasks};

fn outside(allowed: &str) -> Outside {
    Outside::new(allowed.parse().unwrap(), ClientConfig::default()).unwrap()
}

async fn checked(outside: &Outside, url: &str) -> Result<(), Refused> {
    outside.check(&url.parse().unwrap()).await
}

/// A name that leads to each of these, one after another, and to the last for ever.
struct Leads(Vec<IpAddr>, AtomicUsize);

impl Resolve for Leads {
    fn resolve(&self, _: Name) -> Resolving {
        let turn = self.1.fetch_add(1, Ordering::Relaxed).min(self.0.len() - 1);
        let address = SocketAddr::new(self.0[turn], 0);
        Box::pin(async move { Ok(Box::new(std::iter::once(address)) as Addrs) })
    }
}

fn leading(to: &[&str], allowed: &str) -> Outside {
    let leads = Leads(to.iter().map(|address| address.parse().unwrap()).collect(), AtomicUsize::new(0));
    Outside::resolving(allowed.parse().unwrap(), ClientConfig::default(), Arc::new(leads)).unwrap()
}

#[tokio::test]
async fn addresses_of_our_own_networks_are_refused_however_they_are_written() {
    let outside = outside("");
    for host in [
        "127.0.0.1",
        "127.1",
        "0x7f000001",
        "2130706433",
        "0.0.0.0",
        "10.1.2.3",
        "172.31.255.255",
        "192.168.0.1",
        "169.254.169.254",
        "100.100.100.200",
        "168.63.129.16",
        "224.0.0.1",
        "255.255.255.255",
        "[::]",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:a9fe:a9fe]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "[fd00:ec2::254]",
        "[fe80::1]",
        "[ff02::1]",
        "localhost",
        "localhost.",
    ] {
        let refused = checked(&outside, &format!("https://{host}/hook")).await;
        assert!(matches!(refused, Err(Refused::NotPublic(_) | Refused::Unknown(_))), "{host}: {refused:?}");
    }
    for host in ["8.8.8.8", "1.1.1.1", "172.32.0.1", "100.128.0.1", "[2606:4700:4700::1111]", "[::ffff:8.8.8.8]"] {
        assert_eq!(checked(&outside, &format!("https://{host}/hook")).await, Ok(()), "{host}");
    }
}

#[tokio::test]
async fn what_is_no_plain_https_is_refused_and_http_is_for_allowed_networks() {
    let outside = outside("127.0.0.0/8, fd00::/8");
    for url in ["ftp://8.8.8.8/", "https://me:secret@8.8.8.8/", "https://me@8.8.8.8/", "file:///etc/passwd"] {
        assert_eq!(checked(&outside, url).await, Err(Refused::NotPlain), "{url}");
    }
    assert_eq!(checked(&outside, "http://8.8.8.8/").await, Err(Refused::NotEncrypted("8.8.8.8".to_owned())));
    assert_eq!(checked(&outside, "http://127.0.0.1:1/").await, Ok(()));
    assert_eq!(checked(&outside, "https://[fd00::1]/").await, Ok(()));
    assert_eq!(checked(&outside, "https://10.0.0.1/").await, Err(Refused::NotPublic("10.0.0.1".to_owned())));
    assert!("10.0.0.0/33".parse::<Networks>().unwrap_err().to_string().contains("10.0.0.0/33"));
}

#[tokio::test]
async fn a_name_that_leads_inside_once_it_was_checked_is_refused_when_it_is_asked() {
    let rebinding = leading(&["8.8.8.8", "169.254.169.254"], "");
    let url: Url = "https://hooks.example.org/in".parse().unwrap();
    assert_eq!(rebinding.check(&url).await, Ok(()));
    let error = rebinding.request(Method::POST, &url).unwrap().send().await.unwrap_err();
    assert_eq!(refusal(&error), Some(&Refused::NotPublic("hooks.example.org".to_owned())), "{error:?}");
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_of_a_long_one_only_the_beginning_is_read() {
    let tasks = Tasks::new();
    let listener = http::bind(([127, 0, 0, 1], 0).into()).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let router = Router::new()
        .route("/away", get(|| async { Redirect::temporary("/long") }))
        .route("/long", get(|| async { "a".repeat(1_000_000) }));
    http::serve(&tasks, listener, router);
    let outside = leading(&["127.0.0.1"], "127.0.0.0/8");
    let ask = async |path: &str| {
        let url: Url = format!("http://hooks.example.org:{port}/{path}").parse().unwrap();
        outside.request(Method::GET, &url).unwrap().send().await.unwrap()
    };
    assert_eq!(ask("away").await.status(), 307);
    assert_eq!(beginning(ask("long").await, 100).await, "a".repeat(100));
}
