//! Messages to the companion, and what comes back.

use evolve_contract::{
    Code, Problem,
    profile::{Onboarding, ProfileData},
};
use evolve_testkit::telegram::{Doing, entities::EntityKind};
use rstest::rstest;
use serde_json::json;

use crate::{
    api::{DANGER, Reply},
    world::{World, anna, john},
};

#[tokio::test]
async fn text_in_answer_out_with_typing_shown_and_markdown_made_readable() {
    let world = World::new().await;
    world.api.answer(|_, _| Reply::Text("Это **важно**:\n\n```rust\nfn main() {}\n```".to_owned()));
    let bot = world.bot().await;
    world.telegram.send_text(anna(), "Что важно?");
    let sent = world.wait_for_last(42, "Это важно").await;
    assert_eq!(sent.text, "Это важно:\nfn main() {}");
    let kinds: Vec<_> = sent.entities.iter().map(|entity| entity.kind).collect();
    assert_eq!(kinds, [EntityKind::Bold, EntityKind::Pre]);
    let call = &world.api.calls()[0];
    assert_eq!(
        (call.key.as_str(), call.person),
        (format!("tgm-42-{}", world.telegram.person_messages(42)[0]).as_str(), 42)
    );
    assert_eq!(call.request.message, "Что важно?");
    assert!(call.request.timestamp.is_some());
    let events = world.telegram.events(42);
    let typing = events.iter().position(|e| matches!(&e.doing, Doing::Action { action } if action == "typing"));
    let message = events.iter().position(|e| matches!(e.doing, Doing::Message { .. }));
    assert!(typing.is_some() && typing < message, "{events:?}");
    evolve_testkit::eventually("the metrics count both", async || {
        bot.metric("telegram_messages_received_total{kind=\"text\"}") >= 1.0
            && bot.metric("telegram_messages_sent_total{kind=\"sendMessage\"}") >= 1.0
    })
    .await;
}

#[tokio::test]
async fn a_long_answer_comes_in_parts_and_in_order() {
    let world = World::new().await;
    let answer: String = (0..400).map(|n| format!("Абзац номер {n}, который что-то рассказывает.\n\n")).collect();
    world.api.answer(move |_, _| Reply::Text(answer.clone()));
    let _bot = world.bot().await;
    world.telegram.send_text(anna(), "Расскажи всё");
    world.wait_for_last(42, "номер 399").await;
    let texts = world.texts(42);
    assert!(texts.len() >= 4, "{}", texts.len());
    let together = texts.join("\n\n");
    let at: Vec<usize> = (0..400).map(|n| together.find(&format!("номер {n},")).unwrap()).collect();
    assert!(at.is_sorted());
}

#[tokio::test]
async fn a_photo_goes_to_the_companion_with_its_caption() {
    let world = World::new().await;
    let _bot = world.bot().await;
    let bytes = b"not really a photo, but the API decides that".to_vec();
    world.telegram.send_photo(anna(), bytes.clone(), Some("Кто это?"));
    world.wait_for_last(42, "echo: Кто это?").await;
    let calls = world.api.calls();
    let image = calls[0].request.image_data.as_deref().unwrap();
    use base64::Engine as _;
    assert_eq!(base64::engine::general_purpose::STANDARD.decode(image).unwrap(), bytes);
}

#[tokio::test]
async fn a_photo_that_is_too_large_is_not_even_downloaded() {
    let world = World::new().await;
    let _bot = world.bot().await;
    // The small size that Telegram adds to each photo fits; with everything too large, nothing would be sent.
    world.telegram.send_photo(john(), vec![0_u8; 11 * 1024 * 1024], None);
    world.wait_for_last(7, "echo:").await;
    let image = world.api.calls()[0].request.image_data.clone().unwrap();
    assert!(image.len() < 100_000, "{} characters", image.len());
}

#[tokio::test]
async fn what_it_cannot_do_yet_the_bot_says_kindly() {
    let world = World::new().await;
    let _bot = world.bot().await;
    let video = json!({ "file_id": "a", "file_unique_id": "a", "duration": 3, "length": 240 });
    world.telegram.send_update(json!({ "message": {
        "message_id": 900, "date": 1_770_000_000, "video_note": video,
        "chat": { "id": 42, "type": "private", "first_name": "Анна" },
        "from": { "id": 42, "is_bot": false, "first_name": "Анна", "language_code": "ru" },
    } }));
    world.telegram.open_chat(anna());
    world.wait_for_last(42, "Видео я пока не умею").await;
    world.telegram.send_document(john(), b"%PDF".to_vec(), "a.pdf");
    world.wait_for_last(7, "I can't open files yet").await;
    assert_eq!(world.api.turns(), 0);
}

#[rstest]
#[case(Problem::new(Code::QuotaExhausted).retry_after(5 * 3600), "продолжим", "через 5 часов")]
#[case(Problem::new(Code::PremiumRequired), "премиум", "")]
#[case(Problem::new(Code::ModelUnavailable).retry_after(30), "через пару минут", "в счёт не пошло")]
#[case(Problem::new(Code::ModelBlocked), "отвечать не буду", "")]
#[case(Problem::new(Code::ModelFailed), "не получилось подобрать слова", "")]
#[case(Problem::new(Code::InvalidImage), "не получается рассмотреть", "")]
#[tokio::test]
async fn where_there_is_no_answer_there_is_a_kind_word(
    #[case] problem: Problem,
    #[case] part: &str,
    #[case] more: &str,
) {
    let world = World::new().await;
    world.api.answer(move |_, _| Reply::Problem(problem.clone()));
    let _bot = world.bot().await;
    world.telegram.send_text(anna(), "Привет");
    let sent = world.telegram.wait_for(42, |sent| !sent.is_empty()).await;
    let text = sent[0].text.to_lowercase();
    assert!(text.contains(part) && text.contains(more), "{text}");
    assert_eq!(world.api.calls().len(), 1, "it was tried again");
}

#[tokio::test]
async fn an_answer_of_nothing_visible_becomes_a_kind_word() {
    let world = World::new().await;
    world.api.answer(|_, _| Reply::Text("\u{200b} \n".to_owned()));
    let _bot = world.bot().await;
    world.telegram.send_text(john(), "Hi");
    world.wait_for_last(7, "I couldn't find the words").await;
}

#[tokio::test]
async fn bots_are_ignored_quietly() {
    let world = World::new().await;
    let _bot = world.bot().await;
    let of_bot = world.telegram.send_update(serde_json::json!({ "message": {
        "message_id": 900, "date": 1_770_000_000, "text": "beep",
        "chat": { "id": 5, "type": "private", "first_name": "Bot" },
        "from": { "id": 5, "is_bot": true, "first_name": "Bot" },
    } }));
    let unknown = world.telegram.send_update(serde_json::json!({ "telepathy": { "from": { "id": 42 } } }));
    for update in [of_bot, unknown] {
        world.wait_until_done(update).await;
    }
    world.telegram.send_text(anna(), "Привет");
    world.wait_for_last(42, "echo: Привет").await;
    assert_eq!(world.api.turns(), 1);
    assert!(world.texts(5).is_empty());
}

#[tokio::test]
async fn fifty_people_at_once_are_each_answered_in_order() {
    let world = World::new().await;
    world.telegram.user(anna());
    let _bot = world.bot().await;
    for round in 0..4 {
        for person in 100..150 {
            world.telegram.send_text(person, &format!("{round}"));
        }
    }
    for person in 100..150 {
        world.telegram.wait_for(person, |sent| sent.len() == 4).await;
        assert_eq!(world.texts(person), ["echo: 0", "echo: 1", "echo: 2", "echo: 3"], "person {person}");
    }
    assert_eq!(world.api.turns(), 200);
}

#[tokio::test]
async fn a_new_level_is_celebrated_once_after_the_answer_in_the_persons_language() {
    let world = World::new().await;
    let _bot = world.bot().await;
    world.api.reach_level(2, "Acquaintance <3");
    world.telegram.send_text(john(), "Hello");
    world.wait_for_last(7, "We've grown closer!").await;
    let texts = world.texts(7);
    assert_eq!(texts.len(), 2, "{texts:?}");
    assert_eq!(texts[0], "echo: Hello");
    assert!(texts[1].contains("a new level: Acquaintance <3."), "{texts:?}");
    world.api.reach_level(2, "Знакомый");
    world.telegram.send_text(anna(), "Привет");
    world.wait_for_last(42, "новый уровень — Знакомый.").await;
}

#[tokio::test]
async fn a_bot_that_dies_before_it_told_of_a_level_leaves_the_celebration_to_the_next_and_it_is_one() {
    let mut world = World::new().await;
    world.clock = evolve_runtime::clock::Clock::fixed(chrono::Utc::now());
    world.api.reach_level(2, "Знакомый");
    world.api.answer(|call, before| match before {
        0 => Reply::Hang,
        _ => Reply::Text(format!("echo: {}", call.request.message)),
    });
    let bot = world.bot().await;
    world.telegram.send_text(anna(), "Привет");
    world.api.wait_for_calls_of(42, 1).await;
    bot.kill().await;
    world.clock.advance(chrono::TimeDelta::seconds(61));
    let _bot = world.bot().await;
    world.wait_for_last(42, "новый уровень — Знакомый.").await;
    let texts = world.texts(42);
    assert_eq!((texts.len(), texts[0].as_str()), (2, "made: Привет"), "{texts:?}");
}

#[tokio::test]
async fn somebody_in_danger_gets_whom_to_call_where_they_are_even_when_no_model_answers() {
    let world = World::new().await;
    let done = |zone: &str| ProfileData {
        time_zone: Some(zone.to_owned()),
        language: Some("ru".to_owned()),
        onboarding: Some(Onboarding::Done),
        ..ProfileData::default()
    };
    world.api.know(42, done("Asia/Vladivostok"));
    world.api.answer(|_, _| Reply::Problem(Problem::new(Code::ModelUnavailable)));
    let _bot = world.bot().await;
    world.telegram.send_text(anna(), DANGER);
    world.wait_for_last(42, "через пару минут").await;
    let texts = world.texts(42);
    assert_eq!(texts.len(), 2, "{texts:?}");
    for told in ["8-800-2000-122", "findahelpline.com", "звоните 112"] {
        assert!(texts[0].contains(told), "{}", texts[0]);
    }
    world.api.answer(|_, _| Reply::Text("Рада!".to_owned()));
    world.telegram.send_text(anna(), "Хочу жить долго и у моря");
    world.wait_for_last(42, "Рада!").await;
    assert_eq!(world.texts(42).len(), 3);
}

#[tokio::test]
async fn somebody_in_danger_whose_name_is_awaited_gets_whom_to_call_where_they_are_and_is_not_called_that() {
    let world = World::new().await;
    let asked = ProfileData {
        time_zone: Some("Asia/Vladivostok".to_owned()),
        language: Some("ru".to_owned()),
        onboarding: Some(Onboarding::Name),
        ..ProfileData::default()
    };
    world.api.know(42, asked);
    let _bot = world.bot().await;
    world.telegram.send_text(anna(), DANGER);
    world.wait_for_last(42, &format!("echo: {DANGER}")).await;
    let texts = world.texts(42);
    assert!(texts.len() == 2 && texts[0].contains("8-800-2000-122"), "{texts:?}");
    world.telegram.send_text(anna(), "Аня");
    world.wait_for_last(42, "Аня").await;
    assert_eq!(world.api.profile(42).and_then(|profile| profile.name).as_deref(), Some("Аня"));
}
