//! Running the bot from pages: what is said to many, jobs, failures, other systems, the system.

use evolve_contract::access::AccountUpdate;
use evolve_domain::access::Role;
use evolve_testkit::eventually;
use reqwest::{Method, StatusCode};
use serde_json::json;

use super::people::{has, logged, went_to};
use crate::{
    access::signed_in,
    broadcast::inhabited,
    failures::with_dead,
    harness::{Answer, IVAN, JWT_SECRET, SERVICE_KEY, Setup},
};

const BROADCASTS: &str = "/admin/panel/broadcasts";
const WEBHOOKS: &str = "/admin/panel/webhooks";

fn patient(setup: Setup) -> Setup {
    setup.with("PANEL_RATE_LIMIT", "1000/minute")
}

#[track_caller]
fn has_not(page: &Answer, words: &[&str]) {
    for word in words {
        assert!(!page.text.contains(word), "{word} is in {}", page.text);
    }
}

#[track_caller]
fn refused(page: &Answer, words: &[&str]) {
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", page.text);
    for word in words {
        assert!(page.text.contains(word), "{word} is not in {}", page.text);
    }
}

/// What a field that is not seen says.
#[track_caller]
fn hidden(page: &Answer, name: &str) -> String {
    let (_, rest) = page.text.split_once(&format!("name=\"{name}\" value=\"")).unwrap();
    rest.split_once('"').unwrap().0.to_owned()
}

/// What a live part sends, up to these words.
async fn told(stream: &mut reqwest::Response, words: &str) -> String {
    let mut text = String::new();
    while !text.contains(words) {
        let chunk = stream.chunk().await.unwrap().unwrap_or_else(|| panic!("{words} is not in {text}"));
        text.push_str(&String::from_utf8_lossy(&chunk));
    }
    text
}

#[tokio::test]
async fn a_broadcast_is_looked_at_sent_watched_and_cancelled_and_what_nobody_looked_at_goes_to_nobody() {
    let setup = patient(inhabited().await);
    let api = setup.start().await;
    let eva = signed_in(&setup, &api, "eva", Role::Admin).await;
    has(&eva.get(BROADCASTS).await, &["Nothing was said to many yet.", "Write a broadcast"]);
    has(&eva.get(&format!("{BROADCASTS}/new")).await, &["Look at it first", "For those who speak"]);

    let later = (setup.clock.now() + chrono::TimeDelta::days(2)).format("%Y-%m-%dT%H:%M").to_string();
    let mut typed = vec![("key", "new-year"), ("text", "<b>New</b>:\r\nvoices"), ("plan", ""), ("to-en", "yes")];
    typed.extend([("text-ru", "Новое"), ("send_at", later.as_str())]);
    let look = eva.form(&format!("{BROADCASTS}/preview"), &typed).await;
    has(&look, &["It reaches 1 person", "<strong>New</strong>:<br>voices", "Новое", "value=\"new-year\""]);
    let unseen = eva.form(&format!("{BROADCASTS}/new"), &typed).await;
    refused(&unseen, &["This was changed since you looked"]);
    let seen = hidden(&look, "seen");
    let all: Vec<(&str, &str)> = typed.iter().copied().chain([("seen", seen.as_str())]).collect();
    let mut other = all.clone();
    other[1] = ("text", "<b>New");
    refused(&eva.form(&format!("{BROADCASTS}/new"), &other).await, &["this tag is never closed", "&#60;b&#62;New"]);

    let sent = eva.form(&format!("{BROADCASTS}/new"), &all).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text);
    let path = sent.header("location").unwrap().to_owned();
    let page = eva.get(&path).await;
    has(&page, &["new-year", "Scheduled", "<strong>New</strong>", "Cancel for good"]);
    has(&eva.get(BROADCASTS).await, &["new-year", &path]);
    has(&eva.get(&format!("{BROADCASTS}.csv")).await, &["key,state,send_at", "new-year,Scheduled,"]);
    assert_eq!((logged(&setup, "broadcast.preview").await, logged(&setup, "broadcast.create").await), (2, 6));

    let live = path.replace("/panel/", "/panel/live/");
    let mut stream = eva.request(Method::GET, &live).send().await.unwrap();
    let first = told(&mut stream, "/cancel\"").await;
    assert!(first.contains("Scheduled") && first.contains("data: "), "{first}");
    // What can be done is told with it, and one that rests is not over.
    went_to(&eva.form(&format!("{path}/pause"), &[]).await, &path);
    let rests = told(&mut stream, "/resume\"").await;
    let csrf = format!("name=\"csrf\" value=\"{}\"", hidden(&page, "csrf"));
    for part in ["Paused", "Halted", "data-part=\"paused\"", csrf.as_str()] {
        assert!(rests.contains(part), "{part} is not in {rests}");
    }
    assert!(!rests.contains("data-live-over"), "{rests}");
    has(&eva.get(&path).await, &[&format!("data-live=\"{live}\""), "Go on…"]);
    went_to(&eva.form(&format!("{path}/cancel"), &[]).await, &path);
    let rest = stream.text().await.unwrap();
    assert!(rest.contains("Cancelled") && rest.contains("data-live-over") && rest.contains("Ended"), "{rest}");
    assert!(!rest.contains("/cancel\""), "nothing can be done any more: {rest}");
    let told = rest.lines().find_map(|line| line.strip_prefix("id: ")).unwrap();
    let again = eva.request(Method::GET, &live).header("last-event-id", told);
    assert_eq!(api.send(again).await.status, StatusCode::NO_CONTENT, "there is no more to come");
    has_not(&eva.get(&path).await, &["Cancel for good…"]);
    let over = eva.form(&format!("{path}/resume"), &[]).await;
    assert_eq!(over.status, StatusCode::CONFLICT);
    assert!(over.text.contains("The broadcast is in no state in which this can be done."), "{}", over.text);
    let vera = signed_in(&setup, &api, "vera", Role::Support).await;
    for closed in [BROADCASTS, path.as_str(), live.as_str()] {
        assert_eq!(vera.get(closed).await.status, StatusCode::FORBIDDEN, "{closed}");
    }
}

#[tokio::test]
async fn what_failed_is_narrowed_down_and_tried_again_and_who_may_only_look_has_no_button() {
    let setup = patient(Setup::new().await);
    with_dead(&setup, 3).await;
    let api = setup.start().await;
    let (eva, ann) =
        (signed_in(&setup, &api, "eva", Role::Admin).await, signed_in(&setup, &api, "ann", Role::Analyst).await);
    let list = "/admin/panel/failures";
    let looks = ann.get(list).await;
    has(&looks, &["api_problem"]);
    has_not(&looks, &["Try again", ">42<", "/admin/panel/people/42", "a secret"]);
    has_not(&ann.get(&format!("{list}.csv")).await, &[",42,"]);
    has_not(&ann.get("/admin/failures").await, &["\"user_id\":42", "\"chat_id\":42"]);
    assert_eq!(ann.form(&format!("{list}/inbox/1/replay"), &[]).await.status, StatusCode::FORBIDDEN);

    let all = eva.get(list).await;
    has(&all, &["Try again…", "/admin/panel/people/42"]);
    has_not(&all, &["Try all of these again"]);
    went_to(&eva.form(&format!("{list}/inbox/1/replay"), &[]).await, list);
    assert_eq!(eva.form(&format!("{list}/inbox/1/replay"), &[]).await.status, StatusCode::NOT_FOUND);
    let of_one = format!("{list}?kind=inbox&reason=api_problem");
    has(&eva.get(&of_one).await, &["Try all of these again"]);
    has(&eva.get(&format!("{list}.csv?kind=inbox")).await, &["failed_at,kind,reason,detail,person,attempts", ",42,"]);
    let fields = [("kind", "inbox"), ("reason", "api_problem")];
    went_to(&eva.form(&format!("{list}/replay-all"), &fields).await, &of_one);
    has(&eva.get(&of_one).await, &["Nothing like that has failed."]);
    assert_eq!(eva.get(&format!("{list}?kind=other")).await.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn a_file_has_all_there_is_however_much_that_is() {
    let setup = patient(Setup::new().await);
    with_dead(&setup, 10_050).await;
    let acts = "
        INSERT INTO audit_log (id, at, actor, request_id, act, outcome)
        SELECT gen_random_uuid(), now() - make_interval(secs => i), 'cli', 'made-up', 'test.act', 'done'
        FROM generate_series(1, 10050) i";
    let people = "
        INSERT INTO users (id, created_at, last_seen_at)
        SELECT i, now(), now() - make_interval(secs => i) FROM generate_series(1, 4100) i";
    for made_up in [acts, people] {
        sqlx::query(made_up).execute(&setup.pool()).await.unwrap();
    }
    let api = setup.start().await;
    let eva = signed_in(&setup, &api, "eva", Role::Owner).await;
    for (list, lines) in [("failures.csv", 10_050), ("audit.csv?act=test.act", 10_050), ("people.csv", 4_100)] {
        let file = eva.get(&format!("/admin/panel/{list}")).await;
        assert_eq!((file.status, file.text.lines().count()), (StatusCode::OK, lines + 1), "{list}");
        // Whoever reads text takes off the one that it begins with.
        assert_eq!(file.text.matches('\u{feff}').count(), 0, "a page begins as a file does: {list}");
    }
}

#[tokio::test]
async fn jobs_are_seen_by_all_who_run_it_and_old_messages_are_cleaned_up_once_an_hour() {
    let setup = patient(Setup::new().await.with("MESSAGE_RETENTION_DAYS", "90"));
    let api = crate::scheduler::settled(&setup).await;
    let (eva, vera) =
        (signed_in(&setup, &api, "eva", Role::Admin).await, signed_in(&setup, &api, "vera", Role::Support).await);
    let jobs = "/admin/panel/jobs";
    let looks = vera.get(jobs).await;
    has(&looks, &["Old messages", "Age of the backup", "From Telegram"]);
    has_not(&looks, &["Clean up"]);
    has(&eva.get(jobs).await, &["Clean up old messages…", "older than 90 days"]);
    went_to(&eva.form(&format!("{jobs}/clean-up"), &[]).await, jobs);
    let again = eva.form(&format!("{jobs}/clean-up"), &[]).await;
    assert_eq!((again.status, again.header("retry-after")), (StatusCode::TOO_MANY_REQUESTS, Some("3600")));
    assert!(again.text.contains("Too often") && again.text.contains("Try again in 1 h."), "{}", again.text);
    has(&vera.get(&format!("{jobs}.csv")).await, &["job,status,next_run"]);
}

#[tokio::test]
async fn another_system_is_told_and_its_secret_is_shown_once() {
    let setup = patient(Setup::new().await);
    let api = setup.start().await;
    let eva = signed_in(&setup, &api, "eva", Role::Owner).await;
    has(&eva.get(WEBHOOKS).await, &["Nobody is told yet.", "Tell another system"]);
    let inside = [("url", "https://10.0.0.1/hook"), ("kind", "generic"), ("event-job.failed", "yes")];
    let wrong = eva.form(WEBHOOKS, &inside).await;
    refused(&wrong, &["It is at no public address", "https://10.0.0.1/hook"]);
    let made = eva.form(WEBHOOKS, &[("url", "https://8.8.8.8/hook"), ("event-job.failed", "yes")]).await;
    has(&made, &["whsec_", "It is shown once", "Jobs that keep failing"]);
    let list = eva.get(WEBHOOKS).await;
    has(&list, &["https://8.8.8.8/hook", "Is told"]);
    let (_, id) = list.text.split_once("/admin/panel/webhooks/").unwrap();
    let path = format!("{WEBHOOKS}/{}", id.split_once('"').unwrap().0);
    let page = eva.get(&path).await;
    has(&page, &["It was told nothing yet.", "Another secret…"]);
    has_not(&page, &["whsec_"]);
    has(&eva.form(&format!("{path}/rotate"), &[]).await, &["whsec_"]);
    went_to(&eva.form(&format!("{path}/disable"), &[]).await, &path);
    has(&eva.get(&path).await, &["Disabled", "Enable…"]);
    went_to(&eva.form(&format!("{path}/enable"), &[]).await, &path);
    went_to(&eva.form(&format!("{path}/replay"), &[]).await, &path);

    let ann = signed_in(&setup, &api, "ann", Role::Analyst).await;
    let looks = ann.get(&path).await;
    has(&looks, &["https://8.8.8.8/"]);
    has_not(&looks, &["Another secret", "<form id=\"remove\"", "8.8.8.8/hook"]);
    // With many systems the path is the secret.
    for list in [WEBHOOKS, "/admin/panel/webhooks.csv", "/api/v1/admin/webhooks"] {
        let seen = ann.get(list).await;
        has(&seen, &["https://8.8.8.8/"]);
        has_not(&seen, &["8.8.8.8/hook"]);
        has(&eva.get(list).await, &["https://8.8.8.8/hook"]);
    }
    // More than a hundred pages of what it was told.
    for made_up in [
        "INSERT INTO events (kind, told) SELECT 'job.failed', true FROM generate_series(1, 10050)",
        "INSERT INTO webhook_deliveries (webhook_id, event_place, state, ready_at, created_at)
         SELECT w.id, e.place, 'delivered', e.at, e.at FROM events e, webhooks w",
    ] {
        sqlx::query(made_up).execute(&setup.pool()).await.unwrap();
    }
    let told = ann.get(&format!("{path}?csv=deliveries")).await;
    assert!(told.status == StatusCode::OK && told.text.lines().count() > 10_050, "{}", told.text.lines().count());

    assert_eq!(ann.form(&format!("{path}/remove"), &[]).await.status, StatusCode::FORBIDDEN);
    went_to(&eva.form(&format!("{path}/remove"), &[]).await, WEBHOOKS);
    assert_eq!(eva.get(&path).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_system_tells_how_it_fares_and_what_is_configured_and_no_secret() {
    let setup = patient(Setup::new().await.with("BACKUP_MAX_AGE_HOURS", "24").with("HOSTNAME", "replica-7"));
    setup.clock.advance(chrono::TimeDelta::days(3));
    let api = setup.start().await;
    let ann = signed_in(&setup, &api, "ann", Role::Analyst).await;
    let page = ann.get("/admin/panel/system").await;
    has(&page, &["replica-7", "Postgres", "No backup was made in 1 d", "DATABASE_POOL_SIZE", "Set, secret"]);
    has(&page, &[&format!("{:04}", evolve_store::migrate::newest()), "Connected to the database", "evolve"]);
    has_not(&page, &[JWT_SECRET, "postgres://", "run the migrations"]);
}

#[tokio::test]
async fn what_a_page_asks_by_itself_keeps_nobody_in_and_ends_with_the_session() {
    let setup = patient(Setup::new().await);
    let api = setup.start().await;
    let live = "/admin/panel/live/tail";
    let eva = signed_in(&setup, &api, "eva", Role::Owner).await;
    // A page that is left open asks again and again; twelve hours after somebody did something, it is over all the same.
    for (hours, expected) in [(7, StatusCode::OK), (7, StatusCode::SEE_OTHER)] {
        api.clock.advance(chrono::TimeDelta::hours(hours));
        assert_eq!(eva.request(Method::GET, live).send().await.unwrap().status(), expected);
    }

    let ann = signed_in(&setup, &api, "ann", Role::Analyst).await;
    let stream = ann.request(Method::GET, live).send().await.unwrap();
    assert_eq!(stream.status(), StatusCode::OK);
    went_to(&ann.form("/admin/panel/sign-out", &[]).await, "/admin/panel/sign-in");
    let rest = tokio::time::timeout(std::time::Duration::from_secs(60), stream.text()).await;
    assert!(rest.expect("the stream ends with the session").is_ok());
}

#[tokio::test]
async fn what_is_listened_to_by_a_key_or_a_token_ends_with_it() {
    let setup = patient(Setup::new().await);
    let api = setup.start().await;
    let body = serde_json::from_value(json!({ "name": "A screen on the wall", "scopes": ["numbers"] })).unwrap();
    let key = api.client.create_api_key(&SERVICE_KEY.into(), &body).await.unwrap();
    let token = api.token(IVAN).await;
    api.say(&token, "Привет", None).await.unwrap();
    let body = serde_json::from_value(json!({ "name": "ivan", "role": "analyst" })).unwrap();
    let account = api.client.create_account(&SERVICE_KEY.into(), &body).await.unwrap();
    let link = AccountUpdate { telegram_id: Some(IVAN), ..AccountUpdate::default() };
    api.client.update_account(&SERVICE_KEY.into(), &account.id, &link).await.unwrap();
    let listens = async |proof: &str| {
        let stream = api.request(Method::GET, "/admin/panel/live/tail").bearer_auth(proof).send().await.unwrap();
        assert_eq!(stream.status(), StatusCode::OK);
        stream
    };
    let streams = [listens(key.key.as_deref().unwrap()).await, listens(&token).await];
    api.client.revoke_api_key(&SERVICE_KEY.into(), &key.id).await.unwrap();
    let out = AccountUpdate { enabled: Some(false), ..AccountUpdate::default() };
    api.client.update_account(&SERVICE_KEY.into(), &account.id, &out).await.unwrap();
    for stream in streams {
        let rest = tokio::time::timeout(std::time::Duration::from_secs(60), stream.text()).await;
        assert!(rest.expect("the stream ends with what opened it").is_ok());
    }
}

#[tokio::test]
async fn one_who_looks_listens_to_ten_pages_at_once_and_keeps_no_place_from_others() {
    let setup = patient(Setup::new().await);
    let api = setup.start().await;
    let live = "/admin/panel/live/tail";
    let (ann, eva) =
        (signed_in(&setup, &api, "ann", Role::Analyst).await, signed_in(&setup, &api, "eva", Role::Owner).await);
    let mut streams = Vec::new();
    for _ in 0..10 {
        streams.push(ann.request(Method::GET, live).send().await.unwrap());
    }
    assert!(streams.iter().all(|stream| stream.status() == StatusCode::OK));
    let more = ann.get(live).await;
    assert_eq!((more.status, more.header("retry-after")), (StatusCode::TOO_MANY_REQUESTS, Some("30")));
    assert_eq!(eva.request(Method::GET, live).send().await.unwrap().status(), StatusCode::OK);
    streams.clear();
    eventually("the places are free again", async || {
        ann.request(Method::GET, live).send().await.unwrap().status() == StatusCode::OK
    })
    .await;
}
