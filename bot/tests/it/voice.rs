//! People speak to the bot, and it speaks to them.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::{TimeDelta, Utc};
use evolve_contract::{
    Code, Problem,
    chat::Again,
    voice::{Mode, Voice},
};
use evolve_runtime::clock::Clock;
use evolve_testkit::telegram::{Fault, Sent, SentKind};
use rstest::rstest;
use serde_json::json;
use tokio::sync::Notify;

use crate::{
    api::{DANGER, Reply},
    world::{World, anna, john},
};

#[tokio::test]
async fn a_voice_message_goes_to_the_companion_as_it_was_recorded() {
    let world = World::new().await;
    let _bot = world.bot().await;
    world.telegram.send_voice(anna(), b"OggS and a voice".to_vec(), 3);
    world.wait_for_last(42, "echo:").await;
    let call = world.api.calls().pop().unwrap();
    assert_eq!(call.key, "tgm-42-1", "the key of a message, by which an edit names it");
    let kept = world.telegram.file(call.request.audio_ref.as_deref().unwrap()).unwrap();
    assert_eq!(kept.as_ref(), b"OggS and a voice", "it can be had again");
    assert_eq!(STANDARD.decode(call.request.audio_data.unwrap()).unwrap(), b"OggS and a voice");
    assert_eq!((call.request.voice_later, call.request.message.as_str()), (true, ""));
}

#[tokio::test]
async fn what_is_written_beside_a_recording_is_corrected_when_it_is_edited() {
    let world = World::new().await;
    let _bot = world.bot().await;
    world.telegram.send_voice(anna(), b"OggS and a voice".to_vec(), 3);
    world.wait_for_last(42, "echo:").await;
    let mut message = world.telegram.raw_message(42, 1).unwrap();
    message["caption"] = json!("Послушай");
    message["edit_date"] = json!(1_770_000_001);
    let update = world.telegram.send_update(json!({ "edited_message": message }));
    world.wait_until_done(update).await;
    let call = world.api.calls().pop().unwrap();
    assert_eq!(call.request.again, Some(Again::Corrected("tgm-42-1".to_owned())));
    assert_eq!((call.request.message.as_str(), world.texts(42).len()), ("Послушай", 1));
}

#[tokio::test]
async fn an_answer_is_written_and_then_spoken() {
    let world = World::new().await;
    world.api.answer(|_, _| Reply::Spoken("Доброе утро!".to_owned(), b"OggS good morning".to_vec()));
    let bot = world.bot().await;
    world.telegram.send_text(anna(), "Привет");
    let sent = world.telegram.wait_for(42, |sent| sent.len() == 2).await;
    assert_eq!((sent[0].kind, sent[0].text.as_str()), (SentKind::Text, "Доброе утро!"));
    assert_eq!(sent[1].kind, SentKind::Voice);
    let file = sent[1].file.clone().unwrap();
    assert_eq!(world.telegram.file(&file.file_id).unwrap().as_ref(), b"OggS good morning");
    let call = world.telegram.calls_of("sendVoice").pop().unwrap();
    assert_eq!((call.params["duration"].as_str(), call.files.as_slice()), (Some("2"), &["voice".to_owned()][..]));
    evolve_testkit::eventually("it counts", async || {
        bot.metric("telegram_messages_sent_total{kind=\"sendVoice\"}") > 0.5
    })
    .await;
    evolve_testkit::eventually("what was sent is not kept", async || {
        let (left,): (i64,) = sqlx::query_as("SELECT count(*) FROM outbox WHERE params IS NOT NULL")
            .fetch_one(&world.database.pool())
            .await
            .unwrap();
        left == 0
    })
    .await;
}

#[tokio::test]
async fn a_spoken_answer_that_telegram_did_not_take_at_first_is_sent_again_by_another_process() {
    let world = World::new().await;
    world.api.answer(|_, _| Reply::Spoken("Hi".to_owned(), b"OggS hi".to_vec()));
    world.telegram.fault(Fault::refuse("sendVoice", 502, "Bad Gateway"));
    let bot = world.bot().await;
    world.telegram.send_text(john(), "Hello");
    evolve_testkit::eventually("the attempt has failed, and the row is nobody's", async || {
        let (waiting,): (i64,) = sqlx::query_as(
            "SELECT count(*) FROM outbox WHERE method = 'sendVoice' AND state = 'pending' AND attempts > 0 AND leased_by IS NULL",
        )
        .fetch_one(&world.database.pool())
        .await
        .unwrap();
        waiting == 1
    })
    .await;
    bot.kill().await;
    let _next = world.bot().await;
    let sent = world.telegram.wait_for(7, |sent| sent.len() == 2).await;
    assert_eq!(world.telegram.file(&sent[1].file.clone().unwrap().file_id).unwrap().as_ref(), b"OggS hi");
    assert_eq!(world.api.turns(), 1);
}

#[tokio::test]
async fn a_voice_that_does_not_get_through_is_given_up_and_the_words_after_it_come() {
    let mut world = World::new().await;
    world.clock = Clock::fixed(Utc::now());
    world.api.answer(|call, _| match call.request.message.as_str() {
        "Hello" => Reply::Spoken("Hi".to_owned(), b"OggS hi".to_vec()),
        other => Reply::Text(format!("echo: {other}")),
    });
    world.telegram.fault(Fault::refuse("sendVoice", 502, "Bad Gateway").times(1000));
    let _bot = world.bot().await;
    world.telegram.send_text(john(), "Hello");
    world.telegram.send_text(john(), "And?");
    let voice = async |state: &'static str| {
        evolve_testkit::eventually(state, async || {
            let (found,): (i64,) = sqlx::query_as(
                "SELECT count(*) FROM outbox WHERE method = 'sendVoice' AND state = $1 AND attempts > 0 AND leased_until IS NULL",
            )
            .bind(state)
            .fetch_one(&world.database.pool())
            .await
            .unwrap();
            found == 1
        })
        .await;
    };
    voice("pending").await;
    world.clock.advance(TimeDelta::minutes(6));
    voice("dead").await;
    world.wait_for_last(7, "echo: And?").await;
    assert_eq!(world.texts(7), ["Hi", "echo: And?"]);
}

#[tokio::test]
async fn who_lets_nobody_send_them_voices_still_has_the_words() {
    let world = World::new().await;
    world.api.answer(|call, _| match call.request.message.as_str() {
        "Hello" => Reply::Spoken("Hi".to_owned(), b"OggS hi".to_vec()),
        other => Reply::Text(format!("echo: {other}")),
    });
    world.telegram.fault(Fault::refuse("sendVoice", 400, "Bad Request: VOICE_MESSAGES_FORBIDDEN"));
    let _bot = world.bot().await;
    world.telegram.send_text(john(), "Hello");
    world.telegram.send_text(john(), "And?");
    world.wait_for_last(7, "echo: And?").await;
    assert_eq!(world.texts(7), ["Hi", "echo: And?"]);
    assert_eq!(world.telegram.calls_of("sendVoice").len(), 1, "what is refused for good is not tried again");
    assert_eq!(world.api.voice(7).mode, Mode::Never, "nothing more is spoken that they cannot have");
}

#[tokio::test]
async fn a_recording_that_is_too_long_or_too_large_is_not_even_downloaded() {
    let world = World::new().await;
    let _bot = world.bot().await;
    world.telegram.send_voice(anna(), b"OggS".to_vec(), 601);
    world.wait_for_last(42, "до 10 минут").await;
    world.telegram.send_voice(john(), vec![0_u8; 11 * 1024 * 1024], 600);
    world.wait_for_last(7, "too large for me").await;
    assert!(world.telegram.calls_of("getFile").is_empty());
    assert_eq!(world.api.turns(), 0);
}

#[rstest]
#[case(Code::NothingHeard, "расслышать ни слова")]
#[case(Code::InvalidAudio, "не получается прослушать")]
#[case(Code::AudioTooLong, "до 10 минут")]
#[case(Code::CannotHear, "голосовые я пока не понимаю")]
#[case(Code::BodyTooLarge, "слишком большая")]
#[tokio::test]
async fn a_recording_that_cannot_be_heard_gets_a_kind_word(#[case] code: Code, #[case] part: &str) {
    let world = World::new().await;
    world.api.answer(move |_, _| Reply::Problem(Problem::new(code)));
    let _bot = world.bot().await;
    world.telegram.send_voice(anna(), b"OggS".to_vec(), 3);
    let sent = world.telegram.wait_for(42, |sent| !sent.is_empty()).await;
    assert!(sent[0].text.to_lowercase().contains(part), "{}", sent[0].text);
}

#[tokio::test]
async fn a_person_chooses_when_and_how_the_companion_speaks_in_one_message_that_changes_itself() {
    let world = World::new().await;
    let _bot = world.bot().await;
    world.telegram.send_text(anna(), "/voice");
    let menu = world.wait_for_last(42, "Ответы голосом").await;
    assert!(menu.callback_data("✓ Голосом на голосовые").is_some(), "{:?}", menu.buttons);
    let press = |label: &str| {
        let menu = world.telegram.messages(42).pop().unwrap();
        let data = menu.callback_data(label).unwrap_or_else(|| panic!("{label}: {:?}", menu.buttons)).to_owned();
        world.telegram.press(anna(), menu.message_id, &data)
    };
    press("Всегда голосом");
    world.telegram.wait_for(42, |sent| sent[0].callback_data("✓ Всегда голосом").is_some()).await;
    press("Низкий ♂");
    world.telegram.wait_for(42, |sent| sent[0].callback_data("✓ Низкий ♂").is_some()).await;
    let chosen = world.api.voice(42);
    assert_eq!((chosen.mode, chosen.voice), (Mode::Always, Some(Voice::Deep)));
    assert_eq!(world.telegram.messages(42).len(), 1);
}

#[tokio::test]
async fn who_has_no_premium_is_told_so_and_a_strange_button_changes_nothing() {
    let world = World::new().await;
    world.api.allow_voice(7, false);
    let _bot = world.bot().await;
    world.telegram.send_text(john(), "/voice");
    let menu = world.wait_for_last(7, "I speak on the premium plan").await;
    let update = world.telegram.press(john(), menu.message_id, "voice:of_god");
    world.wait_until_done(update).await;
    assert_eq!(world.api.voice(7).mode, Mode::OnVoice);
    assert_eq!(world.telegram.messages(7)[0].edits, 0);
}

#[tokio::test]
async fn an_audio_file_is_heard_with_what_is_written_under_it() {
    let world = World::new().await;
    let _bot = world.bot().await;
    world.telegram.send_voice(anna(), b"OggS song".to_vec(), 3);
    world.wait_for_last(42, "echo:").await;
    let first = world.telegram.person_messages(42)[0];
    let mut message = world.telegram.raw_message(42, first).unwrap();
    let object = message.as_object_mut().unwrap();
    let mut voice = object.remove("voice").unwrap();
    voice["performer"] = json!("Анна");
    object.insert("audio".to_owned(), voice);
    object.insert("caption".to_owned(), json!("Моя песня"));
    object.insert("message_id".to_owned(), json!(999));
    world.telegram.send_update(json!({ "message": message }));
    world.wait_for_last(42, "echo: Моя песня").await;
    let call = world.api.calls().pop().unwrap();
    assert_eq!(STANDARD.decode(call.request.audio_data.unwrap()).unwrap(), b"OggS song");
}

#[tokio::test]
async fn a_recording_that_nobody_could_answer_is_kept_and_answered_at_the_press_of_a_button() {
    let world = World::new().await;
    world.api.answer(|_, before| match before {
        0 | 1 => Reply::Problem(Problem::new(Code::ModelUnavailable)),
        _ => Reply::Text("Слышу!".to_owned()),
    });
    let _bot = world.bot().await;
    world.telegram.send_voice(anna(), b"OggS and a voice".to_vec(), 3);
    let excuse = world.wait_for_last(42, "Она у меня сохранилась").await;
    let press = |message: &Sent| {
        let again = message.callback_data("🔁 Послушать ещё раз").unwrap().to_owned();
        world.telegram.press(anna(), message.message_id, &again)
    };
    let failed = press(&excuse);
    world.wait_until_done(failed).await;
    // It still cannot be answered, and the button is still there.
    let has_button = |sent: &[Sent]| sent.last().is_some_and(|it| it.callback_data("🔁 Послушать ещё раз").is_some());
    let excuse = world.telegram.wait_for(42, has_button).await.pop().unwrap();
    let presses = [press(&excuse), press(&excuse)];
    world.wait_for_last(42, "Слышу!").await;
    let sent = world.telegram.wait_for(42, |sent| sent[0].text == "Эта запись уже прослушана.").await;
    for update in presses {
        world.wait_until_done(update).await;
    }
    assert_eq!((sent.len(), world.api.turns()), (2, 1), "pressed twice, answered once");
    let calls = world.api.calls();
    assert!(calls.iter().all(|call| call.key == "tgm-42-1" && call.request.audio_data.is_some()));
    let left: (i64,) = sqlx::query_as("SELECT count(*) FROM inbox WHERE payload IS NOT NULL")
        .fetch_one(&world.database.pool())
        .await
        .unwrap();
    assert_eq!(left.0, 0, "what was answered is not kept");
}

#[tokio::test]
async fn an_answer_to_a_recording_that_breaks_off_when_it_is_tried_again_becomes_the_excuse_with_the_button() {
    let world = World::new().await;
    let go = Arc::new(Notify::new());
    let held = go.clone();
    let failed = Problem::new(Code::ModelFailed);
    world.api.answer(move |_, before| match before {
        0 => Reply::Problem(Problem::new(Code::ModelUnavailable)),
        1 => Reply::PiecesAndThen(held.clone(), vec!["Слышу, "], failed.clone()),
        _ => Reply::Text("Слышу!".to_owned()),
    });
    let _bot = world.bot().await;
    let label = "🔁 Послушать ещё раз";
    world.telegram.send_voice(anna(), b"OggS and a voice".to_vec(), 3);
    let excuse = world.wait_for_last(42, "Она у меня сохранилась").await;
    world.telegram.press(anna(), excuse.message_id, excuse.callback_data(label).unwrap());
    world.wait_for_last(42, "Слышу,").await;
    go.notify_one();
    let moved = |sent: &[Sent]| {
        sent.len() == 2 && sent[0].buttons.is_empty() && sent[1].text == excuse.text && !sent[1].buttons.is_empty()
    };
    let begun = world.telegram.wait_for(42, moved).await.pop().unwrap();
    world.telegram.press(anna(), begun.message_id, begun.callback_data(label).unwrap());
    world.wait_for_last(42, "Слышу!").await;
    world.telegram.wait_for(42, |sent| sent[1].text == "Эта запись уже прослушана.").await;
}

#[tokio::test]
async fn stop_ends_a_recording_that_is_being_tried_again() {
    let world = World { streaming: "off", ..World::new().await };
    let go = Arc::new(Notify::new());
    world.api.can_be_stopped(go.clone());
    world.api.answer(move |_, before| match before {
        0 => Reply::Problem(Problem::new(Code::ModelUnavailable)),
        _ => Reply::Heard(go.clone(), "Расскажи сказку", Ok(("Жили-были…", b"OggS once".to_vec()))),
    });
    let _bot = world.bot().await;
    world.telegram.send_voice(anna(), b"OggS and a voice".to_vec(), 3);
    let excuse = world.wait_for_last(42, "Она у меня сохранилась").await;
    let again = excuse.callback_data("🔁 Послушать ещё раз").unwrap().to_owned();
    world.telegram.press(anna(), excuse.message_id, &again);
    world.api.wait_for_calls_of(42, 2).await;
    let stop = world.telegram.send_text(anna(), "/stop");
    world.wait_until_done(stop).await;
    assert!(world.api.stopped().contains(&"tgm-42-1".to_owned()), "{:?}", world.api.stopped());
    world.telegram.wait_for(42, |sent| sent.iter().any(|sent| sent.text == "Жили-были…")).await;
}

#[tokio::test]
async fn a_recording_that_telegram_does_not_give_out_now_is_kept_until_it_does() {
    let world = World::new().await;
    let away = "Bad Request: wrong file_id or the file is temporarily unavailable";
    world.telegram.fault(Fault::refuse("getFile", 400, away));
    let _bot = world.bot().await;
    world.telegram.send_voice(anna(), b"OggS and a voice".to_vec(), 3);
    let excuse = world.wait_for_last(42, "Она у меня сохранилась").await;
    let again = excuse.callback_data("🔁 Послушать ещё раз").unwrap().to_owned();
    world.telegram.press(anna(), excuse.message_id, &again);
    world.telegram.wait_for(42, |sent| sent[0].text == "Эта запись уже прослушана.").await;
    assert_eq!(world.api.turns(), 1);
}

#[tokio::test]
async fn a_recording_that_came_after_the_last_message_of_the_day_waits_for_tomorrow() {
    let world = World::new().await;
    world.api.answer(|_, before| match before {
        0 => Reply::Problem(Problem::new(Code::QuotaExhausted).retry_after(3600)),
        _ => Reply::Text("Good morning!".to_owned()),
    });
    let _bot = world.bot().await;
    world.telegram.send_voice(john(), b"OggS good night".to_vec(), 3);
    let excuse = world.wait_for_last(7, "hour").await;
    let again = excuse.callback_data("🔁 Listen again").unwrap().to_owned();
    // The button of one person opens nothing of another.
    let other = world.telegram.send_update(json!({ "callback_query": {
        "id": "q", "chat_instance": "c", "data": again,
        "from": { "id": 42, "is_bot": false, "first_name": "Анна" },
        "message": { "message_id": 9, "date": 0, "chat": { "id": 42, "type": "private", "first_name": "Анна" } },
    } }));
    world.wait_until_done(other).await;
    assert_eq!(world.api.calls().len(), 1);
    world.telegram.press(john(), excuse.message_id, &again);
    world.wait_for_last(7, "Good morning!").await;
}

#[tokio::test]
async fn a_file_that_is_a_recording_is_heard_though_nobody_says_how_long_it_is() {
    let world = World::new().await;
    let _bot = world.bot().await;
    world.telegram.send_document(anna(), b"ID3 a memo".to_vec(), "memo.mp3");
    world.wait_for_last(42, "echo:").await;
    let call = world.api.calls().pop().unwrap();
    assert_eq!(STANDARD.decode(call.request.audio_data.unwrap()).unwrap(), b"ID3 a memo");
}

#[tokio::test]
async fn who_says_aloud_that_they_are_in_danger_gets_whom_to_call_before_there_is_an_answer_and_a_voice() {
    let world = World::new().await;
    let go = Arc::new(Notify::new());
    let held = go.clone();
    world.api.answer(move |_, _| Reply::Heard(held.clone(), DANGER, Ok(("Я рядом.", b"OggS near".to_vec()))));
    let _bot = world.bot().await;
    world.telegram.send_voice(anna(), b"OggS and a voice".to_vec(), 3);
    let sent = world.telegram.wait_for(42, |sent| !sent.is_empty()).await;
    assert!(sent[0].text.contains("звоните"), "{}", sent[0].text);
    go.notify_one();
    let sent = world.telegram.wait_for(42, |sent| sent.len() == 3).await;
    assert_eq!((sent[1].text.as_str(), sent[2].kind), ("Я рядом.", SentKind::Voice));
}

#[tokio::test]
async fn who_says_aloud_that_they_are_in_danger_gets_whom_to_call_though_no_model_answers() {
    let world = World::new().await;
    let go = Arc::new(Notify::new());
    go.notify_one();
    world.api.answer(move |_, _| Reply::Heard(go.clone(), DANGER, Err(Problem::new(Code::ModelUnavailable))));
    let _bot = world.bot().await;
    world.telegram.send_voice(anna(), b"OggS and a voice".to_vec(), 3);
    let excuse = world.wait_for_last(42, "Она у меня сохранилась").await;
    assert!(excuse.callback_data("🔁 Послушать ещё раз").is_some());
    let texts = world.texts(42);
    assert!(texts.len() == 2 && texts[0].contains("звоните"), "{texts:?}");
}

#[tokio::test]
async fn whom_to_call_is_said_though_the_process_that_would_have_said_it_died() {
    let mut world = World::new().await;
    world.clock = Clock::fixed(Utc::now());
    world.api.answer(|_, before| if before == 0 { Reply::Hang } else { Reply::Text("never".to_owned()) });
    let bot = world.bot().await;
    world.telegram.send_voice(anna(), b"OggS and a voice".to_vec(), 3);
    world.api.wait_for_calls_of(42, 1).await;
    bot.kill().await;
    world.clock.advance(TimeDelta::seconds(61));
    let _next = world.bot().await;
    world.wait_for_last(42, "made:").await;
    let texts = world.texts(42);
    assert!(texts.len() == 2 && texts[0].contains("звоните"), "{texts:?}");
}
