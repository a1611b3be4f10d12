//! A companion that remembers.

use rstest::rstest;

use crate::system::{Mode, ground, parrot, stand_in};

const ANNA: i64 = 1001;

#[rstest]
#[case(Mode::Polling)]
#[case(Mode::Webhook)]
#[tokio::test]
async fn a_fact_told_in_one_session_is_used_in_the_next_after_a_restart(#[case] mode: Mode) {
    let ground = ground().await;
    {
        let api = ground.api(stand_in()).await;
        let bot = ground.bot(&api.url, mode).await;
        ground.telegram.send_text(ANNA, "my name is Anna");
        ground.wait_for_last(ANNA, |text| text.contains("Anna")).await;
        ground.telegram.send_text(ANNA, "I love chamomile tea");
        ground.telegram.wait_for(ANNA, |sent| sent.len() == 2).await;
        bot.stop().await;
        api.stop().await;
    }
    let api = ground.api(stand_in()).await;
    let _bot = ground.bot(&api.url, mode).await;
    ground.telegram.send_text(ANNA, "/reset");
    ground.telegram.wait_for(ANNA, |sent| sent.len() == 3).await;
    ground.telegram.send_text(ANNA, "what do I like?");
    ground.wait_for_last(ANNA, |text| text.contains("chamomile tea")).await;
    ground.telegram.send_text(ANNA, "what is my name?");
    ground.wait_for_last(ANNA, |text| text.contains("Anna")).await;
}

#[tokio::test]
async fn a_message_sent_while_everything_was_down_is_answered_when_it_is_back() {
    let ground = ground().await;
    ground.telegram.send_text(ANNA, "anybody there?");
    let api = ground.api(parrot()).await;
    let _bot = ground.bot(&api.url, Mode::Polling).await;
    ground.wait_for_last(ANNA, |text| text == "you said anybody there?").await;
}

#[tokio::test]
async fn a_friendship_grows_is_celebrated_once_and_is_told_of_whoever_answers() {
    let ground = ground().await;
    let api = ground.api(parrot()).await;
    let bot = ground.bot(&api.url, Mode::Polling).await;
    ground.telegram.send_text(ANNA, "hello");
    ground.wait_for_last(ANNA, |text| text == "you said hello").await;
    sqlx::query("UPDATE users SET points = 299, best_level = 2").execute(&ground.sql).await.unwrap();
    ground.telegram.send_text(ANNA, "how are you?");
    let sent = ground.wait_for_last(ANNA, |text| text.contains("Friend")).await;
    assert_eq!(sent.len(), 3, "{sent:?}");
    assert_eq!(sent[1].text, "you said how are you?");
    bot.stop().await;
    api.stop().await;
    let api = ground.api(parrot()).await;
    let _bot = ground.bot(&api.url, Mode::Polling).await;
    ground.telegram.send_text(ANNA, "and now?");
    ground.wait_for_last(ANNA, |text| text == "you said and now?").await;
    ground.telegram.send_text(ANNA, "/relationship");
    let sent = ground.wait_for_last(ANNA, |text| text.contains("level 3 of 5")).await;
    assert_eq!(sent.len(), 5, "it was celebrated again: {sent:?}");
    let page = &sent[4].text;
    assert!(page.contains("299 points to the level “Close friend”."), "{page}");
    assert!(page.contains("Today — a new level: Friend 🎉"), "{page}");
    assert!(page.contains("Today — 3 messages: +3 points"), "{page}");
}
