//! Whom the companion meets in a group before they come to it.

use evolve_testkit::telegram::User;

use crate::system::{Mode, ground, parrot};

const ROOM: i64 = -1_001;
const IVAN: i64 = 42;

fn ivan() -> User {
    User::new(IVAN).first_name("Иван").language("ru")
}

#[tokio::test]
async fn who_is_met_in_a_group_first_is_a_stranger_elsewhere_and_keeps_a_language_of_their_own() {
    let ground = ground().await;
    let api = ground.api(parrot()).await;
    let _bot = ground.bot(&api.url, Mode::Polling).await;
    ground.telegram.add_to_group(User::new(7).first_name("John").language("en"), ROOM, "Friends");
    ground.wait_for_last(ROOM, |text| !text.is_empty()).await;

    // They may be in danger; but there is no chat of theirs that could be written to.
    ground.telegram.send_text_in(ROOM, ivan(), "@evolve_test_bot I want to die");
    ground.wait_for_last(ROOM, |text| text.starts_with("you said") && text.ends_with("I want to die")).await;
    assert_eq!(ground.count("SELECT count(*) FROM users WHERE blocked_at IS NULL").await, 1);
    assert_eq!(ground.count("SELECT count(*) FROM outbox WHERE chat_id = 42").await, 0, "nobody could have read it");
    let query = ground.telegram.ask_inline(ivan(), "What is the capital of France?");
    let answer = ground.telegram.wait_until("an answer", |telegram| telegram.inline_answer(&query)).await;
    assert_eq!(answer["button"]["start_parameter"], "inline", "they have never started the bot");

    // The bot's own language is English.
    ground.telegram.send_text(ivan(), "/start");
    ground.wait_for_last(IVAN, |text| text.contains("На каком языке")).await;
    assert_eq!(ground.count("SELECT count(*) FROM settings WHERE language = 'ru'").await, 1);

    // So it is with whoever was removed, and has spoken in a group since.
    let (client, token) = ground.client(&api, IVAN).await;
    client.delete_profile(&token, IVAN).await.unwrap();
    ground.telegram.send_text_in(ROOM, ivan(), "@evolve_test_bot and now?");
    ground.wait_for_last(ROOM, |text| text.ends_with("and now?")).await;
    assert_eq!(ground.count("SELECT count(*) FROM settings").await, 0);
    ground.telegram.send_text(ivan(), "hello again");
    ground.wait_for_last(IVAN, |text| text == "you said hello again").await;
    assert_eq!(ground.count("SELECT count(*) FROM settings WHERE language = 'ru'").await, 1);
}
