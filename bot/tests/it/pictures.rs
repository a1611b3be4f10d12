//! Pictures that are not sent as photos: documents and stickers.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::{TimeDelta, Utc};
use evolve_contract::{Code, Problem};
use evolve_runtime::clock::Clock;
use evolve_testkit::telegram::{Fault, SentKind};
use serde_json::{Value, json};

use crate::{
    api::Reply,
    world::{World, anna},
};

/// The smallest picture: one pixel.
const PIXEL: &[u8] = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00";

/// A sticker, or whatever `object` makes of the file of a document that was sent before.
fn send_as(world: &World, kind: &str, more: &Value) -> i64 {
    let first = world.telegram.person_messages(42)[0];
    let mut message = world.telegram.raw_message(42, first).unwrap();
    let object = message.as_object_mut().unwrap();
    let mut file = object.remove("document").unwrap();
    file.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    object.insert(kind.to_owned(), file);
    object.insert("message_id".to_owned(), json!(900));
    world.telegram.send_update(json!({ "message": message }))
}

#[tokio::test]
async fn a_picture_that_was_sent_as_a_file_is_seen() {
    let world = World::new().await;
    let _bot = world.bot().await;
    world.telegram.send_document(anna(), b"\x89PNG a cat".to_vec(), "cat.PNG");
    world.wait_for_last(42, "echo:").await;
    let call = world.api.calls().pop().unwrap();
    assert_eq!(STANDARD.decode(call.request.image_data.unwrap()).unwrap(), b"\x89PNG a cat");
    world.telegram.send_document(anna(), b"%PDF".to_vec(), "cat.pdf");
    world.wait_for_last(42, "Файлы я пока не умею").await;
    assert_eq!(world.api.turns(), 1);
}

#[tokio::test]
async fn a_picture_that_telegram_does_not_give_out_now_is_waited_for() {
    let world = World::new().await;
    let away = "Bad Request: wrong file_id or the file is temporarily unavailable";
    world.telegram.fault(Fault::refuse("getFile", 400, away));
    let bot = world.bot().await;
    world.telegram.send_document(anna(), b"\x89PNG a cat".to_vec(), "cat.PNG");
    world.wait_for_last(42, "echo:").await;
    assert!(world.api.calls().pop().unwrap().request.image_data.is_some());
    assert_eq!(world.texts(42).len(), 1, "{:?}", world.texts(42));
    assert!(bot.metric("telegram_inbox_failures_total{reason=\"telegram_file_away\"}") >= 1.0);
}

#[tokio::test]
async fn a_sticker_is_seen_and_says_what_its_emoji_says() {
    let world = World::new().await;
    let _bot = world.bot().await;
    let first = world.telegram.send_document(anna(), b"RIFF a sticker".to_vec(), "a.webp");
    world.wait_until_done(first).await;
    send_as(&world, "sticker", &json!({ "emoji": "🐱", "is_animated": false, "is_video": false }));
    world.wait_for_last(42, "echo: 🐱").await;
    let call = world.api.calls().pop().unwrap();
    assert_eq!(STANDARD.decode(call.request.image_data.unwrap()).unwrap(), b"RIFF a sticker");
    send_as(&world, "sticker", &json!({ "emoji": "🦊", "is_animated": true, "is_video": false }));
    world.wait_for_last(42, "echo: 🦊").await;
    assert_eq!(world.api.calls().pop().unwrap().request.image_data, None);
}

#[tokio::test]
async fn a_sticker_of_who_may_not_show_pictures_is_its_emoji() {
    let world = World::new().await;
    world.api.answer(|call, _| match &call.request.image_data {
        Some(_) => Reply::Problem(Problem::new(Code::PremiumRequired)),
        None => Reply::Text(format!("echo: {}", call.request.message)),
    });
    let _bot = world.bot().await;
    let first = world.telegram.send_document(anna(), b"RIFF a sticker".to_vec(), "a.webp");
    world.wait_until_done(first).await;
    send_as(&world, "sticker", &json!({ "emoji": "🐱" }));
    world.wait_for_last(42, "echo: 🐱").await;
    let keys: Vec<String> = world.api.calls().into_iter().map(|call| call.key).skip(1).collect();
    assert_eq!(keys, ["tgm-42-900-sticker", "tgm-42-900"], "each request has a key of its own");
}

#[tokio::test]
async fn an_album_is_one_message_with_all_its_pictures() {
    let world = World::new().await;
    let bot = world.bot().await;
    let pictures = ["one", "two", "three"].map(|name| format!("jpeg {name}").into()).to_vec();
    let updates = world.telegram.send_album(anna(), pictures, "Отпуск");
    world.telegram.send_text(anna(), "Как тебе?");
    world.wait_for_last(42, "echo: Как тебе?").await;
    assert_eq!(world.texts(42), ["echo: Отпуск", "echo: Как тебе?"]);
    let call = world.api.calls().remove(0);
    let shown = call.request.image_data.iter().chain(&call.request.more_images);
    let shown: Vec<Vec<u8>> = shown.map(|data| STANDARD.decode(data).unwrap()).collect();
    assert_eq!(shown, [b"jpeg one".to_vec(), b"jpeg two".to_vec(), b"jpeg three".to_vec()]);
    for update in updates {
        world.wait_until_done(update).await;
    }
    assert!(bot.metric("telegram_inbox_failures_total{reason=\"not_yet\"}") < 0.5, "waiting is no failure");
}

#[tokio::test]
async fn what_could_not_be_looked_at_in_an_album_is_said() {
    let world = World::new().await;
    let _bot = world.bot().await;
    world.telegram.fault(Fault::refuse("getFile", 400, "Bad Request: invalid file_id"));
    let pictures = ["one", "two", "three"].map(|name| format!("jpeg {name}").into()).to_vec();
    world.telegram.send_album(anna(), pictures, "Отпуск");
    world.telegram.wait_for(42, |sent| sent.len() == 2).await;
    let left_out = "1 картинку рассмотреть не получилось: слишком большая или не открывается.";
    assert_eq!(world.texts(42), ["echo: Отпуск", left_out]);
    assert_eq!(world.api.calls()[0].request.more_images.len(), 1);
}

#[tokio::test]
async fn an_album_is_answered_once_though_the_process_that_gathered_it_died() {
    let mut world = World::new().await;
    world.clock = Clock::fixed(Utc::now());
    world.api.answer(|_, before| if before == 0 { Reply::Hang } else { Reply::Text("never".to_owned()) });
    let bot = world.bot().await;
    let updates = world.telegram.send_album(anna(), vec!["jpeg one".into(), "jpeg two".into()], "Отпуск");
    world.wait_until_postponed(updates[0]).await;
    world.clock.advance(TimeDelta::seconds(2));
    world.api.wait_for_calls_of(42, 1).await;
    bot.kill().await;
    // The dead one's lease runs out.
    world.clock.advance(TimeDelta::seconds(61));
    let _next = world.bot().await;
    world.wait_for_last(42, "made: Отпуск").await;
    for update in updates {
        world.wait_until_done(update).await;
    }
    assert_eq!((world.texts(42).len(), world.api.turns()), (1, 1));
}

#[tokio::test]
async fn an_album_that_has_another_picture_when_it_is_tried_again_is_answered_all_the_same() {
    let world = World::new().await;
    // What is known under the key of the album is an album of other pictures.
    world.api.answer(|call, _| match call.key.ends_with("-album-2") {
        true => Reply::Problem(Problem::new(Code::IdempotencyKeyReused)),
        false => Reply::Text("Красиво!".to_owned()),
    });
    let _bot = world.bot().await;
    world.telegram.send_album(anna(), vec!["jpeg one".into(), "jpeg two".into()], "Отпуск");
    world.wait_for_last(42, "Красиво!").await;
    let keys: Vec<_> = world.api.calls().into_iter().map(|call| call.key).collect();
    assert!(keys.last().unwrap().ends_with("-album-2-2"), "{keys:?}");
    assert_eq!(world.texts(42), ["Красиво!"]);
}

#[tokio::test]
async fn an_album_of_files_is_one_message_too() {
    let world = World::new().await;
    let _bot = world.bot().await;
    let first = world.telegram.send_document(anna(), b"\x89PNG one".to_vec(), "one.png");
    let second = world.telegram.send_document(anna(), b"\x89PNG two".to_vec(), "two.png");
    for update in [first, second] {
        world.wait_until_done(update).await;
    }
    let before = world.api.calls().len();
    for (place, message) in world.telegram.person_messages(42).into_iter().enumerate() {
        let mut message = world.telegram.raw_message(42, message).unwrap();
        message["media_group_id"] = json!("files");
        message["message_id"] = json!(900 + place);
        world.telegram.send_update(json!({ "message": message }));
    }
    world.telegram.wait_for(42, |sent| sent.len() == 3).await;
    let calls = world.api.calls();
    assert_eq!((calls.len(), calls[before].request.more_images.len()), (before + 1, 1));
}

#[tokio::test]
async fn what_the_companion_drew_is_shown_after_what_it_said() {
    let world = World::new().await;
    world.api.answer(|call, _| match call.request.message.as_str() {
        "Нарисуй кота" => Reply::Drawn("Вот он!".to_owned(), PIXEL.to_vec()),
        // As Telegram does not show it.
        _ => Reply::Drawn(String::new(), b"\x89PNG a dog".to_vec()),
    });
    let _bot = world.bot().await;
    world.telegram.send_text(anna(), "Нарисуй кота");
    let sent = world.telegram.wait_for(42, |sent| sent.len() == 2).await;
    assert_eq!((sent[0].text.as_str(), sent[1].kind), ("Вот он!", SentKind::Photo));
    world.telegram.send_text(anna(), "И собаку");
    let sent = world.telegram.wait_for(42, |sent| sent.len() == 3).await;
    assert_eq!(sent[2].kind, SentKind::Document, "what is no photo to Telegram is sent as a file");
    assert_eq!(world.telegram.file(&sent[2].file.clone().unwrap().file_id).unwrap().as_ref(), b"\x89PNG a dog");
}
