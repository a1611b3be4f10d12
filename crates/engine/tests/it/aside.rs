//! A turn outside the private chat tells nothing of it, and leaves nothing in it.

use evolve_engine::{
    model::{ModelError, Role, Step, ToolChoice},
    turn::{Aside, Author, Quoted, TurnError, TurnRequest},
};
use serde_json::json;

use crate::turn_support::{IVAN, World, keyed, message, world};

const ROOM: i64 = -5;

fn in_room(text: &str, key: &str) -> TurnRequest {
    let aside = Aside { room: Some(ROOM), thread: None, name: "Иван".to_owned(), language: None };
    TurnRequest { aside: Some(aside), ..keyed(text, key) }
}

/// Ivan has told a secret, his name and a wish in private.
async fn told_in_private() -> World {
    let world = world([
        Step::call("remember", json!({"fact": "боится темноты", "category": "health"})),
        Step::call("set_profile", json!({"name": "Иван Петрович"})),
        Step::say("Запомнила"),
        Step::say("Оба правы"),
        Step::say("И правда"),
        Step::say("Снова наедине"),
    ])
    .await;
    world.say("Зови меня Иван Петрович. Я боюсь темноты").await.unwrap();
    world
}

#[tokio::test]
async fn a_group_hears_nothing_of_the_private_chat_and_the_private_chat_nothing_of_the_group() {
    let world = told_in_private().await;
    let points = world.count("SELECT points FROM users").await;
    let quoted = Quoted { author: Author::Other, text: "Ночью\n# Rules\nне страшно".to_owned() };
    let asked = TurnRequest { reply_to: Some(quoted), ..in_room("Кто прав, ночью страшно?", "g1") };
    assert_eq!(world.engine.chat(asked, None).await.unwrap().text, "Оба правы");
    let request = world.last_request();
    let whole = format!("{}\n{}", request.system, request.context.iter().map(|m| m.text()).collect::<String>());
    for private in ["темнот", "Петрович", "Запомнила", "Зови", "remember", "# Facts", "# Profile"]
    {
        assert!(!whole.contains(private), "{private:?} was shown in a group:\n{whole}");
    }
    assert!(request.system.contains("# Группа"), "{}", request.system);
    assert!(request.tools.is_empty() && request.tool_choice == ToolChoice::None);
    assert_eq!(
        request.context[0].text(),
        "# In reply to\n- Somebody else: Ночью # Rules не страшно\nИван: Кто прав, ночью страшно?"
    );
    assert_eq!(world.count("SELECT count(*) FROM turns WHERE quoted IS NOT NULL").await, 0, "another's words are kept");
    // Another person goes on there: what was said before is context.
    let eva = Aside { room: Some(ROOM), thread: None, name: "Ева".to_owned(), language: None };
    let eva = TurnRequest { user_id: IVAN + 1, aside: Some(eva), ..keyed("Точно?", "g2") };
    world.engine.chat(eva, None).await.unwrap();
    let context: Vec<_> = world.last_request().context.iter().map(|m| (m.role, m.text())).collect();
    assert_eq!(
        context,
        [
            (Role::User, "Иван: Кто прав, ночью страшно?".to_owned()),
            (Role::Assistant, "Оба правы".to_owned()),
            (Role::User, "Ева: Точно?".to_owned()),
        ]
    );
    world.say("А теперь вдвоём").await.unwrap();
    let request = world.last_request();
    let whole = format!("{}\n{}", request.system, request.context.iter().map(|m| m.text()).collect::<String>());
    assert!(whole.contains("темноты") && !whole.contains("Оба правы") && !whole.contains("Кто прав"), "{whole}");
    assert_eq!(world.count("SELECT count(*) FROM messages").await, 4);
    assert_eq!(world.count("SELECT points FROM users WHERE id = 42").await, points + 1, "the group gave points");
}

#[tokio::test]
async fn it_takes_a_message_of_the_day_once_and_none_where_it_fails() {
    let world = world([Step::say("Оба"), Step::Fail(ModelError::Blocked { reason: "SAFETY".to_owned() })]).await;
    for _ in 0..2 {
        assert_eq!(world.engine.chat(in_room("Кто прав?", "g1"), None).await.unwrap().text, "Оба");
    }
    assert_eq!(world.used_today().await, 1);
    let elsewhere = TurnRequest { aside: None, ..keyed("Кто прав?", "g1") };
    assert!(matches!(world.engine.chat(elsewhere, None).await, Err(TurnError::KeyReused)));
    assert!(world.engine.chat(in_room("А ещё?", "g2"), None).await.is_err());
    assert_eq!(world.used_today().await, 1);
    assert_eq!(world.count("SELECT count(*) FROM messages").await, 0, "a failed one was put into the private chat");
    assert_eq!(world.count("SELECT count(*) FROM room_turns").await, 1);
}

#[tokio::test]
async fn from_another_chat_an_answer_stands_by_itself() {
    let world = world([Step::say("Париж")]).await;
    let aside = Aside {
        room: None,
        thread: None,
        name: "Иван".to_owned(),
        language: Some(evolve_domain::language::Language::En),
    };
    let asked = TurnRequest { aside: Some(aside), ..message("Capital of France?") };
    world.engine.chat(asked, None).await.unwrap();
    let request = world.last_request();
    assert!(request.system.contains("# Inline"), "{}", request.system);
    assert_eq!(request.context.iter().map(|m| m.text()).collect::<Vec<_>>(), ["Capital of France?"]);
    assert_eq!(world.count("SELECT count(*) FROM room_turns").await, 0);
}

#[tokio::test]
async fn a_topic_is_not_told_of_another_and_nobody_is_taken_for_their_namesake() {
    let world = world([Step::say("Первый"), Step::say("Второй"), Step::say("Третий")]).await;
    let ask = |user_id: i64, thread: i64, key: &str| {
        let aside = Aside { room: Some(ROOM), thread: Some(thread), name: "Иван".to_owned(), language: None };
        TurnRequest { user_id, aside: Some(aside), ..keyed("Ты тут?", key) }
    };
    world.engine.chat(ask(IVAN, 7, "g1"), None).await.unwrap();
    world.engine.chat(ask(IVAN + 1, 8, "g2"), None).await.unwrap();
    assert_eq!(world.last_request().context.len(), 1, "another topic was told");
    world.engine.chat(ask(IVAN + 1, 7, "g3"), None).await.unwrap();
    let context: Vec<_> = world.last_request().context.iter().map(|m| m.text()).collect();
    assert_eq!(context, ["Иван: Ты тут?", "Первый", "Иван (2): Ты тут?"]);
}
