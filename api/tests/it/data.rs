//! What people may do with what is kept of them.

use chrono::TimeDelta;
use evolve_contract::{
    Code,
    deletion::DeletionRequest,
    history::{ConversationsQuery, HistoryQuery, KeptKind, Speaker},
};
use evolve_testkit::eventually;
use serde_json::json;
use sqlx::PgPool;

use crate::harness::{Api, IVAN, Setup};

/// Waits until no job is under way or due: one that ends after the clock was moved counts its next time from then.
async fn no_job_runs(api: &Api, pool: &PgPool) {
    eventually("no job runs", async || {
        let busy = "SELECT EXISTS (SELECT FROM jobs WHERE leased_by IS NOT NULL OR due_at <= $1)";
        let (busy,): (bool,) = sqlx::query_as(busy).bind(api.clock.now()).fetch_one(pool).await.unwrap();
        !busy
    })
    .await;
}

#[tokio::test]
async fn who_asked_to_be_removed_is_removed_when_it_is_due_and_nothing_of_them_is_left() {
    let setup = Setup::new().await;
    let api = setup.start().await;
    let token = api.token(IVAN).await;
    let nobody = json!({"user_id": IVAN, "days": 7});
    assert_eq!(api.post("/deletion", Some(&token), &nobody).await.code(), Code::ProfileNotFound);
    api.say(&token, "Привет", None).await.unwrap();
    let never = json!({"user_id": IVAN, "days": 31});
    assert_eq!(api.post("/deletion", Some(&token), &never).await.code(), Code::InvalidValue);
    assert_eq!(api.get("/deletion/43", Some(&token)).await.code(), Code::Forbidden);

    let ask = async |days| api.client.ask_deletion(&token, &DeletionRequest { user_id: IVAN, days }).await.unwrap();
    ask(30).await;
    let asked = ask(7).await;
    assert_eq!(asked.due_at, Some(api.clock.now() + TimeDelta::days(7)));
    assert_eq!(api.client.deletion(&token, IVAN).await.unwrap(), asked);
    assert!(api.client.cancel_deletion(&token, IVAN).await.unwrap().cancelled);
    assert!(!api.client.cancel_deletion(&token, IVAN).await.unwrap().cancelled);
    api.clock.advance(TimeDelta::days(8));
    // A replica that starts looks at once. This one finds nobody: it was cancelled.
    let late = setup.start().await;
    let token = late.token(IVAN).await;
    late.client.ask_deletion(&token, &DeletionRequest { user_id: IVAN, days: 7 }).await.unwrap();
    let pool = setup.pool();
    no_job_runs(&late, &pool).await;
    late.clock.advance(TimeDelta::days(7));
    let replicas = (setup.start().await, setup.start().await);
    eventually("nobody is left", async || {
        let (left,): (i64,) = sqlx::query_as("SELECT count(*) FROM users").fetch_one(&pool).await.unwrap();
        left == 0
    })
    .await;
    let token = replicas.0.token(IVAN).await;
    let left = replicas.1.client.delete_profile(&token, IVAN).await.unwrap();
    assert_eq!((left.remaining, left.deleted.values().sum::<i64>()), (0, 0));
    assert_eq!(replicas.0.get("/profile/42", Some(&token)).await.code(), Code::ProfileNotFound);
}

#[tokio::test]
async fn whoever_is_removed_when_it_is_due_leaves_no_window_in_redis() {
    let setup = Setup::new().await;
    let api = setup.start().await;
    let token = api.token(IVAN).await;
    api.say(&token, "Привет", None).await.unwrap();
    api.client.profile(&token, IVAN).await.unwrap();
    api.client.ask_deletion(&token, &DeletionRequest { user_id: IVAN, days: 1 }).await.unwrap();
    let server = redis::Client::open(setup.redis_url.as_deref().unwrap()).unwrap();
    let connection = server.get_multiplexed_async_connection().await.unwrap();
    let keys = async || {
        let mut connection = connection.clone();
        let keys: Vec<String> = redis::cmd("KEYS").arg("*:42").query_async(&mut connection).await.unwrap();
        keys
    };
    let windows = keys().await.into_iter().filter(|key| key.starts_with("evolve:limit:")).count();
    assert!(windows >= 3, "a token, a message and a look at the profile have a window each: {windows}");

    let pool = setup.pool();
    no_job_runs(&api, &pool).await;
    api.clock.advance(TimeDelta::days(2));
    // A replica that starts looks at once.
    let _replica = setup.start().await;
    eventually("nothing of them is left in Redis but the mark that keeps the old copy out", async || {
        keys().await.iter().all(|key| key == "evolve:profile:2:42")
    })
    .await;
    let (left,): (i64,) = sqlx::query_as("SELECT count(*) FROM users").fetch_one(&pool).await.unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn somebody_who_cannot_be_removed_does_not_keep_another_here() {
    let setup = Setup::new().await;
    let api = setup.start().await;
    for (user_id, days) in [(IVAN, 1), (IVAN + 1, 2)] {
        let token = api.token(user_id).await;
        api.say(&token, "Привет", None).await.unwrap();
        api.client.ask_deletion(&token, &DeletionRequest { user_id, days }).await.unwrap();
    }
    let pool = setup.pool();
    for statement in [
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION $$no$$; END'",
        "CREATE TRIGGER refuse BEFORE DELETE ON users FOR EACH ROW WHEN (OLD.id = 42) EXECUTE FUNCTION refuse()",
    ] {
        sqlx::query(statement).execute(&pool).await.unwrap();
    }
    no_job_runs(&api, &pool).await;
    api.clock.advance(TimeDelta::days(3));
    let _replica = setup.start().await;
    eventually("the other is gone", async || {
        let left: Vec<(i64,)> = sqlx::query_as("SELECT id FROM users").fetch_all(&pool).await.unwrap();
        left == [(IVAN,)]
    })
    .await;
}

#[tokio::test]
async fn what_was_said_is_read_back_and_forth_without_a_gap_or_a_repetition() {
    let setup = Setup::new().await;
    let api = setup.start().await;
    let token = api.token(IVAN).await;
    assert_eq!(api.get("/history/42", Some(&token)).await.code(), Code::ProfileNotFound);
    for number in 1..=9 {
        api.say(&token, &format!("сообщение {number}"), None).await.unwrap();
        api.clock.advance(TimeDelta::minutes(1));
    }
    let page = async |query: HistoryQuery| api.client.history(&token, IVAN, &query).await.unwrap();
    let newest = page(HistoryQuery::default()).await;
    assert_eq!((newest.messages.len(), newest.newer), (8, None));
    let middle = page(HistoryQuery { before: newest.older, ..HistoryQuery::default() }).await;
    let oldest = page(HistoryQuery { before: middle.older, ..HistoryQuery::default() }).await;
    assert_eq!((oldest.messages.len(), oldest.older), (2, None));
    let all: Vec<_> = [&oldest, &middle, &newest].into_iter().flat_map(|page| page.messages.clone()).collect();
    let mine: Vec<_> = all.iter().filter(|said| said.by == Speaker::Person).map(|said| said.text.clone()).collect();
    assert_eq!(mine, (1..=9).map(|number| format!("сообщение {number}")).collect::<Vec<_>>());
    let forth = page(HistoryQuery { from: oldest.newer, ..HistoryQuery::default() }).await;
    assert_eq!(forth.messages, middle.messages);

    let search = |words: &str| HistoryQuery { search: Some(words.to_owned()), ..HistoryQuery::default() };
    let found = page(search("сообщение 3")).await;
    assert!(found.messages.iter().any(|said| said.text == "сообщение 3"), "{found:?}");
    assert!(page(search("крокодил")).await.messages.is_empty());
    for wrong in ["before=x", "before=1&from=2", "page=1"] {
        assert_eq!(api.get(&format!("/history/42?{wrong}"), Some(&token)).await.code(), Code::InvalidValue);
    }
    assert_eq!(api.get("/history/43", Some(&token)).await.code(), Code::Forbidden);
    let privacy = api.client.privacy(&token).await.unwrap();
    assert_eq!(privacy.models, ["script", "scripted"], "each once");
    let days = |what: KeptKind| privacy.kept.iter().find(|kept| kept.what == what).unwrap().days;
    assert_eq!((days(KeptKind::Messages), days(KeptKind::GroupTalk)), (None, Some(1)));
    assert_eq!((days(KeptKind::DrawnPictures), days(KeptKind::Unanswered)), (Some(90), Some(30)));
    assert_eq!((days(KeptKind::InlineAnswers), privacy.unsent_days), (Some(90), Some(7)));
    // A bot of the version before reads no list with a kind in it that it does not know; the next one does.
    let told = api.get("/privacy", Some(&token)).await.json();
    let kinds: Vec<_> = told["kept"].as_array().unwrap().iter().map(|kept| kept["what"].as_str().unwrap()).collect();
    let known = "messages memory activity payments referrals file_references drawn_pictures unanswered inline_answers group_talk";
    assert_eq!(kinds.join(" "), known);
    let invite = api.client.status(&token, IVAN).await.unwrap().invite;
    assert_eq!(invite.as_deref(), Some("ref_16"));
}

#[tokio::test]
async fn what_was_talked_of_is_listed_under_its_titles_and_so_is_what_was_said() {
    let setup = Setup::new().await;
    let api = setup.start().await;
    let token = api.token(IVAN).await;
    assert_eq!(api.get("/conversations/42", Some(&token)).await.code(), Code::ProfileNotFound);
    api.say(&token, "Привет", None).await.unwrap();
    api.client.reset(&token).await.unwrap();
    api.clock.advance(TimeDelta::minutes(1));
    api.say(&token, "Снова привет", None).await.unwrap();
    let pool = setup.pool();
    eventually("the first conversation is summed up", async || {
        let (summed,): (i64,) = sqlx::query_as("SELECT count(*) FROM summaries").fetch_one(&pool).await.unwrap();
        summed == 1
    })
    .await;
    let list = async |query: ConversationsQuery| api.client.conversations(&token, IVAN, &query).await.unwrap();
    let all = list(ConversationsQuery::default()).await;
    let [now, first] = &all.conversations[..] else { panic!("{all:?}") };
    // This model answers in words whatever it is asked: so its summary has no title of its own.
    assert_eq!((first.title.as_deref(), first.messages), (Some("Привет! Как дела?"), 2));
    assert!(first.ended_at.is_some() && now.ended_at.is_none() && now.title.is_none(), "{all:?}");
    assert_eq!((all.older, all.weeks.len()), (None, 0), "a week that is not over has no summary");
    let older = list(ConversationsQuery { before: Some(now.started_at) }).await;
    assert_eq!(older.conversations, std::slice::from_ref(first));

    let page = api.client.history(&token, IVAN, &HistoryQuery::default()).await.unwrap();
    let places: Vec<_> = page.messages.iter().map(|said| said.conversation.clone().unwrap()).collect();
    assert_eq!(places.iter().map(|place| place.id).collect::<Vec<_>>(), [first.id, first.id, now.id, now.id]);
    assert_eq!((&places[1].title, &places[2].title), (&first.title, &None));
    assert_eq!(api.get("/conversations/43", Some(&token)).await.code(), Code::Forbidden);
    assert_eq!(api.get("/conversations/42?before=x", Some(&token)).await.code(), Code::InvalidValue);
}
