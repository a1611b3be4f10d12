//! The numbers of the bot, as `/admin/analytics` and `/api/v1/stats` tell them.

use chrono::{DateTime, TimeDelta, Utc};
use evolve_contract::{
    Code,
    analytics::{AnalyticsQuery, CohortQuery, CohortUnit, OverviewResponse},
    dialog_stats::StatsPeriod,
};
use evolve_engine::model::{Answer, FinishReason, Script, Step, Usage};
use evolve_runtime::clock::Clock;
use evolve_testkit::eventually;
use reqwest::{Method, StatusCode};
use secrecy::SecretString;
use serde_json::json;

use crate::harness::{Answer as Told, Api, IVAN, SERVICE_KEY, Setup};

const ANNA: i64 = 43;
const REGISTRATION: &str = "whoever-has-this-may-register";

const REPORTS: [&str; 10] = [
    "/admin/analytics/overview",
    "/admin/analytics/users",
    "/admin/analytics/messages?days=7",
    "/admin/analytics/revenue",
    "/admin/analytics/features",
    "/admin/analytics/cohort?days=30",
    "/admin/analytics/funnel",
    "/admin/analytics/activity",
    "/admin/analytics/tools?days=7",
    "/api/v1/stats?period=day",
];

fn key() -> SecretString {
    SecretString::from(SERVICE_KEY)
}

async fn ask(api: &Api, path: &str) -> Told {
    api.send(api.request(Method::GET, path).header("x-service-key", SERVICE_KEY)).await
}

/// Whoever answers costs a thousand tokens of prompt and a hundred of answer.
fn answer() -> Step {
    let usage =
        Usage { prompt_tokens: 1000, output_tokens: 60, thinking_tokens: 40, total_tokens: 1100, ..Usage::default() };
    let finish = FinishReason::Stop;
    Step::Answer(Answer { text: "Привет!".to_owned(), picture: None, tool_calls: Vec::new(), usage, finish })
}

/// Two people on two days, in Berlin: Ivan from Saturday noon on, Anna from Sunday on; and a replica that has made the days.
async fn two_days() -> (Setup, Api) {
    let noon: DateTime<Utc> = "2026-11-21T11:00:00Z".parse().unwrap();
    let setup = Setup { clock: Clock::fixed(noon), ..Setup::new().await }
        .script(Script::always(answer()))
        .with("REPORT_TIME_ZONE", "Europe/Berlin")
        .with("MODEL_PRICES", r#"{"script": {"input": 0.3, "output": 2.5}}"#)
        .with("ADMIN_REGISTRATION_TOKEN", REGISTRATION)
        .with("STATS_API_RATE_LIMIT", "3/minute");
    let api = setup.start().await;
    let ivan = api.token(IVAN).await;
    api.say(&ivan, "Привет", Some("one")).await.unwrap();
    api.say(&ivan, "Как дела?", Some("two")).await.unwrap();
    // Half past midnight on Sunday in Berlin; in UTC it is still Saturday.
    setup.clock.advance(TimeDelta::minutes(12 * 60 + 30));
    let (ivan, anna) = (api.token(IVAN).await, api.token(ANNA).await);
    api.say(&ivan, "Не спится", Some("three")).await.unwrap();
    api.say(&anna, "Привет", Some("four")).await.unwrap();
    api.stop().await;
    setup.clock.advance(TimeDelta::hours(1));
    let api = setup.start().await;
    eventually("the days are made", async || {
        let told: OverviewResponse = serde_json::from_str(&ask(&api, REPORTS[0]).await.text).unwrap();
        told.as_of == Some(api.clock.now())
    })
    .await;
    eventually("the first of them are known", async || {
        let sql = "SELECT count(*) FROM report_tops WHERE days = 30 AND by = 'messages' AND (user_id, messages) IN (($1, 3), ($2, 1))";
        let (known,): (i64,) = sqlx::query_as(sql).bind(IVAN).bind(ANNA).fetch_one(&setup.pool()).await.unwrap();
        known == 2
    })
    .await;
    (setup, api)
}

#[tokio::test]
async fn numbers_are_for_those_who_may_see_them() {
    let api = Api::start().await;
    let token = api.token(IVAN).await;
    for path in REPORTS {
        // Where a name and a password are taken, they are asked for.
        let unknown = if path.starts_with("/api/v1/stats") { Code::Unauthorized } else { Code::Forbidden };
        assert_eq!(api.get(path, None).await.code(), unknown, "{path}");
        assert_eq!(api.get(path, Some(&token)).await.code(), Code::Forbidden, "{path}");
        assert_eq!(ask(&api, path).await.status, StatusCode::OK, "{path}");
    }
    for path in [
        "/admin/analytics/overview?days=0",
        "/admin/analytics/messages?days=367",
        "/admin/analytics/tools?days=many",
        "/admin/analytics/cohort?unit=year",
        "/admin/analytics/cohort?days=361",
        "/api/v1/stats?period=year",
    ] {
        assert_eq!(ask(&api, path).await.code(), Code::InvalidValue, "{path}");
    }
}

#[tokio::test]
async fn two_days_of_two_people_are_told_as_they_were() {
    let (_setup, api) = two_days().await;
    let (client, key, all) = (&api.client, key(), AnalyticsQuery::default());
    let overview = client.overview(&key, &all).await.unwrap();
    assert_eq!((overview.dau, overview.wau, overview.mau, overview.stickiness), (2, 2, 2, Some(1.0)));
    assert_eq!((overview.total_users, overview.new_users, overview.messages), (2, 2, 4));
    assert_eq!((overview.premium_users, overview.paying_users, overview.blocked_users), (Some(0), 0, Some(0)));
    let days: Vec<_> = overview.days.iter().map(|day| (day.day.to_string(), day.closed, day.messages)).collect();
    assert_eq!(days, [("2026-11-21".to_owned(), true, 2), ("2026-11-22".to_owned(), false, 2)]);
    let sunday = overview.days.last().unwrap();
    assert_eq!((sunday.active_users, sunday.returning_users, sunday.new_users), (2, 1, 1));
    // A thousand tokens at 0.3 dollars a million, and a hundred at 2.5.
    assert_eq!((sunday.input_tokens, sunday.output_tokens, sunday.cost_microdollars), (2000, 200, 2 * (300 + 250)));
    assert_eq!(overview.cost_microdollars, 4 * 550);

    let users = client.users(&key, &all).await.unwrap();
    let levels: Vec<_> = users.levels.iter().map(|on| (on.level, on.plan.as_str(), on.users)).collect();
    assert_eq!((users.total_users, levels), (2, vec![(1, "free", 2)]));
    let messages = client.messages(&key, &AnalyticsQuery { days: Some(1) }).await.unwrap();
    assert_eq!((messages.messages, messages.replies, messages.failed, messages.days.len()), (2, 2, 0, 1));
    assert_eq!(messages.messages_per_active_day, Some(1.0));
    // The clock of this test stands still.
    assert_eq!((messages.response_times.first_ms_p50, messages.response_times.whole_ms_p95), (Some(0), Some(0)));
    let features = client.features(&key, &all).await.unwrap();
    assert_eq!((features.active_person_days, features.features.len()), (3, 9));
    assert!(features.features.iter().all(|feature| feature.uses == 0), "{features:?}");
    let activity = client.activity(&key, &all).await.unwrap();
    assert_eq!((activity.hours[12], activity.hours[0], activity.hours.iter().sum::<i64>()), (2, 2, 4));
    assert_eq!((activity.weekdays[5], activity.weekdays[6], activity.week[6][0]), (2, 2, 2));
    let tools = client.tools(&key, &all).await.unwrap();
    let models: Vec<_> = tools.models.iter().map(|of| (of.model.as_str(), of.replies, of.unpriced_tokens)).collect();
    assert_eq!((tools.tools.len(), models), (0, vec![("script", 4, 0)]));
}

#[tokio::test]
async fn who_comes_back_how_far_they_get_and_what_they_pay_is_told() {
    let (setup, api) = two_days().await;
    let (client, key, all) = (&api.client, key(), AnalyticsQuery::default());
    let cohorts = client.cohort(&key, &CohortQuery::default()).await.unwrap().cohorts;
    let told: Vec<_> = cohorts.iter().map(|row| (row.came.to_string(), row.users, row.active.clone())).collect();
    assert_eq!(told, [("2026-11-21".to_owned(), 1, vec![1, 1]), ("2026-11-22".to_owned(), 1, vec![1])]);
    assert_eq!(cohorts[0].retention, [Some(1.0), Some(1.0)]);
    let weeks = CohortQuery { unit: Some(CohortUnit::Week), ..CohortQuery::default() };
    let weeks = client.cohort(&key, &weeks).await.unwrap().cohorts;
    let told: Vec<_> = weeks.iter().map(|row| (row.came.to_string(), row.users, row.active.clone())).collect();
    assert_eq!(told, [("2026-11-16".to_owned(), 2, vec![2])]);
    let stages = client.funnel(&key).await.unwrap().stages;
    let told: Vec<_> = stages.iter().map(|stage| (stage.level, stage.users, stage.conversion)).collect();
    assert_eq!(told, [(0, 2, None), (1, 2, Some(1.0))]);
    assert!(stages[0].name.is_none() && stages[1].name.as_deref().is_some_and(|name| !name.is_empty()), "{stages:?}");
    let nothing = client.revenue(&key, &all).await.unwrap();
    assert_eq!((nothing.paying_users, nothing.churn_rate, nothing.currencies.len()), (0, None, 0));
    assert_eq!((nothing.cost_microdollars, nothing.top_users[0].user_id), (4 * 550, IVAN));
    let who_cost_most = async |scopes: &[&str]| {
        let wish = json!({ "name": "Warehouse", "scopes": scopes });
        let make = api.request(Method::POST, "/api/v1/admin/api-keys").header("x-service-key", SERVICE_KEY);
        let made = api.send(make.json(&wish)).await.json();
        let asked = api.request(Method::GET, "/admin/analytics/revenue");
        let told = api.send(asked.header("x-api-key", made["key"].as_str().unwrap())).await.json();
        assert_eq!(told["cost_microdollars"], 4 * 550, "{scopes:?}");
        told["top_users"].as_array().unwrap().len()
    };
    assert_eq!(who_cost_most(&["numbers"]).await, 0, "numbers are of nobody");
    assert_eq!(who_cost_most(&["numbers", "people"]).await, nothing.top_users.len());

    sqlx::query(
        "WITH paid AS (
             INSERT INTO payments (id, user_id, charge_id, provider_charge_id, way, currency, amount, matched, paid_at, covers_until)
             VALUES (gen_random_uuid(), $1, 'c', '', 'stars', 'XTR', 250, true, $2, $2 + interval '30 days') RETURNING id)
         INSERT INTO ledger (key, payment_id, debit, credit, currency, amount, booked_at)
         SELECT 'k', id, 'telegram', 'sales', 'XTR', 250, $2 FROM paid",
    )
    .bind(IVAN)
    .bind(api.clock.now())
    .execute(&setup.pool())
    .await
    .unwrap();
    api.stop().await;
    setup.clock.advance(TimeDelta::minutes(10));
    let api = setup.start().await;
    let revenue = eventually("the payment is told of", async || {
        Some(api.client.revenue(&key, &all).await.unwrap()).filter(|told| told.paying_users == 1)
    })
    .await;
    let stars = &revenue.currencies[0];
    assert_eq!((stars.currency.as_str(), stars.sales, stars.mrr, stars.arr), ("XTR", 250, 250, 3000));
    assert_eq!((stars.arpu, stars.arppu, stars.ltv, revenue.churn_rate), (Some(125.0), Some(250.0), None, None));
}

#[tokio::test]
async fn the_stats_api_tells_of_a_day_a_week_and_a_month_without_a_word_of_anybody() {
    let (_setup, api) = two_days().await;
    let key = key();
    let day = api.client.dialog_stats(&key, StatsPeriod::Day).await.unwrap();
    assert_eq!((day.summary.active_users, day.summary.new_users, day.summary.messages), (2, 1, 2));
    assert_eq!((day.activity.len(), day.activity[0].messages, day.activity[0].users), (24, 2, 2));
    let vera = json!({ "username": "vera", "password": "password1", "admin_token": REGISTRATION });
    assert_eq!(api.post("/api/v1/auth/register", None, &vera).await.status, StatusCode::CREATED);
    let as_vera =
        async || api.send(api.request(Method::GET, "/api/v1/stats").basic_auth("vera", Some("password1"))).await;
    let week = as_vera().await;
    assert_eq!((week.header("ratelimit-limit"), week.header("ratelimit-remaining")), (Some("3"), Some("2")));
    let told = week.json();
    assert_eq!(told["period"], "week");
    assert_eq!(
        told["summary"],
        json!({
            "total_users": 2,
            "active_users": 2,
            "new_users": 2,
            "messages": 4,
            "replies": 4,
            "messages_per_user": 2.0,
        })
    );
    assert_eq!(told["activity"].as_array().unwrap().len(), 2);
    assert_eq!(told["top_users"][0], json!({"user_id": IVAN, "messages": 3, "replies": 3}));
    let dialogs = told["recent_dialogs"].as_array().unwrap();
    assert!(dialogs.iter().any(|dialog| dialog["user_id"] == ANNA && dialog["messages"] == 2), "{told:#}");
    assert!(!week.text.contains("Привет") && !week.text.contains("спится"), "{}", week.text);
    let month = api.client.dialog_stats(&key, StatsPeriod::Month).await.unwrap();
    assert_eq!(month.summary.messages, 4);
    for _ in 0..2 {
        assert_eq!(as_vera().await.status, StatusCode::OK);
    }
    assert_eq!(as_vera().await.code(), Code::RateLimited);
}
