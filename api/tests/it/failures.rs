//! `/admin/failures`.

use chrono::Utc;
use evolve_contract::{
    Code,
    failures::{FailureKind, FailuresQuery, FailuresResponse, ReplayRequest, ReplayResponse},
};
use reqwest::{Method, StatusCode};
use secrecy::SecretString;
use serde_json::json;

use crate::harness::{Answer, Api, IVAN, SERVICE_KEY, Setup};

async fn ask(api: &Api, method: Method, path: &str) -> Answer {
    api.send(api.request(method, path).header("x-service-key", SERVICE_KEY)).await
}

#[tokio::test]
async fn the_typed_client_lists_and_replays_what_failed_and_sees_the_jobs() {
    let setup = Setup::new().await;
    with_dead(&setup, 3).await;
    let api = setup.start().await;
    let (client, key) = (&api.client, SecretString::from(SERVICE_KEY));
    let of = |reason: &str| FailuresQuery {
        kind: Some(FailureKind::Inbox),
        reason: Some(reason.to_owned()),
        ..FailuresQuery::default()
    };
    assert_eq!(client.failures(&key, &FailuresQuery::default()).await.unwrap().failures.len(), 3);
    assert_eq!(client.failures(&key, &of("panic")).await.unwrap().failures.len(), 0);
    assert_eq!(client.replay(&key, FailureKind::Inbox, 1).await.unwrap().replayed, 1);
    let again = client.replay(&key, FailureKind::Outbox, 1).await.unwrap_err();
    assert_eq!(again.code(), Some(Code::FailureNotFound));
    let all = ReplayRequest { kind: FailureKind::Inbox, reason: "api_problem".to_owned() };
    assert_eq!(client.replay_all(&key, &all).await.unwrap().replayed, 2);
    let status = client.scheduler_status(&key).await.unwrap();
    assert_eq!(status.queues.iter().find(|queue| queue.id == "inbox").unwrap().waiting, 3);
    let stranger = SecretString::from("somebody-else-somebody-else-somebody");
    assert_eq!(client.scheduler_status(&stranger).await.unwrap_err().code(), Some(Code::Forbidden));
}

async fn list(api: &Api, query: &str) -> FailuresResponse {
    let answer = ask(api, Method::GET, &format!("/admin/failures{query}")).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    serde_json::from_str(&answer.text).unwrap()
}

/// So many updates that were given up.
pub(crate) async fn with_dead(setup: &Setup, count: i64) {
    let insert = "INSERT INTO inbox (update_id, chat_id, user_id, payload, state, attempts, ready_at, received_at,
                                     finished_at, error, rank)
                  SELECT i, 42, 42, '{\"text\": \"a secret\"}', 'dead', 5, $2, $2, $2, 'api_problem: internal', $2
                  FROM generate_series(1, $1) i";
    sqlx::query(insert).bind(count).bind(Utc::now()).execute(&setup.pool()).await.unwrap();
}

#[tokio::test]
async fn what_failed_is_for_administrators_alone() {
    let api = Api::start().await;
    let token = api.token(IVAN).await;
    for path in ["/admin/failures", "/admin/failures?kind=inbox"] {
        assert_eq!(api.get(path, Some(&token)).await.code(), Code::Forbidden);
    }
    let all = json!({ "kind": "inbox", "reason": "panic" });
    assert_eq!(api.post("/admin/failures/replay", Some(&token), &all).await.code(), Code::Forbidden);
}

#[tokio::test]
async fn it_is_read_page_by_page_and_replayed_one_by_one_or_all_of_a_reason() {
    let setup = Setup::new().await;
    with_dead(&setup, 150).await;
    let api = setup.start().await;
    let first = list(&api, "").await;
    assert_eq!((first.failures.len(), first.failures[0].kind), (100, FailureKind::Inbox));
    assert_eq!((first.failures[0].reason.as_str(), first.failures[0].attempts), ("api_problem", 5));
    let second = list(&api, &format!("?kind=inbox&reason=api_problem&after={}", first.next.unwrap())).await;
    assert_eq!((second.failures.len(), second.next), (50, None));
    let mut ids: Vec<i64> = first.failures.iter().chain(&second.failures).map(|failure| failure.id).collect();
    ids.sort_unstable();
    assert_eq!(ids, (1..=150).collect::<Vec<_>>());
    let shown = ask(&api, Method::GET, "/admin/failures").await.text;
    assert!(!shown.contains("secret"), "{shown}");

    let one = ask(&api, Method::POST, "/admin/failures/inbox/7/replay").await;
    assert_eq!((one.status, one.json()["replayed"].as_u64()), (StatusCode::OK, Some(1)));
    assert_eq!(ask(&api, Method::POST, "/admin/failures/inbox/7/replay").await.code(), Code::FailureNotFound);
    assert_eq!(ask(&api, Method::POST, "/admin/failures/outbox/7/replay").await.code(), Code::FailureNotFound);
    let request = api.request(Method::POST, "/admin/failures/replay").header("x-service-key", SERVICE_KEY);
    let all = api.send(request.json(&json!({ "kind": "inbox", "reason": "api_problem" }))).await;
    let all: ReplayResponse = serde_json::from_str(&all.text).unwrap();
    assert_eq!((all.replayed, all.more), (149, false));
    assert!(list(&api, "").await.failures.is_empty());
    let waiting = "SELECT count(*) FROM inbox WHERE state = 'pending' AND finished_at IS NULL AND attempts = 0";
    let (waiting,): (i64,) = sqlx::query_as(waiting).fetch_one(&setup.pool()).await.unwrap();
    assert_eq!(waiting, 150);
}

#[tokio::test]
async fn what_cannot_be_read_is_refused() {
    let api = Api::start().await;
    for path in ["?kind=other", "?after=here", "?reason="] {
        assert_eq!(
            ask(&api, Method::GET, &format!("/admin/failures{path}")).await.code(),
            Code::InvalidValue,
            "{path}"
        );
    }
    assert_eq!(ask(&api, Method::POST, "/admin/failures/inbox/seven/replay").await.code(), Code::InvalidValue);
}
