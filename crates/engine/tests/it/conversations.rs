//! Conversations end after a silence, are summed up, get a title, and are taken up again.

use chrono::TimeDelta;
use evolve_engine::{
    conversations,
    first::write_to_some,
    model::{Role, Script, Step},
    prompt::Persona,
    summary,
};
use evolve_store::preferences::PreferencesPatch;
use serde_json::json;

use crate::turn_support::{IVAN, World, world_of};

/// A companion who sums up whatever is said as talk of the sea.
async fn world() -> World {
    world_of(Script::with(|request| {
        if request.tools.is_empty() {
            return Step::say(json!({"title": "Отпуск на море", "summary": "Собирается на море."}).to_string());
        }
        Step::say("ага")
    }))
    .await
}

#[tokio::test]
async fn after_a_silence_the_talk_is_summed_up_under_a_title_and_the_next_goes_on_where_it_was_left() {
    let world = world().await;
    world.say("Летом поеду на море").await.unwrap();
    world.clock.advance(TimeDelta::hours(7));
    assert_eq!(conversations::end_some(&world.engine).await.unwrap(), 0, "that was no silence yet");
    world.clock.advance(TimeDelta::hours(2));
    assert_eq!(conversations::end_some(&world.engine).await.unwrap(), 1);
    assert_eq!(conversations::end_some(&world.engine).await.unwrap(), 0);
    assert!(summary::sum_up_one(&world.engine).await);
    assert_eq!(world.count("SELECT count(*) FROM conversations WHERE title LIKE 'gAAAA%' AND silent").await, 1);

    world.say("Какой купальник взять?").await.unwrap();
    assert_eq!(world.count("SELECT count(*) FROM conversations").await, 2);
    assert!(world.last_system().contains("# Earlier\nСобирается на море."), "{}", world.last_system());
    let request = world.script.requests().pop().unwrap();
    let context: Vec<_> = request.context.iter().map(|message| (message.role, message.text())).collect();
    let left = [(Role::User, "Летом поеду на море".to_owned()), (Role::Assistant, "ага".to_owned())];
    assert_eq!(context[..2], left);
}

#[tokio::test]
async fn after_a_reset_the_next_conversation_knows_nothing_word_for_word() {
    let world = world().await;
    world.say("Летом поеду на море").await.unwrap();
    world.store().users().end_conversation(IVAN, world.clock.now()).await.unwrap();
    world.say("Привет").await.unwrap();
    assert_eq!(world.script.requests().pop().unwrap().context.len(), 1);
}

#[tokio::test]
async fn who_resets_after_a_silence_begins_anew_as_well() {
    let world = world().await;
    world.say("Летом поеду на море").await.unwrap();
    sleep(&world).await;
    assert!(world.store().users().end_conversation(IVAN, world.clock.now()).await.unwrap());
    assert!(!world.store().users().end_conversation(IVAN, world.clock.now()).await.unwrap());
    world.say("Привет").await.unwrap();
    assert_eq!(shown(&world), ["Привет"]);
}

#[tokio::test]
async fn after_a_silence_premium_goes_on_with_the_whole_talk_and_free_with_no_more_than_its_plan_lets() {
    let world = world().await;
    for number in 0..9 {
        world.say(&format!("Сообщение {number}")).await.unwrap();
    }
    world.clock.advance(TimeDelta::hours(9));
    assert_eq!(conversations::end_some(&world.engine).await.unwrap(), 1);
    world.make_premium().await;
    world.say("Утро").await.unwrap();
    let request = world.script.requests().pop().unwrap();
    assert_eq!(request.context.len(), 19, "the whole talk before, and the new message");
    assert_eq!(request.context[0].text(), "Сообщение 0");
    sqlx::query("UPDATE users SET plan = 'free'").execute(&world.sql).await.unwrap();
    world.say("Ещё утро").await.unwrap();
    let request = world.script.requests().pop().unwrap();
    assert_eq!(request.context.len(), 11, "ten messages of history, and the new one");
    assert_eq!(request.context[0].text(), "Сообщение 5");
    assert_eq!(request.context[8].text(), "Утро");
}

/// A night, after which the talk has ended.
async fn sleep(world: &World) {
    world.clock.advance(TimeDelta::hours(9));
    assert_eq!(conversations::end_some(&world.engine).await.unwrap(), 1);
}

/// What the model was shown of what was said before, in the order in which it was said.
fn shown(world: &World) -> Vec<String> {
    let context = world.last_request().context;
    context.iter().flat_map(|message| message.text().lines().map(str::to_owned).collect::<Vec<_>>()).collect()
}

#[tokio::test]
async fn short_talks_of_many_days_are_one_history_up_to_the_last_reset() {
    let world = world().await;
    for text in ["Забытое", "Раз", "Два", "Три"] {
        world.say(text).await.unwrap();
        if text == "Забытое" {
            world.store().users().end_conversation(IVAN, world.clock.now()).await.unwrap();
            world.clock.advance(TimeDelta::hours(1));
        } else {
            sleep(&world).await;
        }
    }
    world.make_premium().await;
    world.say("Четыре").await.unwrap();
    assert_eq!(shown(&world), ["Раз", "ага", "Два", "ага", "Три", "ага", "Четыре"]);
}

#[tokio::test]
async fn a_good_morning_that_nobody_answered_hides_nothing_of_the_talk_before() {
    let world = world_of(Script::always(Step::say("ага"))).await;
    world.say("Летом поеду на море").await.unwrap();
    let zone = Some(chrono_tz::Europe::Moscow);
    let allowed = PreferencesPatch { good_morning: Some(true), time_zone: zone, ..PreferencesPatch::default() };
    let defaults = Persona::default().default_settings();
    world.store().preferences().change(IVAN, &allowed, defaults, world.clock.now()).await.unwrap().unwrap();
    sleep(&world).await;
    for _ in 0..24 {
        world.clock.advance(TimeDelta::minutes(30));
        while write_to_some(&world.engine).await {}
    }
    sleep(&world).await;
    world.say("Какой купальник взять?").await.unwrap();
    assert_eq!(world.count("SELECT count(*) FROM conversations").await, 3);
    assert_eq!(shown(&world), ["Летом поеду на море", "ага", "ага", "Какой купальник взять?"]);
}
