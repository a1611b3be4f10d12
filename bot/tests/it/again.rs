//! Stopping an answer, asking for another, editing what was said, answering a message.

use std::sync::Arc;

use evolve_contract::{
    Code, Problem,
    chat::{Again, Author, Quoted},
};
use evolve_testkit::telegram::Doing;
use serde_json::json;
use tokio::sync::Notify;

use crate::{
    api::{Call, Reply},
    world::{World, anna, john},
};

/// An answer that begins, and ends only when it is stopped.
fn endless(world: &World) {
    let go = Arc::new(Notify::new());
    world.api.can_be_stopped(go.clone());
    world.api.answer(move |_, _| Reply::Pieces(go.clone(), vec!["Жили-были"]));
}

#[tokio::test]
async fn stop_overtakes_the_answer_that_it_stops() {
    let world = World { streaming: "off", ..World::new().await };
    let go = Arc::new(Notify::new());
    world.api.can_be_stopped(go.clone());
    world.api.answer(move |_, _| Reply::Later(go.clone(), "Жили-были…".to_owned()));
    let _bot = world.bot().await;
    world.telegram.send_text(anna(), "Расскажи сказку");
    world.api.wait_for_calls_of(42, 1).await;
    let stop = world.telegram.send_text(anna(), "/stop");
    world.wait_for_last(42, "Жили-были…").await;
    world.wait_until_done(stop).await;
    assert_eq!(world.texts(42), ["Жили-были…"], "what was stopped shows it by itself");
}

#[tokio::test]
async fn stop_is_about_what_was_asked_before_it_and_also_about_what_has_not_begun() {
    let world = World { streaming: "off", ..World::new().await };
    let go = Arc::new(Notify::new());
    world.api.can_be_stopped(go.clone());
    world.api.answer(move |_, _| Reply::Later(go.clone(), "Жили-были…".to_owned()));
    let _bot = world.bot().await;
    world.telegram.send_text(anna(), "Расскажи сказку");
    world.api.wait_for_calls_of(42, 1).await;
    world.telegram.send_text(anna(), "И ещё одну");
    world.telegram.send_text(anna(), "/help");
    let stop = world.telegram.send_text(anna(), "/stop");
    world.wait_until_done(stop).await;
    let messages = world.telegram.person_messages(42);
    let keys = [messages[0], messages[1]].map(|message| format!("tgm-42-{message}"));
    assert_eq!(world.api.stopped(), keys);
}

#[tokio::test]
async fn stop_does_not_wait_for_whoever_keeps_the_bot_busy() {
    let world = World { streaming: "off", ..World::new().await };
    let go = Arc::new(Notify::new());
    world.api.can_be_stopped(Arc::new(Notify::new()));
    world.api.answer(move |_, _| Reply::Later(go.clone(), "Наконец".to_owned()));
    let _bot = world.bot().await;
    for person in 1000..1064 {
        world.telegram.send_text(person, "Расскажи сказку");
    }
    for person in 1000..1064 {
        world.api.wait_for_calls_of(person, 1).await;
    }
    let waiting = world.telegram.send_text(anna(), "Расскажи сказку");
    let stop = world.telegram.send_text(anna(), "/stop");
    world.wait_until_done(stop).await;
    assert_ne!(waiting, stop);
    assert_eq!(world.api.stopped(), [format!("tgm-42-{}", world.telegram.person_messages(42)[0])]);
}

#[tokio::test]
async fn with_nothing_to_stop_it_says_so() {
    let world = World::new().await;
    let _bot = world.bot().await;
    world.telegram.send_text(john(), "/stop");
    world.wait_for_last(7, "nothing to stop right now").await;
}

#[tokio::test]
async fn a_growing_answer_has_a_button_that_stops_it_and_is_gone_with_the_end() {
    let world = World::new().await;
    endless(&world);
    let _bot = world.bot().await;
    world.telegram.send_text(anna(), "Расскажи сказку");
    let growing = world.wait_for_last(42, "Жили-были").await;
    let button = &growing.buttons[0][0];
    assert_eq!(button.text, "⏹ Остановить");
    let data = button.callback_data.as_deref().unwrap();
    let key = world.api.calls()[0].key.clone();
    assert_eq!(data, format!("stop:{key}"), "it is about this answer alone");
    let update = world.telegram.press(anna(), growing.message_id, data);
    world.wait_until_done(update).await;
    let ended = world.telegram.wait_for(42, |sent| sent.len() == 1 && sent[0].buttons.is_empty()).await.remove(0);
    assert_eq!((ended.text.as_str(), ended.message_id), ("Жили-были", growing.message_id));
    assert_eq!(world.api.stopped(), [key]);
    // Pressed once more, by an app that still shows one of the version before.
    let update = world.telegram.press(anna(), growing.message_id, "stop");
    world.wait_until_done(update).await;
    let told = |doing: &Doing| matches!(doing, Doing::CallbackAnswered { text: Some(text), .. } if text.contains("нечего останавливать"));
    assert!(world.telegram.events(42).iter().any(|event| told(&event.doing)));
}

#[tokio::test]
async fn another_answer_is_asked_for_under_a_key_of_its_own() {
    let world = World::new().await;
    let _bot = world.bot().await;
    world.telegram.send_text(anna(), "Привет");
    world.wait_for_last(42, "echo: Привет").await;
    world.api.answer(|_, _| Reply::Text("По-другому".to_owned()));
    world.telegram.send_text(anna(), "/regenerate");
    world.wait_for_last(42, "По-другому").await;
    let calls = world.api.calls();
    assert_eq!((calls[1].request.again.clone(), calls[1].request.message.as_str()), (Some(Again::Last), ""));
    assert_ne!(calls[0].key, calls[1].key);
    world.api.answer(|_, _| Reply::Problem(Problem::new(Code::NothingToRepeat)));
    world.telegram.send_text(john(), "/regenerate");
    world.wait_for_last(7, "nothing to answer anew").await;
}

#[tokio::test]
async fn an_edit_names_the_message_that_it_is_of_and_is_answered_where_the_companion_answers() {
    let world = World::new().await;
    let _bot = world.bot().await;
    world.telegram.send_text(anna(), "Привет");
    world.wait_for_last(42, "echo: Привет").await;
    let message = world.telegram.person_messages(42)[0];
    world.telegram.edit_message(42, message, "Пока");
    world.wait_for_last(42, "echo: Пока").await;
    let calls = world.api.calls();
    assert_eq!(calls[1].request.again, Some(Again::Edited(calls[0].key.clone())));
    world.api.answer(|call, _| match &call.request.again {
        Some(_) => Reply::Problem(Problem::new(Code::MessageNotFound)),
        None => Reply::Text("Привет".to_owned()),
    });
    let unknown = world.telegram.edit_message(42, message, "Снова");
    world.wait_until_done(unknown).await;
    let command = world.telegram.edit_message(42, message, "/help");
    world.wait_until_done(command).await;
    assert_eq!(world.texts(42).len(), 2, "{:?}", world.texts(42));
    let taken_back = world.api.calls().pop().unwrap();
    assert_eq!(taken_back.request.again, Some(Again::Corrected(calls[0].key.clone())));
    assert_eq!(taken_back.request.message, "/help");
}

#[tokio::test]
async fn an_edit_of_what_is_written_under_an_album_names_the_turn_of_the_album() {
    let world = World::new().await;
    let _bot = world.bot().await;
    world.telegram.send_album(anna(), vec!["jpeg one".into(), "jpeg two".into()], "Отпуск");
    world.wait_for_last(42, "echo: Отпуск").await;
    let key = world.api.calls()[0].key.clone();
    let pool = world.database.pool();
    sqlx::query("INSERT INTO users (id, created_at, last_seen_at) VALUES (42, now(), now())")
        .execute(&pool)
        .await
        .unwrap();
    sqlx::query(
        "INSERT INTO turns (id, user_id, key, request_hash, state, day, started_at, leased_until)
         VALUES (gen_random_uuid(), 42, $1, '', 'failed', '2026-01-01', now(), now())",
    )
    .bind(&key)
    .execute(&pool)
    .await
    .unwrap();
    let first = world.telegram.person_messages(42)[0];
    let mut message = world.telegram.raw_message(42, first).unwrap();
    message["caption"] = json!("Отпуск в Крыму");
    world.telegram.send_update(json!({ "edited_message": message }));
    world.wait_for_last(42, "echo: Отпуск в Крыму").await;
    assert_eq!(world.api.calls().pop().unwrap().request.again, Some(Again::Edited(key)));
}

/// The API has written down what a call said.
async fn written(world: &World, call: &Call) {
    sqlx::query(
        "WITH person AS (
             INSERT INTO users (id, created_at, last_seen_at) VALUES (42, now(), now()) RETURNING id
         ), conversation AS (
             INSERT INTO conversations (id, user_id, started_at, last_message_at, messages)
             SELECT gen_random_uuid(), id, now(), now(), 1 FROM person RETURNING id
         ), turn AS (
             INSERT INTO turns (id, user_id, key, request_hash, state, day, started_at, leased_until)
             SELECT gen_random_uuid(), id, $1, '', 'done', '2026-01-01', now(), now() FROM person RETURNING id
         )
         INSERT INTO messages (id, created_at, user_id, conversation_id, turn_id, place, role, text, has_image)
         SELECT gen_random_uuid(), now(), person.id, conversation.id, turn.id, 1, 'user', $2, true
         FROM person, conversation, turn",
    )
    .bind(&call.key)
    .bind(&call.request.message)
    .execute(&world.database.pool())
    .await
    .unwrap();
}

#[tokio::test]
async fn an_edit_under_a_picture_behind_a_video_finds_the_album_and_one_beside_a_recording_does_not() {
    let world = World::new().await;
    let _bot = world.bot().await;
    let photo = world.telegram.send_photo(anna(), "jpeg one", None);
    let voice = world.telegram.send_voice(anna(), b"OggS and a voice".to_vec(), 3);
    for update in [photo, voice] {
        world.wait_until_done(update).await;
    }
    let sent = world.telegram.person_messages(42);
    let of_album = |place: usize, message_id: i64, caption: &str| {
        let mut message = world.telegram.raw_message(42, sent[place]).unwrap();
        message["media_group_id"] = json!("trip");
        message["message_id"] = json!(message_id);
        message["caption"] = json!(caption);
        message
    };
    // The one between the two is a video; nobody looks at it.
    for message in [of_album(0, 900, "Море"), of_album(0, 902, "Горы")] {
        world.telegram.send_update(json!({ "message": message }));
    }
    world.wait_for_last(42, "Горы").await;
    let shown = world.api.calls().pop().unwrap();
    assert_eq!((shown.request.message.as_str(), shown.request.more_images.len()), ("[1] Море\n[3] Горы", 1));
    written(&world, &shown).await;
    world.telegram.send_update(json!({ "edited_message": of_album(0, 902, "Высокие горы") }));
    world.wait_for_last(42, "Высокие горы").await;
    let edit = world.api.calls().pop().unwrap().request;
    let expected = ("[1] Море\n[3] Высокие горы", Some(Again::Edited(shown.key)));
    assert_eq!((edit.message.as_str(), edit.again), expected);
    let update = world.telegram.send_update(json!({ "edited_message": of_album(1, 901, "Шум моря") }));
    world.wait_until_done(update).await;
    let edit = world.api.calls().pop().unwrap().request;
    assert_eq!((edit.message.as_str(), edit.again), ("Шум моря", Some(Again::Corrected("tgm-42-901".to_owned()))));
}

#[tokio::test]
async fn an_edit_under_any_picture_of_an_album_changes_that_part_of_what_was_said() {
    let world = World::new().await;
    let _bot = world.bot().await;
    for name in ["one", "two"] {
        let update = world.telegram.send_photo(anna(), format!("jpeg {name}"), None);
        world.wait_until_done(update).await;
    }
    let mut album = Vec::new();
    for (place, caption) in ["Море", "Горы"].into_iter().enumerate() {
        let mut message = world.telegram.raw_message(42, world.telegram.person_messages(42)[place]).unwrap();
        message["media_group_id"] = json!("trip");
        message["message_id"] = json!(900 + place);
        message["caption"] = json!(caption);
        world.telegram.send_update(json!({ "message": message }));
        album.push(message);
    }
    world.wait_for_last(42, "Горы").await;
    let shown = world.api.calls().pop().unwrap();
    assert_eq!(shown.request.message, "[1] Море\n[2] Горы");
    written(&world, &shown).await;
    let mut second = album.pop().unwrap();
    second["caption"] = json!("Высокие горы");
    world.telegram.send_update(json!({ "edited_message": second }));
    world.wait_for_last(42, "Высокие горы").await;
    let edit = world.api.calls().pop().unwrap().request;
    assert_eq!((edit.message.as_str(), edit.again), ("[1] Море\n[2] Высокие горы", Some(Again::Edited(shown.key))));
}

#[tokio::test]
async fn what_a_message_answers_goes_along_with_it() {
    let world = World::new().await;
    let _bot = world.bot().await;
    world.telegram.send_text(anna(), "Привет");
    let sent = world.wait_for_last(42, "echo: Привет").await;
    world.telegram.send_reply(anna(), sent.message_id, "Почему?");
    world.wait_for_last(42, "echo: Почему?").await;
    let quoted = Quoted { author: Author::Companion, text: "echo: Привет".to_owned() };
    assert_eq!(world.api.calls()[1].request.reply_to, Some(quoted));
    assert_eq!(world.api.calls()[0].request.reply_to, None);
}

#[tokio::test]
async fn the_words_of_a_spoken_answer_go_along_with_what_answers_it() {
    let world = World::new().await;
    world.api.answer(|call, _| match call.request.message.as_str() {
        "Привет" => Reply::Spoken("Доброе утро!".to_owned(), b"OggS good morning".to_vec()),
        other => Reply::Text(format!("echo: {other}")),
    });
    let _bot = world.bot().await;
    world.telegram.send_text(anna(), "Привет");
    let sent = world.telegram.wait_for(42, |sent| sent.len() == 2).await;
    let (key, pool) = (world.api.calls()[0].key.clone(), world.database.pool());
    sqlx::query("INSERT INTO users (id, created_at, last_seen_at) VALUES (42, now(), now())")
        .execute(&pool)
        .await
        .unwrap();
    sqlx::query(
        "INSERT INTO turns (id, user_id, key, request_hash, state, day, started_at, leased_until, reply)
         VALUES (gen_random_uuid(), 42, $1, '', 'done', '2026-01-01', now(), now(), 'Доброе утро!')",
    )
    .bind(&key)
    .execute(&pool)
    .await
    .unwrap();
    evolve_testkit::eventually("it is known which message the voice is", async || {
        let (known,): (i64,) = sqlx::query_as("SELECT count(*) FROM outbox WHERE message_id = $1")
            .bind(sent[1].message_id)
            .fetch_one(&pool)
            .await
            .unwrap();
        known == 1
    })
    .await;
    world.telegram.send_reply(anna(), sent[1].message_id, "Почему?");
    world.wait_for_last(42, "echo: Почему?").await;
    let quoted = Quoted {
        author: Author::Companion, text: "(голосовое сообщение) Доброе утро!".to_owned()
    };
    assert_eq!(world.api.calls()[1].request.reply_to, Some(quoted));
}
