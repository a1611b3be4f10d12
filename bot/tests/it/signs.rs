//! What people say without words: things the bot cannot open, reactions, blocking; and the links they come by.

use evolve_testkit::telegram::{Doing, Fault};
use rstest::rstest;
use serde_json::{Value, json};

use crate::world::{World, anna, john};

fn sent(id: i64, message_id: i64, more: Value) -> Value {
    let mut message = json!({
        "message_id": message_id, "date": 1_770_000_000 + message_id,
        "chat": { "id": id, "type": "private", "first_name": "John" },
        "from": { "id": id, "is_bot": false, "first_name": "John", "language_code": "en" },
    });
    message.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({ "message": message })
}

fn reacted(id: i64, message_id: i64, new: Value) -> Value {
    json!({ "message_reaction": {
        "chat": { "id": id, "type": "private", "first_name": "John" }, "message_id": message_id, "date": 1_770_000_000,
        "user": { "id": id, "is_bot": false, "first_name": "John" }, "old_reaction": [], "new_reaction": new,
    } })
}

#[rstest]
#[case(json!({ "video_note": { "file_id": "a" } }), "can't watch videos")]
#[case(json!({ "dice": { "emoji": "🎲", "value": 6 } }), "What a throw")]
#[case(json!({ "location": { "latitude": 1.0, "longitude": 2.0 } }), "can't open maps")]
#[case(json!({ "contact": { "phone_number": "1", "first_name": "a" } }), "don't keep contacts")]
#[case(json!({ "poll": { "id": "1" } }), "can't vote")]
#[case(json!({ "story": { "id": 1 } }), "can't do anything with this")]
#[tokio::test]
async fn what_it_cannot_open_the_bot_says_kindly_and_once_for_a_burst(#[case] more: Value, #[case] part: &str) {
    let world = World::new().await;
    world.telegram.open_chat(john());
    let _bot = world.bot().await;
    // The same minute, but for the last.
    let burst = [60, 61, 62].map(|message_id| world.telegram.send_update(sent(7, message_id, more.clone())));
    for update in burst {
        world.wait_until_done(update).await;
    }
    world.wait_for_last(7, part).await;
    assert_eq!(world.texts(7).len(), 1, "{:?}", world.texts(7));
    let later = world.telegram.send_update(sent(7, 600, more));
    world.wait_until_done(later).await;
    world.telegram.wait_for(7, |sent| sent.len() == 2).await;
    assert_eq!(world.api.turns(), 0);
}

#[tokio::test]
async fn a_reaction_is_told_with_the_answer_that_it_is_to_and_taken_back() {
    let world = World::new().await;
    let _bot = world.bot().await;
    world.telegram.send_text(john(), "Hi");
    let answer = world.wait_for_last(7, "echo: Hi").await.message_id;
    world.telegram.send_text(john(), "/help");
    let help = world.telegram.wait_for(7, |sent| sent.len() == 2).await[1].message_id;
    let like = json!([{ "type": "emoji", "emoji": "👍" }]);
    for (message, new) in [(answer, like.clone()), (answer, json!([])), (999, like.clone())] {
        let update = world.telegram.send_update(reacted(7, message, new));
        world.wait_until_done(update).await;
    }
    let key = world.api.calls()[0].key.clone();
    assert_eq!(world.api.feedback(), [(7, key.clone(), Some("👍".to_owned())), (7, key.clone(), None)]);
    // A command's answer is none of the companion's; the API knows that.
    let update = world.telegram.send_update(reacted(7, help, like));
    world.wait_until_done(update).await;
    assert_ne!(world.api.feedback().pop().unwrap().1, key);
    assert!(!world.telegram.events(7).iter().any(|event| matches!(event.doing, Doing::Reaction { .. })));
}

#[tokio::test]
async fn who_blocks_the_bot_is_left_alone_and_comes_back_by_unblocking_it() {
    let world = World::new().await;
    sqlx::query("INSERT INTO users (id, created_at, last_seen_at) VALUES (42, now(), now())")
        .execute(&world.database.pool())
        .await
        .unwrap();
    let blocked = async || {
        let query = "SELECT blocked_at IS NOT NULL FROM users WHERE id = 42";
        sqlx::query_as::<_, (bool,)>(query).fetch_one(&world.database.pool()).await.unwrap().0
    };
    let _bot = world.bot().await;
    world.telegram.send_text(anna(), "Привет");
    world.wait_for_last(42, "echo: Привет").await;
    world.telegram.block(42);
    evolve_testkit::eventually("it is noticed", async || blocked().await).await;
    world.telegram.unblock(42);
    evolve_testkit::eventually("it is noticed", async || !blocked().await).await;
    world.telegram.send_text(anna(), "Я снова тут");
    world.wait_for_last(42, "echo: Я снова тут").await;
}

#[tokio::test]
async fn whoever_comes_by_a_link_is_told_of_after_they_are_known() {
    let world = World::new().await;
    let _bot = world.bot().await;
    for (text, referrers) in [("/start ref_16", 1), ("/start ref_no!", 1), ("/start", 1), ("/start ref_16", 2)] {
        let update = world.telegram.send_text(john(), text);
        world.wait_until_done(update).await;
        assert_eq!(world.api.referrers(), vec![(7, "ref_16".to_owned()); referrers], "{text}");
    }
    assert!(world.api.profile(7).is_some());
}

#[tokio::test]
async fn a_sticker_among_videos_is_another_matter() {
    let world = World::new().await;
    world.telegram.open_chat(john());
    let _bot = world.bot().await;
    for (message_id, more) in
        [(60, json!({ "video_note": { "file_id": "a" } })), (61, json!({ "dice": { "emoji": "🎲", "value": 6 } }))]
    {
        let update = world.telegram.send_update(sent(7, message_id, more));
        world.wait_until_done(update).await;
    }
    world.wait_for_last(7, "What a throw").await;
}

#[tokio::test]
async fn who_speaks_of_danger_under_a_video_that_nobody_watches_is_told_whom_to_call() {
    let world = World::new().await;
    world.telegram.open_chat(john());
    let _bot = world.bot().await;
    let video = json!({ "video": { "file_id": "a" }, "caption": "I want to die" });
    let update = world.telegram.send_update(sent(7, 63, video));
    world.wait_until_done(update).await;
    let told = world.telegram.wait_for(7, |sent| sent.len() == 2).await;
    assert!(told.iter().any(|sent| sent.text.contains("findahelpline.com")), "{told:?}");
}

#[tokio::test]
async fn a_reaction_does_not_wait_for_an_answer_nor_an_answer_for_it() {
    let world = World { streaming: "off", ..World::new().await };
    let _bot = world.bot().await;
    world.telegram.send_text(john(), "Hi");
    let answer = world.wait_for_last(7, "echo: Hi").await.message_id;
    let go = std::sync::Arc::new(tokio::sync::Notify::new());
    let later = go.clone();
    world.api.answer(move |_, _| crate::api::Reply::Later(later.clone(), "At last".to_owned()));
    world.telegram.send_text(john(), "Tell me a tale");
    world.api.wait_for_calls_of(7, 2).await;
    let update = world.telegram.send_update(reacted(7, answer, json!([{ "type": "emoji", "emoji": "👍" }])));
    world.wait_until_done(update).await;
    assert_eq!(world.api.feedback().len(), 1);
    go.notify_one();
    world.wait_for_last(7, "At last").await;
}

#[tokio::test]
async fn who_cannot_be_written_to_any_more_is_known_to_have_blocked_the_bot() {
    let world = World::new().await;
    sqlx::query("INSERT INTO users (id, created_at, last_seen_at) VALUES (42, now(), now())")
        .execute(&world.database.pool())
        .await
        .unwrap();
    let _bot = world.bot().await;
    world.telegram.send_text(anna(), "Привет");
    world.wait_for_last(42, "echo: Привет").await;
    // Nobody tells the bot of it; an update that it has already makes it find out.
    world.telegram.deactivate(42);
    let update = sent(42, 60, json!({ "text": "/help" }));
    world.telegram.send_update(update);
    evolve_testkit::eventually("it is noticed", async || {
        let query = "SELECT blocked_at IS NOT NULL FROM users WHERE id = 42";
        sqlx::query_as::<_, (bool,)>(query).fetch_one(&world.database.pool()).await.unwrap().0
    })
    .await;
}

#[tokio::test]
async fn who_has_never_opened_the_chat_has_not_blocked_the_bot() {
    let world = World::new().await;
    sqlx::query("INSERT INTO users (id, created_at, last_seen_at) VALUES (42, now(), now())")
        .execute(&world.database.pool())
        .await
        .unwrap();
    let bot = world.bot().await;
    let never = "Forbidden: bot can't initiate conversation with a user";
    world.telegram.fault(Fault::refuse("sendMessage", 403, never).chat(42));
    world.telegram.send_text(anna(), "Привет");
    evolve_testkit::eventually("the row is given up", async || {
        let (dead,): (i64,) = sqlx::query_as("SELECT count(*) FROM outbox WHERE state = 'dead'")
            .fetch_one(&world.database.pool())
            .await
            .unwrap();
        dead == 1
    })
    .await;
    let (blocked,): (i64,) = sqlx::query_as("SELECT count(*) FROM users WHERE blocked_at IS NOT NULL")
        .fetch_one(&world.database.pool())
        .await
        .unwrap();
    assert_eq!((blocked, bot.metric("telegram_outbox_failures_total{reason=\"forbidden\"}")), (0, 1.0));
}

#[tokio::test]
async fn everybody_has_a_link_of_their_own() {
    let world = World::new().await;
    let _bot = world.bot().await;
    world.telegram.send_text(john(), "/invite");
    let english = world.wait_for_last(7, "Here is your own link").await.text;
    assert!(english.contains("?start=ref_7\n"), "{english}");
    world.telegram.send_text(anna(), "/invite");
    let russian = world.wait_for_last(42, "Вот ваша ссылка").await.text;
    let link = russian.lines().find(|line| line.starts_with("https://t.me/")).unwrap();
    assert!(link.ends_with("?start=ref_16"), "{link}");
    world.telegram.send_text(john(), &format!("/start {}", link.split_once("start=").unwrap().1));
    evolve_testkit::eventually("it leads back", async || world.api.referrers() == [(7, "ref_16".to_owned())]).await;
}
