//! The simulator, and playing a person from another process.

use std::time::Duration;

use evolve_testkit::telegram::control::{ControlClient, ControlError, Write};
use evolve_testkit::telegram::{Doing, Fault, User, simulator};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::telegram_api::{PNG, client};

const TOKEN: &str = "123:AAbcdefghijklmnopqrstuvwxyz-0123456_";
const WAIT: Duration = Duration::from_secs(20);

struct Simulator {
    base: String,
    control: ControlClient,
    stop: oneshot::Sender<()>,
    running: JoinHandle<std::io::Result<()>>,
}

async fn simulator() -> Simulator {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let base = format!("http://{}", listener.local_addr().expect("an address"));
    let (stop, stopped) = oneshot::channel::<()>();
    let shutdown = async move { drop(stopped.await) };
    let running = tokio::spawn(simulator::run(listener, simulator::options(), shutdown));
    let control = ControlClient::new(format!("{base}/")).expect("a client");
    Simulator { base, control, stop, running }
}

impl Simulator {
    async fn call(&self, method: &str, params: Value) -> Value {
        let url = format!("{}/bot{TOKEN}/{method}", self.base);
        let body: Value = client().post(url).json(&params).send().await.expect("an answer").json().await.expect("json");
        assert_eq!(body["ok"], true, "{body}");
        body["result"].clone()
    }
}

fn anna() -> User {
    User::new(42).first_name("Анна").language("ru")
}

#[tokio::test]
async fn a_person_talks_to_the_bot_from_another_process() {
    let simulator = simulator().await;
    let control = &simulator.control;
    let posted = control.send_text(&anna(), "привет").await.expect("posted");
    let updates = simulator.call("getUpdates", json!({})).await;
    assert_eq!(updates[0]["update_id"].as_i64(), posted.update_id);
    assert_eq!(updates[0]["message"]["message_id"].as_i64(), posted.message_id);
    assert_eq!(updates[0]["message"]["from"]["first_name"], "Анна");

    let waiting = control.events(42, 0, WAIT);
    let (events, _) = tokio::join!(waiting, async {
        simulator.call("sendChatAction", json!({"chat_id": 42, "action": "typing"})).await
    });
    let events = events.expect("events");
    assert!(matches!(&events.events[0].doing, Doing::Action { action } if action == "typing"), "{events:?}");
    let markup = json!({"inline_keyboard": [[{"text": "Да", "callback_data": "yes"}]]});
    simulator.call("sendMessage", json!({"chat_id": 42, "text": "Как ты?", "reply_markup": markup})).await;
    let events = control.events(42, events.next, WAIT).await.expect("events");
    let Doing::Message { message } = &events.events[0].doing else { panic!("a message: {events:?}") };
    assert_eq!(message.text, "Как ты?");

    let pressed = control.press(&anna(), message.message_id, "yes").await.expect("pressed");
    simulator.call("answerCallbackQuery", json!({"callback_query_id": pressed.callback_query_id})).await;
    let events = control.events(42, events.next, WAIT).await.expect("events");
    let answered =
        Doing::CallbackAnswered { callback_query_id: pressed.callback_query_id.clone(), text: None, show_alert: false };
    assert_eq!(events.events[0].doing, answered);
    let none = control.events(42, events.next, Duration::ZERO).await.expect("no events");
    assert_eq!((none.events.len(), none.next), (0, events.next));
}

#[tokio::test]
async fn files_go_both_ways_from_another_process() {
    let simulator = simulator().await;
    let control = &simulator.control;
    control.send_photo(&anna(), PNG, Some("кот")).await.expect("posted");
    control.send_voice(&anna(), b"OggS question", 2).await.expect("posted");
    let updates = simulator.call("getUpdates", json!({})).await;
    assert_eq!(updates[0]["message"]["caption"], "кот");
    let voice = updates[1]["message"]["voice"]["file_id"].clone();
    simulator.call("sendVoice", json!({"chat_id": 42, "voice": voice})).await;
    let events = control.events(42, 0, WAIT).await.expect("events");
    let Doing::Message { message } = &events.events[0].doing else { panic!("a message: {events:?}") };
    let path = &message.file.as_ref().expect("a file").path;
    assert_eq!(control.file(path).await.expect("bytes"), b"OggS question");
}

#[tokio::test]
async fn what_cannot_be_is_refused_with_a_sentence() {
    let simulator = simulator().await;
    let control = &simulator.control;
    let refused = |result: Result<_, ControlError>| match result {
        Err(ControlError::Refused { status, message }) => (status.as_u16(), message),
        other => panic!("a refusal: {other:?}"),
    };
    let stranger = control.send_text(&User::new(-5), "a").await.map(drop);
    assert_eq!(refused(stranger), (400, "the id of a person must be a positive number".to_owned()));
    let empty = control.send_text(&anna(), " ").await.map(drop);
    assert_eq!(refused(empty), (400, "a message needs some text".to_owned()));
    let press = control.press(&anna(), 7, "x").await.map(drop);
    assert_eq!(refused(press), (404, "there is no message 7 in that chat".to_owned()));
    let body = json!({"from": {"id": 1}, "text": "a", "txt": "b"});
    let url = format!("{}/simulator/messages", simulator.base);
    let response = client().post(url).json(&body).send().await.expect("an answer");
    assert_eq!(response.status(), 400);
    assert!(response.text().await.expect("text").contains("unknown field `txt`"));
}

#[tokio::test]
async fn everything_can_be_looked_at_and_broken_from_another_process() {
    let simulator = simulator().await;
    let control = &simulator.control;
    control.user(&anna()).await.expect("known");
    let reply = Write { from: User::new(42), chat_id: Some(-100), text: "/a".to_owned(), reply_to: None };
    control.write(&reply).await.expect("posted");
    simulator.call("sendMessage", json!({"chat_id": 7, "text": "open to strangers"})).await;
    control.fault(&Fault::refuse("getMe", 500, "Internal Server Error")).await.expect("set");
    control.set_down(true).await.expect("down");
    let state = control.state().await.expect("the state, although Telegram is down");
    assert_eq!((state.people[1].first_name.as_str(), state.pending_updates.len()), ("Анна", 1));
    assert_eq!((state.faults.len(), state.down), (1, true));
    let strangers = state.chats.iter().find(|chat| chat.id == 7).expect("the chat");
    assert_eq!(strangers.messages[0].text, "open to strangers");
    let url = format!("{}/bot{TOKEN}/getMe", simulator.base);
    client().get(&url).send().await.expect_err("no answer");
    control.set_down(false).await.expect("up");
    assert_eq!(client().get(&url).send().await.expect("an answer").status(), 500);
    control.set_blocked(42, true).await.expect("blocked");
    control.clear_faults().await.expect("cleared");
    assert!(control.state().await.expect("the state").faults.is_empty());
}

#[tokio::test]
async fn a_simulator_that_starts_anew_goes_on_with_greater_ids() {
    let first = simulator::options();
    assert!(first.first_update_id > 100_000_000 && first.first_update_id < i64::from(i32::MAX));
    let simulator = simulator().await;
    let posted = simulator.control.send_text(&anna(), "a").await.expect("posted");
    assert!(posted.update_id >= Some(first.first_update_id));
}

#[tokio::test]
async fn a_simulator_stops_when_it_is_told_to_and_then_says_where_it_was() {
    let simulator = simulator().await;
    let control = simulator.control.clone();
    let waiting = tokio::spawn(async move { control.events(42, 0, WAIT).await });
    simulator.control.user(&anna()).await.expect("known");
    simulator.stop.send(()).expect("it runs");
    simulator.running.await.expect("no panic").expect("no error");
    waiting.await.expect("no panic").expect_err("cut");
    let error = simulator.control.send_text(&anna(), "a").await.expect_err("nobody there");
    assert!(error.to_string().contains("start it with `evolve up`"), "{error}");
}
