//! Failures on demand.

use std::time::Duration;

use evolve_testkit::telegram::fault::Effect;
use evolve_testkit::telegram::{CallOutcome, Fault, Storm, TelegramServer};
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
async fn a_call_can_wait_for_a_while_in_vain() {
    let server = server_with_a_chat().await;
    server.storm(Storm::new(1, 100).effects([Effect::Stall { milliseconds: 20 }]));
    let began = std::time::Instant::now();
    send(&server).await.expect_err("no answer");
    assert!(began.elapsed() >= Duration::from_millis(20), "{:?}", began.elapsed());
    assert!(server.messages(1).is_empty());
    assert_eq!(server.calls_of("sendMessage")[0].outcome, CallOutcome::Hung);
}

/// How 200 messages end, one after another: the status, or none where the connection was cut.
async fn weather(storm: Storm) -> Vec<Option<u16>> {
    let server = server_with_a_chat().await;
    server.storm(storm);
    let client = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build().expect("a client");
    let url = format!("{}/bot{}/sendMessage", server.url(), server.token());
    let mut ends = Vec::new();
    for _ in 0..200 {
        let answer = client.post(&url).json(&json!({"chat_id": 1, "text": "a"})).send().await;
        ends.push(answer.ok().map(|answer| answer.status().as_u16()));
    }
    let arrived = ends.iter().filter(|end| matches!(end, None | Some(200))).count();
    assert_eq!(server.messages(1).len(), arrived, "a refused call has no effect, and a cut one had");
    ends
}

#[tokio::test]
async fn a_storm_hits_its_share_of_all_calls_and_the_same_ones_again() {
    let storm = || {
        let refused = Fault::refuse("", 500, "Internal Server Error").effect;
        Storm::new(7, 30).effects([refused, Effect::DropAfter])
    };
    let ends = weather(storm()).await;
    let (refused, cut) = (ends.iter().filter(|end| **end == Some(500)), ends.iter().filter(|end| end.is_none()));
    let (refused, cut) = (refused.count(), cut.count());
    assert!((30..90).contains(&(refused + cut)) && refused > 10 && cut > 10, "{refused} refused, {cut} cut");
    assert_eq!(weather(storm()).await, ends, "the seed decides");
    assert_ne!(weather(Storm::new(8, 30).effects([Effect::DropAfter])).await, ends);
}

#[tokio::test]
async fn a_storm_ends_when_faults_are_taken_back_and_a_fault_comes_before_it() {
    let server = server_with_a_chat().await;
    server.storm(Storm::new(1, 100).effects([Effect::DropBefore]));
    server.fault(Fault::refuse("sendMessage", 500, "Internal Server Error"));
    assert_eq!(send(&server).await.expect("an answer"), 500);
    send(&server).await.expect_err("no answer");
    server.clear_faults();
    assert_eq!(send(&server).await.expect("an answer"), 200);
    server.storm(Storm::new(1, 0));
    assert_eq!(send(&server).await.expect("an answer"), 200, "nothing of a hundred is nothing");
}

#[tokio::test]
async fn who_called_and_which_message_came_of_it_is_on_record() {
    let server = TelegramServer::builder().kept_calls(2).start().await;
    server.open_chat(1);
    server.fault(Fault::drop_after("sendMessage"));
    for name in ["first", "second", "third"] {
        let url = format!("{}/via/{name}/bot{}/sendMessage", server.url(), server.token());
        // The first has no answer.
        let _ = client().post(url).json(&json!({"chat_id": 1, "text": name})).send().await;
    }
    let calls: Vec<_> = server.calls().into_iter().map(|call| (call.via, call.message_id)).collect();
    let named = |name: &str, message_id| (Some(name.to_owned()), Some(message_id));
    assert_eq!(calls, [named("second", 2), named("third", 3)], "two are kept, and the first was a message too");
    assert_eq!(server.messages(1).len(), 3);
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
    let server = TelegramServer::builder().patience(Duration::from_millis(1)).start().await;
    server.wait_for(1, |sent| !sent.is_empty()).await;
}
