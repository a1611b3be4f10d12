//! Adult matters: with whom a companion speaks of them, and with whom never.

use evolve_domain::{
    consent::{MINOR_FOR, WORDS},
    language::Language,
};
use evolve_engine::{
    model::{Script, Step},
    profiles::ProfileError,
    turn::{Aside, TurnRequest},
};
use serde_json::json;

use crate::turn_support::{IVAN, World, adult_world, keyed, world_of};

fn line(key: &str) -> String {
    evolve_texts::format(Language::Ru, key, None).0
}

impl World {
    /// Whether the instruction of the newest turn says that adult matters are fine; it always says what never is.
    fn was_adult(&self) -> bool {
        let system = self.last_system();
        let (adult, decent) =
            (system.contains(&line("prompt-content-adult")), system.contains(&line("prompt-content-decent")));
        assert!(adult != decent && system.contains(&line("prompt-content-never")), "{system}");
        adult
    }

    async fn agree(&self) {
        self.engine.decide(IVAN, WORDS, true).await.unwrap();
    }
}

fn says() -> Script {
    Script::always(Step::say("Хорошо"))
}

#[tokio::test]
async fn it_is_decent_until_somebody_agrees_asks_until_they_decide_and_never_in_a_group() {
    let world = adult_world(says()).await;
    for _ in 0..2 {
        assert!(world.say("Привет").await.unwrap().asks_consent);
        assert!(!world.was_adult());
    }
    world.agree().await;
    let first = world.engine.chat(keyed("Как ты?", "k"), None).await.unwrap();
    assert!(world.was_adult() && !first.asks_consent);
    let aside = Aside { room: Some(-5), thread: None, name: "Иван".to_owned(), language: None };
    for aside in [Aside { room: None, ..aside.clone() }, aside] {
        let elsewhere =
            TurnRequest { aside: Some(aside.clone()), ..keyed("Кто прав?", &format!("{:?}", aside.room)) };
        let answer = world.engine.chat(elsewhere, None).await.unwrap();
        assert!(!world.was_adult() && !answer.asks_consent, "{aside:?}");
    }
    world.engine.decide(IVAN, WORDS, false).await.unwrap();
    let answer = world.say("А теперь?").await.unwrap();
    assert!(!world.was_adult() && !answer.asks_consent, "a no is an answer");
    // A later version asked with other words, and was rolled back.
    sqlx::query("UPDATE consents SET words = words + 1, agreed = true").execute(&world.sql).await.unwrap();
    assert!(world.say("А так?").await.unwrap().asks_consent);
    assert!(!world.was_adult(), "they agreed to something else");
}

#[tokio::test]
async fn a_companion_that_is_not_set_to_it_asks_nobody_and_takes_no_yes() {
    let world = world_of(says()).await;
    assert!(matches!(world.engine.consent(IVAN).await, Err(ProfileError::NotFound)));
    assert!(!world.say("Привет").await.unwrap().asks_consent);
    assert!(!world.engine.consent(IVAN).await.unwrap().available);
    let refused = world.engine.decide(IVAN, WORDS, true).await.unwrap_err();
    assert!(refused.to_string().contains("nothing to agree to"), "{refused}");
    sqlx::query("INSERT INTO consents VALUES (42, 'adult', 1, true, now())").execute(&world.sql).await.unwrap();
    world.say("Как ты?").await.unwrap();
    assert!(!world.was_adult(), "it was set to it once, and is no more");
    // What was agreed to then can be taken back all the same.
    assert!(!world.engine.decide(IVAN, WORDS, false).await.unwrap().decided.unwrap().agreed);
}

#[tokio::test]
async fn a_yes_is_to_the_words_as_they_are_and_of_somebody_who_came() {
    let world = adult_world(says()).await;
    assert!(matches!(world.engine.decide(IVAN, WORDS, true).await, Err(ProfileError::NotFound)));
    world.say("Привет").await.unwrap();
    for (words, agreed) in [(WORDS + 1, true), (WORDS - 1, true), (WORDS + 1, false), (0, false)] {
        assert!(matches!(
            world.engine.decide(IVAN, words, agreed).await,
            Err(ProfileError::Invalid { field: "words", .. })
        ));
    }
    assert_eq!(world.engine.consent(IVAN).await.unwrap().decided, None);
}

#[tokio::test]
async fn whoever_says_that_they_are_too_young_has_said_no_whatever_they_agreed_to() {
    let world = adult_world(says()).await;
    world.say("Привет").await.unwrap();
    world.agree().await;
    assert!(world.say("Вообще-то мне 16 лет").await.unwrap().consent_withdrawn);
    assert!(!world.was_adult(), "in the very turn");
    assert_eq!(world.count("SELECT count(*) FROM consents WHERE NOT agreed").await, 1);
    assert!(!world.say("мне 16 и что?").await.unwrap().consent_withdrawn, "they were told before");
    // A button does not make it undone, nor does a new conversation, nor a no.
    assert!(matches!(world.engine.decide(IVAN, WORDS, true).await, Err(ProfileError::Underage)));
    world.engine.decide(IVAN, WORDS, false).await.unwrap();
    world.store().users().end_conversation(IVAN, world.clock.now()).await.unwrap();
    assert!(matches!(world.engine.decide(IVAN, WORDS, true).await, Err(ProfileError::Underage)));
    let answer = world.say("Шучу, мне 20").await.unwrap();
    assert!(!world.was_adult() && !answer.asks_consent && !answer.consent_withdrawn);
    // A year later they may have grown up.
    world.clock.advance(MINOR_FOR);
    world.agree().await;
    assert_eq!(world.count("SELECT count(*) FROM consents WHERE agreed AND minor_said_at IS NULL").await, 1);
}

#[tokio::test]
async fn whoever_said_no_first_and_then_that_they_are_too_young_cannot_agree_either() {
    let world = adult_world(says()).await;
    world.say("Привет").await.unwrap();
    world.engine.decide(IVAN, WORDS, false).await.unwrap();
    assert!(!world.say("I'm 15 and you?").await.unwrap().consent_withdrawn, "there was no yes");
    assert!(matches!(world.engine.decide(IVAN, WORDS, true).await, Err(ProfileError::Underage)));
    // Asked with other words, they are who they are.
    sqlx::query("UPDATE consents SET words = words + 1").execute(&world.sql).await.unwrap();
    let answer = world.say("Как дела?").await.unwrap();
    assert!(!world.was_adult() && !answer.asks_consent);
}

#[tokio::test]
async fn with_a_birthday_of_somebody_too_young_there_is_no_yes_and_clearing_it_undoes_nothing() {
    let script = Script::with(|request| match request.context.last().map(|m| m.text()).unwrap_or_default().as_str() {
        "Дата" => Step::call("set_profile", json!({"birthday": "2010-05-01"})),
        "Опечатка" => Step::call("set_profile", json!({"birthday": "2026-05-01"})),
        _ => Step::say("Хорошо"),
    });
    for (told, is_lasting) in [("Дата", true), ("Опечатка", false)] {
        let world = adult_world(script.clone()).await;
        world.say("Привет").await.unwrap();
        world.agree().await;
        world.say(told).await.unwrap();
        assert!(matches!(world.engine.decide(IVAN, WORDS, true).await, Err(ProfileError::Underage)), "{told}");
        assert_eq!(world.say("Как дела?").await.unwrap().consent_withdrawn, is_lasting, "{told}");
        sqlx::query("UPDATE users SET profile = NULL").execute(&world.sql).await.unwrap();
        let is_refused = matches!(world.engine.decide(IVAN, WORDS, true).await, Err(ProfileError::Underage));
        assert_eq!(is_refused, is_lasting, "{told}");
    }
}

#[tokio::test]
async fn what_is_known_of_a_persons_age_is_a_limit_and_nobody_too_young_is_asked() {
    let script = Script::with(|request| match request.context.last().map(|m| m.text()).unwrap_or_default().as_str() {
        "Запомни" => Step::call("remember", json!({"fact": "Ему 17 лет", "category": "identity"})),
        "Дата" => Step::call("set_profile", json!({"birthday": "2010-05-01"})),
        _ => Step::say("Хорошо"),
    });
    for told in ["Запомни", "Дата"] {
        let world = adult_world(script.clone()).await;
        world.say("Привет").await.unwrap();
        world.agree().await;
        world.say(told).await.unwrap();
        world.say("Как дела?").await.unwrap();
        assert!(!world.was_adult(), "{told}");
        sqlx::query("DELETE FROM consents").execute(&world.sql).await.unwrap();
        assert!(!world.say("А теперь?").await.unwrap().asks_consent, "{told}");
    }
}
