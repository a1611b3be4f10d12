//! Consent to adult matters.

use evolve_contract::profile::{Onboarding, ProfileData};

use crate::{
    settings::{press, turned},
    world::{World, anna, john},
};

/// Anna and John are known; the companion may speak of adult matters.
async fn adult() -> World {
    let world = World::new().await;
    for (person, language) in [(42, "ru"), (7, "en")] {
        let onboarding = Some(Onboarding::Done);
        world
            .api
            .know(person, ProfileData { language: Some(language.to_owned()), onboarding, ..ProfileData::default() });
    }
    world.api.set_adult(true);
    world
}

#[tokio::test]
async fn a_person_is_asked_once_with_an_answer_decides_and_changes_their_mind() {
    let world = adult().await;
    let _bot = world.bot().await;
    world.telegram.send_text(anna(), "Привет");
    let question = world.wait_for_last(42, "Взрослые темы").await.message_id;
    assert_eq!(world.texts(42)[0], "echo: Привет", "a message waited for the question");
    world.telegram.send_text(anna(), "Потом отвечу");
    world.wait_for_last(42, "echo: Потом отвечу").await;
    assert_eq!((world.texts(42).len(), world.api.consent(42)), (3, None));
    world.telegram.send_text(anna(), "/privacy");
    world.wait_for_last(42, "вы не ответили").await;

    for _ in 0..2 {
        let update = world.telegram.press(anna(), question, "adult:yes:1");
        world.wait_until_done(update).await;
        turned(&world, 42, question, "Взрослые темы: да").await;
    }
    assert_eq!((world.api.consent(42), world.api.consent(7)), (Some(true), None));
    world.telegram.send_text(anna(), "/privacy");
    world.wait_for_last(42, "подтвердили, что вам есть 18, и согласились (8 марта 2026").await;

    world.telegram.send_text(anna(), "/settings");
    let menu = world.wait_for_last(42, "Взрослые темы: да").await.message_id;
    press(&world, &anna(), menu, "🔞").await;
    turned(&world, 42, menu, "Больше не надо").await;
    press(&world, &anna(), menu, "Больше не надо").await;
    turned(&world, 42, menu, "Взрослые темы: нет").await;
    assert_eq!(world.api.consent(42), Some(false));
    press(&world, &anna(), menu, "Мне есть 18").await;
    turned(&world, 42, menu, "Взрослые темы: да").await;
    assert_eq!(world.api.consent(42), Some(true));
    world.telegram.send_text(anna(), "Продолжим?");
    world.wait_for_last(42, "echo: Продолжим?").await;
    let asking = world.texts(42).iter().filter(|text| text.contains("Если захотите")).count();
    assert_eq!(asking, 1, "beside the page of the settings there is another question:\n{}", world.transcript(42));
}

#[tokio::test]
async fn whoever_says_that_they_are_too_young_is_told_what_becomes_of_their_yes_and_gives_no_other() {
    let world = adult().await;
    let _bot = world.bot().await;
    world.telegram.send_text(anna(), "Привет");
    let question = world.wait_for_last(42, "Взрослые темы").await.message_id;
    let update = world.telegram.press(anna(), question, "adult:yes:1");
    world.wait_until_done(update).await;
    assert_eq!(world.api.consent(42), Some(true));
    world.telegram.send_text(anna(), "Вообще-то мне 15");
    world.wait_for_last(42, "ваше согласие больше не действует").await;
    world.telegram.send_text(anna(), "мне 15 и что");
    world.wait_for_last(42, "echo: мне 15 и что").await;

    let update = world.telegram.press(anna(), question, "adult:yes:1");
    world.wait_until_done(update).await;
    turned(&world, 42, question, "вам ещё нет 18").await;
    world.telegram.send_text(anna(), "/settings");
    let menu = world.wait_for_last(42, "Взрослые темы: нет").await.message_id;
    press(&world, &anna(), menu, "🔞").await;
    turned(&world, 42, menu, "Мне есть 18").await;
    press(&world, &anna(), menu, "Мне есть 18").await;
    turned(&world, 42, menu, "вам ещё нет 18").await;
    assert_eq!(world.api.consent(42), Some(false));
    world.telegram.send_text(anna(), "/privacy");
    world.wait_for_last(42, "вам ещё нет 18 (8 марта 2026").await;
}

#[tokio::test]
async fn old_and_forged_buttons_agree_to_nothing() {
    let world = adult().await;
    let _bot = world.bot().await;
    world.telegram.send_text(john(), "Hello");
    let question = world.wait_for_last(7, "Adult matters").await.message_id;
    // Of other words: asked anew, with those as they are.
    for forged in ["adult:yes:2", "adult:yes:0", "adult:maybe:1", "adult:", "adult:yes:1:1", "set:adult:yes:9"] {
        let update = world.telegram.press(john(), question, forged);
        world.wait_until_done(update).await;
        assert_eq!(world.api.consent(7), None, "{forged}");
    }
    let update = world.telegram.press(john(), question, "adult:no:1");
    world.wait_until_done(update).await;
    turned(&world, 7, question, "Adult matters: no").await;
    assert_eq!(world.api.consent(7), Some(false));

    // It is switched off again, and the question still stands in another's chat.
    world.telegram.send_text(anna(), "Привет");
    let question = world.wait_for_last(42, "Взрослые темы").await.message_id;
    world.api.set_adult(false);
    let update = world.telegram.press(anna(), question, "adult:yes:1");
    world.wait_until_done(update).await;
    turned(&world, 42, question, "Взрослых тем здесь нет").await;
    world.telegram.send_text(anna(), "/settings");
    let menu = world.wait_for_last(42, "Настройки").await;
    assert!(!menu.text.contains("Взрослые") && menu.buttons.iter().flatten().all(|button| !button.text.contains("🔞")));
    let update = world.telegram.press(anna(), menu.message_id, "set:page:adult");
    world.wait_until_done(update).await;
    assert_eq!(world.api.consent(42), None);
}

#[tokio::test]
async fn a_button_of_somebody_who_was_removed_brings_nobody_back() {
    let world = adult().await;
    let _bot = world.bot().await;
    world.telegram.send_text(anna(), "Привет");
    let question = world.wait_for_last(42, "Взрослые темы").await.message_id;
    world.api.forget_person(42);
    let update = world.telegram.press(anna(), question, "adult:yes:1");
    world.wait_until_done(update).await;
    assert_eq!((world.api.consent(42), world.api.profile(42)), (None, None));
}

#[tokio::test]
async fn an_api_of_the_version_before_has_nothing_to_decide_and_all_else_works() {
    let world = adult().await;
    world.api.know_no_consents();
    let _bot = world.bot().await;
    world.telegram.send_text(anna(), "/settings");
    assert!(!world.wait_for_last(42, "Настройки").await.text.contains("Взрослые темы"));
    world.telegram.send_text(anna(), "/privacy");
    assert!(!world.wait_for_last(42, "Что о вас хранится").await.text.contains("Взрослые темы"));
}
