//! Turns: one message, one answer, one message of quota.

use chrono::{DateTime, TimeDelta, Utc};
use evolve_domain::{fact::Category, memory::question::Question, profile::ProfilePatch, report::ModelPrices};
use evolve_store::{
    audio::{AudioFile, AudioKind},
    facts::{FactChanges, NewFact},
    memory::Postings,
    messages::{RecallLimits, Role},
    reports::Making,
    turns::{Admission, Extended, FailedMessage, Last, ProfileChange, Replace, Replaced, ToolCall, Usage},
};
use uuid::Uuid;

use crate::support::{IVAN, defaults, work, world};

const LIMITS: RecallLimits = RecallLimits { messages: 10, carried: 10, earlier: 3, weeks: 4, facts: 50 };

fn failed(message: &str) -> FailedMessage<'_> {
    FailedMessage { message, has_image: false, message_id: Uuid::now_v7(), conversation_id: Uuid::now_v7() }
}

#[tokio::test]
async fn what_was_said_and_learnt_in_one_turn_is_recalled_in_the_next() {
    let world = world().await;
    let (turn, person) = world.admitted("a").await;
    let fact = NewFact::new(Uuid::now_v7(), Category::Preferences, "любит чай");
    let learnt = FactChanges { learnt: vec![fact.clone()], ..FactChanges::default() };
    let patch = ProfilePatch { name: Some(Some("Иван".to_owned())), ..ProfilePatch::default() };
    let mut after = person.profile.clone();
    patch.apply_to(&mut after);
    let change = ProfileChange { patch, after };
    let mut done = work("Меня зовут Иван, я люблю чай", "Рад знакомству, Иван!", world.now);
    (done.facts, done.profile) = (&learnt, Some(&change));
    done.tools = &[ToolCall { name: "remember", ok: true }];
    assert!(world.store.turns().persist(&turn, &person, &done).await.unwrap().is_written());

    let (next, person) = world.admitted("b").await;
    assert_eq!(person.profile.name.as_deref(), Some("Иван"));
    let recall = world
        .store
        .messages()
        .recall(IVAN, &[next.turn_id], LIMITS, &Question::default(), &Postings::default(), None)
        .await
        .unwrap();
    let said: Vec<_> = recall.messages.iter().map(|m| (m.role, m.text.as_str())).collect();
    assert_eq!(said, [(Role::User, "Меня зовут Иван, я люблю чай"), (Role::Assistant, "Рад знакомству, Иван!")]);
    assert_eq!(recall.facts[0].content, "любит чай");
    assert_eq!(recall.facts[0].id, fact.id);
    assert!(!recall.more_messages);
    assert_eq!(world.count("SELECT count(*) FROM tool_calls WHERE name = 'remember' AND ok").await, 1);
    assert_eq!(world.count("SELECT sum(input_tokens + output_tokens)::bigint FROM usage_days").await, 15);
    assert_eq!(
        world.count("SELECT count(*) FROM facts WHERE content LIKE '%чай%'").await,
        0,
        "a fact was stored in clear"
    );
}

#[tokio::test]
async fn the_same_turn_twenty_times_at_once_is_admitted_once_and_costs_one_message() {
    let world = world().await;
    let admissions = futures::future::join_all((0..20).map(|_| world.admit("same"))).await;
    let admitted = admissions.iter().filter(|a| matches!(a, Admission::Admitted(..))).count();
    let running = admissions.iter().filter(|a| matches!(a, Admission::Running { .. })).count();
    assert_eq!((admitted, running), (1, 19));
    assert_eq!(world.used_today().await, 1);
}

#[tokio::test]
async fn a_replay_returns_the_stored_answer_and_another_request_under_the_key_is_refused() {
    let world = world().await;
    let (turn, person) = world.admitted("k").await;
    assert!(world.store.turns().persist(&turn, &person, &work("hi", "hello", world.now)).await.unwrap().is_written());
    assert!(matches!(world.admit("k").await, Admission::Replay(replay) if replay.reply.text == "hello"));
    let other = evolve_store::turns::Admit {
        user_id: IVAN,
        key: "k",
        request_hash: [8; 32],
        turn_id: Uuid::now_v7(),
        now: world.now,
        lease: TimeDelta::seconds(60),
        plans: &world.plans,
        defaults: defaults(),
        terms: &[],
        also_key: None,
        lasting: &[],
        quoted: None,
        image_ref: None,
        is_aside: false,
        handle: None,
    };
    assert!(matches!(world.store.turns().admit(&other).await.unwrap(), Admission::KeyReused));
    assert_eq!(world.used_today().await, 1);
}

#[tokio::test]
async fn a_hundred_messages_at_once_on_the_free_plan_are_fifty_answers() {
    let world = world().await;
    let keys: Vec<_> = (0..100).map(|i| format!("k{i}")).collect();
    let admissions = futures::future::join_all(keys.iter().map(|key| world.admit(key))).await;
    let admitted = admissions.iter().filter(|a| matches!(a, Admission::Admitted(..))).count();
    let exhausted = admissions.iter().filter(|a| matches!(a, Admission::Exhausted { limit: 50, .. })).count();
    assert_eq!((admitted, exhausted), (50, 50));
    assert_eq!(world.used_today().await, 50);
    assert_eq!(world.count("SELECT count(*) FROM turns").await, 50, "a refused turn left a row");
}

#[tokio::test]
async fn the_quota_starts_over_at_midnight_where_the_person_lives() {
    let mut world = world().await;
    world.plans.free.messages_per_day = Some(1);
    let before_midnight: DateTime<Utc> = "2026-11-21T20:59:59Z".parse().unwrap();
    assert!(matches!(world.admit_at("a", before_midnight).await, Admission::Admitted(..)));
    assert!(matches!(world.admit_at("b", before_midnight).await, Admission::Exhausted { .. }));
    assert!(matches!(world.admit_at("c", before_midnight + TimeDelta::seconds(1)).await, Admission::Admitted(..)));
}

#[tokio::test]
async fn premium_has_no_daily_limit_until_it_ends() {
    let mut world = world().await;
    world.plans.free.messages_per_day = Some(0);
    assert!(matches!(world.admit("a").await, Admission::Exhausted { limit: 0, .. }));
    sqlx::query("UPDATE users SET plan = 'premium', premium_until = $1")
        .bind(world.now + TimeDelta::hours(1))
        .execute(&world.sql)
        .await
        .unwrap();
    assert!(matches!(world.admit("b").await, Admission::Admitted(..)));
    assert!(matches!(world.admit_at("c", world.now + TimeDelta::hours(1)).await, Admission::Exhausted { .. }));
}

#[tokio::test]
async fn a_failed_turn_keeps_the_message_gives_the_quota_back_and_may_be_tried_again() {
    let world = world().await;
    let (turn, _) = world.admitted("k").await;
    assert!(
        world.store.turns().fail(&turn, "model_unavailable", Some(&failed("are you there?")), world.now).await.unwrap()
    );
    assert_eq!(world.used_today().await, 0);
    assert_eq!(world.count("SELECT count(*) FROM messages").await, 1);

    let (again, person) = world.admitted("k").await;
    assert_eq!(again.turn_id, turn.turn_id);
    let recall = world
        .store
        .messages()
        .recall(IVAN, &[again.turn_id], LIMITS, &Question::default(), &Postings::default(), None)
        .await
        .unwrap();
    assert!(recall.messages.is_empty(), "the turn's own message is not its history");
    assert!(
        world
            .store
            .turns()
            .persist(&again, &person, &work("are you there?", "yes", world.now))
            .await
            .unwrap()
            .is_written()
    );
    assert_eq!(world.used_today().await, 1);
    assert_eq!(world.count("SELECT count(*) FROM messages").await, 2, "the message was stored twice, or lost");
    assert_eq!(world.count("SELECT messages::bigint FROM conversations").await, 2);
}

#[tokio::test]
async fn a_turn_whose_process_died_is_taken_over_and_the_dead_one_can_no_longer_write() {
    let world = world().await;
    let (dead, person) = world.admitted("k").await;
    assert!(matches!(world.admit("k").await, Admission::Running { .. }));
    let later = world.now + TimeDelta::seconds(60);
    let Admission::Admitted(heir, heirs_view) = world.admit_at("k", later).await else { panic!("not taken over") };
    assert!(
        !world.store.turns().persist(&dead, &person, &work("hi", "from the grave", later)).await.unwrap().is_written()
    );
    assert!(!world.store.turns().fail(&dead, "x", Some(&failed("hi")), later).await.unwrap());
    assert_eq!(world.store.turns().extend(&dead, later).await.unwrap(), Extended::Lost);
    assert!(world.store.turns().persist(&heir, &heirs_view, &work("hi", "hello", later)).await.unwrap().is_written());
    assert!(matches!(world.admit("k").await, Admission::Replay(replay) if replay.reply.text == "hello"));
    assert_eq!(world.used_today().await, 1, "the take-over was charged again");
    assert_eq!(world.count("SELECT count(*) FROM messages").await, 2);
}

#[tokio::test]
async fn a_profile_changed_while_the_model_was_thinking_keeps_both_changes() {
    let world = world().await;
    let (turn, person) = world.admitted("k").await;
    let meanwhile = ProfilePatch { city: Some(Some("Тверь".to_owned())), ..ProfilePatch::default() };
    world.store.users().update(IVAN, &meanwhile, defaults(), world.now).await.unwrap();
    let patch = ProfilePatch { name: Some(Some("Иван".to_owned())), ..ProfilePatch::default() };
    let mut after = person.profile.clone();
    patch.apply_to(&mut after);
    let change = ProfileChange { patch, after };
    let mut done = work("Меня зовут Иван", "Привет!", world.now);
    done.profile = Some(&change);
    assert!(world.store.turns().persist(&turn, &person, &done).await.unwrap().is_written());
    let profile = world.store.users().profile(IVAN, defaults()).await.unwrap().unwrap().profile;
    assert_eq!((profile.name.as_deref(), profile.city.as_deref()), (Some("Иван"), Some("Тверь")));
}

#[tokio::test]
async fn the_end_of_a_turn_is_heard_by_who_waits_for_it() {
    let world = world().await;
    let tasks = evolve_runtime::shutdown::Tasks::new();
    let wakeups = evolve_store::wakeups::Wakeups::start(&world.store, &tasks);
    let mut turns = wakeups.turns();
    assert_eq!(turns.recv().await.unwrap(), None, "once listening, everybody looks for themselves");
    let turn_id = world.say("hi", "hello").await;
    assert_eq!(turns.recv().await.unwrap(), Some(turn_id));
}

#[tokio::test]
async fn summaries_take_the_oldest_messages_and_never_pass_one_over() {
    use evolve_store::summaries::{Digest, SummaryRule, Written};
    let world = world().await;
    for i in 0..6 {
        world.say(&format!("question {i}"), &format!("answer {i}")).await;
    }
    let rule = SummaryRule { due_at: 10, keep: 4, batch: 5 };
    let (language, lease) = (evolve_domain::language::Language::Ru, TimeDelta::seconds(60));
    let first = world.store.summaries().claim(rule, language, world.now, lease).await.unwrap().unwrap();
    let texts: Vec<_> = first.messages.iter().map(|m| m.text.as_str()).collect();
    assert_eq!(texts, ["question 0", "answer 0", "question 1", "answer 1", "question 2"]);
    assert!(world.store.summaries().claim(rule, language, world.now, lease).await.unwrap().is_none(), "leased twice");
    assert!(world.store.summaries().write(&first, &Digest::of("they talked"), world.now).await.unwrap().is_done());
    let late = world.store.summaries().write(&first, &Digest::of("again"), world.now).await.unwrap();
    assert_eq!(late, Written::Lost, "a late writer moved the mark");
    assert!(
        world.store.summaries().claim(rule, language, world.now, lease).await.unwrap().is_none(),
        "not due any more"
    );

    world.store.users().end_conversation(IVAN, world.now).await.unwrap();
    let rest = world.store.summaries().claim(rule, language, world.now, lease).await.unwrap().unwrap();
    assert_eq!(rest.summary.as_deref(), Some("they talked"));
    assert_eq!(rest.messages.first().map(|m| m.text.as_str()), Some("answer 2"));
    let _ = world.store.summaries().write(&rest, &Digest::of("they talked more"), world.now).await.unwrap();
    let recall = world
        .store
        .messages()
        .recall(IVAN, &[], LIMITS, &Question::default(), &Postings::default(), None)
        .await
        .unwrap();
    assert_eq!(recall.earlier, ["they talked more"]);
    assert!(recall.messages.is_empty() && recall.summary.is_none(), "a reset conversation is still in the context");
}

#[tokio::test]
async fn a_summary_that_no_key_opens_is_made_anew_from_the_beginning() {
    use evolve_store::summaries::{Digest, SummaryRule};
    let world = world().await;
    for i in 0..3 {
        world.say(&format!("question {i}"), &format!("answer {i}")).await;
    }
    let rule = SummaryRule { due_at: 4, keep: 2, batch: 5 };
    let (language, lease) = (evolve_domain::language::Language::Ru, TimeDelta::seconds(60));
    let claim = async || world.store.summaries().claim(rule, language, world.now, lease).await.unwrap();
    let first = claim().await.unwrap();
    assert!(world.store.summaries().write(&first, &Digest::of("they talked"), world.now).await.unwrap().is_done());
    world.say("question 3", "answer 3").await;
    sqlx::query("UPDATE summaries SET content = 'broken'").execute(&world.sql).await.unwrap();
    let anew = claim().await.unwrap();
    let texts: Vec<_> = anew.messages.iter().map(|m| m.text.as_str()).collect();
    let oldest = vec!["question 0", "answer 0", "question 1", "answer 1", "question 2"];
    assert_eq!((anew.summary.as_deref(), texts), (None, oldest));
    assert!(claim().await.is_none(), "leased twice");
    assert!(world.store.summaries().write(&anew, &Digest::of("they talked"), world.now).await.unwrap().is_done());
    assert_eq!(world.count("SELECT count(*) FROM summaries WHERE content <> 'broken'").await, 1);
}

#[tokio::test]
async fn what_was_spoken_is_found_by_the_key_of_its_turn_and_can_be_had_again_once_it_was_sent() {
    let world = world().await;
    let turn_id = world.say("Привет", "Доброе утро!").await;
    let (key,): (String,) = sqlx::query_as("SELECT key FROM turns").fetch_one(&world.sql).await.unwrap();
    let spoken = AudioFile {
        kind: AudioKind::Out,
        mime: "audio/ogg",
        bytes: 4,
        duration_ms: Some(1000),
        model: "voice".to_owned(),
        file_ref: None,
        heard_chars: None,
    };
    let audio = world.store.audio();
    audio.record(turn_id, IVAN, &[spoken], world.now).await.unwrap();
    audio.sent(IVAN, "another", "other file").await.unwrap();
    assert_eq!(world.count("SELECT count(*) FROM audio_files WHERE file_ref IS NOT NULL").await, 0);
    audio.sent(IVAN, &key, "file").await.unwrap();
    assert_eq!(world.count("SELECT count(*) FROM audio_files WHERE file_ref = 'file'").await, 1);
    assert_eq!(world.store.turns().answered(IVAN, &key).await.unwrap().as_deref(), Some("Доброе утро!"));
    assert_eq!(world.store.turns().answered(7, &key).await.unwrap(), None);
}

#[tokio::test]
async fn a_picture_is_counted_once_however_often_its_answer_is_made_anew() {
    let world = world().await;
    world.say("Нарисуй кота", "Не умею").await;
    let (nothing, unchanged) = (FactChanges::default(), ProfilePatch::default());
    for (reply, picture) in
        [("Вот он", Some(b"a cat".as_slice())), ("Вот ещё", Some(b"a cat".as_slice())), ("Мяу", None)]
    {
        let Some(Last::Answered(last)) = world.store.turns().last(IVAN).await.unwrap() else { panic!("no answer") };
        let (turn, _) = world.admitted(reply).await;
        let work = Replace {
            last: &last,
            reply,
            picture,
            facts: &nothing,
            patch: &unchanged,
            settings: defaults(),
            usage: Usage { input_tokens: 10, output_tokens: 5 },
            tools: &[],
            model: "scripted",
            first_ms: None,
            now: world.now,
        };
        assert_eq!(world.store.turns().replace(&turn, &work).await.unwrap(), Replaced::Written);
    }
    let (begins_at, day) = (world.now - TimeDelta::hours(12), world.now.date_naive());
    let making = Making {
        day,
        zone: "UTC",
        begins_at,
        ends_at: begins_at + TimeDelta::days(1),
        hours: Vec::new(),
        monday: day,
        prices: &ModelPrices::default(),
        is_fresh: true,
        closes: false,
        now: world.now,
    };
    assert!(world.store.reports().make(&making).await.unwrap());
    let told = "SELECT uses FROM report_features WHERE feature = 'pictures_out'";
    assert_eq!(world.count(told).await, 2, "two of four answers came with one, and the newest has none");
}
