//! What people use, and what models cost person by person: as raw rows have it.

use evolve_api::panel::words::Unit;
use evolve_contract::people::PersonResponse;
use evolve_domain::access::Role;
use reqwest::Method;

use super::numbers::{EN, a_month, count, page, row, sql};
use crate::{access::signed_in, harness::SERVICE_KEY};

#[tokio::test]
async fn features_and_hours_are_those_of_the_database() {
    let (setup, api) = a_month().await;
    let pool = setup.pool();
    let ada = signed_in(&setup, &api, "ada", Role::Analyst).await;
    let html = page(&ada, "/admin/panel/features?period=month").await;
    // Each says something once at ten o'clock: so all of a day of the week is in one hour of it.
    let sundays = sql(
        &pool,
        "SELECT count(*) FROM turns
         WHERE extract(isodow FROM started_at AT TIME ZONE 'UTC') = 7 AND started_at >= '2026-10-26T00:00:00Z'",
    )
    .await;
    let cells = row(&html, "hours", "Sunday");
    assert_eq!(cells.len(), 25, "a sum and every hour");
    let talked: i64 = cells[11..=12].iter().map(|cell| cell.replace(',', "").parse::<i64>().unwrap()).sum();
    assert_eq!((cells[0].as_str(), talked), (count(sundays).as_str(), sundays));
    assert!(html.contains("Voice messages heard") && html.contains("Hours are those of UTC."), "{html}");
    let csv = page(&ada, "/admin/panel/features.csv?period=month").await;
    assert!(csv.contains("voice_in,0,0,0"), "{csv}");
    assert_eq!(csv.lines().count(), 10, "{csv}");
}

#[tokio::test]
async fn what_somebody_costs_is_told_by_period_and_who_costs_most_to_who_may_see_people() {
    let (setup, api) = a_month().await;
    let pool = setup.pool();
    let eva = signed_in(&setup, &api, "eva", Role::Owner).await;
    let asked = api.request(Method::GET, "/api/v1/admin/people/30").header("x-service-key", SERVICE_KEY);
    let told: PersonResponse = serde_json::from_str(&api.send(asked).await.text).unwrap();
    let raw = "
        SELECT round(sum(CASE model WHEN 'large' THEN input_tokens * 0.3 + output_tokens * 2.5
                                    ELSE input_tokens * 0.1 + output_tokens * 0.4 END))::bigint
        FROM turns WHERE user_id = 30";
    let cost = sql(&pool, raw).await;
    assert_eq!(told.costs.all.cost_microdollars, cost);
    assert_eq!(told.costs.month, told.costs.all, "they came within thirty days");
    assert!(told.costs.week.cost_microdollars < cost && told.costs.all.unpriced_tokens == 0, "{:?}", told.costs);
    let person = page(&eva, "/admin/panel/people/30").await;
    assert!(person.contains(&EN.value(&Unit::Microdollars, cost as f64)), "{person}");

    // A model whose price nobody has told costs nothing, and is not hidden.
    let dearest = "
        SELECT user_id FROM (
            SELECT user_id, sum(CASE model WHEN 'large' THEN input_tokens * 0.3 + output_tokens * 2.5
                                           ELSE input_tokens * 0.1 + output_tokens * 0.4 END) AS cost
            FROM turns GROUP BY user_id) AS each_one ORDER BY cost DESC, user_id LIMIT 1";
    let first = sql(&pool, dearest).await;
    let tools = page(&eva, "/admin/panel/tools?period=month").await;
    let (_, list) = tools.split_once("Dearest people").unwrap();
    let at = list.find("/admin/panel/people/").unwrap();
    assert!(list[at..].starts_with(&format!("/admin/panel/people/{first}\"")), "{list}");
    let ada = signed_in(&setup, &api, "ada", Role::Analyst).await;
    let tools = page(&ada, "/admin/panel/tools?period=month").await;
    assert!(!tools.contains("Dearest people") && !tools.contains("/admin/panel/people/"), "{tools}");
}
