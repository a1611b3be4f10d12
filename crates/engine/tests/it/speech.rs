//! People speak, and are spoken to: over HTTP, with servers that behave as Google's and OpenAI's do.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use evolve_domain::{
    language::Language,
    speech::{Voice, VoiceMode, VoiceSettings},
};
use evolve_engine::{
    model::{
        FinishReason, Gemini, GeminiConfig, HttpLimits, ModelError, OpenAiConfig, Part, SafetyThreshold, Script, Step,
        Waited,
    },
    speech::{
        Audio, Providers, Speaker, Speech, Transcriber,
        gemini::{GeminiSpeaker, GeminiTranscriber},
        openai::{OpenAiSpeaker, OpenAiTranscriber},
        opus,
        pcm::Pcm,
    },
    turn::{Again, Author, Quoted, TurnError, TurnEvent, TurnRequest},
};
use evolve_runtime::metrics::Metrics;
use evolve_testkit::models::{Behaviour, GeminiServer, OpenAiServer};
use rstest::rstest;

use crate::{
    sound::{listen, xiph},
    turn_support::{IVAN, World, keyed, message, world_with},
};

fn client() -> reqwest::Client {
    reqwest::Client::new()
}

fn gemini(server: &GeminiServer, model: &str) -> GeminiConfig {
    GeminiConfig {
        name: GeminiConfig::DEFAULT_NAME.to_owned(),
        api_key: "key".into(),
        model: model.to_owned(),
        base_url: server.url().parse().unwrap(),
        safety: SafetyThreshold::default(),
        limits: HttpLimits { total: Duration::from_secs(20), ..HttpLimits::default() },
    }
}

fn openai(server: &OpenAiServer, model: &str) -> OpenAiConfig {
    OpenAiConfig {
        name: "openai".to_owned(),
        api_key: None,
        model: model.to_owned(),
        base_url: server.base_url().parse().unwrap(),
        reasoning_effort: false,
        limits: HttpLimits::default(),
    }
}

fn gemini_ears(server: &GeminiServer) -> Arc<dyn Transcriber> {
    let model = Gemini::new(client(), gemini(server, GeminiConfig::DEFAULT_MODEL)).unwrap();
    Arc::new(GeminiTranscriber::new(Arc::new(model)))
}

fn gemini_mouth(server: &GeminiServer, model: &str) -> Arc<dyn Speaker> {
    Arc::new(GeminiSpeaker::new(client(), gemini(server, model), None).unwrap())
}

fn openai_ears(server: &OpenAiServer) -> Arc<dyn Transcriber> {
    Arc::new(OpenAiTranscriber::new(client(), openai(server, "whisper-1")).unwrap())
}

fn openai_mouth(server: &OpenAiServer) -> Arc<dyn Speaker> {
    Arc::new(OpenAiSpeaker::new(client(), openai(server, "tts-1"), None).unwrap())
}

fn ears(transcriber: Arc<dyn Transcriber>) -> Providers {
    Providers { transcribers: vec![transcriber], speakers: Vec::new() }
}

/// Two seconds of a person, as Telegram records them.
fn recording() -> Audio {
    let ogg = opus::encode(&Pcm { rate: 48_000, samples: vec![0; 96_000] }).unwrap();
    Audio::check(ogg, 60).unwrap()
}

fn spoken() -> TurnRequest {
    TurnRequest { audio: Some(recording()), ..message("") }
}

fn answering(text: &str) -> Script {
    Script::always(Step::say(text))
}

/// A premium person who wants answers spoken like this.
async fn listener(world: &World, mode: VoiceMode, voice: Option<Voice>) {
    world.say("hi").await.unwrap();
    world.make_premium().await;
    sqlx::query("INSERT INTO settings (user_id, language, time_zone, onboarding, updated_at, voice_mode, voice) VALUES ($1, 'en', 'UTC', 'done', now(), $2, $3)")
        .bind(IVAN)
        .bind(VoiceSettings { mode, voice }.mode.as_str())
        .bind(voice.map(Voice::as_str))
        .execute(&world.sql)
        .await
        .unwrap();
}

#[tokio::test]
async fn what_a_person_says_is_their_message() {
    let server = GeminiServer::start().await.unwrap();
    server.next(Behaviour::say(" I have adopted a cat! "));
    let world = world_with(answering("How lovely"), ears(gemini_ears(&server))).await;
    let reply = world.engine.chat(spoken(), None).await.unwrap();
    assert!(world.engine.sound(&reply).await.is_none(), "nothing here speaks");
    let parts = world.script.requests().pop().unwrap().context.pop().unwrap().parts;
    assert_eq!(parts, [Part::Text("I have adopted a cat!".to_owned())]);
    assert_eq!(world.count("SELECT count(*) FROM messages WHERE text = 'I have adopted a cat!'").await, 1);
    assert_eq!(world.used_today().await, 1);
    let row: (i64, String, String, i32, String) =
        sqlx::query_as("SELECT user_id, kind, mime, duration_ms, model FROM audio_files")
            .fetch_one(&world.sql)
            .await
            .unwrap();
    assert!((1990..2100).contains(&row.3), "{row:?}");
    assert_eq!((row.0, row.1.as_str(), row.2.as_str(), row.4.as_str()), (IVAN, "in", "audio/ogg", "gemini-3.8-flash"));
    let sent = server.requests().pop().unwrap().body;
    assert_eq!(sent["contents"][0]["parts"][0]["inlineData"]["mimeType"], "audio/ogg");
}

#[tokio::test]
async fn any_server_with_openai_transcriptions_hears_and_what_is_written_besides_stays() {
    let server = OpenAiServer::start().await.unwrap();
    server.next(Behaviour::say("the cat is grey"));
    let world = world_with(answering("ok"), ears(openai_ears(&server))).await;
    let audio_ref = Some("file".to_owned());
    let request = TurnRequest { audio: Some(recording()), audio_ref, ..message("Listen:") };
    world.engine.chat(request, None).await.unwrap();
    let kept = "SELECT count(*) FROM messages m JOIN audio_files a ON a.message_id = m.id
                WHERE m.text = E'Listen:\n\nthe cat is grey' AND m.role = 'user' AND a.file_ref = 'file'";
    assert_eq!(world.count(kept).await, 1);
    let form = server.requests().pop().unwrap().body;
    assert_eq!(
        (&form["model"], &form["file"], &form["response_format"]),
        (&"whisper-1".into(), &"voice.ogg".into(), &"json".into())
    );
}

#[tokio::test]
async fn what_is_written_beside_a_recording_can_be_edited_and_what_was_heard_stays() {
    let server = OpenAiServer::start().await.unwrap();
    server.next(Behaviour::say("the cat is grey"));
    let world = world_with(answering("ok"), ears(openai_ears(&server))).await;
    let request = TurnRequest { audio: Some(recording()), ..keyed("Listen:", "m1") };
    world.engine.chat(request, None).await.unwrap();
    for (written, key, expected) in [("Look:", "e1", "Look:\n\nthe cat is grey"), ("", "e2", "the cat is grey")] {
        let again = Some(Again::Corrected("m1".to_owned()));
        let reply = world.engine.chat(TurnRequest { again, ..keyed(written, key) }, None).await.unwrap();
        assert!(reply.corrected);
        let (kept,): (String,) =
            sqlx::query_as("SELECT text FROM messages WHERE role = 'user'").fetch_one(&world.sql).await.unwrap();
        assert_eq!(kept, expected);
    }
}

#[tokio::test]
async fn silence_is_nothing_to_answer_and_costs_a_message_since_it_was_listened_to() {
    let server = GeminiServer::start().await.unwrap();
    server.always(Behaviour::say("[silence]"));
    let world = world_with(answering("What?"), ears(gemini_ears(&server))).await;
    assert!(matches!(world.engine.chat(spoken(), None).await, Err(TurnError::NothingHeard)));
    assert_eq!(world.used_today().await, 1, "or silence could be sent without end");
    assert_eq!(world.count("SELECT count(*) FROM audio_files WHERE kind = 'in'").await, 1);
    assert_eq!(world.count("SELECT count(*) FROM messages").await, 0);
    assert!(world.script.requests().is_empty());
}

#[tokio::test]
async fn what_was_heard_and_no_model_wants_to_answer_costs_a_message_and_what_was_written_does_not() {
    let server = OpenAiServer::start().await.unwrap();
    server.next(Behaviour::say("something vile"));
    let blocked = || Step::Fail(ModelError::Blocked { reason: "SAFETY".to_owned() });
    let world = world_with(Script::new([blocked(), blocked()]), ears(openai_ears(&server))).await;
    assert!(matches!(world.engine.chat(spoken(), None).await, Err(TurnError::ModelBlocked)));
    assert_eq!(world.used_today().await, 1, "or it could be sent without end");
    assert!(matches!(world.say("something vile").await, Err(TurnError::ModelBlocked)));
    assert_eq!(world.used_today().await, 1);
}

#[tokio::test]
async fn what_was_heard_and_answered_with_nothing_of_use_costs_one_message_however_often_it_is_tried() {
    let server = OpenAiServer::start().await.unwrap();
    server.next(Behaviour::say("the cat is grey"));
    let nothing = Step::Fail(ModelError::Empty { finish: FinishReason::Length });
    let world = world_with(Script::new([nothing, Step::say("ok")]), ears(openai_ears(&server))).await;
    let request = TurnRequest { audio: Some(recording()), ..keyed("", "tg-1") };
    let failed = world.engine.chat(request.clone(), None).await;
    assert!(matches!(failed, Err(TurnError::ModelFailed)), "{failed:?}");
    assert_eq!(world.used_today().await, 0, "a turn that failed gives its message back");
    // The bot offers to listen once more, under the same key.
    assert_eq!(world.engine.chat(request, None).await.unwrap().text, "ok");
    assert_eq!((world.used_today().await, server.requests().len()), (1, 1));
}

#[tokio::test]
async fn silence_that_is_sent_again_under_its_key_is_neither_heard_nor_counted_again() {
    let server = GeminiServer::start().await.unwrap();
    server.always(Behaviour::say("[silence]"));
    let world = world_with(answering("What?"), ears(gemini_ears(&server))).await;
    let request = TurnRequest { audio: Some(recording()), ..keyed("", "tg-1") };
    for _ in 0..2 {
        let silence = world.engine.chat(request.clone(), None).await;
        assert!(matches!(silence, Err(TurnError::NothingHeard)), "{silence:?}");
        assert_eq!((world.used_today().await, server.requests().len()), (1, 1));
    }
}

#[tokio::test]
async fn what_no_model_wanted_to_answer_is_told_again_under_its_key_and_tried_again_if_the_person_wishes() {
    let server = OpenAiServer::start().await.unwrap();
    server.next(Behaviour::say("something vile"));
    let blocked = Step::Fail(ModelError::Blocked { reason: "SAFETY".to_owned() });
    let world = world_with(Script::new([blocked, Step::say("ok")]), ears(openai_ears(&server))).await;
    let request = TurnRequest { audio: Some(recording()), ..keyed("", "tg-1") };
    for _ in 0..2 {
        let (sender, mut events) = tokio::sync::mpsc::channel(64);
        let failed = world.engine.chat(request.clone(), Some(sender)).await;
        assert!(matches!(failed, Err(TurnError::ModelBlocked)), "{failed:?}");
        // Whoever looks after people in danger goes by it.
        assert_eq!(events.recv().await, Some(TurnEvent::Heard("something vile".to_owned())));
        assert_eq!((world.used_today().await, world.script.requests().len()), (1, 1));
    }
    let again = TurnRequest { again: Some(Again::Last), ..keyed("", "r1") };
    assert_eq!(world.engine.chat(again, None).await.unwrap().text, "ok");
    assert_eq!(server.requests().len(), 1, "heard twice");
}

#[tokio::test]
async fn ears_that_fail_cost_nothing_and_the_next_ones_hear() {
    let (first, second) = (GeminiServer::start().await.unwrap(), OpenAiServer::start().await.unwrap());
    first.always(Behaviour::refuse(503));
    let world = world_with(answering("ok"), ears(gemini_ears(&first))).await;
    assert!(matches!(world.engine.chat(spoken(), None).await, Err(TurnError::ModelUnavailable { .. })));
    assert_eq!(world.used_today().await, 0);
    second.next(Behaviour::say("heard in the end"));
    let both = Providers { transcribers: vec![gemini_ears(&first), openai_ears(&second)], speakers: Vec::new() };
    let world = world_with(answering("ok"), both).await;
    world.engine.chat(spoken(), None).await.unwrap();
    assert_eq!(world.count("SELECT count(*) FROM messages WHERE text = 'heard in the end'").await, 1);
}

#[tokio::test]
async fn without_ears_a_recording_is_refused_kindly() {
    let world = world_with(answering("ok"), Providers::default()).await;
    assert!(matches!(world.engine.chat(spoken(), None).await, Err(TurnError::CannotHear)));
    assert_eq!(world.used_today().await, 0);
}

#[rstest]
#[case::a_wav("gemini-3.8-flash-tts")]
#[case::raw_samples("gemini-2.5-flash-preview-tts")]
#[tokio::test]
async fn an_answer_is_spoken_as_ogg_opus_whatever_gemini_gives(#[case] model: &str) {
    let server = GeminiServer::start().await.unwrap();
    let speech = Providers { transcribers: Vec::new(), speakers: vec![gemini_mouth(&server, model)] };
    let world = world_with(answering("Good **morning**! 👋"), speech).await;
    listener(&world, VoiceMode::Always, Some(Voice::Deep)).await;
    let reply = world.say("hello").await.unwrap();
    assert_eq!(reply.text, "Good **morning**! 👋", "the written answer stays whole");
    let spoken = world.engine.sound(&reply).await.unwrap();
    let body = server.requests().pop().unwrap().body;
    let said = body["contents"][0]["parts"][0]["text"].as_str().unwrap();
    assert!(said.starts_with("Read this aloud") && said.ends_with("\n\nGood morning!"), "{said}");
    let voice = body.pointer("/generationConfig/speechConfig/voiceConfig/prebuiltVoiceConfig/voiceName");
    assert_eq!(voice.unwrap(), "Charon");
    let heard = listen(&spoken.ogg);
    let seconds = said.chars().count() as f64 / 15.0;
    assert!((heard.seconds - seconds).abs() < 0.01, "{} instead of {seconds}", heard.seconds);
    assert!((heard.hertz - 440.0).abs() < 10.0 && heard.loudness > 0.1, "{} Hz, {}", heard.hertz, heard.loudness);
    let spoken = "SELECT count(*) FROM audio_files a JOIN messages m ON m.id = a.message_id AND m.role = 'assistant'
                  WHERE a.kind = 'out' AND a.duration_ms > 1000";
    assert_eq!(world.count(spoken).await, 1);
}

#[tokio::test]
async fn any_server_with_openai_speech_speaks_though_its_wav_does_not_know_its_length() {
    let server = OpenAiServer::start().await.unwrap();
    let speech = Providers { transcribers: Vec::new(), speakers: vec![openai_mouth(&server)] };
    let world = world_with(answering("Good morning!"), speech).await;
    listener(&world, VoiceMode::Always, None).await;
    let reply = world.say("hello").await.unwrap();
    let heard = listen(&world.engine.sound(&reply).await.unwrap().ogg);
    assert!((heard.seconds - 13.0 / 15.0).abs() < 0.01, "{}", heard.seconds);
}

#[tokio::test]
async fn a_long_answer_is_spoken_in_part_and_written_whole() {
    let server = OpenAiServer::start().await.unwrap();
    let speech = Providers { transcribers: Vec::new(), speakers: vec![openai_mouth(&server)] };
    let long = "This is a sentence of thirty-five. ".repeat(100);
    let world = world_with(answering(&long), speech).await;
    listener(&world, VoiceMode::Always, None).await;
    let reply = world.say("tell me").await.unwrap();
    assert_eq!(reply.text, long.trim());
    world.engine.sound(&reply).await.unwrap();
    let said = server.requests().pop().unwrap().prompt;
    assert!(said.chars().count() <= 600 && said.chars().count() > 500 && said.ends_with('.'), "{said}");
}

#[rstest]
#[case::overloaded(Behaviour::refuse(503))]
#[case::rubbish(Behaviour::raw("audio/wav", *b"RIFF"))]
#[case::another_format(Behaviour::raw("audio/mpeg", *b"ID3"))]
#[case::nothing(Behaviour::raw("audio/pcm", *b""))]
#[tokio::test]
async fn an_answer_that_cannot_be_spoken_is_still_an_answer(#[case] behaviour: Behaviour) {
    let server = OpenAiServer::start().await.unwrap();
    server.always(behaviour);
    let speech = Providers { transcribers: Vec::new(), speakers: vec![openai_mouth(&server)] };
    let world = world_with(answering("Good morning!"), speech).await;
    listener(&world, VoiceMode::Always, None).await;
    let reply = world.say("hello").await.unwrap();
    assert_eq!((reply.text.as_str(), world.engine.sound(&reply).await), ("Good morning!", None));
    assert_eq!(world.count("SELECT count(*) FROM audio_files").await, 0);
}

#[tokio::test]
async fn a_mouth_that_keeps_failing_is_left_alone_and_the_next_one_speaks() {
    let (first, second) = (OpenAiServer::start().await.unwrap(), GeminiServer::start().await.unwrap());
    first.always(Behaviour::refuse(500));
    let speakers = vec![openai_mouth(&first), gemini_mouth(&second, "gemini-3.8-flash-tts")];
    let world = world_with(answering("Hi"), Providers { transcribers: Vec::new(), speakers }).await;
    listener(&world, VoiceMode::Always, None).await;
    for _ in 0..8 {
        let reply = world.say("hello").await.unwrap();
        assert!(world.engine.sound(&reply).await.is_some());
    }
    assert_eq!(first.requests().len(), 5, "its breaker opens after five failures");
}

#[tokio::test]
async fn an_answer_that_was_stopped_is_not_spoken() {
    let server = OpenAiServer::start().await.unwrap();
    let speech = Providers { transcribers: Vec::new(), speakers: vec![openai_mouth(&server)] };
    let tale = Step::HangAfter("Once upon a time ".to_owned());
    let world = world_with(Script::new([Step::say("Hi"), tale]), speech).await;
    listener(&world, VoiceMode::Always, None).await;
    let stop = async {
        world.script.asked(2).await;
        assert!(world.engine.stop(IVAN, None).await.unwrap());
    };
    let (reply, ()) = tokio::join!(world.say("tell me a tale"), stop);
    assert_eq!(reply.unwrap().sound, None);
}

#[rstest]
#[case(VoiceMode::Never, false, false)]
#[case(VoiceMode::OnVoice, false, true)]
#[case(VoiceMode::Always, true, true)]
#[tokio::test]
async fn a_person_is_spoken_to_as_they_like(#[case] mode: VoiceMode, #[case] to_text: bool, #[case] to_voice: bool) {
    let server = OpenAiServer::start().await.unwrap();
    let speech = Providers { transcribers: vec![openai_ears(&server)], speakers: vec![openai_mouth(&server)] };
    let world = world_with(answering("Hi"), speech).await;
    listener(&world, mode, None).await;
    let reply = world.say("hello").await.unwrap();
    assert_eq!(world.engine.sound(&reply).await.is_some(), to_text);
    let reply = world.engine.chat(spoken(), None).await.unwrap();
    assert_eq!(world.engine.sound(&reply).await.is_some(), to_voice);
    // What they may have is decided by the plan, whatever they chose.
    sqlx::query("UPDATE users SET plan = 'free'").execute(&world.sql).await.unwrap();
    let reply = world.engine.chat(spoken(), None).await.unwrap();
    assert_eq!(world.engine.sound(&reply).await, None);
}

#[tokio::test]
async fn who_asks_again_hears_the_answer_again_and_it_counts_once() {
    let server = OpenAiServer::start().await.unwrap();
    let speech = Providers { transcribers: vec![openai_ears(&server)], speakers: vec![openai_mouth(&server)] };
    let world = world_with(answering("Hi"), speech).await;
    listener(&world, VoiceMode::OnVoice, None).await;
    let request = TurnRequest { audio: Some(recording()), ..keyed("", "tg-1") };
    for replayed in [false, true] {
        let reply = world.engine.chat(request.clone(), None).await.unwrap();
        assert_eq!(reply.replayed, replayed);
        assert!(world.engine.sound(&reply).await.is_some());
    }
    assert_eq!(world.count("SELECT count(*) FROM audio_files").await, 2);
    assert_eq!(world.count("SELECT count(*) FROM messages WHERE role = 'user'").await, 2);
    let other = TurnRequest { audio: None, ..request };
    assert!(matches!(world.engine.chat(other, None).await, Err(TurnError::KeyReused)));
}

#[tokio::test]
async fn an_answer_to_a_recording_is_spoken_when_it_is_made_anew_and_one_to_a_text_is_not() {
    let server = OpenAiServer::start().await.unwrap();
    let speech = Providers { transcribers: vec![openai_ears(&server)], speakers: vec![openai_mouth(&server)] };
    let world = world_with(answering("Hi"), speech).await;
    listener(&world, VoiceMode::OnVoice, None).await;
    world.engine.chat(spoken(), None).await.unwrap();
    let again = |key| TurnRequest { again: Some(Again::Last), ..keyed("", key) };
    for replayed in [false, true] {
        let reply = world.engine.chat(again("r1"), None).await.unwrap();
        assert_eq!(reply.replayed, replayed);
        assert!(world.engine.sound(&reply).await.is_some());
    }
    world.say("hello").await.unwrap();
    let reply = world.engine.chat(again("r2"), None).await.unwrap();
    assert!(world.engine.sound(&reply).await.is_none());
}

#[rstest]
#[case(8000)]
#[case(11_025)]
#[case(22_050)]
#[case(24_000)]
#[case(44_100)]
#[case(48_000)]
#[case(96_000)]
#[test]
fn a_sound_of_any_rate_is_as_long_and_as_high_when_others_play_it(#[case] rate: u32) {
    let step = 440.0 * std::f64::consts::TAU / f64::from(rate);
    let samples = (0..rate * 3 / 2).map(|index| ((f64::from(index) * step).sin() * 8000.0) as i16).collect();
    let ogg = opus::encode(&Pcm { rate, samples }).unwrap();
    let heard = listen(&ogg);
    assert!((heard.seconds - 1.5).abs() < 0.001 && (heard.hertz - 440.0).abs() < 5.0, "{heard:?}");
    if let Some((info, wav)) = xiph(&ogg) {
        assert!(!info.contains("WARNING") && !info.contains("ERROR"), "{info}");
        assert!(Pcm::from_wav(&wav).unwrap().duration_ms().abs_diff(1500) <= 1);
    }
}

#[tokio::test]
async fn a_recording_whose_turn_failed_is_heard_again_under_its_key() {
    let server = OpenAiServer::start().await.unwrap();
    server.next(Behaviour::refuse(503));
    server.next(Behaviour::say("the cat is grey"));
    let world = world_with(answering("ok"), ears(openai_ears(&server))).await;
    let request = TurnRequest { audio: Some(recording()), ..keyed("", "tg-1") };
    assert!(world.engine.chat(request.clone(), None).await.is_err());
    assert_eq!(world.count("SELECT count(*) FROM messages").await, 0);
    world.engine.chat(request, None).await.unwrap();
    assert_eq!(world.count("SELECT count(*) FROM messages WHERE text = 'the cat is grey'").await, 1);
    assert_eq!(world.used_today().await, 1);
}

#[rstest]
#[case::alone("")]
#[case::with_words("Listen:")]
#[tokio::test]
async fn what_was_heard_once_is_not_paid_for_again_when_its_turn_is_tried_again(#[case] written: &str) {
    let server = OpenAiServer::start().await.unwrap();
    server.next(Behaviour::say("the cat is grey"));
    let down = ModelError::Rejected { status: 400, code: "INVALID".to_owned(), hint: "down".into() };
    let world = world_with(Script::new([Step::Fail(down), Step::say("ok")]), ears(openai_ears(&server))).await;
    let request = TurnRequest { audio: Some(recording()), ..keyed(written, "tg-1") };
    assert!(world.engine.chat(request.clone(), None).await.is_err());
    let heard = "SELECT count(*) FROM audio_files a JOIN messages m ON m.id = a.message_id WHERE a.kind = 'in'";
    assert_eq!(world.count(heard).await, 1, "it was paid for");
    let reply = world.engine.chat(request, None).await.unwrap();
    let said = if written.is_empty() { "the cat is grey" } else { "Listen:\n\nthe cat is grey" };
    assert_eq!((reply.text.as_str(), reply.heard.as_deref()), ("ok", Some(said)));
    assert_eq!(server.requests().len(), 1, "heard twice");
    assert_eq!(world.script.requests().pop().unwrap().context.pop().unwrap().text(), said);
    assert_eq!(world.count("SELECT count(*) FROM messages WHERE role = 'user'").await, 1);
    assert_eq!(world.count("SELECT count(*) FROM audio_files WHERE model = 'whisper-1'").await, 1);
    assert_eq!(world.used_today().await, 1);
}

#[tokio::test]
async fn what_is_said_in_a_recording_that_is_passed_on_is_anothers_and_is_paid_for_once() {
    let server = OpenAiServer::start().await.unwrap();
    server.next(Behaviour::say("I am fifteen"));
    let down = ModelError::Rejected { status: 400, code: "INVALID".to_owned(), hint: "down".into() };
    let steps = [Step::Fail(down), Step::say("ok"), Step::say("once more")];
    let world = world_with(Script::new(steps), ears(openai_ears(&server))).await;
    let beside = Quoted { author: Author::Other, text: "Listen:".to_owned() };
    let request = TurnRequest {
        audio: Some(recording()),
        audio_forwarded: true,
        reply_to: Some(beside),
        ..keyed("Hear them", "tg-1")
    };
    assert!(world.engine.chat(request.clone(), None).await.is_err());
    for replayed in [false, true] {
        let reply = world.engine.chat(request.clone(), None).await.unwrap();
        assert_eq!((reply.replayed, reply.heard.as_deref()), (replayed, Some("Listen:\n\nI am fifteen")));
    }
    assert_eq!(server.requests().len(), 1, "heard twice");
    let reply = world.engine.chat(TurnRequest { again: Some(Again::Last), ..keyed("", "r1") }, None).await.unwrap();
    assert_eq!(reply.text, "once more");
    let theirs = Part::Text("# In reply to\n- Somebody else: Listen: I am fifteen".to_owned());
    for request in world.script.requests() {
        assert_eq!(request.context.last().unwrap().parts, [theirs.clone(), Part::Text("Hear them".to_owned())]);
    }
    assert_eq!(world.count("SELECT count(*) FROM messages WHERE role = 'user' AND text = 'Hear them'").await, 1);
    assert_eq!(world.count("SELECT count(*) FROM messages WHERE text LIKE '%fifteen%'").await, 0);
}

/// Does not come to an end with what is long.
#[derive(Debug)]
struct Slow;

#[async_trait]
impl Transcriber for Slow {
    fn name(&self) -> &str {
        "slow"
    }

    fn model(&self) -> &str {
        "slow"
    }

    async fn transcribe(&self, audio: &Audio, _: Language) -> Result<String, ModelError> {
        match audio.duration_ms {
            0..30_000 => Ok("short".to_owned()),
            _ => Err(ModelError::TimedOut { waited: Waited::Answer, limit: Duration::from_secs(40) }),
        }
    }
}

#[rstest]
#[case::long(61, true)]
#[case::not_long(31, false)]
#[tokio::test]
async fn who_sends_what_takes_too_long_to_hear_closes_nobodys_ears(#[case] seconds: usize, #[case] open: bool) {
    let speech = Speech::new(ears(Arc::new(Slow)), &Metrics::new());
    let ogg = opus::encode(&Pcm { rate: 16_000, samples: vec![0; 16_000 * seconds] }).unwrap();
    let audio = Audio::check(ogg, 120).unwrap();
    for _ in 0..8 {
        speech.hear(&audio, Language::En).await.unwrap_err();
    }
    assert_eq!(speech.hear(&recording(), Language::En).await.is_ok(), open);
}

#[rstest]
#[case::openai("http://api.openai.com", "onyx")]
#[case::a_server_of_ones_own("http://127.0.0.1", "sage")]
#[tokio::test]
async fn openai_speaks_in_the_chosen_voice_and_a_server_of_ones_own_in_that_which_it_has(
    #[case] host: &str,
    #[case] expected: &str,
) {
    let server = OpenAiServer::start().await.unwrap();
    let base: url::Url = server.base_url().parse().unwrap();
    let port = base.port().unwrap();
    // OpenAI's name leads to the stand-in.
    let client = reqwest::Client::builder().resolve("api.openai.com", ([127, 0, 0, 1], port).into()).build().unwrap();
    let base_url = format!("{host}:{port}{}", base.path()).parse().unwrap();
    let config = OpenAiConfig { base_url, ..openai(&server, "tts-1") };
    let speaker = OpenAiSpeaker::new(client, config, Some("sage".to_owned())).unwrap();
    speaker.speak("Hi", Some(Voice::Deep), Language::En).await.unwrap();
    assert_eq!(server.requests().pop().unwrap().body["voice"], expected);
    speaker.speak("Hi", None, Language::En).await.unwrap();
    assert_eq!(server.requests().pop().unwrap().body["voice"], "sage", "of who has chosen none");
}

#[tokio::test]
async fn what_was_heard_is_told_before_the_answer_and_danger_in_it_is_met_with_care() {
    let server = OpenAiServer::start().await.unwrap();
    server.next(Behaviour::say("я больше не хочу жить"));
    let world = world_with(answering("Я рядом"), ears(openai_ears(&server))).await;
    let request = TurnRequest { audio: Some(recording()), ..keyed("", "tg-1") };
    let (sender, mut events) = tokio::sync::mpsc::channel(64);
    let reply = world.engine.chat(request.clone(), Some(sender)).await.unwrap();
    let heard = "я больше не хочу жить".to_owned();
    assert_eq!(events.recv().await, Some(TurnEvent::Heard(heard.clone())));
    assert!(world.last_system().contains("\n\n# Сейчас\nВозможно, человек в опасности"), "{}", world.last_system());
    let again = world.engine.chat(request, None).await.unwrap();
    assert_eq!((reply.heard, again.heard, again.replayed), (Some(heard.clone()), Some(heard), true));
    assert_eq!(world.say("Спасибо").await.unwrap().heard, None);
}

#[tokio::test]
async fn what_is_said_aloud_brings_back_what_was_said_long_ago() {
    let server = OpenAiServer::start().await.unwrap();
    server.next(Behaviour::say("Where does my sister live?"));
    let world = world_with(answering("ok"), ears(openai_ears(&server))).await;
    world.say("My sister moved to Lisbon in spring").await.unwrap();
    for _ in 0..12 {
        world.clock.advance(chrono::TimeDelta::days(3));
        world.say("Nice weather").await.unwrap();
    }
    world.engine.chat(spoken(), None).await.unwrap();
    let message = world.script.requests().pop().unwrap().context.pop().unwrap();
    let said = message.parts.first();
    assert!(matches!(said, Some(Part::Text(said)) if said.contains("moved to Lisbon")), "{message:?}");
}

#[tokio::test]
async fn what_nobody_heard_is_kept_whole_once_it_is_heard() {
    let server = OpenAiServer::start().await.unwrap();
    server.next(Behaviour::refuse(503));
    server.next(Behaviour::say("the cat is grey"));
    let world = world_with(answering("ok"), ears(openai_ears(&server))).await;
    let request = TurnRequest { audio: Some(recording()), ..keyed("Listen:", "tg-1") };
    assert!(world.engine.chat(request.clone(), None).await.is_err());
    world.engine.chat(request, None).await.unwrap();
    assert_eq!(world.count("SELECT count(*) FROM messages WHERE text = E'Listen:\n\nthe cat is grey'").await, 1);
}
