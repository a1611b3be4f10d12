//! People speak to the companion, and it speaks to those whose plan has that.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use evolve_contract::{
    Code,
    chat::{ChatEvent, ChatRequest},
    voice::{Mode, Voice, VoiceUpdate},
};
use evolve_engine::speech::{opus, pcm::Pcm};
use futures::TryStreamExt as _;
use reqwest::StatusCode;
use serde_json::json;

use crate::harness::{Api, IVAN, Setup};

/// Seconds of a person, as Telegram records them.
fn recording(seconds: usize) -> String {
    BASE64_STANDARD.encode(opus::encode(&Pcm { rate: 48_000, samples: vec![0; 48_000 * seconds] }).unwrap())
}

fn spoken(seconds: usize) -> ChatRequest {
    ChatRequest { audio_data: Some(recording(seconds)), ..ChatRequest::default() }
}

#[tokio::test]
async fn what_is_said_is_heard_and_premium_answers_aloud() {
    let setup = Setup::new().await;
    let api = setup.start().await;
    let token = api.token(IVAN).await;
    // The stand-in hears that something was said.
    let answer = api.client.chat(&token, Some("a"), &spoken(3)).await.unwrap();
    let heard = api.script.requests().pop().unwrap().context.pop().unwrap().text();
    assert_eq!(heard, "(голосовое сообщение, 3 с)");
    assert_eq!((answer.response_text.as_str(), answer.voice_message), ("Привет! Как дела?", None));
    sqlx::query("UPDATE users SET plan = 'premium'").execute(&setup.pool()).await.unwrap();
    let answer = api.client.chat(&token, Some("b"), &spoken(2)).await.unwrap();
    let ogg = BASE64_STANDARD.decode(answer.voice_message.unwrap()).unwrap();
    assert!(ogg.starts_with(b"OggS"));
    assert_eq!((answer.response_text.as_str(), answer.voice_seconds), ("Привет! Как дела?", Some(2)));
    let again = api.client.chat(&token, Some("b"), &spoken(2)).await.unwrap();
    assert_eq!((again.response_text.as_str(), again.voice_seconds), ("Привет! Как дела?", Some(2)));
    assert_eq!(api.metric("voice_messages_generated_total").await, 2.0);
    assert_eq!(api.metric("voice_messages_heard_total{status=\"ok\"}").await, 2.0);
    assert_eq!(api.metric("tts_generation_duration_seconds_count{status=\"success\"}").await, 2.0);
}

#[tokio::test]
async fn a_person_chooses_when_and_in_which_voice() {
    let api = Api::start().await;
    let token = api.token(IVAN).await;
    let unknown = api.get("/voice/42", Some(&token)).await;
    assert_eq!(unknown.code(), Code::ProfileNotFound);
    let profile = json!({"user_id": IVAN, "data": {"name": "Иван"}});
    api.post("/profile", Some(&token), &profile).await;
    let choice = api.client.voice(&token, IVAN).await.unwrap();
    assert_eq!((choice.mode, choice.voice, choice.available, choice.allowed), (Mode::OnVoice, None, true, false));
    api.client.update_voice(&token, IVAN, &VoiceUpdate { mode: Some(Mode::Always), voice: None }).await.unwrap();
    let update = VoiceUpdate { mode: None, voice: Some(Voice::Calm) };
    let choice = api.client.update_voice(&token, IVAN, &update).await.unwrap();
    assert_eq!((choice.mode, choice.voice), (Mode::Always, Some(Voice::Calm)));
    assert_eq!(api.client.voice(&token, IVAN).await.unwrap(), choice);
    let other = api.get("/voice/43", Some(&token)).await;
    assert_eq!(other.code(), Code::Forbidden);
    let wrong = api.post("/voice/42", Some(&token), &json!({"mode": "loud"})).await;
    assert_eq!(wrong.code(), Code::InvalidBody);
}

#[tokio::test]
async fn what_is_no_recording_is_refused() {
    let api = Setup::new().await.with("MAX_VOICE_SECONDS", 5).start().await;
    let token = api.token(IVAN).await;
    let table = [
        ("not base64", "%%%".to_owned(), Code::InvalidAudio, "not base64"),
        ("a page", BASE64_STANDARD.encode(b"<html>"), Code::InvalidAudio, "not OGG"),
        ("a picture", BASE64_STANDARD.encode(b"\xff\xd8\xff\xe0"), Code::InvalidAudio, "not OGG"),
        ("too long, whatever is said of it", recording(7), Code::AudioTooLong, "longer than 5 s"),
    ];
    for (what, audio_data, code, expected) in table {
        let body = json!({"message": "", "audio_data": audio_data});
        let answer = api.post("/chat", Some(&token), &body).await;
        assert_eq!(answer.code(), code, "{what}");
        let detail = answer.problem().detail.unwrap();
        assert!(detail.contains(expected), "{what}: {detail}");
    }
}

#[tokio::test]
async fn a_bot_of_the_version_before_says_how_long_a_recording_is_and_is_heard() {
    let api = Api::start().await;
    let token = api.token(IVAN).await;
    let body = json!({"message": "", "audio_data": recording(3), "audio_seconds": 7});
    assert_eq!(api.post("/chat", Some(&token), &body).await.status, StatusCode::OK);
    let heard = api.script.requests().pop().unwrap().context.pop().unwrap().text();
    assert_eq!(heard, "(голосовое сообщение, 3 с)", "it is measured");
}

#[tokio::test]
async fn a_bot_without_ears_says_so() {
    let api = Setup::new().await.with("TRANSCRIBERS", "[]").with("VOICE_ENABLED", "false").start().await;
    let token = api.token(IVAN).await;
    let body = json!({"message": "", "audio_data": recording(1)});
    assert_eq!(api.post("/chat", Some(&token), &body).await.code(), Code::CannotHear);
    assert!(!api.client.voice(&token, IVAN).await.unwrap().available);
}

#[tokio::test]
async fn a_stream_says_first_what_was_heard_and_the_answer_says_it_again() {
    let api = Api::start().await;
    let token = api.token(IVAN).await;
    let body = ChatRequest { message: "Слушай".to_owned(), ..spoken(3) };
    let stream = || async { api.client.chat_stream(&token, Some("k"), &body).await.unwrap() };
    let events: Vec<_> = stream().await.try_collect().await.unwrap();
    let heard = "Слушай\n\n(голосовое сообщение, 3 с)".to_owned();
    assert_eq!(events.first(), Some(&ChatEvent::Heard(heard.clone())));
    let Some(ChatEvent::Done(answer)) = events.last() else { panic!("{events:?}") };
    assert_eq!(answer.heard, Some(heard));
    let again: Vec<_> = stream().await.try_collect().await.unwrap();
    assert_eq!(again, [ChatEvent::Done(answer.clone())], "a replay");
}

#[tokio::test]
async fn a_recording_that_is_only_passed_on_is_what_the_message_answers() {
    let api = Api::start().await;
    let token = api.token(IVAN).await;
    let silent = ChatRequest { audio_forwarded: true, ..spoken(3) };
    assert_eq!(api.client.chat(&token, None, &silent).await.unwrap_err().code(), Some(Code::InvalidValue));
    let body = ChatRequest { message: "Послушай его".to_owned(), ..silent };
    let answer = api.client.chat(&token, Some("k"), &body).await.unwrap();
    let heard = "(голосовое сообщение, 3 с)";
    assert_eq!(answer.heard.as_deref(), Some(heard));
    let shown = api.script.requests().pop().unwrap().context.pop().unwrap().text();
    assert_eq!(shown, format!("# In reply to\n- Somebody else: {heard}\nПослушай его"));
}

#[tokio::test]
async fn a_spoken_answer_comes_later_as_a_message_of_its_own_after_the_written_one_and_once() {
    let setup = Setup::new().await;
    let api = setup.start().await;
    let token = api.token(IVAN).await;
    api.say(&token, "Привет", None).await.unwrap();
    let sql = setup.pool();
    sqlx::query("UPDATE users SET plan = 'premium'").execute(&sql).await.unwrap();
    let body = ChatRequest { voice_later: true, ..spoken(2) };
    for times in [1.0, 2.0] {
        let answer = api.client.chat(&token, Some("tgm-42-1"), &body).await.unwrap();
        assert_eq!((answer.response_text.as_str(), answer.voice_message), ("Привет! Как дела?", None));
        evolve_testkit::eventually("it is spoken", async || {
            api.metric("voice_messages_generated_total").await == times
        })
        .await;
        let (early,): (i64,) =
            sqlx::query_as("SELECT count(*) FROM outbox WHERE method = 'sendVoice'").fetch_one(&sql).await.unwrap();
        assert_eq!(early, 0, "the written one is not owed yet");
    }
    sqlx::query("INSERT INTO outbox (key, chat_id, user_id, method, ready_at, created_at) VALUES ('tgm-42-1-0', 42, 42, 'sendMessage', now(), now())")
        .execute(&sql)
        .await
        .unwrap();
    let voices = async || {
        let rows: Vec<(String, i64, serde_json::Value)> =
            sqlx::query_as("SELECT key, user_id, params FROM outbox WHERE method = 'sendVoice'")
                .fetch_all(&sql)
                .await
                .unwrap();
        rows
    };
    evolve_testkit::eventually("the voice is owed", async || !voices().await.is_empty()).await;
    let (key, user_id, params) = voices().await.remove(0);
    assert_eq!((key.as_str(), user_id, params["duration"].as_u64()), ("tgm-42-1-voice", IVAN, Some(2)));
    let ogg = BASE64_STANDARD.decode(params["voice"]["upload_base64"].as_str().unwrap()).unwrap();
    assert!(ogg.starts_with(b"OggS"));
    api.client.chat(&token, Some("tgm-42-1"), &body).await.unwrap();
    api.stop().await;
    assert_eq!(voices().await.len(), 1);
}

#[tokio::test]
async fn who_asks_without_a_key_has_the_voice_with_the_words() {
    let setup = Setup::new().await;
    let api = setup.start().await;
    let token = api.token(IVAN).await;
    api.say(&token, "Привет", None).await.unwrap();
    sqlx::query("UPDATE users SET plan = 'premium'").execute(&setup.pool()).await.unwrap();
    let body = ChatRequest { voice_later: true, ..spoken(2) };
    assert!(api.client.chat(&token, None, &body).await.unwrap().voice_message.is_some());
}
