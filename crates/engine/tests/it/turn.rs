//! The chat turn, as the person and the operator of the system see it.

use std::sync::Arc;

use chrono::TimeDelta;
use evolve_engine::{
    model::{Answer, FinishReason, ModelError, Part, Role, Script, Step, ToolChoice, Usage},
    summary,
    turn::{Image, TurnError, TurnEvent, TurnRequest},
};
use evolve_testkit::{
    models::{Behaviour, End, GeminiServer, Piece},
    proxy::CountingProxy,
};
use serde_json::json;
use tokio::sync::{Notify, mpsc};

use crate::model_support::{PATIENT, PIXEL, gemini};
use crate::turn_support::{IVAN, World, keyed, message, world, world_of};

fn remember(fact: &str) -> Step {
    Step::call("remember", json!({"fact": fact, "category": "preferences"}))
}

#[tokio::test]
async fn a_fact_told_in_one_message_stands_in_the_prompt_of_the_next() {
    let world = world([remember("любит чёрный чай"), Step::say("Запомнила!"), Step::say("Ваш чай!")]).await;
    assert_eq!(world.say("Я люблю чёрный чай").await.unwrap().text, "Запомнила!");
    world.say("Что мне заварить?").await.unwrap();
    let system = world.last_system();
    assert!(system.contains("# Facts\n- [preferences] любит чёрный чай"), "{system}");
    let context = &world.script.requests()[2].context;
    let texts: Vec<_> = context.iter().map(|m| (m.role, m.text())).collect();
    assert_eq!(
        texts,
        [
            (Role::User, "Я люблю чёрный чай".to_owned()),
            (Role::Assistant, "Запомнила!".to_owned()),
            (Role::User, "Что мне заварить?".to_owned()),
        ]
    );
    assert_eq!(world.count("SELECT points FROM users").await, 3 + 1);
}

#[tokio::test]
async fn the_same_turn_twenty_times_at_once_gives_twenty_equal_answers_and_costs_one_message() {
    let gate = Arc::new(Notify::new());
    let world = world([Step::After(gate.clone(), Box::new(Step::say("once")))]).await;
    let (replica, _tasks) = world.replica(&world.url, &world.script);
    let calls = (0..20).map(|i| {
        let engine = if i % 2 == 0 { &world.engine } else { &replica };
        engine.chat(keyed("hi", "same"), None)
    });
    let release = async {
        evolve_testkit::eventually("one turn is admitted", async || {
            world.count("SELECT count(*) FROM turns").await == 1
        })
        .await;
        gate.notify_one();
    };
    let (answers, ()) = tokio::join!(futures::future::join_all(calls), release);
    let texts: Vec<_> = answers.into_iter().map(|answer| answer.unwrap().text).collect();
    assert_eq!(texts, ["once"; 20]);
    assert_eq!(world.used_today().await, 1);
    assert_eq!(world.count("SELECT count(*) FROM messages WHERE role = 'user'").await, 1);
}

#[tokio::test]
async fn a_turn_costs_three_round_trips_to_postgres() {
    let world = world([]).await;
    let proxy = CountingProxy::postgres(&world.url).await.unwrap();
    let (engine, _tasks) = world.replica(proxy.url(), &Script::always(Step::say("hello")));
    // Statements are prepared once per connection; what counts is what a turn costs from then on.
    for _ in 0..40 {
        engine.chat(message("warm up"), None).await.unwrap();
    }
    proxy.reset();
    for turns in 1..=5 {
        engine.chat(message("hi"), None).await.unwrap();
        let statements = proxy.statements();
        assert_eq!(statements.len(), 3 * turns, "{statements:#?}");
    }
}

#[tokio::test]
async fn the_answer_streams_and_the_stream_is_the_answer() {
    let world = world([remember("likes tea"), Step::say("Nice to meet you, Ivan")]).await;
    let (sender, mut events) = mpsc::channel(64);
    let reply = world.engine.chat(message("I like tea"), Some(sender)).await.unwrap();
    let mut text = String::new();
    while let Some(event) = events.recv().await {
        match event {
            TurnEvent::Delta(more) => text.push_str(&more),
            TurnEvent::Restart => text.clear(),
            TurnEvent::Heard(heard) => panic!("nobody said {heard}"),
        }
    }
    assert_eq!(text, reply.text);
}

#[tokio::test]
async fn a_listener_that_does_not_listen_does_not_hold_the_turn_up() {
    let world = world([Step::say("one two three four five six seven eight")]).await;
    let (sender, _events) = mpsc::channel(1);
    let reply = world.engine.chat(message("hi"), Some(sender)).await.unwrap();
    assert_eq!(reply.text, "one two three four five six seven eight");
}

#[tokio::test]
async fn a_model_that_only_calls_tools_is_made_to_speak_or_costs_nothing() {
    let world = world_of(Script::with(|request| match request.tool_choice {
        ToolChoice::Auto => remember("likes tea"),
        ToolChoice::None => Step::say("Enough of that."),
    }))
    .await;
    assert_eq!(world.say("hi").await.unwrap().text, "Enough of that.");
    assert_eq!(world.script.requests().len(), 4, "three rounds of tools, and one of words");
    assert_eq!(world.count("SELECT count(*) FROM facts").await, 1, "the same fact was stored again");

    let endless = world_of(Script::always(remember("likes tea"))).await;
    assert!(matches!(endless.say("hi").await, Err(TurnError::ModelFailed)));
    assert_eq!(endless.used_today().await, 0);
    assert_eq!(endless.count("SELECT count(*) FROM facts").await, 0, "a failed turn left a fact behind");
}

#[tokio::test]
async fn when_no_model_answers_the_message_is_kept_the_quota_given_back_and_the_next_turn_sees_both() {
    let down = ModelError::Unavailable { status: Some(503), reason: "overloaded".to_owned(), retry_after: None };
    let world = world([Step::Fail(down), Step::say("I am back")]).await;
    assert!(matches!(world.say("are you there?").await, Err(TurnError::ModelUnavailable { .. })));
    assert_eq!(world.used_today().await, 0);
    world.say("hello?").await.unwrap();
    let context = &world.script.requests()[1].context;
    assert_eq!(context.len(), 1, "two messages of the person in a row are one to the model");
    assert_eq!(context[0].text(), "are you there?\nhello?");
    assert_eq!(world.used_today().await, 1);
}

#[tokio::test]
async fn a_blocked_answer_is_told_apart_and_a_failed_key_may_be_tried_again() {
    let blocked = ModelError::Blocked { reason: "SAFETY".to_owned() };
    let world = world([Step::Fail(blocked), Step::say("better now")]).await;
    assert!(matches!(world.engine.chat(keyed("hi", "k"), None).await, Err(TurnError::ModelBlocked)));
    let reply = world.engine.chat(keyed("hi", "k"), None).await.unwrap();
    assert_eq!((reply.text.as_str(), reply.replayed), ("better now", false));
    let replay = world.engine.chat(keyed("hi", "k"), None).await.unwrap();
    assert_eq!((replay.text.as_str(), replay.replayed), ("better now", true));
    let other = world.engine.chat(keyed("something else", "k"), None).await;
    assert!(matches!(other, Err(TurnError::KeyReused)));
    assert_eq!(world.used_today().await, 1);
    assert_eq!(world.count("SELECT count(*) FROM messages").await, 2);
}

#[tokio::test]
async fn the_fifty_first_message_of_a_day_is_refused_with_the_hour_at_which_the_day_ends() {
    let world = world_of(Script::always(Step::say("hello"))).await;
    for _ in 0..50 {
        world.say("hi").await.unwrap();
    }
    let Err(TurnError::QuotaExhausted { limit, resets_at }) = world.say("hi").await else { panic!("not refused") };
    assert_eq!((limit, resets_at.to_rfc3339()), (50, "2026-11-21T21:00:00+00:00".to_owned()));
    world.clock.advance(TimeDelta::hours(9));
    world.say("hi").await.unwrap();
}

#[tokio::test]
async fn pictures_belong_to_premium() {
    let world = world_of(Script::always(Step::say("a cat!"))).await;
    let image = Image { mime: "image/png", bytes: Arc::from(&b"png"[..]) };
    let photo =
        || TurnRequest { image: Some(image.clone()), image_ref: Some("file".to_owned()), ..message("who is this?") };
    assert!(matches!(world.engine.chat(photo(), None).await, Err(TurnError::PremiumRequired)));
    assert_eq!(world.count("SELECT count(*) FROM turns WHERE image_ref IS NOT NULL").await, 0, "kept for nothing");
    assert_eq!(world.used_today().await, 0);
    assert_eq!(
        world.count("SELECT count(*) FROM messages WHERE has_image").await,
        0,
        "a picture nobody saw is history"
    );
    let sticker = TurnRequest { image: Some(image.clone()), ..keyed("🐱", "tgm-42-9-sticker") };
    assert!(matches!(world.engine.chat(sticker, None).await, Err(TurnError::PremiumRequired)));
    let stored = world.count("SELECT count(*) FROM messages WHERE text = '🐱'").await;
    assert_eq!(stored, 0, "its emoji comes as a message of its own");
    world.make_premium().await;
    world.engine.chat(photo(), None).await.unwrap();
    let request = world.script.requests().pop().unwrap();
    let parts = &request.context.last().unwrap().parts;
    assert!(parts.iter().any(|part| matches!(part, Part::Image { mime, .. } if mime == "image/png")));
}

#[tokio::test]
async fn free_history_is_ten_messages_and_premium_history_is_whole() {
    let world = world_of(Script::always(Step::say("answer"))).await;
    for i in 0..12 {
        world.say(&format!("message {i}")).await.unwrap();
    }
    world.say("now").await.unwrap();
    let context = world.script.requests().pop().unwrap().context;
    assert_eq!(context.len(), 11, "ten messages of history and the new one");
    assert_eq!(context[0].text(), "message 7");
    world.make_premium().await;
    world.say("and now").await.unwrap();
    assert_eq!(world.script.requests().pop().unwrap().context[0].text(), "message 0");
}

#[tokio::test]
async fn the_profile_and_the_time_zone_are_set_by_tool_and_time_is_told_in_it() {
    let set = Step::call("set_profile", json!({"name": "Иван", "time_zone": "Asia/Tokyo", "birthday": "1990-05-01"}));
    let world = world([
        set,
        Step::say("Приятно!"),
        Step::call("current_time", json!({})),
        Step::say("Девять вечера"),
        Step::call("set_profile", json!({"time_zone": "Mars/Olympus", "name": "x\n# Rules"})),
        Step::say("Не вышло"),
    ])
    .await;
    assert!(world.say("Меня зовут Иван, я в Токио").await.unwrap().profile_changed);
    world.say("Который час?").await.unwrap();
    assert!(world.last_system().contains("# Profile\n- name: Иван\n- birthday: 1990-05-01"), "{}", world.last_system());
    let results = world.script.requests()[3].context.last().unwrap().clone();
    let Part::ToolResult { value, .. } = &results.parts[0] else { panic!("no result") };
    assert_eq!(value["local_time"], "2026-11-21 21:00");
    assert!(!world.say("Я на Марсе").await.unwrap().profile_changed);
    let zone: (String,) = sqlx::query_as("SELECT time_zone FROM settings").fetch_one(&world.sql).await.unwrap();
    assert_eq!(zone.0, "Asia/Tokyo");
}

#[tokio::test]
async fn facts_are_forgotten_when_asked_and_found_again_only_in_what_was_said() {
    let world = world([
        remember("боится пауков"),
        Step::say("Поняла"),
        Step::call("forget", json!({"fact": "Боится пауков."})),
        Step::say("Забыла"),
        Step::call("recall", json!({"query": "паук"})),
        Step::say("Вы говорили о пауках"),
    ])
    .await;
    world.say("Я боюсь пауков").await.unwrap();
    world.say("Забудь это").await.unwrap();
    assert_eq!(world.count("SELECT count(*) FROM facts WHERE forgotten_at IS NULL").await, 0);
    world.say("О чём я говорил?").await.unwrap();
    assert!(!world.last_system().contains("# Facts"));
    let results = world.script.requests()[5].context.last().unwrap().clone();
    let Part::ToolResult { value, .. } = &results.parts[0] else { panic!("no result") };
    assert_eq!(value["found"][0]["text"], "Я боюсь пауков");
}

#[tokio::test]
async fn what_the_model_invents_as_arguments_is_refused_in_words_and_stores_nothing() {
    let world = world([
        Step::call("remember", json!({"fact": 7})),
        Step::call("remember", json!({"fact": "x", "category": "secrets"})),
        Step::call("launch_missiles", json!({})),
        Step::say("fine"),
    ])
    .await;
    world.say("hi").await.unwrap();
    assert_eq!(world.count("SELECT count(*) FROM facts").await, 0);
    let results: Vec<_> =
        world.script.requests().last().unwrap().context.iter().flat_map(|m| m.parts.clone()).collect();
    let errors = results.iter().filter(|p| matches!(p, Part::ToolResult { value, .. } if value["error"].is_string()));
    assert_eq!(errors.count(), 3);
    assert_eq!(world.count("SELECT count(*) FROM tool_calls WHERE NOT ok").await, 2);
}

#[tokio::test]
async fn a_turn_whose_replica_died_is_answered_by_another_and_charged_once() {
    let world = world([Step::Hang]).await;
    let (replica, _tasks) = world.replica(&world.url, &Script::new([Step::say("from the other one")]));
    {
        let dying = world.engine.chat(keyed("hi", "k"), None);
        tokio::select! {
            _ = dying => panic!("it hangs"),
            () = world.script.asked(1) => {}
        }
    }
    world.clock.advance(TimeDelta::seconds(61));
    assert_eq!(replica.chat(keyed("hi", "k"), None).await.unwrap().text, "from the other one");
    assert_eq!(world.used_today().await, 1);
}

#[tokio::test]
async fn characters_that_postgres_cannot_hold_do_not_break_a_turn() {
    let world = world([Step::say("an\0swer\u{7}")]).await;
    assert_eq!(world.say("he\0llo").await.unwrap().text, "answer");
}

#[tokio::test]
async fn old_messages_are_summed_up_in_the_background_and_the_summary_replaces_them() {
    let world = world_of(Script::with(|request| {
        let about = request.context.last().map(|m| m.text()).unwrap_or_default();
        if request.tools.is_empty() {
            let lines = about.lines().filter(|line| line.contains("Person:")).count();
            return Step::say(format!("They exchanged {lines} questions."));
        }
        Step::say("answer")
    }))
    .await;
    for i in 0..9 {
        world.say(&format!("question {i}")).await.unwrap();
    }
    assert!(!summary::sum_up_one(&world.engine).await, "summed up too early");
    world.say("question 9").await.unwrap();
    assert!(summary::sum_up_one(&world.engine).await);
    assert!(!summary::sum_up_one(&world.engine).await);
    world.say("so?").await.unwrap();
    assert!(world.last_system().contains("# Earlier\nThey exchanged 5 questions."), "{}", world.last_system());
}

#[tokio::test]
async fn a_summary_that_fails_leaves_its_messages_for_the_next_pass() {
    let broken = std::sync::atomic::AtomicBool::new(true);
    let world = world_of(Script::with(move |request| {
        if request.tools.is_empty() && broken.swap(false, std::sync::atomic::Ordering::Relaxed) {
            return Step::Fail(ModelError::Unavailable { status: None, reason: "down".to_owned(), retry_after: None });
        }
        Step::say("fine")
    }))
    .await;
    for _ in 0..10 {
        world.say("question").await.unwrap();
    }
    assert!(!summary::sum_up_one(&world.engine).await);
    assert_eq!(world.count("SELECT summed_messages::bigint FROM conversations").await, 0);
    assert!(!summary::sum_up_one(&world.engine).await, "leased");
    world.clock.advance(TimeDelta::seconds(121));
    assert!(summary::sum_up_one(&world.engine).await);
    assert_eq!(world.count("SELECT summed_messages::bigint FROM conversations").await, 10);
}

#[tokio::test]
async fn a_conversation_that_is_refused_keeps_no_other_from_being_summed_up_and_is_asked_for_less_and_less_often() {
    let refuses = Arc::new(std::sync::atomic::AtomicBool::new(true));
    let is_refused = refuses.clone();
    let world = world_of(Script::with(move |request| {
        let material = request.context.last().map(|message| message.text()).unwrap_or_default();
        let refuses = is_refused.load(std::sync::atomic::Ordering::Relaxed);
        if request.tools.is_empty() && material.contains("refused") && refuses {
            return Step::Fail(ModelError::Blocked { reason: "SAFETY".to_owned() });
        }
        Step::say("fine")
    }))
    .await;
    // It has more to be summed up than the other, and is asked for first.
    for _ in 0..12 {
        world.say("refused").await.unwrap();
    }
    for _ in 0..10 {
        let said = TurnRequest { user_id: IVAN + 1, ..message("usual") };
        world.engine.chat(said, None).await.unwrap();
    }
    summary::sum_up_due(&world.engine, || false).await;
    assert_eq!(world.count("SELECT user_id FROM summaries").await, IVAN + 1);
    for _ in 0..30 {
        world.clock.advance(TimeDelta::minutes(2));
        summary::sum_up_due(&world.engine, || false).await;
    }
    let tried = "SELECT summary_attempts::bigint FROM conversations WHERE user_id = 42";
    assert_eq!(world.count(tried).await, 5, "of 31 looks in an hour");
    refuses.store(false, std::sync::atomic::Ordering::Relaxed);
    world.clock.advance(TimeDelta::hours(24));
    summary::sum_up_due(&world.engine, || false).await;
    assert_eq!((world.count("SELECT count(*) FROM summaries").await, world.count(tried).await), (2, 0));
}

#[tokio::test]
async fn another_persons_past_is_never_recalled() {
    let world = world([remember("likes tea"), Step::say("ok"), Step::say("who are you?")]).await;
    world.say("I like tea").await.unwrap();
    let stranger = TurnRequest { user_id: IVAN + 1, ..message("hi") };
    world.engine.chat(stranger, None).await.unwrap();
    let request = world.script.requests().pop().unwrap();
    assert!(!request.system.contains("tea") && request.context.len() == 1);
}

#[tokio::test]
async fn a_turn_that_was_taken_over_and_answered_gives_the_answer_that_was_stored() {
    let gate = Arc::new(Notify::new());
    let world = world([Step::After(gate.clone(), Box::new(Step::say("too late")))]).await;
    let (replica, _tasks) = world.replica(&world.url, &Script::new([Step::say("from the other one")]));
    let slow = world.engine.chat(keyed("hi", "k"), None);
    let faster = async {
        world.script.asked(1).await;
        world.clock.advance(TimeDelta::seconds(61));
        let answer = replica.chat(keyed("hi", "k"), None).await;
        gate.notify_one();
        answer
    };
    let (slow, faster) = tokio::join!(slow, faster);
    assert_eq!(faster.unwrap().text, "from the other one");
    let slow = slow.unwrap();
    assert_eq!((slow.text.as_str(), slow.replayed), ("from the other one", true));
}

/// Makes Postgres refuse rows of `messages` or changes of `turns`, by a trigger.
async fn refuse(world: &World, on: &'static str, body: &'static str) {
    let function =
        format!("CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} RETURN NEW; END $$");
    for statement in [
        "CREATE SEQUENCE refused".to_owned(),
        function,
        format!("CREATE TRIGGER refuse {on} FOR EACH ROW EXECUTE FUNCTION refuse()"),
    ] {
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&world.sql).await.unwrap();
    }
}

#[tokio::test]
async fn an_answer_that_postgres_will_never_take_costs_nothing() {
    let world = world([Step::say("hello")]).await;
    refuse(&world, "BEFORE INSERT ON messages", "IF NEW.role = 'assistant' THEN RAISE 'no'; END IF;").await;
    assert!(matches!(world.say("hi").await, Err(TurnError::Store(_))));
    assert_eq!(world.used_today().await, 0);
    assert_eq!(world.count("SELECT count(*) FROM messages").await, 1, "the message was lost");
}

#[tokio::test]
async fn the_quota_of_a_failed_turn_comes_back_although_postgres_hesitates() {
    let blocked = ModelError::Blocked { reason: "SAFETY".to_owned() };
    let world = world([Step::Fail(blocked)]).await;
    let body = "IF NEW.state = 'failed' AND nextval('refused') = 1 THEN RAISE 'wait' USING ERRCODE = '40001'; END IF;";
    refuse(&world, "BEFORE UPDATE ON turns", body).await;
    assert!(matches!(world.say("hi").await, Err(TurnError::ModelBlocked)));
    assert_eq!(world.used_today().await, 0);
}

#[tokio::test]
async fn a_summary_that_was_cut_off_does_not_take_the_place_of_the_messages() {
    let whole = std::sync::atomic::AtomicBool::new(false);
    let world = world_of(Script::with(move |request| {
        if !request.tools.is_empty() || whole.swap(true, std::sync::atomic::Ordering::Relaxed) {
            return Step::say("fine");
        }
        let (text, finish) = ("They talked about".to_owned(), FinishReason::Length);
        Step::Answer(Answer { text, picture: None, tool_calls: Vec::new(), usage: Usage::default(), finish })
    }))
    .await;
    for _ in 0..10 {
        world.say("question").await.unwrap();
    }
    assert!(!summary::sum_up_one(&world.engine).await);
    assert_eq!(world.count("SELECT summed_messages::bigint FROM conversations").await, 0);
    world.clock.advance(TimeDelta::seconds(121));
    assert!(summary::sum_up_one(&world.engine).await);
}

#[tokio::test]
async fn long_messages_are_summed_up_in_as_many_passes_as_fit_a_model() {
    let world = world_of(Script::always(Step::say("fine"))).await;
    for i in 0..10 {
        world.say(&format!("{i}{}", "я".repeat(16_000))).await.unwrap();
    }
    sqlx::query("UPDATE conversations SET ended_at = now()").execute(&world.sql).await.unwrap();
    while summary::sum_up_one(&world.engine).await {}
    let requests = world.script.requests();
    let passes: Vec<_> =
        requests.iter().filter(|r| r.tools.is_empty()).map(|r| r.context[0].text().chars().count()).collect();
    assert!(passes.len() > 1 && passes.iter().all(|chars| *chars < 100_000), "{passes:?}");
    assert_eq!(world.count("SELECT summed_messages::bigint FROM conversations").await, 20);
}

#[tokio::test]
async fn a_picture_that_the_model_drew_is_part_of_the_answer_and_is_shown_again_to_who_asks_again() {
    let world = world([Step::say("You are welcome")]).await;
    let server = GeminiServer::start().await.unwrap();
    server.next(Behaviour::Answer { pieces: vec![Piece::Picture(PIXEL.to_vec())], end: End::Finished });
    let artist = gemini(&server, "gemini-3-pro-image", PATIENT);
    let (replica, _tasks) = world.replica_of(Arc::new(artist));
    for replayed in [false, true] {
        let reply = replica.chat(keyed("draw me a cat", "k"), None).await.unwrap();
        assert_eq!((reply.text.as_str(), reply.replayed), ("", replayed));
        assert_eq!(reply.picture.as_deref(), Some(PIXEL));
    }
    // The next model is told that there was one.
    world.say("thanks").await.unwrap();
    let context = world.script.requests().pop().unwrap().context;
    assert_eq!(context[1].text(), "[photo]");
}

#[tokio::test]
async fn whoever_speaks_of_dying_meets_care_before_any_persona_and_the_prefix_of_the_prompt_stays() {
    let world = world([Step::say("Я рядом"), Step::say("Привет"), Step::say("Да")]).await;
    world.say("я больше не хочу жить").await.unwrap();
    let system = world.last_system();
    assert!(system.contains("\n\n# Сейчас\nВозможно, человек в опасности"), "{system}");
    // Through the API nobody else gives them the numbers.
    assert!(system.contains("МЧС России — +7 495 989-50-50\n") && system.contains("findahelpline.com"), "{system}");
    world.say("скрытое\u{e0069}\u{e0067}\u{202e} слово").await.unwrap();
    let calm = world.last_system();
    assert!(!calm.contains("# Сейчас"), "{calm}");
    assert!(system.starts_with(calm.split("\n# Earlier").next().unwrap()));
    assert_eq!(world.script.requests()[1].context.last().unwrap().text(), "скрытое слово");
}

#[tokio::test]
async fn a_turn_keeps_what_it_cost_and_how_long_its_first_words_took() {
    let usage = Usage { prompt_tokens: 100, output_tokens: 20, thinking_tokens: 5, ..Usage::default() };
    let finish = FinishReason::Stop;
    let text = "Привет!".to_owned();
    let answer = Step::Answer(Answer { text, picture: None, tool_calls: Vec::new(), usage, finish });
    let gate = Arc::new(Notify::new());
    let world = world([Step::After(gate.clone(), Box::new(answer))]).await;
    let think = async {
        evolve_testkit::eventually("the turn is admitted", async || {
            world.count("SELECT count(*) FROM turns").await == 1
        })
        .await;
        world.clock.advance(TimeDelta::milliseconds(1500));
        gate.notify_one();
    };
    let (reply, ()) = tokio::join!(world.say("Привет"), think);
    assert_eq!(reply.unwrap().text, "Привет!");
    let sql = "SELECT input_tokens, output_tokens, first_ms, has_image FROM turns";
    let kept: (i64, i64, i32, bool) = sqlx::query_as(sql).fetch_one(&world.sql).await.unwrap();
    assert_eq!(kept, (100, 25, 1500, false));
}
