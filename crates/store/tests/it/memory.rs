//! What was said long ago is found again, in both languages; what was forgotten is not, and nobody else's ever is.

use chrono::{DateTime, Utc};
use evolve_domain::memory::question::{Names, Question};
use evolve_store::{
    messages::{RecallLimits, Role},
    turns::{Admission, Admit, FailedMessage},
};
use rstest::rstest;
use uuid::Uuid;

use crate::support::{IVAN, LEASE, World, defaults, world};

const NAMES: Names<'_> = Names { person: Some("Иван"), companion: "Мария" };

/// A year of talk: when, what the person said, what the companion said.
const YEAR: &[(&str, &str, &str)] = &[
    (
        "2026-01-12T18:00:00Z",
        "Привет! Сегодня первый день на новой работе, в типографии.",
        "Поздравляю! И как тебе коллеги?",
    ),
    ("2026-01-12T18:05:00Z", "Нормальные. Только начальник строгий, усатый такой.", "Привыкнешь. А чем занимаешься?"),
    ("2026-01-12T18:07:00Z", "Верстаю афиши.", "Красивое дело."),
    ("2026-02-20T19:00:00Z", "Купили с женой билеты в Грузию!", "Чудесно, а когда летите?"),
    ("2026-02-20T19:02:00Z", "Девятого мая, на десять дней.", "Завидую тебе белой завистью."),
    ("2026-04-03T20:00:00Z", "Сын сломал руку на катке, весь вечер в травмпункте.", "Бедный! Как он теперь?"),
    ("2026-04-03T20:04:00Z", "В гипсе, но веселый.", "Пусть скорее заживает."),
    ("2026-04-18T10:00:00Z", "Завели пса, назвали Кексом.", "Какая прелесть, а порода?"),
    ("2026-04-18T10:02:00Z", "Двортерьер, из приюта.", "Самые преданные."),
    (
        "2026-06-01T09:00:00Z",
        "I switched to English to practise, my teacher asked me to.",
        "Great idea! How long have you been learning?",
    ),
    ("2026-06-01T09:02:00Z", "Three years now, twice a week.", "That is a lot of patience."),
    (
        "2026-07-14T21:00:00Z",
        "We went kayaking on the Volga and I lost my glasses there.",
        "Oh no! Could you still see the way home?",
    ),
    ("2026-07-14T21:03:00Z", "My wife was steering, luckily.", "She sounds wonderful."),
    (
        "2026-09-05T17:00:00Z",
        "Посоветуй, что почитать в поезде?",
        "Возьми «Дом, в котором»: толстый и странный, как раз для дороги.",
    ),
    ("2026-09-05T17:02:00Z", "Спасибо, поищу.", "Расскажешь потом!"),
    ("2026-10-10T12:00:00Z", "Погода дрянь, весь день дождь.", "Самое время для чая."),
];

async fn a_year_of_talk() -> World {
    let world = world().await;
    for (at, message, reply) in YEAR {
        world.say_at(message, reply, at.parse().unwrap()).await;
    }
    world
}

async fn found(world: &World, asked: &str) -> Vec<String> {
    let question = Question::read(asked, NAMES);
    let found = world.store.memory().find(IVAN, &question, None, 3).await.unwrap();
    found.into_iter().map(|message| message.text).collect()
}

#[rstest]
#[case("Что я рассказывал весной про руку сына?", "Сын сломал руку")]
#[case("Где я работаю?", "первый день на новой работе")]
#[case("Когда мы летим в Грузию?", "Девятого мая")]
#[case("Какой породы у меня собака?", "Двортерьер")]
#[case("Как зовут моего щенка?", "назвали Кексом")]
#[case("Какую книгу ты мне советовала почитать?", "Дом, в котором")]
#[case("How long have I been learning English?", "Three years now")]
#[case("Where did I lose my glasses last summer?", "kayaking on the Volga")]
#[case("what did I say about kayaks in July", "kayaking on the Volga")]
#[tokio::test]
async fn what_was_told_in_another_season_is_found_by_a_question_in_other_words(
    #[case] asked: &str,
    #[case] told: &str,
) {
    let world = a_year_of_talk().await;
    let found = found(&world, asked).await;
    assert!(found.iter().any(|text| text.contains(told)), "{asked:?} found {found:?}");
}

#[tokio::test]
async fn a_turn_recalls_what_was_said_long_ago_from_what_admit_found() {
    let world = a_year_of_talk().await;
    let question = Question::read("Напомни, на сколько дней мы летим в Грузию?", NAMES);
    let admit = Admit {
        user_id: IVAN,
        key: "now",
        request_hash: [7; 32],
        turn_id: Uuid::now_v7(),
        now: world.now,
        lease: LEASE,
        plans: &world.plans,
        defaults: defaults(),
        terms: &question.terms,
        also_key: None,
        lasting: &[],
        quoted: None,
        image_ref: None,
        is_aside: false,
        handle: None,
    };
    let Admission::Admitted(turn, person) = world.store.turns().admit(&admit).await.unwrap() else { panic!("no") };
    let limits = RecallLimits { messages: 4, carried: 10, earlier: 3, weeks: 4, facts: 50 };
    let messages = world.store.messages();
    let recall = messages.recall(IVAN, &[turn.turn_id], limits, &question, &person.postings, None).await.unwrap();
    let texts: Vec<_> = recall.remembered.iter().take(3).map(|m| (m.role, m.text.as_str())).collect();
    assert!(texts.contains(&(Role::User, "Девятого мая, на десять дней.")), "{texts:?}");
    assert_eq!(recall.messages.len(), 4, "the history is as it was");
}

#[tokio::test]
async fn another_persons_words_are_never_found() {
    let world = a_year_of_talk().await;
    let question = Question::read("Сын сломал руку", NAMES);
    assert!(world.store.memory().find(IVAN + 1, &question, None, 10).await.unwrap().is_empty());
}

#[rstest]
#[case("' OR 1=1 -- \0 <-> & |")]
#[case("")]
#[case("и что это было?")]
#[tokio::test]
async fn what_asks_for_nothing_finds_nothing(#[case] asked: &str) {
    let world = a_year_of_talk().await;
    assert_eq!(found(&world, asked).await, [""; 0]);
}

#[tokio::test]
async fn what_was_removed_is_not_found_and_its_words_are_in_no_index() {
    let world = a_year_of_talk().await;
    let deleted = world.store.users().delete(IVAN).await.unwrap();
    assert_eq!(deleted.remaining, 0);
    assert!(deleted.counts["message_terms"] > 0);
    assert_eq!(found(&world, "Сын сломал руку").await, [""; 0]);
    assert_eq!(world.count("SELECT count(*) FROM message_terms").await, 0);
}

#[tokio::test]
async fn a_message_without_an_answer_is_found_too_and_once() {
    let world = world().await;
    let (turn, _) = world.admitted("k").await;
    let failed = FailedMessage {
        message: "Потерял зонт в трамвае",
        has_image: false,
        message_id: Uuid::now_v7(),
        conversation_id: Uuid::now_v7(),
    };
    assert!(world.store.turns().fail(&turn, "model_unavailable", Some(&failed), world.now).await.unwrap());
    assert_eq!(found(&world, "Где зонт?").await, ["Потерял зонт в трамвае"]);
    let (again, person) = world.admitted("k").await;
    let work = crate::support::work("Потерял зонт в трамвае", "Жалко!", world.now);
    assert!(world.store.turns().persist(&again, &person, &work).await.unwrap().is_written());
    assert_eq!(found(&world, "Где зонт?").await, ["Потерял зонт в трамвае", "Жалко!"]);
    assert_eq!(world.count("SELECT length(postings)::bigint FROM message_terms WHERE term = 'зонт'").await, 7);
}

#[tokio::test]
async fn messages_of_before_there_was_an_index_are_found_once_they_are_indexed() {
    let world = a_year_of_talk().await;
    sqlx::raw_sql("DELETE FROM message_terms; UPDATE messages SET number = NULL; UPDATE users SET messages = 0")
        .execute(&world.sql)
        .await
        .unwrap();
    assert_eq!(found(&world, "Сын сломал руку").await, [""; 0]);
    let (one, other) = tokio::join!(index_all(&world), index_all(&world));
    assert_eq!(one + other, 2 * YEAR.len());
    assert!(found(&world, "Сын сломал руку").await[0].contains("Сын сломал руку"));
    assert_eq!(
        world.count("SELECT count(DISTINCT number) FROM messages").await,
        world.count("SELECT messages::bigint FROM users").await,
        "two messages have one number"
    );
    world.say("Новый зонт купил", "Какого цвета?").await;
    assert!(found(&world, "Зонт").await[0].contains("Новый зонт"));
}

async fn index_all(world: &World) -> usize {
    let mut all = 0;
    loop {
        match world.store.memory().index_some(5).await.unwrap() {
            0 => return all,
            some => all += some,
        }
    }
}

#[tokio::test]
async fn messages_at_the_same_moment_by_several_replicas_have_numbers_of_their_own() {
    let world = world().await;
    let now: DateTime<Utc> = world.now;
    let texts: Vec<_> = (0..8).map(|i| format!("сообщение номер {i}")).collect();
    futures::future::join_all(texts.iter().map(|text| world.say_at(text, "хорошо", now))).await;
    assert_eq!(world.count("SELECT count(DISTINCT number) FROM messages").await, 16);
    assert_eq!(world.count("SELECT max(number)::bigint FROM messages").await, 16);
    let question = Question::read("сообщение номер", NAMES);
    assert!(world.store.memory().find(IVAN, &question, None, 16).await.unwrap().len() >= 8);
}
