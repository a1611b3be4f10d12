//! A client of the Bot API without any comfort: what goes over the wire is what the test says.

use evolve_testkit::telegram::TelegramServer;
use serde_json::{Value, json};

/// Status and body of a call with JSON arguments.
pub(crate) async fn call(server: &TelegramServer, method: &str, params: Value) -> (u16, Value) {
    let url = format!("{}/bot{}/{method}", server.url(), server.token());
    let response = client().post(url).json(&params).send().await.expect("the server answers");
    (response.status().as_u16(), response.json().await.expect("the answer is JSON"))
}

/// The result of a call that must succeed.
pub(crate) async fn result(server: &TelegramServer, method: &str, params: Value) -> Value {
    let (status, mut body) = call(server, method, params).await;
    assert_eq!((status, &body["ok"]), (200, &json!(true)), "{body}");
    body["result"].take()
}

/// Code and description of a call that must be refused.
pub(crate) async fn refusal(server: &TelegramServer, method: &str, params: Value) -> (u16, String) {
    let (status, body) = call(server, method, params).await;
    assert_eq!(body["ok"], false, "{body}");
    assert_eq!(body["error_code"], status, "the code is also the HTTP status");
    (status, body["description"].as_str().unwrap_or_default().to_owned())
}

pub(crate) fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().expect("a client")
}

pub(crate) fn bad(what: &str) -> (u16, String) {
    (400, format!("Bad Request: {what}"))
}

/// The beginning of a PNG of 7 by 5 pixels, which is as far as anybody reads it.
pub(crate) const PNG: &[u8] = &[
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48, 0x44, 0x52, 0x00, 0x00, 0x00,
    0x07, 0x00, 0x00, 0x00, 0x05, 0x08, 0x06, 0x00, 0x00, 0x00, 0x1f, 0x15, 0xc4, 0x89,
];
