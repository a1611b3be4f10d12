//! The log of what administrators do, and `GET /admin/audit`.

use chrono::TimeDelta;
use evolve_api::access::routes::{ROUTES, is_under_admin};
use evolve_contract::{
    Code,
    audit::{AuditEntry, AuditOutcome, AuditResponse},
};
use evolve_domain::access::Role;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    access::signed_in,
    harness::{Answer, Api, SERVICE_KEY, Setup},
};

/// An id that is found wherever it stands.
const ANNA: i64 = 734_002_117;

async fn ask(api: &Api, method: Method, path: &str, id: &str, body: Option<Value>) -> Answer {
    let request = api.request(method, path).header("x-service-key", SERVICE_KEY).header("x-request-id", id);
    api.send(match body {
        Some(body) => request.json(&body),
        None => request,
    })
    .await
}

async fn log(api: &Api, query: &str) -> AuditResponse {
    let answer = ask(api, Method::GET, &format!("/admin/audit{query}"), "looks", None).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    serde_json::from_str(&answer.text).unwrap()
}

fn outcomes(log: &AuditResponse) -> Vec<AuditOutcome> {
    log.entries.iter().map(|entry| entry.outcome).collect()
}

async fn count(pool: &PgPool, sql: &'static str) -> i64 {
    let (count,): (i64,) = sqlx::query_as(sql).fetch_one(pool).await.unwrap();
    count
}

#[tokio::test]
async fn whatever_an_administrator_may_change_has_a_name_and_leaves_an_entry() {
    let setup = Setup::new().await;
    let (api, pool) = (setup.start().await, setup.pool());
    let document = serde_json::to_value(evolve_api::openapi()).unwrap();
    let mut seen = 0;
    for (path, operations) in document["paths"].as_object().unwrap() {
        for method in operations.as_object().unwrap().keys() {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let named = ROUTES.iter().find(|named| named.method == method && named.route == path);
            if named.is_none() && !is_under_admin(path) {
                continue;
            }
            let named = named.unwrap_or_else(|| panic!("{method} {path} is not in api::access::routes::ROUTES"));
            let Some(act) = named.act else { continue };
            seen += 1;
            // Of somebody or something that is not there: a refusal is in the log, too.
            let asked = path.replace("{user_id}", "42").replace('{', "no_").replace('}', "");
            let id = format!("request-{seen}");
            ask(&api, method.clone(), &asked, &id, Some(json!({}))).await;
            let acts: Vec<(String,)> = sqlx::query_as("SELECT act FROM audit_log WHERE request_id = $1 ORDER BY id")
                .bind(&id)
                .fetch_all(&pool)
                .await
                .unwrap();
            let rows = if named.is_atomic { 1 } else { 2 };
            assert_eq!(acts, vec![(act.to_owned(),); rows], "{method} {path}");
        }
    }
    assert_eq!(
        seen,
        ROUTES.iter().filter(|named| named.is_logged() && !named.is_page).count(),
        "a name is of a route that is not there"
    );
}

#[tokio::test]
async fn who_did_what_to_whom_is_found_also_when_nothing_of_them_is_left() {
    let setup = Setup::new().await;
    let (api, pool) = (setup.start().await, setup.pool());
    let token = api.token(ANNA).await;
    api.say(&token, "Привет", None).await.unwrap();
    let path = format!("/admin/people/{ANNA}/premium");
    for (id, days) in [("first", 7), ("again", 7), ("slip", 0)] {
        ask(&api, Method::POST, &path, id, Some(json!({ "days": days, "key": "sorry" }))).await;
    }
    let stranger = api.post(&path, Some(&token), &json!({ "days": 7, "key": "mine" })).await;
    assert_eq!(stranger.code(), Code::Forbidden);

    let found = log(&api, &format!("?person={ANNA}")).await;
    assert_eq!(outcomes(&found), [AuditOutcome::Refused, AuditOutcome::Unchanged, AuditOutcome::Done], "{found:?}");
    let AuditEntry { at, actor, address, request_id, act, subject, detail, .. } = found.entries[2].clone();
    assert_eq!((act.as_str(), request_id.as_str(), &detail), ("person.grant_premium", "first", &json!({ "days": 7 })));
    assert_eq!((at.timestamp_micros(), address.as_deref()), (api.clock.now().timestamp_micros(), Some("127.0.0.1")));
    assert!(actor.starts_with("service-key:") && actor.len() == 20 && !SERVICE_KEY.contains(&actor[12..]), "{actor}");
    let subject = subject.unwrap();
    assert!(subject.starts_with("person:") && subject.len() == 39, "{subject}");

    // A payment that is none, by the id of a person: also such a slip leaves no id.
    let slip = ask(&api, Method::POST, &format!("/admin/payments/{ANNA}/refund"), "wrong", None).await;
    assert_eq!(slip.code(), Code::PaymentNotFound);

    let removed = api.send(api.request(Method::DELETE, &format!("/profile/{ANNA}")).bearer_auth(&token)).await;
    assert_eq!(removed.status, StatusCode::OK, "{removed:?}");
    let left = "SELECT count(*) FROM audit_log WHERE audit_log::text LIKE '%734002117%'";
    assert_eq!((count(&pool, left).await, count(&pool, "SELECT count(*) FROM audit_log").await), (0, 4));
    assert_eq!(log(&api, &format!("?person={ANNA}")).await, found, "what was done stays done");
    assert_eq!(log(&api, &format!("?subject={subject}")).await, found);
}

#[tokio::test]
async fn the_log_is_leafed_through_and_filtered() {
    let setup = Setup::new().await;
    let api = setup.start().await;
    for number in 0..5 {
        let what = if number % 2 == 0 { "refund" } else { "decline" };
        ask(&api, Method::POST, &format!("/admin/payments/none/{what}"), &format!("r{number}"), None).await;
    }
    let ids = |log: &AuditResponse| log.entries.iter().map(|entry| entry.request_id.clone()).collect::<Vec<_>>();
    let (mut leafed, mut next) = (Vec::new(), String::new());
    for _ in 0..3 {
        let page = log(&api, &format!("?limit=2{next}")).await;
        leafed.extend(ids(&page));
        next = page.next.map(|next| format!("&after={next}")).unwrap_or_default();
    }
    assert_eq!((leafed, next.as_str()), (["r4", "r3", "r2", "r1", "r0"].map(str::to_owned).to_vec(), ""));
    assert_eq!(ids(&log(&api, "?act=payment.decline").await), ["r3", "r1"]);
    assert_eq!(ids(&log(&api, "?subject=payment:none&act=payment.refund").await), ["r4", "r2", "r0"]);
    let all = log(&api, "").await;
    assert_eq!(ids(&log(&api, &format!("?actor={}", all.entries[0].actor)).await).len(), 5);
    let now = api.clock.now().format("%Y-%m-%dT%H:%M:%S%.6fZ");
    assert_eq!(ids(&log(&api, &format!("?since={now}")).await).len(), 5);
    assert_eq!(ids(&log(&api, &format!("?until={now}")).await), [""; 0]);
    for bad in [
        "?limit=0",
        "?limit=201",
        "?after=x",
        "?after=-1.x",
        "?who=me",
        "?person=me",
        "?act=%00",
        "?person=1&subject=a",
    ] {
        let refused = ask(&api, Method::GET, &format!("/admin/audit{bad}"), "looks", None).await;
        assert_eq!(refused.code(), Code::InvalidValue, "{bad}");
    }
    assert_eq!(api.get("/admin/audit", None).await.code(), Code::Forbidden);
}

#[tokio::test]
async fn what_cannot_be_logged_is_not_done() {
    let setup = Setup::new().await;
    let (api, pool) = (setup.start().await, setup.pool());
    let token = api.token(ANNA).await;
    api.say(&token, "Привет", None).await.unwrap();
    sqlx::query("ALTER TABLE audit_log RENAME TO audit_log_gone").execute(&pool).await.unwrap();
    let gift = json!({ "days": 7, "key": "sorry" });
    let path = format!("/admin/people/{ANNA}/premium");
    assert_eq!(ask(&api, Method::POST, &path, "given", Some(gift.clone())).await.code(), Code::Internal);
    assert_eq!(count(&pool, "SELECT count(*) FROM users WHERE plan = 'premium'").await, 0);
    sqlx::query("ALTER TABLE audit_log_gone RENAME TO audit_log").execute(&pool).await.unwrap();
    assert_eq!(ask(&api, Method::POST, &path, "given", Some(gift)).await.json()["replayed"], false);
    assert_eq!(outcomes(&log(&api, "").await), [AuditOutcome::Done]);
}

#[tokio::test]
async fn whoever_reads_what_people_said_is_in_the_log_before_anything_is_shown() {
    let setup = Setup::new().await;
    let (api, pool) = (setup.start().await, setup.pool());
    let document = serde_json::to_value(evolve_api::openapi()).unwrap();
    let looks = ROUTES.iter().filter(|route| route.method == Method::GET && route.is_logged() && !route.is_page);
    for (n, look) in looks.enumerate() {
        let act = look.act.unwrap();
        assert!(document["paths"][look.route]["get"].is_object(), "{} is no route", look.route);
        let id = format!("look-{n}");
        let asked = look.route.replace("{user_id}", "42").replace('{', "no_").replace('}', "");
        ask(&api, Method::GET, &asked, &id, None).await;
        let acts: Vec<(String, String)> =
            sqlx::query_as("SELECT act, outcome FROM audit_log WHERE request_id = $1 ORDER BY id")
                .bind(&id)
                .fetch_all(&pool)
                .await
                .unwrap();
        let refused = vec![(act.to_owned(), "begun".to_owned()), (act.to_owned(), "refused".to_owned())];
        assert_eq!(acts, refused, "{}", look.route);
    }
    sqlx::query("ALTER TABLE audit_log RENAME TO audit_log_gone").execute(&pool).await.unwrap();
    let unseen = ask(&api, Method::GET, "/api/v1/admin/people/42/facts", "unseen", None).await;
    assert_eq!(unseen.code(), Code::Internal, "what cannot be logged is not shown");
}

#[tokio::test]
async fn who_is_known_and_tries_what_is_not_theirs_is_in_the_log_once_a_minute_for_each_route() {
    let setup = Setup::new().await.with("PANEL_RATE_LIMIT", "1000/minute");
    let (api, pool) = (setup.start().await, setup.pool());
    let ada = signed_in(&setup, &api, "ada", Role::Analyst).await;
    let refused = "SELECT count(*) FROM audit_log WHERE act = 'access.refused' AND outcome = 'refused'";
    for person in [ANNA, 42, 43] {
        assert_eq!(ada.get(&format!("/admin/panel/people/{person}")).await.status, StatusCode::FORBIDDEN);
    }
    assert_eq!(count(&pool, refused).await, 1, "one route is tried");
    assert_eq!(ada.get("/api/v1/admin/people").await.status, StatusCode::FORBIDDEN);
    assert_eq!(count(&pool, refused).await, 2);
    let entry = log(&api, "?act=access.refused").await.entries.pop().unwrap();
    let tried = json!({ "method": "GET", "route": "/admin/panel/people/{user_id}", "permission": "people" });
    assert!(entry.actor.starts_with("account:") && entry.detail == tried, "{entry:?}");
    let named = format!("SELECT count(*) FROM audit_log WHERE audit_log::text LIKE '%{ANNA}%'");
    let named: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(named)).fetch_one(&pool).await.unwrap();
    assert_eq!(named, 0, "whom they looked for is not told");

    setup.clock.advance(TimeDelta::seconds(61));
    assert_eq!(ada.get(&format!("/admin/panel/people/{ANNA}")).await.status, StatusCode::FORBIDDEN);
    assert_eq!(count(&pool, refused).await, 3);
    // Who is not known fills nothing.
    assert_eq!(api.send(api.request(Method::GET, "/admin/audit")).await.status, StatusCode::FORBIDDEN);
    assert_eq!(count(&pool, refused).await, 3);
}
