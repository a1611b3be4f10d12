//! `/export` and `/stats`: everything that is kept of a person, for them.

use std::{collections::BTreeMap, io::Read as _};

use chrono::TimeDelta;
use evolve_contract::{
    Code,
    aside::AsideRequest,
    client::Bot,
    profile::{ProfileData, ProfileUpdate},
    stats::Advice,
};
use evolve_engine::model::{Script, Step};
use evolve_runtime::clock::Clock;
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::harness::{Api, IVAN, SERVICE_KEY, Setup};

/// The files of a zip.
fn unpacked(archive: Vec<u8>) -> BTreeMap<String, String> {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(archive)).unwrap();
    let files = archive.len();
    let mut read = |place| {
        let mut file = archive.by_index(place).unwrap();
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        (file.name().unwrap().to_string(), text)
    };
    (0..files).map(&mut read).collect()
}

async fn copy(api: &Api, token: &str) -> BTreeMap<String, String> {
    api.client.ask_export(token, IVAN).await.unwrap();
    unpacked(api.client.export(token, IVAN).await.unwrap())
}

fn companion() -> Script {
    Script::with(|request| match request.context.last().map(|message| message.text()).unwrap_or_default().as_str() {
        "Люблю чай" => Step::call("remember", json!({"fact": "Любит <b>чай</b>", "category": "preferences"})),
        _ => Step::say("Запомню & не забуду"),
    })
}

#[tokio::test]
async fn a_copy_holds_everything_for_people_and_for_programs_and_nothing_in_it_is_markup() {
    let api = Setup::new().await.script(companion()).start().await;
    let token = api.token(IVAN).await;
    let ask = json!({"user_id": IVAN});
    assert_eq!(api.post("/export", Some(&token), &ask).await.code(), Code::ProfileNotFound);
    api.say(&token, "Люблю чай", None).await.unwrap();
    api.say(&token, "<script>alert('сюрприз')</script>", None).await.unwrap();
    let name = Some("Иван <3".to_owned());
    let update =
        ProfileUpdate { user_id: IVAN, data: ProfileData { name, ..ProfileData::default() }, forget: Vec::new() };
    api.client.update_profile(&token, &update).await.unwrap();

    assert_eq!(api.get("/export/42", Some(&token)).await.code(), Code::ExportNotFound);
    let files = copy(&api, &token).await;
    assert_eq!(files.keys().collect::<Vec<_>>(), ["conversations.json", "data.json", "index.html", "messages.json"]);

    let page = &files["index.html"];
    assert!(page.contains("<h1>Всё, что я о вас храню</h1>") && page.trim_end().ends_with("</html>"), "{page}");
    assert!(page.contains("Иван &lt;3") && page.contains("Любит &lt;b&gt;чай"), "{page}");
    assert!(page.contains("&lt;script&gt;") && !page.contains("<script"), "{page}");
    assert!(page.contains("Запомню &amp; не забуду"), "{page}");

    let json = |name: &str| serde_json::from_str::<Value>(&files[name]).unwrap();
    let data = json("data.json");
    assert_eq!((&data["profile"]["name"], &data["telegram_id"]), (&json!("Иван <3"), &json!(IVAN)));
    assert_eq!(data["facts"][0]["fact"], "Любит <b>чай</b>");
    assert_eq!(data["usage_days"][0]["messages"], 2);
    let said = json("messages.json");
    assert_eq!((said.as_array().unwrap().len(), &said[0]["text"]), (4, &json!("Люблю чай")));
    assert_eq!(json("conversations.json")[0]["messages"], 4);
}

#[tokio::test]
async fn a_page_is_for_people_who_know_no_codes_and_pictures_come_along() {
    let setup = Setup::new().await.script(companion());
    let api = setup.start().await;
    let token = api.token(IVAN).await;
    api.say(&token, "Люблю чай", None).await.unwrap();
    // In Moscow, where they are, it is the first of February.
    for statement in [
        "INSERT INTO payments (id, user_id, charge_id, provider_charge_id, way, currency, amount, matched, paid_at)
         VALUES (gen_random_uuid(), 42, 'c', '', 'money', 'RUB', 19900, true, '2026-01-31T22:30:00Z')",
        "UPDATE turns SET reply_picture = 'a picture', quoted = 'person:привет'",
    ] {
        sqlx::query(statement).execute(&setup.pool()).await.unwrap();
    }
    let files = copy(&api, &token).await;
    let page = &files["index.html"];
    for told in ["2026-02-01: 199.00 RUB", "бесплатный", "Русский", "как получится", "Вкусы"]
    {
        assert!(page.contains(told), "{told}: {page}");
    }
    let pictures: Vec<_> = files.iter().filter(|(name, _)| name.starts_with("pictures/")).collect();
    assert!(matches!(pictures[..], [(_, picture)] if picture.as_str() == "a picture"), "{pictures:?}");
    let data: Value = serde_json::from_str(&files["data.json"]).unwrap();
    assert_eq!(
        (&data["turns"][0]["quoted"], &data["tool_calls"][0]["name"]),
        (&json!("person:привет"), &json!("remember"))
    );
    assert!(data["exports"][0]["asked_at"].is_string(), "{data}");
}

#[tokio::test]
async fn answers_in_other_chats_and_what_could_not_be_answered_are_in_the_copy() {
    let setup = Setup::new().await.script(Script::always(Step::say("Конечно, <i>чай</i>")));
    let api = setup.start().await;
    let (key, token) = (SecretString::from(SERVICE_KEY), api.token(IVAN).await);
    let bot = Bot { key: &key, token: &token };
    let inline =
        AsideRequest { user_id: IVAN, message: "Чай или кофе?".to_owned(), ..AsideRequest::default() };
    api.client.aside(bot, "inline-2026-11-21-1", &inline).await.unwrap();
    for (number, state, payload) in [
        (1, "done", json!({"message": {"voice": {"file_id": "recording-1"}}})),
        (2, "dead", json!({"message": {"text": "Слышишь?"}})),
        (3, "pending", json!({"message": {"text": "Это ещё ждёт"}})),
    ] {
        sqlx::query(
            "INSERT INTO inbox (update_id, chat_id, user_id, payload, state, ready_at, received_at, finished_at)
             VALUES ($1, 42, 42, $2, $3, $4, $4, CASE WHEN $3 <> 'pending' THEN $4::timestamptz END)",
        )
        .bind(number)
        .bind(payload)
        .bind(state)
        .bind(api.clock.now())
        .execute(&setup.pool())
        .await
        .unwrap();
    }
    let files = copy(&api, &token).await;
    let data: Value = serde_json::from_str(&files["data.json"]).unwrap();
    assert_eq!(data["turns"][0]["inline_answer"], "Конечно, <i>чай</i>");
    let kept: Vec<&Value> = data["inbox"].as_array().unwrap().iter().map(|kept| &kept["payload"]["message"]).collect();
    assert_eq!(kept.len(), 2, "{data}");
    assert!(kept.iter().any(|message| message["voice"]["file_id"] == "recording-1"), "{data}");
    let page = &files["index.html"];
    assert!(page.contains("Конечно, &lt;i&gt;чай"), "{page}");
    assert!(page.contains("Слышишь?") && page.contains("без слов") && !page.contains("Это ещё ждёт"), "{page}");
}

#[tokio::test]
async fn a_copy_is_for_its_own_person_once_a_day_and_for_a_day() {
    let api = Setup::new().await.with("PERSONA", r#"{"language":"en","timeZone":"UTC"}"#).start().await;
    let token = api.token(IVAN).await;
    api.say(&token, "Hello", None).await.unwrap();
    assert!(copy(&api, &token).await["index.html"].contains("All that I keep of you"));
    let again = api.post("/export", Some(&token), &json!({"user_id": IVAN})).await.problem();
    assert_eq!(again.code, Code::ExportAskedToday);
    assert!((1..=86_400).contains(&again.retry_after.unwrap()), "{again:?}");
    let strangers = json!({"user_id": 43});
    assert_eq!(api.post("/export", Some(&token), &strangers).await.code(), Code::Forbidden);
    assert_eq!(api.get("/export/43", Some(&token)).await.code(), Code::Forbidden);
    api.clock.advance(TimeDelta::hours(25));
    let token = api.token(IVAN).await;
    assert_eq!(api.get("/export/42", Some(&token)).await.code(), Code::ExportNotFound);
    api.client.ask_export(&token, IVAN).await.unwrap();
}

#[tokio::test]
async fn a_copy_of_much_is_whole() {
    let setup = Setup::new().await;
    let api = setup.start().await;
    let token = api.token(IVAN).await;
    api.say(&token, "первое", None).await.unwrap();
    let many = "WITH c AS (SELECT id FROM conversations)
                INSERT INTO messages (id, created_at, user_id, conversation_id, turn_id, place, role, text, number)
                SELECT gen_random_uuid(), now() + n * interval '1 second', 42, c.id, gen_random_uuid(), n, 'user', 'слово ' || n, n
                FROM c, generate_series(3, 1200) n";
    sqlx::query(many).execute(&setup.pool()).await.unwrap();
    let files = copy(&api, &token).await;
    let said: Vec<Value> = serde_json::from_str(&files["messages.json"]).unwrap();
    assert_eq!((said.len(), &said[1199]["text"]), (1200, &json!("слово 1200")));
    assert_eq!(files["index.html"].matches("class=\"said").count(), 1200);
}

#[tokio::test]
async fn numbers_tell_each_of_the_last_days_and_add_up() {
    let morning = "2026-11-21T09:00:00Z".parse().unwrap();
    let api = Setup { clock: Clock::fixed(morning), ..Setup::new().await }.start().await;
    let token = api.token(IVAN).await;
    assert_eq!(api.get("/stats/42", Some(&token)).await.code(), Code::ProfileNotFound);
    for messages in [3, 0, 2] {
        let token = api.token(IVAN).await;
        for number in 0..messages {
            api.say(&token, &format!("сообщение {number}"), None).await.unwrap();
            api.clock.advance(TimeDelta::minutes(1));
        }
        api.clock.advance(TimeDelta::days(1));
    }
    api.clock.advance(TimeDelta::days(-1));
    let token = api.token(IVAN).await;
    let stats = api.client.stats(&token, IVAN).await.unwrap();
    let messages: Vec<u32> = stats.days.iter().rev().take(3).map(|day| day.messages).collect();
    assert_eq!((stats.days.len(), messages), (30, vec![2, 0, 3]));
    assert!(stats.days.windows(2).all(|days| days[0].day + chrono::Days::new(1) == days[1].day));
    let points: Vec<i64> = stats.days.iter().rev().take(4).map(|day| day.points).collect();
    let now = api.client.relationship(&token, IVAN).await.unwrap();
    assert_eq!((points[0], points[3]), (now.points, 0), "{points:?}");
    assert!(points[0] > points[1] && points[1] == points[2] && points[2] > 0, "{points:?}");
    assert_eq!((stats.messages, stats.active_days, stats.levels.len()), (5, 2, 5));
    assert_eq!(stats.level, now.level);
    assert_eq!(api.get("/stats/43", Some(&token)).await.code(), Code::Forbidden);
}

#[tokio::test]
async fn numbers_come_with_a_word_on_what_to_do_next() {
    let evening = "2026-11-21T18:30:00Z".parse().unwrap();
    let plan = json!({"fact": "Собирается в Казань", "category": "plans"});
    let script = Script::new([Step::call("remember", plan), Step::say("Запомню")]);
    let setup = Setup { clock: Clock::fixed(evening), ..Setup::new().await }.script(script);
    let api = setup.start().await;
    let token = api.token(IVAN).await;
    api.say(&token, "Собираюсь в Казань", None).await.unwrap();
    assert!(api.client.stats(&token, IVAN).await.unwrap().advice.is_empty(), "it was told just now");
    // In Moscow it is ten past eight in the evening.
    let many = "WITH c AS (SELECT id FROM conversations)
                INSERT INTO messages (id, created_at, user_id, conversation_id, turn_id, place, role, text, number)
                SELECT gen_random_uuid(), '2026-11-21T17:10:00Z'::timestamptz + n * interval '1 second', 42, c.id,
                       gen_random_uuid(), n, 'user', 'слово', n
                FROM c, generate_series(3, 30) n";
    for statement in [many, "UPDATE users SET streak = 5, last_day = '2026-11-24'"] {
        sqlx::query(statement).execute(&setup.pool()).await.unwrap();
    }
    api.clock.advance(TimeDelta::days(4));
    let token = api.token(IVAN).await;
    let advice = api.client.stats(&token, IVAN).await.unwrap().advice;
    let plan = Advice::OpenPlan { plan: "Собирается в Казань".to_owned(), day: None };
    assert_eq!(advice, [Advice::StreakEnds { days: 5 }, plan, Advice::BestHour { hour: 20 }]);
}
