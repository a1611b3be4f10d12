//! Failures on demand.

use evolve_testkit::telegram::{CallOutcome, Fault, TelegramServer};
use serde_json::{Value, json};

use crate::telegram_api::{call, client, refusal, result};

async fn server_with_a_chat() -> TelegramServer {
    let server = TelegramServer::start().await;
    server.open_chat(1);
    server
}

/// Sends a message, and returns the error of the HTTP client if there was no answer.
async fn send(server: &TelegramServer) -> Result<u16, reqwest::Error> {
    let url = format!("{}/bot{}/sendMessage", server.url(), server.token());
    let response = client().post(url).json(&json!({"chat_id": 1, "text": "a"})).send().await?;
    Ok(response.status().as_u16())
}

#[tokio::test]
async fn the_next_calls_of_a_method_are_refused_as_asked() {
    let server = server_with_a_chat().await;
    server.fault(Fault::refuse("sendMessage", 500, "Internal Server Error").times(2).after(1));
    server.fault(Fault::flood("getMe", 7));
    assert_eq!(send(&server).await.expect("an answer"), 200);
    for _ in 0..2 {
        assert_eq!(send(&server).await.expect("an answer"), 500);
    }
    assert_eq!(send(&server).await.expect("an answer"), 200);
    assert_eq!(server.messages(1).len(), 2, "a refused call has no effect");
    let (status, body) = call(&server, "getMe", json!({})).await;
    assert_eq!((status, &body["parameters"]), (429, &json!({"retry_after": 7})));
    assert_eq!(body["description"], "Too Many Requests: retry after 7");
    result(&server, "getMe", json!({})).await;
}

#[tokio::test]
async fn a_fault_can_be_for_one_chat() {
    let server = server_with_a_chat().await;
    server.open_chat(2);
    server.fault(Fault::refuse("", 403, "Forbidden: bot was kicked").chat(2));
    assert_eq!(send(&server).await.expect("an answer"), 200);
    let refused = refusal(&server, "sendMessage", json!({"chat_id": "2", "text": "a"})).await;
    assert_eq!(refused, (403, "Forbidden: bot was kicked".to_owned()));
}

#[tokio::test]
async fn a_gateway_can_answer_with_anything() {
    let server = server_with_a_chat().await;
    server.fault(Fault::garbage("sendMessage", 502, "<html>Bad Gateway</html>"));
    let url = format!("{}/bot{}/sendMessage", server.url(), server.token());
    let response = client().post(url).json(&json!({"chat_id": 1, "text": "a"})).send().await.expect("an answer");
    assert_eq!(response.status(), 502);
    assert_eq!(response.text().await.expect("text"), "<html>Bad Gateway</html>");
    assert!(server.messages(1).is_empty());
}

#[tokio::test]
async fn an_answer_can_be_lost_after_the_call_took_effect() {
    let server = server_with_a_chat().await;
    server.fault(Fault::drop_after("sendMessage"));
    send(&server).await.expect_err("no answer");
    assert_eq!(server.messages(1).len(), 1);
    assert_eq!(server.calls_of("sendMessage")[0].outcome, CallOutcome::CutAfter);
}

#[tokio::test]
async fn a_connection_can_be_lost_before_the_call_takes_effect() {
    let server = server_with_a_chat().await;
    server.fault(Fault::drop_before("sendMessage"));
    send(&server).await.expect_err("no answer");
    assert!(server.messages(1).is_empty());
    assert_eq!(send(&server).await.expect("an answer"), 200, "only once");
}

#[tokio::test]
async fn a_call_can_be_left_unanswered() {
    let server = server_with_a_chat().await;
    server.fault(Fault::hang("sendMessage"));
    tokio::select! {
        answer = send(&server) => panic!("no answer was to come: {answer:?}"),
        () = server.wait_until("the call", |server| {
            let calls = server.calls_of("sendMessage");
            calls.first().filter(|call| call.outcome == CallOutcome::Hung).map(drop)
        }) => {}
    }
    assert!(server.messages(1).is_empty());
    assert_eq!(send(&server).await.expect("an answer"), 200, "only once");
}

#[tokio::test]
async fn faults_that_have_not_happened_can_be_taken_back() {
    let server = server_with_a_chat().await;
    server.fault(Fault::hang("").times(100));
    server.clear_faults();
    assert_eq!(send(&server).await.expect("an answer"), 200);
}

#[tokio::test]
async fn when_telegram_is_down_nothing_answers_and_nothing_is_lost() {
    let server = server_with_a_chat().await;
    let poll = async {
        let url = format!("{}/bot{}/getUpdates?timeout=30", server.url(), server.token());
        client().get(url).send().await.expect_err("the poll is cut");
    };
    let ((), ()) = tokio::join!(poll, async {
        server.wait_until("the poll", |server| (!server.calls_of("getUpdates").is_empty()).then_some(())).await;
        server.set_down(true);
    });
    send(&server).await.expect_err("no answer");
    server.send_text(1, "a");
    server.set_down(false);
    let updates: Value = result(&server, "getUpdates", json!({})).await;
    assert_eq!(updates[0]["message"]["text"], "a");
}

#[tokio::test]
async fn a_server_that_is_dropped_is_gone() {
    let server = server_with_a_chat().await;
    let url = format!("{}/bot{}/getUpdates?timeout=30", server.url(), server.token());
    let poll = tokio::spawn(client().get(&url).send());
    server.wait_until("the poll", |server| (!server.calls_of("getUpdates").is_empty()).then_some(())).await;
    drop(server);
    poll.await.expect("no panic").expect_err("the poll is cut");
}

#[tokio::test]
#[should_panic(expected = "waited 1ms in vain for the expected messages")]
async fn waiting_in_vain_ends_with_all_there_is_to_know() {
    let server = TelegramServer::builder().patience(std::time::Duration::from_millis(1)).start().await;
    server.wait_for(1, |sent| !sent.is_empty()).await;
}
