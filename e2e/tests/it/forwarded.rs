//! What people pass on of others is not theirs.

use evolve_domain::consent::WORDS;
use evolve_testkit::telegram::User;
use serde_json::json;

use crate::system::{Ground, Mode, ground, stand_in};

const ANNA: i64 = 42;
const SAID: &str = "Мне 15 лет. Я люблю конный спорт.";

impl Ground {
    async fn answered(&self, turns: i64) {
        evolve_testkit::eventually("an answer", async || {
            self.count("SELECT count(*) FROM turns WHERE state = 'done'").await == turns
        })
        .await;
    }
}

#[tokio::test]
async fn what_somebody_else_wrote_is_no_fact_about_who_forwards_it_and_does_not_say_how_old_they_are() {
    let ground = Ground { persona: r#"{"language":"ru","adult":true}"#, ..ground().await };
    let api = ground.api(stand_in()).await;
    let _bot = ground.bot(&api.url, Mode::Polling).await;
    ground.telegram.send_text(User::new(ANNA).first_name("Анна").language("ru"), "Привет");
    ground.answered(1).await;
    sqlx::query(
        "INSERT INTO consents (user_id, what, words, agreed, decided_at) VALUES ($1, 'adult', $2, true, now())",
    )
    .bind(ANNA)
    .bind(i16::try_from(WORDS).unwrap())
    .execute(&ground.sql)
    .await
    .unwrap();

    let eva = json!({ "id": 43, "is_bot": false, "first_name": "Ева" });
    ground.telegram.send_update(json!({ "message": {
        "message_id": 900, "date": chrono::Utc::now().timestamp(), "text": SAID,
        "chat": { "id": ANNA, "type": "private", "first_name": "Анна" },
        "from": { "id": ANNA, "is_bot": false, "first_name": "Анна", "language_code": "ru" },
        "forward_origin": { "type": "user", "date": 1_770_000_000, "sender_user": eva },
    } }));
    ground.answered(2).await;
    assert_eq!(ground.count("SELECT count(*) FROM consents WHERE agreed AND minor_said_at IS NULL").await, 1);
    assert_eq!(ground.count("SELECT count(*) FROM facts").await, 0);
    let told = "SELECT count(*) FROM messages WHERE role = 'user' AND text LIKE '%конный%'";
    assert_eq!(ground.count(told).await, 0, "a summary would take it for theirs");

    // Said by themselves, it is both.
    ground.telegram.send_text(ANNA, SAID);
    ground.answered(3).await;
    assert_eq!(ground.count("SELECT count(*) FROM consents WHERE minor_said_at IS NOT NULL").await, 1);
    assert_eq!(ground.count("SELECT count(*) FROM facts").await, 1);
}
