//! Stopping, asking for another answer, editing: from Telegram to the database and back.

use std::sync::Arc;

use evolve_contract::chat::StopRequest;
use evolve_engine::model::{Message, Part, Script, Step};

use crate::system::{Mode, ground};

const ANNA: i64 = 42;

/// A PNG of one pixel.
const PICTURE: &[u8] = b"\x89PNG\x0d\x0a\x1a\x0a\x00\x00\x00\x0dIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89\x00\x00\x00\x0dIDATx\xdacd\xf8\xcfP\x0f\x00\x03\x86\x01\x80Z4}k\x00\x00\x00\x00IEND\xaeB`\x82";

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
    assert!(client.stop(&token, &StopRequest::default()).await.unwrap().stopping);
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

#[tokio::test]
async fn a_photo_is_looked_at_again_when_its_answer_is_made_anew_and_when_its_caption_is_edited() {
    let ground = ground().await;
    let script = Script::new(["Hello.", "A cat.", "A red cat.", "Barsik!"].map(Step::say));
    let api = ground.api(Arc::new(script.clone())).await;
    let _bot = ground.bot(&api.url, Mode::Polling).await;
    ground.telegram.send_text(ANNA, "hi");
    ground.wait_for_last(ANNA, |text| text == "Hello.").await;
    sqlx::query("UPDATE users SET plan = 'premium'").execute(&ground.sql).await.unwrap();
    ground.telegram.send_photo(ANNA, PICTURE, Some("who is it?"));
    ground.wait_for_last(ANNA, |text| text == "A cat.").await;
    ground.telegram.send_text(ANNA, "/regenerate");
    ground.wait_for_last(ANNA, |text| text == "A red cat.").await;
    let photo = ground.telegram.person_messages(ANNA)[1];
    ground.telegram.edit_message(ANNA, photo, "his name?");
    ground.wait_for_last(ANNA, |text| text == "Barsik!").await;
    let has_picture = |message: &Message| message.parts.iter().any(|part| matches!(part, Part::Image { .. }));
    let seen: Vec<_> =
        script.requests().iter().map(|request| request.context.last().is_some_and(has_picture)).collect();
    assert_eq!(seen, [false, true, true, true]);
}
