//! A month of a made-up life: what the pages show is what raw rows come to, counted by SQL that knows nothing of reports.

use chrono::{DateTime, TimeDelta, Utc};
use evolve_api::panel::words::{Unit, Words};
use evolve_contract::analytics::OverviewResponse;
use evolve_domain::{access::Role, language::Language};
use evolve_runtime::clock::Clock;
use evolve_testkit::{eventually, life};
use reqwest::Method;
use sqlx::PgPool;

use crate::{
    access::{Browser, signed_in},
    harness::{Api, SERVICE_KEY, Setup},
};

pub(super) const EN: Words = Words { language: Language::En, zone: chrono_tz::Tz::UTC };

pub(super) async fn a_month() -> (Setup, Api) {
    let noon: DateTime<Utc> = "2026-11-22T12:00:00Z".parse().unwrap();
    let first: DateTime<Utc> = "2026-10-24T00:00:00Z".parse().unwrap();
    let setup = Setup { clock: Clock::fixed(noon - TimeDelta::minutes(10)), ..Setup::new().await }
        .with("PANEL_RATE_LIMIT", "1000/minute")
        .with("MODEL_PRICES", r#"{"large": {"input": 0.3, "output": 2.5}, "small": {"input": 0.1, "output": 0.4}}"#);
    let pool = setup.pool();
    life::a_month(&pool, first).await;
    setup.start().await.stop().await;
    setup.clock.advance(TimeDelta::minutes(10));
    let api = setup.start().await;
    eventually("the days are made", async || {
        let asked = api.request(Method::GET, "/admin/analytics/overview").header("x-service-key", SERVICE_KEY);
        let told: OverviewResponse = serde_json::from_str(&api.send(asked).await.text).unwrap();
        told.as_of == Some(api.clock.now()) && told.days.last().is_some_and(|newest| newest.day == noon.date_naive())
    })
    .await;
    (setup, api)
}

pub(super) async fn sql(pool: &PgPool, query: &'static str) -> i64 {
    sqlx::query_scalar(query).fetch_one(pool).await.unwrap()
}

/// What a card of this name shows, in a part of a page.
#[track_caller]
fn card(html: &str, label: &str) -> String {
    let (_, rest) =
        html.split_once(&format!("<p class=\"card-label\">{label}</p>")).unwrap_or_else(|| panic!("{label}: {html}"));
    let (_, rest) = rest.split_once("<p class=\"card-value\">").unwrap();
    rest.split_once("</p>").unwrap().0.to_owned()
}

/// All of a card of this name, in a part of a page.
#[track_caller]
fn whole(html: &str, label: &str) -> String {
    let mut cards = html.split("<div class=\"card\">").skip(1);
    let is_it = |card: &&str| card.contains(&format!("<p class=\"card-label\">{label}</p>"));
    cards.find(is_it).unwrap_or_else(|| panic!("{label}: {html}")).to_owned()
}

/// How the number of a card changed, as it says, and whether that is good; nothing where it says nothing of it.
#[track_caller]
fn change(html: &str, label: &str) -> Option<String> {
    let card = whole(html, label);
    let (_, rest) = card.split_once("<p class=\"card-change ")?;
    Some(rest.split_once("</p>").unwrap().0.replace("\">", " "))
}

/// The numbers of a row of the table below a chart.
#[track_caller]
pub(super) fn row(html: &str, chart: &str, label: &str) -> Vec<String> {
    let (_, rest) =
        html.split_once(&format!("<figure class=\"chart\" id=\"{chart}\">")).unwrap_or_else(|| panic!("{chart}"));
    let (figure, _) = rest.split_once("</figure>").unwrap();
    let head = format!("<tr><th scope=\"row\">{label}</th>");
    let (_, rest) = figure.split_once(&head).unwrap_or_else(|| panic!("{label}: {figure}"));
    let (cells, _) = rest.split_once("</tr>").unwrap();
    let cells = cells.split("<td class=\"number\">").skip(1);
    cells.map(|cell| cell.trim_end_matches("</td>").to_owned()).collect()
}

pub(super) fn count(number: i64) -> String {
    EN.number(number as f64)
}

pub(super) async fn page(browser: &Browser<'_>, path: &str) -> String {
    let page = browser.get(path).await;
    assert!(page.status.is_success(), "{path}: {}", page.text);
    page.text
}

#[tokio::test]
async fn the_overview_and_people_are_those_of_the_database() {
    let (setup, api) = a_month().await;
    let (eva, pool) = (signed_in(&setup, &api, "eva", Role::Owner).await, setup.pool());
    let overview = page(&eva, "/admin?period=month").await;
    let today =
        sql(&pool, "SELECT count(DISTINCT user_id) FROM turns WHERE started_at >= '2026-11-22T00:00:00Z'").await;
    let week = sql(&pool, "SELECT count(DISTINCT user_id) FROM turns WHERE started_at >= '2026-11-16T00:00:00Z'").await;
    let month =
        sql(&pool, "SELECT count(DISTINCT user_id) FROM turns WHERE started_at >= '2026-10-24T00:00:00Z'").await;
    assert_eq!(card(&overview, "Active today (DAU)"), count(today));
    assert_eq!(card(&overview, "Active in a week (WAU)"), count(week));
    assert_eq!(card(&overview, "Active in a month (MAU)"), count(month));

    let people = page(&eva, "/admin/panel/people").await;
    assert!(people.contains("60 people"), "{people}");
    let csv = page(&eva, "/admin/panel/people.csv?sort=since&order=asc").await;
    let ids: Vec<i64> = csv.lines().skip(1).map(|line| line.split(',').next().unwrap().parse().unwrap()).collect();
    let expected: Vec<i64> =
        sqlx::query_scalar("SELECT id FROM users ORDER BY created_at, id").fetch_all(&pool).await.unwrap();
    assert_eq!(ids, expected);
    // Nobody asked for an order, on the page or in the address: theirs is one that stays while the file is read.
    assert!(people.contains("href=\"/admin/panel/people.csv\""), "{people}");
    assert_eq!(page(&eva, "/admin/panel/people.csv").await, csv);
    let premium = page(&eva, "/admin/panel/people.csv?plan=premium").await;
    let paying = sql(&pool, "SELECT count(*) FROM users WHERE plan = 'premium'").await;
    assert_eq!(premium.lines().count() as i64 - 1, paying);
    let first = page(&eva, "/admin/panel/people?sort=since&order=asc").await;
    let (_, after) = first.split_once("after=").unwrap();
    let cursor: String = after.chars().take_while(|c| *c != '"' && *c != '&').collect();
    let second = page(&eva, &format!("/admin/panel/people?sort=since&order=asc&after={cursor}")).await;
    let last = expected.last().unwrap();
    assert!(second.contains(&format!("/admin/panel/people/{last}\"")), "{second}");
}

#[tokio::test]
async fn revenue_is_that_of_the_database() {
    let (setup, api) = a_month().await;
    let (eva, pool) = (signed_in(&setup, &api, "eva", Role::Owner).await, setup.pool());
    let html = page(&eva, "/admin/panel/revenue?period=month").await;
    for (currency, section) in [("XTR", "currency-XTR"), ("RUB", "currency-RUB")] {
        let (_, part) = html.split_once(&format!("<h2 id=\"{section}\">")).unwrap();
        let part = part.split("</section>").next().unwrap();
        let of = async |query: &'static str| -> i64 {
            sqlx::query_scalar(query).bind(currency).fetch_one(&pool).await.unwrap()
        };
        let mrr = of("SELECT sum(amount)::bigint FROM payments WHERE currency = $1 AND refunded_at IS NULL").await;
        let sales = of("SELECT sum(amount)::bigint FROM payments WHERE currency = $1").await;
        let back =
            of("SELECT COALESCE(sum(amount), 0)::bigint FROM payments WHERE currency = $1 AND refunded_at IS NOT NULL")
                .await;
        let active = sql(&pool, "SELECT count(DISTINCT user_id) FROM turns").await;
        let money = |amount: f64| EN.value(&Unit::Money(currency.to_owned()), amount);
        assert_eq!(card(part, "Monthly revenue (MRR)"), money(mrr as f64));
        assert_eq!(card(part, "Yearly revenue (ARR)"), money(12.0 * mrr as f64));
        assert_eq!(card(part, "Revenue per person (ARPU)"), money((sales - back) as f64 / active as f64));
        assert_eq!(card(part, "Paid"), money(sales as f64));
        assert_eq!(card(part, "Refunded"), money(back as f64));
        assert_eq!(card(part, "Churn"), "–", "nobody paid thirty days ago");
    }
    // On 1 November 8 and 38 come, of whom one pays; on 5 November 12 and 42, of whom one pays and wants it back.
    let began =
        "SELECT count(*) FROM payments WHERE paid_at >= '2026-11-01T00:00:00Z' AND paid_at < '2026-11-02T00:00:00Z'";
    let ended = "SELECT count(*) FROM payments WHERE refunded_at >= '2026-11-05T00:00:00Z' AND refunded_at < '2026-11-06T00:00:00Z'";
    assert_eq!(row(&html, "subscriptions", "1 Nov 2026"), [count(sql(&pool, began).await), "0".into(), "0".into()]);
    assert_eq!(row(&html, "subscriptions", "5 Nov 2026")[2], count(sql(&pool, ended).await));
    assert!(sql(&pool, ended).await > 0 && sql(&pool, began).await > 0);
    let week = page(&eva, "/admin/panel/revenue?period=week").await;
    assert!(week.contains("16 Nov 2026") && !week.contains("15 Nov 2026</th>"), "a week is seven days");

    let csv = page(&eva, "/admin/panel/revenue.csv?order=asc").await;
    let ids: Vec<i64> = csv.lines().skip(1).map(|line| line.split(',').next().unwrap().parse().unwrap()).collect();
    let expected: Vec<i64> =
        sqlx::query_scalar("SELECT id FROM users WHERE plan = 'premium' ORDER BY premium_until, id")
            .fetch_all(&pool)
            .await
            .unwrap();
    assert_eq!(ids, expected);
    assert!(csv.lines().nth(1).unwrap().contains("Bought once"), "{csv}");
}

/// Counted by hand: of this life 12 are active on 20, 21 and 22 November, 10 on the 14th; 78 messages are of the week to the 21st, 60 of
/// the one before it.
#[tokio::test]
async fn what_has_changed_is_told_of_whole_days_and_today_is_none() {
    let (setup, api) = a_month().await;
    let eva = signed_in(&setup, &api, "eva", Role::Owner).await;
    let changed = |html: &str, label: &str| change(html, label).unwrap_or_default();
    let weeks = "15 Nov – 21 Nov against 8 Nov – 14 Nov";

    let overview = page(&eva, "/admin?period=week").await;
    assert_eq!(changed(&overview, "Active today (DAU)"), "good +20%: 21 Nov against 14 Nov");
    assert_eq!(changed(&overview, "Messages"), format!("good +30%: {weeks}"));
    assert_eq!(changed(&overview, "New people"), format!("plain 0%: {weeks}"));
    // Of who had premium a week ago nobody knows any more, and on the line are the two days of which it is known.
    assert_eq!(change(&overview, "Premium now"), None);
    assert_eq!(whole(&overview, "Premium now").matches('L').count(), 1);

    let revenue = page(&eva, "/admin/panel/revenue?period=week").await;
    let of = |currency: &str| {
        let (_, part) = revenue.split_once(&format!("<h2 id=\"currency-{currency}\">")).unwrap();
        part.split("</section>").next().unwrap().to_owned()
    };
    assert_eq!(changed(&of("XTR"), "Monthly revenue (MRR)"), "good +42.9%: 21 Nov against 14 Nov");
    assert_eq!(changed(&of("XTR"), "Paid"), format!("good +33.3%: {weeks}"));
    assert_eq!(changed(&of("XTR"), "Refunded"), format!("plain 0%: {weeks}"));
    assert_eq!(changed(&of("RUB"), "Paid"), format!("bad −100%: {weeks}"));

    let tools = page(&eva, "/admin/panel/tools?period=week").await;
    assert_eq!(changed(&tools, "Cost of models"), format!("bad +32.6%: {weeks}"));
    assert_eq!(changed(&tools, "Cost per active person"), format!("bad +2%: {weeks}"));
    assert_eq!(changed(&tools, "Tokens"), format!("plain +31.1%: {weeks}"));

    let day = page(&eva, "/admin?period=day").await;
    assert_eq!(changed(&day, "Messages"), "plain 0%: 21 Nov against 20 Nov");
    // Two whole months are not there.
    for path in ["/admin?period=month", "/admin/panel/revenue?period=month", "/admin/panel/tools?period=month"] {
        assert!(!page(&eva, path).await.contains("card-change"), "{path}");
    }
}

#[tokio::test]
async fn cohorts_and_the_funnel_are_those_of_the_database() {
    let (setup, api) = a_month().await;
    let (eva, pool) = (signed_in(&setup, &api, "eva", Role::Analyst).await, setup.pool());
    let by_day = page(&eva, "/admin/panel/cohorts?unit=day").await;
    let back = "
        SELECT count(DISTINCT t.user_id) FROM turns t JOIN users u ON u.id = t.user_id
        WHERE u.created_at >= '2026-11-15T00:00:00Z' AND u.created_at < '2026-11-16T00:00:00Z'
          AND t.started_at >= '2026-11-18T00:00:00Z' AND t.started_at < '2026-11-19T00:00:00Z'";
    let came =
        "SELECT count(*) FROM users WHERE created_at >= '2026-11-15T00:00:00Z' AND created_at < '2026-11-16T00:00:00Z'";
    let (back, came) = (sql(&pool, back).await, sql(&pool, came).await);
    let cells = row(&by_day, "cohorts", "15 Nov");
    assert_eq!((cells[0].as_str(), cells[1].as_str()), (count(came).as_str(), "100%"));
    assert_eq!(cells[4], EN.percent(back as f64 / came as f64));
    assert_eq!(cells[8], "", "today is not over");

    let by_week = page(&eva, "/admin/panel/cohorts").await;
    let back = "
        SELECT count(DISTINCT t.user_id) FROM turns t JOIN users u ON u.id = t.user_id
        WHERE u.created_at >= '2026-11-02T00:00:00Z' AND u.created_at < '2026-11-09T00:00:00Z'
          AND t.started_at >= '2026-11-09T00:00:00Z' AND t.started_at < '2026-11-16T00:00:00Z'";
    let cells = row(&by_week, "cohorts", "2 Nov");
    assert_eq!((cells[0].as_str(), cells[1].as_str()), ("14", "100%"));
    assert_eq!(cells[2], EN.percent(sql(&pool, back).await as f64 / 14.0));
    let next_day = "
        SELECT (1000 * count(DISTINCT t.user_id) / (SELECT count(*) FROM users WHERE created_at < '2026-11-21T00:00:00Z'))::bigint
        FROM turns t JOIN users u ON u.id = t.user_id
        WHERE u.created_at < '2026-11-21T00:00:00Z' AND (t.started_at AT TIME ZONE 'UTC')::date = (u.created_at AT TIME ZONE 'UTC')::date + 1";
    let shown = card(&by_week, "Back after a day");
    let shown: f64 = shown.trim_end_matches('%').parse().unwrap();
    assert!((shown * 10.0 - sql(&pool, next_day).await as f64).abs() <= 1.0, "{shown}");

    let funnel = page(&eva, "/admin/panel/funnel").await;
    assert_eq!(row(&funnel, "path", "Came")[0], "60");
    let talked = sql(&pool, "SELECT count(*) FROM users WHERE best_level >= 1").await;
    let paid = sql(&pool, "SELECT count(DISTINCT user_id) FROM payments WHERE refunded_at IS NULL").await;
    assert_eq!(row(&funnel, "path", "Talked")[0], count(talked));
    assert_eq!(row(&funnel, "path", "Paid")[0], count(paid));
    let (_, levels) = funnel.split_once("id=\"levels\"").unwrap();
    let third = sql(&pool, "SELECT count(*) FROM users WHERE best_level >= 3").await;
    assert!(levels.contains(&format!("<td class=\"number\">{third}</td>")), "{levels}");
}

#[tokio::test]
async fn models_and_what_they_cost_are_those_of_the_database() {
    let (setup, api) = a_month().await;
    let (eva, pool) = (signed_in(&setup, &api, "eva", Role::Analyst).await, setup.pool());
    for (period, since) in
        [("day", "2026-11-22T00:00:00Z"), ("week", "2026-11-16T00:00:00Z"), ("month", "2026-10-24T00:00:00Z")]
    {
        let html = page(&eva, &format!("/admin/panel/tools?period={period}")).await;
        let since: DateTime<Utc> = since.parse().unwrap();
        let tokens = "SELECT sum(input_tokens + output_tokens)::bigint FROM turns WHERE started_at >= $1";
        let tokens: i64 = sqlx::query_scalar(tokens).bind(since).fetch_one(&pool).await.unwrap();
        assert_eq!(card(&html, "Tokens"), count(tokens), "{period}");
    }
    // Tokens times prices: microdollars, from 0.3 and 2.5, or 0.1 and 0.4 dollars a million.
    let cost = "SELECT round(sum(CASE model WHEN 'large' THEN input_tokens * 0.3 + output_tokens * 2.5
                                      ELSE input_tokens * 0.1 + output_tokens * 0.4 END))::bigint FROM turns";
    let html = page(&eva, "/admin/panel/tools?period=month").await;
    assert_eq!(card(&html, "Cost of models"), EN.value(&Unit::Microdollars, sql(&pool, cost).await as f64));
    assert_eq!(card(&html, "Until the first word"), "700 ms");
    for model in ["<code>large</code>", "<code>small</code>"] {
        assert!(html.contains(model), "{html}");
    }
    assert!(html.contains("Answers</span>"), "the breaker of the one that is asked is closed: {html}");
}
