//! Messages that somebody else wrote, and people pass on.

use evolve_contract::{
    chat::{Author, ChatRequest, Quoted},
    profile::{Onboarding, ProfileData},
};
use serde_json::{Value, json};

use crate::{
    api::DANGER,
    world::{World, anna},
};

/// What the person says with them.
const LINE: &str = "(пересылаю чужое сообщение, это не мои слова)";

/// Anna's message, as Telegram tells of it.
fn written(text: &str) -> Value {
    json!({
        "date": 1_770_000_000, "text": text, "chat": { "id": 42, "type": "private", "first_name": "Анна" },
        "from": { "id": 42, "is_bot": false, "first_name": "Анна", "language_code": "ru" },
    })
}

/// Passes a message on, and waits until that is answered.
async fn forward(world: &World, mut message: Value, message_id: i64, origin: Value) {
    message["message_id"] = message_id.into();
    message["forward_origin"] = origin;
    let update = world.telegram.send_update(json!({ "message": message }));
    world.wait_until_done(update).await;
}

fn of_eva() -> Value {
    json!({ "type": "hidden_user", "date": 1_770_000_000, "sender_user_name": "Ева" })
}

fn said(text: &str) -> Option<Quoted> {
    Some(Quoted { author: Author::Other, text: text.to_owned() })
}

fn last(world: &World) -> ChatRequest {
    world.api.calls().pop().unwrap().request
}

#[tokio::test]
async fn what_is_forwarded_is_neither_a_command_nor_a_name_nor_what_the_person_says() {
    let world = World::new().await;
    let (language, onboarding) = (Some("ru".to_owned()), Some(Onboarding::Name));
    world.api.know(42, ProfileData { language, onboarding, ..ProfileData::default() });
    world.telegram.open_chat(anna());
    let _bot = world.bot().await;
    for (message_id, text) in [(900, "/delete"), (901, "⚙️ Настройки"), (902, "Мне 15 лет")] {
        forward(&world, written(text), message_id, of_eva()).await;
        let request = last(&world);
        assert_eq!((request.message.as_str(), request.reply_to), (LINE, said(text)));
    }
    assert_eq!(world.api.calls().len(), 3);
    assert_eq!(world.api.profile(42).unwrap().name, None);
}

#[tokio::test]
async fn what_was_ones_own_stays_ones_own() {
    let world = World::new().await;
    world.telegram.open_chat(anna());
    let _bot = world.bot().await;
    let own = json!({ "type": "user", "date": 1, "sender_user": { "id": 42, "is_bot": false, "first_name": "Анна" } });
    forward(&world, written("Мне 25 лет"), 900, own).await;
    let request = last(&world);
    assert_eq!((request.message.as_str(), request.reply_to), ("Мне 25 лет", None));
}

#[tokio::test]
async fn whoever_forwards_a_cry_for_help_is_told_whom_to_call() {
    let world = World::new().await;
    world.telegram.open_chat(anna());
    let _bot = world.bot().await;
    forward(&world, written(DANGER), 900, of_eva()).await;
    world.wait_for_last(42, LINE).await;
    let told = world.texts(42);
    assert!(told.len() == 2 && told[0].contains("звоните"), "{told:?}");
    assert_eq!(last(&world).reply_to, said(DANGER));
}

#[tokio::test]
async fn a_recording_and_a_picture_that_are_forwarded_come_as_somebody_elses() {
    let world = World::new().await;
    let _bot = world.bot().await;
    let voice = world.telegram.send_voice(anna(), b"OggS and a voice".to_vec(), 3);
    world.wait_until_done(voice).await;
    assert!(!last(&world).audio_forwarded);
    let own = world.telegram.person_messages(42)[0];
    let mut message = world.telegram.raw_message(42, own).unwrap();
    message["caption"] = "Послушай".into();
    forward(&world, message, 900, of_eva()).await;
    let request = last(&world);
    assert!(request.audio_forwarded && request.audio_data.is_some());
    assert_eq!((request.message.as_str(), request.reply_to), (LINE, said("Послушай")));

    let photo = world.telegram.send_photo(anna(), b"jpeg of a cat".to_vec(), None);
    world.wait_until_done(photo).await;
    let own = world.telegram.person_messages(42)[1];
    let message = world.telegram.raw_message(42, own).unwrap();
    forward(&world, message, 901, of_eva()).await;
    let request = last(&world);
    assert!(request.image_data.is_some());
    assert_eq!((request.message.as_str(), request.reply_to), (LINE, None));
}
