//! Answers are shown while they are made.

use std::sync::Arc;

use chrono::{TimeDelta, Utc};
use evolve_contract::{Code, Problem};
use evolve_runtime::clock::Clock;
use evolve_testkit::telegram::{Doing, Fault, Sent, entities::EntityKind};
use rstest::rstest;
use tokio::sync::Notify;

use crate::{
    api::Reply,
    world::{RunningBot, World, anna, john},
};

/// Waits until the only message of the chat is this text.
async fn wait_for_only(world: &World, text: &str) -> Sent {
    let is_it = |sent: &[Sent]| sent.len() == 1 && sent[0].text == text;
    world.telegram.wait_for(42, is_it).await.remove(0)
}

fn in_pieces(world: &World, pieces: &[&'static str]) -> Arc<Notify> {
    let (go, pieces) = (Arc::new(Notify::new()), pieces.to_vec());
    let held = go.clone();
    world.api.answer(move |_, _| Reply::Pieces(held.clone(), pieces.clone()));
    go
}

#[tokio::test]
async fn a_slow_answer_grows_in_one_message_and_ends_as_it_was_meant() {
    let world = World::new().await;
    let go = in_pieces(&world, &["Это ", "**важ", "но**."]);
    let bot = world.bot().await;
    let update = world.telegram.send_text(anna(), "Что важно?");
    let first = wait_for_only(&world, "Это").await;
    go.notify_one();
    wait_for_only(&world, "Это **важ").await;
    go.notify_one();
    go.notify_one();
    let whole = wait_for_only(&world, "Это важно.").await;
    assert_eq!(whole.message_id, first.message_id);
    assert_eq!(whole.entities[0].kind, EntityKind::Bold);
    world.wait_until_done(update).await;
    assert_eq!(world.api.turns(), 1);
    assert!(bot.metric("telegram_messages_sent_total{kind=\"editMessageText\"}") >= 1.0);
}

/// Waits until nothing more is shown of an answer, since Telegram was slow with it.
async fn wait_until_no_more_is_shown(bot: &RunningBot) {
    let stopped = "telegram_errors_swallowed_total{reason=\"draft\"}";
    evolve_testkit::eventually("nothing more is shown", async || bot.metric(stopped) >= 1.0).await;
}

#[tokio::test]
async fn an_answer_takes_the_place_of_its_beginning_even_if_telegram_is_slow_to_say_that_it_has_it() {
    let world = World::new().await;
    world.telegram.keep_back("sendMessage");
    let go = in_pieces(&world, &["Это ", "важно"]);
    let bot = world.bot().await;
    let update = world.telegram.send_text(anna(), "Что важно?");
    let first = wait_for_only(&world, "Это").await;
    assert_eq!(first.buttons.len(), 1, "there is no button to stop it");
    wait_until_no_more_is_shown(&bot).await;
    go.notify_one();
    go.notify_one();
    world.telegram.let_go();
    let whole = wait_for_only(&world, "Это важно").await;
    assert_eq!((whole.message_id, whole.buttons.len()), (first.message_id, 0), "{whole:?}");
    world.wait_until_done(update).await;
    world.wait_until_nothing_is_owed().await;
    assert_eq!(world.texts(42), ["Это важно"]);
}

#[tokio::test]
async fn a_beginning_that_telegram_is_too_slow_with_is_taken_away_again() {
    let world = World::new().await;
    world.telegram.keep_back("sendMessage");
    let go = in_pieces(&world, &["Это ", "важно"]);
    let bot = world.bot().await;
    world.telegram.send_text(anna(), "Что важно?");
    wait_for_only(&world, "Это").await;
    wait_until_no_more_is_shown(&bot).await;
    go.notify_one();
    go.notify_one();
    // The answer waits for ten seconds, and then for no longer.
    world.telegram.wait_for(42, |sent| sent.len() == 2 && sent[1].text == "Это важно").await;
    world.telegram.let_go();
    let sent = world.telegram.wait_for(42, |sent| sent[0].deleted).await;
    assert_eq!((sent.len(), sent[1].deleted, sent[1].buttons.len()), (2, false, 0), "{sent:?}");
}

#[tokio::test]
async fn what_telegram_has_not_acknowledged_when_a_replica_stops_another_goes_on_in_all_the_same() {
    // Time stands still: no lease runs out, so only what is handed back can be taken over.
    let world = World { clock: Clock::fixed(Utc::now()), ..World::new().await };
    world.telegram.keep_back("sendMessage");
    let _go = in_pieces(&world, &["Сначала ", "потом"]);
    let bot = world.bot().await;
    let update = world.telegram.send_text(anna(), "Расскажи");
    let first = wait_for_only(&world, "Сначала").await;
    let _other = world.bot().await;
    let mut stopping = std::pin::pin!(bot.hurry());
    assert!(futures::poll!(stopping.as_mut()).is_pending(), "it did not wait for Telegram's word");
    world.telegram.let_go();
    stopping.await;
    let whole = wait_for_only(&world, "Сначала потом").await;
    assert_eq!((whole.message_id, whole.buttons.len()), (first.message_id, 0), "{whole:?}");
    world.wait_until_done(update).await;
    assert_eq!(world.api.turns(), 1);
}

#[tokio::test]
async fn an_answer_that_is_quick_comes_whole_and_is_never_edited() {
    let world = World::new().await;
    let _bot = world.bot().await;
    world.telegram.send_text(anna(), "Привет");
    let sent = wait_for_only(&world, "echo: Привет").await;
    assert_eq!(sent.edits, 0);
}

#[tokio::test]
async fn whoever_goes_on_after_a_crash_goes_on_in_the_same_message() {
    let world = World { clock: Clock::fixed(Utc::now()), ..World::new().await };
    let _go = in_pieces(&world, &["Сначала ", "потом"]);
    let bot = world.bot().await;
    let update = world.telegram.send_text(anna(), "Расскажи");
    wait_for_only(&world, "Сначала").await;
    world.wait_until_drafted(update).await;
    bot.kill().await;
    world.clock.advance(TimeDelta::seconds(61));
    let _other = world.bot().await;
    wait_for_only(&world, "Сначала потом").await;
    world.wait_until_done(update).await;
}

#[tokio::test]
async fn what_a_stopping_replica_has_no_time_for_another_goes_on_with_at_once_in_the_same_message() {
    // Time stands still: no lease runs out, so only what is handed back can be taken over.
    let world = World { clock: Clock::fixed(Utc::now()), ..World::new().await };
    let _go = in_pieces(&world, &["Сначала ", "потом"]);
    let bot = world.bot().await;
    let update = world.telegram.send_text(anna(), "Расскажи");
    wait_for_only(&world, "Сначала").await;
    world.wait_until_drafted(update).await;
    let _other = world.bot().await;
    bot.hurry().await;
    wait_for_only(&world, "Сначала потом").await;
    world.wait_until_done(update).await;
    assert_eq!(world.api.turns(), 1);
    let sql = "SELECT attempts FROM inbox WHERE update_id = $1";
    let (attempts,): (i32,) = sqlx::query_as(sql).bind(update).fetch_one(&world.database.pool()).await.unwrap();
    assert_eq!(attempts, 1, "an attempt that was handed back counts");
}

#[tokio::test]
async fn a_turn_that_runs_when_the_process_is_asked_to_stop_is_finished_and_answered() {
    let world = World::new().await;
    let go = Arc::new(Notify::new());
    let held = go.clone();
    world.api.answer(move |_, _| Reply::Later(held.clone(), "Готово".to_owned()));
    let bot = world.bot().await;
    let update = world.telegram.send_text(anna(), "Расскажи");
    world.api.wait_for_calls_of(42, 1).await;
    tokio::join!(bot.stop(), async { go.notify_one() });
    assert_eq!(world.texts(42), ["Готово"], "the process ended before what it owed was sent");
    world.wait_until_done(update).await;
}

#[tokio::test]
async fn an_excuse_takes_the_place_of_what_was_begun() {
    let world = World::new().await;
    let go = Arc::new(Notify::new());
    let held = go.clone();
    let blocked = Problem::new(Code::ModelBlocked);
    world.api.answer(move |_, _| Reply::PiecesAndThen(held.clone(), vec!["Ну вот, "], blocked.clone()));
    let _bot = world.bot().await;
    world.telegram.send_text(anna(), "Расскажи");
    wait_for_only(&world, "Ну вот,").await;
    go.notify_one();
    let sent = world.wait_for_last(42, "отвечать не буду").await;
    assert_eq!(sent.edits, 1);
    assert_eq!(world.texts(42).len(), 1);
}

#[rstest]
#[case::begun_at_first(1)]
#[case::begun_at_last(5)]
#[tokio::test]
async fn the_regret_for_an_answer_that_is_given_up_takes_the_place_of_what_was_begun(#[case] begun: usize) {
    let world = World { clock: Clock::fixed(Utc::now()), ..World::new().await };
    let go = Arc::new(Notify::new());
    let held = go.clone();
    world.api.answer(move |call, before| match call.person {
        42 if before + 1 == begun => Reply::PiecesAndThen(held.clone(), vec!["Ну вот, "], Problem::new(Code::Internal)),
        42 => Reply::Problem(Problem::new(Code::Internal)),
        _ => Reply::Text(format!("echo: {}", call.request.message)),
    });
    let _bot = world.bot().await;
    let poison = world.telegram.send_text(anna(), "Расскажи");
    for attempt in 1..=5 {
        world.api.wait_for_calls_of(42, attempt).await;
        if attempt == begun {
            wait_for_only(&world, "Ну вот,").await;
            world.wait_until_drafted(poison).await;
            go.notify_one();
        }
        // Somebody else is answered meanwhile, which also wakes the worker once time has passed.
        world.wait_until_let_go(poison).await;
        world.clock.advance(TimeDelta::seconds(60));
        world.telegram.send_text(john(), &format!("{attempt}"));
        world.wait_for_last(7, &format!("echo: {attempt}")).await;
    }
    let sorry = world.wait_for_last(42, "что-то пошло не так").await;
    assert_eq!((world.texts(42).len(), sorry.buttons.len()), (1, 0), "{:?}", world.telegram.messages(42));
}

#[tokio::test]
async fn a_message_that_the_person_has_deleted_is_said_again() {
    let world = World::new().await;
    let go = in_pieces(&world, &["Это ", "важно"]);
    let _bot = world.bot().await;
    world.telegram.send_text(anna(), "Что важно?");
    wait_for_only(&world, "Это").await;
    world.telegram.fault(Fault::refuse("editMessageText", 400, "Bad Request: message to edit not found").times(9));
    go.notify_one();
    go.notify_one();
    world.wait_for_last(42, "Это важно").await;
    assert_eq!(world.texts(42), ["Это", "Это важно"]);
}

#[tokio::test]
async fn when_telegram_asks_to_send_less_the_answer_comes_whole_and_in_time() {
    let world = World::new().await;
    let go = in_pieces(&world, &["Это ", "очень ", "важно"]);
    let _bot = world.bot().await;
    world.telegram.send_text(anna(), "Что важно?");
    wait_for_only(&world, "Это").await;
    world.telegram.fault(Fault::flood("editMessageText", 1).times(1));
    for _ in 0..3 {
        go.notify_one();
        tokio::task::yield_now().await;
    }
    let sent = wait_for_only(&world, "Это очень важно").await;
    assert_eq!(sent.edits, 1, "nothing more was shown of it");
}

#[tokio::test]
async fn an_answer_that_was_shown_as_it_grew_never_comes_twice() {
    let world = World::new().await;
    let go = in_pieces(&world, &["Это ", "важно"]);
    let _bot = world.bot().await;
    world.telegram.send_text(anna(), "Что важно?");
    wait_for_only(&world, "Это").await;
    // Telegram does it, and nobody hears of that.
    world.telegram.fault(Fault::drop_after("editMessageText").times(2));
    go.notify_one();
    go.notify_one();
    wait_for_only(&world, "Это важно").await;
    let pool = world.database.pool();
    evolve_testkit::eventually("it counts as sent", async || {
        let (owed,): (i64,) =
            sqlx::query_as("SELECT count(*) FROM outbox WHERE state <> 'sent'").fetch_one(&pool).await.unwrap();
        owed == 0
    })
    .await;
    assert_eq!(world.texts(42), ["Это важно"]);
}

#[tokio::test]
async fn telegrams_own_drafts_end_in_a_real_message() {
    let world = World { streaming: "drafts", ..World::new().await };
    let go = in_pieces(&world, &["Это ", "важно"]);
    let _bot = world.bot().await;
    world.telegram.send_text(anna(), "Что важно?");
    let draft = |doing: &Doing| matches!(doing, Doing::Draft { text, .. } if text == "Это");
    evolve_testkit::eventually("a draft is shown", async || {
        world.telegram.events(42).iter().any(|event| draft(&event.doing))
    })
    .await;
    assert_eq!(world.texts(42), [""; 0]);
    go.notify_one();
    go.notify_one();
    let sent = wait_for_only(&world, "Это важно").await;
    assert_eq!(sent.edits, 0);
}

#[tokio::test]
async fn where_it_is_not_wanted_nothing_is_shown_before_the_answer_is_whole() {
    let world = World { streaming: "off", ..World::new().await };
    let go = Arc::new(Notify::new());
    let held = go.clone();
    world.api.answer(move |_, _| Reply::Later(held.clone(), "Готово".to_owned()));
    let _bot = world.bot().await;
    world.telegram.send_text(anna(), "Что важно?");
    world.api.wait_for_calls_of(42, 1).await;
    go.notify_one();
    assert_eq!(wait_for_only(&world, "Готово").await.edits, 0);
}
