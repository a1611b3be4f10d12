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
