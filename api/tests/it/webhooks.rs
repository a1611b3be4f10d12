//! `/api/v1/admin/webhooks`.

use std::sync::{Arc, Mutex};

use axum::{Router, extract::State, http::HeaderMap};
use evolve_contract::{
    ClientError, Code,
    webhook::{WebhookDeliveryState, WebhookKind, WebhookRequest, WebhookResponse, WebhookUpdate, WebhooksResponse},
};
use evolve_runtime::{http, shutdown::Tasks};
use evolve_testkit::eventually;
use reqwest::Method;
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::harness::{Api, SERVICE_KEY, Setup};

pub(crate) type Heard = Arc<Mutex<Vec<(HeaderMap, Value)>>>;

const PATH: &str = "/api/v1/admin/webhooks";

/// Somebody who hears everything.
pub(crate) async fn receiver(tasks: &Tasks) -> (String, Heard) {
    let heard = Heard::default();
    let listener = http::bind(([127, 0, 0, 1], 0).into()).await.unwrap();
    let url = format!("http://{}/hook?token=hidden", listener.local_addr().unwrap());
    http::serve(tasks, listener, Router::new().fallback(hear).with_state(Arc::clone(&heard)));
    (url, heard)
}

async fn hear(State(heard): State<Heard>, headers: HeaderMap, body: String) {
    heard.lock().unwrap().push((headers, serde_json::from_str(&body).unwrap()));
}

fn key() -> SecretString {
    SERVICE_KEY.into()
}

#[track_caller]
fn code<T: std::fmt::Debug>(answer: Result<T, ClientError>) -> Code {
    answer.unwrap_err().code().unwrap()
}

async fn list(api: &Api) -> Vec<WebhookResponse> {
    let WebhooksResponse { webhooks } = api.client.webhooks(&key()).await.unwrap();
    webhooks
}

#[tokio::test]
async fn a_webhook_is_made_tested_changed_rotated_and_removed_and_its_secret_is_shown_once() {
    let setup = Setup::new().await.with("WEBHOOK_ALLOWED_NETWORKS", "127.0.0.0/8");
    let (api, tasks) = (setup.start().await, Tasks::new());
    let (url, heard) = receiver(&tasks).await;
    let wish = WebhookRequest { url: url.clone(), events: vec!["payment.succeeded".to_owned()], ..Default::default() };
    let made = api.client.create_webhook(&key(), &wish).await.unwrap();
    let secret = made.secret.clone().unwrap();
    assert!(secret.starts_with("whsec_") && secret.len() > 40, "{secret}");
    let shown = list(&api).await;
    assert_eq!(shown, [WebhookResponse { secret: None, ..made.clone() }]);
    assert_eq!((shown[0].url.as_str(), shown[0].enabled), (url.trim_end_matches("?token=hidden"), true));

    let test = api.client.test_webhook(&key(), &made.id).await.unwrap();
    eventually("the test arrives", async || heard.lock().unwrap().len() == 1).await;
    let (headers, body) = heard.lock().unwrap()[0].clone();
    assert_eq!(
        (headers["webhook-id"].to_str().unwrap(), &body["type"]),
        (test.event_id.as_str(), &json!("webhook.test"))
    );
    eventually("it is written down", async || {
        let page = api.client.webhook_deliveries(&key(), &made.id, None).await.unwrap();
        let [one] = page.deliveries.as_slice() else { return false };
        (one.state, one.status, &one.event_id) == (WebhookDeliveryState::Delivered, Some(200), &test.event_id)
    })
    .await;

    let wish = WebhookUpdate { events: Some(Vec::new()), enabled: Some(false), ..Default::default() };
    let changed = api.client.update_webhook(&key(), &made.id, &wish).await.unwrap();
    assert_eq!((changed.events.len(), changed.enabled, changed.disabled, changed.secret), (0, false, None, None));
    assert_eq!(code(api.client.test_webhook(&key(), &made.id).await), Code::InvalidValue, "it would go nowhere");
    let rotated = api.client.rotate_webhook(&key(), &made.id).await.unwrap();
    assert_ne!(rotated.secret.unwrap(), secret);
    assert_eq!(api.client.replay_webhook_failed(&key(), &made.id).await.unwrap().replayed, 0);
    let since = api.clock.now() - chrono::TimeDelta::days(1);
    assert_eq!(api.client.replay_webhook_since(&key(), &made.id, since).await.unwrap().replayed, 0);

    assert_eq!(api.client.delete_webhook(&key(), &made.id).await.unwrap().id, made.id);
    assert_eq!(list(&api).await, []);
    assert_eq!(code(api.client.test_webhook(&key(), &made.id).await), Code::WebhookNotFound);
    assert_eq!(code(api.client.rotate_webhook(&key(), "nothing").await), Code::WebhookNotFound);
    let kept = "SELECT count(*) FROM audit_log WHERE audit_log::text LIKE ANY ('{%hidden%,%whsec%}')";
    let (kept,): (i64,) = sqlx::query_as(kept).fetch_one(&setup.pool()).await.unwrap();
    assert_eq!(kept, 0, "the log holds no secret");
}

#[tokio::test]
async fn an_address_inside_is_a_clear_problem_and_slack_shows_no_more_than_its_host() {
    let setup = Setup::new().await;
    let api = setup.start().await;
    for url in ["https://127.0.0.1/hook", "http://8.8.8.8/hook", "https://[::ffff:10.0.0.1]/", "hook"] {
        let request = api.request(Method::POST, PATH).header("x-service-key", SERVICE_KEY).json(&json!({ "url": url }));
        let problem = api.send(request).await.problem();
        assert_eq!(problem.code, Code::WebhookUrlRefused, "{url}");
        assert!(problem.detail.unwrap().contains("WEBHOOK_ALLOWED_NETWORKS"));
    }
    let unknown = WebhookRequest {
        url: "https://8.8.8.8/".to_owned(),
        events: vec!["person.said".to_owned()],
        ..WebhookRequest::default()
    };
    assert_eq!(code(api.client.create_webhook(&key(), &unknown).await), Code::InvalidValue);
    let slack = WebhookRequest {
        url: "https://8.8.8.8/services/T0/B0/secret".to_owned(),
        kind: WebhookKind::Slack,
        ..WebhookRequest::default()
    };
    let made = api.client.create_webhook(&key(), &slack).await.unwrap();
    assert_eq!(made.url, "https://8.8.8.8/");
    for wrong in
        [json!({}), json!({ "since": "2020-01-01T00:00:00Z" }), json!({ "since": api.clock.now(), "failed": true })]
    {
        let path = format!("{PATH}/{}/replay", made.id);
        let request = api.request(Method::POST, &path).header("x-service-key", SERVICE_KEY).json(&wrong);
        assert_eq!(api.send(request).await.code(), Code::InvalidValue, "{wrong}");
    }
    assert_eq!(api.get(PATH, None).await.code(), Code::Forbidden);
}
