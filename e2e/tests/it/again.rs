//! Stopping, asking for another answer, editing: from Telegram to the database and back.

use std::sync::Arc;

use evolve_engine::model::{Script, Step};

use crate::system::{Mode, ground};

const ANNA: i64 = 42;

#[tokio::test]
async fn an_answer_is_stopped_and_made_anew_and_the_message_is_edited_and_all_of_it_counts_once() {
    let ground = ground().await;
    let steps =
        [Step::HangAfter("Once upon a time ".to_owned()), Step::say("A short tale."), Step::say("A long tale.")];
    let script = Script::new(steps);
    let api = ground.api(Arc::new(script.clone())).await;
    let other = ground.api(Arc::new(script.clone())).await;
    let _bot = ground.bot(&api.url, Mode::Polling).await;
    ground.telegram.send_text(ANNA, "tell me a tale");
    ground.wait_for_last(ANNA, |text| text == "Once upon a time").await;
    // Whichever replica is asked.
    let (client, token) = ground.client(&other, ANNA).await;
    assert!(client.stop(&token).await.unwrap().stopping);
    ground.wait_for_last(ANNA, |text| text == "Once upon a time…").await;
    ground.telegram.send_text(ANNA, "/regenerate");
    ground.wait_for_last(ANNA, |text| text == "A short tale.").await;
    let message = ground.telegram.person_messages(ANNA)[0];
    ground.telegram.edit_message(ANNA, message, "tell me a long tale");
    ground.wait_for_last(ANNA, |text| text == "A long tale.").await;
    assert_eq!(ground.telegram.messages(ANNA).len(), 3);
    assert_eq!(ground.count("SELECT sum(messages)::bigint FROM usage_days").await, 3);
    assert_eq!(ground.count("SELECT count(*) FROM messages").await, 2);
    assert_eq!(ground.count("SELECT points FROM users").await, 1);
    let texts: Vec<_> = script.requests().pop().unwrap().context.iter().map(|message| message.text()).collect();
    assert_eq!(texts, ["tell me a long tale"]);
}

#[tokio::test]
async fn stop_in_the_chat_reaches_the_answer_that_is_being_made_there() {
    let ground = ground().await;
    let script = Script::new([Step::HangAfter("Once upon a time ".to_owned())]);
    let api = ground.api(Arc::new(script.clone())).await;
    let _bot = ground.bot(&api.url, Mode::Webhook).await;
    ground.telegram.wait_until("a webhook", |telegram| telegram.webhook_url()).await;
    ground.telegram.send_text(ANNA, "tell me a tale");
    script.asked(1).await;
    ground.telegram.send_text(ANNA, "/stop");
    ground.telegram.wait_for(ANNA, |sent| sent.iter().any(|sent| sent.text.contains("Once upon a time…"))).await;
    assert_eq!(ground.count("SELECT sum(messages)::bigint FROM usage_days").await, 1);
}
