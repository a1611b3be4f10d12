//! All that was paid, on a page: by what became of it, and what is decided there.

use evolve_domain::access::Role;
use reqwest::StatusCode;

use super::people::{has, logged, went_to};
use crate::{
    access::signed_in,
    harness::{IVAN, Setup},
};

/// Five payments of Ivan's: one that nobody wants back, one that he does, one that is being given back by hand, one that was declined,
/// and one that was given back.
const PAID: &str = "
    INSERT INTO payments (id, user_id, charge_id, provider_charge_id, way, currency, amount, matched, paid_at, refund_asked_at,
                          refund_begun_at, declined_at, refunded_at)
    SELECT ('0199a1b2-5c3d-7e4f-8a9b-0c1d2e3f4a5' || n)::uuid, $1, 'charge-' || n, '', 'money', 'RUB', 1000 + n, true, now(),
           CASE WHEN n = 2 THEN now() END, CASE WHEN n = 3 THEN now() END, CASE WHEN n = 4 THEN now() END,
           CASE WHEN n = 5 THEN now() END
    FROM generate_series(1, 5) n";

fn id(place: u8) -> String {
    format!("0199a1b2-5c3d-7e4f-8a9b-0c1d2e3f4a5{place}")
}

#[tokio::test]
async fn payments_are_listed_by_what_became_of_them_and_decided_about() {
    let setup = Setup::new().await.with("PANEL_RATE_LIMIT", "1000/minute");
    let api = setup.start().await;
    let token = api.token(IVAN).await;
    api.say(&token, "Привет", None).await.unwrap();
    let pool = setup.pool();
    sqlx::query(PAID).bind(IVAN).execute(&pool).await.unwrap();
    let vera = signed_in(&setup, &api, "vera", Role::Support).await;
    let path = "/admin/panel/payments";

    let all = vera.get(path).await;
    has(&all, &[&id(1), &id(5), "/admin/panel/people/42\"", "10.01\u{a0}RUB"]);
    assert!(all.text.find(&id(5)) < all.text.find(&id(1)), "the newest first");
    for (state, place) in [("paid", 1), ("waiting", 2), ("pending", 3), ("declined", 4), ("refunded", 5)] {
        let page = vera.get(&format!("{path}?state={state}")).await;
        let shown: Vec<u8> = (1..=5).filter(|of| page.text.contains(&format!("<code>{}</code>", id(*of)))).collect();
        assert_eq!(shown, [place], "{state}");
    }
    let csv = vera.get(&format!("{path}.csv?state=waiting")).await;
    has(&csv, &["at,person,amount,currency,state,until,id", &id(2)]);
    assert_eq!((csv.text.lines().count(), logged(&setup, "payment.export").await), (2, 2));

    let declined = vera.form(&format!("{path}/{}/decline", id(2)), &[]).await;
    went_to(&declined, path);
    assert!(declined.header("set-cookie").is_some_and(|told| told.starts_with("evolve_done=declined;")));
    has(&vera.get(&format!("{path}?state=declined")).await, &[&id(2), &id(4)]);
    assert_eq!(vera.form(&format!("{path}/{}/decline", id(1)), &[]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(vera.form(&format!("{path}/nothing/refund"), &[]).await.status, StatusCode::NOT_FOUND);
    assert!(logged(&setup, "payment.decline").await >= 2);

    let ada = signed_in(&setup, &api, "ada", Role::Analyst).await;
    for closed in [path, "/admin/panel/payments.csv"] {
        assert_eq!(ada.get(closed).await.status, StatusCode::FORBIDDEN);
    }
}

#[tokio::test]
async fn a_refund_that_telegram_refused_is_asked_for_again_also_of_who_is_gone() {
    let setup = Setup::new().await.with("PANEL_RATE_LIMIT", "1000/minute");
    let api = setup.start().await;
    let token = api.token(IVAN).await;
    api.say(&token, "Привет", None).await.unwrap();
    let pool = setup.pool();
    // By Telegram: one that was refused, one that is under way, one of somebody who was removed; and one that goes back by hand.
    let paid = "
        INSERT INTO payments (id, user_id, charge_id, provider_charge_id, way, currency, amount, matched, paid_at, refund_begun_at)
        SELECT ('0199a1b2-5c3d-7e4f-8a9b-0c1d2e3f4a5' || n)::uuid, CASE WHEN n <> 3 THEN $1 END, 'charge-' || n, '',
               CASE WHEN n = 4 THEN 'money' ELSE 'stars' END, CASE WHEN n = 4 THEN 'RUB' ELSE 'XTR' END, 250, true, now(), now()
        FROM generate_series(1, 4) n";
    sqlx::query(paid).bind(IVAN).execute(&pool).await.unwrap();
    let called = "
        INSERT INTO outbox (key, chat_id, method, params, state, ready_at, created_at, finished_at)
        SELECT 'refund-0199a1b2-5c3d-7e4f-8a9b-0c1d2e3f4a5' || n, $1, 'refundStarPayment', '{}',
               CASE WHEN n = 1 THEN 'dead' ELSE 'pending' END, now(), now(), CASE WHEN n = 1 THEN now() END
        FROM generate_series(1, 2) n";
    sqlx::query(called).bind(IVAN).execute(&pool).await.unwrap();
    let vera = signed_in(&setup, &api, "vera", Role::Support).await;
    let path = "/admin/panel/payments";
    let offered = async || -> Vec<u8> {
        let page = vera.get(path).await.text;
        (1..=4).filter(|place| page.contains(&format!("action=\"{path}/{}/refund\"", id(*place)))).collect()
    };
    assert_eq!(offered().await, [1, 3], "not what is under way, nor what goes back by hand");
    let why = ("why", "Telegram was away");
    went_to(&vera.form(&format!("{path}/{}/refund", id(1)), &[("person", ""), why]).await, path);
    let nobody = vera.form(&format!("{path}/{}/refund", id(3)), &[("person", ""), why]).await;
    assert_eq!(nobody.status, StatusCode::UNPROCESSABLE_ENTITY, "Telegram must know to whom");
    went_to(&vera.form(&format!("{path}/{}/refund", id(3)), &[("person", "42"), why]).await, path);
    assert_eq!(offered().await, [0_u8; 0]);
    let owed = "SELECT count(*) FROM outbox WHERE method = 'refundStarPayment' AND state = 'pending'";
    assert_eq!(sqlx::query_scalar::<_, i64>(owed).fetch_one(&pool).await.unwrap(), 3);
}

#[tokio::test]
async fn a_refund_asks_for_a_reason_here_too_and_comes_back_with_what_is_wrong_at_its_field() {
    let setup = Setup::new().await.with("PANEL_RATE_LIMIT", "1000/minute");
    let api = setup.start().await;
    // Whoever paid was removed since.
    let paid = "
        INSERT INTO payments (id, user_id, charge_id, provider_charge_id, way, currency, amount, matched, paid_at)
        SELECT ('0199a1b2-5c3d-7e4f-8a9b-0c1d2e3f4a5' || n)::uuid, NULL::bigint, 'charge-' || n, '', 'stars', 'XTR', 250, true, now()
        FROM generate_series(1, 2) n";
    let pool = setup.pool();
    sqlx::query(paid).execute(&pool).await.unwrap();
    let vera = signed_in(&setup, &api, "vera", Role::Support).await;
    let path = "/admin/panel/payments";
    let refund = async |person: &str, why: &str| {
        vera.form(&format!("{path}/{}/refund", id(1)), &[("person", person), ("why", why)]).await
    };
    let field = |name: &str| format!("id=\"refund-{}-{name}-error\">", id(1));
    for (person, why, wrong) in [
        ("42", " ", field("why") + "Give a reason"),
        ("anna", "Bought by a child", field("person") + "This is no number of a person"),
        ("", "Bought by a child", field("person") + "They were removed since"),
    ] {
        let back = refund(person, why).await;
        assert_eq!(back.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", back.text);
        for part in [wrong, "data-dialog open>".to_owned(), format!("value=\"{person}\""), format!("value=\"{why}\"")] {
            assert!(back.text.contains(&part), "{part} is not in {}", back.text);
        }
        assert!(!back.text.contains(&id(2)), "it is about one of them: {}", back.text);
    }
    let nothing = "0199a1b2-5c3d-7e4f-8a9b-0c1d2e3f4a60";
    assert_eq!(vera.form(&format!("{path}/{nothing}/refund"), &[]).await.status, StatusCode::NOT_FOUND);
    went_to(&refund("42", "Bought by a child").await, path);
    let owed = "SELECT count(*) FROM outbox WHERE method = 'refundStarPayment'";
    assert_eq!(sqlx::query_scalar::<_, i64>(owed).fetch_one(&pool).await.unwrap(), 1);
    let detail = "SELECT detail::text FROM audit_log WHERE act = 'payment.refund' AND outcome = 'done'";
    let detail: String = sqlx::query_scalar(detail).fetch_one(&pool).await.unwrap();
    assert!(detail.contains("Bought by a child"), "{detail}");
}

#[tokio::test]
async fn who_has_premium_without_an_end_is_among_the_subscribers_and_after_all_others() {
    let setup = Setup::new().await.with("PANEL_RATE_LIMIT", "1000/minute");
    let api = setup.start().await;
    let come = "
        INSERT INTO users (id, created_at, last_seen_at, plan, premium_until)
        SELECT n, now(), now(), 'premium', CASE WHEN n > 2 THEN now() + make_interval(days => n) END FROM generate_series(1, 120) n";
    sqlx::query(come).execute(&setup.pool()).await.unwrap();
    let eva = signed_in(&setup, &api, "eva", Role::Owner).await;
    let ids = async |order: &str| -> Vec<i64> {
        let csv = eva.get(&format!("/admin/panel/revenue.csv?order={order}")).await.text;
        csv.lines().skip(1).map(|line| line.split(',').next().unwrap().parse().unwrap()).collect()
    };
    let ascending: Vec<i64> = (3..=120).chain([1, 2]).collect();
    assert_eq!(ids("asc").await, ascending);
    assert_eq!(ids("desc").await, ascending.into_iter().rev().collect::<Vec<_>>());
    // Page by page it is the same list.
    let mut path = "/admin/panel/revenue?order=desc".to_owned();
    let mut seen = 0;
    for _ in 0..4 {
        let page = eva.get(&path).await.text;
        let (_, table) = page.split_once("<table id=\"subscribers\"").unwrap();
        seen += table.matches("href=\"/admin/panel/people/").count();
        if seen <= 50 {
            assert!(table.contains("Without an end"), "{table}");
        }
        let Some((_, rest)) = table.split_once("after=") else { break };
        let after: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || ".-_%".contains(*c)).collect();
        path = format!("/admin/panel/revenue?order=desc&after={after}");
    }
    assert_eq!(seen, 120);
}
